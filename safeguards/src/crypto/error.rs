use std::path::PathBuf;
use time::OffsetDateTime;

/// Why a key could not be had, or a value not be sealed or opened. No message carries a key or a value.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The organisation has no key: it was never created here, or it was destroyed.
    #[error("this organisation has no key")]
    Missing,
    /// A value names a generation that the ring does not hold: another process has rotated, or it is destroyed.
    #[error("key generation {0} is not in the ring")]
    UnknownGeneration(u32),
    /// A wrapped key names a root key that the key service does not hold.
    #[error("root key {0:08x} is not in the key file")]
    UnknownRoot(u32),
    /// The value does not open: altered, cut, moved from another place, or sealed by another key.
    #[error("a sealed value does not open where it stands")]
    Broken,
    /// What opened is not a value of the field's kind.
    #[error("a sealed value is not of its field's kind")]
    Kind,
    /// The root key file can be read by others than its owner. The mode is that of the file.
    #[error("{path} has mode {mode:03o}; a root key file must be 600 (chmod 600 it, and rotate the key)")]
    Permissions {
        /// The root key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The root key file is not one of ours, or of a later version.
    #[error("{0} is not a root key file")]
    Format(PathBuf),
    /// The file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The root key file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The environment's root key is scheduled for destruction: it unwraps nothing any more.
    #[error("the root key is scheduled for destruction at {0}")]
    Destroying(OffsetDateTime),
    /// The key service answers, and refuses: it denies the call, or the root key is disabled. Unlike silence, it is not
    /// bridged. A reason for the operator's log, never for a client.
    #[error("the key service refuses: {0}")]
    Refused(String),
    /// The key service did not answer. A reason for the operator's log, never for a client.
    #[error("the key service is unavailable: {0}")]
    Unavailable(String),
    /// The table of wrapped keys could not be read or written.
    #[error("the table of keys: {0}")]
    Store(#[from] crate::store::StoreError),
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    Random,
}
