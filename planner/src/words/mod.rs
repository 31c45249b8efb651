//! English, as much as prompts need: singulars, verbs and the words that glue them. The words themselves
//! are data, in `catalogue/english.toml`.

mod nouns;
mod verbs;

pub(crate) use nouns::{key, key_of, singular};
pub(crate) use verbs::{Verb, base, is_irregular, verb};

use serde::Deserialize;
use std::{
    collections::{BTreeMap, HashSet},
    sync::OnceLock,
};

#[derive(Deserialize)]
struct File {
    verbs: BTreeMap<Verb, String>,
    forms: BTreeMap<String, String>,
    nouns: Nouns,
    deeds: BTreeMap<String, Vec<String>>,
    shorthand: BTreeMap<String, String>,
    words: Lists,
}

#[derive(Deserialize)]
struct Nouns {
    unchanged: String,
    plurals: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Lists {
    modifiers: String,
    glue: String,
    restrict: String,
    modals: String,
    be: String,
    adverbs: String,
    prepositions: String,
    conditions: String,
    pronouns: String,
    lets: String,
    two_faced: String,
    not_records: Vec<String>,
    general: String,
    of_a_whole: Vec<String>,
}

/// The word lists, each a set.
struct Lexicon {
    verbs: verbs::Forms,
    deeds: BTreeMap<String, Vec<String>>,
    shorthand: BTreeMap<String, String>,
    plurals: BTreeMap<String, String>,
    unchanged: HashSet<String>,
    modifiers: HashSet<String>,
    glue: HashSet<String>,
    restrict: HashSet<String>,
    modals: HashSet<String>,
    be: HashSet<String>,
    adverbs: HashSet<String>,
    prepositions: HashSet<String>,
    conditions: HashSet<String>,
    pronouns: HashSet<String>,
    lets: HashSet<String>,
    two_faced: HashSet<String>,
    not_records: HashSet<String>,
    general: HashSet<String>,
    of_a_whole: Vec<String>,
}

fn lexicon() -> &'static Lexicon {
    static LEXICON: OnceLock<Lexicon> = OnceLock::new();
    LEXICON.get_or_init(|| {
        let file: File = toml::from_str(include_str!("../../catalogue/english.toml"))
            .expect("the embedded file is read by a test");
        let set = |words: &str| words.split_whitespace().map(str::to_owned).collect();
        Lexicon {
            verbs: verbs::Forms::new(&file.verbs, &file.forms),
            deeds: file.deeds,
            shorthand: file.shorthand,
            plurals: file.nouns.plurals,
            unchanged: set(&file.nouns.unchanged),
            modifiers: set(&file.words.modifiers),
            glue: set(&file.words.glue),
            restrict: set(&file.words.restrict),
            modals: set(&file.words.modals),
            be: set(&file.words.be),
            adverbs: set(&file.words.adverbs),
            prepositions: set(&file.words.prepositions),
            conditions: set(&file.words.conditions),
            pronouns: set(&file.words.pronouns),
            lets: set(&file.words.lets),
            two_faced: set(&file.words.two_faced),
            not_records: file.words.not_records.into_iter().collect(),
            general: set(&file.words.general),
            of_a_whole: file.words.of_a_whole,
        }
    })
}

/// What a clinician's shorthand means, written as it was: `pts` are patients, `PTs` physical therapists.
pub(crate) fn in_full(word: &str) -> Option<&'static str> {
    let known = &lexicon().shorthand;
    known.get(word).or_else(|| known.get(&word.to_lowercase())).map(String::as_str)
}

/// Whether this word only says how or which, and is no part of a name.
pub(crate) fn is_modifier(word: &str) -> bool {
    lexicon().modifiers.contains(word)
}

/// Whether this word glues others and is never part of a name.
pub(crate) fn is_glue(word: &str) -> bool {
    lexicon().glue.contains(word)
}

/// Whether a word narrows what was said: such a sentence must be understood, or the plan stops.
pub(crate) fn restricts(word: &str) -> bool {
    lexicon().restrict.contains(word)
}

/// Whether this word stands before a verb: `can`, `must`, `to`.
pub(crate) fn is_modal(word: &str) -> bool {
    lexicon().modals.contains(word)
}

/// Whether this word stands before a participle: `is`, `are`.
pub(crate) fn is_be(word: &str) -> bool {
    lexicon().be.contains(word)
}

/// Whether this word stands between a subject and its verb: `also`, `always`.
pub(crate) fn is_adverb(word: &str) -> bool {
    lexicon().adverbs.contains(word)
}

/// Whether this word leads a prepositional phrase.
pub(crate) fn is_preposition(word: &str) -> bool {
    lexicon().prepositions.contains(word)
}

/// Whether this word begins a condition: `when`, `unless`.
pub(crate) fn is_condition(word: &str) -> bool {
    lexicon().conditions.contains(word)
}

/// Whether this word stands for something said before.
pub(crate) fn is_pronoun(word: &str) -> bool {
    lexicon().pronouns.contains(word)
}

/// `I want patients to log meals`: who is the object of this verb acts.
pub(crate) fn lets(word: &str) -> bool {
    lexicon().lets.contains(word)
}

/// Whether this verb is as often a noun: `record`, `view`.
pub(crate) fn is_two_faced(word: &str) -> bool {
    lexicon().two_faced.contains(word) || lexicon().two_faced.contains(&singular(word))
}

/// Whether a phrase in the singular is the object of verbs and no record: `list`, `time`, `access`.
pub(crate) fn is_no_record(key: &str) -> bool {
    lexicon().not_records.contains(key)
}

/// Whether a head names no record by itself: `data we collect`, `what we record`.
pub(crate) fn is_general(said: &str) -> bool {
    said.split(' ').next().is_some_and(|word| lexicon().general.contains(word))
}

/// What a head is about and of whom or what: `notes` and `encounter` in `notes on an encounter`.
pub(crate) fn whole_of(head: &str) -> Option<(&str, &str)> {
    let joined = lexicon().of_a_whole.iter().filter_map(|joint| {
        let (part, whole) = head.split_once(&format!(" {joint} "))?;
        Some((part.len(), part, whole))
    });
    joined.min().map(|(_, part, whole)| (part, whole))
}

/// The records that a verb makes when nothing else is said: `physicians prescribe`.
pub(crate) fn deed(word: &str) -> &'static [String] {
    base(word).and_then(|base| lexicon().deeds.get(base)).map_or(&[], Vec::as_slice)
}

/// Whether a word begins something told: `how they feel`, `who is ready`.
pub(crate) fn asks(word: &str) -> bool {
    matches!(word, "how" | "when" | "who" | "what" | "where" | "whether" | "which" | "why")
}

/// Small numbers written as words.
pub(crate) fn number_word(word: &str) -> Option<u32> {
    const NUMBERS: &[&str] = &[
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
        "twelve",
    ];
    NUMBERS.iter().position(|known| *known == word).and_then(|at| u32::try_from(at).ok())
}
