//! `only`, `not`, `but not`, `except`: what a clause takes away.

use super::active::changes_only;
use super::conditions::unread;
use super::targets::{Target, resolve, resolve_plain};
use super::{Deny, Exclusive, Memory, Rules};
use crate::catalogue::RoleKind;
use crate::clauses::Clause;
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
    for target in targets {
        for role in roles {
            // `Other providers must not see it`: those assigned may; their reach already says so.
            if others && world.assigned.iter().any(|known| known == role) {
                continue;
            }
            rules.denies.push(Deny {
                role: role.clone(),
                entity: target.entity.clone(),
                fields: target.fields.clone(),
                changes_only: changes,
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
            !targets.is_empty() && targets.iter().all(|target| target.own || clinical && people(target))
        };
        let bounded: Vec<&String> = roles.iter().filter(|role| !reach_only(role, world)).collect();
        for role in bounded {
            if let Some(role) = world.roles.get_mut(role) {
                role.bounded = true;
            }
        }
    }
    for phrase in &clause.but_not {
        let mut found = resolve(phrase, clause, roles, world, memory);
        if found.is_empty()
            && let Some(entity) = (1..phrase.words.len()).find_map(|at| world.entity_of(&phrase.words[..at]))
        {
            found.push(Target::whole(entity));
        }
        let excepted = world.roles_of(phrase);
        if found.is_empty() && excepted.is_empty() {
            understood = false;
        }
        for target in found {
            for role in roles {
                rules.denies.push(Deny {
                    role: role.clone(),
                    entity: target.entity.clone(),
                    fields: target.fields.clone(),
                    changes_only: false,
                });
            }
        }
        for role in excepted {
            // `everyone except the front desk sees notes`.
            for target in targets {
                rules.denies.push(Deny {
                    role: role.clone(),
                    entity: target.entity.clone(),
                    fields: target.fields.clone(),
                    changes_only: changes_only(clause),
                });
            }
        }
    }
    understood
}

/// A narrowing phrase without a verb: `no access to notes for the front desk`.
pub(crate) fn verbless(clause: &Clause, world: &World, rules: &mut Rules) -> bool {
    let access = clause.subjects.iter().any(|phrase| phrase.words.iter().any(|word| word == "access"));
    if !access {
        return false;
    }
    let read = |by: &str| clause.tail(by).map(|tail| tail.phrases.clone()).unwrap_or_default();
    let roles: Vec<String> =
        read("for").iter().chain(&clause.subjects).flat_map(|phrase| world.roles_of(phrase)).collect();
    let mut denied = false;
    for phrase in read("to") {
        for target in resolve_plain(&phrase, &["somebody".to_owned()], world) {
            for role in &roles {
                rules.denies.push(Deny {
                    role: role.clone(),
                    entity: target.entity.clone(),
                    fields: target.fields.clone(),
                    changes_only: false,
                });
                denied = true;
            }
        }
    }
    denied
}
