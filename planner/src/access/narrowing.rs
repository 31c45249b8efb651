//! `only`, `not`, `but not`, `except`: what a clause takes away.

use super::conditions::unread;
use super::denied::{is_group, is_kept_nowhere, resolve_denied};
use super::granting::{changes_only, moves_only};
use super::targets::{Target, resolve_plain};
use super::{Deny, Exclusive, Memory, Rules};
use crate::catalogue::RoleKind;
use crate::clauses::Clause;
use crate::entities::phrase_key;
use crate::words::key_of;
use crate::world::World;

pub(crate) fn deny(
    targets: &[Target],
    clause: &Clause,
    roles: &[String],
    others: bool,
    world: &World,
    rules: &mut Rules,
) -> bool {
    let changes = changes_only(clause);
    let deletes =
        !clause.verbs.is_empty() && clause.verbs.iter().all(|(verb, _)| *verb == crate::words::Verb::Delete);
    for target in targets {
        for role in roles {
            // `Other providers must not see it`: those assigned may; their reach already says so.
            if others && world.assigned.iter().any(|known| known == role) {
                continue;
            }
            rules.denies.push(Deny {
                changes_only: changes,
                deletes_only: deletes,
                ..Deny::of(role, target)
            });
        }
    }
    // `cannot see X except Y` would give Y: that is not a denial alone.
    clause.but_not.is_empty() && unread(clause)
}

/// Applies `only …`, `but not …` and `except …`.
pub(crate) fn narrow(
    targets: &[Target],
    clause: &Clause,
    roles: &[String],
    world: &mut World,
    rules: &mut Rules,
    memory: &Memory,
) -> bool {
    let mut understood = unread(clause);
    if clause.only_subjects {
        for target in targets {
            rules.exclusives.push(Exclusive {
                entity: target.entity.clone(),
                roles: roles.to_vec(),
                changes_only: changes_only(clause),
                fields: target.fields.clone(),
                moves_only: moves_only(clause),
            });
        }
    }
    if clause.only || clause.tails.iter().any(|tail| tail.only) {
        // `only see theirs` bounds how far they reach; `only see balances` bounds what they see.
        let subject = world.subject().map(str::to_owned);
        let people = |target: &Target| Some(&target.entity) == subject.as_ref() && target.fields.is_none();
        let reach_only = |role: &String, world: &World| {
            let clinical = world
                .roles
                .get(role)
                .is_some_and(|role| matches!(role.kind, RoleKind::Panel | RoleKind::Care));
            // `… and nothing else` bounds what they see, however far.
            !clause.closes
                && !targets.is_empty()
                && targets.iter().all(|target| {
                    // `sees only the list of patients and their access`: of those, nothing else.
                    target.fields.is_none() && (target.own || clinical && people(target))
                })
        };
        let own_people = !targets.is_empty() && targets.iter().all(|target| target.own && people(target));
        world.own_only.extend(roles.iter().filter(|_| own_people).cloned());
        let bounded: Vec<&String> = roles.iter().filter(|role| !reach_only(role, world)).collect();
        for role in bounded {
            if let Some(role) = world.roles.get_mut(role) {
                role.bounded = true;
            }
        }
    }
    for phrase in &clause.but_not {
        let mut found = resolve_denied(phrase, clause, roles, world, memory);
        if found.is_empty()
            && let Some(entity) = (1..phrase.words.len()).find_map(|at| world.entity_of(&phrase.words[..at]))
        {
            found.push(Target::whole(entity));
        }
        let excepted = world.roles_of(phrase);
        // Who sees only what was named sees nothing of what was not understood, either.
        let bounded = !targets.is_empty()
            && roles.iter().all(|role| world.roles.get(role).is_some_and(|role| role.bounded));
        if found.is_empty()
            && excepted.is_empty()
            && !bounded
            && !is_group(phrase)
            && !is_kept_nowhere(phrase, world)
        {
            understood = false;
        }
        for target in found {
            for role in roles {
                rules.denies.push(Deny {
                    itself: is_group(phrase) && !targets.is_empty(),
                    ..Deny::of(role, &target)
                });
            }
        }
        for role in excepted {
            // `everyone except the front desk sees notes`.
            for target in targets {
                rules.denies.push(Deny { changes_only: changes_only(clause), ..Deny::of(&role, target) });
            }
        }
    }
    understood
}

/// A narrowing phrase without a verb: `no access to notes for the front desk`, `no front desk`, `no names
/// anywhere`.
pub(crate) fn verbless(clause: &Clause, world: &mut World, rules: &mut Rules) -> bool {
    let access = clause.subjects.iter().any(|phrase| phrase.words.iter().any(|word| word == "access"));
    // `no health information for drivers`: kept from them, and not from everybody.
    let from: Vec<String> = clause
        .tails
        .iter()
        .filter(|tail| matches!(tail.by.as_str(), "for" | "to"))
        .flat_map(|tail| &tail.phrases)
        .flat_map(|phrase| world.roles_of(phrase))
        .collect();
    if !access && clause.not && !from.is_empty() {
        let memory = Memory::default();
        for phrase in &clause.subjects {
            let found = resolve_denied(phrase, clause, &from, world, &memory);
            for role in &from {
                if let Some(role) = world.roles.get_mut(role) {
                    role.bounded = true;
                }
                rules.denies.extend(
                    found.iter().map(|target| Deny { itself: is_group(phrase), ..Deny::of(role, target) }),
                );
            }
        }
        return true;
    }
    if !access {
        return clause.not && !clause.subjects.is_empty() && absent(clause, world, rules);
    }
    let read = |by: &str| clause.tail(by).map(|tail| tail.phrases.clone()).unwrap_or_default();
    let roles: Vec<String> =
        read("for").iter().chain(&clause.subjects).flat_map(|phrase| world.roles_of(phrase)).collect();
    let mut denied = false;
    for phrase in read("to") {
        for target in resolve_plain(&phrase, &["somebody".to_owned()], world) {
            for role in &roles {
                rules.denies.push(Deny::of(role, &target));
                denied = true;
            }
        }
    }
    denied
}

/// `no front desk`, `no names anywhere`: what there is not. A role is left out, a value is kept nowhere, and
/// what is no part of the app anyway restricts nothing.
fn absent(clause: &Clause, world: &mut World, rules: &mut Rules) -> bool {
    for phrase in &clause.subjects {
        let key = phrase_key(phrase);
        let roles = world.roles_named(&key);
        if !roles.is_empty() {
            rules.no_login.extend(roles);
            continue;
        }
        if world.entity_named(&key).is_some() {
            return false;
        }
        let fields = crate::catalogue::catalogue().field(&key).map(|(_, name)| key_of(name));
        for entity in world.entities.values_mut() {
            entity.fields.retain(|name, _| key_of(name) != key && Some(key_of(name)) != fields);
        }
        world.absent.extend(fields.into_iter().chain([key]));
    }
    true
}
