//! Why the platform does not do what somebody asked for. Converted once, at the edge, into a problem
//! (RFC 9457); what a database or a key service said stays behind.

use safeguards::StoreError;
use safeguards::audit::AuditUnavailable;
use safeguards::crypto::KeyError;
use safeguards::identity::IdentityError;
use safeguards::web::{FieldProblem, Problem};

use crate::seams::{BillingError, HostError};

/// What a part of the platform answers.
pub type Result<T, E = Refusal> = std::result::Result<T, E>;

/// Why not. The words are for the person who asked.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no such thing, or it is another account's: the same to whoever asks.
    #[error("there is nothing here")]
    NotFound,
    /// It is theirs, and their role may not do this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// What was written does not do.
    #[error("{reason}")]
    Invalid {
        /// The field of the form.
        field: &'static str,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// It does not fit how things stand now.
    #[error("{0}")]
    Conflict(String),
    /// The host does not do it.
    #[error(transparent)]
    Host(#[from] HostError),
    /// Billing does not answer.
    #[error(transparent)]
    Billing(#[from] BillingError),
    /// The platform's database failed.
    #[error("the platform's database did not answer as it should")]
    Store(#[from] StoreError),
    /// The keys cannot be used.
    #[error("the platform's keys cannot be used now")]
    Keys(#[from] KeyError),
    /// The audit log cannot be written, so nothing is done.
    #[error("the audit log cannot be written, so nothing was done")]
    Audit(#[from] AuditUnavailable),
    /// Identity refused.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A fault of this program, by its code.
    #[error("something went wrong on our side")]
    Fault(&'static str),
}

impl Refusal {
    /// How things stand forbids it; the words get a capital letter and a full stop, as they stand alone.
    #[must_use]
    pub fn conflict(words: &str) -> Self {
        let mut letters = words.chars();
        let first = letters.next().map(char::to_uppercase).into_iter().flatten();
        Self::Conflict(first.chain(letters).chain(['.']).collect())
    }

    /// A wrong answer in a field.
    pub fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid { field, reason: reason.into() }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Self::not_found(),
            Refusal::Forbidden(why) => Self::forbidden().detail(why),
            Refusal::Invalid { field, reason } => {
                Self::invalid(vec![FieldProblem { pointer: format!("/{field}"), detail: reason }])
            }
            Refusal::Conflict(why) => Self::conflict().rule(why),
            Refusal::Host(HostError::Version(why)) => Self::conflict().rule(why),
            Refusal::Host(HostError::Unavailable(why)) => Self::unavailable("host").rule(why),
            Refusal::Billing(BillingError::Unavailable(why)) => Self::unavailable("billing").rule(why),
            Refusal::Store(error) if error.is_transient() => Self::unavailable("database").retry_after(1),
            Refusal::Store(_) => Self::internal("database"),
            Refusal::Keys(_) => Self::unavailable("keys"),
            Refusal::Audit(_) => Self::unavailable("audit"),
            Refusal::Identity(error) => error.into(),
            Refusal::Fault(code) => Self::internal(code),
        }
    }
}

impl safeguards::axum::response::IntoResponse for Refusal {
    fn into_response(self) -> safeguards::axum::response::Response {
        Problem::from(self).into_response()
    }
}
