use crate::store::StoreError;

/// The event could not be written, so what it would have told must not happen: PHI is not released and
/// the change is not made. The edge answers 503 (CF-7).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit log cannot be written: {reason}")]
pub struct AuditUnavailable {
    reason: String,
}

impl AuditUnavailable {
    /// Unavailable because of `reason`, which goes to the log and never to a client.
    pub(super) fn because(reason: impl ToString) -> Self {
        Self { reason: reason.to_string() }
    }
}

impl From<StoreError> for AuditUnavailable {
    fn from(error: StoreError) -> Self {
        Self::because(error)
    }
}
