//! Places and roles.

use super::Resolver;
use crate::{
    document::organisation,
    grant::{Clause, Scope},
    model::{Model, Place, PlaceIndex, Role, RoleIndex},
    problem::{Kind, Pointer},
};

/// What a role may administer; all but the tiers of a price list make it privileged.
const ADMINISTERED: [&str; 4] = ["people", "agreements", "keys", "tiers"];

impl Resolver<'_> {
    pub(super) fn people(&mut self) {
        let root = Pointer::root();
        if self.document.app.trim().is_empty() {
            self.problem(
                &root.join("app"),
                Kind::Missing,
                "the app has no name",
                "begin with `app: The name of your product`",
            );
        }
        self.places(&root.join("places"));
        self.role_list(&root.join("roles"));
    }

    fn places(&mut self, at: &Pointer) {
        let name = organisation();
        self.place_names.insert(name.clone(), Model::ORGANISATION);
        self.model.places.push(Place { label: name.title(), name, inside: None });
        let document = self.document;
        // A place is taken once the one above it is; what is left when nothing moves is a cycle or hangs in the air.
        let mut waiting: Vec<_> =
            document.places.iter().filter(|(name, _)| **name != organisation()).collect();
        loop {
            let before = waiting.len();
            waiting.retain(|(name, place)| {
                let above = place.inside.clone().unwrap_or_else(organisation);
                let Some(inside) = self.place_names.get(&above).copied() else { return true };
                self.place_names.insert((*name).clone(), PlaceIndex(self.model.places.len()));
                let label = place.label.clone().unwrap_or_else(|| name.title());
                self.model.places.push(Place { name: (*name).clone(), label, inside: Some(inside) });
                false
            });
            if waiting.len() == before {
                break;
            }
        }
        for (name, place) in waiting {
            let here = at.join(name).join("inside");
            let above = place.inside.clone().unwrap_or_else(organisation);
            if document.places.contains_key(&above) {
                self.problem(
                    &here,
                    Kind::Cycle,
                    format!("the place `{name}` lies in itself"),
                    "places are a tree below `organisation`",
                );
            } else {
                self.place(&above, &here);
            }
        }
    }

    fn role_list(&mut self, at: &Pointer) {
        let document = self.document;
        if document.roles.is_empty() {
            self.problem(
                at,
                Kind::Missing,
                "nobody works with this app",
                "add a role, as in `roles: { nurse: {} }`",
            );
        }
        for (index, (name, role)) in document.roles.iter().enumerate() {
            let here = at.join(name);
            self.role_names.insert(name.clone(), RoleIndex(index));
            let level = match &role.level {
                Some(level) => self.place(level, &here.join("in")).unwrap_or(Model::ORGANISATION),
                None => self.level_of_grants(name),
            };
            for (i, administered) in role.administers.iter().enumerate() {
                if !ADMINISTERED.contains(&administered.as_str()) {
                    let known = ADMINISTERED.map(String::from);
                    self.unresolved(
                        &here.join("administers").join(i),
                        "thing to administer",
                        administered,
                        &known,
                    );
                }
            }
            let powers: Vec<_> =
                role.administers.iter().map(|name| name.as_str()).filter(|name| *name != "tiers").collect();
            let privileged = if !powers.is_empty() {
                Some(format!("it administers {}", powers.join(", ")))
            } else {
                role.privileged.then(|| "the spec says so".to_owned())
            };
            self.model.roles.push(Role {
                name: name.clone(),
                label: role.label.clone().unwrap_or_else(|| name.title()),
                level,
                self_entity: None,
                sign_up: role.sign_up,
                privileged,
                administers: role.administers.clone(),
            });
        }
    }

    /// A role stands at the lowest place that its grants name: `view in clinic` wants a clinic.
    fn level_of_grants(&self, role: &crate::Name) -> PlaceIndex {
        let mut level = Model::ORGANISATION;
        for entity in self.document.entities.values() {
            let Some(access) = entity.access.as_ref().and_then(|access| access.get(role)) else { continue };
            for clause in &access.clauses {
                if let Clause::Grant(grant) = clause
                    && let Some(Scope::In(place)) = &grant.scope
                    && let Some(place) = self.place_names.get(place)
                    && self.model.levels_between(*place, level).is_some()
                {
                    level = *place;
                }
            }
        }
        level
    }
}
