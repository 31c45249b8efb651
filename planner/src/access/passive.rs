//! `may be seen only by …`, `is assigned to …`.

use super::active::{changes_only, own_patients, spec_verbs};
use super::targets::resolve;
use super::{Allow, Deny, Exclusive, Memory, Reach, Rules};
use crate::catalogue::RoleKind;
use crate::clauses::{Clause, Tail};
use crate::words::Verb;
use crate::world::World;

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
    for role in to {
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
    let named: usize = agents.iter().map(|(tail, _)| tail.phrases.len()).sum();
    let roles: Vec<String> = agents.iter().flat_map(|(_, roles)| roles.clone()).collect();
    let mut targets = Vec::new();
    for phrase in &clause.subjects {
        let found = resolve(phrase, clause, &["somebody".to_owned()], world, memory);
        targets.extend(found);
    }
    if targets.is_empty() || roles.is_empty() {
        return false;
    }
    memory.entities = targets.iter().map(|target| target.entity.clone()).collect();
    let hides = clause.verbs.iter().any(|(_, word)| matches!(word.as_str(), "hidden"));
    if clause.not || hides {
        for target in &targets {
            for role in &roles {
                rules.denies.push(Deny {
                    role: role.clone(),
                    entity: target.entity.clone(),
                    fields: target.fields.clone(),
                    changes_only: changes_only(clause),
                });
            }
        }
        return !roles.is_empty();
    }
    let only = clause.only
        || clause.only_subjects
        || clause.tails.iter().any(|tail| tail.only)
        || clause.verbs.iter().any(|(_, word)| matches!(word.as_str(), "restricted" | "limited"));
    let mut verbs = spec_verbs(clause);
    if verbs.is_empty() && only {
        verbs.push("view");
    }
    let mut kept = Vec::new();
    for (tail, _) in &agents {
        for phrase in &tail.phrases {
            let own =
                phrase.modifiers.iter().any(|word| matches!(word.as_str(), "assigned" | "own")) || phrase.own;
            for role in world.roles_of(phrase) {
                let support = world
                    .roles
                    .get(&role)
                    .is_some_and(|role| matches!(role.kind, RoleKind::Support | RoleKind::Proxy));
                let conditional = clause
                    .tails
                    .iter()
                    .any(|tail| matches!(tail.by.as_str(), "when" | "if" | "with" | "until"));
                if support && conditional {
                    rules.conditional.push((
                        format!(
                            "{role} may see it {}",
                            clause
                                .tails
                                .iter()
                                .filter(|tail| tail.by != "by")
                                .map(|tail| tail.words.join(" "))
                                .collect::<Vec<_>>()
                                .join(" ")
                        ),
                        9,
                    ));
                    continue;
                }
                kept.push(role.clone());
                if own {
                    for target in &targets {
                        own_patients(&role, &target.entity, world);
                    }
                }
                let owner = world.roles.get(&role).is_some_and(|role| role.kind == RoleKind::Owner);
                for target in &targets {
                    for verb in &verbs {
                        rules.allows.push(Allow {
                            role: role.clone(),
                            entity: target.entity.clone(),
                            verb,
                            fields: target.fields.clone(),
                            reach: if own {
                                Reach::Own
                            } else if owner {
                                Reach::Place
                            } else {
                                Reach::Unsaid
                            },
                            when: Vec::new(),
                        });
                    }
                }
            }
        }
    }
    if only {
        for target in &targets {
            rules.exclusives.push(Exclusive {
                entity: target.entity.clone(),
                roles: kept.clone(),
                changes_only: changes_only(clause),
                fields: target.fields.clone(),
            });
        }
    }
    // Somebody named whom nobody knows: the restriction is not whole.
    clause.narrowing == 0 || named > 0 && !kept.is_empty()
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
