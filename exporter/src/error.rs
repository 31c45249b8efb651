use std::io;

/// What can go wrong with an archive. Messages name files of the archive, never their content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The disk or the stream under the archive failed.
    #[error("the archive could not be read or written: {0}")]
    Io(#[from] io::Error),
    /// The zip container is damaged, or not a zip file.
    #[error("this is not a readable archive: {0}")]
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
    /// A file that the manifest names is not what it was when the archive was written.
    #[error("{} of the archive's files differ from its manifest: {}", .0.len(), .0.join(", "))]
    Altered(Vec<String>),
}
