//! What a product is called, and the sentence that says what it is for: short, without what only addressed the
//! builder ("Build me…", "I need an app…").

mod deeds;
mod leading;

use deeds::named;
use leading::{GENERIC, GREETING, LEADING};

/// The most words of a name that the prompt does not give by itself.
const MOST_WORDS: usize = 5;
/// The most characters of the sentence that says what it is for.
const LONGEST_ABOUT: usize = 160;

const FOR: &[&str] = &["for", "para", "of", "de"];
const OWNING: &[&str] =
    &["my", "our", "a", "an", "the", "mi", "nuestra", "nuestro", "una", "un", "la", "el", "los", "las"];

/// Words with which a name has ended, and something is told of it.
const TELLING: &[&str] = &[
    "that", "where", "which", "who", "with", "so", "to", "and", "in", "on", "when", "whose", "que", "donde",
    "con", "y",
];

/// The name of the product, in the order of how plainly it is said: a name of its own (`ChartCoder`, "called Kestrel
/// Care"), what stands before the first colon, or what the first sentence says it is.
pub(crate) fn title(product: Option<&str>, head: Option<&str>, first: &str) -> String {
    let said = product.map(str::to_owned).or_else(|| called(first)).or_else(|| head.map(plain));
    let title = said
        .filter(|title| !title.is_empty())
        .or_else(|| Some(plain(first)).filter(|name| !is_deed(name)))
        .unwrap_or_default();
    if title.is_empty() { "Clinic".into() } else { title }
}

/// Whether a sentence only greets, or speaks to whoever plans: it names no product.
pub(crate) fn greets(text: &str) -> bool {
    let lower = text.to_lowercase();
    if ["ignore ", "disregard ", "forget "].iter().any(|word| lower.starts_with(word)) {
        return true;
    }
    let mut words =
        text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase());
    words.next().is_some_and(|word| GREETING.contains(&word.as_str())) && words.count() <= 1
}

/// `called Kestrel Care`, `named "Night Owl"`.
fn called(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = words
        .iter()
        .position(|word| matches!(word.to_lowercase().as_str(), "called" | "named" | "llamada"))?;
    let mut name = Vec::new();
    for word in &words[at + 1..] {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        if !bare.starts_with(char::is_uppercase) {
            break;
        }
        name.push(bare);
        if word.ends_with([',', '.', ':', ';', '"', '”']) {
            break;
        }
    }
    (!name.is_empty()).then(|| name.join(" "))
}

/// The words that say what it is: `An intake app for my telehealth practice` is `Telehealth practice intake`.
fn plain(text: &str) -> String {
    let text = behind_adjectives(text);
    let end = text.find([':', ',', '.', '(', ';', '\n', '–', '—', '!', '?']).unwrap_or(text.len());
    let words: Vec<&str> = text[..end].split_whitespace().collect();
    let lower = |word: &str| word.to_lowercase();
    // `three friends starting a respite care nonprofit`: what they start, and `school nurse here`.
    let begun =
        words.iter().position(|word| matches!(lower(word).as_str(), "starting" | "opening" | "launching"));
    let words: Vec<&str> = words.into_iter().skip(begun.map_or(0, |at| at + 1)).collect();
    let words: Vec<&str> = words.into_iter().take_while(|word| lower(word) != "here").collect();
    let words: Vec<&str> =
        words.into_iter().filter(|word| !matches!(lower(word).as_str(), "pls" | "plz" | "please")).collect();
    // `a 3-physician dermatology practice`: how many work there is no name.
    let counts = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let words: Vec<&str> = words
        .into_iter()
        .skip_while(|word| LEADING.contains(&lower(word).replace('’', "'").as_str()) || counts(word))
        .collect();
    let words = of_a_place(words);
    let anew = |at: usize| {
        words.get(at + 1).is_some_and(|next| {
            let next = lower(next).replace('’', "'");
            matches!(next.as_str(), "we" | "i" | "our" | "they" | "need" | "want")
                || next.starts_with("we'")
                || next.starts_with("i'")
        })
    };
    let told = words
        .iter()
        .enumerate()
        .position(|(at, word)| TELLING.contains(&lower(word).as_str()) && (*word != "and" || anew(at)));
    let words = &words[..told.unwrap_or(words.len())];
    let Some(words) = named(words) else { return String::new() };
    let (what, whom) = match words.iter().position(|word| FOR.contains(&lower(word).as_str())) {
        // `clínica de fisioterapia`, `list of readings` are names by themselves.
        Some(at) if words[..at].iter().any(|word| is_generic(word)) => (&words[..at], &words[at + 1..]),
        _ => (words, &words[..0]),
    };
    let app = what.iter().any(|word| is_generic(word));
    let plain = |word: &&str| !(is_generic(word) || app && LEADING.contains(&lower(word).as_str()));
    let what: Vec<&str> = what.iter().copied().filter(plain).collect();
    let whom: Vec<&str> =
        whom.iter().copied().skip_while(|word| OWNING.contains(&lower(word).as_str())).collect();
    let whom: Vec<&str> = whom.into_iter().filter(|word| !is_generic(word)).collect();
    // `the contractor shall provide a system for a clinic`: who does it is no part of its name.
    let what = if !whom.is_empty() && what.iter().any(|word| crate::words::is_modal(&lower(word))) {
        Vec::new()
    } else {
        what
    };
    // `a symptom diary for people with long covid`.
    let what = match what.as_slice() {
        [first @ .., by, people] if lower(by) == "for" && !first.is_empty() && lower(people) == "people" => {
            first.to_vec()
        }
        _ => what,
    };
    let mut name: Vec<&str> = whom.into_iter().chain(what).take(MOST_WORDS + 1).collect();
    // A name does not end in the middle of what it says.
    while name.last().is_some_and(|word| {
        FOR.contains(&lower(word).as_str())
            || OWNING.contains(&lower(word).as_str())
            || matches!(
                lower(word).as_str(),
                "at" | "in" | "on" | "with" | "and" | "to" | "by" | "from" | "&"
            )
    }) {
        name.pop();
    }
    // `we want parents to record …`: people are no product.
    let people = |word: &str| {
        crate::words::singular(word) != word
            && crate::catalogue::catalogue().role(&crate::words::singular(word)).is_some()
    };
    if let ([only], false) = (name.as_slice(), app)
        && people(&lower(only))
    {
        return String::new();
    }
    let name: String = name.join(" ").chars().filter(|c| !c.is_control()).take(60).collect();
    capital(name.trim_matches(|c: char| !c.is_alphanumeric() && c != ')'))
}

/// `charge nurse of a burns clinic and …`: what somebody works at is what the app is for.
fn of_a_place(words: Vec<&str>) -> Vec<&str> {
    let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let joint = (1..lower.len().min(6)).find(|at| {
        matches!(lower[*at].as_str(), "of" | "at" | "in" | "for")
            && lower.get(at + 1).is_some_and(|next| OWNING.contains(&next.as_str()))
    });
    let Some(at) = joint else { return words };
    let who = &lower[..at];
    let works = (1..=who.len()).any(|width| {
        let last: Vec<&str> = who[who.len() - width..].iter().map(String::as_str).collect();
        crate::catalogue::catalogue().role(&crate::words::key(&last)).is_some()
    });
    if works { words[at + 2..].to_vec() } else { words }
}

/// `a secure, easy-to-use app for clinics` is an app for clinics, and `Hi! We run …` begins behind the greeting.
fn behind_adjectives(text: &str) -> &str {
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let text = match text.split_once(['!', ',', '.']) {
        Some((first, rest))
            if first.split_whitespace().count() <= 3
                && first
                    .split_whitespace()
                    .next()
                    .is_some_and(|word| GREETING.contains(&bare(word).as_str())) =>
        {
            rest
        }
        _ => text,
    };
    let Some(comma) = text.find(',') else { return text };
    let before =
        text[..comma].split_whitespace().filter(|word| !LEADING.contains(&bare(word).as_str())).count();
    let app = text[comma + 1..].split_whitespace().take(5).any(|word| is_generic(&bare(word)));
    if before <= 1 && app { &text[comma + 1..] } else { text }
}

/// `Nurses log vitals`: what somebody does is no name.
pub(crate) fn is_deed(name: &str) -> bool {
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let people = (1..=3).any(|width| {
        words.get(..width).is_some_and(|first| {
            crate::catalogue::catalogue().role(&crate::words::key(first)).is_some()
                || crate::roles::is_crew_name(&crate::words::key(first))
        })
    });
    people
        && words.iter().enumerate().skip(1).take(3).any(|(at, word)| {
            // `Veterans peer support`: a noun at the end.
            let noun = at + 1 == words.len() && crate::words::is_two_faced(word);
            crate::words::verb(word).is_some() && !word.ends_with("ing") && !noun
        })
}

/// Whether a sentence says what the product is: it speaks of an app or of somebody's place.
pub(crate) fn says_what_it_is(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    words.any(|word| {
        is_generic(word) || matches!(word, "clinic" | "practice" | "hospital" | "program" | "service")
    })
}

fn is_generic(word: &str) -> bool {
    GENERIC.contains(&word.to_lowercase().as_str())
}

/// One sentence about the product.
pub(crate) fn about(title: &str, first: &str) -> String {
    let text = first.trim();
    let text = match text.split_once(':') {
        Some((before, after)) if !after.trim().is_empty() && before.split_whitespace().count() < 5 => {
            after.trim()
        }
        _ => text,
    };
    // `Build ChartCoder, a medical coding assistant …`: the name is known.
    let text = match text.find(title).map(|at| text[at + title.len()..].trim_start()) {
        Some(rest) if rest.starts_with(',') => rest.trim_start_matches(',').trim(),
        _ => text,
    };
    const ADDRESSED: &[&str] = &[
        "i", "we", "build", "me", "us", "want", "need", "make", "create", "please", "run", "would", "like",
        "i'd", "we'd", "to", "have", "design", "develop", "can", "could", "you", "necesito", "queremos",
        "quiero", "crea",
    ];
    // `We are a dermatology practice` says who they are, and stays.
    let begin = text.to_lowercase();
    let tells_who = ["we are ", "i am ", "we're ", "i'm "].iter().any(|said| begin.starts_with(said));
    let words: Vec<&str> = text
        .split_whitespace()
        .skip_while(|word| !tells_who && ADDRESSED.contains(&word.to_lowercase().as_str()))
        .collect();
    let words: Vec<&str> =
        words.into_iter().map(|word| if matches!(word, "my" | "our") { "a" } else { word }).collect();
    let mut about: String = words.join(" ").chars().filter(|c| !c.is_control()).collect();
    if about.chars().count() > LONGEST_ABOUT {
        let cut: String = about.chars().take(LONGEST_ABOUT).collect();
        let end = cut.rfind(", ").or_else(|| cut.rfind(' ')).unwrap_or(cut.len());
        about = cut[..end].to_owned();
    }
    let about = capital(about.trim_end_matches(['.', ',', ';', ' ']));
    if about.is_empty() { about } else { format!("{about}.") }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_is_named_as_a_person_would_name_it() {
        let cases = [
            (
                Some("ChartCoder"),
                None,
                "Build ChartCoder, a medical coding assistant for de-identified clinical notes",
                "ChartCoder",
                "A medical coding assistant for de-identified clinical notes.",
            ),
            (
                Some("ClinicFlow"),
                Some("ClinicFlow"),
                "ClinicFlow: practice software for small outpatient clinics with an AI scribe",
                "ClinicFlow",
                "Practice software for small outpatient clinics with an AI scribe.",
            ),
            (
                None,
                Some("remote blood pressure monitoring"),
                "remote blood pressure monitoring: patients log readings twice a day",
                "Remote blood pressure monitoring",
                "Patients log readings twice a day.",
            ),
            (
                None,
                None,
                "I run a platform for peptide & wellness clinics",
                "Peptide & wellness clinics",
                "A platform for peptide & wellness clinics.",
            ),
            (
                None,
                None,
                "An intake app for my telehealth practice",
                "Telehealth practice intake",
                "An intake app for a telehealth practice.",
            ),
            (None, None, "an app for my clinic", "Clinic", "An app for a clinic."),
            (
                None,
                None,
                "We need a secure, modern app for school counselors",
                "School counselors",
                "A secure, modern app for school counselors.",
            ),
            (
                None,
                None,
                "Home visiting program for new mothers",
                "Home visiting program for new mothers",
                "Home visiting program for new mothers.",
            ),
            (None, None, "School nurse here", "School nurse", "School nurse here."),
            (None, None, "Dental office scheduler", "Dental office scheduler", "Dental office scheduler."),
            (
                None,
                None,
                "I need an app called Kestrel Care for hospice teams",
                "Kestrel Care",
                "An app called Kestrel Care for hospice teams.",
            ),
            (
                None,
                None,
                "Please build me a tool where nurses track wounds",
                "Clinic",
                "A tool where nurses track wounds.",
            ),
            (
                None,
                None,
                "Necesito una aplicación para una clínica de fisioterapia",
                "Clínica de fisioterapia",
                "Una aplicación para una clínica de fisioterapia.",
            ),
            (
                None,
                None,
                "We are a 3-physician dermatology practice and we track each lesion",
                "Dermatology practice",
                "We are a 3-physician dermatology practice and we track each lesion.",
            ),
            (None, None, "", "Clinic", ""),
        ];
        for (product, head, first, name, sentence) in cases {
            let found = title(product, head, first);
            assert_eq!(found, name, "{first}");
            assert_eq!(about(&found, first), sentence, "{first}");
        }
    }

    #[test]
    fn a_long_sentence_ends_at_a_comma() {
        let first = "patients log, ".repeat(40);
        let sentence = about("App", &first);
        assert!(sentence.chars().count() <= LONGEST_ABOUT && sentence.ends_with("log."), "{sentence}");
    }
}
