//! What needs a construct that cannot be built yet, or somebody outside. The words are data, in
//! `catalogue/wishes.toml`.

use crate::{clauses::Clause, sentences::Sentence, words::Verb, world::Parsed};
use serde::Deserialize;
use std::sync::OnceLock;

/// What a sentence wishes for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    NotYet(u32, &'static str),
    Outside(&'static str),
    Kept,
}

#[derive(Deserialize)]
struct File {
    wish: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    construct: Option<u32>,
    #[serde(default)]
    outside: bool,
    #[serde(default)]
    kept: bool,
    why: String,
    words: String,
    #[serde(default)]
    unless: Option<String>,
}

struct Known {
    wish: Wish,
    phrases: Vec<String>,
    unless: Option<String>,
}

fn known() -> &'static [Known] {
    static KNOWN: OnceLock<Vec<Known>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let file: File = toml::from_str(include_str!("../../catalogue/wishes.toml"))
            .expect("the embedded file is read by a test");
        file.wish
            .into_iter()
            .map(|entry| {
                let why: &'static str = entry.why.leak();
                let wish = match (entry.construct, entry.outside, entry.kept) {
                    (Some(construct), ..) => Wish::NotYet(construct, why),
                    (None, true, _) => Wish::Outside(why),
                    (None, false, _) => Wish::Kept,
                };
                let phrases = entry
                    .words
                    .split('|')
                    .map(|phrase| format!(" {} ", phrase.split_whitespace().collect::<Vec<_>>().join(" ")))
                    .collect();
                Known { wish, phrases, unless: entry.unless }
            })
            .collect()
    })
}

/// Looks a sentence's words up among the wishes; several may stand in one.
pub(crate) fn wishes(sentence: &Sentence) -> Vec<Wish> {
    let text = sentence.plain();
    known()
        .iter()
        .filter(|known| known.phrases.iter().any(|phrase| text.contains(phrase.as_str())))
        .filter(|known| known.unless.as_ref().is_none_or(|unless| !text.contains(unless.as_str())))
        .map(|known| known.wish)
        .collect()
}

/// What the clauses of a sentence wish for: `coaches message members`.
pub(crate) fn wished_by_clauses(one: &Parsed) -> Vec<Wish> {
    let why = |construct: u32| {
        known().iter().find_map(|known| match known.wish {
            Wish::NotYet(number, why) if number == construct => Some(why),
            _ => None,
        })
    };
    let construct = |clause: &Clause| {
        clause.verbs.iter().find_map(|(verb, word)| match (verb, crate::words::base(word)?) {
            (Verb::Message, "message" | "chat") if !clause.subjects.is_empty() => Some(18),
            (Verb::Message, "text" | "email" | "notify" | "remind" | "alert" | "inform" | "warn") => Some(17),
            (Verb::Upload, _) => Some(21),
            _ => None,
        })
    };
    one.clauses
        .iter()
        .filter_map(construct)
        .filter_map(|number| Some(Wish::NotYet(number, why(number)?)))
        .collect()
}
