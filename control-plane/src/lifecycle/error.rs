use std::io;

use safeguards::audit::AuditUnavailable;
use safeguards::identity::IdentityError;
use safeguards::store::StoreError;

use crate::seams::ArchivesError;

/// Why an end does not go as it was asked for, in words for the one who asked.
#[derive(Debug, thiserror::Error)]
pub enum DepartureError {
    /// There is no such project, departure, archive or hold of this account.
    #[error("there is no such thing")]
    NotFound,
    /// Destruction has begun; nothing brings it back.
    #[error("it is too late: destruction has begun")]
    TooLate,
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
