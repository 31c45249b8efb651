//! What is set for a person: targets, doses and limits.

use super::phrase_key;
use crate::{
    catalogue::catalogue,
    clauses::{Clause, Phrase},
    features,
    fields::{NewField, proper_name},
    words::{Verb, is_no_record, key_of, singular},
    world::{Parsed, World},
};

/// `sets the target per patient`: one target for each value that a threshold is about.
pub(super) fn set_targets(clause: &Clause, parsed: &[Parsed], world: &mut World) {
    if !clause.does(Verb::Update) {
        return;
    }
    let target = clause.objects.iter().find(|phrase| {
        phrase
            .words
            .last()
            .is_some_and(|word| matches!(singular(word).as_str(), "target" | "threshold" | "limit"))
    });
    let (Some(target), Some(subject)) = (target, world.subject().map(str::to_owned)) else { return };
    let measured: Vec<(String, String)> = features::thresholds(parsed, world)
        .into_iter()
        .flat_map(|threshold| threshold.fields)
        .filter_map(|field| {
            let written = world.entities.values().find_map(|entity| entity.fields.get(&field)).cloned()?;
            Some((field, written))
        })
        .collect();
    let word = target.words.last().map(|word| singular(word)).unwrap_or_default();
    // `set targets for weight and steps`: of each of them.
    let named: Vec<(String, String)> = clause
        .tails
        .iter()
        .filter(|tail| tail.by == "for")
        .flat_map(|tail| &tail.phrases)
        .filter_map(|phrase| {
            let key = phrase_key(phrase);
            let field = |name: &&String| key_of(name) == key;
            world.entities.values().find_map(|entity| {
                let name = entity.fields.keys().find(field)?;
                Some((name.clone(), entity.fields.get(name)?.clone()))
            })
        })
        .filter(|(_, written)| written.contains("integer") || written.contains("decimal"))
        .collect();
    let measured = if named.is_empty() { measured } else { named };
    let Some(entity) = world.entities.get_mut(&subject) else { return };
    if measured.is_empty() {
        if let Some(name) = proper_name(&target.words.join(" ")) {
            entity.add(NewField { name, written: "clinical text".into() });
        }
        return;
    }
    for (field, written) in measured {
        entity.add(NewField { name: format!("{word} {field}"), written });
    }
}

/// `nephrologists set the dry weight`: what is set, adjusted or changed is a value.
pub(super) fn sets(clause: &Clause) -> bool {
    !clause.not
        && clause.verbs.iter().any(|(_, word)| {
            matches!(crate::words::base(word), Some("set" | "adjust" | "define" | "change" | "update"))
        })
}

/// One thing, in the singular, of which nobody made a record.
pub(super) fn is_bare_or_definite(phrase: &Phrase) -> bool {
    let key = phrase_key(phrase);
    phrase.paren.is_empty()
        && !phrase.all
        && phrase.words.last().is_some_and(|word| singular(word) == *word)
        && catalogue().role(&key).is_none()
        && catalogue().entity(&key).is_none()
        && !is_no_record(&key)
        && !key.ends_with("target")
        && !matches!(key.as_str(), "it" | "them" | "that" | "this" | "anything" | "everything")
}

/// `adjusts basal rates and carb ratios`: what is set for a person is said in the plural, too.
pub(super) fn is_setting(phrase: &Phrase) -> bool {
    let last = phrase.words.last().map(|word| singular(word)).unwrap_or_default();
    phrase.words.len() == 2
        && matches!(
            last.as_str(),
            "rate"
                | "ratio"
                | "factor"
                | "target"
                | "threshold"
                | "limit"
                | "goal"
                | "level"
                | "setting"
                | "range"
                | "dose"
        )
        && !is_no_record(&phrase_key(phrase))
}
