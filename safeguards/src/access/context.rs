use crate::audit::{Audit, AuditContext, Purpose};
use crate::clock::{Clock, Ids};
use crate::crypto::Keys;
use crate::identity::{OrganisationId, PersonId, RoleName};
use crate::store::{PolicyContext, Store};
use std::sync::Arc;
use time::OffsetDateTime;
use uuid::Uuid;

use super::descriptor::{Action, Entity};
use super::error::{Error, Result};
use super::trail;

/// A patient for whom somebody has broken the glass.
#[derive(Clone, Copy, Debug)]
pub struct BrokenGlass {
    /// The emergency access.
    pub id: Uuid,
    /// Whose records are open.
    pub subject: Uuid,
    /// Until when.
    pub until: OffsetDateTime,
}

/// Who acts, in which organisation and roles, for which purpose. Only identity makes one, of a session's row.
#[derive(Clone, Debug)]
pub struct Principal {
    person: PersonId,
    organisation: OrganisationId,
    roles: Vec<RoleName>,
    purpose: Purpose,
    only_looking: bool,
    outside: bool,
    broken: Vec<BrokenGlass>,
    within: Option<Arc<[&'static str]>>,
}

impl Principal {
    pub(crate) fn new(
        person: PersonId,
        organisation: OrganisationId,
        roles: Vec<RoleName>,
        purpose: Purpose,
    ) -> Self {
        Self {
            person,
            organisation,
            roles,
            purpose,
            only_looking: false,
            outside: false,
            broken: Vec::new(),
            within: None,
        }
    }

    /// The same, of nobody who is known: no action but to make what a page asks for and to list what it shows is theirs.
    #[cfg(feature = "tenant")]
    pub(crate) fn outside(mut self) -> Self {
        self.outside = true;
        self
    }

    /// The same, for somebody else who looks through their eyes: no action but viewing and listing is theirs.
    pub(crate) fn only_looking(mut self) -> Self {
        self.only_looking = true;
        self
    }

    /// A principal without a session, for tests of an app's policy.
    #[cfg(feature = "testing")]
    pub fn for_test(person: PersonId, organisation: OrganisationId, roles: Vec<RoleName>) -> Self {
        Self::new(person, organisation, roles, Purpose::Treatment)
    }

    /// Who acts.
    pub fn person(&self) -> PersonId {
        self.person
    }

    /// In which covered entity.
    pub fn organisation(&self) -> OrganisationId {
        self.organisation
    }

    /// In which of its declared roles.
    pub fn roles(&self) -> &[RoleName] {
        &self.roles
    }

    /// The same, who has broken the glass for these.
    pub(crate) fn in_emergency(mut self, broken: Vec<BrokenGlass>) -> Self {
        self.broken = broken;
        self
    }

    /// The patients for whom they have broken the glass, as it was when the request began.
    pub fn broken(&self) -> &[BrokenGlass] {
        &self.broken
    }

    /// The same, for whom there are no entities but these, by name.
    #[cfg(feature = "tenant")]
    pub(crate) fn within(mut self, entities: Arc<[&'static str]>) -> Self {
        self.within = Some(entities);
        self
    }

    /// Whether records of an entity may be theirs at all.
    pub(crate) fn reaches(&self, entity: &Entity) -> bool {
        self.within.as_ref().is_none_or(|within| within.contains(&entity.name))
    }

    /// Whether an action may be theirs at all.
    pub(crate) fn may_ever(&self, action: Action) -> bool {
        let looks = !self.only_looking || matches!(action, Action::View | Action::List);
        looks && (!self.outside || matches!(action, Action::Create | Action::List))
    }

    /// Why.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }
}

/// A principal and what acting takes: the store, the keys, the audit log, the time. A session holds one.
#[derive(Clone)]
pub struct Context {
    /// Who acts.
    pub principal: Principal,
    /// The tenant's database.
    pub store: Store,
    /// The environment's key rings.
    pub keys: Keys,
    /// The audit log.
    pub audit: Audit,
    /// What the events of this request share.
    pub circumstances: AuditContext,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
}

impl Context {
    /// Who acts, for row-level security.
    pub(crate) fn policy(&self, action: Action) -> PolicyContext {
        PolicyContext {
            person: Some(self.principal.person.uuid()),
            organisation: Some(self.principal.organisation.uuid()),
            roles: self.roles_for(action).iter().map(|role| role.as_str().to_owned()).collect(),
            action: action.name(),
            now: self.clock.now(),
        }
    }

    /// Refuses what none of the principal's roles may do with any record of the entity: to them, there is no such page.
    /// What they may do with a certain record is decided by the statement that reads or writes it.
    ///
    /// # Errors
    /// [`Error::NotFound`], after the refusal is in the audit log.
    pub async fn granted(&self, entity: &'static Entity, action: Action) -> Result<()> {
        if entity.may(&self.roles(entity, action), action) {
            return Ok(());
        }
        trail::denied(self, entity, action, None).await?;
        Err(Error::NotFound)
    }

    /// The principal's roles as far as they count for an action.
    fn roles_for(&self, action: Action) -> &[RoleName] {
        if self.principal.may_ever(action) { &self.principal.roles } else { &[] }
    }

    /// The principal's roles that the entity knows, sorted: all that the text of a statement depends on.
    pub(super) fn roles(&self, entity: &Entity, action: Action) -> Vec<&'static str> {
        let known = |role: &&str| {
            entity.grants.iter().any(|grant| grant.role == *role)
                || entity.nevers.iter().any(|never| never.role == *role)
        };
        if !self.principal.reaches(entity) {
            return Vec::new();
        }
        let mut roles: Vec<_> =
            self.roles_for(action).iter().map(|role| role.as_str()).filter(known).collect();
        roles.sort_unstable();
        roles.dedup();
        roles
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever is held to some entities has no role for another, whatever the role is granted.
    #[cfg(feature = "tenant")]
    #[test]
    fn who_is_held_to_some_entities_reaches_no_other() {
        let (person, organisation) = (PersonId::new(Uuid::nil()), OrganisationId::new(Uuid::nil()));
        let anybody = Principal::new(person, organisation, Vec::new(), Purpose::Operations);
        let held = anybody.clone().within(Arc::from(["note"]));
        let (note, other) = (Entity::named("note", 1, "notes"), Entity::named("notes", 2, "others"));
        assert!(
            anybody.reaches(&note) && anybody.reaches(&other) && held.reaches(&note) && !held.reaches(&other)
        );
    }

    /// CF-3: whoever looks through somebody's eyes views and lists; no role counts for anything else.
    #[test]
    fn who_only_looks_has_no_other_action() {
        let (person, organisation) = (PersonId::new(Uuid::nil()), OrganisationId::new(Uuid::nil()));
        let themselves = Principal::new(person, organisation, Vec::new(), Purpose::Treatment);
        let looked_as = themselves.clone().only_looking();
        for action in [
            Action::Create,
            Action::Update,
            Action::Delete,
            Action::Print,
            Action::Download,
            Action::Export,
            Action::Move("sign"),
        ] {
            assert!(!looked_as.may_ever(action) && themselves.may_ever(action), "{action:?}");
        }
        assert!(looked_as.may_ever(Action::View) && looked_as.may_ever(Action::List));
    }
}
