//! Signing in by an organisation's own identity provider (CF-14): OpenID Connect Core 1.0, by code with PKCE.
//!
//! | file | what |
//! |---|---|
//! | [`settings`] | the provider as the operator names it, and which of its groups has which role here |
//! | `wire` | its requests and answers, over TLS, bounded in size and time |
//! | `provider` | what it publishes: where its doors are, and its keys, read anew when it has changed them |
//! | `id_token` | what it says of somebody, believed for as long as every claim is as it must be |
//! | `sign_in` | the way there and back: state, nonce and verifier, used once, bound to one browser |
//! | `joining` | who that is here: an account known, found by a verified address, or made; and their roles |
//! | `ending` | the provider says that somebody is signed out (Back-Channel Logout 1.0) |
//!
//! The provider proves who somebody is, and says which groups they are in. What a group may do is said here, by the spec and by
//! the operator; a role that wants a second factor wants it of people who come this way, too, unless the provider says that it
//! has asked for one (`amr`, RFC 8176).

mod ending;
mod id_token;
mod joining;
mod proof;
mod provider;
pub mod settings;
mod sign_in;
mod wire;

pub(super) use provider::Provider;
pub use settings::ProviderSettings;
pub(super) use sign_in::{Begun, Came, Errand, PATIENCE as PROVIDER_PATIENCE, Returned};

/// Why nobody was signed in by the provider. Each has one sentence for the person; the word goes to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It does not answer, or not in time, or with something else.
    #[error("the identity provider does not answer; try again in a moment, or sign in with a password")]
    Unreachable(&'static str),
    /// It answered with something that must not be believed.
    #[error(
        "the identity provider's answer cannot be believed, so nobody was signed in; tell whoever runs this app"
    )]
    NotBelieved(&'static str),
    /// It refused, or the person did.
    #[error("the identity provider did not sign you in")]
    Refused,
    /// It does not say that the address is the person's.
    #[error("the identity provider has not verified your e-mail address; ask whoever administers it")]
    Unverified,
    /// None of the person's groups has a role here.
    #[error("the identity provider gives you no role in this app; ask whoever administers it")]
    NoRole,
    /// The address belongs to an account that also works for others.
    #[error("your account works for several organisations; sign in with your password")]
    NotTheirsAlone,
    /// It does not say that it asked the person anew.
    #[error("the identity provider did not ask who you are; sign out and in again instead")]
    NotAsked,
    /// Somebody else signed in there.
    #[error("somebody else signed in at the identity provider; sign in there with your own account")]
    SomebodyElse,
}

impl ProviderError {
    /// For the audit log and the operator's.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Unreachable(word) | Self::NotBelieved(word) => word,
            Self::Refused => "sso-refused",
            Self::Unverified => "sso-unverified",
            Self::NoRole => "sso-no-role",
            Self::NotTheirsAlone => "sso-several-organisations",
            Self::NotAsked => "sso-not-asked",
            Self::SomebodyElse => "sso-somebody-else",
        }
    }
}
