//! Why the verifier could not go on. None of these is a pass, and none is the app's failure by itself.

use std::io;
use std::path::{Path, PathBuf};

/// What stopped a check, or a trial.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// There is nothing of the kind to try it on.
    #[error("{0}")]
    Absent(String),
    /// The app could not be reached, or broke off.
    #[error("{what}: {source}")]
    Unreachable {
        /// What was asked.
        what: String,
        /// Why not.
        source: io::Error,
    },
    /// The answer is no HTTP.
    #[error("{what}: the answer is no HTTP")]
    NoHttp {
        /// What was asked.
        what: String,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A command of the app, or a program beside it, failed.
    #[error("`{command}` failed: {said}")]
    Command {
        /// The command.
        command: String,
        /// What it said.
        said: String,
    },
    /// The archive could not be read.
    #[error("the app's archive: {0}")]
    Archive(#[from] exporter::ArchiveError),
    /// The project's description of itself could not be read.
    #[error("{0}")]
    Project(String),
    /// Something that a check has to build on did not work.
    #[error("{0}")]
    Unexpected(String),
}

impl Trouble {
    pub(crate) fn file(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::File { path, source }
    }

    pub(crate) fn unexpected(what: impl Into<String>) -> Self {
        Self::Unexpected(what.into())
    }
}

/// The result of everything here.
pub(crate) type Result<T, E = Trouble> = std::result::Result<T, E>;
