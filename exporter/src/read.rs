use std::io::{Read, Seek};

use aws_lc_rs::digest::{Context, SHA256};
use zip::ZipArchive;
use zip::result::ZipError;

use crate::cell::hexadecimal;
use crate::error::ArchiveError;
use crate::manifest::{MANIFEST, Manifest};
use crate::write::Passphrase;

/// The most that a manifest may measure unpacked: a hostile archive must not fill the memory.
const MANIFEST_LIMIT: u64 = 64 * 1024 * 1024;

/// An archive that was opened, not yet verified.
pub struct Archive<R: Read + Seek> {
    zip: ZipArchive<R>,
    passphrase: Option<Passphrase>,
    manifest: Manifest,
}

impl<R: Read + Seek> Archive<R> {
    /// Opens an archive and reads its manifest.
    pub fn open(source: R, passphrase: Option<Passphrase>) -> Result<Self, ArchiveError> {
        let mut zip = ZipArchive::new(source)?;
        let manifest = {
            let entry = entry(&mut zip, MANIFEST, passphrase.as_ref())?;
            let mut text = Vec::new();
            entry.take(MANIFEST_LIMIT + 1).read_to_end(&mut text)?;
            if text.len() as u64 > MANIFEST_LIMIT {
                return Err(ArchiveError::Manifest("it is over 64 MiB".into()));
            }
            serde_json::from_slice::<Manifest>(&text)
                .map_err(|error| ArchiveError::Manifest(error.to_string()))?
        };
        if manifest.format != 1 {
            return Err(ArchiveError::Manifest(format!("format {} is not known here", manifest.format)));
        }
        Ok(Self { zip, passphrase, manifest })
    }

    /// What the archive says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Streams one file.
    pub fn file(&mut self, path: &str) -> Result<impl Read + '_, ArchiveError> {
        entry(&mut self.zip, path, self.passphrase.as_ref())
    }

    /// Holds every file against the manifest, and the manifest against the files.
    pub fn verify(&mut self) -> Result<Verified, ArchiveError> {
        let mut altered = Vec::new();
        let mut bytes = 0;
        let files = self.manifest.files.clone();
        for (path, expected) in &files {
            match self.digest(path, expected.bytes) {
                Ok((sha256, length)) if sha256 == expected.sha256 && length == expected.bytes => {
                    bytes += length
                }
                Ok(_) | Err(ArchiveError::Zip(_) | ArchiveError::Io(_)) => altered.push(path.clone()),
                Err(other) => return Err(other),
            }
        }
        for index in 0..self.zip.len() {
            let name = self.zip.by_index_raw(index)?.name().map_err(ArchiveError::Zip)?.into_owned();
            if name != MANIFEST && !files.contains_key(&name) {
                altered.push(name);
            }
        }
        if !altered.is_empty() {
            return Err(ArchiveError::Altered(altered));
        }
        let rows = self.manifest.tables.iter().map(|entry| entry.rows).sum();
        Ok(Verified { files: files.len(), tables: self.manifest.tables.len(), rows, bytes })
    }

    /// The digest of a file, reading no more than one byte past what the manifest promised.
    fn digest(&mut self, path: &str, expected: u64) -> Result<(String, u64), ArchiveError> {
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

fn entry<'a, R: Read + Seek>(
    zip: &'a mut ZipArchive<R>,
    path: &str,
    passphrase: Option<&Passphrase>,
) -> Result<impl Read + 'a, ArchiveError> {
    let opened = match passphrase {
        Some(passphrase) => zip.by_name_decrypt(path, passphrase.expose().as_bytes()),
        None => zip.by_name(path),
    };
    opened.map_err(|error| match error {
        ZipError::InvalidPassword => ArchiveError::Passphrase,
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => ArchiveError::Passphrase,
        ZipError::FileNotFound if path == MANIFEST => ArchiveError::Manifest("it is missing".into()),
        other => ArchiveError::Zip(other),
    })
}

/// What [`verify`] counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Files in the archive, without the manifest.
    pub files: usize,
    /// Tables in the archive.
    pub tables: usize,
    /// Rows over all tables.
    pub rows: u64,
    /// Bytes over all files, unpacked.
    pub bytes: u64,
}

/// Opens an archive and holds every file against its manifest, without any network.
pub fn verify<R: Read + Seek>(source: R, passphrase: Option<Passphrase>) -> Result<Verified, ArchiveError> {
    Archive::open(source, passphrase)?.verify()
}
