//! Who acts in a clause, and who is left out of it.

use super::conditions::unread;
use super::denied::resolve_denied;
use super::granting::{changes_only, moves_only};
use super::{Exclusive, Memory, Rules};
use crate::catalogue::RoleKind;
use crate::clauses::{Clause, Phrase};
use crate::words::key_of;
use crate::world::World;

/// `the screen shows numbers only`, `emails carry no details`: what the app shows or sends by itself is not
/// somebody's access.
pub(super) fn shows_itself(clause: &Clause) -> bool {
    !clause.subjects.is_empty()
        && clause.subjects.iter().all(|phrase| {
            phrase.words.last().is_some_and(|word| {
                matches!(
                    crate::words::singular(word).as_str(),
                    "screen"
                        | "email"
                        | "sms"
                        | "message"
                        | "reminder"
                        | "notification"
                        | "page"
                        | "display"
                        | "text"
                        | "app"
                        | "board"
                        | "alert"
                        | "letter"
                        | "link"
                        | "kiosk"
                        | "monitor screen"
                )
            })
        })
}

/// `nobody can delete notes`, `no one except the owner edits invoices`, `nobody sees cases of another county`.
pub(super) fn nobody(clause: &Clause, world: &mut World, rules: &mut Rules, memory: &mut Memory) -> bool {
    let place = world.place.clone();
    let elsewhere = |phrase: &Phrase| {
        phrase.other
            && place.as_ref().is_some_and(|place| key_of(place) == crate::entities::phrase_key(phrase))
    };
    if clause.objects.iter().chain(clause.tails.iter().flat_map(|tail| &tail.phrases)).any(elsewhere) {
        return true;
    }
    // `nobody can delete a prescription`: those who write it go on to.
    let deletes =
        !clause.verbs.is_empty() && clause.verbs.iter().all(|(verb, _)| *verb == crate::words::Verb::Delete);
    if deletes && !clause.passive && clause.but_not.is_empty() && !clause.objects.is_empty() {
        let targets: Vec<super::targets::Target> = clause
            .objects
            .iter()
            .flat_map(|phrase| resolve_denied(phrase, clause, &["somebody".to_owned()], world, memory))
            .collect();
        rules.frozen.extend(targets.iter().map(|target| (target.entity.clone(), vec!["delete"])));
        if !targets.is_empty() {
            return true;
        }
    }
    // `no one should see other nurses' clients`: each sees their own.
    let theirs: Vec<&Phrase> =
        clause.objects.iter().filter(|phrase| phrase.other && !phrase.of.is_empty()).collect();
    if !theirs.is_empty() && theirs.len() == clause.objects.len() {
        for phrase in theirs {
            let of = Phrase { words: phrase.of.clone(), ..Phrase::default() };
            let Some(entity) = world.entity_of(&phrase.words) else { continue };
            for role in world.roles_of(&of) {
                super::granting::own_patients(&role, &entity, world);
            }
        }
        return true;
    }
    // `nobody at the front desk may see why a client comes`: those who work there.
    let there: Vec<&Phrase> = clause
        .tails
        .iter()
        .filter(|tail| matches!(tail.by.as_str(), "at" | "in" | "on" | "from"))
        .flat_map(|tail| &tail.phrases)
        .filter(|phrase| {
            let key = crate::entities::phrase_key(phrase);
            crate::catalogue::catalogue().role(&key).is_some_and(|(kind, _)| {
                matches!(kind, RoleKind::Office | RoleKind::Business | RoleKind::Care)
            })
        })
        .collect();
    if !there.is_empty() && clause.but_not.is_empty() {
        let roles: Vec<String> = there.iter().flat_map(|phrase| world.roles_of(phrase)).collect();
        let named = clause.objects.iter().chain(clause.subjects.iter().filter(|_| clause.passive));
        let targets: Vec<super::targets::Target> = named
            .flat_map(|phrase| resolve_denied(phrase, clause, &["somebody".to_owned()], world, memory))
            .collect();
        for role in &roles {
            if let Some(role) = world.roles.get_mut(role) {
                role.bounded = true;
            }
            let changes = changes_only(clause);
            rules.denies.extend(
                targets
                    .iter()
                    .map(|target| super::Deny { changes_only: changes, ..super::Deny::of(role, target) }),
            );
        }
        return unread(clause);
    }
    let mut excepted: Vec<String> = clause.but_not.iter().flat_map(|phrase| world.roles_of(phrase)).collect();
    let outside: Vec<&Phrase> =
        clause.tails.iter().filter(|tail| tail.by == "outside").flat_map(|tail| &tail.phrases).collect();
    // `nobody outside the practice gets in`: who is not invited has no login.
    let ours = |phrase: &&Phrase| {
        matches!(
            crate::entities::phrase_key(phrase).as_str(),
            "practice"
                | "clinic"
                | "organisation"
                | "organization"
                | "company"
                | "hospital"
                | "center"
                | "centre"
                | "agency"
                | "program"
                | "programme"
                | "school"
                | "app"
                | "office"
                | "group"
                | "ward"
                | "unit"
                | "department"
                | "facility"
                | "building"
                | "house"
                | "home"
                | "institution"
                | "floor"
        )
    };
    if !outside.is_empty() && outside.iter().all(ours) {
        return true;
    }
    for phrase in &outside {
        match crate::entities::phrase_key(phrase).as_str() {
            "team" | "care team" => excepted.extend(team(world)),
            _ => excepted.extend(world.roles_of(phrase)),
        }
    }
    // `no one at our company may read an entry`: those who work there, and not those whose entries they are.
    let of_us = clause.tails.iter().any(|tail| {
        matches!(tail.by.as_str(), "at" | "in" | "on" | "from")
            && tail.phrases.iter().any(|phrase| {
                phrase.words.last().is_some_and(|word| {
                    matches!(
                        word.as_str(),
                        "company"
                            | "team"
                            | "staff"
                            | "organisation"
                            | "organization"
                            | "office"
                            | "business"
                            | "side"
                    )
                })
            })
    });
    if of_us {
        excepted.extend(world.of_kind(RoleKind::Subject));
        excepted.extend(world.roles.iter().filter(|(_, role)| role.open).map(|(name, _)| name.clone()));
    }
    // `thoughts that nobody else may see`: but whoever writes them.
    if clause.others {
        excepted.extend(memory.subjects.iter().cloned());
        if excepted.is_empty() {
            excepted.extend(world.narrator.clone());
        }
    }
    if !outside.is_empty() && excepted.is_empty() {
        return false;
    }
    let mut targets = Vec::new();
    for phrase in clause.objects.iter().chain(clause.subjects.iter().filter(|_| clause.passive)) {
        let found = resolve_denied(phrase, clause, &["somebody".to_owned()], world, memory);
        if found.is_empty() {
            return false;
        }
        targets.extend(found);
    }
    if targets.is_empty() || !clause.but_not.is_empty() && excepted.is_empty() {
        return false;
    }
    for target in targets {
        rules.exclusives.push(Exclusive {
            entity: target.entity,
            roles: excepted.clone(),
            changes_only: changes_only(clause),
            fields: target.fields,
            moves_only: moves_only(clause),
        });
    }
    unread(clause)
}

/// The roles that act in a clause; `they` are those of the clause before, `the others` everybody else.
pub(super) fn subjects(clause: &Clause, world: &World, memory: &Memory) -> Vec<String> {
    let staff = |kind: RoleKind| !matches!(kind, RoleKind::Subject | RoleKind::Proxy | RoleKind::Support);
    let mut out = Vec::new();
    for phrase in &clause.subjects {
        let words: Vec<&str> = phrase.words.iter().map(String::as_str).collect();
        let of_team = clause.tails.iter().any(|tail| tail.words.iter().any(|word| word == "team"));
        let found = match words.as_slice() {
            // `monitoring for pregnant women: they log glucose`: nobody else was spoken of.
            ["they"] if memory.subjects.is_empty() => {
                world.self_role().map(str::to_owned).into_iter().collect()
            }
            ["they" | "he" | "she" | "who"] => memory.subjects.clone(),
            // `The warehouse packs orders. It sees …`.
            ["it"] if memory.subjects.len() == 1 && clause.does(crate::words::Verb::View) => {
                memory.subjects.clone()
            }
            [] if phrase.other => world
                .roles
                .iter()
                .filter(|(name, role)| staff(role.kind) && !memory.subjects.contains(name))
                .map(|(name, _)| name.clone())
                .collect(),
            ["team"] | ["care", "team"] => team(world),
            // `all team members`, `the clinical staff`: those who treat.
            ["team", "members"]
            | ["team", "member"]
            | ["clinicians"]
            | ["clinical", "staff"]
            | ["care", "staff"]
                if world.roles_of(phrase).is_empty() =>
            {
                team(world)
            }
            ["everyone" | "everybody"] if of_team => team(world),
            ["everyone" | "everybody"] => {
                let open = world.roles_of(phrase);
                if open.is_empty() {
                    world
                        .roles
                        .iter()
                        .filter(|(_, role)| staff(role.kind) && !role.assumed)
                        .map(|(name, _)| name.clone())
                        .collect()
                } else {
                    open
                }
            }
            _ => world.roles_of(phrase),
        };
        for role in found {
            let excepted = clause.but_not.iter().any(|phrase| world.roles_of(phrase).contains(&role));
            if !out.contains(&role) && !excepted {
                out.push(role);
            }
        }
    }
    out
}

/// The people around a patient: those assigned, else the clinicians.
pub(super) fn team(world: &World) -> Vec<String> {
    if !world.assigned.is_empty() {
        return world.assigned.clone();
    }
    let mut out = world.of_kind(RoleKind::Panel);
    out.extend(world.of_kind(RoleKind::Care));
    out
}
