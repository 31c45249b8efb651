use std::io;

use safeguards::audit::AuditUnavailable;
use safeguards::identity::IdentityError;
use safeguards::store::StoreError;

use crate::error::Refusal;
use crate::seams::{ArchivesError, HostError};

/// What the owner is told. The words of a refusal stand alone, as a sentence.
impl From<DepartureError> for Refusal {
    fn from(error: DepartureError) -> Self {
        match error {
            DepartureError::NotFound => Self::NotFound,
            DepartureError::StepUp => Self::Identity(IdentityError::ProveAgain),
            DepartureError::Store(error) => Self::Store(error),
            DepartureError::Audit(error) => Self::Audit(error),
            DepartureError::Identity(error) => Self::Identity(error),
            DepartureError::Archives(ArchivesError::Missing) => Self::NotFound,
            DepartureError::Archives(error) => Self::Host(HostError::Unavailable(error.to_string())),
            DepartureError::File(_) => Self::Fault("a file of a departure"),
            words => Self::conflict(&words.to_string()),
        }
    }
}

/// Why an end does not go as it was asked for, in words for the one who asked.
#[derive(Debug, thiserror::Error)]
pub enum DepartureError {
    /// There is no such project, departure, archive or hold of this account.
    #[error("there is no such thing")]
    NotFound,
    /// Destruction has begun; nothing brings it back.
    #[error("it is too late: destruction has begun")]
    TooLate,
    /// It is the account's end, not the project's.
    #[error(
        "the plan or the agreement of this account has ended: subscribe or sign again, and everything is as it was"
    )]
    Account,
    /// Nothing serves there, so there is nothing to take home.
    #[error("nothing serves there yet, so there are no records to copy")]
    Empty,
    /// The project ends.
    #[error("this app ends: its archive is on the page of its end")]
    Departs,
    /// A hold stands.
    #[error("a legal hold stands: nothing is destroyed until it is lifted")]
    Held,
    /// An archive was not confirmed to be taken home.
    #[error(
        "not everything is taken home: download each archive and confirm it, or wait until the window ends and it \
         is destroyed without"
    )]
    NotConfirmed,
    /// The name that was typed is another.
    #[error("type the app's name exactly as it is written")]
    Name,
    /// A second factor is wanted, given within the last minutes.
    #[error("confirm that it is you: give your second factor again")]
    StepUp,
    /// The file that the owner holds is another than the one that was made.
    #[error("the file you hold is not the archive that was made: download it again")]
    OtherFile,
    /// The reason is missing.
    #[error("say why")]
    Reason,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The audit log could not be written, so nothing was done.
    #[error(transparent)]
    Audit(#[from] AuditUnavailable),
    /// The store of archives failed.
    #[error(transparent)]
    Archives(#[from] ArchivesError),
    /// People cannot be looked up.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A file of ours failed.
    #[error("{0}")]
    File(#[from] io::Error),
}
