//! Which files of a folder go into an archive: the app's source, and agreements.
//!
//! Left out of the source are what a build makes, what holds data or keys, and what a person keeps beside
//! it for themselves: archives, databases, key files, version control, `.env` with its passwords.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::AppError;

/// Folders of the project itself that a build or a package manager makes.
const MADE: [&str; 3] = ["target", "node_modules", "lost+found"];
/// Hidden files and folders that are.
const HIDDEN: [&str; 6] = [".env.sample", ".gitignore", ".dockerignore", ".cargo", ".config", ".github"];
/// Endings of files that hold data or secrets.
const ENDINGS: [&str; 12] =
    ["zip", "age", "part", "db", "db-wal", "db-shm", "sqlite", "key", "pem", "p12", "log", "dump"];

/// A file, and its path in the archive.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SourceFile {
    pub(super) path: String,
    pub(super) file: PathBuf,
}

/// The source in `folder`, under `project/`; nothing in the `private` folders.
pub(super) fn of_project(folder: &Path, private: &[PathBuf]) -> Result<Vec<SourceFile>, AppError> {
    let private: Vec<PathBuf> = private.iter().filter_map(|path| path.canonicalize().ok()).collect();
    gathered(folder, "project", &|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let hidden = name.starts_with('.') && !HIDDEN.contains(&name.as_ref());
        let unwanted = if path.is_dir() {
            let made = path.parent() == Some(folder) && MADE.contains(&name.as_ref());
            made || path.canonicalize().is_ok_and(|path| private.contains(&path))
        } else {
            ENDINGS.contains(&ending.as_str())
        };
        !hidden && !unwanted
    })
}

/// Every file in `folder`, under `place`.
pub(super) fn all(folder: &Path, place: &str) -> Result<Vec<SourceFile>, AppError> {
    gathered(folder, place, &|_| true)
}

/// In the order of their paths. Links are not followed: they may lead anywhere.
fn gathered(folder: &Path, place: &str, wanted: &dyn Fn(&Path) -> bool) -> Result<Vec<SourceFile>, AppError> {
    let mut files = Vec::new();
    let mut waiting = vec![(folder.to_owned(), place.to_owned())];
    while let Some((folder, place)) = waiting.pop() {
        for entry in fs::read_dir(&folder).map_err(AppError::file(&folder))? {
            let entry = entry.map_err(AppError::file(&folder))?;
            let kind = entry.file_type().map_err(AppError::file(&folder))?;
            let file = entry.path();
            if kind.is_symlink() || !wanted(&file) {
                continue;
            }
            let name = entry.file_name().into_string().map_err(|_| {
                let why = io::Error::new(io::ErrorKind::InvalidData, "its name is not UTF-8");
                AppError::file(&file)(why)
            })?;
            let path = format!("{place}/{name}");
            match kind.is_dir() {
                true => waiting.push((file, path)),
                false => files.push(SourceFile { path, file }),
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HC-8: data, keys and passwords that lie in the project's folder do not leave as its source.
    #[test]
    fn source_is_source_only() {
        let folder = tempfile::tempdir().unwrap();
        let put = |path: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        };
        let source = [".env.sample", "app.yaml", "src/custom/data/model.rs", "src/main.rs"];
        let others = [
            ".env",
            ".git/config",
            "target/debug/app",
            "data/app.db",
            "vault/root.txt",
            "app.db",
            "archive.ZIP",
            "old.zip.age",
            "keys/root.key",
            "tls/private.pem",
        ];
        source.iter().chain(&others).for_each(|path| put(path));
        std::os::unix::fs::symlink("/etc", folder.path().join("etc")).unwrap();
        let files = of_project(folder.path(), &[folder.path().join("vault")]).unwrap();
        let paths: Vec<_> = files.iter().map(|file| file.path.trim_start_matches("project/")).collect();
        assert_eq!(paths, source);
    }
}
