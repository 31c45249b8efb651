//! Keys of providers: from the environment or from a file, and into one header, nowhere else.

use std::fs;
use std::path::Path;

use hyper::header::HeaderValue;
use zeroize::Zeroizing;

use crate::entry::KeySource;

/// A provider's key. It cannot be printed, compared or copied, and its memory is cleared when it is dropped.
pub struct ApiKey(Zeroizing<String>);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum NoKey {
    /// The variable is not set.
    #[error("the key of `{provider}` is expected in the environment variable {variable}, which is not set")]
    NotSet {
        /// Whose key.
        provider: String,
        /// The variable's name.
        variable: String,
    },
    /// The file cannot be read.
    #[error("the key of `{provider}` is expected in {path}, which cannot be read: {why}")]
    NotRead {
        /// Whose key.
        provider: String,
        /// The file's path.
        path: String,
        /// What the system said.
        why: std::io::Error,
    },
    /// Others than its owner may read the file.
    #[error("{path} holds a key and can be read by others than its owner: run `chmod 600 {path}`")]
    ReadByOthers {
        /// The file's path.
        path: String,
    },
    /// What is there is no key.
    #[error("the key of `{provider}` is empty, or holds characters that no key has")]
    NoKeyAtAll {
        /// Whose key.
        provider: String,
    },
}

/// The longest key, in bytes.
const LONGEST: usize = 4096;

impl ApiKey {
    /// A key as text; white space around it is no part of it.
    ///
    /// # Errors
    /// [`NoKey::NoKeyAtAll`]: it is empty, longer than 4 KiB, or not visible ASCII.
    pub fn new(provider: &str, text: String) -> Result<Self, NoKey> {
        let text = Zeroizing::new(text);
        let key = text.trim();
        let is_key =
            !key.is_empty() && key.len() <= LONGEST && key.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_key {
            return Err(NoKey::NoKeyAtAll { provider: provider.to_owned() });
        }
        Ok(Self(Zeroizing::new(key.to_owned())))
    }

    /// Reads the key from where an entry says it is. `variable` reads the environment.
    ///
    /// # Errors
    /// [`NoKey`] says where it was looked for.
    pub fn find(
        provider: &str,
        source: &KeySource,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, NoKey> {
        match source {
            KeySource::Environment(name) => {
                let text = variable(name)
                    .filter(|text| !text.trim().is_empty())
                    .ok_or_else(|| NoKey::NotSet { provider: provider.to_owned(), variable: name.clone() })?;
                Self::new(provider, text)
            }
            KeySource::File(path) => {
                private(path)?;
                let text = fs::read_to_string(path).map_err(|why| NoKey::NotRead {
                    provider: provider.to_owned(),
                    path: path.display().to_string(),
                    why,
                })?;
                Self::new(provider, text)
            }
        }
    }

    /// The value of a header: `prefix`, then the key. It is marked as sensitive, so that it is not printed.
    pub(crate) fn header(&self, prefix: &str) -> HeaderValue {
        let text = Zeroizing::new(format!("{prefix}{}", self.0.as_str()));
        let mut value = HeaderValue::from_str(&text).expect("a key is visible ASCII");
        value.set_sensitive(true);
        value
    }
}

/// That a file is its owner's alone, where the system knows owners.
fn private(path: &Path) -> Result<(), NoKey> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let others = fs::metadata(path).map(|file| file.permissions().mode() & 0o077);
        if others.is_ok_and(|others| others != 0) {
            return Err(NoKey::ReadByOthers { path: path.display().to_string() });
        }
    }
    Ok(())
}
