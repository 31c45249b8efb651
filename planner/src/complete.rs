//! What a prompt leaves unsaid: the defaults that a clinician would not laugh at, each listed.

use crate::{
    catalogue::{EntityKind, RoleKind},
    entities::define,
    fields::{NewField, defaults},
    words::key_of,
    world::{Role, World},
};

/// Fills the world up: an owner, a patient, fields, parts and links.
pub(crate) fn complete(world: &mut World) {
    people(world);
    subject(world);
    records(world);
    links(world);
    assignment(world);
    repeated(world);
    told_apart(world);
}

/// `participant id` of what belongs to a participant: the link to it has a column of that name, and the value another.
fn told_apart(world: &mut World) {
    let place = world.place.clone();
    let subject = world.subject().map(str::to_owned);
    for entity in world.entities.values_mut() {
        let linked: Vec<String> = entity
            .fields
            .iter()
            .filter(|(_, written)| written.starts_with("link "))
            .map(|(name, _)| name.clone())
            .chain(entity.part_of.clone())
            .chain(place.clone())
            .chain(subject.clone().filter(|_| entity.kind != EntityKind::Subject))
            .collect();
        let clashing: Vec<String> = entity
            .fields
            .keys()
            .filter(|name| {
                name.strip_suffix(" id")
                    .is_some_and(|whole| linked.iter().any(|link| key_of(link) == key_of(whole)))
            })
            .cloned()
            .collect();
        for name in clashing {
            let number = format!("{} number", name.trim_end_matches(" id"));
            let fields = std::mem::take(&mut entity.fields);
            let taken = fields.contains_key(&number);
            entity.fields = fields
                .into_iter()
                .filter(|(known, _)| !taken || *known != name)
                .map(
                    |(known, written)| {
                        if known == name { (number.clone(), written) } else { (known, written) }
                    },
                )
                .collect();
        }
    }
}

/// A record that is part of another names it already: a field of that name says the same again.
fn repeated(world: &mut World) {
    for entity in world.entities.values_mut() {
        if let Some(whole) = &entity.part_of {
            entity.fields.shift_remove(whole.as_str());
        }
    }
}

fn assumed_role(world: &mut World, name: &str, kind: RoleKind, why: &str) {
    if world.roles.contains_key(name) {
        return;
    }
    world
        .roles
        .insert(name.to_owned(), Role { kind, acts: true, open: false, assumed: true, bounded: false });
    world.assume(format!("a role `{name}`: {why}"));
}

fn people(world: &mut World) {
    let works = |kind: RoleKind| {
        matches!(kind, RoleKind::Panel | RoleKind::Care | RoleKind::Office | RoleKind::Business)
    };
    // `a symptom diary for people with long covid`: they keep it.
    let kept = world
        .entities
        .values()
        .any(|entity| entity.concept.is_some_and(|concept| concept.by == Some(RoleKind::Subject)));
    if kept && world.roles.is_empty() {
        let name = world.subject().unwrap_or("patient").to_owned();
        assumed_role(world, &name, RoleKind::Subject, "whose diary it is keeps it");
    }
    let anybody = world.roles.values().any(|role| works(role.kind));
    let open = world.roles.values().any(|role| role.open);
    if !anybody && !open {
        assumed_role(world, "clinician", RoleKind::Panel, "somebody has to care for the patients");
        let small = world.entities.values().all(|entity| entity.kind == EntityKind::Subject);
        if small && world.self_role().is_none() {
            assumed_role(
                world,
                "front desk",
                RoleKind::Office,
                "somebody registers patients and books appointments",
            );
            for name in ["appointment", "visit"] {
                if let Some(name) = define(name, world, false) {
                    if let Some(entity) = world.entities.get_mut(&name) {
                        entity.assumed = true;
                    }
                    world.assume(format!("a record `{name}`: every clinic keeps them"));
                }
            }
        }
    }
    if world.of_kind(RoleKind::Owner).is_empty() {
        assumed_role(
            world,
            "owner",
            RoleKind::Owner,
            "somebody invites people and gives roles; signs in with a second factor, and reads no clinical text",
        );
    }
}

fn subject(world: &mut World) {
    let care = world.roles.values().any(|role| {
        matches!(
            role.kind,
            RoleKind::Panel | RoleKind::Care | RoleKind::Office | RoleKind::Subject | RoleKind::Proxy
        )
    });
    if world.subject().is_some() || !care {
        return;
    }
    let name = world
        .roles
        .iter()
        .find(|(_, role)| role.kind == RoleKind::Subject)
        .map_or_else(|| "patient".to_owned(), |(name, _)| name.clone());
    if let Some(name) = define(&name, world, false) {
        world.assume(format!("a record `{name}`: the person cared for"));
    }
    let clinical = world
        .entities
        .values()
        .any(|entity| entity.kind == EntityKind::Clinical || entity.kind == EntityKind::Schedule);
    if !clinical
        && world.forms.is_empty()
        && world.roles.values().any(|role| matches!(role.kind, RoleKind::Panel | RoleKind::Care))
        && let Some(note) = define("note", world, false)
    {
        world.assume(format!("a record `{note}`: what was done for the person"));
    }
}

pub(crate) fn records(world: &mut World) {
    let subject = world.subject().map(str::to_owned);
    let names: Vec<String> = world.entities.keys().cloned().collect();
    // A Spanish plan has one word for a drug and its name.
    let spanish = world.names.is_spanish();
    for name in &names {
        let Some(entity) = world.entities.get_mut(name) else { continue };
        let mut added = Vec::new();
        let stored = entity.fields.values().filter(|written| !written.starts_with("link")).count();
        if let Some(concept) = entity.concept {
            let wanted = if stored == 0 || entity.kind == EntityKind::Subject && stored < 2 {
                &concept.fields
            } else {
                &concept.always
            };
            for field in defaults(wanted, concept) {
                if field.name == "status" && (!entity.states.is_empty() || !concept.states.is_empty()) {
                    continue;
                }
                if !entity.fields.contains_key(&field.name)
                    && !has_moment(entity, &field)
                    && !has_a_name(entity, &field)
                    && (!spanish || stored == 0 || field.name != "drug name")
                {
                    added.push(field.name.clone());
                    entity.add(field);
                }
            }
            if entity.states.is_empty() && !concept.states.is_empty() {
                entity.states.clone_from(&concept.states);
                entity.loose = true;
                added.push(format!("states {}", concept.states.join(", ")));
            }
        } else if stored == 0 {
            for field in [
                NewField { name: "date".into(), written: "clinical date, queryable".into() },
                NewField { name: "notes".into(), written: "narrative".into() },
            ] {
                added.push(field.name.clone());
                entity.add(field);
            }
        }
        if entity.states.len() > 1 {
            entity.fields.shift_remove("status");
        }
        if matches!(entity.kind, EntityKind::Clinical | EntityKind::Schedule) && entity.part_of.is_none() {
            entity.part_of = subject.clone().filter(|subject| subject != name);
        }
        if !added.is_empty() {
            world.assume(format!("fields of `{name}`: {}", added.join(", ")));
        }
    }
}

/// Whether the record already has a moment or date, so that `taken at` would be said twice.
fn has_moment(entity: &crate::world::Entity, field: &NewField) -> bool {
    matches!(field.name.as_str(), "taken at" | "date")
        && entity.fields.values().any(|written| written.contains("moment") || written.contains(" date"))
        && entity.kind == EntityKind::Clinical
}

/// Whether the record says by another word which drug it is.
fn has_a_name(entity: &crate::world::Entity, field: &NewField) -> bool {
    const NAMES: &[&str] =
        &["name", "drug", "medication", "medicine", "product", "title", "substance", "med", "peptide"];
    let named = |name: &String| {
        NAMES.iter().any(|known| {
            name == known || name.ends_with(&format!(" {known}")) || name.starts_with(&format!("{known} "))
        })
    };
    // Glasses are prescribed, too.
    let dosed = |name: &String| {
        ["dose", "frequency", "strength", "quantity", "refill", "route", "sig", "direction"]
            .iter()
            .any(|known| name.contains(known))
    };
    let some = !entity.fields.is_empty();
    field.name == "drug name" && some && (entity.fields.keys().any(named) || !entity.fields.keys().any(dosed))
}

/// An appointment is with somebody, in something.
fn links(world: &mut World) {
    let people: Vec<String> = world
        .roles
        .iter()
        .filter(|(_, role)| matches!(role.kind, RoleKind::Panel | RoleKind::Care))
        .map(|(name, _)| name.clone())
        .take(3)
        .collect();
    let things: Vec<String> = world
        .entities
        .iter()
        .filter(|(_, entity)| entity.concept.is_some_and(|concept| concept.resource))
        .map(|(name, _)| name.clone())
        .collect();
    let mut told = Vec::new();
    if let Some(subject) = world.subject().map(str::to_owned) {
        let target = format!("link {subject}");
        for (name, entity) in
            world.entities.iter_mut().filter(|(_, entity)| entity.kind == EntityKind::Business)
        {
            if !entity.fields.values().any(|written| written.starts_with(&target)) {
                entity.fields.insert(subject.clone(), target.clone());
                told.push(format!("`{name}` names its {subject}"));
            }
        }
    }
    for (name, entity) in world.entities.iter_mut().filter(|(_, entity)| entity.kind == EntityKind::Schedule)
    {
        let links_people = entity
            .fields
            .values()
            .any(|written| people.iter().any(|role| written.starts_with(&format!("link {role}"))));
        let mut added = Vec::new();
        if !links_people {
            added.extend(people.clone());
        }
        added.extend(things.iter().filter(|thing| !entity.fields.contains_key(*thing)).cloned());
        for link in &added {
            entity.fields.insert(link.clone(), format!("link {link}"));
        }
        if !added.is_empty() {
            told.push(format!("`{name}` says with whom and where: {}", added.join(", ")));
        }
    }
    for text in told {
        world.assume(text);
    }
}

fn assignment(world: &mut World) {
    let Some(subject) = world.subject().map(str::to_owned) else { return };
    let panel = world.of_kind(RoleKind::Panel);
    if !world.assigned.is_empty() {
        // Of one role it was said; the others who have patients of their own reach no further.
        for role in panel {
            if !world.assigned.contains(&role) {
                world.assume(format!("a {role} sees only the {subject} records assigned to them"));
                world.assigned.push(role);
                world.team = true;
            }
        }
        return;
    }
    if panel.is_empty() {
        return;
    }
    world.assume(format!("each {subject} is assigned to a {}, who sees only those", panel.join(" or ")));
    world.assigned = panel;
    let known = world.roles.values().filter(|role| role.kind == RoleKind::Panel).count();
    world.team |= known > 1;
}

/// A field that marks the person in lists, if the record has one.
pub(crate) fn title_of(world: &World, entity: &str) -> Vec<String> {
    let Some(known) = world.entities.get(entity) else { return Vec::new() };
    ["name", "title", "first name", "display name", "drug name", "description"]
        .iter()
        .find(|name| known.fields.contains_key(**name))
        .map(|name| {
            let both = *name == "first name" && known.fields.contains_key("last name");
            if both {
                vec!["first name".to_owned(), "last name".to_owned()]
            } else {
                vec![(*name).to_owned()]
            }
        })
        .unwrap_or_default()
}
