//! Why an app does not start, in sentences for the person who starts it.

use std::io;
use std::path::PathBuf;

use exporter::ArchiveError;

use super::settings::SettingError;
use crate::audit::{AuditUnavailable, KeeperError, SignerError};
use crate::crypto::KeyError;
use crate::folder::FolderError;
use crate::identity::IdentityError;
use crate::store::StoreError;

/// Why a command ended without success. None of these holds a record, a key or a password.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// Variables are wrong; all of them are told.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Settings(Vec<SettingError>),
    /// A folder or file cannot be used.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The socket cannot be opened.
    #[error("cannot listen on {at}: {source}")]
    Listen {
        /// Where.
        at: String,
        /// Why.
        source: io::Error,
    },
    /// The certificate or its key cannot be used.
    #[error("{}: {why}", .file.display())]
    Tls {
        /// Which file.
        file: PathBuf,
        /// Why.
        why: String,
    },
    /// The folder of data cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Accounts cannot be started, or one cannot be made.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The audit log cannot be written.
    #[error(transparent)]
    Audit(#[from] AuditUnavailable),
    /// The audit signer cannot work.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// An entry of the audit log cannot be read, so no proof can be exported.
    #[error("an entry of the audit log cannot be read: run the subcommand `verify-audit`")]
    AuditUnreadable,
    /// Made-up people and records cannot be written.
    #[error("seed: {0}")]
    Seed(String),
    /// The audit log is not as it was witnessed.
    #[error("the audit log is not as it was witnessed\n{0}")]
    AuditFindings(String),
    /// The archive cannot be written or read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The archive cannot be signed.
    #[error("the archive cannot be signed: {0}")]
    Unsigned(#[source] KeeperError),
    /// What an archive holds cannot go into this database.
    #[error("nothing was restored: {0}")]
    Restore(String),
    /// Support is shown nothing.
    #[error("nothing was shown: {0}")]
    NothingShown(String),
    /// The schema is older than the program, on a database whose owner migrates it.
    #[error(
        "{count} migrations are not applied yet, the first is {first}; run the subcommand `migrate` (on PostgreSQL \
         with DATABASE_OWNER_URL set)"
    )]
    Migrations {
        /// How many.
        count: usize,
        /// The name of the first.
        first: &'static str,
    },
    /// The access policy that the app declares is not sound.
    #[error("the access policy is not sound: {0}")]
    Declarations(String),
    /// A subcommand acts as the owner of the database.
    #[error("this subcommand acts as the owner of the database: set DATABASE_OWNER_URL")]
    OwnerWanted,
    /// A flag of the subcommand is missing or wrong.
    #[error("{0}")]
    Usage(&'static str),
    /// A subcommand that this app does not have.
    #[error("this app has nothing for `{0}`")]
    Absent(&'static str),
    /// The operating system refused.
    #[error("the operating system refused: {0}")]
    System(#[source] io::Error),
    /// The app's own code failed, in its own words.
    #[error(transparent)]
    Own(Box<dyn std::error::Error + Send + Sync>),
}

impl AppError {
    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
