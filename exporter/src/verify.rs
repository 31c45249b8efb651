//! Whether an archive is what was written, byte for byte, without any network.
//!
//! | tampering | found because |
//! |---|---|
//! | a file edited | its SHA-256 is not that of the manifest |
//! | the manifest edited | its signature does not verify |
//! | a file removed, added, renamed or moved | the directory is not the manifest's list, in its order |
//! | bytes hidden between files, before or after them | files stand back to back, from the first byte on |
//! | a name that stands twice, or another name in the local header | the headers are held against each other |
//! | cut off anywhere | the directory is at the end, and the manifest before it |
//! | a file that unpacks to more than it says | reading stops one byte past what the manifest promised |
//! | written anew by somebody else | the key is another one: compare it |

use std::fmt;
use std::io::{Read, Seek};

use aws_lc_rs::digest::{Context, SHA256};
use serde::Serialize;

use crate::cell::hexadecimal;
use crate::error::ArchiveError;
use crate::manifest::{MANIFEST, Subject};
use crate::read::Archive;
use crate::signature::SIGNATURE;
use crate::write::{Passphrase, check_path};

/// A file of deflated zeros shrinks about a thousandfold; what promises more than this lies.
const MOST_SHRINKING: u64 = 1_100;
/// The longest record of lengths that may stand behind a file (zip64's data descriptor).
const DESCRIPTOR: u64 = 24;

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "found", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "`path` is that of the file in question")]
pub enum Finding {
    /// The content is not what the manifest says.
    Edited { path: String },
    /// The manifest names it, and it is not there.
    Missing { path: String },
    /// It is there, and the manifest does not name it.
    Added { path: String },
    /// It stands in another place than it was written.
    Moved { path: String },
    /// Its name leads out of the folder, or is none.
    Unsafe { path: String },
    /// It promises to unpack to more than any file of its size can.
    Bomb { path: String },
    /// Bytes that belong to no file, or headers that contradict each other.
    Hidden { what: String },
    /// There is no signature that could be read.
    NotSigned,
    /// The signature is not of this manifest.
    WrongSignature,
    /// It is signed by another key than the one expected.
    OtherKey { key: String },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edited { path } => write!(f, "{path} was edited"),
            Self::Missing { path } => write!(f, "{path} is missing"),
            Self::Added { path } => write!(f, "{path} was added"),
            Self::Moved { path } => write!(f, "{path} stands in another place than it was written"),
            Self::Unsafe { path } => write!(f, "{path:?} is no name for a file in an archive"),
            Self::Bomb { path } => write!(f, "{path} says that it unpacks to more than its bytes can hold"),
            Self::Hidden { what } => write!(f, "the container is not as it was written: {what}"),
            Self::NotSigned => f.write_str("the archive is not signed"),
            Self::WrongSignature => f.write_str("the signature is not of this archive"),
            Self::OtherKey { key } => write!(f, "it is signed by another key: {key}"),
        }
    }
}

/// What a verified archive is and holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// What the archive is of.
    #[serde(flatten)]
    pub subject: Subject,
    /// Files in the archive, without the manifest and its signature.
    pub files: usize,
    /// Tables in the archive.
    pub tables: usize,
    /// Rows over all tables.
    pub rows: u64,
    /// Bytes over all files, unpacked.
    pub bytes: u64,
    /// The key that signed it, 64 hexadecimal digits.
    pub signed_by: String,
}

/// Opens an archive and holds everything in it against its manifest, and that against its signature, by
/// `key` (64 hexadecimal digits) if one is expected.
///
/// # Errors
/// [`ArchiveError::Altered`] with all that was found; another error where it cannot be read as an archive at all.
pub fn verify<R: Read + Seek>(
    source: R,
    passphrase: Option<Passphrase>,
    key: Option<&str>,
) -> Result<Verified, ArchiveError> {
    Archive::open(source, passphrase)?.verify(key)
}

/// Where one entry stands in the container.
struct Place {
    name: String,
    start: u64,
    end: u64,
    packed: u64,
}

impl<R: Read + Seek> Archive<R> {
    /// As [`verify`], of an archive that is open.
    ///
    /// # Errors
    /// As [`verify`].
    pub fn verify(&mut self, key: Option<&str>) -> Result<Verified, ArchiveError> {
        let mut findings = Vec::new();
        let signed_by = self.signed_by(key, &mut findings);
        let places = self.places(&mut findings)?;
        self.compare(&places, &mut findings);
        let bytes = self.contents(&places, &mut findings)?;
        let Some(signed_by) = signed_by.filter(|_| findings.is_empty()) else {
            return Err(ArchiveError::Altered(findings));
        };
        let manifest = self.manifest();
        Ok(Verified {
            subject: manifest.subject.clone(),
            files: manifest.files.len(),
            tables: manifest.tables.len(),
            rows: manifest.tables.iter().map(|entry| entry.rows).sum(),
            bytes,
            signed_by,
        })
    }

    fn signed_by(&mut self, expected: Option<&str>, findings: &mut Vec<Finding>) -> Option<String> {
        let Some(signature) = self.signature() else {
            findings.push(Finding::NotSigned);
            return None;
        };
        if !signature.verifies(&self.digest) {
            findings.push(Finding::WrongSignature);
            return None;
        }
        if expected.is_some_and(|expected| !expected.trim().eq_ignore_ascii_case(&signature.public_key)) {
            findings.push(Finding::OtherKey { key: signature.public_key.clone() });
        }
        Some(signature.public_key)
    }

    /// The container itself: what its two kinds of headers say, and whether any byte belongs to nothing.
    fn places(&mut self, findings: &mut Vec<Finding>) -> Result<Vec<Place>, ArchiveError> {
        if let Err(error) = self.zip.validate_header_consistency() {
            findings.push(Finding::Hidden { what: error.to_string() });
        }
        if self.zip.offset() != 0 || !self.zip.comment().is_empty() {
            findings
                .push(Finding::Hidden { what: "bytes stand before the first file or in a comment".into() });
        }
        if self.directory != Some(self.zip.central_directory_start()) {
            findings.push(Finding::Hidden { what: "bytes stand behind the last file".into() });
        }
        let mut places = Vec::with_capacity(self.zip.len());
        for index in 0..self.zip.len() {
            let entry = self.zip.by_index_raw(index)?;
            let name = entry.name().map_err(ArchiveError::Zip)?.into_owned();
            let packed = entry.compressed_size();
            let end = entry.data_start().and_then(|start| start.checked_add(packed)).unwrap_or(u64::MAX);
            places.push(Place { name, start: entry.header_start(), end, packed });
        }
        let directory = self.zip.central_directory_start();
        let ends = places.iter().map(|place| place.end);
        let starts = places.iter().map(|place| place.start).skip(1).chain([directory]);
        let first = places.first().is_none_or(|place| place.start == 0);
        let tight = |(end, next): (u64, u64)| next.checked_sub(end).is_some_and(|gap| gap <= DESCRIPTOR);
        if !first || !ends.zip(starts).all(tight) {
            findings.push(Finding::Hidden { what: "bytes between the files belong to none of them".into() });
        }
        Ok(places)
    }

    /// The directory against the manifest: the same names in the same order.
    fn compare(&self, places: &[Place], findings: &mut Vec<Finding>) {
        let expected: Vec<&str> = self
            .manifest()
            .files
            .iter()
            .map(|file| file.path.as_str())
            .chain([MANIFEST, SIGNATURE])
            .collect();
        let unsafe_names = places.iter().filter(|place| check_path(&place.name).is_err());
        findings.extend(unsafe_names.map(|place| Finding::Unsafe { path: place.name.clone() }));
        let found: Vec<&str> = places.iter().map(|place| place.name.as_str()).collect();
        let before = findings.len();
        let (there, wanted): (std::collections::BTreeSet<_>, std::collections::BTreeSet<_>) =
            (found.iter().collect(), expected.iter().collect());
        findings.extend(wanted.difference(&there).map(|path| Finding::Missing { path: (**path).to_owned() }));
        findings.extend(there.difference(&wanted).map(|path| Finding::Added { path: (**path).to_owned() }));
        if before == findings.len() && found != expected {
            let moved = found.iter().zip(&expected).find(|(found, expected)| found != expected);
            let path = moved.map_or(MANIFEST, |(found, _)| *found).to_owned();
            findings.push(Finding::Moved { path });
        }
    }

    /// Every file against its digest; answers the bytes of all.
    fn contents(&mut self, places: &[Place], findings: &mut Vec<Finding>) -> Result<u64, ArchiveError> {
        let mut bytes = 0;
        for file in self.manifest().files.clone() {
            let Some(place) = places.iter().find(|place| place.name == file.path) else { continue };
            if file.bytes / MOST_SHRINKING > place.packed {
                findings.push(Finding::Bomb { path: file.path });
                continue;
            }
            match self.digest_of(&file.path, file.bytes) {
                Ok((sha256, length)) if sha256 == file.sha256 && length == file.bytes => bytes += length,
                Ok(_) | Err(ArchiveError::Zip(_) | ArchiveError::Io(_)) => {
                    findings.push(Finding::Edited { path: file.path });
                }
                Err(other) => return Err(other),
            }
        }
        Ok(bytes)
    }

    /// The digest of a file, reading no more than one byte past what the manifest promised.
    fn digest_of(&mut self, path: &str, expected: u64) -> Result<(String, u64), ArchiveError> {
        let mut file = self.file(path)?.take(expected.saturating_add(1));
        let mut digest = Context::new(&SHA256);
        let mut buffer = vec![0; 64 * 1024];
        let mut length = 0;
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                return Ok((hexadecimal(digest.finish().as_ref()), length));
            }
            digest.update(&buffer[..read]);
            length += read as u64;
        }
    }
}
