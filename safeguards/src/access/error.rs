use crate::audit;
use crate::crypto::KeyError;
use crate::store::StoreError;

/// Why something was not shown or not done. What a client may learn of it is in the words; details go to the log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such row, or it is hidden from this principal: nobody can tell which (404).
    #[error("not found")]
    NotFound,
    /// The row can be seen, or none is needed to know it, but this action, or a field that was sent, is not
    /// permitted; also a row that would come to lie, or collides with one, out of the principal's sight (403).
    #[error("this is not permitted")]
    Forbidden,
    /// Somebody else has changed the row since it was read, or it has left the state that the action starts from (409).
    #[error("somebody else has changed this in the meantime")]
    Conflict,
    /// The row is signed or otherwise closed, and cannot be changed (423). CF-10.
    #[error("this is locked and cannot be changed")]
    Locked,
    /// A value does not fit its field (422).
    #[error("{field} {reason}")]
    Invalid {
        /// The field's name.
        field: &'static str,
        /// What is wrong with it, to be read after the name.
        reason: &'static str,
    },
    /// What is to be booked is booked at that time already (409). A calendar tells free from busy to whoever may book, and
    /// nothing else of the other booking.
    #[error("{field} is booked at that time")]
    Booked {
        /// The field that names what is booked.
        field: &'static str,
        /// Its column, by which programs know a link.
        column: &'static str,
    },
    /// The audit log cannot be written, so nothing is shown (503).
    #[error("the audit log cannot be written")]
    AuditUnavailable(#[source] audit::AuditUnavailable),
    /// More rows than can be searched by decrypting them; a second criterion is wanted (422).
    #[error("more than {limit} records would have to be searched; add a second criterion")]
    TooManyToSearch {
        /// How many can be searched.
        limit: usize,
    },
    /// A statement of the app does not follow the rules of tenant statements: a fault of the program (500).
    #[error("a tenant statement is wrong: {0}")]
    Statement(String),
    /// The database failed (503 when it may pass by itself, else 500).
    #[error("the database failed")]
    Store(#[source] StoreError),
    /// A key is missing, or a value did not open where it stands (503).
    #[error("a key is not available")]
    Key(#[from] KeyError),
}

/// What access answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<StoreError> for Error {
    /// A row that does not exist and one that is hidden break the same foreign key in the same words; what the
    /// database's own policy refuses is forbidden. Unique constraints are judged where a write is (`write`).
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Forbidden | StoreError::ForeignKey { .. } => Self::Forbidden,
            StoreError::Conflict => Self::Conflict,
            other => Self::Store(other),
        }
    }
}
