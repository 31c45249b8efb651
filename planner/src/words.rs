//! English, as much as prompts need: singulars, verbs and the words that glue them.

use std::{collections::HashMap, sync::OnceLock};

/// What a verb asks of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Verb {
    /// See, read, look up.
    View,
    /// Write down something new.
    Create,
    /// Change what is there.
    Update,
    /// Remove.
    Delete,
    /// Keep in order: create, view and update.
    Manage,
    /// Put into a calendar.
    Book,
    /// Look through and decide.
    Review,
    /// Sign or lock.
    Sign,
    /// Give to somebody responsible.
    Assign,
    /// Follow over time.
    Track,
    /// Print, download or export.
    Export,
    /// Write to somebody.
    Message,
    /// Put a file there.
    Upload,
    /// Let somebody else in, or out again.
    Share,
    /// Pay or charge.
    Pay,
    /// Have, get or receive.
    Have,
    /// Belongs to the app's workings: log in, sign up, use, need.
    Work,
}

const VERBS: &[(Verb, &str)] = &[
    (
        Verb::View,
        "see view read access open check look browse find search consult inspect show display watch lookup",
    ),
    (
        Verb::Create,
        "log record enter add create write fill submit report capture register document input note complete answer send request place make file put jot collect conduct perform lead hold propose issue raise prescribe administer measure draft chart dispense",
    ),
    (
        Verb::Update,
        "edit update change correct set adjust modify amend maintain alter revise reschedule mark fix move",
    ),
    (Verb::Delete, "delete remove erase"),
    (
        Verb::Manage,
        "manage handle administer own organize organise run coordinate oversee process control keep",
    ),
    (Verb::Book, "book schedule reserve"),
    (Verb::Review, "review approve verify confirm triage accept reject decide"),
    (Verb::Sign, "sign cosign lock finalize finalise close"),
    (Verb::Assign, "assign allocate reassign"),
    (Verb::Track, "track follow monitor"),
    (Verb::Export, "export print download"),
    (Verb::Message, "message text email notify remind alert call contact chat"),
    (Verb::Upload, "upload attach scan"),
    (Verb::Share, "share grant give invite revoke"),
    (Verb::Pay, "pay charge bill refund"),
    (Verb::Have, "have get receive hold contain include"),
    (
        Verb::Work,
        "use need want work help belong come go start want like ask tell know live require support let allow replace build prepare tick paste store save accumulate",
    ),
];

/// Forms that the endings do not give.
const IRREGULAR: &[(&str, &str)] = &[
    ("seen", "see"),
    ("saw", "see"),
    ("visible", "see"),
    ("viewable", "view"),
    ("accessible", "access"),
    ("readable", "read"),
    ("editable", "edit"),
    ("written", "write"),
    ("wrote", "write"),
    ("kept", "keep"),
    ("sent", "send"),
    ("has", "have"),
    ("had", "have"),
    ("got", "get"),
    ("held", "hold"),
    ("given", "give"),
    ("gave", "give"),
    ("shown", "show"),
    ("made", "make"),
    ("known", "know"),
    ("found", "find"),
    ("took", "take"),
    ("does", "do"),
    ("paid", "pay"),
];

fn verbs() -> &'static HashMap<String, Verb> {
    static VERB_FORMS: OnceLock<HashMap<String, Verb>> = OnceLock::new();
    VERB_FORMS.get_or_init(|| {
        let mut out = HashMap::new();
        let mut bases = HashMap::new();
        for (verb, words) in VERBS {
            for base in words.split(' ') {
                if bases.contains_key(base) {
                    continue;
                }
                bases.insert(base, *verb);
                for form in forms(base) {
                    out.entry(form).or_insert(*verb);
                }
            }
        }
        for (form, base) in IRREGULAR {
            if let Some(verb) = bases.get(base) {
                out.insert((*form).to_owned(), *verb);
            }
        }
        out
    })
}

fn forms(base: &str) -> Vec<String> {
    let third = if base.ends_with(['s', 'x']) || base.ends_with("ch") || base.ends_with("sh") {
        format!("{base}es")
    } else if base.ends_with('y') && !base.ends_with("ay") && !base.ends_with("ey") {
        format!("{}ies", &base[..base.len() - 1])
    } else {
        format!("{base}s")
    };
    let stem = base.strip_suffix('e').unwrap_or(base);
    let past = if base.ends_with('y') && !base.ends_with("ay") {
        format!("{}ied", &base[..base.len() - 1])
    } else {
        format!("{stem}ed")
    };
    let doubled = base.chars().last().map(|last| format!("{base}{last}")).unwrap_or_default();
    vec![base.to_owned(), third, past, format!("{stem}ing"), format!("{doubled}ed"), format!("{doubled}ing")]
}

/// What this word asks of the app, when it stands where a verb stands.
pub(crate) fn verb(word: &str) -> Option<Verb> {
    verbs().get(word).copied()
}

const SAME: &[&str] = &[
    "analysis",
    "diagnosis",
    "basis",
    "status",
    "address",
    "access",
    "process",
    "wellness",
    "fitness",
    "illness",
    "sms",
    "gps",
    "news",
    "series",
    "diabetes",
    "lens",
    "bus",
    "iris",
    "pelvis",
    "dialysis",
    "hypnosis",
    "prognosis",
    "always",
    "business",
    "less",
    "his",
    "its",
    "this",
    "is",
    "was",
    "has",
    "us",
    "as",
    "class",
    "loss",
    "weakness",
    "sickness",
    "pass",
    "mess",
    "stress",
    "abuse",
    "previous",
    "various",
    "yes",
    "plus",
    "pus",
    "virus",
    "campus",
    "does",
    "goes",
    "princess",
    "progress",
    "hours",
    "sepsis",
];

/// The singular of a noun; a word that is none comes back as it was.
pub(crate) fn singular(word: &str) -> String {
    if SAME.contains(&word) || word.len() < 3 || !word.ends_with('s') || word.ends_with("ss") {
        return match word {
            "people" => "person".into(),
            "children" => "child".into(),
            "teeth" => "tooth".into(),
            "feet" => "foot".into(),
            "women" => "woman".into(),
            "men" => "man".into(),
            "staffs" => "staff".into(),
            _ => word.to_owned(),
        };
    }
    match word {
        "diagnoses" => return "diagnosis".into(),
        "analyses" => return "analysis".into(),
        "medicines" => return "medicine".into(),
        "diaries" => return "diary".into(),
        _ => {}
    }
    if let Some(stem) = word.strip_suffix("ies") {
        return if stem.len() > 1 { format!("{stem}y") } else { format!("{stem}ie") };
    }
    for ending in ["sses", "shes", "ches", "xes", "zzes"] {
        if word.ends_with(ending) {
            return word[..word.len() - 2].to_owned();
        }
    }
    if word.ends_with("us") || word.ends_with("is") {
        return word.to_owned();
    }
    word[..word.len() - 1].to_owned()
}

/// A phrase by which the catalogue is asked: words in the singular, with single spaces.
pub(crate) fn key(words: &[&str]) -> String {
    let mut out = String::new();
    for word in words {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&singular(word));
    }
    out
}

/// The key of a phrase.
pub(crate) fn key_of(phrase: &str) -> String {
    key(&phrase.split([' ', '-']).filter(|word| !word.is_empty()).collect::<Vec<_>>())
}

/// Whether this word only says how or which, and is no part of a name.
pub(crate) fn is_modifier(word: &str) -> bool {
    const MODIFIERS: &[&str] = &[
        "new",
        "current",
        "short",
        "full",
        "last",
        "latest",
        "recent",
        "upcoming",
        "past",
        "digital",
        "online",
        "secure",
        "simple",
        "personal",
        "basic",
        "complete",
        "different",
        "own",
        "actual",
        "existing",
        "entire",
        "whole",
        "detailed",
        "important",
        "relevant",
        "live",
        "real",
        "private",
        "small",
        "large",
        "big",
        "good",
        "several",
        "many",
        "few",
        "some",
        "any",
        "more",
        "most",
        "additional",
        "extra",
        "such",
        "certain",
        "future",
        "previous",
        "first",
        "second",
        "next",
        "same",
        "single",
        "optional",
        "electronic",
        "paper",
        "remote",
        "two",
        "three",
        "four",
        "five",
        "six",
        "one",
        "both",
        "regular",
        "active",
        "newest",
        "oldest",
        "outstanding",
        "basically",
        "main",
        "common",
        "various",
        "custom",
        "appropriate",
        "local",
        "individual",
        "corresponding",
        "own",
        "licensed",
        "certified",
        "registered",
        "busy",
        "incoming",
        "completed",
        "assigned",
        "signed",
        "unsigned",
        "open",
        "pending",
        "draft",
        "final",
        "submitted",
        "overdue",
        "missed",
        "sensitive",
        "confidential",
        "underlying",
        "respective",
        "primary",
    ];
    MODIFIERS.contains(&word)
}

/// Whether this word glues others and is never part of a name.
pub(crate) fn is_glue(word: &str) -> bool {
    const GLUE: &[&str] = &[
        "a",
        "an",
        "the",
        "this",
        "that",
        "these",
        "those",
        "my",
        "our",
        "your",
        "their",
        "his",
        "her",
        "its",
        "theirs",
        "mine",
        "ours",
        "of",
        "in",
        "on",
        "at",
        "by",
        "for",
        "with",
        "without",
        "from",
        "to",
        "into",
        "onto",
        "over",
        "under",
        "above",
        "below",
        "about",
        "against",
        "between",
        "through",
        "during",
        "before",
        "after",
        "until",
        "since",
        "per",
        "via",
        "as",
        "than",
        "and",
        "or",
        "but",
        "nor",
        "so",
        "if",
        "when",
        "once",
        "while",
        "unless",
        "because",
        "where",
        "which",
        "who",
        "whom",
        "whose",
        "what",
        "how",
        "why",
        "it",
        "they",
        "them",
        "he",
        "she",
        "we",
        "us",
        "i",
        "me",
        "you",
        "themselves",
        "itself",
        "each",
        "every",
        "all",
        "everything",
        "everyone",
        "everybody",
        "anyone",
        "anybody",
        "anything",
        "nobody",
        "nothing",
        "none",
        "no",
        "not",
        "never",
        "only",
        "except",
        "also",
        "too",
        "then",
        "just",
        "is",
        "are",
        "be",
        "been",
        "being",
        "was",
        "were",
        "can",
        "could",
        "may",
        "might",
        "must",
        "should",
        "shall",
        "will",
        "would",
        "do",
        "does",
        "did",
        "please",
        "able",
        "allowed",
        "else",
        "other",
        "another",
        "there",
        "here",
        "instead",
        "again",
        "etc",
        "e",
        "g",
        "like",
        "including",
        "such",
        "out",
        "up",
        "off",
        "down",
        "back",
        "away",
        "together",
        "within",
        "across",
        "behind",
        "regarding",
        "because",
        "however",
        "therefore",
        "later",
        "first",
        "soon",
        "now",
        "otherwise",
        "either",
        "neither",
        "yet",
        "still",
        "ever",
        "always",
        "often",
        "usually",
        "directly",
        "immediately",
        "automatically",
        "quickly",
        "easily",
        "securely",
        "exclusively",
        "solely",
        "least",
        "at",
        "twice",
        "every",
        "ago",
        "let",
        "lets",
        "next",
    ];
    GLUE.contains(&word)
}

/// Whether a word narrows what was said: such a sentence must be understood, or the plan stops.
pub(crate) fn restricts(word: &str) -> bool {
    matches!(
        word,
        "only"
            | "not"
            | "never"
            | "except"
            | "nobody"
            | "unless"
            | "exclusively"
            | "solely"
            | "neither"
            | "nor"
            | "excluding"
            | "forbidden"
            | "prohibited"
            | "hidden"
            | "hide"
            | "restricted"
            | "limited"
            | "apart"
    )
}

/// Small numbers written as words.
pub(crate) fn number_word(word: &str) -> Option<u32> {
    const NUMBERS: &[&str] = &[
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
        "twelve",
    ];
    NUMBERS.iter().position(|known| *known == word).and_then(|at| u32::try_from(at).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_become_singular_and_verbs_are_known_in_all_forms() {
        for (many, one) in [
            ("patients", "patient"),
            ("allergies", "allergy"),
            ("diagnoses", "diagnosis"),
            ("status", "status"),
            ("searches", "search"),
            ("boxes", "box"),
            ("address", "address"),
            ("nurses", "nurse"),
        ] {
            assert_eq!(singular(many), one);
        }
        for form in ["sees", "seen", "viewed", "booking", "corrects", "visible"] {
            assert!(verb(form).is_some(), "{form}");
        }
        assert_eq!(verb("bicycle"), None);
    }
}
