//! States, locks and addenda that sentences speak of.

use crate::catalogue::EntityKind;
use crate::features;
use crate::sentences::{Sentence, Token};
use crate::words::singular;
use crate::world::{Parsed, World};

/// Locks and addenda that a sentence speaks of.
pub(crate) fn lifecycles(parsed: &[Parsed], world: &mut World) {
    let addenda = parsed.iter().any(|one| one.sentence.text.to_lowercase().contains("addend"));
    for Parsed { sentence, .. } in parsed {
        let Some(state) = features::locks(sentence) else { continue };
        let mut some = false;
        for entity in world.entities.values_mut().filter(|entity| entity.states.contains(&state)) {
            entity.locked = true;
            some = true;
        }
        // `once signed nobody can edit it` without states: draft, then that.
        if !some
            && let Some(entity) = named_before(sentence, world)
            && let Some(entity) = world.entities.get_mut(&entity)
            && entity.states.is_empty()
        {
            entity.states = vec!["draft".into(), state];
            entity.locked = true;
        }
    }
    for clause in parsed.iter().flat_map(|one| &one.clauses) {
        states_in_passing(clause, world);
    }
    if addenda {
        for entity in world
            .entities
            .values_mut()
            .filter(|entity| entity.states.iter().any(|state| state == "locked" || state == "signed"))
        {
            entity.addenda = true;
        }
    }
}

/// `may read visit notes after they are signed`: notes are drafts, then signed.
fn states_in_passing(clause: &crate::clauses::Clause, world: &mut World) {
    const STATES: &[&str] = &["signed", "approved", "released", "finalized", "reviewed", "published"];
    let state = clause
        .tails
        .iter()
        .filter(|tail| matches!(tail.by.as_str(), "after" | "once" | "when"))
        .flat_map(|tail| &tail.words)
        .find(|word| STATES.contains(&word.as_str()))
        .cloned();
    let Some(state) = state else { return };
    for phrase in &clause.objects {
        if let Some(name) = world.entity_of(&phrase.words)
            && let Some(entity) = world.entities.get_mut(&name)
            && entity.states.is_empty()
            && entity.kind == EntityKind::Clinical
        {
            entity.states = vec!["draft".into(), state.clone()];
        }
    }
}

fn named_before(sentence: &Sentence, world: &World) -> Option<String> {
    sentence
        .tokens
        .iter()
        .filter_map(Token::word)
        .find_map(|word| world.entity_named(&singular(word)))
        .or_else(|| world.entities.keys().find(|name| name.ends_with("note")).cloned())
}
