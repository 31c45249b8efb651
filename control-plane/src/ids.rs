//! A type for each kind of id, so that a project cannot stand where an account belongs.
//!
//! Ids are never credentials: whoever knows one has gained nothing.

use std::borrow::Cow;
use std::fmt;

use safeguards::identity::OrganisationId;
use safeguards::store::{Kind, Typed, Value};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Takes a UUID that came from a row, a path or [`safeguards::Ids`].
            #[must_use]
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// The UUID itself.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!(stringify!($name), "({})"), self.0)
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

        impl From<$name> for Value {
            fn from(id: $name) -> Value {
                Value::Uuid(id.0)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }

            fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": "uuid" })
            }
        }

        impl Typed for $name {
            const KIND: Kind = Kind::Uuid;
        }
    )*};
}

ids! {
    /// A customer: the one who pays, signs the agreement, and owns projects. Its people are members of the
    /// organisation of the same id in `safeguards::identity`.
    AccountId;
    /// One app that a founder makes.
    ProjectId;
    /// What a founder wrote, sealed (HC-6).
    PromptId;
    /// One state of a project: a spec, and the source that it became.
    VersionId;
    /// One attempt to compile a version.
    BuildId;
    /// A tenant: the preview or the production of a project, with its own database, keys, process and host name.
    EnvironmentId;
    /// The end of a project, or of an organisation in it.
    DepartureId;
    /// One legal hold.
    HoldId;
    /// One durable operation.
    OperationId;
    /// One sign-in of support into a founder's preview or production, by the founder's leave (HC-10).
    GrantId;
}

impl From<OrganisationId> for AccountId {
    fn from(organisation: OrganisationId) -> Self {
        Self(organisation.uuid())
    }
}

impl From<AccountId> for OrganisationId {
    fn from(account: AccountId) -> Self {
        Self::new(account.0)
    }
}
