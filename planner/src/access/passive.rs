//! `may be seen only by …`, `is assigned to …`.

use super::conditions::{condition_states, condition_words, unread};
use super::denied::resolve_denied;
use super::granting::{changes_only, moves_only, own_patients, spec_verbs};
use super::targets::{Target, resolve};
use super::{Allow, Deny, Exclusive, Memory, Reach, Rules};
use crate::catalogue::{RoleKind, catalogue};
use crate::clauses::{Clause, Tail};
use crate::words::Verb;
use crate::world::{Parsed, World};

/// `My nurses assign each to one of the doctors`.
pub(crate) fn assign(
    clause: &Clause,
    roles: &[String],
    world: &mut World,
    rules: &mut Rules,
    memory: &Memory,
) -> bool {
    let to: Vec<String> = clause
        .tails
        .iter()
        .filter(|tail| tail.by == "to")
        .flat_map(|tail| tail.phrases.iter().flat_map(|phrase| world.roles_of(phrase)).collect::<Vec<_>>())
        .collect();
    if clause.not {
        return false;
    }
    // `dispatchers assign each order to a driver`: the order is theirs to do, and nobody's record is opened by it.
    let work = clause.objects.iter().find_map(|phrase| {
        let name = world.entity_of(&phrase.words)?;
        let of_patient = world.subject().is_some_and(|subject| world.parts(subject).contains(&name));
        (!of_patient).then_some(name)
    });
    if let Some(name) = work.filter(|_| !to.is_empty()) {
        if let Some(entity) = world.entities.get_mut(&name) {
            let new: Vec<String> =
                to.iter().filter(|role| !entity.assigned_to.contains(role)).cloned().collect();
            entity.assigned_to.extend(new);
        }
        rules.allows.extend(roles.iter().map(|role| Allow {
            role: role.clone(),
            entity: name.clone(),
            verb: "view",
            fields: None,
            reach: Reach::Unsaid,
            when: Vec::new(),
        }));
        rules.dispatchers.extend(roles.iter().map(|role| (role.clone(), name.clone())));
        return clause.narrowing == 0;
    }
    // `the coordinator assigns volunteers to patients`: those are responsible for these.
    let of_patients =
        clause.tails.iter().filter(|tail| tail.by == "to").flat_map(|tail| &tail.phrases).any(|phrase| {
            let named = world.entity_of(&phrase.words);
            named.is_some() && named.as_deref() == world.subject()
        });
    let given: Vec<String> =
        clause.objects.iter().filter(|_| of_patients).flat_map(|phrase| world.roles_of(phrase)).collect();
    for role in to.into_iter().chain(given) {
        let clinical = world.roles.get(&role).is_some_and(|known| !matches!(known.kind, RoleKind::Subject));
        if clinical && !world.assigned.contains(&role) {
            world.assigned.push(role);
        }
    }
    for role in roles {
        if !world.assigners.contains(role) {
            world.assigners.push(role.clone());
        }
        if let Some(subject) = world.subject().map(str::to_owned) {
            rules.allows.push(Allow {
                role: role.clone(),
                entity: subject,
                verb: "view",
                fields: None,
                reach: Reach::Unsaid,
                when: Vec::new(),
            });
        }
    }
    let _ = memory;
    // Other verbs of the same clause: `review and assign the intakes`.
    clause.narrowing == 0
}

/// `may be seen only by …`, `is never visible to …`, `are assigned to ONE provider`, `is kept 7 years`.
pub(crate) fn passive(clause: &Clause, world: &mut World, rules: &mut Rules, memory: &mut Memory) -> bool {
    let agents: Vec<(&Tail, Vec<String>)> = clause
        .tails
        .iter()
        .filter(|tail| matches!(tail.by.as_str(), "by" | "to" | "for" | "from"))
        .map(|tail| (tail, tail.phrases.iter().flat_map(|phrase| world.roles_of(phrase)).collect()))
        .collect();
    if clause.does(Verb::Assign) {
        return assigned(clause, &agents, world);
    }
    // `information shall be disclosed only with written consent`: to outsiders, whom nothing lets in.
    let disclosed = clause
        .verbs
        .iter()
        .all(|(_, word)| matches!(crate::words::base(word), Some("disclose" | "reveal" | "share")));
    if disclosed
        && clause.only
        && !clause.not
        && agents.iter().all(|(_, roles)| roles.is_empty())
        && let Some(condition) = super::foreign_condition(clause, world)
    {
        rules.conditional.push((condition, 9));
        return true;
    }
    let hides = clause.verbs.iter().any(|(_, word)| matches!(word.as_str(), "hidden"));
    let denies = clause.not || hides;
    let mut targets = Vec::new();
    for phrase in &clause.subjects {
        targets.extend(if denies {
            resolve_denied(phrase, clause, &["somebody".to_owned()], world, memory)
        } else {
            resolve(phrase, clause, &["somebody".to_owned()], world, memory)
        });
    }
    if targets.is_empty() {
        return false;
    }
    let roles: Vec<String> = agents.iter().flat_map(|(_, roles)| roles.clone()).collect();
    // `limited to the author`: everybody reaches what they wrote themselves.
    let author = agents.iter().flat_map(|(tail, _)| &tail.phrases).any(|phrase| {
        matches!(crate::entities::phrase_key(phrase).as_str(), "author" | "writer" | "creator")
    });
    if author && roles.is_empty() && !denies {
        let everybody: Vec<String> = world.roles.keys().cloned().collect();
        let several =
            world.roles.values().filter(|role| matches!(role.kind, RoleKind::Panel | RoleKind::Care)).count()
                > 1;
        for target in &targets {
            world.authors.extend(everybody.iter().map(|role| (role.clone(), target.entity.clone())));
            // What only its author reads is written by whoever was said to write it, and by nobody else.
            if several && target.fields.is_none() && clause.does(Verb::View) {
                rules.reserved.push(target.entity.clone());
            }
        }
        return true;
    }
    if roles.is_empty() {
        return clause.not && by_nobody(&targets, clause, rules);
    }
    memory.entities = targets.iter().map(|target| target.entity.clone()).collect();
    if denies && !agents.iter().any(|(tail, _)| tail.except) {
        for target in &targets {
            for role in &roles {
                rules.denies.push(Deny { changes_only: changes_only(clause), ..Deny::of(role, target) });
            }
        }
        return true;
    }
    by_agents(&targets, &agents, clause, world, rules)
}

/// `entries cannot be changed after 24 hours`, `a shot must not be given when …`: denied to everybody.
fn by_nobody(targets: &[Target], clause: &Clause, rules: &mut Rules) -> bool {
    let changes: Vec<&'static str> = spec_verbs(clause).into_iter().filter(|verb| *verb != "view").collect();
    let conditional = clause
        .tails
        .iter()
        .find(|tail| !matches!(tail.by.as_str(), "in" | "of" | "at" | "on" | "with" | "by" | "to" | "for"));
    if let Some(tail) = conditional {
        rules.conditional.push((tail.words.join(" "), 15));
        // `a shot must not be given when …`: what is done to a patient, not who sees what.
        let seen = clause.does(Verb::View) || clause.does(Verb::Update) || clause.does(Verb::Delete);
        if changes.contains(&"create") || !seen {
            return true;
        }
    }
    if changes.is_empty() {
        rules.exclusives.extend(targets.iter().map(|target| Exclusive {
            entity: target.entity.clone(),
            roles: Vec::new(),
            changes_only: false,
            fields: target.fields.clone(),
            moves_only: moves_only(clause),
        }));
        return unread(clause);
    }
    rules.frozen.extend(targets.iter().map(|target| (target.entity.clone(), changes.clone())));
    true
}

/// What the people behind `by` and `to` may, and nobody else where `only` or `anyone but` says so.
fn by_agents(
    targets: &[Target],
    agents: &[(&Tail, Vec<String>)],
    clause: &Clause,
    world: &mut World,
    rules: &mut Rules,
) -> bool {
    let condition = |tail: &&Tail| {
        matches!(
            tail.by.as_str(),
            "when" | "once" | "after" | "if" | "until" | "unless" | "while" | "whenever"
        )
    };
    // `visible to the patient only after release` bounds when, not who.
    let only_then = clause.tails.iter().any(|tail| condition(&tail) && tail.only);
    let states = condition_states(clause, world);
    // `the provider, the owner, and support when the clinic grants it`: the condition is of whom a permission lets in.
    let permitted =
        agents.iter().flat_map(|(_, roles)| roles).any(|role| by_permission(role, clause, world).is_some());
    let unkept =
        states.is_empty() && clause.tails.iter().any(|tail| condition(&tail)) && !clause.not && !permitted;
    if unkept {
        rules.not_understood.push(condition_words(clause));
    }
    let only = clause.only && !only_then
        || clause.only_subjects
        || agents.iter().any(|(tail, _)| tail.only || tail.except)
        || clause.verbs.iter().any(|(_, word)| matches!(word.as_str(), "restricted" | "limited"));
    let mut verbs = spec_verbs(clause);
    if verbs.is_empty() && only {
        verbs.push("view");
    }
    let named: usize = agents.iter().map(|(tail, _)| tail.phrases.len()).sum();
    let mut kept = Vec::new();
    for phrase in agents.iter().flat_map(|(tail, _)| &tail.phrases) {
        let own =
            phrase.modifiers.iter().any(|word| matches!(word.as_str(), "assigned" | "own")) || phrase.own;
        let author = phrase.modifiers.iter().any(|word| word == "author");
        for role in world.roles_of(phrase) {
            if let Some(condition) = by_permission(&role, clause, world) {
                rules.conditional.push((condition, 9));
                continue;
            }
            kept.push(role.clone());
            let owner = world.roles.get(&role).is_some_and(|role| role.kind == RoleKind::Owner);
            for target in targets {
                if author {
                    world.authors.push((role.clone(), target.entity.clone()));
                } else if own {
                    own_patients(&role, &target.entity, world);
                }
                // `to nobody but doctors` restricts; what they see was said elsewhere. What hangs on a condition that
                // cannot be kept is not granted.
                if clause.not || unkept {
                    continue;
                }
                let held: Vec<String> = world
                    .entities
                    .get(&target.entity)
                    .map(|entity| {
                        states.iter().filter(|state| entity.states.contains(state)).cloned().collect()
                    })
                    .unwrap_or_default();
                if !states.is_empty() && held.is_empty() {
                    continue;
                }
                let reach = match (own, owner) {
                    (true, _) => Reach::Own,
                    (false, true) => Reach::Place,
                    (false, false) => Reach::Unsaid,
                };
                rules.allows.extend(verbs.iter().map(|verb| Allow {
                    role: role.clone(),
                    entity: target.entity.clone(),
                    verb,
                    fields: target.fields.clone(),
                    reach,
                    when: held.clone(),
                }));
            }
        }
    }
    if !clause.not && !unkept {
        super::granting::signatures(targets, clause, &kept, world);
    }
    if only {
        rules.exclusives.extend(targets.iter().map(|target| Exclusive {
            entity: target.entity.clone(),
            roles: kept.clone(),
            changes_only: changes_only(clause),
            fields: target.fields.clone(),
            moves_only: moves_only(clause),
        }));
    }
    // Somebody named whom nobody knows: the restriction is not whole.
    clause.narrowing == 0 || named > 0 && !kept.is_empty()
}

/// Support and proxies see by a permission: `platform support when the clinic grants it`.
fn by_permission(role: &str, clause: &Clause, world: &World) -> Option<String> {
    let outside =
        world.roles.get(role).is_some_and(|role| matches!(role.kind, RoleKind::Support | RoleKind::Proxy));
    let conditional =
        clause.tails.iter().any(|tail| matches!(tail.by.as_str(), "when" | "if" | "with" | "until"));
    let words: Vec<String> =
        clause.tails.iter().filter(|tail| tail.by != "by").map(|tail| tail.words.join(" ")).collect();
    (outside && conditional).then(|| format!("{role} may see it {}", words.join(" ")))
}

pub(crate) fn assigned(clause: &Clause, agents: &[(&Tail, Vec<String>)], world: &mut World) -> bool {
    let many = clause.tails.iter().any(|tail| {
        tail.words.iter().any(|word| matches!(word.as_str(), "team" | "several" | "multiple" | "more"))
    });
    world.team |= many;
    for (tail, roles) in agents {
        for role in roles {
            let kind = world.roles.get(role).map(|role| role.kind);
            if tail.by == "to" && kind != Some(RoleKind::Subject) && !world.assigned.contains(role) {
                world.assigned.push(role.clone());
            }
            if tail.by == "by" && !world.assigners.contains(role) {
                world.assigners.push(role.clone());
            }
        }
    }
    clause.narrowing == 0
}

/// `Each patient has one primary nurse, and a team of a physician and a chaplain`: who is responsible.
pub(crate) fn care_teams(parsed: &[Parsed], world: &mut World) {
    for clause in parsed.iter().flat_map(|one| &one.clauses) {
        let about_patient = clause.subjects.iter().any(|phrase| {
            let key = crate::entities::phrase_key(phrase);
            world.subject().is_some_and(|subject| crate::words::key_of(subject) == key)
                || catalogue().role(&key).is_some_and(|(kind, _)| kind == RoleKind::Subject)
        });
        if !about_patient || !clause.does(Verb::Have) || clause.not || clause.passive {
            continue;
        }
        let tails = clause.tails.iter().filter(|tail| matches!(tail.by.as_str(), "of" | "with"));
        for phrase in clause.objects.iter().chain(tails.flat_map(|tail| &tail.phrases)) {
            // `a team of a physician and a chaplain`: those it is made of are named.
            let key = crate::entities::phrase_key(phrase);
            if matches!(key.as_str(), "team" | "care team" | "staff" | "user") {
                continue;
            }
            for role in world.roles_of(phrase) {
                let leads = ["director", "coordinator", "manager", "supervisor"];
                let cares = world.roles.get(&role).is_some_and(|known| {
                    matches!(known.kind, RoleKind::Panel | RoleKind::Care)
                        || known.kind == RoleKind::Business && !leads.iter().any(|word| role.ends_with(word))
                });
                if cares && !world.assigned.contains(&role) {
                    world.assigned.push(role);
                }
            }
        }
        world.team |= world.assigned.len() > 1;
    }
}
