//! What all projects stand on, compiled once from a project of our own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use tokio::sync::mpsc;

use super::{Bounds, BuildError, Builder, Progress, begin, tree};
use crate::host::folders::private_folder;
use crate::host::sandbox::Account;

/// Vendored crates, and their compiled form.
#[derive(Clone, Debug)]
pub struct Base(PathBuf);

impl Base {
    /// The crates as source, which builds only read.
    pub(super) fn vendor(&self) -> PathBuf {
        self.0.join("vendor")
    }

    /// Begins a project's folder with a copy of the compiled form. A copy, not a link: what one project's build does
    /// to its files, it does to nobody else's.
    pub(super) fn copy_into(&self, folder: &Path) -> Result<(), BuildError> {
        if !self.0.join("target").is_dir() {
            fs::create_dir_all(folder.join("target"))?;
            return Ok(());
        }
        let staging = tempfile::tempdir_in(folder)?;
        for part in ["project", "target"] {
            // Keeps times, which are what cargo looks at, and shares blocks where the file system can.
            let copied = Command::new("/usr/bin/cp")
                .args(["--archive", "--no-target-directory", "--reflink=auto", "--"])
                .arg(self.0.join(part))
                .arg(staging.path().join(part))
                .status()?;
            if !copied.success() {
                return Err(BuildError::Base(
                    "the compiled form cannot be copied: is the disk full?".to_owned(),
                ));
            }
        }
        // The project's sources first: a target folder is what says that the copy is whole.
        for part in ["project", "target"] {
            match fs::remove_dir_all(folder.join(part)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
            fs::rename(staging.path().join(part), folder.join(part))?;
        }
        Ok(())
    }
}

impl Builder {
    /// The base for projects that carry what `sample`, a project of our own, carries; made the first time, which takes
    /// some minutes, under the name `digest`.
    ///
    /// # Errors
    /// Its crates cannot be had (the first time needs the network, or cargo's own cache), or do not compile.
    pub async fn base(
        &self,
        digest: &str,
        sample: &Path,
        account: Account,
        progress: mpsc::Sender<Progress>,
    ) -> Result<Base, BuildError> {
        let folder = self.root.join("bases").join(digest);
        let base = Base(folder.clone());
        if folder.is_dir() {
            return Ok(base);
        }
        let bases = self.root.join("bases");
        private_folder(&bases)?;
        let _turn = turn(bases.join(format!("{digest}.lock"))).await?;
        if folder.is_dir() {
            return Ok(base);
        }
        // Begun by whoever came before and was ended half-way: what is compiled is compiled.
        let half = bases.join(format!("{digest}.half"));
        private_folder(&half)?;
        let made = Base(half.clone());
        for part in [made.vendor(), half.join("target")] {
            fs::DirBuilder::new().recursive(true).create(part)?;
        }
        vendor(sample, &made.vendor())?;
        tree::give_all(&half.join("target"), account)?;
        let units = begin(&made, &half, account, sample)?;
        // It is our own code, and thirty times a project: a busy machine may take its time.
        let patient = Self { bounds: Bounds { time: self.bounds.time * 3, ..self.bounds }, ..self.clone() };
        let program = match patient.cargo(&half, &made, account, units, progress).await {
            Err(error @ BuildError::Project(_)) => {
                // A power cut may have left half a file that cargo takes for whole.
                fs::remove_dir_all(&half)?;
                return Err(error);
            }
            ended => ended?,
        };
        // What is our sample's own is nobody's base.
        let own = half.join("target").join(program);
        match fs::remove_file(own) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        fs::rename(half, &folder)?;
        Ok(base)
    }
}

/// Whoever makes a base has it to themselves, whichever process they are of; the turn ends when the file is dropped.
async fn turn(lock: PathBuf) -> io::Result<fs::File> {
    let locked = tokio::task::spawn_blocking(move || {
        let file = fs::File::create(lock)?;
        file.lock().map(|()| file)
    });
    locked.await.map_err(io::Error::other)?
}

/// Unpacks the crates of a lock file. This is cargo on a project of our own, outside any sandbox.
fn vendor(sample: &Path, folder: &Path) -> Result<(), BuildError> {
    let mut command = Command::new("cargo");
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("CARGO") && name_text != "CARGO_HOME" {
            command.env_remove(&name);
        }
    }
    let done = command
        .args(["vendor", "--locked", "--versioned-dirs", "--quiet"])
        .arg(folder)
        .current_dir(sample)
        .output()?;
    if !done.status.success() {
        return Err(BuildError::Base(String::from_utf8_lossy(&done.stderr).trim().to_owned()));
    }
    // Made by our own user, and read by the build's.
    open_for_reading(folder)?;
    Ok(())
}

fn open_for_reading(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            open_for_reading(&entry.path())?;
        } else if kind.is_file() {
            let mode = entry.metadata()?.permissions().mode();
            fs::set_permissions(entry.path(), fs::Permissions::from_mode(mode | 0o444))?;
        }
    }
    Ok(())
}
