//! The words of identity that every other part speaks: ids, roles, purposes.
//!
//! Each id is a type of its own, so that a person's id cannot be bound where an organisation's is
//! meant. A [`RoleName`] can only be made from a role that the app declared: a row in the database
//! that names a role which the app no longer has gives nothing.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Takes a UUID that came from a row, a path or [`crate::clock::Ids`].
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// The UUID itself, to bind it.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Uuid {
                id.0
            }
        }
    };
}

id! {
    /// One person who signs in (CF-2: a UUID per user).
    PersonId
}
id! {
    /// A covered entity inside an environment: a clinic, a practice.
    OrganisationId
}
id! {
    /// A site or a ward inside an organisation.
    PlaceId
}
id! {
    /// One sign-in of one person on one device. It is no secret: the cookie carries a token instead.
    SessionId
}

/// A role as the generated app declares it, in a `static` table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    /// The name in the spec, as stored in `memberships.role`.
    pub name: &'static str,
    /// Its grants reach a whole place's PHI, or it administers people, keys or agreements:
    /// whoever holds it signs in with a second factor.
    pub privileged: bool,
    /// May invite people, give and take roles, and lock accounts in their own organisation.
    pub administers_people: bool,
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
    pub fn any_privileged(self, names: &[RoleName]) -> bool {
        self.held(names).any(|role| role.privileged)
    }

    /// True if one of these may administer people.
    pub fn any_administers_people(self, names: &[RoleName]) -> bool {
        self.held(names).any(|role| role.administers_people)
    }

    fn held(self, names: &[RoleName]) -> impl Iterator<Item = &'static Role> {
        names.iter().filter_map(move |name| self.find(name.0))
    }
}

/// Why PHI is used (45 CFR 164.501, 164.506, 164.512): it stands on every audit event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Care of the patient: the default.
    #[default]
    Treatment,
    /// Claims and their collection.
    Payment,
    /// Quality review, administration, training.
    Operations,
    /// The person asks for what is their own (45 CFR 164.524).
    IndividualRequest,
    /// Under an authorisation or a waiver (45 CFR 164.512(i)).
    Research,
    /// Reporting to public health authorities (45 CFR 164.512(b)).
    PublicHealth,
    /// A duty of law (45 CFR 164.512(a)).
    RequiredByLaw,
    /// Break-glass: care that cannot wait for a grant.
    Emergency,
}

impl Purpose {
    /// Every purpose, for choices on pages.
    pub const ALL: [Self; 8] = [
        Self::Treatment,
        Self::Payment,
        Self::Operations,
        Self::IndividualRequest,
        Self::Research,
        Self::PublicHealth,
        Self::RequiredByLaw,
        Self::Emergency,
    ];

    /// The word in rows and events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Treatment => "treatment",
            Self::Payment => "payment",
            Self::Operations => "operations",
            Self::IndividualRequest => "individual_request",
            Self::Research => "research",
            Self::PublicHealth => "public_health",
            Self::RequiredByLaw => "required_by_law",
            Self::Emergency => "emergency",
        }
    }

    /// The purpose of that word; `None` for any other.
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == word)
    }

    /// What a person may choose for their own session. Emergency comes only by break-glass, which
    /// asks for a reason and is reviewed.
    pub const fn may_be_chosen(self) -> bool {
        !matches!(self, Self::Emergency)
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static ROLES: [Role; 2] = [
        Role { name: "owner", privileged: true, administers_people: true },
        Role { name: "patient", privileged: false, administers_people: false },
    ];

    /// HC-3: a role that the app does not declare gives nothing.
    #[test]
    fn an_undeclared_role_is_no_role() {
        let roles = Roles::new(&ROLES);
        assert!(roles.find("superuser").is_none());
        assert!(roles.find("Owner").is_none());
        let owner = RoleName::from(roles.find("owner").unwrap());
        assert!(roles.any_privileged(&[owner]));
        assert!(!roles.any_privileged(&[]));
    }

    #[test]
    fn purposes_read_back() {
        for purpose in Purpose::ALL {
            assert_eq!(Purpose::find(purpose.as_str()), Some(purpose));
            assert_eq!(serde_json::to_value(purpose).unwrap(), purpose.as_str());
        }
        assert_eq!(Purpose::find("marketing"), None);
    }
}
