use std::io;

use crate::verify::Finding;

/// What can go wrong with an archive. Messages name files of the archive, never their content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The disk or the stream under the archive failed.
    #[error("the archive could not be read or written: {0}")]
    Io(#[from] io::Error),
    /// The zip container is damaged or cut off, or not a zip file.
    #[error("this is not a whole archive: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// A sealed archive was opened without its passphrase, or with a wrong one.
    #[error("the archive is sealed, and the passphrase does not open it")]
    Passphrase,
    /// The manifest is missing or is not what this version writes.
    #[error("the archive has no readable manifest.json: {0}")]
    Manifest(String),
    /// A path that would leave the archive's folder, or that stands twice.
    #[error("`{path}` cannot be a path in an archive: {why}")]
    Path {
        /// The path as it was given.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A row whose cells do not fit the table's columns.
    #[error("a row of `{table}` has {found} cells; the table has {expected} columns")]
    Row {
        /// The table's name.
        table: String,
        /// Cells given.
        found: usize,
        /// Columns declared.
        expected: usize,
    },
    /// A line of a table that is not a row of it.
    #[error("line {line} of `data/{table}.ndjson` is not a row of the table")]
    Line {
        /// The table's name.
        table: String,
        /// Which line, from 1.
        line: u64,
    },
    /// The archive is not what it was when it was written.
    #[error("the archive is not as it was written:\n{}", .0.iter().map(|finding| format!("  {finding}")).collect::<Vec<_>>().join("\n"))]
    Altered(Vec<Finding>),
    /// Unpacking it would fill the disk.
    #[error("unpacked, `{prefix}` would be over {limit} bytes or files")]
    TooLarge {
        /// What was to be unpacked.
        prefix: String,
        /// The most that is unpacked.
        limit: u64,
    },
}
