//! Where everything of the host lies, below one folder that only we may enter.
//!
//! ```text
//! environments/ID/environment.json   what it is and how it should be
//! environments/ID/data/              its own: database file, environment id; the app's user owns it
//! keys/ID/                           root key, the signer's key, the passwords of its database roles: ours alone
//! keys/ID/providers/                 how it calls whom it may reach, keys included: shown to the app's user while it runs
//! witness/ID/                        signed heads of its audit log: ours alone
//! programs/ID/                       built programs, read-only
//! run/ID/                            sockets; gone with the machine
//! ```
//!
//! Keys and data lie in different folders, so that a backup of one is no backup of the other.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// The host's folder.
#[derive(Clone, Debug)]
pub struct Folders(PathBuf);

impl Folders {
    /// Opens the folder, or makes it.
    ///
    /// # Errors
    /// It cannot be made or entered.
    pub fn open(root: &Path) -> io::Result<Self> {
        private_folder(root)?;
        let root = root.canonicalize()?;
        for part in ["environments", "keys", "witness", "programs", "run"] {
            private_folder(&root.join(part))?;
        }
        Ok(Self(root))
    }

    /// What an environment is.
    #[must_use]
    pub fn descriptor(&self, environment: Uuid) -> PathBuf {
        self.environment(environment).join("environment.json")
    }

    /// Everything that is the environment's own, and its description.
    #[must_use]
    pub fn environment(&self, environment: Uuid) -> PathBuf {
        self.0.join("environments").join(environment.simple().to_string())
    }

    /// The folder of all environments.
    #[must_use]
    pub fn environments(&self) -> PathBuf {
        self.0.join("environments")
    }

    /// The environment's data.
    #[must_use]
    pub fn data(&self, environment: Uuid) -> PathBuf {
        self.environment(environment).join("data")
    }

    /// The environment's keys and passwords.
    #[must_use]
    pub fn keys(&self, environment: Uuid) -> PathBuf {
        self.0.join("keys").join(environment.simple().to_string())
    }

    /// The signed heads of its audit log.
    #[must_use]
    pub fn witness(&self, environment: Uuid) -> PathBuf {
        self.0.join("witness").join(environment.simple().to_string())
    }

    /// Its programs.
    #[must_use]
    pub fn programs(&self, environment: Uuid) -> PathBuf {
        self.0.join("programs").join(environment.simple().to_string())
    }

    /// Its sockets.
    #[must_use]
    pub fn run(&self, environment: Uuid) -> PathBuf {
        self.0.join("run").join(environment.simple().to_string())
    }

    /// The socket of the key agent.
    #[must_use]
    pub fn key_agent(&self) -> PathBuf {
        self.0.join("run/key-agent")
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.0
    }
}

/// Makes a folder that only we can enter, or makes it so.
///
/// # Errors
/// It cannot be made.
pub fn private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

/// Writes a file that only we can read, which appears whole or not at all and is on disk when this returns.
///
/// # Errors
/// It cannot be written.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".next");
    let draft = path.with_file_name(name);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    match path.parent() {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
