//! From what was said and what is assumed to the grants of the spec.
//!
//! Said first, then defaults for what nobody could do otherwise, then every denial and every *only*: what
//! narrows has the last word.

mod files;
mod forms;
mod narrowing;
mod permissions;
mod subject;
mod unsaid;
mod writers;
mod written;

use crate::access::{Allow, Reach, Rules};
use crate::catalogue::{EntityKind, RoleKind};
use crate::world::World;
use forms::form_readers;
use indexmap::IndexMap;
pub(crate) use narrowing::identifying;
use narrowing::narrow;
pub(crate) use permissions::{Permission, permissions};
use subject::{subject_grants, whole_record};
use unsaid::{Unsaid, bystanders, correctors, unsaid_record, unsaid_writer};
use written::clauses;

/// Role → clauses, for each entity, as the spec writes them.
pub(crate) type Grants = IndexMap<String, IndexMap<String, String>>;

/// The grants of every record, and who reads each form.
pub(crate) fn grants(world: &mut World, rules: &Rules) -> Grants {
    let mut all = rules.allows.clone();
    // Who may do something comes in to do it.
    for allow in &all {
        if let Some(role) = world.roles.get_mut(&allow.role) {
            role.acts = true;
        }
    }
    form_readers(world, rules);
    stay_with_their_own(&mut all);
    for (role, name) in &rules.dispatchers {
        if let Some(entity) = world.entities.get_mut(name)
            && !entity.assigned_by.contains(role)
        {
            entity.assigned_by.push(role.clone());
        }
    }
    all.retain(|allow| {
        world.entities.contains_key(&allow.entity)
            && !rules.no_login.contains(&allow.role)
            && !rules.by_permission.contains(&allow.role)
    });
    assume(world, rules, &mut all);
    all.retain(|allow| !rules.no_login.contains(&allow.role));
    narrow(world, rules, &mut all);
    files::put_by_writers(world, rules, &mut all);
    // Nobody assigns whom they may not see.
    if let Some(subject) = world.subject().map(str::to_owned) {
        let sees = |role: &String| said(&all, role, &subject).any(|allow| allow.verb == "view");
        world.assigners.retain(sees);
    }
    let mut out = Grants::new();
    for entity in world.entities.keys() {
        let mut roles = IndexMap::new();
        for role in world.roles.keys() {
            let clause = clauses(world, rules, &all, role, entity);
            if !clause.is_empty() {
                roles.insert(role.clone(), clause);
            }
        }
        out.insert(entity.clone(), roles);
    }
    // Who may not see it cannot sign it.
    for (name, entity) in &mut world.entities {
        let sees = |role: &String| {
            out.get(name).and_then(|roles| roles.get(role)).is_some_and(|clause| clause.contains("view"))
        };
        entity.signed_by.retain(sees);
    }
    out
}

/// `Drivers see the orders assigned to them and mark them delivered`: what is said of the same record without a reach
/// goes no further than what was said with one.
fn stay_with_their_own(all: &mut [Allow]) {
    let own: Vec<(String, String)> = all
        .iter()
        .filter(|allow| allow.reach == Reach::Own)
        .map(|allow| (allow.role.clone(), allow.entity.clone()))
        .collect();
    for allow in all.iter_mut().filter(|allow| allow.reach == Reach::Unsaid) {
        if own.iter().any(|(role, entity)| *role == allow.role && *entity == allow.entity) {
            allow.reach = Reach::Own;
        }
    }
}

/// The scope of a grant as the spec writes it; `None` where ignorance narrows to nothing.
pub(crate) fn scope(world: &World, allow: &Allow) -> Option<String> {
    let role = world.roles.get(&allow.role)?;
    // What nobody is in belongs to the whole organisation.
    let thing = world.entities.get(&allow.entity).is_some_and(|entity| entity.kind == EntityKind::Thing);
    let place = world.place.clone().filter(|_| !thing).unwrap_or_else(|| "organisation".into());
    let of_subject = world.subject().is_some_and(|subject| world.parts(subject).contains(&allow.entity));
    let assigned = of_subject && world.assigned.contains(&allow.role);
    Some(match role.kind {
        RoleKind::Subject if of_subject => "own".into(),
        RoleKind::Subject => {
            return (world.entities.get(&allow.entity)?.kind == EntityKind::Thing)
                .then(|| "in organisation".into());
        }
        // Who acts for a patient does so by that patient's permission (construct 9).
        RoleKind::Proxy => return None,
        _ if world.authors.contains(&(allow.role.clone(), allow.entity.clone())) => "own".into(),
        _ if allow.reach == Reach::Own && assigned => "assigned".into(),
        _ if allow.reach == Reach::Own
            && !of_subject
            && world
                .entities
                .get(&allow.entity)
                .is_some_and(|known| known.assigned_to.contains(&allow.role)) =>
        {
            "assigned".into()
        }
        _ if allow.reach == Reach::Own => "own".into(),
        _ if role.open => "own".into(),
        _ if allow.reach == Reach::Place && assigned && world.own_only.contains(&allow.role) => {
            "assigned".into()
        }
        RoleKind::Support => "in organisation".into(),
        _ if allow.reach == Reach::Place => format!("in {place}"),
        // Clinical records of nobody in particular are their writers' own.
        _ if world.subject().is_none() && world.entities.get(&allow.entity)?.kind == EntityKind::Clinical => {
            "own".into()
        }
        _ if assigned => "assigned".into(),
        _ => format!("in {place}"),
    })
}

pub(crate) fn said<'r>(all: &'r [Allow], role: &str, entity: &str) -> impl Iterator<Item = &'r Allow> {
    let (role, entity) = (role.to_owned(), entity.to_owned());
    all.iter().filter(move |allow| allow.role == role && allow.entity == entity)
}

pub(crate) fn push(all: &mut Vec<Allow>, role: &str, entity: &str, verbs: &[&'static str]) {
    for verb in verbs {
        let allow = Allow {
            role: role.to_owned(),
            entity: entity.to_owned(),
            verb,
            fields: None,
            reach: Reach::Unsaid,
            when: Vec::new(),
        };
        if !said(all, role, entity)
            .any(|known| known.verb == *verb && known.fields.is_none() && known.when.is_empty())
        {
            all.push(allow);
        }
    }
}

/// Whether a denial or an *only* keeps this role from this record as a whole.
pub(crate) fn barred(world: &World, rules: &Rules, role: &str, entity: &str) -> bool {
    let within = |whole: &str| world.parts(whole).iter().any(|part| part == entity);
    rules.denies.iter().any(|deny| {
        deny.role == role
            && deny.fields.is_none()
            && !deny.changes_only
            && !deny.deletes_only
            && (within(&deny.entity) && !deny.itself || deny.entity == entity)
    }) || rules.exclusives.iter().any(|only| {
        only.fields.is_none()
            && !only.changes_only
            && !only.roles.iter().any(|known| known == role)
            && within(&only.entity)
    })
}

/// Whether a record is known by a name that no catalogue has, and by nothing else.
fn named_and_no_more(world: &World, entity: &str) -> bool {
    world.entities.get(entity).is_some_and(|known| {
        known.concept.is_none()
            && known.kind == EntityKind::Clinical
            && known.fields.keys().all(|field| matches!(field.as_str(), "date" | "notes" | "status"))
    })
}

/// Whether a record holds a value of a kind that is denied to a role elsewhere: who may not know the drug gets no
/// record with a drug in it unasked.
fn tells_what_is_denied(world: &World, rules: &Rules, role: &str, entity: &str) -> bool {
    let Some(known) = world.entities.get(entity) else { return false };
    rules.denies.iter().filter(|deny| deny.role == role && !deny.changes_only && !deny.deletes_only).any(
        |deny| {
            deny.fields.iter().flatten().any(|denied| {
                let denied = crate::words::key_of(denied);
                denied != "name"
                    && known.fields.keys().any(|field| {
                        let field = crate::words::key_of(field);
                        field == denied || field.split(' ').any(|word| word == denied)
                    })
            })
        },
    )
}

/// The fields by which an office knows a person: identifiers and money, nothing clinical.
pub(crate) fn identity_fields(world: &World, subject: &str) -> Vec<String> {
    world
        .entities
        .get(subject)
        .map(|entity| {
            entity
                .fields
                .iter()
                .filter(|(name, written)| {
                    written.starts_with("identifier") || written.contains("money") || *name == "sex"
                })
                .map(|(name, _)| name.clone())
                .collect()
        })
        .unwrap_or_default()
}

/// `Caregivers see clients assigned to them`: of those they see what is kept, unless it was said otherwise of a record.
fn own_patients_whole(world: &mut World, rules: &Rules, tree: &[String], all: &mut Vec<Allow>) {
    let Some(subject) = world.subject().map(str::to_owned) else { return };
    let roles: Vec<String> = world
        .roles
        .iter()
        .filter(|(name, role)| {
            matches!(role.kind, RoleKind::Panel | RoleKind::Care)
                && !role.bounded
                && rules.allows.iter().any(|allow| {
                    allow.role == **name
                        && allow.entity == subject
                        && allow.verb == "view"
                        && allow.fields.is_none()
                        && allow.reach == Reach::Own
                })
        })
        .map(|(name, _)| name.clone())
        .collect();
    for role in roles {
        for part in tree.iter().filter(|part| **part != subject) {
            let clinical = world.entities.get(part).is_some_and(|entity| entity.kind == EntityKind::Clinical);
            if clinical && said(all, &role, part).next().is_none() && !barred(world, rules, &role, part) {
                push(all, &role, part, &["view"]);
                world.assume(format!("a {role} reads `{part}` of their own {subject}s"));
            }
        }
    }
}

fn assume(world: &mut World, rules: &Rules, all: &mut Vec<Allow>) {
    let subject = world.subject().map(str::to_owned);
    let tree = subject.as_deref().map(|subject| world.parts(subject)).unwrap_or_default();
    let names: Vec<String> = world.entities.keys().cloned().collect();
    let spoken: Vec<String> = all.iter().map(|allow| allow.role.clone()).collect();
    for entity in &names {
        let Some(known) = world.entities.get(entity) else { continue };
        if known.kind == EntityKind::Subject {
            continue;
        }
        let kind = known.kind;
        let by_self = known.concept.is_some_and(|concept| concept.by == Some(RoleKind::Subject))
            || ["check in", "diary", "journal", "self report", "questionnaire", "complaint", "concern", "problem report"]
                .iter()
                .any(|word| entity.ends_with(word))
            // `patients report problems`, and nobody else was said to write one.
            || matches!(entity.as_str(), "problem" | "question" | "symptom report") && world.self_role().is_some();
        let candidates: Vec<(String, RoleKind, bool)> = world
            .roles
            .iter()
            .filter(|(name, _)| {
                !barred(world, rules, name, entity) && !tells_what_is_denied(world, rules, name, entity)
            })
            .filter(|_| !rules.reserved.contains(entity))
            .map(|(name, role)| (name.clone(), role.kind, role.bounded))
            .collect();
        let theirs = rules.exclusives.iter().any(|only| only.entity == *entity && only.fields.is_none());
        let record = Unsaid { entity, kind, by_self, theirs, said: &rules.allows };
        let nothing_said = !all.iter().any(|allow| allow.entity == *entity);
        // Said to be written by somebody who cannot be let in yet: nobody takes their place.
        let claimed = rules.allows.iter().any(|allow| {
            allow.entity == *entity
                && allow.verb == "create"
                && world.roles.get(&allow.role).is_some_and(|role| role.kind == RoleKind::Proxy)
        });
        if claimed
            && !all.iter().any(|allow| {
                allow.entity == *entity
                    && allow.verb == "create"
                    && world.roles.get(&allow.role).is_some_and(|role| role.kind != RoleKind::Proxy)
            })
        {
            // Read, as was said, and written once their permission can be given.
        } else if nothing_said && named_and_no_more(world, entity) {
            world.assume(format!("nobody was said to work with `{entity}`, so nobody does"));
        } else if nothing_said {
            unsaid_record(world, &record, &candidates, all);
        } else if !all.iter().any(|allow| allow.entity == *entity && allow.verb == "create") {
            unsaid_writer(world, &record, &candidates, all);
        }
        bystanders(world, entity, kind, &tree, &candidates, &spoken, all);
    }
    own_patients_whole(world, rules, &tree, all);
    correctors(world, all);
    if let Some(subject) = &subject {
        whole_record(world, rules, subject, &tree, all);
        subject_grants(world, rules, subject, &tree, all);
    }
}
