use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use zip::ZipArchive;
use zip::result::ZipError;

use crate::cell::hexadecimal;
use crate::error::ArchiveError;
use crate::manifest::{FORMAT, MANIFEST, Manifest, TableEntry};
use crate::signature::{SIGNATURE, Signature};
use crate::write::{Form, Passphrase, check_path};

/// The most that a manifest may measure unpacked: a hostile archive must not fill the memory.
const MANIFEST_LIMIT: u64 = 64 * 1024 * 1024;
/// The most that a signature may measure.
const SIGNATURE_LIMIT: u64 = 4 * 1024;
/// The longest line of a table that is read, in bytes.
const LINE_LIMIT: u64 = 64 * 1024 * 1024;

/// An archive that was opened, not yet verified.
pub struct Archive<R: Read + Seek> {
    pub(crate) zip: ZipArchive<R>,
    passphrase: Option<Passphrase>,
    manifest: Manifest,
    /// SHA-256 of the manifest as it lies in the archive.
    pub(crate) digest: String,
    /// Where the directory begins, if it and its records end with the file's last byte.
    pub(crate) directory: Option<u64>,
}

impl<R: Read + Seek> Archive<R> {
    /// Opens an archive and reads its manifest.
    pub fn open(mut source: R, passphrase: Option<Passphrase>) -> Result<Self, ArchiveError> {
        let directory = directory(&mut source)?;
        let mut zip = ZipArchive::new(source)?;
        let text = small(&mut zip, MANIFEST, passphrase.as_ref(), MANIFEST_LIMIT)?;
        let manifest: Manifest =
            serde_json::from_slice(&text).map_err(|error| ArchiveError::Manifest(error.to_string()))?;
        if manifest.format != FORMAT {
            return Err(ArchiveError::Manifest(format!("format {} is not known here", manifest.format)));
        }
        let digest = hexadecimal(digest(&SHA256, &text).as_ref());
        Ok(Self { zip, passphrase, manifest, digest, directory })
    }

    /// What the archive says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Streams one file.
    pub fn file<'a>(&'a mut self, path: &str) -> Result<impl Read + use<'a, R>, ArchiveError> {
        entry(&mut self.zip, path, self.passphrase.as_ref())
    }

    /// Who signed it, if anybody did; not yet verified.
    pub(crate) fn signature(&mut self) -> Option<Signature> {
        let text = small(&mut self.zip, SIGNATURE, self.passphrase.as_ref(), SIGNATURE_LIMIT).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// The rows of a table, one JSON object each.
    pub fn rows<'a>(
        &'a mut self,
        table: &TableEntry,
    ) -> Result<Rows<impl BufRead + use<'a, R>>, ArchiveError> {
        let name = table.table.name.clone();
        let file = BufReader::new(self.file(&Form::Json.path(&name))?);
        Ok(Rows { file, table: name, line: 0 })
    }

    /// Unpacks the files under `prefix`, such as `project/`, into a folder that must not exist yet.
    ///
    /// # Errors
    /// [`ArchiveError::TooLarge`] before anything is written, if it would be more than `limits` allow.
    pub fn unpack(&mut self, prefix: &str, to: &Path, limits: Limits) -> Result<usize, ArchiveError> {
        let files: Vec<_> =
            self.manifest.files.iter().filter(|file| file.path.starts_with(prefix)).cloned().collect();
        let bytes = files.iter().map(|file| file.bytes).fold(0, u64::saturating_add);
        for (found, limit) in [(files.len() as u64, limits.files), (bytes, limits.bytes)] {
            if found > limit {
                return Err(ArchiveError::TooLarge { prefix: prefix.into(), limit });
            }
        }
        fs::create_dir_all(to)?;
        for file in &files {
            check_path(&file.path)?;
            let target = to.join(&file.path[prefix.len()..]);
            if let Some(folder) = target.parent() {
                fs::create_dir_all(folder)?;
            }
            let mut written = OpenOptions::new().write(true).create_new(true).open(&target)?;
            let mut source = self.file(&file.path)?.take(file.bytes);
            std::io::copy(&mut source, &mut written)?;
        }
        Ok(files.len())
    }
}

/// The most that is unpacked.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many files.
    pub files: u64,
    /// How many bytes, unpacked.
    pub bytes: u64,
}

/// The rows of a table in an archive.
pub struct Rows<R: BufRead> {
    file: R,
    table: String,
    line: u64,
}

impl<R: BufRead> Iterator for Rows<R> {
    type Item = Result<serde_json::Map<String, serde_json::Value>, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = Vec::new();
        match self.file.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut line) {
            Ok(0) => return None,
            Ok(_) => self.line += 1,
            Err(error) => return Some(Err(error.into())),
        }
        let row = serde_json::from_slice(&line);
        Some(row.map_err(|_| ArchiveError::Line { table: self.table.clone(), line: self.line }))
    }
}

/// Where a zip's directory begins, if nothing stands behind it but the records that end a zip (APPNOTE 4.3.14 to
/// 4.3.16), without a comment. The reader of the zip itself is more forgiving.
fn directory<R: Read + Seek>(source: &mut R) -> io::Result<Option<u64>> {
    const END: u64 = 22;
    const LOCATOR: u64 = 20;
    const END_64: u64 = 56;
    let length = source.seek(SeekFrom::End(0))?;
    let mut record = |from_end: u64, bytes: &mut [u8]| -> io::Result<bool> {
        let Some(at) = length.checked_sub(from_end) else { return Ok(false) };
        source.seek(SeekFrom::Start(at))?;
        source.read_exact(bytes).map(|()| true)
    };
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
    let mut end = [0; END as usize];
    if !record(END, &mut end)? || !end.starts_with(b"PK\x05\x06") || end[20..] != [0, 0] {
        return Ok(None);
    }
    let (size, begin) = (number(&end[12..16]), number(&end[16..20]));
    if begin.saturating_add(size) == length - END {
        return Ok(Some(begin));
    }
    let mut end = [0; END_64 as usize];
    if !record(END + LOCATOR + END_64, &mut end)? || !end.starts_with(b"PK\x06\x06") {
        return Ok(None);
    }
    let (size, begin) = (number(&end[40..48]), number(&end[48..56]));
    let tight = begin.checked_add(size) == Some(length - END - LOCATOR - END_64);
    Ok(tight.then_some(begin))
}

fn small<R: Read + Seek>(
    zip: &mut ZipArchive<R>,
    path: &str,
    passphrase: Option<&Passphrase>,
    limit: u64,
) -> Result<Vec<u8>, ArchiveError> {
    let mut text = Vec::new();
    entry(zip, path, passphrase)?.take(limit + 1).read_to_end(&mut text)?;
    if text.len() as u64 > limit {
        return Err(ArchiveError::Manifest(format!("{path} is over {limit} bytes")));
    }
    Ok(text)
}

fn entry<'a, R: Read + Seek>(
    zip: &'a mut ZipArchive<R>,
    path: &str,
    passphrase: Option<&Passphrase>,
) -> Result<impl Read + use<'a, R>, ArchiveError> {
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
