//! Records from the objects of verbs: `nurses log visits with a score`.

use super::parts::{item_of, parts_of};
use super::{define, phrase_key};
use crate::catalogue::{RoleKind, catalogue};
use crate::clauses::{Clause, Phrase};
use crate::nouns::{Item, items};
use crate::words::{Verb, singular, verb};
use crate::world::World;

pub(crate) fn from_clause(clause: &Clause, each: bool, world: &mut World) {
    let writes = clause.does(Verb::Create) || clause.does(Verb::Track) || clause.does(Verb::Manage);
    let acts = clause.verbs.iter().any(|(verb, word)| {
        !matches!(verb, Verb::Message | Verb::Export | Verb::Pay | Verb::Share | Verb::Work)
            || matches!(word.as_str(), "need" | "needs" | "want" | "wants" | "require" | "requires")
    });
    let targets: &[Phrase] = if clause.passive { &clause.subjects } else { &clause.objects };
    let mut last: Option<String> = None;
    if acts && !clause.not {
        for phrase in targets {
            last = from_object(phrase, clause, writes, world).or(last);
        }
    }
    for phrase in
        clause.subjects.iter().chain(&clause.objects).filter(|_| !clause.passive || clause.not || clause.only)
    {
        // `A patient record (name, …) may be seen`, whatever is done with it.
        if !phrase.paren.is_empty() && last.is_none() {
            with_fields(phrase, world);
        }
    }
    for tail in &clause.tails {
        for phrase in tail.phrases.iter().filter(|_| !(each && tail.by == "with")) {
            tail_phrase(&tail.by, phrase, clause, last.as_deref(), writes, world);
        }
    }
}

fn from_object(phrase: &Phrase, clause: &Clause, writes: bool, world: &mut World) -> Option<String> {
    if !phrase.of.is_empty() && catalogue().field(&phrase_key(phrase)).is_some() {
        return None;
    }
    let key = phrase_key(phrase);
    // `volunteers register people (name, phone)`.
    if key == "person" && writes {
        let name = define("patient", world, false)?;
        parts_of(&name, &phrase.paren, world);
        return Some(name);
    }
    if !phrase.paren.is_empty()
        && let Some(name) = with_fields(phrase, world)
    {
        return Some(name);
    }
    if let Some((concept, _)) = catalogue().entity(&key) {
        let plain_field = concept.field_too && !writes
            || concept.field_too
                && catalogue().field(&key).is_some()
                && !clause.does(Verb::Create)
                && !clause.does(Verb::Manage);
        if plain_field {
            return world.entity_named(&key);
        }
        return define(&phrase.words.join(" "), world, false);
    }
    if let Some(found) = world.entity_named(&key) {
        return Some(found);
    }
    if clause.does(Verb::Book) && catalogue().weak_entity(&key).is_some() {
        return define("appointment", world, false);
    }
    if catalogue().weak_entity(&key).is_some() && writes {
        return define(&phrase.words.join(" "), world, false);
    }
    let last = phrase.words.last().map(|word| singular(word)).unwrap_or_default();
    let compound = phrase.words.len() > 1 && catalogue().entity(&last).is_some();
    let custom = (writes && catalogue().field(&key).is_none() || compound)
        && phrase.words.len() <= 3
        && !crate::words::is_no_record(&key)
        && (compound || !crate::words::is_no_record(&last))
        && catalogue().role(&key).is_none()
        && world.roles_named(&key).is_empty();
    custom.then(|| define(&phrase.words.join(" "), world, true)).flatten()
}

/// What stands behind a preposition: fields (`with a score`), or the parent (`for a patient (…)`).
fn tail_phrase(
    by: &str,
    phrase: &Phrase,
    clause: &Clause,
    last: Option<&str>,
    writes: bool,
    world: &mut World,
) {
    let key = phrase_key(phrase);
    match by {
        "with" | "including" | "of" if !phrase.words.is_empty() => {
            let target = last
                .map(str::to_owned)
                .or_else(|| clause.subjects.last().and_then(|subject| world.entity_of(&subject.words)));
            if let Some(target) = target
                && by != "of"
            {
                let item =
                    Item { words: phrase.words.clone(), paren: phrase.paren.clone(), ..Item::default() };
                if catalogue().field(&key).is_some()
                    || !phrase.paren.is_empty() && catalogue().entity(&key).is_some()
                {
                    item_of(&target, &item, world);
                }
                return;
            }
            if catalogue().entity(&key).is_some_and(|(concept, _)| !concept.field_too) {
                define(&phrase.words.join(" "), world, false);
            }
        }
        "for" | "per" | "on" | "against" if !phrase.paren.is_empty() && writes => {
            // `write protocols for a patient (peptide, dose)`: the fields are the protocol's.
            if let Some(last) = last {
                parts_of(last, &phrase.paren, world);
            } else {
                with_fields(phrase, world);
            }
        }
        "about" | "on" | "for" | "in" | "into" | "before" | "to" | "from"
            if catalogue().role(&key).is_some_and(|(kind, _)| kind == RoleKind::Subject) =>
        {
            define(&phrase.words.join(" "), world, false);
        }
        _ => {}
    }
}

/// `a patient record (name, phone)`.
fn with_fields(phrase: &Phrase, world: &mut World) -> Option<String> {
    let listed = items(&phrase.paren);
    let known = listed.iter().filter(|item| catalogue().field(&item.key()).is_some()).count();
    let prose =
        phrase.paren.iter().filter(|token| token.word().is_some_and(|word| verb(word).is_some())).count();
    if listed.is_empty() || known == 0 && prose > 0 || prose > listed.len() || listed.len() < 2 {
        return None;
    }
    if catalogue().field(&phrase_key(phrase)).is_some() && catalogue().entity(&phrase_key(phrase)).is_none() {
        return None;
    }
    let name = define(&phrase.words.join(" "), world, true)?;
    parts_of(&name, &phrase.paren, world);
    Some(name)
}
