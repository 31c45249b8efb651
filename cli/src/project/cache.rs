//! What all projects of a person share: compiled dependencies, and one unpacked copy of the runtime library.
//!
//! A project carries the library as source, so cargo would compile it anew for every project. While a
//! project's copy is the one that this version wrote, the build is told (cargo's `paths` override) to take the
//! copy in the cache instead, whose compiled form every project then shares. A copy that its owner has edited
//! differs, and is compiled from the project itself.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::progress::Progress;

/// The folder of everything that may be thrown away and built again.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    root: PathBuf,
}

impl Cache {
    /// `$HEALTHCODER_CACHE`, else `$XDG_CACHE_HOME/healthcoder`, else `~/.cache/healthcoder`.
    pub(crate) fn open() -> anyhow::Result<Self> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let root = variable("HEALTHCODER_CACHE")
            .or_else(|| variable("XDG_CACHE_HOME").map(|folder| folder.join("healthcoder")))
            .or_else(|| variable("HOME").map(|folder| folder.join(".cache/healthcoder")))
            .context("no folder for compiled dependencies: set HEALTHCODER_CACHE to one")?;
        std::fs::create_dir_all(&root).with_context(|| format!("{} cannot be created", root.display()))?;
        // cargo's overrides want an absolute path, whatever the variable said.
        let root = root.canonicalize()?;
        Ok(Self { root })
    }

    /// Where cargo puts what it compiles.
    pub(crate) fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    /// Waits until no other run builds in the cache; the turn ends when the file is dropped.
    pub(crate) fn turn(&self, progress: Progress) -> anyhow::Result<File> {
        let lock = File::create(self.root.join("build.lock"))?;
        if lock.try_lock().is_err() {
            progress.say("waiting for another build to end");
            lock.lock()?;
        }
        Ok(lock)
    }

    /// Where the demo's project and its data live.
    pub(crate) fn demo(&self) -> PathBuf {
        self.root.join("demo")
    }

    /// The shared copy of the library crates that a project carries, if the project's are unedited.
    pub(crate) fn shared_crates(&self, project: &Path) -> anyhow::Result<Vec<PathBuf>> {
        if !carries_unedited(project) {
            return Ok(Vec::new());
        }
        let folder = self.root.join("crates").join(generator::vendored::digest());
        if !folder.is_dir() {
            self.unpack(&folder)?;
        }
        Ok(generator::vendored::CRATES.iter().map(|name| folder.join(name)).collect())
    }

    /// Unpacks beside the place and moves into it, so that two runs at once, or a kill, leave no half copy.
    fn unpack(&self, folder: &Path) -> anyhow::Result<()> {
        let parent = folder.parent().expect("the cache's folder has a parent");
        std::fs::create_dir_all(parent)?;
        let staging = tempfile::tempdir_in(parent)?;
        for (path, text) in generator::vendored::files() {
            let target = staging.path().join(path.strip_prefix("crates/").unwrap_or(&path));
            std::fs::create_dir_all(target.parent().expect("a file lies in a folder"))?;
            std::fs::write(target, text)?;
        }
        let staged = staging.keep();
        if std::fs::rename(&staged, folder).is_err() {
            // Another run was first; its copy is the same.
            std::fs::remove_dir_all(&staged)?;
        }
        Ok(())
    }
}

fn carries_unedited(project: &Path) -> bool {
    generator::vendored::files()
        .into_iter()
        .all(|(path, text)| std::fs::read_to_string(project.join(path)).is_ok_and(|found| found == text))
}
