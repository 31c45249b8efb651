//! Singulars, and the keys by which the catalogue is asked.

use super::lexicon;

/// The singular of a noun; a word that is none comes back as it was.
pub(crate) fn singular(word: &str) -> String {
    if let Some(one) = lexicon().plurals.get(word) {
        return one.clone();
    }
    if lexicon().unchanged.contains(word) || word.len() < 3 || !word.ends_with('s') || word.ends_with("ss") {
        return word.to_owned();
    }
    if let Some(stem) = word.strip_suffix("ies") {
        return if stem.chars().count() > 1 { format!("{stem}y") } else { format!("{stem}ie") };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_become_singular() {
        for (many, one) in [
            ("patients", "patient"),
            ("allergies", "allergy"),
            ("diagnoses", "diagnosis"),
            ("status", "status"),
            ("searches", "search"),
            ("boxes", "box"),
            ("address", "address"),
            ("nurses", "nurse"),
            ("women", "woman"),
        ] {
            assert_eq!(singular(many), one);
        }
    }
}
