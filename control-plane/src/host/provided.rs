//! What an app is told of how to call whom it may reach: files with keys in them, which its sandbox alone is shown.
//!
//! They lie in `providers` beside the environment's keys (mode 0600), and are the app's user's while it runs. `ai.yaml` is the file
//! of providers that the app is told by `AI_PROVIDERS_FILE`; of `sign-in.env` it is told the variables `OIDC_…`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::folders::{private_folder, write_private};
use super::outward::Destination;
use crate::Secret;

/// Where the files stand inside.
pub const INSIDE: &str = "/run/providers";
/// The file of AI providers.
pub const AI: &str = "ai.yaml";
/// The settings of signing in.
pub const SIGN_IN: &str = "sign-in.env";

const FOLDER: &str = "providers";

/// Whom an app may reach, and what it is told of how to call them.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// Whom.
    pub to: Vec<Destination>,
    /// How.
    pub provided: Provided,
}

impl From<Vec<Destination>> for Reach {
    fn from(to: Vec<Destination>) -> Self {
        Self { to, provided: Provided::default() }
    }
}

/// Files for one app, by name. Their texts cannot be printed.
#[derive(Clone, Debug, Default)]
pub struct Provided(BTreeMap<String, Secret>);

impl Provided {
    /// Adds a file, or replaces it.
    ///
    /// # Panics
    /// The name is no plain one: a fault of whoever made it.
    #[must_use]
    pub fn file(mut self, name: &str, text: Secret) -> Self {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        assert!(!name.starts_with('.') && name.bytes().all(plain), "{name:?} is no name of a file here");
        self.0.insert(name.to_owned(), text);
        self
    }

    /// Its names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The text of a file.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&Secret> {
        self.0.get(name)
    }

    /// What lies in an environment's folder of keys.
    pub(super) fn laid(keys: &Path) -> io::Result<Self> {
        let mut found = Self::default();
        for entry in entries(&keys.join(FOLDER))? {
            let text = Zeroizing::new(fs::read(&entry)?);
            let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
            found.0.insert(name, Secret::new(&String::from_utf8_lossy(&text)));
        }
        Ok(found)
    }

    /// Puts these files, and no other, into an environment's folder of keys; says whether that changed anything. What an app
    /// that runs was shown before stays what it sees: the folder is another.
    pub(super) fn lay(&self, keys: &Path) -> io::Result<bool> {
        if Self::laid(keys)?.is_same(self) {
            return Ok(false);
        }
        let next = keys.join("providers.next");
        remove(&next)?;
        if self.0.is_empty() {
            remove(&keys.join(FOLDER))?;
            return Ok(true);
        }
        private_folder(&next)?;
        for (name, text) in &self.0 {
            write_private(&next.join(name), text.expose().as_bytes())?;
        }
        remove(&keys.join(FOLDER))?;
        fs::rename(next, keys.join(FOLDER))?;
        Ok(true)
    }

    fn is_same(&self, other: &Self) -> bool {
        let texts = |files: &Self| {
            files.0.values().map(|text| text.expose().to_owned()).map(Zeroizing::new).collect()
        };
        let (ours, others): (Vec<_>, Vec<_>) = (texts(self), texts(other));
        self.names().eq(other.names()) && ours == others
    }
}

/// The folder of an environment's files, and each of them; none where nothing was laid.
pub(super) fn files(keys: &Path) -> io::Result<Option<(PathBuf, Vec<PathBuf>)>> {
    let folder = keys.join(FOLDER);
    let files = entries(&folder)?;
    Ok((!files.is_empty()).then_some((folder, files)))
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read?.map(|entry| Ok(entry?.path())).collect(),
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn files_are_laid_whole_and_for_their_owner_alone() {
        let keys = tempfile::tempdir().unwrap();
        let of =
            |key: &str| Provided::default().file(AI, Secret::new("{}")).file("model-a.key", Secret::new(key));
        assert!(!Provided::default().lay(keys.path()).unwrap(), "nothing is nothing");
        assert!(of("sk-1").lay(keys.path()).unwrap());
        assert!(!of("sk-1").lay(keys.path()).unwrap(), "it is there");
        assert!(of("sk-2").lay(keys.path()).unwrap());
        let (folder, files) = files(keys.path()).unwrap().unwrap();
        assert_eq!(files.len(), 2);
        for path in files {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_to_string(folder.join("model-a.key")).unwrap(), "sk-2");
        let one = Provided::default().file(SIGN_IN, Secret::new("OIDC_ISSUER=https://a.example"));
        assert!(one.lay(keys.path()).unwrap());
        assert_eq!(Provided::laid(keys.path()).unwrap().names().collect::<Vec<_>>(), [SIGN_IN]);
        assert!(Provided::default().lay(keys.path()).unwrap());
        assert!(!folder.exists() && fs::read_dir(keys.path()).unwrap().next().is_none());
    }
}
