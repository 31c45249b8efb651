//! What verbs ask of an app, in all their forms.

use super::lexicon;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

/// What a verb asks of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
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

/// Every form of every verb.
pub(super) struct Forms {
    by_form: HashMap<String, (Verb, String)>,
}

impl Forms {
    /// Makes the forms; the first meaning of a verb counts, in the order of [`Verb`].
    pub(super) fn new(verbs: &BTreeMap<Verb, String>, irregular: &BTreeMap<String, String>) -> Self {
        let mut by_form = HashMap::new();
        let mut bases = HashMap::new();
        for (meaning, words) in verbs {
            for base in words.split_whitespace() {
                if bases.contains_key(base) {
                    continue;
                }
                bases.insert(base, *meaning);
                for form in forms(base) {
                    by_form.entry(form).or_insert((*meaning, base.to_owned()));
                }
            }
        }
        for (form, base) in irregular {
            if let Some(meaning) = bases.get(base.as_str()) {
                by_form.insert(form.clone(), (*meaning, base.clone()));
            }
        }
        Self { by_form }
    }
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
    lexicon().verbs.by_form.get(word).map(|(meaning, _)| *meaning)
}

/// The infinitive of a form.
pub(crate) fn base(word: &str) -> Option<&'static str> {
    lexicon().verbs.by_form.get(word).map(|(_, base)| base.as_str())
}

/// Whether a form is irregular and says what was done: `done`, `given`, `sent`, and not `has` or `let`.
pub(crate) fn is_irregular(word: &str) -> bool {
    base(word).is_some_and(|base| base != word && super::singular(word) == word)
        && !word.ends_with("ed")
        && !word.ends_with("ing")
        && !word.ends_with("ble")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_known_in_all_forms() {
        for form in ["sees", "seen", "viewed", "booking", "corrects", "visible"] {
            assert!(verb(form).is_some(), "{form}");
        }
        assert_eq!(verb("bicycle"), None);
        assert_eq!(base("written"), Some("write"));
    }
}
