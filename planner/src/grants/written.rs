//! Grants as the spec writes them.

use super::{said, scope};
use crate::access::{Allow, Rules};
use crate::world::World;
use indexmap::IndexMap;
use std::collections::BTreeSet;

/// Verbs with the fields that they are narrowed to; all fields, when `None`.
type Verbs = IndexMap<&'static str, Option<BTreeSet<String>>>;

/// The clauses of one role on one record, joined by `;`.
pub(crate) fn clauses(world: &World, rules: &Rules, all: &[Allow], role: &str, entity: &str) -> String {
    // By scope and states; for each verb its fields, or all.
    let mut groups: IndexMap<(String, Vec<String>), Verbs> = IndexMap::new();
    for allow in said(all, role, entity) {
        if allow.verb == "move" {
            continue;
        }
        let Some(scope) = scope(world, allow) else { continue };
        let held = groups.entry((scope, allow.when.clone())).or_default();
        let wanted: Option<BTreeSet<String>> =
            allow.fields.clone().map(|fields| fields.into_iter().collect());
        held.entry(allow.verb)
            .and_modify(|known| match (known.as_mut(), &wanted) {
                (_, None) => *known = None,
                (None, _) => {}
                (Some(known), Some(wanted)) => known.extend(wanted.iter().cloned()),
            })
            .or_insert(wanted);
    }
    let mut out = Vec::new();
    let reference = Some(entity) == world.subject() && rules.reference_only.iter().any(|known| known == role);
    if reference {
        let place = world.place.clone().unwrap_or_else(|| "organisation".into());
        return format!("view(reference) in {place}");
    }
    let order = world.entities.get(entity);
    for ((scope, when), verbs) in &groups {
        let mut words = Vec::new();
        for verb in ["view", "create", "update", "delete", "export"] {
            match verbs.get(verb) {
                Some(None) => words.push(verb.to_owned()),
                Some(Some(fields)) => {
                    let named: Vec<&String> = order
                        .map(|entity| entity.fields.keys().filter(|name| fields.contains(*name)).collect())
                        .unwrap_or_default();
                    if named.is_empty() {
                        continue;
                    }
                    words.push(format!(
                        "{verb}({})",
                        named.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
                    ));
                }
                None => {}
            }
        }
        if words.is_empty() {
            continue;
        }
        let states = if when.is_empty() { String::new() } else { format!(" when {}", when.join(" | ")) };
        out.push(format!("{} {scope}{states}", words.join(", ")));
    }
    out.join("; ")
}
