//! What a record is made of: fields, links, parts and states.

use super::{define, future_link};
use crate::catalogue::{EntityKind, RoleKind, catalogue};
use crate::fields;
use crate::fields::{NewField, Read, choices_of, proper_name};
use crate::nouns::{Item, items};
use crate::sentences::Token;
use crate::words::{key_of, singular};
use crate::world::{Entity, Parsed, World};

/// `gets suggested CPT codes, each with a confidence score`: the codes are records with these fields.
pub(crate) fn each_with(tokens: &[Token], world: &mut World) {
    let Some(at) = each_with_at(tokens) else { return };
    let before: Vec<&str> = tokens[..at].iter().rev().take(8).filter_map(Token::word).collect();
    let Some(head) = before.iter().find(|word| !crate::words::is_glue(word)) else { return };
    let head = singular(head);
    let done = before.iter().find(|word| word.ends_with("ed") && word.len() > 4);
    let known = world.entity_named(&head);
    let name = match (done, known) {
        (None, Some(known)) => known,
        (Some(done), None) => format!("{done} {head}"),
        (None, None) => head.clone(),
        (Some(_), Some(known)) => known,
    };
    let whole: Vec<String> = world
        .entities
        .iter()
        .filter(|(other, entity)| **other != name && entity.kind == EntityKind::Clinical)
        .map(|(other, _)| other.clone())
        .collect();
    let Some(name) = define(&name, world, true) else { return };
    if head == "code"
        && let Some(entity) = world.entities.get_mut(&name)
    {
        entity.add(NewField { name: "code".into(), written: "clinical text, required".into() });
    }
    parts_of(&name, &tokens[at + 2..], world);
    if let [whole] = whole.as_slice()
        && let Some(entity) = world.entities.get_mut(&name)
    {
        entity.part_of = Some(whole.clone());
    }
}

pub(crate) fn each_with_at(tokens: &[Token]) -> Option<usize> {
    tokens.windows(2).position(|pair| pair[0].is("each") && pair[1].is("with"))
}

/// `we keep the first 200 characters`: a preview, of the one record that has no fields of its own.
pub(crate) fn preview(tokens: &[Token], world: &mut World) {
    let said = tokens.windows(3).any(|three| {
        three[0].is("first")
            && matches!(three[1], Token::Number(_))
            && (three[2].is("characters") || three[2].is("words"))
    });
    let bare = world
        .entities
        .values_mut()
        .find(|entity| entity.kind == EntityKind::Clinical && entity.fields.is_empty());
    if said && let Some(entity) = bare {
        entity.add(NewField { name: "preview".into(), written: "narrative".into() });
    }
}

/// What people who sign up tell of themselves, `(display name, organization and role are optional)`, is a
/// record of their own, of which everything else of theirs is a part.
pub(crate) fn account(one: &Parsed, role: &str, world: &mut World) {
    let Some(open) = one.sentence.tokens.iter().position(|token| *token == Token::Open) else { return };
    let close = crate::nouns::closing(&one.sentence.tokens, open);
    let listed = items(&one.sentence.tokens[open + 1..close]);
    if world.subject().is_some()
        || listed.is_empty()
        || !listed.iter().all(|item| {
            catalogue().field(&item.key()).is_some_and(|(field, _)| {
                field
                    .written
                    .as_deref()
                    .is_some_and(|written| written.starts_with("identifier") || written.starts_with("none"))
            })
        })
    {
        return;
    }
    let mut entity = Entity::new(None, EntityKind::Subject);
    for item in &listed {
        if let Read::Fields(read) = fields::read(item, None, EntityKind::Subject) {
            read.into_iter().for_each(|field| entity.add(field));
        }
    }
    world.entities.insert(role.to_owned(), entity);
    if let Some(role) = world.roles.get_mut(role) {
        role.kind = RoleKind::Subject;
    }
}

/// `monthly pregnancy tests (date, result)`: several, each with its own date or name.
fn is_part(item: &Item) -> bool {
    let inner = items(&item.paren);
    let several = item.words.last().is_some_and(|word| singular(word) != *word);
    let tells = inner.iter().any(|part| {
        matches!(
            part.key().as_str(),
            "date" | "name" | "result" | "amount" | "lot" | "lot number" | "due date" | "taken at"
        )
    });
    several && tells && inner.len() > 1 && inner.iter().all(|part| part.words.len() <= 3)
}

/// An item's words without how often it comes.
fn bare_phrase(item: &Item) -> String {
    let often = |word: &&String| {
        matches!(word.as_str(), "monthly" | "weekly" | "daily" | "yearly" | "annual" | "regular")
    };
    item.words.iter().filter(|word| !often(word)).cloned().collect::<Vec<_>>().join(" ")
}

/// Adds the items of a parenthesis or of what follows `with`.
pub(crate) fn parts_of(name: &str, tokens: &[Token], world: &mut World) {
    for item in items(tokens) {
        item_of(name, &item, world);
    }
}

/// One item of a record: a link to a person or record, a part of its own, states, or fields.
pub(crate) fn item_of(name: &str, item: &Item, world: &mut World) {
    let key = item.bare_key();
    let Some(entity) = world.entities.get(name) else { return };
    let (concept, kind) = (entity.concept, entity.kind);
    if item.states.len() > 1 {
        if let Some(entity) = world.entities.get_mut(name) {
            entity.states = item.states.clone();
        }
        return;
    }
    let of_its_own = matches!(key.as_str(), "status" | "state" | "stage")
        || key.strip_suffix(" status").is_some_and(|whole| key_of(name) == whole);
    if of_its_own && choices_of(&item.paren).len() > 1 {
        let states = choices_of(&item.paren);
        if let Some(entity) = world.entities.get_mut(name) {
            entity.states = states;
            entity.loose = true;
        }
        return;
    }
    // A part with fields of its own: `treatment plans with procedures (CDT code, tooth, fee)`.
    let listed = catalogue().entity(&key).is_some()
        && items(&item.paren).iter().any(|part| catalogue().field(&part.key()).is_some());
    if !item.paren.is_empty()
        && (listed || is_part(item) && catalogue().role(&key).is_none())
        && catalogue().field(&key).is_none_or(|(field, _)| field.fields.is_empty())
        && kind != EntityKind::Thing
        && let Some(part) = define(&bare_phrase(item), world, !listed)
        && part != name
    {
        parts_of(&part, &item.paren, world);
        if let Some(entity) = world.entities.get_mut(&part) {
            entity.part_of = Some(name.to_owned());
        }
        return;
    }
    // `exercise plans with sets and repetitions`: these are of each exercise.
    if let Some(of) = catalogue().field(&key).and_then(|(field, _)| field.of.as_deref())
        && key_of(name) != of
        && key_of(name).split(' ').any(|word| word == of)
        && let Some(part) = define(of, world, false)
        && part != name
    {
        if let Some(entity) = world.entities.get_mut(&part)
            && entity.part_of.is_none()
        {
            entity.part_of = Some(name.to_owned());
        }
        item_of(&part, item, world);
        return;
    }
    let is_subject_here = catalogue().role(&key).is_some_and(|(kind, _)| kind == RoleKind::Subject);
    if is_subject_here && kind == EntityKind::Subject && world.subject() == Some(name) {
        return;
    }
    if is_subject_here && kind != EntityKind::Subject {
        let subject = define(&item.phrase(), world, false);
        if let Some(subject) = &subject
            && items(&item.paren).len() > 1
        {
            parts_of(subject, &item.paren, world);
        }
        if kind == EntityKind::Business
            && let (Some(subject), Some(entity)) = (subject, world.entities.get_mut(name))
        {
            entity.fields.insert(subject.clone(), format!("link {subject}, required"));
        }
        return;
    }
    if let [role] = world.roles_named(&key).as_slice()
        && kind != EntityKind::Subject
        && world.roles.get(role).is_some_and(|known| known.kind != RoleKind::Subject)
    {
        let (role, field) = (role.clone(), proper_name(&key));
        if let (Some(field), Some(entity)) = (field, world.entities.get_mut(name)) {
            entity.fields.insert(field, format!("link {role}"));
        }
        return;
    }
    // `chief complaint, assessment, prescriptions`, where the pharmacy sees prescriptions: records of their own.
    let several = item.words.last().is_some_and(|word| singular(word) != *word);
    let of_their_own = several
        && kind == EntityKind::Clinical
        && item.paren.is_empty()
        && world.spoken.contains(&key)
        && catalogue().field(&key).is_none()
        && catalogue().entity(&key).is_some_and(|(known, _)| {
            !known.field_too
                && known.kind == EntityKind::Clinical
                && concept.is_none_or(|concept| concept.name != known.name)
        });
    if of_their_own
        && let Some(part) = define(&item.phrase(), world, false)
        && part != name
    {
        if let Some(entity) = world.entities.get_mut(&part)
            && entity.part_of.is_none()
        {
            entity.part_of = Some(name.to_owned());
        }
        return;
    }
    // A link is said by the record's own name, or by what leads to it; a value is named like a record by chance.
    let named = world.entities.keys().any(|known| key_of(known) == key);
    if let Some(linked) = world
        .entity_named(&key)
        .filter(|_| named || kind != EntityKind::Clinical)
        .or_else(|| if kind == EntityKind::Schedule { future_link(&key, world) } else { None })
        && linked != name
        && catalogue().field(&key).is_none()
        && catalogue().field(&item.key()).is_none()
        && concept.is_none_or(|concept| !concept.own.keys().any(|own| key_of(own) == key))
    {
        if let Some(entity) = world.entities.get_mut(name) {
            entity.fields.insert(linked.clone(), format!("link {linked}"));
        }
        return;
    }
    let read = match fields::read(item, concept, kind) {
        Read::Fields(read) => read,
        Read::File(file) => vec![file],
        Read::Nothing => Vec::new(),
    };
    if let Some(entity) = world.entities.get_mut(name) {
        read.into_iter().for_each(|field| entity.add(field));
    }
    for part in items(&item.with) {
        item_of(name, &part, world);
    }
}
