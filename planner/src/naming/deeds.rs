//! Where a name ends and a deed begins.

use super::OWNING;

/// What is named before somebody does something: `transplant center follows donors`; a deed alone names nothing.
pub(super) fn named<'w, 't>(words: &'w [&'t str]) -> Option<&'w [&'t str]> {
    const PLACES: &[&str] = &[
        "clinic",
        "center",
        "centre",
        "practice",
        "program",
        "programme",
        "hospital",
        "agency",
        "company",
        "service",
        "unit",
        "department",
        "office",
        "lab",
        "laboratory",
        "pharmacy",
        "network",
        "group",
        "hospice",
    ];
    // `after discharge`, `not an EHR`: no name begins so.
    const NONE: &[&str] = &[
        "after", "before", "during", "when", "whenever", "once", "if", "while", "at", "in", "on", "not",
        "every", "each", "nobody", "only", "there", "no", "all", "as",
    ];
    const DETERMINERS: &[&str] = &[
        "a", "an", "the", "each", "every", "their", "his", "her", "all", "our", "my", "its", "them", "it",
        "us",
    ];
    let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    if lower.first().is_some_and(|first| NONE.contains(&first.as_str())) {
        return None;
    }
    let acts = |lower: &[String], at: usize| {
        let (word, next) = (lower[at].as_str(), lower.get(at + 1).map(String::as_str));
        let third = crate::words::base(word).is_some_and(|base| base != word)
            && crate::words::verb(word).is_some()
            && !word.ends_with("ing")
            && !word.ends_with("ed")
            && (!crate::words::is_two_faced(word) || PLACES.contains(&lower[at - 1].as_str()));
        let does = next.is_some_and(|next| DETERMINERS.contains(&next))
            && !crate::words::is_glue(word)
            && !matches!(word, "between" | "across" | "through" | "behind");
        next.is_some() && (third || does)
            || crate::words::is_modal(word)
            || matches!(word, "has" | "have" | "is" | "are" | "was")
    };
    // A deed to be done: `track insulin pump settings` is about the settings.
    let told = lower.first().is_some_and(|first| {
        matches!(first.as_str(), "track" | "record" | "log" | "monitor" | "keep" | "document" | "chart")
            && lower.get(1).is_some_and(|next| !crate::words::is_glue(next))
            && lower.len() > 2
    });
    let words = if told { &words[1..] } else { words };
    let lower = if told { &lower[1..] } else { &lower[..] };
    let Some(at) = (1..lower.len()).find(|at| acts(lower, *at)) else { return Some(words) };
    let before = lower[at - 1].as_str();
    // `the contractor shall provide a system for the county`: for whom it is.
    let whom = lower.iter().position(|word| word == "for").filter(|of| *of > at);
    match whom {
        _ if PLACES.contains(&before) => Some(&words[..at]),
        Some(of) if crate::words::is_modal(&lower[at]) => {
            let begin = lower[of + 1..].iter().take_while(|word| OWNING.contains(&word.as_str())).count();
            Some(&words[of + 1 + begin..])
        }
        _ => None,
    }
}
