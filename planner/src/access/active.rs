//! `Nurses see vitals`: who does it, with what, and how far.

use super::{
    Allow, Memory, Reach, Rules,
    conditions::condition_states,
    narrowing::{deny, narrow},
    passive::assign,
    targets::{Target, is_group, is_kept_nowhere, memory_targets, reach, resolve, resolve_denied},
};
use crate::{
    catalogue::{EntityKind, RoleKind},
    clauses::{Clause, Phrase},
    words::Verb,
    world::World,
};

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

/// What the objects of a clause turned out to be.
#[derive(Default)]
struct Objects {
    targets: Vec<Target>,
    unknown: Vec<Phrase>,
    /// Counts and averages: measures, no records.
    aggregate: bool,
    /// `each other's data`.
    others_only: bool,
    /// `change nothing`.
    nothing: bool,
    /// `what the manager releases`.
    by_permission: bool,
}

/// Reads a clause in the active voice; says whether it was understood, its narrowing included.
pub(crate) fn active(
    clause: &Clause,
    roles: &[String],
    world: &mut World,
    rules: &mut Rules,
    memory: &mut Memory,
) -> bool {
    let verbs = spec_verbs(clause);
    if clause.not && stays_outside(clause) {
        for role in roles {
            if let Some(known) = world.roles.get_mut(role) {
                known.acts = false;
            }
            rules.no_login.push(role.clone());
        }
        return true;
    }
    if clause.not && elsewhere(clause, world) {
        return true;
    }
    // `change the status`: who moves a record on changes nothing else of it.
    let status = |phrase: &Phrase| {
        phrase.words.last().is_some_and(|word| matches!(word.as_str(), "status" | "state" | "stage" | "step"))
    };
    let moved;
    let clause = if clause.does(Verb::Update)
        && !clause.objects.is_empty()
        && clause.objects.iter().all(status)
        && let Some(record) = moving(&clause.objects, world, memory)
    {
        let objects = vec![Phrase { words: vec![record], ..Phrase::default() }];
        moved = Clause { objects, verbs: vec![(Verb::Review, "approve".into())], ..clause.clone() };
        &moved
    } else {
        clause
    };
    let narrows = clause.not || clause.only || clause.only_subjects || !clause.but_not.is_empty();
    if clause.does(Verb::Assign) && !clause.not {
        return assign(clause, roles, world, rules, memory);
    }
    if verbs.is_empty() && !narrows {
        return clause.does(Verb::Work) && clause.narrowing == 0;
    }
    // `only the donor advocate works with donors`: what one works with is what one sees.
    let with: Vec<Phrase> = clause
        .tails
        .iter()
        .filter(|tail| matches!(tail.by.as_str(), "with" | "on" | "into" | "to"))
        .flat_map(|tail| tail.phrases.clone())
        .filter(|phrase| world.entity_of(&phrase.words).is_some())
        .collect();
    let worked;
    let clause = if narrows && clause.objects.is_empty() && verbs.is_empty() && !with.is_empty() {
        worked = Clause { objects: with, verbs: vec![(Verb::View, "see".into())], ..clause.clone() };
        &worked
    } else {
        clause
    };
    let verbs = spec_verbs(clause);
    // Nobody takes anything out who was not said to.
    let takes_out = clause.verbs.iter().all(|(verb, _)| {
        matches!(verb, Verb::Export | Verb::Share | Verb::Message | Verb::Upload | Verb::Pay)
    });
    if clause.not && takes_out && !clause.verbs.is_empty() {
        return true;
    }
    let mut objects = read_objects(clause, roles, world, memory);
    if objects.others_only && objects.targets.is_empty() {
        return true;
    }
    if objects.by_permission && objects.targets.is_empty() {
        for role in roles {
            if let Some(role) = world.roles.get_mut(role) {
                role.bounded = true;
            }
            rules.conditional.push((format!("what {role} may see is released by somebody"), 9));
        }
        return true;
    }
    if objects.nothing {
        let all: Vec<Target> = world.entities.keys().cloned().map(Target::whole).collect();
        return deny(&all, clause, roles, false, world, rules);
    }
    // `notes that only they can read`: what was spoken of last.
    if objects.targets.is_empty()
        && clause.objects.is_empty()
        && (clause.narrowing > 0 && (verbs.contains(&"view") || verbs.contains(&"update"))
            || clause.does(Verb::Review)
            || clause.does(Verb::Sign))
    {
        objects.targets = memory_targets(&memory.entities);
    }
    if clause.not {
        return denial(objects, clause, roles, world, rules, memory);
    }
    permission(objects, clause, roles, world, rules, memory)
}

/// The record whose status a phrase means: the one it names, spoken of last, or the only one that has states.
fn moving(objects: &[Phrase], world: &World, memory: &Memory) -> Option<String> {
    let states = |name: &String| world.entities.get(name).is_some_and(|entity| entity.states.len() > 1);
    let named = objects.iter().find_map(|phrase| {
        let (_, first) = phrase.words.split_last()?;
        world.entity_of(first).or_else(|| world.entity_of(&phrase.of))
    });
    let mut moving = world.entities.keys().filter(|name| states(name));
    let only = moving.next().cloned().filter(|_| moving.next().is_none());
    named.filter(&states).or_else(|| memory.entities.iter().find(|name| states(name)).cloned()).or(only)
}

/// `must not see patients at another location`: who works at a place reaches that place.
fn elsewhere(clause: &Clause, world: &World) -> bool {
    let Some(place) = world.place.as_deref() else { return false };
    let other = |phrase: &Phrase| {
        let named = crate::entities::phrase_key(phrase) == place
            || crate::words::key_of(&phrase.of.join(" ")) == place;
        phrase.other && named
    };
    clause.objects.iter().chain(clause.tails.iter().flat_map(|tail| &tail.phrases)).any(other)
}

/// `Clients don't log in`, `families do not use the app`.
fn stays_outside(clause: &Clause) -> bool {
    let accounts = clause.does(Verb::Have)
        && !clause.objects.is_empty()
        && clause.objects.iter().all(|phrase| {
            phrase.words.last().is_some_and(|word| {
                matches!(crate::words::singular(word).as_str(), "login" | "account" | "password")
            })
        });
    if accounts {
        return true;
    }
    clause.verbs.iter().any(|(verb, word)| {
        *verb == Verb::Work && matches!(word.as_str(), "log" | "sign" | "use" | "login") || word == "login"
    }) && clause.objects.iter().all(|phrase| {
        phrase.words.last().is_some_and(|word| {
            matches!(
                word.as_str(),
                "app" | "system" | "platform" | "software" | "login" | "account" | "portal"
            )
        })
    })
}

fn read_objects(clause: &Clause, roles: &[String], world: &mut World, memory: &Memory) -> Objects {
    let mut out = Objects::default();
    let subject_only =
        roles.iter().all(|role| world.roles.get(role).is_some_and(|role| role.kind == RoleKind::Subject));
    let phrases: Vec<Phrase> = clause.objects.iter().cloned().chain(shown(clause)).collect();
    for phrase in &phrases {
        // `only what the manager releases`: by a permission, and so nothing yet.
        if phrase.words.first().is_some_and(|word| word == "what") && given(phrase) {
            out.by_permission = true;
            continue;
        }
        if phrase.words == ["nothing"] {
            out.nothing = true;
            continue;
        }
        if is_aggregate(phrase, clause) && !clause.not {
            out.aggregate = true;
            if clause.narrowing > 0 {
                for role in roles {
                    if let Some(role) = world.roles.get_mut(role) {
                        role.bounded = true;
                    }
                }
            }
            continue;
        }
        // `each other's data`: others' records are never in a patient's reach.
        if phrase.other && clause.not && (subject_only || phrase.article) {
            out.others_only = true;
            if !subject_only {
                for entity in
                    resolve(phrase, clause, roles, world, memory).into_iter().map(|target| target.entity)
                {
                    world.authors.extend(roles.iter().map(|role| (role.clone(), entity.clone())));
                }
            }
            continue;
        }
        let found = if clause.not {
            resolve_denied(phrase, clause, roles, world, memory)
        } else {
            resolve(phrase, clause, roles, world, memory)
        };
        if found.is_empty() && !is_page(phrase) && !(clause.not && is_group(phrase)) {
            out.unknown.push(phrase.clone());
        }
        for mut target in found {
            let how_far = reach(phrase, clause, world);
            let pronoun = matches!(phrase.words.last().map(String::as_str), Some("it" | "them"));
            target.own |= how_far == Reach::Own;
            target.all |= !pronoun && how_far == Reach::Place;
            out.targets.push(target);
        }
    }
    out
}

/// Whether somebody gives what the phrase tells of.
fn given(phrase: &Phrase) -> bool {
    phrase.words.iter().any(|word| {
        crate::words::base(word).is_some_and(|base| {
            matches!(base, "release" | "share" | "grant" | "allow" | "give" | "publish" | "approve")
        })
    })
}

fn is_page(phrase: &Phrase) -> bool {
    phrase.words.last().is_some_and(|word| {
        matches!(
            word.as_str(),
            "page" | "pages" | "dashboard" | "dashboards" | "screen" | "chart" | "charts" | "list" | "lists"
        )
    })
}

/// Aggregates are measures: a role that sees only these gets no record.
fn is_aggregate(phrase: &Phrase, clause: &Clause) -> bool {
    let counted = phrase.words.last().is_some_and(|word| {
        matches!(
            word.as_str(),
            "count"
                | "counts"
                | "average"
                | "averages"
                | "total"
                | "totals"
                | "statistics"
                | "stats"
                | "aggregates"
                | "numbers"
                | "rate"
                | "rates"
                | "percentages"
                | "trends"
        )
    });
    let per = |word: &String| {
        matches!(word.as_str(), "day" | "week" | "month" | "year" | "quarter" | "hour" | "site" | "clinic")
    };
    counted || clause.tail("per").is_some_and(|tail| tail.words.iter().any(per))
}

/// A denial is understood when each of its objects is.
fn denial(
    mut objects: Objects,
    clause: &Clause,
    roles: &[String],
    world: &World,
    rules: &mut Rules,
    memory: &mut Memory,
) -> bool {
    for phrase in &objects.unknown {
        // The record that the first words name, if not the field: `the exam notes` of an exam.
        match (1..phrase.words.len()).find_map(|at| world.entity_of(&phrase.words[..at])) {
            Some(entity) => objects.targets.push(Target::whole(entity)),
            None if is_kept_nowhere(phrase, world) => {}
            None => return false,
        }
    }
    if objects.targets.is_empty() {
        return clause.objects.iter().all(|phrase| is_group(phrase) || is_kept_nowhere(phrase, world));
    }
    memory.entities = objects.targets.iter().map(|target| target.entity.clone()).collect();
    let others = clause.subjects.iter().any(|phrase| phrase.other && !phrase.words.is_empty());
    deny(&objects.targets, clause, roles, others, world, rules)
}

fn permission(
    objects: Objects,
    clause: &Clause,
    roles: &[String],
    world: &mut World,
    rules: &mut Rules,
    memory: &mut Memory,
) -> bool {
    if objects.targets.is_empty() {
        let aggregate = objects.aggregate || !clause.objects.is_empty() && objects.unknown.is_empty();
        if !clause.but_not.is_empty() || aggregate && clause.narrowing > 0 {
            return narrow(&objects.targets, clause, roles, world, rules, memory);
        }
        return objects.unknown.is_empty() && clause.narrowing == 0;
    }
    memory.entities = objects.targets.iter().map(|target| target.entity.clone()).collect();
    if clause.nobody {
        return false;
    }
    // `only the doctor who wrote them can see them`.
    if clause.subjects.iter().any(|phrase| phrase.modifiers.iter().any(|word| word == "author")) {
        for target in &objects.targets {
            world.authors.extend(roles.iter().map(|role| (role.clone(), target.entity.clone())));
        }
    }
    grant(&objects.targets, &spec_verbs(clause), clause, roles, world, rules);
    added_to(clause, roles, world, rules);
    if !without(clause, roles, world, rules, memory) {
        return false;
    }
    if clause.narrowing == 0 {
        return true;
    }
    // What was not understood of a bounded role's objects is not granted, and is told.
    let only_who = clause.only_subjects && !objects.unknown.is_empty();
    for phrase in &objects.unknown {
        rules.not_understood.push(format!("what `{}` is, so nobody sees it", phrase.words.join(" ")));
    }
    !only_who && narrow(&objects.targets, clause, roles, world, rules, memory)
}

/// `researchers see answers without names`: the names are denied.
fn without(clause: &Clause, roles: &[String], world: &World, rules: &mut Rules, memory: &Memory) -> bool {
    if !clause.does(Verb::View) {
        return true;
    }
    for phrase in clause.tails.iter().filter(|tail| tail.by == "without").flat_map(|tail| &tail.phrases) {
        let found = resolve_denied(phrase, clause, roles, world, memory);
        if found.is_empty() && !is_group(phrase) && !is_kept_nowhere(phrase, world) {
            rules.not_understood.push(format!("without what: {}", phrase.words.join(" ")));
        }
        for role in roles {
            rules.denies.extend(found.iter().map(|target| super::Deny::of(role, target)));
        }
    }
    true
}

/// `add findings to the same exam`: the exam is changed.
fn added_to(clause: &Clause, roles: &[String], world: &World, rules: &mut Rules) {
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
        let whole = clause.does(Verb::Create) && world.subject() != Some(target.entity.as_str());
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
                rules.denies.push(super::Deny { itself: true, ..super::Deny::of(role, target) });
                continue;
            }
            for verb in verbs.iter().filter(|verb| !clause.does(Verb::Book) || schedule || **verb == "view") {
                rules.allows.push(Allow {
                    role: role.clone(),
                    entity: target.entity.clone(),
                    verb,
                    fields: if whole { None } else { target.fields.clone() },
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
