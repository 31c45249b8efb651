use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cell::Table;

/// The manifest's path in every archive; it is the last file written.
pub const MANIFEST: &str = "manifest.json";

/// What an archive says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this layout. This crate writes 1.
    pub format: u32,
    /// The app whose data these are.
    pub app: String,
    /// When the consistent snapshot was taken (RFC 3339, UTC).
    pub exported_at: String,
    /// Every table, with the number of its rows.
    pub tables: Vec<TableEntry>,
    /// Every file but the manifest itself, by path.
    pub files: BTreeMap<String, FileEntry>,
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
    /// Its length in bytes, unpacked.
    pub bytes: u64,
    /// SHA-256 of its content, in base 16 (FIPS 180-4).
    pub sha256: String,
}
