//! What stands behind a preposition: fields, or the record that something is written to.

use super::{
    define,
    described::{is_described, with_fields},
    holders,
    parts::{item_of, parts_of},
    phrase_key,
    values::{as_item, is_value},
};
use crate::{
    catalogue::{RoleKind, catalogue},
    clauses::{Clause, Phrase},
    words::Verb,
    world::World,
};

/// What stands behind a preposition: fields (`with a score`), or the parent (`for a patient (…)`).
pub(super) fn tail_phrase(
    by: &str,
    phrase: &Phrase,
    clause: &Clause,
    last: Option<&str>,
    writes: bool,
    world: &mut World,
) {
    let key = phrase_key(phrase);
    match by {
        "in" | "at" | "on" | "with"
            if catalogue().entity(&key).is_some_and(|(concept, _)| concept.resource) =>
        {
            define(&phrase.words.join(" "), world, false);
        }
        "with" | "including" | "of" if !phrase.words.is_empty() && !clause.does(Verb::Upload) => {
            // `a medication list per student with the action plan`: of the student.
            let target =
                holders::per_person(clause, world).or_else(|| last.map(str::to_owned)).or_else(|| {
                    let subject = clause.subjects.last()?;
                    world.roles_of(subject).is_empty().then(|| world.entity_of(&subject.words)).flatten()
                });
            if let Some(target) = target
                && by != "of"
            {
                // `document every adjustment with date, vertebra and response`: a list, and so all of it is values.
                let listed = (writes || is_described(clause))
                    && clause.tails.iter().any(|tail| tail.by == by && tail.phrases.len() > 1)
                    && catalogue().role(&key).is_none()
                    && world.roles_named(&key).is_empty()
                    && world.entity_named(&key).is_none();
                if listed
                    || is_value(phrase)
                    || !phrase.paren.is_empty() && catalogue().entity(&key).is_some()
                {
                    item_of(&target, &as_item(phrase), world);
                }
                return;
            }
            // `the patients of the shift`: when, and no record.
            let when = matches!(key.as_str(), "shift" | "day" | "week" | "month" | "night" | "session");
            if !phrase.all
                && last.is_none()
                && !when
                && catalogue().entity(&key).is_some_and(|(concept, _)| !concept.field_too)
            {
                define(&phrase.words.join(" "), world, false);
            }
        }
        "for" | "per" | "on" | "against" | "from" | "in" | "into" | "through" | "after" | "during" | "at"
            if !phrase.paren.is_empty()
                && (writes || clause.does(Verb::Book) || last.is_none() && clause.does(Verb::Work)) =>
        {
            // `write protocols for a patient (peptide, dose)`: the fields are the protocol's; what is booked for an
            // infusion (regimen, day) is a time, and the fields are the infusion's.
            if let Some(last) = last.filter(|_| writes) {
                parts_of(last, &phrase.paren, world);
            } else {
                with_fields(phrase, world);
            }
        }
        "to" | "on" | "from"
            if (writes || clause.does(Verb::Assign) || clause.does(Verb::Update))
                && catalogue().role(&key).is_none()
                && catalogue().entity(&key).is_some_and(|(concept, _)| {
                    !concept.field_too && concept.kind == crate::catalogue::EntityKind::Clinical
                }) =>
        {
            define(&phrase.words.join(" "), world, false);
        }
        "about" | "on" | "for" | "in" | "into" | "before" | "to" | "from"
            if catalogue().role(&key).is_some_and(|(kind, _)| kind == RoleKind::Subject) =>
        {
            define(&phrase.words.join(" "), world, false);
        }
        _ => {}
    }
}
