use serde::{Deserialize, Serialize};

use crate::cell::Table;

/// The manifest's path in every archive. Only the signature over it comes after.
pub const MANIFEST: &str = "manifest.json";
/// The layout that this crate writes and reads.
pub(crate) const FORMAT: u32 = 2;

/// What an archive is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The app whose data these are, as people read its name.
    pub app: String,
    /// The version of the app.
    pub version: String,
    /// The environment (tenant), a UUID.
    pub environment: String,
    /// The one organisation, a UUID, or none where the archive is of the whole environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// When the consistent snapshot was taken (RFC 3339, UTC).
    pub exported_at: String,
}

/// What an archive says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this layout. This crate writes 2.
    pub format: u32,
    /// What the archive is of.
    #[serde(flatten)]
    pub subject: Subject,
    /// Every table, with the number of its rows.
    pub tables: Vec<TableEntry>,
    /// Every file but the manifest and its signature, in the order in which they stand.
    pub files: Vec<FileEntry>,
}

impl Manifest {
    /// The entry of a file.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&FileEntry> {
        self.files.iter().find(|file| file.path == path)
    }
}

/// A table in the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableEntry {
    /// The table and its columns.
    #[serde(flatten)]
    pub table: Table,
    /// How many rows the archive holds.
    pub rows: u64,
}

/// A file in the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Where it stands in the archive.
    pub path: String,
    /// Its length in bytes, unpacked.
    pub bytes: u64,
    /// SHA-256 of its content, in base 16 (FIPS 180-4).
    pub sha256: String,
}
