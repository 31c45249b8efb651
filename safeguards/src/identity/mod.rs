//! Who acts: accounts, passwords, second factors, sessions, tokens.

pub mod access_token;
pub mod attempts;
mod directory;
mod credentials;
pub mod email;
mod error;
pub mod limiter;
pub mod names;
pub mod password;
mod people;
pub mod policy;
mod principal;
mod refresh;
mod second_factor;
pub mod secret;
mod service;
mod sessions;
mod settings;
mod sign_in;
mod signing_keys;
mod sweep;
pub mod totp;

pub use credentials::Profile;
pub use email::EmailAddress;
pub use error::IdentityError;
pub use names::{OrganisationId, PersonId, PlaceId, Purpose, Role, RoleName, Roles, SessionId};
pub use people::{Colleague, Invitation, Link, Membership, NewPerson};
pub use principal::{Session, SessionRow};
pub use second_factor::SecondFactor;
pub use secret::Token;
pub use service::{Identity, Parts, Visit};
pub use sessions::{Credentials, Device, Opened};
pub use settings::{Settings, SignUp};
pub use sign_in::{Door, Next, OrganisationChoice, TICKET_LIFETIME};
pub use signing_keys::AUDIENCE;
