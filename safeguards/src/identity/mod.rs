//! Who acts: accounts, passwords, second factors, sessions, tokens.

pub mod access_token;
mod administration;
pub mod attempts;
#[cfg(feature = "tenant")]
mod closing;
mod credentials;
mod directory;
pub mod email;
mod error;
mod http;
mod impersonated;
pub mod impersonation;
mod invitations;
pub mod limiter;
#[cfg(feature = "tenant")]
mod live_token;
mod memberships;
pub mod names;
pub mod oidc;
#[cfg(feature = "tenant")]
mod outside;
pub mod password;
mod people;
mod places;
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
mod step_up;
mod sweep;
#[cfg(feature = "tenant")]
pub(crate) use sweep::SEARCHES_KEPT;
pub mod totp;

#[cfg(feature = "tenant")]
pub(crate) use closing::{Erasing, Husk, Leaving, take_credentials};
pub use credentials::Profile;
pub use email::EmailAddress;
#[cfg(feature = "tenant")]
pub(crate) use error::IMPERSONATION_OVER;
pub use error::IdentityError;
pub use http::routes;
#[cfg(feature = "tenant")]
pub(crate) use http::{impersonation_cookie, link_made, link_page, session_cookie};
#[cfg(feature = "tenant")]
pub(crate) use impersonation::{
    ENTITY as EMERGENCY_ACCESS, MOST_MINUTES, REASON, REASON_AT_MOST, USUAL_MINUTES, reason,
};
pub use invitations::{Draft, Invitation, Link};
#[cfg(feature = "tenant")]
pub(crate) use live_token::LIVE_TOKEN_LIFETIME;
pub use names::{OrganisationId, PersonId, PlaceId, PlaceKind, Purpose, Role, RoleName, Roles, SessionId};
#[cfg(feature = "tenant")]
pub use outside::{OUTSIDE, PageRole};
pub use people::{Colleague, Membership, NewPerson, Pending};
pub use places::{Place, place_path};
pub use principal::{Session, SessionRow, UNATTENDED};
#[cfg(feature = "tenant")]
pub(crate) use principal::{ToBeTold, Unattended};
pub use second_factor::SecondFactor;
pub use secret::Token;
#[cfg(feature = "tenant")]
pub(crate) use secret::random;
pub use service::{Identity, Parts, Visit};
pub use sessions::{Credentials, Device, Opened};
pub use settings::{Settings, SignUp};
pub use sign_in::{Door, Next, OrganisationChoice, TICKET_LIFETIME};
pub use signing_keys::AUDIENCE;
pub use step_up::PROOF_LIFETIME;
