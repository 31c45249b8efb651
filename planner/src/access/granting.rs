//! What a clause's verbs grant once its objects are known: rows, values, states and signatures.

use super::{Allow, Reach, Rules, conditions::condition_states, targets::Target};
use crate::{
    catalogue::{EntityKind, RoleKind},
    clauses::{Clause, Phrase},
    words::Verb,
    world::World,
};

/// `patients sign the treatment agreement`: who signs what binds them gives a signature; a note that is signed moves on.
pub(crate) fn signatures(targets: &[Target], clause: &Clause, roles: &[String], world: &mut World) {
    let signs = clause.verbs.iter().any(|(_, word)| {
        matches!(crate::words::base(word), Some("sign" | "cosign" | "countersign" | "initial"))
    });
    if !signs || clause.not {
        return;
    }
    let by_patient =
        roles.iter().any(|role| world.roles.get(role).is_some_and(|role| role.kind == RoleKind::Subject));
    for target in targets.iter().filter(|target| target.fields.is_none()) {
        let Some(entity) = world.entities.get_mut(&target.entity) else { continue };
        let binds =
            entity.concept.is_some_and(|concept| matches!(concept.name.as_str(), "consent" | "agreement"));
        if entity.states.is_empty() && entity.kind == EntityKind::Clinical && (binds || by_patient) {
            for role in roles {
                if !entity.signed_by.contains(role) {
                    entity.signed_by.push(role.clone());
                }
            }
        }
    }
}

/// `the psychologist releases the report to the client`: who gets it reads it once it is released.
pub(crate) fn released_to(targets: &[Target], clause: &Clause, world: &World, rules: &mut Rules) {
    let releases =
        clause.verbs.iter().any(|(_, word)| matches!(crate::words::base(word), Some("release" | "publish")));
    let Some(to) = clause.tail("to").filter(|_| releases && !clause.not) else { return };
    for role in to.phrases.iter().flat_map(|phrase| world.roles_of(phrase)) {
        for target in targets {
            let Some(entity) = world.entities.get(&target.entity) else { continue };
            let Some(state) =
                entity.states.iter().find(|state| matches!(state.as_str(), "released" | "published"))
            else {
                continue;
            };
            rules.allows.push(Allow {
                role: role.clone(),
                entity: target.entity.clone(),
                verb: "view",
                fields: target.fields.clone(),
                reach: Reach::Unsaid,
                when: super::conditions::states_from(entity, state),
            });
        }
    }
}

/// `add findings to the same exam`: the exam is changed.
pub(crate) fn added_to(clause: &Clause, roles: &[String], world: &World, rules: &mut Rules) {
    let adds = clause.verbs.iter().any(|(verb, word)| *verb == Verb::Create && word.starts_with("add"));
    if !adds {
        return;
    }
    for phrase in clause.tail("to").map(|tail| tail.phrases.as_slice()).unwrap_or_default() {
        let Some(entity) = world.entity_of(&phrase.words) else { continue };
        for role in roles {
            rules.allows.extend(["view", "update"].map(|verb| Allow {
                role: role.clone(),
                entity: entity.clone(),
                verb,
                fields: None,
                reach: Reach::Unsaid,
                when: Vec::new(),
            }));
        }
    }
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
                        "list"
                            | "page"
                            | "dashboard"
                            | "overview"
                            | "copy"
                            | "view"
                            | "screen"
                            | "calendar"
                            | "schedule"
                            | "board"
                            | "worklist"
                            | "roster"
                            | "rota"
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
        .chain(clause.objects.iter().flat_map(listed))
        .collect()
}

/// `see the pick up list: name, address`: what stands in the list.
fn listed(object: &Phrase) -> Vec<Phrase> {
    let list = object
        .words
        .last()
        .is_some_and(|word| matches!(word.as_str(), "list" | "sheet" | "roster" | "board"));
    if !list {
        return Vec::new();
    }
    let items = crate::nouns::items(&object.paren);
    items.into_iter().map(|item| Phrase { words: item.words, at: object.at, ..Phrase::default() }).collect()
}

/// The verbs of the spec that the clause's verbs stand for.
pub(crate) fn spec_verbs(clause: &Clause) -> Vec<&'static str> {
    let mut out: Vec<&'static str> = Vec::new();
    for (verb, word) in &clause.verbs {
        let meant: &[&'static str] = match verb {
            Verb::View | Verb::Have => &["view"],
            Verb::Create => &["create", "view"],
            Verb::Upload => &["create", "view", "update"],
            Verb::Update => &["update", "view"],
            Verb::Delete => &["delete", "view"],
            // Who follows and monitors what others write looks at it.
            Verb::Track if matches!(crate::words::base(word), Some("follow" | "monitor")) => &["view"],
            Verb::Manage | Verb::Book | Verb::Track => &["create", "view", "update"],
            Verb::Review | Verb::Sign => &["view", "move"],
            Verb::Export => &["view", "export"],
            Verb::Assign | Verb::Message | Verb::Share | Verb::Pay | Verb::Work => &[],
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

/// Whether the clause speaks of changing, not of seeing.
pub(crate) fn changes_only(clause: &Clause) -> bool {
    let changes = |verb: &Verb| {
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
    };
    !clause.verbs.is_empty() && clause.verbs.iter().all(|(verb, _)| changes(verb))
}

/// Whether the clause speaks of deciding and signing alone: of states, not of what is written.
pub(crate) fn moves_only(clause: &Clause) -> bool {
    !clause.verbs.is_empty() && clause.verbs.iter().all(|(verb, _)| matches!(verb, Verb::Review | Verb::Sign))
}

pub(crate) fn grant(
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
        let schedule =
            world.entities.get(&target.entity).is_some_and(|entity| entity.kind == EntityKind::Schedule);
        // Who writes values down writes the whole record that holds them.
        // `billers add the claim number`: a value of what is there already.
        let adds = target.fields.as_ref().is_some_and(|fields| fields.len() == 1)
            && clause.objects.len() == 1
            && clause.objects.iter().all(|phrase| phrase.article && phrase.paren.is_empty())
            && clause.verbs.iter().all(|(_, word)| crate::words::base(word) == Some("add"));
        let whole = clause.does(Verb::Create) && !adds && world.subject() != Some(target.entity.as_str());
        // `patients tick the steps`: they say that it is done, and change nothing else of it.
        let ticks = clause.verbs.iter().any(|(_, word)| matches!(crate::words::base(word), Some("tick")))
            && clause.verbs.iter().all(|(verb, _)| matches!(verb, Verb::Update | Verb::View));
        let done = ticks
            && target.fields.is_none()
            && world.entities.get(&target.entity).is_some_and(|entity| entity.kind == EntityKind::Clinical);
        if done && let Some(entity) = world.entities.get_mut(&target.entity) {
            entity.add(crate::fields::NewField { name: "done".into(), written: "clinical boolean".into() });
        }
        let mut states = target.when.clone();
        for state in &when {
            if world.entities.get(&target.entity).is_some_and(|entity| entity.states.contains(state)) {
                states.push(state.clone());
            }
        }
        for role in roles {
            // Some records by a word that was not understood: who only looks sees none of them.
            if target.partial && verbs.iter().all(|verb| *verb == "view") {
                rules.not_understood.push(format!("which `{}` a {role} sees, so none", target.entity));
                // Who was said to write them goes on to.
                let writes = rules.allows.iter().any(|allow| {
                    allow.role == *role && allow.entity == target.entity && allow.verb == "create"
                });
                if !writes {
                    rules.denies.push(super::Deny { itself: true, ..super::Deny::of(role, target) });
                }
                continue;
            }
            // Who books a test does not see its results.
            let treats = world
                .roles
                .get(role)
                .is_some_and(|known| matches!(known.kind, RoleKind::Panel | RoleKind::Care));
            let booked = |verb: &&&str| !clause.does(Verb::Book) || schedule || treats && **verb == "view";
            for verb in verbs.iter().filter(|verb| booked(verb)) {
                rules.allows.push(Allow {
                    role: role.clone(),
                    entity: target.entity.clone(),
                    verb: if adds && *verb == "create" { "update" } else { verb },
                    fields: match (whole, done && *verb == "update") {
                        (true, _) => None,
                        (false, true) => Some(vec!["done".to_owned()]),
                        (false, false) => target.fields.clone(),
                    },
                    reach: match (target.own, target.all) {
                        (true, _) => Reach::Own,
                        (false, true) => Reach::Place,
                        (false, false) => Reach::Unsaid,
                    },
                    when: states.clone(),
                });
            }
            if target.own {
                own_patients(role, &target.entity, world);
                own_work(role, &target.entity, clause, world);
            }
        }
    }
    // `Front desk books`: what is booked is the appointment.
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

/// `orders assigned to them`: what is part of nobody's record is assigned by itself.
fn own_work(role: &str, entity: &str, clause: &Clause, world: &mut World) {
    let assigned = clause.tails.iter().any(|tail| tail.words.iter().any(|word| word == "assigned"))
        || clause.objects.iter().any(|phrase| phrase.modifiers.iter().any(|word| word == "assigned"));
    let of_patient =
        world.subject().is_some_and(|subject| world.parts(subject).iter().any(|part| part == entity));
    let works = world
        .roles
        .get(role)
        .is_some_and(|known| !matches!(known.kind, RoleKind::Subject | RoleKind::Proxy | RoleKind::Support));
    if assigned
        && works
        && !of_patient
        && let Some(known) = world.entities.get_mut(entity)
        && !known.assigned_to.iter().any(|one| one == role)
    {
        known.assigned_to.push(role.to_owned());
    }
}

/// `their patients`: patients are assigned to that role.
pub(crate) fn own_patients(role: &str, entity: &str, world: &mut World) {
    let of_patient =
        world.subject().is_some_and(|subject| world.parts(subject).iter().any(|part| part == entity))
            || world.forms.contains_key(entity);
    let kind = world.roles.get(role).map(|role| role.kind);
    let cares = matches!(kind, Some(RoleKind::Panel | RoleKind::Care | RoleKind::Business));
    if of_patient && cares && !world.assigned.iter().any(|known| known == role) {
        world.assigned.push(role.to_owned());
    }
}
