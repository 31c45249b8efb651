//! What denials and *only* take away, last of all.

use crate::access::{Allow, Deny, Rules};
use crate::world::World;

/// Whose name is hidden is hidden: a denied name takes the other identifiers of that record with it (the 18 of
/// 45 CFR 164.514(b)(2)), but for those that were granted by their own names.
pub(crate) fn identifying(world: &World, rules: &Rules, deny: &Deny) -> Vec<String> {
    let Some(entity) = world.entities.get(&deny.entity) else { return Vec::new() };
    let names = deny.fields.iter().flatten().any(|field| {
        entity.fields.get(field).is_some_and(|written| written.starts_with("identifier name"))
            || field == "name"
            || field.ends_with(" name")
    });
    if !names {
        return Vec::new();
    }
    let granted = |field: &String| {
        rules.allows.iter().any(|allow| {
            allow.role == deny.role
                && allow.entity == deny.entity
                && allow.fields.as_ref().is_some_and(|fields| fields.contains(field))
        })
    };
    entity
        .fields
        .iter()
        .filter(|(field, written)| written.starts_with("identifier") && !granted(field))
        .map(|(field, _)| field.clone())
        .collect()
}

/// Takes away what denials and *only* take away.
pub(crate) fn narrow(world: &World, rules: &Rules, all: &mut Vec<Allow>) {
    let changes = |verb: &str| verb != "view" && verb != "export";
    all.retain(|allow| !rules.by_permission.contains(&allow.role));
    for (entity, verbs) in &rules.frozen {
        all.retain(|allow| allow.entity != *entity || !verbs.contains(&allow.verb));
    }
    for deny in rules.denies.iter().filter(|deny| deny.fields.is_none()) {
        let parts = if deny.itself { vec![deny.entity.clone()] } else { world.parts(&deny.entity) };
        all.retain(|allow| {
            !(allow.role == deny.role
                && parts.contains(&allow.entity)
                && (!deny.changes_only || changes(allow.verb))
                && (!deny.deletes_only || allow.verb == "delete"))
        });
    }
    for only in rules.exclusives.iter().filter(|only| only.fields.is_none()) {
        // Who alone may change a patient's record does not write its notes for that.
        let parts = if only.changes_only { vec![only.entity.clone()] } else { world.parts(&only.entity) };
        all.retain(|allow| {
            if only.moves_only {
                return allow.verb != "move"
                    || allow.entity != only.entity
                    || only.roles.contains(&allow.role);
            }
            only.roles.contains(&allow.role)
                || !parts.contains(&allow.entity)
                || (only.changes_only && !changes(allow.verb))
        });
    }
    // Who may not know whom it is about gets nothing of that record by default.
    let defaulted = |allow: &Allow| {
        !rules
            .allows
            .iter()
            .any(|said| said.role == allow.role && said.entity == allow.entity && said.verb == allow.verb)
    };
    all.retain(|allow| {
        !(defaulted(allow)
            && rules.denies.iter().any(|deny| {
                deny.role == allow.role
                    && deny.entity == allow.entity
                    && !deny.changes_only
                    && !identifying(world, rules, deny).is_empty()
            }))
    });
    for allow in all.iter_mut() {
        let mut lost: Vec<String> = Vec::new();
        for deny in rules.denies.iter().filter(|deny| deny.role == allow.role && deny.entity == allow.entity)
        {
            if (!deny.changes_only || changes(allow.verb)) && (!deny.deletes_only || allow.verb == "delete") {
                lost.extend(deny.fields.clone().unwrap_or_default());
                if !deny.changes_only {
                    lost.extend(identifying(world, rules, deny));
                }
            }
        }
        for only in rules.exclusives.iter().filter(|only| {
            !only.moves_only && only.entity == allow.entity && !only.roles.contains(&allow.role)
        }) {
            if !only.changes_only || changes(allow.verb) {
                lost.extend(only.fields.clone().unwrap_or_default());
            }
        }
        if lost.is_empty() {
            continue;
        }
        let every = world
            .entities
            .get(&allow.entity)
            .map(|entity| entity.fields.keys().cloned().collect())
            .unwrap_or_default();
        let held: Vec<String> = allow.fields.take().unwrap_or(every);
        allow.fields = Some(held.into_iter().filter(|field| !lost.contains(field)).collect());
    }
    all.retain(|allow| allow.fields.as_ref().is_none_or(|fields| !fields.is_empty()));
}
