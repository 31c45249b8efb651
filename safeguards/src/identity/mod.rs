//! Who acts: accounts, passwords, second factors, sessions, tokens.

pub mod access_token;
pub mod email;
pub mod limiter;
pub mod names;
pub mod password;
pub mod policy;
pub mod secret;
pub mod totp;

pub use email::EmailAddress;
pub use names::{OrganisationId, PersonId, PlaceId, Purpose, Role, RoleName, Roles, SessionId};
