//! What people put there: `patients upload a photo of the rash`, `MAs photograph lesions`.

use super::{define, phrase_key};
use crate::{
    catalogue::{EntityKind, catalogue},
    clauses::{Clause, Phrase},
    fields::{NewField, is_file},
    sentences::Token,
    words::{Verb, base, is_modal, is_no_record},
    world::World,
};

/// How a plan writes a file.
const FILE: &str = "clinical file";

/// Finds the record that a file is put to, or makes one of it.
pub(crate) fn from_files(clause: &Clause, world: &mut World) {
    if clause.passive || clause.not {
        return;
    }
    let does = |wanted: &[&str]| {
        clause.verbs.iter().any(|(_, word)| base(word).is_some_and(|base| wanted.contains(&base)))
    };
    if does(&["photograph"]) {
        for phrase in &clause.objects {
            if let Some(name) = world.entity_of(&phrase.words) {
                keep(&name, "photo", world);
            }
        }
    }
    let puts = clause.does(Verb::Upload);
    for phrase in &clause.objects {
        let key = phrase_key(phrase);
        let file = is_file(&key) || puts && !is_no_record(&key) && catalogue().role(&key).is_none();
        if !file || !(puts || does(&["take", "send", "add", "attach", "make", "snap"])) {
            continue;
        }
        put(phrase, &key, clause, world);
    }
}

/// `patients, appointments, x-ray uploads`: a record of a list that is a file.
pub(crate) fn from_lists(tokens: &[Token], world: &mut World) {
    for at in 1..tokens.len() {
        let uploads = tokens[at].is("upload") || tokens[at].is("uploads");
        let ends = matches!(tokens.get(at + 1), None | Some(Token::Comma))
            || tokens.get(at + 1).is_some_and(|next| next.is("and"));
        let from = tokens[..at]
            .iter()
            .rposition(|token| *token == Token::Comma || token.is("and"))
            .map_or(0, |comma| comma + 1);
        let words: Option<Vec<&str>> = tokens[from..at].iter().map(Token::word).collect();
        let Some(words) = words.filter(|words| uploads && ends && (1..=3).contains(&words.len())) else {
            continue;
        };
        let named = words.join(" ");
        // `nurses upload`: somebody does so.
        let somebody = catalogue().role(&crate::words::key(&words)).is_some();
        if somebody || words.iter().any(|word| base(word).is_some_and(|base| base == *word && is_modal(word)))
        {
            continue;
        }
        let Some(name) = define(&named, world, true) else { continue };
        if world.subject() == Some(name.as_str()) {
            continue;
        }
        if let Some(entity) = world.entities.get_mut(&name).filter(|entity| entity.fields.is_empty()) {
            entity.add(NewField { name: "date".into(), written: "clinical date, queryable".into() });
        }
        keep(&name, "file", world);
    }
}

fn put(phrase: &Phrase, key: &str, clause: &Clause, world: &mut World) {
    let plain = is_file(key);
    let held = world.entities.values().any(|entity| entity.fields.values().any(|written| written == FILE));
    if plain && held && phrase.words.len() == 1 {
        return;
    }
    // `upload an image of the wound`: it is the wound's.
    let of = clause
        .tails
        .iter()
        .filter(|tail| matches!(tail.by.as_str(), "of" | "to" | "with" | "for"))
        .flat_map(|tail| &tail.phrases)
        .find_map(|phrase| {
            let name = world.entity_of(&phrase.words)?;
            (world.entities.get(&name)?.kind == EntityKind::Clinical).then_some(name)
        });
    let event = clause
        .tails
        .iter()
        .filter(|tail| matches!(tail.by.as_str(), "at" | "during" | "after" | "before" | "on"))
        .flat_map(|tail| &tail.phrases)
        .filter(|phrase| phrase.all)
        .find_map(|phrase| world.entity_of(&phrase.words))
        .filter(|name| world.subject() != Some(name.as_str()));
    let of = event.or(of);
    if let (Some(name), true) = (&of, plain) {
        keep(name, key, world);
        return;
    }
    let Some(name) = define(&phrase.words.join(" "), world, true).or_else(|| new_record(key, world)) else {
        return;
    };
    if world.subject() != Some(name.as_str()) {
        let field = if catalogue().entity(key).is_some() { "attachment" } else { "file" };
        if let Some(entity) = world.entities.get_mut(&name).filter(|entity| entity.fields.is_empty()) {
            entity.add(NewField { name: "date".into(), written: "clinical date, queryable".into() });
        }
        keep(&name, field, world);
    }
}

/// A photo is a record where nothing else is pictured by it.
fn new_record(key: &str, world: &mut World) -> Option<String> {
    let name = crate::fields::proper_name(key).filter(|_| is_file(key))?;
    let new = crate::world::Entity::new(None, EntityKind::Clinical);
    world.entities.entry(name.clone()).or_insert(new);
    Some(name)
}

fn keep(name: &str, field: &str, world: &mut World) {
    let Some(entity) = world.entities.get_mut(name) else { return };
    if !entity.fields.values().any(|written| written == FILE) {
        entity.add(NewField { name: field.to_owned(), written: FILE.into() });
    }
}
