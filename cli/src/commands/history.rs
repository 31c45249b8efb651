//! What an app was before each of its changes, kept in the project: `.healthcoder/history/0001/app.yaml` and so on.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

const HISTORY: &str = ".healthcoder/history";
/// The path of the backup that was taken before the change, from the project's folder.
const BACKUP: &str = "backup";

/// A state that an app was in.
pub(super) struct State {
    folder: PathBuf,
    /// The spec as it was written.
    pub(super) spec: String,
    /// The backup that was taken before it was changed: where the change deleted values, or opened something.
    pub(super) backup: Option<String>,
}

/// Keeps a state as the last.
pub(super) fn keep(dir: &Path, spec: &str, backup: Option<&Path>) -> anyhow::Result<()> {
    let number = newest(dir)?.map_or(0, |(number, _)| number) + 1;
    let folder = dir.join(HISTORY).join(format!("{number:04}"));
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    fs::write(folder.join("app.yaml"), spec)?;
    if let Some(backup) = backup {
        let path = backup.strip_prefix(dir).unwrap_or(backup);
        fs::write(folder.join(BACKUP), path.display().to_string())?;
    }
    Ok(())
}

/// The last state before the one that is there now; none of an app that was never changed.
pub(super) fn last(dir: &Path) -> anyhow::Result<Option<State>> {
    let Some((_, folder)) = newest(dir)? else { return Ok(None) };
    let spec = folder.join("app.yaml");
    let spec = fs::read_to_string(&spec).with_context(|| format!("{} cannot be read", spec.display()))?;
    let backup = fs::read_to_string(folder.join(BACKUP)).ok();
    Ok(Some(State { folder, spec, backup }))
}

fn newest(dir: &Path) -> anyhow::Result<Option<(u32, PathBuf)>> {
    let folder = dir.join(HISTORY);
    if !folder.is_dir() {
        return Ok(None);
    }
    let mut newest = None;
    for entry in fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        if !path.join("app.yaml").is_file() {
            // Begun by a change that failed.
            continue;
        }
        let number = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
        newest = newest.max(number.map(|number: u32| (number, path)));
    }
    Ok(newest)
}

impl State {
    /// Forgets it, when the app is what it was.
    pub(super) fn forget(&self) -> anyhow::Result<()> {
        fs::remove_dir_all(&self.folder)
            .with_context(|| format!("{} cannot be removed", self.folder.display()))
    }
}
