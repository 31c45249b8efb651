//! What can go wrong with a sign-in or an account, in words that tell an attacker nothing.

use axum::response::{IntoResponse, Response};
use time::Duration;

use super::limiter::TooMany;
use super::oidc::ProviderError;
use super::password::HashingError;
use super::policy::PasswordFault;
use super::secret::NoRandomness;
use crate::audit::AuditUnavailable;
use crate::crypto::KeyError;
use crate::store::StoreError;
use crate::web::{Code, FieldProblem, Problem};

/// A closed list. The text of each is fit for the person who asked.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The address, the password, the code or the account: which one is never told (CF-15). 401.
    #[error("that did not match; check what you typed and try again")]
    Wrong,
    /// Eight failures, by an account that may or may not exist, or too many by one address. 429.
    #[error("too many attempts; wait {} minutes and try again", (.retry_after.whole_seconds() + 59) / 60)]
    Locked {
        /// When the lock ends.
        retry_after: Duration,
    },
    /// One address asks too often. 429.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// No session, or one that has ended; a step of signing in that took too long. 401.
    #[error("sign in to go on")]
    SignedOut,
    /// Signed in, and not permitted. 403.
    #[error("your role does not permit this")]
    Forbidden,
    /// Signed in, and permitted once the person has shown anew who they are. 403.
    #[error("show again who you are to go on")]
    ProveAgain,
    /// Somebody looks as a colleague, and can only look. 403.
    #[error("you look as a colleague: you can read what they can read, and nothing else; stop that first")]
    OnlyLooking,
    /// What somebody looked as a colleague by is over; the page that they see may still be the colleague's. 409.
    #[error("looking as a colleague is over; open the page again, you are yourself")]
    ImpersonationOver,
    /// Nothing there, or nothing that this person may see. 404.
    #[error("there is nothing here")]
    NotFound,
    /// The link was used, has expired, or never was. 404.
    #[error("this link has been used or has expired; ask for a new one")]
    LinkSpent,
    /// A password that the policy refuses, with every reason. 422.
    #[error("choose another password")]
    Password(Vec<PasswordFault>),
    /// A field of the request. 422.
    #[error("{reason}")]
    Invalid {
        /// Its name in the request.
        field: &'static str,
        /// What is wrong and how to put it right.
        reason: &'static str,
    },
    /// It cannot be done as things stand; the text says why. 409.
    #[error("{0}")]
    Conflict(&'static str),
    /// So many sign-ins at once that this one must come back. 503.
    #[error("many people are signing in; try again in a moment")]
    Busy,
    /// The identity provider signed nobody in; the text says why as far as it may. 502, or 403 where it is the person's affair.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The file of authorities for the identity provider. The app does not start.
    #[error("OIDC_AUTHORITY: no certificate can be read there; give a PEM file")]
    NoAuthority,
    /// The event could not be written, so nothing was done. 503.
    #[error("the audit log cannot be written, so nothing was done")]
    Audit(#[from] AuditUnavailable),
    /// The database. Its text goes to the log only. 503 if it may pass, 500 otherwise.
    #[error("this could not be done now")]
    Store(#[from] StoreError),
    /// The keys. Its text goes to the log only. 500.
    #[error("this could not be done now")]
    Key(#[from] KeyError),
    /// Randomness or hashing failed. 500.
    #[error("this could not be done now")]
    Failed,
}

impl From<HashingError> for IdentityError {
    fn from(error: HashingError) -> Self {
        match error {
            HashingError::Busy => Self::Busy,
            HashingError::Failed => Self::Failed,
        }
    }
}

impl From<NoRandomness> for IdentityError {
    fn from(_: NoRandomness) -> Self {
        Self::Failed
    }
}

/// The result of everything in this part.
pub(super) type Result<T, E = IdentityError> = std::result::Result<T, E>;

/// By what the problem is known that takes the cookie along.
pub(crate) const IMPERSONATION_OVER: &str = "impersonation over";

/// The text with a capital letter and a full stop, as it stands alone.
fn sentence(error: &IdentityError) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).chain(['.']).collect())
}

impl From<IdentityError> for Problem {
    #[track_caller]
    fn from(error: IdentityError) -> Self {
        let seconds = |duration: Duration| u32::try_from(duration.whole_seconds().max(1)).unwrap_or(u32::MAX);
        match error {
            IdentityError::Wrong => Self::new(Code::Unauthenticated).rule(error.to_string()).cause("wrong"),
            IdentityError::SignedOut => Self::new(Code::Unauthenticated),
            IdentityError::Locked { retry_after } => Self::new(Code::TooMany)
                .rule(error.to_string())
                .retry_after(seconds(retry_after))
                .cause("locked"),
            IdentityError::TooMany(TooMany { retry_after }) => {
                Self::new(Code::TooMany).retry_after(seconds(retry_after)).cause("sign-in rate")
            }
            IdentityError::Forbidden => Self::forbidden(),
            IdentityError::ProveAgain => Self::new(Code::ProveAgain).rule(error.to_string()),
            IdentityError::OnlyLooking => {
                Self::new(Code::ReadOnly).rule(sentence(&error)).cause("impersonation")
            }
            IdentityError::ImpersonationOver => {
                Self::conflict().rule(sentence(&error)).cause(IMPERSONATION_OVER)
            }
            IdentityError::NotFound => Self::not_found(),
            IdentityError::LinkSpent => Self::not_found().rule(error.to_string()),
            IdentityError::Password(faults) => Self::invalid(
                faults
                    .iter()
                    .map(|fault| FieldProblem { pointer: "/password".to_owned(), detail: fault.to_string() })
                    .collect(),
            ),
            IdentityError::Invalid { field, reason } => {
                Self::invalid(vec![FieldProblem { pointer: format!("/{field}"), detail: reason.to_owned() }])
            }
            IdentityError::Conflict(reason) => Self::conflict().detail(reason),
            IdentityError::Provider(ProviderError::Unreachable(word)) => {
                Self::unavailable(word).rule(sentence(&error)).retry_after(5)
            }
            IdentityError::Provider(failed) => Self::forbidden().rule(sentence(&error)).cause(failed.word()),
            IdentityError::NoAuthority => Self::internal("identity provider"),
            IdentityError::Busy => Self::unavailable("sign-in queue").retry_after(5),
            IdentityError::Audit(_) => Self::unavailable("audit").retry_after(5),
            IdentityError::Store(error) if error.is_transient() => Self::unavailable("store").retry_after(1),
            IdentityError::Store(StoreError::Unavailable { .. }) => Self::unavailable("store").retry_after(5),
            // The database's own rights say no: its records are only read.
            IdentityError::Store(StoreError::Forbidden) => Self::forbidden().cause("store"),
            IdentityError::Store(_) => Self::internal("store"),
            IdentityError::Key(_) => Self::internal("keys"),
            IdentityError::Failed => Self::internal("identity"),
        }
    }
}

impl IntoResponse for IdentityError {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}
