//! Who puts files to records: a file is put to a record that is there, by whoever may change it.

use super::{said, scope};
use crate::access::{Allow, Rules};
use crate::world::World;

/// Lets those who write a record put its files there; a file that nobody may put is not kept, and told.
pub(crate) fn put_by_writers(world: &mut World, rules: &Rules, all: &mut Vec<Allow>) {
    let files: Vec<(String, String)> = world
        .entities
        .iter()
        .flat_map(|(name, entity)| {
            let files = entity.fields.iter().filter(|(_, written)| written.ends_with(" file"));
            files.map(|(field, _)| (name.clone(), field.clone())).collect::<Vec<_>>()
        })
        .collect();
    for (entity, file) in files {
        let covers = |allow: &Allow| allow.fields.as_ref().is_none_or(|fields| fields.contains(&file));
        // A grant that reaches nowhere puts nothing.
        let put = |all: &[Allow], world: &World| {
            all.iter().any(|allow| {
                allow.entity == entity
                    && allow.verb == "update"
                    && covers(allow)
                    && scope(world, allow).is_some()
            })
        };
        let frozen = rules.frozen.iter().any(|(held, verbs)| *held == entity && verbs.contains(&"update"));
        if !put(all, world) && !frozen {
            let roles: Vec<String> = world.roles.keys().cloned().collect();
            for role in roles {
                let denied = rules.denies.iter().any(|deny| {
                    deny.role == role && deny.entity == entity && (deny.changes_only || deny.fields.is_none())
                });
                let Some(write) = said(all, &role, &entity).find(|allow| allow.verb == "create").cloned()
                else {
                    continue;
                };
                if !denied && covers(&write) {
                    all.push(Allow { verb: "update", fields: Some(vec![file.clone()]), ..write });
                }
            }
        }
        if !put(all, world) {
            world.assume(format!("`{file}` of `{entity}` is not kept: nobody was said to put it there"));
            if let Some(entity) = world.entities.get_mut(&entity) {
                entity.fields.shift_remove(&file);
            }
        }
    }
    // What lost its last value by that is nothing that a grant could name.
    let every = |world: &World, name: &str| world.entities.get(name).map(|entity| entity.fields.clone());
    for allow in all.iter_mut() {
        if let (Some(fields), Some(held)) = (&mut allow.fields, every(world, &allow.entity)) {
            fields.retain(|field| held.contains_key(field));
        }
    }
    all.retain(|allow| allow.fields.as_ref().is_none_or(|fields| !fields.is_empty()));
}
