//! `Nurses see vitals`: who does it, with what, and how far.

use super::conditions::condition_states;
use super::narrowing::{deny, narrow};
use super::passive::assign;
use super::targets::{Target, memory_targets, reach, resolve};
use super::{Allow, Memory, Reach, Rules};
use crate::catalogue::{EntityKind, RoleKind};
use crate::clauses::{Clause, Phrase};
use crate::words::Verb;
use crate::world::World;

/// `visible only to nurses`: an adjective behind *is*.
pub(crate) fn passive_form(clause: &Clause) -> bool {
    clause.verbs.iter().any(|(_, word)| {
        matches!(
            word.as_str(),
            "visible"
                | "accessible"
                | "readable"
                | "viewable"
                | "editable"
                | "hidden"
                | "restricted"
                | "limited"
        )
    })
}

pub(crate) fn active(
    clause: &Clause,
    roles: &[String],
    world: &mut World,
    rules: &mut Rules,
    memory: &mut Memory,
) -> bool {
    let verbs = spec_verbs(clause);
    // `Clients don't log in`.
    let logs_in = clause.verbs.iter().any(|(verb, word)| {
        *verb == Verb::Work && matches!(word.as_str(), "log" | "sign" | "use")
            || matches!(word.as_str(), "login")
    });
    if clause.not && logs_in && clause.objects.is_empty() {
        for role in roles {
            if let Some(known) = world.roles.get_mut(role) {
                known.acts = false;
            }
            rules.no_login.push(role.clone());
        }
        return true;
    }
    if verbs.is_empty() && !(clause.not || clause.only || clause.only_subjects) {
        return clause.does(Verb::Work) && clause.narrowing == 0;
    }
    if clause.does(Verb::Assign) {
        return assign(clause, roles, world, rules, memory);
    }
    let mut targets = Vec::new();
    let mut unknown = false;
    let mut others_only = false;
    let phrases: Vec<Phrase> = clause.objects.iter().cloned().chain(shown(clause)).collect();
    for phrase in &phrases {
        let found = resolve(phrase, clause, roles, world, memory);
        let page = phrase.words.last().is_some_and(|word| {
            matches!(word.as_str(), "page" | "pages" | "dashboard" | "dashboards" | "screen")
        });
        // Aggregates are measures: a role that sees only these gets no record.
        let aggregate = phrase.words.last().is_some_and(|word| {
            matches!(
                word.as_str(),
                "counts" | "averages" | "totals" | "statistics" | "aggregates" | "numbers"
            )
        });
        if aggregate && clause.narrowing > 0 && !clause.not {
            for role in roles {
                if let Some(role) = world.roles.get_mut(role) {
                    role.bounded = true;
                }
            }
            continue;
        }
        // `each other's data`: others' records are never in a patient's reach.
        if phrase.other
            && clause.not
            && roles
                .iter()
                .all(|role| world.roles.get(role).is_some_and(|role| role.kind == RoleKind::Subject))
        {
            others_only = true;
            continue;
        }
        if found.is_empty() && !page {
            unknown = true;
        }
        for mut target in found {
            target.own |= reach(phrase, clause, world) == Reach::Own;
            let pronoun = matches!(phrase.words.last().map(String::as_str), Some("it" | "them"));
            target.all |= !pronoun && reach(phrase, clause, world) == Reach::Place;
            targets.push(target);
        }
    }
    // `each user has a history page with only their own analyses`, `doctors only see theirs`.
    let others = clause.subjects.iter().any(|phrase| phrase.other);
    if others_only && targets.is_empty() {
        return true;
    }
    // `notes that only they can read`: what was spoken of last.
    if targets.is_empty() && clause.objects.is_empty() && clause.narrowing > 0 && verbs.contains(&"view") {
        targets = memory_targets(&memory.entities);
    }
    if targets.is_empty() {
        let aggregate = !clause.objects.is_empty() && !unknown;
        if !clause.but_not.is_empty() || aggregate && clause.narrowing > 0 {
            return narrow(&targets, clause, roles, world, rules, memory);
        }
        return !unknown && clause.narrowing == 0;
    }
    memory.entities = targets.iter().map(|target| target.entity.clone()).collect();
    if clause.not {
        if unknown {
            // The record that the first words name, if not the field: `the exam notes` of an exam.
            for phrase in &phrases {
                if resolve(phrase, clause, roles, world, memory).is_empty() {
                    match (1..phrase.words.len()).find_map(|at| world.entity_of(&phrase.words[..at])) {
                        Some(entity) => targets.push(Target::whole(entity)),
                        None => return false,
                    }
                }
            }
        }
        return deny(&targets, clause, roles, others, world, rules);
    }
    if clause.nobody {
        return false;
    }
    grant(&targets, &verbs, clause, roles, world, rules);
    if clause.narrowing == 0 {
        return true;
    }
    let plain_only = clause.only || clause.only_subjects || clause.tails.iter().any(|tail| tail.only);
    !(unknown && plain_only) && narrow(&targets, clause, roles, world, rules, memory)
}

/// What is shown by a list, a page or a dashboard.
pub(crate) fn shown(clause: &Clause) -> Vec<Phrase> {
    clause
        .tails
        .iter()
        .filter(|tail| matches!(tail.by.as_str(), "of" | "with"))
        .filter(|_| {
            clause.objects.iter().any(|phrase| {
                phrase.words.last().is_some_and(|word| {
                    matches!(
                        word.trim_end_matches('s'),
                        "list" | "page" | "dashboard" | "overview" | "copy" | "view" | "screen" | "calendar"
                    )
                })
            })
        })
        .flat_map(|tail| {
            tail.phrases.iter().cloned().map(|mut phrase| {
                phrase.only |= tail.only;
                phrase
            })
        })
        .collect()
}

/// The verbs of the spec that the clause's verbs stand for.
pub(crate) fn spec_verbs(clause: &Clause) -> Vec<&'static str> {
    let mut out: Vec<&'static str> = Vec::new();
    for (verb, word) in &clause.verbs {
        let meant: &[&'static str] = match verb {
            Verb::View | Verb::Have => &["view"],
            Verb::Create => &["create", "view"],
            Verb::Update => &["update", "view"],
            Verb::Delete => &["delete", "view"],
            Verb::Manage | Verb::Book | Verb::Track => &["create", "view", "update"],
            Verb::Review | Verb::Sign => &["view", "move"],
            Verb::Export => &["view", "export"],
            Verb::Upload | Verb::Assign | Verb::Message | Verb::Share | Verb::Pay | Verb::Work => &[],
        };
        // An email or a system `has` and `contains`; people `get` lists.
        if *verb == Verb::Have
            && matches!(word.as_str(), "contain" | "contains" | "include" | "includes" | "hold" | "holds")
        {
            continue;
        }
        for verb in meant {
            if !out.contains(verb) {
                out.push(verb);
            }
        }
    }
    out
}

pub(crate) fn changes_only(clause: &Clause) -> bool {
    let verbs = clause.verbs.iter().map(|(verb, _)| *verb).collect::<Vec<_>>();
    !verbs.is_empty()
        && verbs.iter().all(|verb| {
            matches!(
                verb,
                Verb::Create
                    | Verb::Update
                    | Verb::Delete
                    | Verb::Manage
                    | Verb::Book
                    | Verb::Sign
                    | Verb::Review
                    | Verb::Assign
            )
        })
}

fn grant(
    targets: &[Target],
    verbs: &[&'static str],
    clause: &Clause,
    roles: &[String],
    world: &mut World,
    rules: &mut Rules,
) {
    rules.books |= clause.does(Verb::Book);
    let when = condition_states(clause, world);
    for target in targets {
        for role in roles {
            for verb in verbs {
                let schedule = world
                    .entities
                    .get(&target.entity)
                    .is_some_and(|entity| entity.kind == EntityKind::Schedule);
                if clause.does(Verb::Book) && !schedule && *verb != "view" {
                    continue;
                }
                let mut states = target.when.clone();
                for state in &when {
                    if world.entities.get(&target.entity).is_some_and(|entity| entity.states.contains(state))
                    {
                        states.push(state.clone());
                    }
                }
                // Who writes values down writes the whole record that holds them.
                let whole = clause.does(Verb::Create) && world.subject() != Some(target.entity.as_str());
                rules.allows.push(Allow {
                    role: role.clone(),
                    entity: target.entity.clone(),
                    verb,
                    fields: if whole { None } else { target.fields.clone() },
                    reach: if target.own {
                        Reach::Own
                    } else if target.all {
                        Reach::Place
                    } else {
                        Reach::Unsaid
                    },
                    when: states,
                });
            }
            if target.own {
                own_patients(role, &target.entity, world);
            }
        }
        // `Front desk books`: what is booked is the appointment.
    }
    if clause.does(Verb::Book)
        && let Some(schedule) = schedule_entity(world)
    {
        for role in roles {
            for verb in ["create", "view", "update"] {
                rules.allows.push(Allow {
                    role: role.clone(),
                    entity: schedule.clone(),
                    verb,
                    fields: None,
                    reach: Reach::Unsaid,
                    when: Vec::new(),
                });
            }
        }
    }
}

pub(crate) fn schedule_entity(world: &World) -> Option<String> {
    world
        .entities
        .iter()
        .find(|(_, entity)| entity.kind == EntityKind::Schedule)
        .map(|(name, _)| name.clone())
}

/// `their patients`: patients are assigned to that role.
pub(crate) fn own_patients(role: &str, entity: &str, world: &mut World) {
    let of_patient =
        world.subject().is_some_and(|subject| world.parts(subject).iter().any(|part| part == entity))
            || world.forms.contains_key(entity);
    let kind = world.roles.get(role).map(|role| role.kind);
    if of_patient
        && matches!(kind, Some(RoleKind::Panel | RoleKind::Care))
        && !world.assigned.iter().any(|known| known == role)
    {
        world.assigned.push(role.to_owned());
    }
}
