//! Names: (A). By lists of first names and surnames, and by the words that lead to a name or follow one.
//!
//! A name in no list is found where something beside it says that a name stands there: a title, a label, a relative,
//! what only a person does. Two words of the lists side by side need no such thing. Eponyms, products and words of
//! the clinic that look like names are taken out (`data/not_names.txt`).

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use crate::folded::Folded;
use crate::pattern::{Pattern, after, before, compiled};
use crate::{Finding, Kind};

type Words = LazyLock<HashSet<&'static str>>;

static FIRST_NAMES: Words = LazyLock::new(|| include_str!("../data/first_names.txt").lines().collect());
static SURNAMES: Words = LazyLock::new(|| include_str!("../data/surnames.txt").lines().collect());
static NOT_NAMES: Words = LazyLock::new(|| {
    let lines = include_str!("../data/not_names.txt").lines();
    lines.filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect()
});

macro_rules! patterns {
    ($($name:ident: $pattern:expr;)*) => { $(static $name: Pattern = LazyLock::new(|| compiled($pattern));)* };
}

/// A word in capitals, or an initial; particles join them.
macro_rules! word {
    () => {
        r"(?:(?:al|el|abu|ibn)-)?\p{Lu}(?:[\p{L}'-]*[\p{L}]|\.)?"
    };
}

patterns! {
    RUN: concat!(word!(), r"(?:\s(?:(?:de|del|de\sla|da|dos|van|von|der|den|bin|al|el|la|y)\s)?", word!(), r"){0,3}");
    PAIR: r"\b(?P<last>\p{Lu}[\p{L}'-]+(?:\s\p{Lu}[\p{L}'-]+)?),\s(?P<first>\p{Lu}[\p{L}'-]+(?:\s\p{Lu}\.?)?)";
    TITLE: r"(?:^|[^\p{L}])(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sr|Sra|Srta|Dra|Don|Doña|Señora?|Rev)\.?\s$";
    OFFICE: r"(?i)(?:^|[^\p{L}])(?:nurse|sister|brother|father|pastor|doctor|doctora|physician|provider|therapist|midwife|aunt|uncle|grandma|grandpa|grandmother|grandfather|caregiver|coach|patient|pt|client|resident|paciente|user)\s$";
    LABEL: r#"(?ix)(?:^|[^\p{L}])(?:(?:full\s|first\s|last\s|patient\s|patient's\s)?names?(?:\s(?:is|will\sbe|was|should\sbe))?|named|nombre|patient|pt|client|resident|physician|nurse|provider|doctor|mother|father|guardian|caregiver|owner|contact|attn|attention|cc|from|to|roster|signed|signature|author|attending|surgeon|paciente|se\sllama|me\sllamo|my\sname\sis|name\sis|i\sam|i'm|this\sis|next\sof\skin(?:\sis)?|first\sline\sis|dictated\sby|signed\sby|seen\sby|(?:should|will|must)\sbe|here\sis\sa\ssample\srow)\s?["']?(?::|=|-)?\s?["']?$"#;
    MARKED: r#"(?ix)(?:patient|pt|client|resident|physician|nurse|provider|mother|father|guardian|caregiver|owner|contact|cc|from|to|roster|signed|author|attending|surgeon|name|nombre|paciente)["']?\s?(?::|=)\s?["']?$"#;
    RELATIVE: r"(?i)(?:^|[^\p{L}])(?:wife|husband|spouse|partner|son|daughter|mother|father|mom|dad|brother|sister|aunt|uncle|cousin|niece|nephew|grandson|granddaughter|neighbou?r|friend|roommate|hija|hijo|esposa|esposo|madre|padre|hermana|hermano|colleague|physiotherapist|assistant)[,:]?\s$";
    DEED: r"(?ix)^(?:'s\s|,?\s(?:(?:was|were|is|has\sbeen|had\sbeen)\s(?:seen|admitted|discharged|treated|diagnosed|referred|born|transferred|moved|stable|here|told|late|due|added|allergic|pregnant|started|given|sober|afraid)
        |denies|complains|reports|presents|called|calls|has\s|had\s|took|takes|came|comes|lives|lived|says|said|told|needs|missed|feels|wants|weighs|logs|fell|died|delivered|refused|signed|checks|asked|stopped|walked|llam[óo]|vive|tiene|naci[óo]|dijo|firm[óo]
        |(?:DOB|MRN|born|aged?)\b|\d{1,3}(?:\s|-)?(?:y/?o|yo|years?|yrs?|[mf])\b|seen\b|stable\b|in\sbilling|,?\s(?:MD|DO|NP|RN|PA|DDS|LPN|PhD)\b|and\sher\shusband|and\shis\swife))";
    OWNS: r"(?i)^'s\s(?:blood|x-?rays?|chart|records?|labs?|results?|appointments?|medications?|meds|visits?|doses?|pressure|weight|wounds?|pain|surgery|notes?|tests?|scans?|readings?|allerg\w+|history|mother|father|wife|husband|daughter|son|family|doctor|insurance|symptoms?|diagnosis|intake|file|phone|address|room|care|birthday|discharge|sugar|glucose|pills?)\b";
    LEADS: r"(?i)(?:^|[^\p{L}])(?:for|with|by|from|to|and|or|saw|told|tell|asked|ask|remove|call|calls|thanks|of|give|lost|let|contact|spoke\swith|regards|like|as|than|example|seen)[,]?\s$";
    STRONGLY_LEADS: r"(?i)(?:^|[^\p{L}])(?:spoke\swith|talked\s(?:to|with)|tell|told|ask(?:ed)?(?:\sfor)?|remove|invite|thanks,?|(?:given|signed|reviewed|seen|treated|prescribed|requested|referred|dictated|taken|written|entered|approved)\sby|consent\sof|chart\sof|record\sof|intake\sof|appointment\sof|handover|s\swife|s\shusband)[:,]?\s$";
    SIGN_OFF: r"(?i)(?:regards|thanks|thank\syou|sincerely|cheers|best|saludos|gracias),?\s{0,2}\n\s{0,4}(?:-\s?)?$";
    STRUCTURED: r#"(?:^|[;|/,\t"=]\s?|\\n)$"#;
}

pub(crate) fn find(folded: &Folded, found: &mut Vec<Finding>) {
    let text = folded.text();
    for captures in PAIR.captures_iter(text) {
        if let (Some(last), Some(first)) = (captures.name("last"), captures.name("first")) {
            let given = first.as_str().split(' ').next().unwrap_or_default();
            let family = last.as_str();
            let listed =
                (is_surname(family) || is_first_name(family)) && is_first_name(given) && !is_common(given);
            let led = is_marked(text, last.start()) && !is_common(family) && !is_common(given);
            if led || (listed && (is_surname(family) || !is_common(family))) {
                found.push(Finding { kind: Kind::Name, range: last.start()..first.end() });
            }
        }
    }
    for run in RUN.find_iter(text) {
        if text[..run.start()].ends_with(|c: char| c.is_alphanumeric() || c == '@' || c == '.')
            && !text[..run.start()].ends_with(". ")
        {
            continue;
        }
        for range in within(text, run.range()) {
            found.push(Finding { kind: Kind::Name, range });
        }
    }
}

/// The names in a run of words in capitals.
fn within(text: &str, run: Range<usize>) -> Vec<Range<usize>> {
    let words = words(text, &run);
    let mut names = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match (at + 1..=words.len()).rev().find(|end| is_name(text, &words[at..*end])) {
            Some(end) => {
                names.push(words[at].start..words[end - 1].end);
                at = end;
            }
            None => at += 1,
        }
    }
    names
}

/// The words of a run, particles left out.
fn words(text: &str, run: &Range<usize>) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut at = run.start;
    for part in text[run.clone()].split(' ') {
        let bound = part.split_once('-').is_some_and(|(_, rest)| rest.starts_with(char::is_uppercase));
        if part.starts_with(char::is_uppercase) || bound {
            words.push(at..at + part.strip_suffix("'s").unwrap_or(part).len());
        }
        at += part.len() + 1;
    }
    words
}

/// Whether these words, one after the other, are a name where they stand.
fn is_name(text: &str, words: &[Range<usize>]) -> bool {
    let (start, end) = (words[0].start, words[words.len() - 1].end);
    let plain: Vec<&str> = words.iter().map(|word| text[word.clone()].trim_end_matches('.')).collect();
    let led = before(text, start, 48);
    let follows = after(text, end, 40);
    let titled = TITLE.is_match(led);
    if titled && !is_common_title(&plain) {
        return true;
    }
    let common = plain.iter().filter(|word| is_common(word)).count();
    let listed = plain.iter().filter(|word| is_first_name(word) || is_surname(word)).count();
    let initials = plain.iter().filter(|word| word.chars().count() == 1).count();
    match plain.as_slice() {
        [word] => common == 0 && initials == 0 && single(word, led, follows),
        _ if common == plain.len() => false,
        [first, .., last] => {
            let shouted = plain.iter().all(|word| is_shouted(word));
            let full = is_first_name(first) && (is_surname(last) || is_first_name(last));
            // Many surnames are words (Smith, Young): beside a first name that is none they are surnames.
            let by_list = full && !is_common(first)
                || is_first_name(first) && initials > 0 && common == 0 && !is_initial(last);
            let said = STRONGLY_LEADS.is_match(led)
                || SIGN_OFF.is_match(tail(text, start))
                || LABEL.is_match(led)
                || RELATIVE.is_match(led)
                || OFFICE.is_match(led)
                || is_marked(text, start);
            let done = OWNS.is_match(follows) || (DEED.is_match(follows) && !follows.starts_with("'s"));
            let shaped = !shouted || listed > 0;
            by_list
                || (full && common == 1 && (said || done || TITLE.is_match(led)))
                || (common == 0 && initials < plain.len() && shaped && (said || done))
                || (common == 0 && listed == plain.len() && LEADS.is_match(led) && is_first_name(first))
                || (common == 0
                    && STRUCTURED.is_match(led)
                    && listed > 0
                    && (follows.starts_with([';', ',', '|', '"']) || follows.is_empty()))
        }
        [] => false,
    }
}

/// One word alone: a first name in a list, and something beside it that speaks of a person.
fn single(word: &str, led: &str, follows: &str) -> bool {
    if is_shouted(word) {
        return false;
    }
    let said =
        RELATIVE.is_match(led) || OFFICE.is_match(led) || LABEL.is_match(led) || STRONGLY_LEADS.is_match(led);
    let listed = is_first_name(word);
    if listed && (said || DEED.is_match(follows)) {
        return true;
    }
    (listed && LEADS.is_match(led))
        || (!listed && RELATIVE.is_match(led) && !is_common(word))
        || (is_surname(word) && MARKED.is_match(led))
}

/// The end of what stands before, over the end of the line: a signature stands on a line of its own.
fn tail(text: &str, at: usize) -> &str {
    let mut start = at.saturating_sub(24);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..at]
}

fn is_marked(text: &str, at: usize) -> bool {
    MARKED.is_match(before(text, at, 48))
}

/// `Dr. Dashboard` is a joke, `Dr. May` is not: after a title only words of the clinic are no name.
fn is_common_title(words: &[&str]) -> bool {
    words.iter().all(|word| is_common(word) && !is_surname(word) && !is_first_name(word))
}

fn is_shouted(word: &str) -> bool {
    word.chars().count() > 1 && word.chars().all(|character| !character.is_lowercase())
}

fn is_initial(word: &str) -> bool {
    word.chars().count() == 1
}

fn lower(word: &str) -> String {
    let word = word.strip_suffix("'s").unwrap_or(word);
    word.to_lowercase()
}

/// Whether a word in capitals names nobody and no place: it begins a sentence, or is a month, a product, an eponym.
pub(crate) fn is_common(word: &str) -> bool {
    let word = lower(word);
    NOT_NAMES.contains(word.as_str()) || word.split('-').all(|part| NOT_NAMES.contains(part))
}

fn is_first_name(word: &str) -> bool {
    let word = lower(word);
    FIRST_NAMES.contains(word.as_str())
        || word.split_once('-').is_some_and(|(first, _)| FIRST_NAMES.contains(first))
}

fn is_surname(word: &str) -> bool {
    let word: String = lower(word).replace('\'', "");
    SURNAMES.contains(word.as_str())
        || word
            .split_once('-')
            .is_some_and(|(first, last)| SURNAMES.contains(first) || SURNAMES.contains(last))
}
