//! Records that are described by what they hold: `a note has a date`, `a patient record (name, phone)`.

use super::{
    define,
    parts::{item_of, parts_of},
    phrase_key,
    values::{as_item, is_value},
};
use crate::{
    catalogue::catalogue,
    clauses::{Clause, Phrase},
    nouns::items,
    words::{is_no_record, key_of, singular, verb},
    world::World,
};

/// `A visit note has: date, pain 0-10`: the subject is a record, its objects are its values.
pub(super) fn describes(clause: &Clause, world: &mut World) -> bool {
    let has = clause.verbs.iter().any(|(_, word)| {
        matches!(
            word.as_str(),
            "has" | "have" | "contains" | "contain" | "includes" | "include" | "needs" | "get" | "gets"
        )
    });
    let gets = clause.verbs.iter().any(|(_, word)| matches!(word.as_str(), "get" | "gets"));
    let [phrase] = clause.subjects.as_slice() else { return false };
    let key = phrase_key(phrase);
    let person = catalogue().role(&key).is_some() || !world.roles_named(&key).is_empty();
    // `an interview has a date, the interviewer and a summary`: who did it is one of its values.
    let told =
        phrase.article && !person && clause.objects.iter().filter(|object| is_value(object)).count() > 1;
    let people = !told && clause.objects.iter().any(|object| catalogue().role(&phrase_key(object)).is_some());
    // `every client needs a consent and an exam`: what is done, and no value of theirs.
    let needs = clause.verbs.iter().all(|(_, word)| word == "needs" || word == "need")
        && clause.objects.iter().any(|object| {
            let key = phrase_key(object);
            object.article
                && (catalogue().entity(&key).is_some()
                    || catalogue().entity(key.rsplit(' ').next().unwrap_or_default()).is_some())
        });
    if needs
        || !has
        || clause.passive
        || clause.not
        || people
        || clause.objects.is_empty()
        || phrase.words.is_empty()
    {
        return false;
    }
    // `every child has a passport with their name, allergies and medications`: a record of theirs, and its values.
    // `falls get an incident report with time and injury`: of what happens, too.
    let happens = clause
        .verbs
        .iter()
        .all(|(_, word)| matches!(crate::words::base(word), Some("get" | "have" | "need")));
    if (person || happens)
        && let [object] = clause.objects.as_slice()
        && let Some(tail) = clause.tails.iter().find(|tail| tail.by == "with" && tail.phrases.len() > 2)
        && object.article
        && object.paren.is_empty()
        && catalogue().field(&phrase_key(object)).is_none()
        && !is_no_record(&phrase_key(object))
        && catalogue().role(&phrase_key(object)).is_none()
    {
        let Some(name) = define(&object.words.join(" "), world, true) else { return false };
        for phrase in &tail.phrases {
            item_of(&name, &as_item(phrase), world);
        }
        return true;
    }
    if gets {
        return false;
    }
    let subject = person && world.subject().is_some_and(|subject| key_of(subject) == key);
    // `each relative has a relationship and a test result`: somebody who is written about.
    let about = phrase.all
        && catalogue().role(&key).is_some_and(|(kind, _)| kind == crate::catalogue::RoleKind::Proxy)
        && clause.objects.iter().filter(|object| is_value(object)).count() > 1;
    // `each patient has a fixed chair and shift`: where and when, told of the person.
    let placed = |object: &Phrase| {
        let key = phrase_key(object);
        let last = key.rsplit(' ').next().unwrap_or_default().to_owned();
        object.words.last().is_some_and(|word| singular(word) == *word)
            && matches!(
                last.as_str(),
                "chair" | "shift" | "bed" | "room" | "cabin" | "ward" | "floor" | "locker"
            )
    };
    if subject && clause.objects.iter().all(placed) && (phrase.all || phrase.article) {
        let Some(name) = world.subject().map(str::to_owned) else { return false };
        for object in &clause.objects {
            if let (Some(field), Some(entity)) =
                (crate::fields::proper_name(&object.words.join(" ")), world.entities.get_mut(&name))
            {
                entity.add(crate::fields::NewField { name: field, written: "clinical text".into() });
            }
        }
        return true;
    }
    let known = clause.objects.iter().filter(|object| is_value(object)).count();
    // `each call has a date and an outcome`: a record, by its list.
    if is_no_record(&key) && phrase.all && known > 1 && !person {
        let Some(name) = listed_record(&key, phrase, world) else { return false };
        for object in &clause.objects {
            item_of(&name, &as_item(object), world);
        }
        return true;
    }
    if person && !subject && !about || is_no_record(&key) || catalogue().field(&key).is_some() {
        return false;
    }
    // `patients have a name, a phone and a fax`: most are known, and none is a record or somebody.
    let records = clause.objects.iter().any(|object| {
        let key = phrase_key(object);
        catalogue().entity(&key).is_some_and(|(concept, _)| !concept.field_too)
            && catalogue().field(&key).is_none()
    });
    // `students have allergies and medication orders (drug, dose)`: some are values of theirs, some are records.
    if subject && records && known > 0 {
        for object in clause.objects.iter().filter(|object| {
            let key = phrase_key(object);
            object.paren.is_empty()
                && catalogue().field(&key).is_some()
                && catalogue().entity(&key).is_none_or(|(concept, _)| concept.field_too)
        }) {
            if let Some(name) = world.subject().map(str::to_owned) {
                item_of(&name, &as_item(object), world);
            }
        }
    }
    if known == 0 || subject && (records || known * 2 < clause.objects.len()) {
        return false;
    }
    let Some(name) = define(&phrase.words.join(" "), world, true) else { return false };
    for object in &clause.objects {
        item_of(&name, &as_item(object), world);
    }
    for tail in clause.tails.iter().filter(|tail| tail.by == "with") {
        for object in &tail.phrases {
            item_of(&name, &as_item(object), world);
        }
    }
    true
}

/// `claims get a denial with reason code and deadline`: what has values behind *with* is a record.
pub(super) fn is_described(clause: &Clause) -> bool {
    clause.tails.iter().any(|tail| {
        tail.by == "with"
            && tail.phrases.len() > 1
            && (tail.phrases.len() > 2 || tail.phrases.iter().any(is_value))
            && tail.phrases.iter().all(|phrase| catalogue().role(&phrase_key(phrase)).is_none())
    })
}

/// `a patient record (name, phone)`.
pub(crate) fn with_fields(phrase: &Phrase, world: &mut World) -> Option<String> {
    // `what they eat (food, portion)`: a list without a record to put it in.
    if phrase.words.first().is_some_and(|word| crate::words::asks(word)) {
        return None;
    }
    let listed = items(&phrase.paren);
    let known = listed.iter().filter(|item| catalogue().field(&item.key()).is_some()).count();
    let prose = phrase
        .paren
        .iter()
        .filter(|token| token.word().is_some_and(|word| speaks(word) && !told_of(word)))
        .count();
    if listed.is_empty() || known == 0 && prose * 2 > listed.len() || prose > listed.len() || listed.len() < 2
    {
        return None;
    }
    let key = phrase_key(phrase);
    // `update the referral status: sent, accepted, declined`: the states of the referral.
    if let Some(whole) = key.strip_suffix(" status")
        && known == 0
        && let Some(name) = world.entity_named(whole).or_else(|| define(whole, world, false))
        && world.subject() != Some(name.as_str())
    {
        let states = crate::fields::choices_of(&phrase.paren);
        if let Some(entity) = world.entities.get_mut(&name).filter(|entity| entity.states.is_empty()) {
            entity.states = states;
            entity.loose = true;
        }
        return Some(name);
    }
    // `the patient's record: name, phone`.
    if is_no_record(&key)
        && let Some(owner) =
            (!phrase.of.is_empty()).then(|| define(&phrase.of.join(" "), world, true)).flatten()
    {
        parts_of(&owner, &phrase.paren, world);
        return Some(owner);
    }
    // `review applications (new, in review, approved, rejected)`: the states of the record.
    let choices = crate::fields::choices_of(&phrase.paren);
    let states = choices.iter().filter(|choice| is_state(choice)).count();
    if known == 0 && choices.len() > 2 && states * 3 >= choices.len() * 2 && !is_no_record(&key) {
        let name = define(&phrase.words.join(" "), world, true)?;
        if world.subject() == Some(name.as_str()) {
            return None;
        }
        if let Some(entity) = world.entities.get_mut(&name).filter(|entity| entity.states.is_empty()) {
            entity.states = choices;
            entity.loose = true;
        }
        return Some(name);
    }
    // `order an observation level: routine, close, constant`: one value, with its choices.
    let last = phrase.words.last().map(|word| singular(word)).unwrap_or_default();
    let chosen = known == 0
        && choices.len() > 1
        && matches!(
            last.as_str(),
            "level" | "recommendation" | "decision" | "severity" | "outcome" | "category"
        )
        && listed.iter().all(|item| item.paren.is_empty() && item.range.is_none() && item.unit.is_none());
    if chosen {
        let name = define(&phrase.words.join(" "), world, true)?;
        let mut unique: Vec<String> = Vec::new();
        choices.into_iter().filter(|choice| choice.len() < 40).for_each(|choice| {
            if !unique.contains(&choice) {
                unique.push(choice);
            }
        });
        if let (Some(entity), true) = (world.entities.get_mut(&name), unique.len() > 1) {
            let written = format!("clinical one of {}", unique.join(" | "));
            entity.add(crate::fields::NewField { name: last, written });
        }
        return Some(name);
    }
    let somebody =
        catalogue().role(&key).is_some_and(|(kind, _)| kind == crate::catalogue::RoleKind::Subject);
    let value = catalogue().field(&key).is_some() && catalogue().entity(&key).is_none() && !somebody;
    // `a batch: lot number, use by date, weighed by`: a record, though its word is a value elsewhere.
    let several =
        phrase.words.last().is_some_and(|word| singular(word) != *word) && known * 2 >= listed.len();
    let record = (phrase.article || phrase.all || several) && listed.len() > 2 && key != "note";
    if value && !record {
        return None;
    }
    // `contacts of each case (name, relationship, phone)`: what is no record elsewhere is one with its list.
    let listed_one = known > 1 || (phrase.article || phrase.all) && listed.len() > 2;
    let name = if listed_one && is_no_record(&key) && phrase.words.len() == 1 {
        listed_record(&key, phrase, world)?
    } else {
        define(&phrase.words.join(" "), world, true)?
    };
    parts_of(&name, &phrase.paren, world);
    Some(name)
}

/// A record of an everyday word, such as *contact* or *report*, which its list makes one.
pub(super) fn listed_record(key: &str, phrase: &Phrase, world: &mut World) -> Option<String> {
    const RECORDS: &[&str] = &[
        "contact",
        "report",
        "summary",
        "request",
        "question",
        "message",
        "code",
        "alert",
        "result",
        "event",
        "change",
        "version",
        "reference",
        "call",
        "job",
        "reminder",
    ];
    let words = phrase.words.iter().all(|word| RECORDS.contains(&singular(word).as_str()));
    let name = crate::fields::proper_name(key).filter(|_| words)?;
    let new = crate::world::Entity::new(None, crate::catalogue::EntityKind::Clinical);
    world.entities.entry(name.clone()).or_insert(new);
    Some(name)
}

/// `callus removed`, `kits given`: a participle tells of what stands before it.
fn told_of(word: &str) -> bool {
    word.ends_with("ed") || matches!(word, "given" | "taken" | "made" | "done" | "used" | "seen" | "found")
}

/// Whether a word is what somebody does: `sent date` and `tracking number` are values, though their first word is a form of
/// a verb.
fn speaks(word: &str) -> bool {
    let plain = crate::words::base(word).is_some_and(|base| base == word || singular(word) == base);
    verb(word).is_some() && (plain || word.ends_with('s'))
}

/// Whether a word says how far something has come.
fn is_state(word: &str) -> bool {
    matches!(
        word,
        "new"
            | "draft"
            | "pending"
            | "submitted"
            | "received"
            | "in review"
            | "under review"
            | "in progress"
            | "approved"
            | "rejected"
            | "accepted"
            | "declined"
            | "denied"
            | "completed"
            | "complete"
            | "done"
            | "cancelled"
            | "canceled"
            | "open"
            | "closed"
            | "scheduled"
            | "sent"
            | "shipped"
            | "delivered"
            | "paid"
            | "resolved"
            | "waiting"
            | "on hold"
            | "active"
            | "expired"
            | "ordered"
            | "requested"
    )
}
