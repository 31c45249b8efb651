//! The key by which the platform countersigns: Ed25519 (RFC 8032), in a file of mode 0600 in the root folder, used for
//! nothing else.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::Ed25519KeyPair;
use zeroize::Zeroizing;

use super::seal::{self, DocumentKind, SealError, VerifyingKey};
use super::statement::Statement;

/// The file's name in the root folder.
const FILE: &str = "agreement-signing-key";

/// The platform's countersigning key.
pub struct CountersigningKey(Ed25519KeyPair);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum CountersigningKeyError {
    /// The file could not be read or made.
    #[error("{path}: {source}")]
    File {
        /// The key file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Others than its owner can read the file.
    #[error(
        "{path} has mode {mode:03o}; it must be 600. Set it, and replace the key if others could have read it"
    )]
    Permissions {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file holds no key of ours.
    #[error("{0} is not an agreement signing key")]
    Format(PathBuf),
    /// The operating system gave no randomness.
    #[error("a key could not be made")]
    Making,
}

impl CountersigningKey {
    /// Opens the key in `root`; the first time, makes it. Of two processes that make it at once, one wins and
    /// both open the same.
    ///
    /// # Errors
    /// [`CountersigningKeyError`].
    pub fn open(root: &Path) -> Result<Self, CountersigningKeyError> {
        let path = root.join(FILE);
        let failed = |source| CountersigningKeyError::File { path: path.clone(), source };
        if !path.try_exists().map_err(failed)? {
            make(root, &path)?;
        }
        let mode = fs::metadata(&path).map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(CountersigningKeyError::Permissions { path, mode });
        }
        let document = Zeroizing::new(fs::read(&path).map_err(failed)?);
        let pair = Ed25519KeyPair::from_pkcs8(&document);
        pair.map(Self).map_err(|_| CountersigningKeyError::Format(path))
    }

    /// The public half, to be published.
    pub fn verifying_key(&self) -> VerifyingKey {
        seal::verifying_key(&self.0)
    }

    /// Countersigns a document and the statement in it.
    ///
    /// # Errors
    /// [`SealError`] if the document has no place for it.
    pub fn seal(
        &self,
        document: &[u8],
        kind: DocumentKind,
        statement: &Statement,
    ) -> Result<Vec<u8>, SealError> {
        seal::seal(document, kind, statement, &self.0)
    }
}

impl fmt::Debug for CountersigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CountersigningKey({})", self.verifying_key())
    }
}

/// Writes a whole file beside the place and links it there, so that a half-written key is never read.
fn make(root: &Path, path: &Path) -> Result<(), CountersigningKeyError> {
    let failed = |source| CountersigningKeyError::File { path: path.to_owned(), source };
    let pair = Ed25519KeyPair::generate().map_err(|_| CountersigningKeyError::Making)?;
    let document = pair.to_pkcs8().map_err(|_| CountersigningKeyError::Making)?;
    let beside = root.join(format!("{FILE}.{}", std::process::id()));
    fs::create_dir_all(root).map_err(failed)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)
        .map_err(failed)?;
    file.write_all(document.as_ref()).and_then(|()| file.sync_all()).map_err(failed)?;
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside).map_err(failed)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(failed(error)),
        _ => Ok(()),
    }
}
