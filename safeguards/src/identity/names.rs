//! The words of identity that every other part speaks: ids and roles. Purposes are the audit log's.
//!
//! Each id is a type of its own, so that a person's id cannot be bound where an organisation's is
//! meant. A [`RoleName`] can only be made from a role that the app declared: a row in the database
//! that names a role which the app no longer has gives nothing.

use std::fmt;

use serde::Serialize;
use uuid::Uuid;

pub use crate::audit::Purpose;

crate::id_types! {
    /// One person who signs in (CF-2: a UUID per user).
    PersonId;
    /// A covered entity inside an environment: a clinic, a practice.
    OrganisationId;
    /// A site or a ward inside an organisation.
    PlaceId;
    /// One sign-in of one person on one device. It is no secret: the cookie carries a token instead.
    SessionId;
}

impl OrganisationId {
    /// The environment itself (all zeros), for what belongs to no single covered entity: an attempt to
    /// sign in, a key that signs tokens.
    pub const ENVIRONMENT: Self = Self(Uuid::nil());
}

/// A role as the generated app declares it, in a `static` table:
/// `Role::named("owner").privileged().administers(&["people"]).at("clinic")`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    /// The name in the spec, as stored in `memberships.role`.
    pub name: &'static str,
    /// Its grants reach a whole place's PHI, or it administers people, keys or agreements:
    /// whoever holds it signs in with a second factor.
    pub privileged: bool,
    /// Whoever holds it signs in with a second factor, though it is not privileged: the app asks that of everybody.
    pub second_factor: bool,
    /// People come to it by the hand of whoever trusts them with something of their own, by a permission.
    pub delegated: bool,
    /// Whoever has it is cared for here: they are a record, and not of the workforce (45 CFR 160.103).
    pub individual: bool,
    /// What it administers, such as `people` and `agreements`. Who administers people invites them, gives
    /// and takes roles, and makes places, as far as their own role reaches.
    pub administers: &'static [&'static str],
    /// The kind of place at which one has it; none for a role in the whole organisation.
    pub place: Option<&'static str>,
}

impl Role {
    /// A role in the whole organisation that is not privileged and administers nothing.
    pub const fn named(name: &'static str) -> Self {
        Self {
            name,
            privileged: false,
            second_factor: false,
            delegated: false,
            individual: false,
            administers: &[],
            place: None,
        }
    }

    /// The same, privileged, and so with a second factor.
    #[must_use]
    pub const fn privileged(mut self) -> Self {
        self.privileged = true;
        self
    }

    /// The same, with a second factor, though it is not privileged.
    #[must_use]
    pub const fn second_factor(mut self) -> Self {
        self.second_factor = true;
        self
    }

    /// The same, for people whom others name in a permission. It must give nothing else.
    #[must_use]
    pub const fn delegated(mut self) -> Self {
        self.delegated = true;
        self
    }

    /// The same, for people who are cared for here.
    #[must_use]
    pub const fn individual(mut self) -> Self {
        self.individual = true;
        self
    }

    /// The same, administering these.
    #[must_use]
    pub const fn administers(mut self, what: &'static [&'static str]) -> Self {
        self.administers = what;
        self
    }

    /// The same, at places of this kind.
    #[must_use]
    pub const fn at(mut self, kind: &'static str) -> Self {
        self.place = Some(kind);
        self
    }

    /// Whether whoever has it belongs to the workforce.
    pub fn works_here(&self) -> bool {
        !self.individual && !self.delegated
    }

    /// Whether whoever has it signs in with a second factor.
    pub fn needs_second_factor(&self) -> bool {
        self.privileged || self.second_factor
    }

    /// Whether it administers people.
    pub fn administers_people(&self) -> bool {
        self.administers.contains(&"people")
    }
}

/// A kind of place below the organisation, as the generated app declares it: a clinic, a ward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceKind {
    /// The name in the spec, as stored in `places.kind`.
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// What people call several of them.
    pub plural: &'static str,
    /// The kind that it lies in; none directly below the organisation.
    pub inside: Option<&'static str>,
}

/// The name of a declared role.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RoleName(&'static str);

impl RoleName {
    /// The name as the spec has it.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl From<&'static Role> for RoleName {
    fn from(role: &'static Role) -> Self {
        Self(role.name)
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoleName({:?})", self.0)
    }
}

/// All roles of an app.
#[derive(Clone, Copy, Debug)]
pub struct Roles(&'static [Role]);

impl Roles {
    /// Takes the app's table.
    pub const fn new(roles: &'static [Role]) -> Self {
        Self(roles)
    }

    /// The declared role of that name; `None` for any other word.
    pub fn find(self, name: &str) -> Option<&'static Role> {
        self.0.iter().find(|role| role.name == name)
    }

    /// Every role, in the spec's order.
    pub fn iter(self) -> impl Iterator<Item = &'static Role> {
        self.0.iter()
    }

    /// True if one of these needs a second factor.
    pub fn any_with_second_factor(self, names: &[RoleName]) -> bool {
        self.held(names).any(Role::needs_second_factor)
    }

    /// True if one of these may administer people.
    pub fn any_administers_people(self, names: &[RoleName]) -> bool {
        self.held(names).any(Role::administers_people)
    }

    /// What is declared of these roles.
    pub fn held(self, names: &[RoleName]) -> impl Iterator<Item = &'static Role> {
        names.iter().filter_map(move |name| self.find(name.0))
    }
}

/// Whether a person may choose this purpose for their own session. Emergency comes by break-glass only,
/// which asks for a reason and is reviewed; support comes by the founder's grant (HC-10).
pub const fn may_be_chosen(purpose: Purpose) -> bool {
    !matches!(purpose, Purpose::Emergency | Purpose::Support)
}

#[cfg(test)]
mod tests {
    use super::*;

    static ROLES: [Role; 2] =
        [Role::named("owner").privileged().administers(&["people"]), Role::named("patient")];

    /// HC-3: a role that the app does not declare gives nothing.
    #[test]
    fn an_undeclared_role_is_no_role() {
        let roles = Roles::new(&ROLES);
        assert!(roles.find("superuser").is_none());
        assert!(roles.find("Owner").is_none());
        let owner = RoleName::from(roles.find("owner").unwrap());
        assert!(roles.any_with_second_factor(&[owner]));
        assert!(!roles.any_with_second_factor(&[]));
    }

    /// CF-3, HC-10: emergency and support are not a matter of choice.
    #[test]
    fn two_purposes_are_granted_and_never_chosen() {
        let granted: Vec<_> = Purpose::ALL.iter().filter(|purpose| !may_be_chosen(**purpose)).collect();
        assert_eq!(granted, [&Purpose::Emergency, &Purpose::Support]);
    }
}
