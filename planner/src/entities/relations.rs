//! What belongs to what: `embryos for each cycle`, `a visit has notes`, `photos linked to a visit`, `claims from
//! encounters`. Read once all records are known, since a whole may be named behind its parts.

use crate::{
    catalogue::EntityKind,
    clauses::{Clause, Phrase},
    sentences::Token,
    words::{Verb, is_glue, key, singular},
    world::{Parsed, World},
};

/// Finds the wholes of records and the records that others name.
pub(crate) fn relations(parsed: &[Parsed], world: &mut World) {
    for one in parsed {
        linked(&one.sentence.tokens, world);
        for clause in &one.clauses {
            of_each(clause, world);
            has(clause, world);
        }
    }
}

/// `Each goal belongs to a treatment plan`: both are kept, and one is a part of the other.
pub(super) fn belongs(clause: &Clause, world: &mut World) {
    let belongs =
        clause.verbs.iter().any(|(_, word)| crate::words::base(word) == Some("belong")) && !clause.not;
    let ([subject], Some(to)) = (clause.subjects.as_slice(), clause.tail("to").filter(|_| belongs)) else {
        return;
    };
    let [whole] = to.phrases.as_slice() else { return };
    let person = |phrase: &Phrase| !world.roles_of(phrase).is_empty();
    if person(subject) || !subject.article && !subject.all {
        return;
    }
    let about_a_person = person(whole);
    let Some(record) = super::define(&subject.words.join(" "), world, true) else { return };
    if about_a_person {
        return;
    }
    if let Some(whole) = super::define(&whole.words.join(" "), world, true) {
        part(&record, &whole, world);
    }
}

fn kind(name: &str, world: &World) -> Option<EntityKind> {
    world.entities.get(name).map(|entity| entity.kind)
}

/// Makes one record a part of another, unless it is part of something, or that would go round in a circle.
fn part(part: &str, whole: &str, world: &mut World) {
    let clinical = kind(part, world) == Some(EntityKind::Clinical);
    let held = matches!(kind(whole, world), Some(EntityKind::Clinical | EntityKind::Business));
    let within = world.parts(part).iter().any(|name| name == whole);
    if part == whole || !clinical || !held || within {
        return;
    }
    if let Some(entity) = world.entities.get_mut(part)
        && entity.part_of.is_none()
    {
        entity.part_of = Some(whole.to_owned());
    }
}

/// A record of money names what it is for.
fn names(record: &str, other: &str, world: &mut World) {
    let business = kind(record, world) == Some(EntityKind::Business);
    if record == other || !business || kind(other, world) != Some(EntityKind::Clinical) {
        return;
    }
    if let Some(entity) = world.entities.get_mut(record) {
        let link = format!("link {other}");
        if !entity.fields.contains_key(other) {
            entity.fields.insert(other.to_owned(), link);
        }
    }
}

/// `embryos for each cycle`, `a report per study`, `claims from coded encounters`.
fn of_each(clause: &Clause, world: &mut World) {
    let writes = clause.does(Verb::Create) || clause.does(Verb::Manage) || clause.does(Verb::Track);
    if clause.passive || clause.not || !(writes || clause.verbs.is_empty()) {
        return;
    }
    let made: Vec<&Phrase> = if clause.verbs.is_empty() {
        clause.subjects.iter().collect()
    } else {
        clause.objects.iter().collect()
    };
    for tail in &clause.tails {
        let each = matches!(tail.by.as_str(), "for" | "per" | "of" | "on" | "during" | "in" | "at" | "to");
        for phrase in &tail.phrases {
            let Some(whole) = world.entity_of(&phrase.words) else { continue };
            let one = phrase.all
                || tail.by == "per"
                || phrase.article
                    && matches!(tail.by.as_str(), "for" | "of" | "on" | "to")
                    && phrase.words.last().is_some_and(|word| singular(word) == *word);
            for object in made.iter().filter(|object| object.at < phrase.at || phrase.all) {
                let Some(record) = world.entity_of(&object.words) else { continue };
                if each && one {
                    part(&record, &whole, world);
                }
                if matches!(tail.by.as_str(), "for" | "from" | "on" | "against") {
                    names(&record, &whole, world);
                }
            }
        }
    }
}

/// `a visit has notes`, `denied claims get a denial with a reason code`.
fn has(clause: &Clause, world: &mut World) {
    let [subject] = clause.subjects.as_slice() else { return };
    if !clause.does(Verb::Have) || clause.passive || clause.not {
        return;
    }
    let Some(whole) = world.entity_of(&subject.words) else { return };
    if world.subject() == Some(whole.as_str()) || !world.roles_of(subject).is_empty() {
        return;
    }
    for object in &clause.objects {
        if let Some(record) = world.entity_of(&object.words) {
            part(&record, &whole, world);
        }
    }
}

/// `photos linked to a visit`, `results are attached to the order`.
fn linked(tokens: &[Token], world: &mut World) {
    for at in 1..tokens.len() {
        let joins = tokens[at].word().is_some_and(|word| {
            matches!(
                word,
                "linked" | "attached" | "tied" | "connected" | "belonging" | "belongs" | "belong" | "related"
            )
        });
        if !joins || !tokens.get(at + 1).is_some_and(|token| token.is("to") || token.is("with")) {
            continue;
        }
        let named =
            |words: &[&str]| (1..=3).rev().find_map(|width| world.entity_named(&key(words.get(..width)?)));
        let behind: Vec<&str> =
            tokens[at + 2..].iter().map_while(Token::word).skip_while(|word| is_glue(word)).take(3).collect();
        let mut before: Vec<&str> = tokens[..at]
            .iter()
            .rev()
            .map_while(Token::word)
            .skip_while(|word| is_glue(word))
            .take(3)
            .collect();
        before.reverse();
        let record = (0..before.len()).find_map(|from| world.entity_named(&key(&before[from..])));
        if let (Some(record), Some(whole)) = (record, named(&behind)) {
            part(&record, &whole, world);
            names(&record, &whole, world);
        }
    }
}
