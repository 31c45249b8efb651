//! The record that loose values are written to: the one they are said of, or a reading, a visit, a daily log.

use super::{define, phrase_key};
use crate::{
    catalogue::{EntityKind, RoleKind, catalogue},
    clauses::{Clause, Phrase},
    words::is_no_record,
    world::World,
};

/// The list in the parentheses of a phrase that names no record.
pub(super) fn homeless_list(clause: &Clause, world: &World) -> Vec<crate::nouns::Item> {
    clause
        .objects
        .iter()
        .chain(clause.tails.iter().flat_map(|tail| &tail.phrases))
        .filter(|phrase| {
            let key = phrase_key(phrase);
            key != "person"
                && world.entity_named(&key).is_none()
                && catalogue().role(&key).is_none()
                && (is_no_record(&key)
                    || phrase.words.first().is_some_and(|word| crate::words::asks(word))
                    || catalogue().field(&key).is_some_and(|(field, _)| field.fields.is_empty())
                        && crate::nouns::items(&phrase.paren)
                            .iter()
                            .any(|item| catalogue().field(&item.key()).is_some()))
        })
        .map(|phrase| crate::nouns::items(&phrase.paren))
        .find(|listed| listed.len() > 1 && listed.iter().any(|item| catalogue().field(&item.key()).is_some()))
        .unwrap_or_default()
}

/// The record into which loose values are written: a reading when they are numbers, else a daily log.
pub(super) fn container(loose: &[Phrase], by_patient: bool, world: &mut World) -> Option<String> {
    let clinical = loose.iter().any(|phrase| {
        catalogue().field(&phrase_key(phrase)).is_none_or(|(field, _)| {
            field.written.as_deref().is_none_or(|written| !written.starts_with("identifier"))
        })
    });
    if !clinical && !loose.is_empty() {
        return world.subject().map(str::to_owned);
    }
    // `the desk takes name, date of birth and household size`: of the person, whatever else is asked.
    let identifying = |phrase: &&Phrase| {
        matches!(
            phrase_key(phrase).as_str(),
            "name"
                | "full name"
                | "legal name"
                | "chosen name"
                | "preferred name"
                | "pronoun"
                | "first name"
                | "last name"
                | "dob"
                | "date of birth"
                | "phone"
                | "address"
                | "email"
        )
    };
    if !by_patient && loose.iter().filter(identifying).count() > 1 {
        return define("patient", world, false);
    }
    // `volunteers log feeding`: what was done, where nothing else is told.
    if let [one] = loose
        && !by_patient
        && one.paren.is_empty()
        && matches!(one.words.as_slice(), [word] if word.ends_with("ing"))
        && let Some(name) = define(&phrase_key(one), world, true)
    {
        return Some(name);
    }
    let money = |phrase: &Phrase| {
        catalogue().field(&phrase_key(phrase)).is_some_and(|(field, _)| {
            field.written.as_deref().is_some_and(|written| written.contains("money"))
        })
    };
    // `the front desk collects copays`: what is paid, and nothing of an exam.
    if !by_patient && !loose.is_empty() && loose.iter().all(money) {
        return define("payment", world, false);
    }
    let told = loose.iter().any(|phrase| {
        catalogue().field(&phrase_key(phrase)).is_some_and(|(field, _)| {
            field.written.as_deref().is_some_and(|written| written.starts_with("narrative"))
        })
    });
    let known: &[&str] = match (by_patient, told) {
        (true, false) => &["reading", "diary"],
        (true, true) => &["diary", "case", "referral"],
        (false, _) => &["reading", "diary", "vital", "exam", "assessment", "visit", "case", "referral"],
    };
    for known in known.iter().copied() {
        let found = world
            .entities
            .iter()
            .find(|(_, entity)| entity.concept.is_some_and(|concept| concept.name == known))
            .map(|(name, _)| name.clone());
        if found.is_some() {
            return found;
        }
    }
    // `start time, stop time, rate and reactions`: of what was given.
    let runs = loose.iter().any(|phrase| {
        let key = phrase_key(phrase);
        ["start", "stop", "end"].iter().any(|word| key == *word || key == format!("{word} time"))
    });
    let given = world.entities.iter().find(|(name, entity)| {
        let last = name.rsplit(' ').next().unwrap_or_default();
        entity.kind == EntityKind::Clinical
            && matches!(last, "infusion" | "transfusion" | "treatment" | "session" | "procedure" | "dialysis")
    });
    if let Some((name, _)) = given.filter(|_| runs && !by_patient) {
        return Some(name.clone());
    }
    let number = |phrase: &Phrase| {
        catalogue().field(&phrase_key(phrase)).is_some_and(|(field, _)| {
            field
                .written
                .as_deref()
                .is_none_or(|written| written.contains("integer") || written.contains("decimal"))
        })
    };
    // What the values are of, where they tell: a vaccine and its lot, a drug and its dose.
    let named =
        |words: &[&str]| loose.iter().filter(|phrase| words.contains(&phrase_key(phrase).as_str())).count();
    let deed = if by_patient {
        None
    } else if named(&["vaccine", "vaccine given", "vaccine name"]) > 0
        && named(&["lot number", "lot", "batch", "batch number"]) > 0
    {
        Some("vaccination")
    } else if named(&["drug", "medication", "medicine", "drug name", "medication name"]) > 0
        && named(&["dose", "dosage"]) > 0
    {
        Some("medication given")
    } else {
        None
    };
    if let Some(deed) = deed {
        return define(deed, world, false);
    }
    // The one record of which nothing is known yet: what was spoken of is what is written down.
    let mut bare = world.entities.iter().filter(|(_, entity)| {
        entity.kind == EntityKind::Clinical
            && entity.fields.is_empty()
            && entity.concept.is_none_or(|concept| !concept.field_too)
    });
    if !by_patient && let (Some((name, _)), None) = (bare.next(), bare.next()) {
        return Some(name.clone());
    }
    // `nurses add concerns`: several of a kind, which no value is.
    if let [one] = loose
        && !by_patient
        && one.paren.is_empty()
        && catalogue().field(&phrase_key(one)).is_none_or(|(field, _)| {
            field.written.as_deref().is_some_and(|written| written.starts_with("narrative"))
        })
        && one.words.last().is_some_and(|word| crate::words::singular(word) != *word)
        && let Some(name) = define(&phrase_key(one), world, true)
    {
        return Some(name);
    }
    // What is done there, by the prompt's own word for it: `monthly report of missed treatments`.
    if !by_patient
        && !loose.iter().all(number)
        && let Some(event) = world.events.first().cloned()
        && world.entity_named(&event).is_none()
        && let Some(name) = define(&event, world, true)
    {
        return Some(name);
    }
    // What staff write down of somebody who came is a visit; what people write of themselves is a daily log.
    let told = if by_patient { "daily log" } else { "visit" };
    define(if !loose.is_empty() && loose.iter().all(number) { "reading" } else { told }, world, false)
}

/// `coders assign codes to encounters`: values of what they are given to.
pub(super) fn onto(clause: &Clause, world: &World) -> Option<String> {
    let tails = clause.tails.iter().filter(|tail| matches!(tail.by.as_str(), "to" | "on"));
    tails.flat_map(|tail| &tail.phrases).find_map(|phrase| {
        let name = world.entity_of(&phrase.words)?;
        (world.entities.get(&name)?.kind == EntityKind::Clinical).then_some(name)
    })
}

/// `only case number, measurements and due date`: values of the case.
pub(super) fn named_first(loose: &[Phrase], world: &World) -> Option<String> {
    loose.iter().find_map(|phrase| {
        let (_, first) = phrase.words.split_last()?;
        let record = (!first.is_empty()).then(|| world.entity_of(first)).flatten()?;
        (world.subject() != Some(record.as_str())).then_some(record)
    })
}

/// `at each visit they record pain and nausea`: these are values of the visit.
pub(super) fn at_each(clause: &Clause, by_patient: bool, world: &mut World) -> Option<String> {
    let phrase = clause
        .tails
        .iter()
        .filter(|tail| {
            matches!(
                tail.by.as_str(),
                "at" | "in" | "on" | "for" | "of" | "during" | "after" | "per" | "every" | "before"
            )
        })
        .flat_map(|tail| &tail.phrases)
        .find(|phrase| {
            let key = phrase_key(phrase);
            let leads = clause.objects.first().is_some_and(|object| phrase.at < object.at);
            let whole = phrase.all && (leads || world.entity_named(&key).is_some());
            // What patients log after a session is no record of the session.
            let theirs = !by_patient
                || world.entity_named(&key).and_then(|name| world.entities.get(&name)).is_some_and(
                    |entity| entity.concept.is_some_and(|concept| concept.by == Some(RoleKind::Subject)),
                );
            whole
                && theirs
                && !matches!(key.as_str(), "shift" | "day" | "week" | "month")
                && catalogue().role(&key).is_none()
                && (world.entity_named(&key).is_some_and(|name| world.subject() != Some(name.as_str()))
                    || catalogue().entity(&key).is_some_and(|(concept, _)| {
                        concept.kind == EntityKind::Clinical && !concept.field_too
                    }))
        })?;
    define(&phrase.words.join(" "), world, false).or_else(|| world.entity_of(&phrase.words))
}

/// `record peak flow, symptoms (cough, wheeze) and puffs used`: all of the record that has a list.
pub(super) fn beside(clause: &Clause, world: &World) -> Option<String> {
    let listed =
        clause.objects.iter().filter(|phrase| phrase.paren.contains(&crate::sentences::Token::Comma));
    let mut found = listed.filter_map(|phrase| world.entity_of(&phrase.words));
    let one = found.next().filter(|_| found.next().is_none())?;
    (world.entities.get(&one)?.kind == EntityKind::Clinical).then_some(one)
}

/// `an allergy list per student`: values of the person.
pub(crate) fn per_person(clause: &Clause, world: &World) -> Option<String> {
    // `for each child we store the school and the course`: of the child, where nobody of the app acts.
    let us = clause
        .subjects
        .iter()
        .all(|phrase| matches!(phrase.words.last().map(String::as_str), Some("we" | "i")));
    let each =
        clause.tail("for").filter(|_| us && clause.does(crate::words::Verb::Create)).is_some_and(|tail| {
            tail.phrases.iter().any(|phrase| {
                phrase.all
                    && catalogue()
                        .role(&phrase_key(phrase))
                        .is_some_and(|(kind, _)| kind == RoleKind::Subject)
            })
        });
    if each {
        return world.subject().map(str::to_owned);
    }
    let person = clause.tail("per")?.phrases.iter().any(|phrase| {
        catalogue().role(&phrase_key(phrase)).is_some_and(|(kind, _)| kind == RoleKind::Subject)
    });
    person.then(|| world.subject().map(str::to_owned)).flatten()
}
