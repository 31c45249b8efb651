//! What a word means by what is kept: pictures, and whatever people write down of themselves.

use super::targets::Target;
use crate::clauses::{Clause, Phrase};
use crate::words::key_of;
use crate::world::World;

/// `photos`, where a picture is kept: whatever is pictured.
pub(super) fn pictured(key: &str, world: &World) -> Vec<Target> {
    let picture =
        |word: &str| matches!(word, "photo" | "picture" | "image" | "photograph" | "file" | "attachment");
    if !picture(key) && key != "upload" {
        return Vec::new();
    }
    let kept = world.entities.iter().filter_map(|(holder, entity)| {
        let fields: Vec<String> = entity
            .fields
            .iter()
            .filter(|(name, written)| written.ends_with(" file") && picture(&key_of(name)))
            .map(|(name, _)| name.clone())
            .collect();
        (!fields.is_empty()).then(|| Target { fields: Some(fields), ..Target::whole(holder.clone()) })
    });
    kept.collect()
}

/// A word for whatever people write down of themselves.
pub(super) fn written_by_people(key: &str) -> bool {
    matches!(key, "report" | "entry" | "submission" | "answer" | "log")
}

/// `the entries of their patients`.
pub(super) fn of_the_person(phrase: &Phrase, clause: &Clause, world: &World) -> bool {
    let of = clause.tails.iter().filter(|tail| matches!(tail.by.as_str(), "of" | "from" | "by"));
    let mut whole = of.flat_map(|tail| &tail.phrases).filter(|whole| whole.at > phrase.at);
    world.subject().is_some()
        && whole.any(|whole| world.entity_of(&whole.words).as_deref() == world.subject())
}

/// The records that the people cared for write.
pub(super) fn written_by_the_person(world: &World) -> Vec<Target> {
    let by_them = world.entities.iter().filter(|(_, entity)| {
        entity.concept.is_some_and(|concept| concept.by == Some(crate::catalogue::RoleKind::Subject))
    });
    by_them.map(|(name, _)| Target::whole(name.clone())).collect()
}
