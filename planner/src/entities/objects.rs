//! Records from the objects of verbs: `nurses log visits with a score`, `a note has a date and a text`.

use super::{
    behind::tail_phrase,
    define,
    described::{describes, is_described, with_fields},
    parts::parts_of,
    phrase_key,
    values::{is_bare, is_choice, is_measure, is_unknown, is_value, lists_values},
};
use crate::{
    catalogue::catalogue,
    clauses::{Clause, Phrase},
    words::{Verb, is_no_record, key_of, singular},
    world::World,
};

/// Finds the records that a clause speaks of.
pub(crate) fn from_clause(clause: &Clause, each: bool, world: &mut World) {
    goes_through(clause, world);
    if describes(clause, world) {
        return;
    }
    let writes = clause.does(Verb::Create) || clause.does(Verb::Track) || clause.does(Verb::Manage);
    let acts = clause.verbs.iter().any(|(verb, word)| {
        !matches!(
            verb,
            Verb::Message | Verb::Export | Verb::Pay | Verb::Share | Verb::Work | Verb::Upload | Verb::Assign
        ) || matches!(word.as_str(), "need" | "needs" | "want" | "wants" | "require" | "requires")
    });
    let targets: &[Phrase] = if clause.passive { &clause.subjects } else { &clause.objects };
    let mut last: Option<String> = None;
    let values = writes && lists_values(&clause.objects);
    let many = writes && clause.objects.len() > 1;
    let at_each = listed_at_each(clause);
    if acts {
        for phrase in targets {
            // `gives a diagnosis, a confidence level and recommendations`: values, each with its article.
            let told = clause.objects.len() > 2
                && phrase.paren.is_empty()
                && (at_each || clause.objects.iter().any(is_value));
            let value = many && (is_bare(phrase) || told) && catalogue().field(&phrase_key(phrase)).is_some();
            let measured = clause.objects.len() > 1
                && matches!(phrase_key(phrase).as_str(), "measurement" | "finding" | "observation")
                && phrase.paren.is_empty()
                && targets.iter().filter(|other| is_bare(other) || is_value(other)).count() > 1;
            // `sets each camper's correction factor and basal dose`: values of the camper.
            let sets = clause.does(Verb::Update)
                && clause.objects.len() > 1
                && phrase.paren.is_empty()
                && clause.objects.first().is_some_and(|first| {
                    !first.of.is_empty()
                        && world.subject().is_some()
                        && world.entity_of(&first.of).as_deref() == world.subject()
                })
                && world.entity_of(&phrase.words).is_none();
            if sets {
                continue;
            }
            let chosen = many && is_choice(phrase);
            // `an assessment (…) and a treatment (…)`: each a record with its list.
            let record = phrase.article
                && phrase.paren.contains(&crate::sentences::Token::Comma)
                && !is_choice(phrase);
            if record && writes {
                last = from_object(phrase, clause, !clause.not, world).or(last);
                continue;
            }
            if chosen
                || measured
                || value
                || is_unknown(phrase) && (values || told && at_each || many && is_bare(phrase))
            {
                continue;
            }
            last = from_object(phrase, clause, writes && !clause.not, world).or(last);
        }
    }
    if last.is_none() {
        // `A patient record (name, …) may be seen`, whatever is done with it.
        for phrase in clause.subjects.iter().chain(&clause.objects).filter(|phrase| {
            !(phrase.paren.is_empty() || writes && is_choice(phrase))
                && (!clause.passive || clause.not || clause.only)
        }) {
            with_fields(phrase, world);
        }
    }
    // `contacts of each case (…)`: a part of the case.
    for tail in clause.tails.iter().filter(|tail| tail.by == "of") {
        for phrase in tail.phrases.iter().filter(|phrase| phrase.all) {
            let Some(whole) = world.entity_of(&phrase.words) else { continue };
            let part = last
                .clone()
                .or_else(|| clause.objects.last().and_then(|object| world.entity_of(&object.words)));
            if let Some(part) = part.filter(|part| *part != whole)
                && world.subject() != Some(part.as_str())
                && let Some(entity) = world.entities.get_mut(&part)
                && entity.part_of.is_none()
            {
                entity.part_of = Some(whole);
            }
        }
    }
    for tail in &clause.tails {
        for phrase in tail.phrases.iter().filter(|_| !(each && tail.by == "with")) {
            tail_phrase(&tail.by, phrase, clause, last.as_deref(), writes, world);
        }
    }
}

/// `at each visit they record the ESR, the CRP and the DAS28`: values of the visit, each with its article.
pub(super) fn listed_at_each(clause: &Clause) -> bool {
    clause.objects.len() > 2
        && !clause.not
        && clause.objects.iter().all(|phrase| phrase.of.is_empty() && !phrase.own && !phrase.all)
        && clause.tails.iter().any(|tail| {
            matches!(tail.by.as_str(), "at" | "in" | "on" | "during")
                && tail.phrases.iter().any(|phrase| {
                    phrase.all
                        && catalogue()
                            .entity(&phrase_key(phrase))
                            .is_some_and(|(concept, _)| !concept.field_too)
                })
        })
}

/// `Cases go through measured, cast, built`: what has states is a record.
fn goes_through(clause: &Clause, world: &mut World) {
    let through = clause.tails.iter().any(|tail| tail.by == "through" && tail.phrases.len() > 2);
    if let ([phrase], true) = (clause.subjects.as_slice(), through)
        && catalogue().role(&phrase_key(phrase)).is_none()
    {
        define(&phrase.words.join(" "), world, true);
    }
}

fn from_object(phrase: &Phrase, clause: &Clause, writes: bool, world: &mut World) -> Option<String> {
    let listed;
    // `maintain a medication list with drug and dose`: what is listed is kept.
    let phrase = match phrase.words.split_last() {
        Some((last, first))
            if matches!(last.as_str(), "list" | "lists" | "register")
                && catalogue().entity(&key_of(&first.join(" "))).is_some() =>
        {
            listed = Phrase { words: first.to_vec(), ..phrase.clone() };
            &listed
        }
        _ => phrase,
    };
    // `treatment plan review`: of the plan, which is what is kept.
    let reviewed;
    let phrase = match phrase.words.split_last() {
        Some((last, first))
            if matches!(last.as_str(), "review" | "reviews" | "update" | "updates")
                && phrase.paren.is_empty()
                && catalogue()
                    .entity(&key_of(&first.join(" ")))
                    .is_some_and(|(concept, _)| !concept.field_too) =>
        {
            reviewed = Phrase { words: first.to_vec(), ..phrase.clone() };
            &reviewed
        }
        _ => phrase,
    };
    let key = phrase_key(phrase);
    if !phrase.of.is_empty() && catalogue().field(&key).is_some() {
        return None;
    }
    // `the funder gets a quarterly report`: what the app counts for them.
    let gets = clause.verbs.iter().all(|(_, word)| {
        matches!(crate::words::base(word), Some("get" | "receive" | "want" | "need" | "like"))
    });
    let told = phrase.words.last().is_some_and(|word| {
        matches!(singular(word).as_str(), "report" | "summary" | "overview" | "statement" | "digest")
    });
    if gets && told && phrase.paren.is_empty() && world.entities.keys().all(|name| key_of(name) != key) {
        return None;
    }
    // `how they feel`, `who is ready`: something told, no record.
    if phrase.words.first().is_some_and(|word| crate::words::asks(word)) {
        return None;
    }
    // `their own patients' reports`: what these wrote.
    if !writes
        && !phrase.of.is_empty()
        && matches!(key.as_str(), "report" | "entry" | "submission" | "answer" | "log" | "record" | "data")
        && world.entities.keys().all(|name| key_of(name) != key)
    {
        return None;
    }
    // `it sees the products and quantities`: values of what is there.
    if !writes
        && world.entities.keys().all(|name| key_of(name) != key)
        && world.entities.values().any(|entity| entity.fields.keys().any(|name| key_of(name) == key))
    {
        return None;
    }
    // `sign the biopsy result`: of the biopsy that there is.
    if phrase.words.len() > 1
        && phrase.paren.is_empty()
        && let Some((last, first)) = phrase.words.split_last()
        && matches!(
            singular(last).as_str(),
            "result"
                | "record"
                | "entry"
                | "data"
                | "info"
                | "information"
                | "detail"
                | "value"
                | "outcome"
                | "request"
        )
        && catalogue().entity(&key).is_none()
        && let Some(known) = world.entity_of(first)
        && world.subject() != Some(known.as_str())
    {
        return Some(known);
    }
    // `read their visit notes`, where notes are written with their list: these.
    if !writes && key.ends_with(" note") && world.entities.keys().all(|name| key_of(name) != key) {
        let mut notes = world.entities.iter().filter(|(name, _)| *name == "note" || name.ends_with(" note"));
        if let (Some((name, entity)), None) = (notes.next(), notes.next())
            && name == "note"
            && entity.fields.len() > 2
        {
            return Some(name.clone());
        }
    }
    // `see their own test results`, where there is one kind of test.
    if !writes
        && world.entities.keys().all(|name| key_of(name) != key)
        && let Some(known) = world.tested(&key)
    {
        return Some(known);
    }
    // `the nurse logs each call`: a record of the call, which is nothing that is kept elsewhere.
    let logs = clause.verbs.iter().any(|(_, word)| {
        matches!(crate::words::base(word), Some("log" | "record" | "document" | "note" | "chart"))
    });
    if matches!(key.as_str(), "call" | "phone call" | "follow up call") && logs && !clause.not {
        let name = crate::fields::proper_name(&key)?;
        let new = crate::world::Entity::new(None, crate::catalogue::EntityKind::Clinical);
        world.entities.entry(name.clone()).or_insert(new);
        parts_of(&name, &phrase.paren, world);
        return Some(name);
    }
    // `volunteers register people (name, phone)`.
    if key == "person" && writes {
        let name = define("patient", world, false)?;
        parts_of(&name, &phrase.paren, world);
        return Some(name);
    }
    // `prescribes hormone therapy (product, dose)`: a prescription, whatever it is for.
    let prescribes = clause.verbs.iter().any(|(_, word)| crate::words::base(word) == Some("prescribe"));
    if prescribes
        && !clause.not
        && phrase.paren.contains(&crate::sentences::Token::Comma)
        && catalogue().entity(&key).is_none()
    {
        let name = define("prescription", world, false)?;
        parts_of(&name, &phrase.paren, world);
        return Some(name);
    }
    if !phrase.paren.is_empty()
        && let Some(name) = with_fields(phrase, world)
    {
        return Some(name);
    }
    let asked = matches!(key.as_str(), "form" | "questionnaire" | "survey") && !world.forms.is_empty();
    if asked || world.forms.keys().any(|form| key_of(form) == key || key.starts_with(&key_of(form))) {
        return None;
    }
    // `moms book a video visit`: what is booked is a time.
    let last = phrase.words.last().map(|word| singular(word)).unwrap_or_default();
    let meets =
        matches!(last.as_str(), "visit" | "session" | "call" | "consult" | "consultation" | "exam" | "test");
    if clause.does(Verb::Book)
        && phrase.paren.is_empty()
        && (catalogue().weak_entity(&key).is_some() || meets && world.entity_named(&key).is_none())
    {
        return define("appointment", world, false);
    }
    if let Some((concept, _)) = catalogue().entity(&key) {
        let binds = matches!(concept.name.as_str(), "consent" | "agreement");
        let makes = clause.does(Verb::Create) || clause.does(Verb::Manage) || binds && clause.does(Verb::Sign)
                // `the physiatrist sets goals`.
                || concept.name == "goal" && clause.verbs.iter().any(|(_, word)| crate::words::base(word) == Some("set"));
        let field = concept.field_too && catalogue().field(&key).is_some();
        // `prescribers order the dose`, where a dose is a value of something else.
        let held = world.entities.values().any(|entity| entity.fields.keys().any(|name| key_of(name) == key));
        if field && (!makes || held) {
            return world.entity_named(&key);
        }
        return define(&phrase.words.join(" "), world, false);
    }
    if let Some(found) = world.entity_named(&key) {
        return Some(found);
    }
    let weak = catalogue().weak_entity(&key).is_some();
    if clause.does(Verb::Book) && weak {
        return define("appointment", world, false);
    }
    if weak && writes {
        return define(&phrase.words.join(" "), world, false);
    }
    let last = phrase.words.last().map(|word| singular(word)).unwrap_or_default();
    // `positive results`, `urgent referrals`: some of those that there are.
    if !writes
        && phrase.words.len() > 1
        && let Some(found) = world.entity_named(&last)
    {
        return Some(found);
    }
    let compound = phrase.words.len() > 1
        && catalogue().entity(&last).is_some()
        && (catalogue().field(&key).is_none() || writes);
    // What is only looked over is not written by that: `the nurse reviews refusals`.
    let sent = clause.tails.iter().any(|tail| matches!(tail.by.as_str(), "from" | "of" | "by"));
    // `counselors approve or decline applications`: what is decided on is kept.
    let decides = clause.verbs.iter().any(|(verb, word)| {
        *verb == Verb::Review
            && !matches!(crate::words::base(word), Some("review" | "inspect" | "check" | "interpret"))
    });
    let looks = clause.does(Verb::View) || clause.does(Verb::Review) && (sent || decides);
    let seen = looks && stands_for_records(phrase, clause);
    let described = phrase.paren.is_empty()
        && (phrase.article || phrase.words.last().is_some_and(|word| singular(word) != *word))
        && is_described(clause)
        && !clause.not;
    // `sign a monthly summary`: what is signed is kept.
    if clause.does(Verb::Sign)
        && phrase.article
        && phrase.words.len() > 1
        && !clause.not
        && matches!(last.as_str(), "summary" | "report" | "letter" | "statement" | "certificate" | "form")
    {
        let name = crate::fields::proper_name(&key)?;
        let new = crate::world::Entity::new(None, crate::catalogue::EntityKind::Clinical);
        world.entities.entry(name.clone()).or_insert(new);
        return Some(name);
    }
    // `writes an interpretation`: a text of its own, though it is a value elsewhere.
    let written = phrase.article
        && phrase.paren.is_empty()
        && clause.objects.len() == 1
        && !clause.not
        && clause.verbs.iter().any(|(_, word)| matches!(crate::words::base(word), Some("write" | "dictate")))
        && catalogue().field(&key).is_some_and(|(field, _)| {
            field
                .written
                .as_deref()
                .is_some_and(|written| written.contains("text") || written.starts_with("narrative"))
        });
    if written
        && !is_no_record(&key)
        && world.entities.values().all(|entity| !entity.fields.contains_key(&key))
    {
        return define(&phrase.words.join(" "), world, true);
    }
    let custom =
        ((writes || described) && catalogue().field(&key).is_none() && !is_value(phrase) || compound || seen)
            && (phrase.words.len() <= 3 || compound && phrase.words.len() == 4 && writes)
            && !is_no_record(&key)
            && (compound || !is_no_record(&last))
            && (!phrase.paren.is_empty() || !is_measure(&key))
            && catalogue().role(&key).is_none()
            && world.roles_named(&key).is_empty();
    // `well child visit notes`: by the words that the catalogue knows.
    if compound && phrase.words.len() > 3 {
        let two = phrase.words[phrase.words.len() - 2..].join(" ");
        if catalogue().entity(&key_of(&two)).is_some() {
            return define(&two, world, false);
        }
    }
    custom.then(|| define(&phrase.words.join(" "), world, true)).flatten()
}

/// Whether an unknown noun that somebody sees can be a record: several of a kind, and no value of anything.
fn stands_for_records(phrase: &Phrase, clause: &Clause) -> bool {
    let several = phrase.words.last().is_some_and(|word| singular(word) != *word);
    let value = (1..=phrase.words.len().min(2)).any(|width| {
        let from = phrase.words.len() - width;
        catalogue().field(&key_of(&phrase.words[from..].join(" "))).is_some()
    });
    let listed = clause.objects.len() == 1;
    several && !value && listed && phrase.of.is_empty() && clause.tail("per").is_none()
}
