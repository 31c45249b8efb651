//! What a caller hears of what went wrong with data.

use crate::access::Error;
use crate::app::cap::FULL;
use crate::store::StoreError;
use crate::web::{Code, FieldProblem, Problem};

impl From<Error> for Problem {
    #[track_caller]
    fn from(error: Error) -> Self {
        match error {
            // Where a statement finds nothing or is refused, it says so in the log (`access/trail.rs`).
            Error::NotFound => Self::not_found().on_record(),
            Error::Forbidden => Self::forbidden().on_record(),
            Error::Conflict => {
                Self::conflict().detail("Somebody else has changed this in the meantime. Look at it again.")
            }
            Error::Locked => {
                Self::conflict().detail("This is signed or closed, and nobody can change it any more.")
            }
            Error::Invalid { field, reason } => {
                let pointer = format!("/{}", field.replace([' ', '-'], "_"));
                Self::invalid(vec![FieldProblem { pointer, detail: format!("{field} {reason}") }])
            }
            Error::Booked { field, column } => {
                let detail = format!("{field} is booked at that time");
                Self::conflict().of(vec![FieldProblem { pointer: format!("/{column}"), detail }])
            }
            Error::AuditUnavailable(_) => Self::unavailable("audit"),
            Error::TooManyToSearch { .. } => Self::new(Code::Invalid)
                .detail("Too many records would have to be searched. Add another term."),
            Error::Statement(_) => Self::internal("tenant statement"),
            Error::Store(StoreError::Check { constraint }) if constraint == super::limits::BEYOND => {
                Self::new(Code::TooMany).detail("What your tier allows in this period is used up.")
            }
            Error::Store(StoreError::Check { constraint }) if constraint == FULL => Self::new(Code::TooMany).detail(
                "This preview is full: it is for trying out, and holds few records of each kind. Patients belong into \
                 production.",
            ),
            Error::Store(StoreError::Check { .. } | StoreError::Unique { .. }) => {
                Self::conflict().detail("A rule of this app does not allow it, or the time is taken already.")
            }
            Error::Store(StoreError::Busy | StoreError::Unavailable { .. }) => {
                Self::unavailable("database").retry_after(2)
            }
            Error::Store(StoreError::Forbidden) => Self::forbidden().cause("database"),
            Error::Store(_) => Self::internal("database"),
            Error::Key(_) => Self::unavailable("keys"),
        }
    }
}
