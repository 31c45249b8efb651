//! A type for each kind of id, so that a project cannot stand where an account belongs.
//!
//! Ids are never credentials: whoever knows one has gained nothing.

use std::borrow::Cow;

use safeguards::id_types;
use safeguards::identity::OrganisationId;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// The types, as the library makes them, and how the API describes each.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        id_types! { $($(#[$doc])* $name;)* }
        $(
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
        )*
    };
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
    /// A copy of a project that goes on.
    CopyId;
    /// One legal hold.
    HoldId;
    /// One durable operation.
    OperationId;
    /// How an app calls one company, as its owner set it.
    ProviderId;
    /// An owner's leave for support to look at the records of one environment (HC-10).
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
