//! Values that are written down without a record being named: `patients log systolic/diastolic/pulse`,
//! `the physician sets the target per patient`, `sees balances`.

use super::{
    holders::{at_each, beside, container, homeless_list, named_first, onto, per_person},
    parts::item_of,
    phrase_key,
    settings::{is_bare_or_definite, is_setting, set_targets, sets},
    values::{as_item, is_bare, is_choice, is_value},
};
use crate::{
    catalogue::{FieldConcept, RoleKind, catalogue},
    clauses::{Clause, Phrase},
    fields::{NewField, proper_name},
    words::{Verb, is_no_record, key_of, singular},
    world::{Parsed, World},
};

/// Puts loose values into the record that they are written to, or that they are seen of.
pub(crate) fn loose_fields(
    clause: &Clause,
    spoken: Option<(&str, bool)>,
    parsed: &[Parsed],
    world: &mut World,
) {
    if clause.passive || clause.verbs.is_empty() {
        return;
    }
    kept_from_others(clause, world);
    let writes = clause.does(Verb::Create)
        || clause.does(Verb::Track)
        || keeps_values(clause)
        || clause.does(Verb::Work) && answers(clause)
        || clause.does(Verb::Assign) && clause.tail("to").is_some();
    // `clients check in daily with mood and cravings`.
    let with: Vec<Phrase> = clause
        .tails
        .iter()
        .filter(|tail| {
            tail.by == "with" && clause.objects.is_empty() && (answers(clause) || registers(clause))
        })
        .flat_map(|tail| tail.phrases.clone())
        .collect();
    // `the pickup address of the clinic`: no value of a patient.
    let of_place = clause.tails.iter().any(|tail| {
        tail.by == "of"
            && tail.phrases.iter().any(|phrase| {
                phrase.words.last().is_some_and(|word| {
                    matches!(
                        singular(word).as_str(),
                        "clinic"
                            | "hospital"
                            | "practice"
                            | "pharmacy"
                            | "office"
                            | "school"
                            | "company"
                            | "center"
                            | "lab"
                            | "place"
                            | "appointment"
                    )
                })
            })
    });
    if of_place && clause.does(Verb::View) {
        return;
    }
    let objects: Vec<Phrase> = clause.objects.iter().chain(&with).cloned().collect();
    let nameless = |phrase: &&Phrase| {
        let of_the_person = (writes || sets(clause))
            && world.entity_of(&phrase.of).is_some_and(|of| world.subject() == Some(&of));
        world.entity_named(&phrase_key(phrase)).is_none()
            && !world.forms.contains_key(&phrase_key(phrase))
            && (phrase.of.is_empty() || of_the_person)
            && !phrase.words.is_empty()
    };
    let values = clause.objects.iter().any(is_value)
        || super::objects::listed_at_each(clause)
        || clause.objects.len() > 1 && clause.objects.iter().any(is_bare);
    // `parents post questions`: what is asked is answered, and is no value.
    let asks = clause
        .verbs
        .iter()
        .any(|(_, word)| matches!(crate::words::base(word), Some("post" | "send" | "ask")));
    let loose: Vec<Phrase> = objects
        .iter()
        .filter(nameless)
        .filter(|phrase| {
            let last = phrase.words.last().map(|word| singular(word)).unwrap_or_default();
            let told = phrase.words.first().is_some_and(|word| crate::words::asks(word));
            let of_the_app = phrase.words.len() > 1
                && matches!(last.as_str(), "app" | "tool" | "platform" | "system" | "software");
            let empty = matches!(last.as_str(), "me" | "us" | "whether" | "themselves" | "daily")
                || asks && last == "question";
            !told && !of_the_app && !empty
        })
        .filter(|phrase| {
            is_value(phrase)
                || of_a_person(phrase, clause, world)
                || writes && objects.len() > 1 && is_choice(phrase)
                || sets(clause) && (is_bare_or_definite(phrase) || objects.len() > 1 && is_setting(phrase))
                || writes
                    && values
                    && catalogue().entity(&phrase_key(phrase)).is_none()
                    && !is_no_record(&phrase_key(phrase))
        })
        // `can hold a dose`, `leads come in`: what is done is no value.
        .filter(|phrase| {
            let deed = phrase.words.len() == 1
                && phrase.words[0] != "rate"
                && phrase.paren.is_empty()
                && catalogue().field(&phrase_key(phrase)).is_none()
                && crate::words::verb(&phrase.words[0]).is_some();
            !deed
        })
        .cloned()
        .collect();
    // `write how they feel each day (mood 1-10, notes)`: a list without a record to put it in.
    let listed: Vec<crate::nouns::Item> =
        if writes && !clause.not { homeless_list(clause, world) } else { Vec::new() };
    let told: Vec<NewField> =
        if writes && !clause.not { clause.objects.iter().filter_map(whether).collect() } else { Vec::new() };
    if loose.is_empty() && listed.is_empty() && told.is_empty() {
        set_targets(clause, parsed, world);
        return;
    }
    let target = if writes && !clause.not {
        let they = |phrase: &Phrase| matches!(phrase_key(phrase).as_str(), "they" | "them");
        let by_patient = clause.subjects.iter().any(|phrase| {
            let roles = world.roles_of(phrase);
            if they(phrase) && world.self_role().is_some() {
                return true;
            }
            !roles.is_empty()
                && roles
                    .iter()
                    // Whoever acts for them writes of them as they would.
                    .all(|role| {
                        world
                            .roles
                            .get(role)
                            .is_some_and(|role| matches!(role.kind, RoleKind::Subject | RoleKind::Proxy))
                    })
        });
        per_person(clause, world)
            .or_else(|| world.subject().filter(|_| by_patient && registers(clause)).map(str::to_owned))
            .or_else(|| at_each(clause, by_patient, world))
            .or_else(|| onto(clause, world))
            .or_else(|| beside(clause, world))
            .or_else(|| of_their_things(clause, world))
            .or_else(|| {
                // `give immunizations (vaccine, lot) and measure height`: what is measured is no part of what was given.
                let measures = clause
                    .verbs
                    .iter()
                    .all(|(_, word)| matches!(crate::words::base(word), Some("measure" | "weigh")));
                let full = |name: &&str| {
                    measures && world.entities.get(*name).is_some_and(|entity| entity.fields.len() > 2)
                };
                // `clients snap a photo of each meal and write hunger`: of the meal, in one sentence.
                let near = |here: bool| !by_patient || here && !clause.objects.is_empty();
                spoken
                    .filter(|(name, here)| near(*here) && told_of(&loose) && !full(name))
                    .map(|(name, _)| name.to_owned())
            })
            .or_else(|| container(&loose, by_patient, world))
    } else if clause.does(Verb::View)
        && let Some(record) = named_first(&loose, world)
    {
        Some(record)
    } else if clause.does(Verb::View) || clause.does(Verb::Update) || clause.does(Verb::Manage) {
        world.subject().map(str::to_owned)
    } else {
        None
    };
    // `volunteers see the address`: of the person, whom nobody has named yet.
    let ours = clause
        .subjects
        .iter()
        .all(|phrase| matches!(phrase_key(phrase).as_str(), "we" | "i" | "app" | "system"));
    let of_somebody = (clause.does(Verb::View) || writes && ours && !clause.not)
        && world.subject().is_none()
        && loose.iter().any(|phrase| {
            catalogue().field(&phrase_key(phrase)).is_some_and(|(field, _)| {
                field.written.as_deref().is_some_and(|written| written.starts_with("identifier"))
            })
        });
    let target = match target {
        None if of_somebody => super::define("patient", world, false),
        target => target,
    };
    let Some(target) = target else { return };
    for item in &listed {
        item_of(&target, item, world);
    }
    if let Some(entity) = world.entities.get_mut(&target) {
        told.into_iter().for_each(|field| entity.add(field));
    }
    for phrase in &loose {
        if keeps(phrase, clause, writes, world) {
            item_of(&target, &as_item(phrase), world);
        }
    }
}

/// `log whether they took their medication`: yes or no.
pub(crate) fn whether(phrase: &Phrase) -> Option<NewField> {
    let (first, rest) = phrase.words.split_first()?;
    let told: Vec<&str> = rest
        .iter()
        .map(String::as_str)
        .filter(|word| {
            !crate::words::is_pronoun(word)
                && !matches!(
                    *word,
                    "the"
                        | "a"
                        | "an"
                        | "their"
                        | "his"
                        | "her"
                        | "or"
                        | "not"
                        | "have"
                        | "has"
                        | "patient"
                        | "patients"
                )
        })
        .collect();
    let name =
        proper_name(&told.join(" ")).filter(|_| first == "whether" && (1..=5).contains(&told.len()))?;
    Some(NewField { name, written: "clinical boolean".into() })
}

/// `see the neighbourhood and the interests of the patient`: values of that patient.
fn of_a_person(phrase: &Phrase, clause: &Clause, world: &World) -> bool {
    if !clause.does(Verb::View) || clause.not || !phrase.article || phrase.all {
        return false;
    }
    let key = phrase_key(phrase);
    let of = clause.tails.iter().filter(|tail| tail.by == "of").flat_map(|tail| &tail.phrases);
    let person = of.filter(|whole| whole.at > phrase.at).any(|whole| {
        world.subject().is_some() && world.entity_of(&whole.words).as_deref() == world.subject()
    });
    person
        && clause.objects.len() > 1
        && clause.objects.iter().any(is_value)
        && catalogue().role(&key).is_none()
        && catalogue().entity(&key).is_none()
        && !is_no_record(&key)
}

/// `patients keep swelling 0-10 and garment hours`: several values are written down, whatever the verb.
fn keeps_values(clause: &Clause) -> bool {
    let keeps =
        clause.verbs.iter().any(|(_, word)| matches!(crate::words::base(word), Some("keep" | "maintain")));
    keeps && clause.objects.len() > 1 && clause.objects.iter().filter(|phrase| is_value(phrase)).count() > 0
}

/// `participants register with due date and emergency contact`: values of theirs.
fn registers(clause: &Clause) -> bool {
    clause
        .verbs
        .iter()
        .any(|(_, word)| matches!(crate::words::base(word), Some("register" | "enroll" | "enrol" | "apply")))
}

/// `device logistics tracks serial numbers`: values of the things that they are named after.
fn of_their_things(clause: &Clause, world: &mut World) -> Option<String> {
    let [subject] = clause.subjects.as_slice() else { return None };
    let (first, rest) = subject.words.split_first()?;
    let thing = catalogue().entity(&singular(first)).is_some_and(|(concept, _)| {
        concept.kind == crate::catalogue::EntityKind::Thing || concept.name == "device"
    });
    (thing && !rest.is_empty()).then(|| super::define(first, world, false)).flatten()
}

/// `patients answer pain 0-10`, `clients check in with mood`.
fn answers(clause: &Clause) -> bool {
    clause
        .verbs
        .iter()
        .any(|(_, word)| matches!(word.as_str(), "rate" | "rates" | "weigh" | "check" | "checks"))
}

/// Whether a loose value is kept: not twice, and what is only seen only where it is a value of the person.
fn keeps(phrase: &Phrase, clause: &Clause, writes: bool, world: &World) -> bool {
    let key = phrase_key(phrase);
    let concept: Option<&FieldConcept> = catalogue().field(&key).map(|(field, _)| field);
    let group = concept.is_some_and(|field| !field.fields.is_empty());
    let held = world.entities.values().any(|entity| entity.fields.keys().any(|name| key_of(name) == key));
    let value = concept
        .and_then(|field| field.written.as_deref())
        .is_some_and(|written| !written.starts_with("narrative"));
    // `sees the time and the status`: of what is seen besides, and nothing of a person.
    let of_a_deed = !writes
        && clause.does(Verb::View)
        && concept.is_some_and(|field| {
            matches!(
                field.name.as_str(),
                "status" | "type" | "title" | "duration" | "priority" | "quantity" | "score"
            ) || field
                .written
                .as_deref()
                .is_some_and(|written| written.contains("moment") || written.starts_with("clinical date"))
        });
    // `see due dates and phone numbers of the families they support`: of the person.
    let of_people = clause.tails.iter().any(|tail| {
        tail.by == "of"
            && tail.phrases.iter().any(|whole| {
                whole.at > phrase.at
                    && world.subject().is_some()
                    && world.entity_of(&whole.words).as_deref() == world.subject()
            })
    });
    // `see the scores of their clients`: of what these fill in.
    if of_a_deed && !of_people || key == "score" && !writes && world.forms.values().any(|form| form.scored) {
        return false;
    }
    let empty_word =
        matches!(key.as_str(), "note" | "message" | "comment" | "answer" | "contact" | "detail" | "result");
    let again = held && (!writes || clause.objects.len() == 1);
    (writes || value || clause.does(Verb::Update) || of_a_person(phrase, clause, world))
        && !empty_word
        && !again
        && (writes || !group)
}

/// Whether values are of what was done rather than of a person.
fn told_of(loose: &[Phrase]) -> bool {
    !loose.is_empty()
        && !loose.iter().all(|phrase| {
            catalogue().field(&phrase_key(phrase)).is_some_and(|(field, _)| {
                field.written.as_deref().is_some_and(|written| written.starts_with("identifier"))
            })
        })
}

/// `mothers see the plan, not our remarks`: what is kept from somebody is kept, beside what they see.
fn kept_from_others(clause: &Clause, world: &mut World) {
    if clause.not || clause.passive {
        return;
    }
    for phrase in &clause.but_not {
        let key = phrase_key(phrase);
        let field = catalogue().field(&key).is_some_and(|(field, _)| {
            field.fields.is_empty() && field.written.as_deref().is_some_and(|written| written != "file")
        });
        // `no insurance details`: of what is kept already.
        let about = [" detail", " information", " info"].iter().find_map(|end| key.strip_suffix(end));
        let held = world.entities.values().any(|entity| {
            entity.fields.keys().any(|name| {
                key_of(name) == key
                    || about.is_some_and(|about| key_of(name).split(' ').any(|word| word == about))
            })
        });
        if !field || held || world.entity_named(&key).is_some() {
            continue;
        }
        let beside = clause.objects.iter().find_map(|object| {
            let key = phrase_key(object);
            world.entity_named(&key).or_else(|| {
                let holds =
                    |entity: &crate::world::Entity| entity.fields.keys().any(|name| key_of(name) == key);
                world.entities.iter().find(|(_, entity)| holds(entity)).map(|(name, _)| name.clone())
            })
        });
        if let Some(name) = beside {
            item_of(&name, &as_item(phrase), world);
        }
    }
}
