//! What an existing spec says, as the grammar's world.

use crate::catalogue::{EntityKind, RoleKind, catalogue};
use crate::roles::kind_of;
use crate::words::key_of;
use crate::world::{Entity, Form, Role, World};
use spec::document::{Language, SignUp};
use spec::{AppSpec, Class, Kind};

/// Whether an app's names are Spanish.
pub(crate) fn is_spanish(spec: &AppSpec) -> bool {
    spec.language == Language::Spanish
}

/// The world that a spec describes.
pub(crate) fn of(spec: &AppSpec) -> World {
    let mut world = World { title: spec.app.clone(), about: spec.about.clone(), ..World::default() };
    world.place = spec.places.keys().last().map(ToString::to_string);
    for (name, role) in &spec.roles {
        let kind = match (&role.self_entity, catalogue().role(&key_of(name.as_str()))) {
            (Some(_), _) => RoleKind::Subject,
            (None, _) if !role.administers.is_empty() => RoleKind::Owner,
            // Somebody who is no record of the app is not the person cared for.
            (None, Some((RoleKind::Subject, _))) => RoleKind::Business,
            (None, Some((kind, _))) => kind,
            (None, None) => kind_of(name.as_str()),
        };
        let open = role.sign_up == SignUp::Open;
        world.roles.insert(name.to_string(), Role { kind, acts: true, open, assumed: false, bounded: false });
    }
    let subject = subject(spec);
    for (name, entity) in &spec.entities {
        let key = key_of(name.as_str());
        let concept = catalogue().entity(&key).map(|(concept, _)| concept);
        let links_to_subject = entity.fields.values().any(|field| {
            field.stored.as_ref().is_some_and(
                |stored| matches!(&stored.kind, Kind::Link(to) if Some(to.as_str()) == subject.as_deref()),
            )
        });
        let plain = entity.fields.values().all(|field| {
            field.stored.as_ref().is_some_and(|stored| stored.class == Class::None || stored.kind.is_link())
        });
        let kind = match concept {
            _ if Some(name.as_str()) == subject.as_deref() => EntityKind::Subject,
            Some(concept) if concept.kind != EntityKind::Subject => concept.kind,
            _ if entity.part_of.is_some() => EntityKind::Clinical,
            _ if links_to_subject => EntityKind::Business,
            _ if plain => EntityKind::Thing,
            _ => EntityKind::Clinical,
        };
        let mut known = Entity::new(concept, kind);
        known.part_of = entity.part_of.as_ref().map(ToString::to_string);
        for (field, shape) in &entity.fields {
            let written =
                shape.stored.as_ref().map_or_else(|| "clinical text".to_owned(), ToString::to_string);
            known.fields.insert(field.to_string(), written);
        }
        known.reference.clone_from(&entity.reference);
        if let Some(lifecycle) = &entity.lifecycle {
            known.states = lifecycle.states.iter().map(ToString::to_string).collect();
            known.locked = !lifecycle.locked.is_empty();
            known.addenda = lifecycle.addenda;
        }
        world.entities.insert(name.to_string(), known);
    }
    for (name, form) in &spec.forms {
        let fields =
            form.ask.iter().map(|item| (item.question.to_string(), item.field_type.to_string())).collect();
        let names = |roles: &[spec::Name]| roles.iter().map(ToString::to_string).collect();
        world.forms.insert(
            name.to_string(),
            Form {
                fields,
                filled_by: names(&form.filled_by),
                read_by: names(&form.read_by),
                signature: form.signature,
                scored: form.score.is_some(),
                correctors: Vec::new(),
                corrections: form.corrections,
            },
        );
    }
    if let Some(assigned) = subject.and_then(|name| {
        spec.entities.iter().find(|(known, _)| known.as_str() == name)?.1.assigned_to.clone()
    }) {
        world.team = assigned.team == spec::document::Team::Many;
        world.assigned = assigned.role.iter().map(ToString::to_string).collect();
        world.assigners = assigned.by.iter().map(ToString::to_string).collect();
    }
    world
}

/// The record of the person cared for: whose login is one, who is assigned, or what most records are a part of.
fn subject(spec: &AppSpec) -> Option<String> {
    let selves = spec.roles.values().filter_map(|role| role.self_entity.as_ref());
    let assigned =
        spec.entities.iter().filter(|(_, entity)| entity.assigned_to.is_some()).map(|(name, _)| name);
    let wholes = spec.entities.values().filter_map(|entity| entity.part_of.as_ref());
    let named = spec.entities.keys().filter(|name| name.as_str() == "patient");
    let whole =
        |name: &&spec::Name| spec.entities.get(name.as_str()).is_some_and(|entity| entity.part_of.is_none());
    selves.chain(assigned).chain(named).chain(wholes).find(whole).map(ToString::to_string)
}
