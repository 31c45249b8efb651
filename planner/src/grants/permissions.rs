//! What patients may let their family see, and take back again (construct 9).

use super::Grants;
use crate::access::Rules;
use crate::catalogue::RoleKind;
use crate::world::World;

/// A permission to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Permission {
    pub(crate) name: String,
    pub(crate) by: String,
    pub(crate) to: String,
    /// `view reading`, `view visit(date)`.
    pub(crate) gives: Vec<String>,
}

/// One permission for each role that acts for a patient: what was said that they see, as far as the patient sees it.
pub(crate) fn permissions(world: &World, rules: &Rules, granted: &Grants) -> Vec<Permission> {
    let (Some(by), Some(subject)) = (world.self_role(), world.subject()) else { return Vec::new() };
    let tree = world.parts(subject);
    let own = |entity: &str| {
        granted.get(entity).and_then(|roles| roles.get(by)).is_some_and(|clause| {
            clause.split("; ").any(|part| part.starts_with("view") && part.contains(" own"))
        })
    };
    let proxies = world
        .roles
        .iter()
        .filter(|(name, role)| role.kind == RoleKind::Proxy && role.acts && !rules.no_login.contains(name));
    let mut out = Vec::new();
    for (to, _) in proxies {
        let mut gives: Vec<String> = Vec::new();
        for entity in tree.iter().filter(|entity| own(entity)) {
            let denied = |field: Option<&String>| {
                rules.denies.iter().any(|deny| {
                    deny.role == *to
                        && world.parts(&deny.entity).contains(entity)
                        && deny.fields.as_ref().is_none_or(|fields| {
                            deny.entity == *entity && field.is_some_and(|field| fields.contains(field))
                        })
                })
            };
            let said: Vec<&crate::access::Allow> = rules
                .allows
                .iter()
                .filter(|allow| allow.role == *to && allow.entity == *entity && allow.verb == "view")
                .collect();
            if said.is_empty() || denied(None) {
                continue;
            }
            let whole = said.iter().any(|allow| allow.fields.is_none());
            let held: Vec<String> = world
                .entities
                .get(entity)
                .map(|known| known.fields.keys().cloned().collect())
                .unwrap_or_default();
            let shown: Vec<String> = held
                .iter()
                .filter(|field| {
                    let named = |allow: &&crate::access::Allow| {
                        allow.fields.as_ref().is_some_and(|fields| fields.contains(*field))
                    };
                    (whole || said.iter().any(named)) && !denied(Some(field))
                })
                .cloned()
                .collect();
            if shown.len() == held.len() {
                gives.push(format!("view {entity}"));
            } else if !shown.is_empty() {
                gives.push(format!("view {entity}({})", shown.join(", ")));
            }
        }
        if !gives.is_empty() {
            out.push(Permission { name: format!("{to} access"), by: by.to_owned(), to: to.clone(), gives });
        }
    }
    out
}
