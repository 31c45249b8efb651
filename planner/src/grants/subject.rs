//! Who sees, registers and assigns the person cared for.

use super::{barred, identity_fields, push, said};
use crate::access::{Allow, Reach, Rules};
use crate::catalogue::RoleKind;
use crate::world::World;
use std::collections::BTreeSet;

/// `A patient record may be seen only by …, the owner`: a record with all its parts.
pub(crate) fn whole_record(
    world: &World,
    rules: &Rules,
    subject: &str,
    tree: &[String],
    all: &mut Vec<Allow>,
) {
    for only in rules
        .exclusives
        .iter()
        .filter(|only| only.entity == subject && only.fields.is_none() && !only.changes_only)
    {
        for role in only
            .roles
            .iter()
            .filter(|role| world.roles.get(*role).is_some_and(|role| role.kind == RoleKind::Owner))
        {
            for part in tree.iter().filter(|part| *part != subject) {
                if !barred(world, rules, role, part) {
                    push(all, role, part, &["view"]);
                }
            }
        }
    }
}

/// Who sees, registers and assigns the person cared for.
pub(crate) fn subject_grants(
    world: &mut World,
    rules: &Rules,
    subject: &str,
    tree: &[String],
    all: &mut Vec<Allow>,
) {
    let roles: Vec<(String, RoleKind, bool)> =
        world.roles.iter().map(|(name, role)| (name.clone(), role.kind, role.acts)).collect();
    let bounded = |role: &str, kind: RoleKind| {
        kind != RoleKind::Subject && world.roles.get(role).is_some_and(|role| role.bounded)
    };
    let identity = identity_fields(world, subject);
    let form_reader = |role: &str| {
        world.forms.values().any(|form| form.read_by.iter().chain(&form.filled_by).any(|known| known == role))
    };
    for (role, kind, acts) in &roles {
        if barred(world, rules, role, subject) {
            continue;
        }
        let on_tree: Vec<Allow> =
            all.iter().filter(|allow| allow.role == *role && tree.contains(&allow.entity)).cloned().collect();
        let whole = said(all, role, subject).any(|allow| allow.verb == "view" && allow.fields.is_none());
        let named = said(all, role, subject).any(|allow| allow.verb == "view" && allow.fields.is_some());
        let told = whole || bounded(role, *kind) || named && *kind == RoleKind::Business;
        // `research assistants read depth and area`: who sees some values of what is kept sees no more of whom it is about.
        let values_only =
            !on_tree.is_empty() && on_tree.iter().all(|allow| allow.verb == "view" && allow.fields.is_some());
        // Who has orders to do sees those, and not everybody whom an order could be for.
        let to_do = world.entities.values().any(|entity| entity.assigned_to.contains(role));
        let values_only = values_only || to_do && !world.assigned.contains(role);
        match kind {
            RoleKind::Subject if *acts => push(all, role, subject, &["view"]),
            // `nurses see patient names and phone numbers`: those they see, and no more of the person.
            RoleKind::Panel | RoleKind::Care
                if !whole
                    && !bounded(role, *kind)
                    && !values_only
                    && !only_named(&identity, &all_of(all, role, subject)) =>
            {
                push(all, role, subject, &["view"])
            }
            // Who works for no patient in particular, and writes about one, knows whom by name.
            RoleKind::Business if !told && on_tree.iter().any(|allow| allow.verb == "create") => {
                let named = identity.iter().filter(|field| field.contains("name")).cloned().collect();
                all.push(Allow {
                    role: role.clone(),
                    entity: subject.to_owned(),
                    verb: "view",
                    fields: Some(named),
                    reach: Reach::Unsaid,
                    when: Vec::new(),
                });
            }
            RoleKind::Office | RoleKind::Owner
                if !told
                    && !world.bills(role)
                    && (!on_tree.is_empty() || *kind == RoleKind::Office || form_reader(role)) =>
            {
                let reach = on_tree
                    .iter()
                    .map(|allow| allow.reach)
                    .find(|reach| *reach == Reach::Place)
                    .unwrap_or(Reach::Unsaid);
                all.push(Allow {
                    role: role.clone(),
                    entity: subject.to_owned(),
                    verb: "view",
                    fields: Some(identity.clone()),
                    reach,
                    when: Vec::new(),
                });
            }
            _ => {}
        }
    }
    registrars(world, rules, subject, &identity, all);
}

/// What a role was said to see of a record.
fn all_of(all: &[Allow], role: &str, entity: &str) -> Vec<Allow> {
    said(all, role, entity).filter(|allow| allow.verb == "view").cloned().collect()
}

/// Whether these grants name whom it is about, by fields that an office knows, and nothing else of them.
fn only_named(identity: &[String], sees: &[Allow]) -> bool {
    let fields = || sees.iter().flat_map(|allow| allow.fields.iter().flatten());
    fields().any(|field| field.contains("name")) && fields().all(|field| identity.contains(field))
}

/// The identifiers that any office asks for; a door code is for whoever is said to need it.
fn common(identity: &[String]) -> Vec<String> {
    identity
        .iter()
        .filter(|field| {
            field.contains("name")
                || matches!(field.as_str(), "date of birth" | "phone" | "email" | "address" | "sex")
        })
        .cloned()
        .collect()
}

fn registrars(world: &mut World, rules: &Rules, subject: &str, identity: &[String], all: &mut Vec<Allow>) {
    // Who signs up registers alone.
    if let Some(own) = world
        .self_role()
        .filter(|role| world.roles.get(*role).is_some_and(|role| role.open))
        .map(str::to_owned)
    {
        push(all, &own, subject, &["view", "update"]);
        return;
    }
    let sees_names = |all: &[Allow], world: &World, role: &str| {
        !world.assigned.iter().any(|known| known == role)
            && !rules.reference_only.iter().any(|known| known == role)
            && said(all, role, subject).any(|allow| allow.verb == "view" && allow.reach != Reach::Own)
    };
    let already: Vec<String> = world
        .roles
        .iter()
        .filter(|(name, role)| {
            role.kind != RoleKind::Subject
                && !barred(world, rules, name, subject)
                && said(all, name, subject).any(|allow| allow.verb == "create")
        })
        .map(|(name, _)| name.clone())
        .collect();
    let mut chosen = already.clone();
    // Who wrote the prompt and cares for the patients registers them.
    if chosen.is_empty()
        && let Some(own) = world.narrator.clone()
        && !barred(world, rules, &own, subject)
        && said(all, &own, subject).any(|allow| allow.verb == "view")
    {
        chosen.push(own);
    }
    for kind in [RoleKind::Office, RoleKind::Owner] {
        if !chosen.is_empty() {
            break;
        }
        chosen = world
            .of_kind(kind)
            .into_iter()
            .filter(|role| {
                let bounded = world.roles.get(role).is_some_and(|known| known.bounded);
                !bounded
                    && !world.bills(role)
                    && !barred(world, rules, role, subject)
                    && sees_names(all, world, role)
            })
            .collect();
    }
    if chosen.is_empty() {
        chosen = world
            .of_kind(RoleKind::Owner)
            .into_iter()
            .filter(|role| {
                let bounded = world.roles.get(role).is_some_and(|known| known.bounded);
                !bounded && !barred(world, rules, role, subject)
            })
            .take(1)
            .collect();
        // `nobody else gets in`: then those who are in register people.
        if chosen.is_empty() {
            let mut working = world.of_kind(RoleKind::Care);
            working.extend(world.of_kind(RoleKind::Panel));
            chosen = working
                .into_iter()
                .filter(|role| {
                    !barred(world, rules, role, subject)
                        && all.iter().any(|allow| allow.role == *role && allow.verb == "create")
                })
                .take(1)
                .collect();
        }
        for role in &chosen {
            all.push(Allow {
                role: role.clone(),
                entity: subject.to_owned(),
                verb: "view",
                fields: Some(common(identity)),
                reach: Reach::Unsaid,
                when: Vec::new(),
            });
        }
    }
    if already.is_empty() && !chosen.is_empty() {
        world.assume(format!("a new {subject} is registered by: {}", chosen.join(", ")));
    }
    for role in &chosen {
        let mask: Option<Vec<String>> = Some(
            said(all, role, subject)
                .filter(|allow| allow.verb == "view")
                .filter_map(|allow| allow.fields.clone())
                .flatten()
                .collect(),
        );
        let whole = said(all, role, subject).any(|allow| allow.verb == "view" && allow.fields.is_none());
        // A value that somebody else sets is not theirs to change.
        let set_by_others: BTreeSet<String> = all
            .iter()
            .filter(|allow| allow.entity == subject && allow.verb == "update" && allow.role != *role)
            .filter_map(|allow| allow.fields.clone())
            .flatten()
            .collect();
        let fields = if whole { None } else { mask };
        let fields = match (fields, set_by_others.is_empty()) {
            (fields, true) => fields,
            (fields, false) => {
                let every = world
                    .entities
                    .get(subject)
                    .map(|entity| entity.fields.keys().cloned().collect())
                    .unwrap_or_default();
                Some(
                    fields
                        .unwrap_or(every)
                        .into_iter()
                        .filter(|field| !set_by_others.contains(field))
                        .collect(),
                )
            }
        };
        // Who runs the place registers people; those who treat them keep the record right.
        let runs = world.roles.get(role).is_some_and(|role| role.kind == RoleKind::Owner);
        let treated = runs
            && already.is_empty()
            && all.iter().any(|allow| {
                allow.entity == subject
                    && allow.verb == "view"
                    && world
                        .roles
                        .get(&allow.role)
                        .is_some_and(|role| matches!(role.kind, RoleKind::Panel | RoleKind::Care))
            });
        let verbs: &[&'static str] = if treated { &["create"] } else { &["create", "update"] };
        for verb in verbs {
            all.push(Allow {
                role: role.clone(),
                entity: subject.to_owned(),
                verb,
                fields: fields.clone(),
                reach: Reach::Unsaid,
                when: Vec::new(),
            });
        }
    }
    if world.assigners.is_empty() {
        world.assigners = chosen;
    }
    world.assigners.retain(|role| !barred_name(rules, role));
}

fn barred_name(rules: &Rules, role: &str) -> bool {
    rules.reference_only.iter().any(|known| known == role)
}
