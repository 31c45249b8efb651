//! What denials and *only* take away, last of all.

use crate::access::{Allow, Rules};
use crate::world::World;

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
                && (!deny.changes_only || changes(allow.verb)))
        });
    }
    for only in rules.exclusives.iter().filter(|only| only.fields.is_none()) {
        let parts = world.parts(&only.entity);
        all.retain(|allow| {
            only.roles.contains(&allow.role)
                || !parts.contains(&allow.entity)
                || (only.changes_only && !changes(allow.verb))
        });
    }
    for allow in all.iter_mut() {
        let mut lost: Vec<String> = Vec::new();
        for deny in rules.denies.iter().filter(|deny| deny.role == allow.role && deny.entity == allow.entity)
        {
            if !deny.changes_only || changes(allow.verb) {
                lost.extend(deny.fields.clone().unwrap_or_default());
            }
        }
        for only in rules
            .exclusives
            .iter()
            .filter(|only| only.entity == allow.entity && !only.roles.contains(&allow.role))
        {
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
