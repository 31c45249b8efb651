//! Who this machine's user is on which platform: kept in a file that only they can read.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

/// A session with a platform. It holds secrets, so it cannot be printed.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    /// The platform's address, without a slash at its end.
    pub(crate) server: String,
    /// The certificate of the authority that the platform made itself, where it did.
    pub(crate) authority: Option<PathBuf>,
    /// Valid for minutes.
    pub(crate) access_token: String,
    /// Used once, for the next pair.
    pub(crate) refresh_token: String,
}

fn path() -> anyhow::Result<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = variable("HEALTHCODER_CONFIG")
        .or_else(|| variable("XDG_CONFIG_HOME").map(|folder| folder.join("healthcoder")))
        .or_else(|| variable("HOME").map(|folder| folder.join(".config/healthcoder")))
        .context("no folder for your session: set HEALTHCODER_CONFIG to one")?;
    Ok(folder.join("session.json"))
}

impl Session {
    /// The session that `healthcoder login` began.
    pub(crate) fn load() -> anyhow::Result<Self> {
        let path = path()?;
        let Ok(text) = fs::read(&path) else { bail!("you are not signed in: run `healthcoder login`") };
        serde_json::from_slice(&text)
            .with_context(|| format!("{} cannot be read; run `healthcoder login` again", path.display()))
    }

    /// Keeps it: the file appears whole, and nobody else can read it.
    pub(crate) fn save(&self) -> anyhow::Result<()> {
        let path = path()?;
        let folder = path.parent().context("the session's file lies in a folder")?;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let draft = path.with_extension(format!("draft-{}", std::process::id()));
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.sync_all()?;
        Ok(fs::rename(&draft, &path)?)
    }

    /// Forgets it.
    pub(crate) fn forget() -> anyhow::Result<()> {
        match fs::remove_file(path()?) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}
