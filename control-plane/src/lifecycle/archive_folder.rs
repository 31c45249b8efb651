//! Sealed archives in a folder: the embedded default, where no object store is configured.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::residency::{Kept, Region};
use crate::seams::{Archives, ArchivesError, Pending, archive_name};

/// The folder of archives. What lies in it is sealed already; its names are ours.
#[derive(Clone, Debug)]
pub struct ArchiveFolder {
    folder: PathBuf,
    region: Option<Region>,
}

impl ArchiveFolder {
    /// Archives in `folder`, which is made when the first one comes.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), region: None }
    }

    /// The same, on a machine that stands there.
    #[must_use]
    pub fn in_region(self, region: Option<Region>) -> Self {
        Self { region, ..self }
    }

    fn path(&self, name: &str) -> Result<PathBuf, ArchivesError> {
        archive_name(name).map(|name| self.folder.join(name))
    }

    fn keep(&self, name: &str, file: &Path) -> Result<(), ArchivesError> {
        let path = self.path(name)?;
        let draft = self.folder.join(format!(".{name}"));
        let kept = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .and_then(|()| fs::copy(file, &draft))
            .and_then(|_| File::open(&draft)?.sync_all())
            .and_then(|()| fs::rename(&draft, &path))
            .and_then(|()| File::open(&self.folder)?.sync_all());
        kept.map_err(unavailable)
    }

    fn names(&self, prefix: &str) -> Result<Vec<String>, ArchivesError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unavailable(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.map_err(unavailable)?.file_name().to_string_lossy().into_owned();
            // A draft that was cut off counts: it is to be removed with the rest.
            if name.trim_start_matches('.').starts_with(prefix) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn remove(&self, name: &str) -> Result<(), ArchivesError> {
        self.path(name.trim_start_matches('.'))?;
        match fs::remove_file(self.folder.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unavailable(error)),
            _ => Ok(()),
        }
    }
}

fn unavailable(error: io::Error) -> ArchivesError {
    ArchivesError::Unavailable(format!("the folder of archives cannot be used: {error}"))
}

impl Archives for ArchiveFolder {
    fn place(&self) -> Kept {
        Kept::here(self.region.clone())
    }

    fn keep<'a>(&'a self, name: &'a str, file: &'a Path) -> Pending<'a, (), ArchivesError> {
        Box::pin(async move { self.keep(name, file) })
    }

    fn fetch<'a>(&'a self, name: &'a str, file: &'a Path) -> Pending<'a, (), ArchivesError> {
        Box::pin(async move {
            match fs::copy(self.path(name)?, file) {
                Ok(_) => Ok(()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Err(ArchivesError::Missing),
                Err(error) => Err(unavailable(error)),
            }
        })
    }

    fn remove<'a>(&'a self, name: &'a str) -> Pending<'a, (), ArchivesError> {
        Box::pin(async move { self.remove(name) })
    }

    fn names<'a>(&'a self, prefix: &'a str) -> Pending<'a, Vec<String>, ArchivesError> {
        Box::pin(async move { self.names(prefix) })
    }
}
