//! Which phrases are values of a record, and no records.

use super::phrase_key;
use crate::{
    catalogue::catalogue,
    clauses::Phrase,
    nouns::{Item, items},
    sentences::Token,
    words::singular,
};

/// `injury level (none, minor, major)` among others: a value with its choices.
pub(crate) fn is_choice(phrase: &Phrase) -> bool {
    let listed = items(&phrase.paren);
    let decided = phrase.words.last().is_some_and(|word| {
        matches!(
            word.as_str(),
            "outcome"
                | "status"
                | "result"
                | "decision"
                | "state"
                | "type"
                | "response"
                | "disposition"
                | "reason"
                | "level"
                | "method"
                | "priority"
                | "urgency"
        )
    });
    // `limb circumference (wrist, forearm in cm)`: what has a unit is measured.
    let measured = listed.iter().any(|item| item.unit.is_some());
    (!phrase.article || decided)
        && !measured
        && !phrase.all
        && listed.len() > 1
        && phrase.words.last().is_some_and(|word| singular(word) == *word)
        && catalogue().entity(&phrase_key(phrase)).is_none()
        && listed.iter().all(|item| {
            item.words.len() <= 2
                && catalogue().field(&item.key()).is_none()
                && item.range.is_none()
                && item.paren.is_empty()
        })
}

/// A phrase as an item of a list; units and scales stand in its parentheses.
pub(crate) fn as_item(phrase: &Phrase) -> Item {
    let mut words = phrase.modifiers.clone();
    words.retain(|word| !matches!(word.as_str(), "new" | "own" | "current" | "any" | "author"));
    if catalogue().field(&phrase_key(phrase)).is_some() {
        words.clear();
    }
    words.extend(phrase.words.iter().cloned());
    let mut tokens: Vec<Token> = words.into_iter().map(Token::Word).collect();
    if !phrase.paren.is_empty() {
        tokens.push(Token::Open);
        tokens.extend(phrase.paren.iter().cloned());
        tokens.push(Token::Close);
    }
    items(&tokens).into_iter().next().unwrap_or_default()
}

/// Whether a phrase is a value rather than a record: the catalogue says so, or its scale or unit.
pub(crate) fn is_value(phrase: &Phrase) -> bool {
    let key = phrase_key(phrase);
    let field = catalogue().field(&key).is_some()
        && catalogue().entity(&key).is_none_or(|(concept, _)| concept.field_too);
    let scaled = phrase.paren.iter().any(|token| matches!(token, Token::Range(..)))
        || matches!(phrase.paren.as_slice(), [Token::Word(unit)] if crate::fields::is_unit(unit));
    let bare = is_bare(phrase) && (catalogue().field(&key).is_some() || is_measure(&key));
    field || bare || scaled || catalogue().field(&as_item(phrase).key()).is_some()
}

pub(super) fn is_unknown(phrase: &Phrase) -> bool {
    let key = phrase_key(phrase);
    catalogue().entity(&key).is_none() && !with_list(phrase)
}

/// An unknown noun in the singular and without an article, `destination country`: among others, a value.
pub(crate) fn is_bare(phrase: &Phrase) -> bool {
    !phrase.article
        && !phrase.all
        && phrase.paren.is_empty()
        && phrase.words.last().is_some_and(|word| singular(word) == *word && word.as_str() != "data")
        && catalogue().role(&phrase_key(phrase)).is_none()
}

/// Whether fields stand in the parentheses, not choices or a unit.
pub(super) fn with_list(phrase: &Phrase) -> bool {
    items(&phrase.paren).iter().any(|item| catalogue().field(&item.key()).is_some())
}

/// `glucose, carbs and insulin units`: one known value among the objects makes the unknown ones values.
pub(super) fn lists_values(objects: &[Phrase]) -> bool {
    objects.len() > 1 && objects.iter().any(|phrase| is_value(phrase) && !with_list(phrase))
}

/// `limb circumference`, `grip strength`: what is measured, by its last word.
pub(super) fn is_measure(key: &str) -> bool {
    let last = key.rsplit(' ').next().unwrap_or_default();
    let number = key.contains(' ')
        && catalogue().entity(key).is_none()
        && catalogue().entity(last).is_none()
        && catalogue().field(last).is_some_and(|(field, _)| {
            field
                .written
                .as_deref()
                .is_some_and(|written| written.contains("integer") || written.contains("decimal"))
        });
    number
        || key.starts_with("number of ")
        || key.contains(' ')
            && catalogue().entity(key).is_none()
            && key.rsplit(' ').next().is_some_and(|last| {
                matches!(
                    last,
                    "circumference"
                        | "pressure"
                        | "length"
                        | "width"
                        | "depth"
                        | "diameter"
                        | "volume"
                        | "angle"
                        | "score"
                        | "level"
                        | "rate"
                        | "index"
                        | "ratio"
                        | "temperature"
                        | "strength"
                        | "distance"
                        | "speed"
                        | "thickness"
                        | "percentage"
                        | "saturation"
                        | "duration"
                        | "frequency"
                        | "severity"
                        | "voltage"
                        | "impedance"
                        | "resistance"
                        | "concentration"
                        | "threshold"
                        | "output"
                        | "wavelength"
                        | "acuity"
                )
            })
}
