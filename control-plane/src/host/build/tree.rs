//! The files of a project, brought to where it is built.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, lchown};
use std::path::{Path, PathBuf};

use super::BuildError;
use crate::host::sandbox::Account;

/// A project has some hundred files of some kilobytes.
const FILES: usize = 20_000;
const BYTES: u64 = 256 << 20;

/// Makes `project` hold what `source` holds. A file whose content is the same is left as it is, its time of change
/// above all; links and special files are refused; a folder that cargo makes (`target`, `.git`) is left out.
pub(super) fn synchronise(source: &Path, project: &Path) -> Result<(), BuildError> {
    let mut wanted = BTreeSet::new();
    let mut bytes = 0;
    collect(source, Path::new(""), &mut wanted, &mut bytes)?;
    fs::create_dir_all(project)?;
    readable(project, 0o755)?;
    remove_others(project, Path::new(""), &wanted)?;
    for path in &wanted {
        let (from, to) = (source.join(path), project.join(path));
        let content = fs::read(&from)?;
        if fs::read(&to).is_ok_and(|found| found == content) {
            readable(&to, 0o644)?;
            continue;
        }
        let mut folder = project.to_owned();
        for part in path.parent().unwrap_or(Path::new("")) {
            folder.push(part);
            fs::create_dir_all(&folder)?;
            readable(&folder, 0o755)?;
        }
        fs::write(&to, content)?;
        readable(&to, 0o644)?;
    }
    Ok(())
}

/// The build runs as another user, who may read all of it.
fn readable(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

fn collect(
    source: &Path,
    below: &Path,
    files: &mut BTreeSet<PathBuf>,
    bytes: &mut u64,
) -> Result<(), BuildError> {
    let refused = |path: &Path, why| BuildError::Tree { path: path.display().to_string(), why };
    for entry in fs::read_dir(source.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if below == Path::new("") && matches!(entry.file_name().to_str(), Some("target" | ".git")) {
            continue;
        }
        let metadata = entry.metadata()?;
        if metadata.is_dir() {
            collect(source, &path, files, bytes)?;
        } else if metadata.is_file() {
            *bytes += metadata.len();
            files.insert(path.clone());
            if files.len() > FILES || *bytes > BYTES {
                return Err(refused(&path, "the project holds more than a project may"));
            }
        } else {
            return Err(refused(&path, "a project holds plain files and folders, no links"));
        }
    }
    Ok(())
}

/// Removes what is not wanted, and whatever stands where a folder or a file of another kind is wanted.
fn remove_others(project: &Path, below: &Path, wanted: &BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(project.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if wanted.iter().any(|file| file.starts_with(&path) && *file != path) {
                remove_others(project, &path, wanted)?;
            } else {
                fs::remove_dir_all(entry.path())?;
            }
        } else if !kind.is_file() || !wanted.contains(&path) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Gives a folder and all in it to the account that builds, where we may.
pub(super) fn give_all(folder: &Path, account: Account) -> io::Result<()> {
    if !super::separate() {
        return Ok(());
    }
    let Account(number) = account;
    lchown(folder, Some(number), Some(number))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            give_all(&entry.path(), account)?;
        } else {
            lchown(entry.path(), Some(number), Some(number))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, path: &str, text: &str) {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Cargo looks at times: what has not changed keeps its own, and an older version's file is newer than the build.
    #[test]
    fn only_what_differs_is_written() {
        let (source, project) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(source.path(), "src/main.rs", "one");
        write(source.path(), "src/kept.rs", "kept");
        write(source.path(), "target/debug/app", "never");
        synchronise(source.path(), project.path()).unwrap();
        assert!(!project.path().join("target").exists());
        let time = |path: &str| fs::metadata(project.path().join(path)).unwrap().modified().unwrap();
        let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        for path in ["src/main.rs", "src/kept.rs"] {
            fs::File::options()
                .write(true)
                .open(project.path().join(path))
                .unwrap()
                .set_modified(old)
                .unwrap();
        }
        write(source.path(), "src/main.rs", "two");
        write(source.path(), "lib", "a file");
        fs::remove_file(source.path().join("src/kept.rs")).unwrap();
        write(source.path(), "src/kept.rs/mod.rs", "a folder now");
        synchronise(source.path(), project.path()).unwrap();
        assert!(time("src/main.rs") > old);
        assert_eq!(fs::read_to_string(project.path().join("src/kept.rs/mod.rs")).unwrap(), "a folder now");
        fs::remove_file(source.path().join("lib")).unwrap();
        fs::File::options()
            .write(true)
            .open(project.path().join("src/main.rs"))
            .unwrap()
            .set_modified(old)
            .unwrap();
        synchronise(source.path(), project.path()).unwrap();
        assert_eq!(time("src/main.rs"), old);
        assert!(!project.path().join("lib").exists());
    }

    /// A link in a project could name a file of the host.
    #[test]
    fn links_are_refused() {
        let (source, project) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink("/etc/passwd", source.path().join("app.yaml")).unwrap();
        let refused = synchronise(source.path(), project.path());
        assert!(matches!(refused, Err(BuildError::Tree { .. })), "{refused:?}");
    }

    /// And a link in the way is replaced, not followed.
    #[test]
    fn a_link_in_the_way_is_not_followed() {
        let (source, project) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let outside = tempfile::tempdir().unwrap();
        write(source.path(), "src/main.rs", "ours");
        std::os::unix::fs::symlink(outside.path(), project.path().join("src")).unwrap();
        synchronise(source.path(), project.path()).unwrap();
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
        assert_eq!(fs::read_to_string(project.path().join("src/main.rs")).unwrap(), "ours");
    }
}
