//! Values that are written down without a record being named.

use super::parts::item_of;
use super::{define, phrase_key};
use crate::catalogue::catalogue;
use crate::clauses::{Clause, Phrase};
use crate::features;
use crate::fields::{NewField, proper_name};
use crate::nouns::Item;
use crate::words::{Verb, key_of, singular};
use crate::world::{Parsed, World};

/// Fields that are written or set without a record being named: `patients log systolic/diastolic/pulse`,
/// `the physician sets the target per patient`, `sees balances`.
pub(crate) fn loose_fields(clause: &Clause, parsed: &[Parsed], world: &mut World) {
    if clause.passive || clause.verbs.is_empty() {
        return;
    }
    let writes = clause.does(Verb::Create) || clause.does(Verb::Track);
    let loose: Vec<&Phrase> = clause
        .objects
        .iter()
        .filter(|phrase| {
            let key = phrase_key(phrase);
            catalogue().field(&key).is_some() && world.entity_named(&key).is_none() && phrase.of.is_empty()
        })
        .collect();
    if loose.is_empty() {
        set_targets(clause, parsed, world);
        return;
    }
    let target = if writes && !clause.not {
        container(&loose, world)
    } else if clause.does(Verb::View) || clause.does(Verb::Update) || clause.does(Verb::Manage) {
        world.subject().map(str::to_owned)
    } else {
        None
    };
    let Some(target) = target else { return };
    for phrase in loose {
        let key = phrase_key(phrase);
        let group = catalogue().field(&key).is_some_and(|(field, _)| !field.fields.is_empty());
        let held = world.entities.values().any(|entity| entity.fields.keys().any(|name| key_of(name) == key));
        // What is only seen becomes a value of the person where it is one: a balance, an address.
        let value = catalogue()
            .field(&key)
            .and_then(|(field, _)| field.written.as_deref())
            .is_some_and(|written| !written.starts_with("narrative"));
        if !writes && !value && !clause.does(Verb::Update) {
            continue;
        }
        if matches!(key.as_str(), "note" | "message" | "comment" | "answer" | "contact" | "detail" | "result")
            || held
            || group && !writes
        {
            continue;
        }
        let item = Item { words: phrase.words.clone(), paren: phrase.paren.clone(), ..Item::default() };
        item_of(&target, &item, world);
    }
}

/// The record into which loose values are written: a reading when they are numbers, else a daily log.
fn container(loose: &[&Phrase], world: &mut World) -> Option<String> {
    for known in ["reading", "diary", "vital", "assessment", "visit"] {
        let found = world
            .entities
            .iter()
            .find(|(_, entity)| entity.concept.is_some_and(|concept| concept.name == known))
            .map(|(name, _)| name.clone());
        if found.is_some() {
            return found;
        }
    }
    let number = |phrase: &&Phrase| {
        catalogue().field(&phrase_key(phrase)).is_some_and(|(field, _)| {
            field
                .written
                .as_deref()
                .is_none_or(|written| written.contains("integer") || written.contains("decimal"))
        })
    };
    let clinical = loose.iter().any(|phrase| {
        catalogue().field(&phrase_key(phrase)).is_some_and(|(field, _)| {
            field.written.as_deref().is_none_or(|written| !written.starts_with("identifier"))
        })
    });
    if !clinical {
        return world.subject().map(str::to_owned);
    }
    define(if loose.iter().all(number) { "reading" } else { "daily log" }, world, false)
}

/// `sets the target per patient`: one target for each value that a threshold is about.
fn set_targets(clause: &Clause, parsed: &[Parsed], world: &mut World) {
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
