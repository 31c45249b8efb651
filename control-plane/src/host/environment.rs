//! An environment, as the host knows it, and the register of all.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::folders::{Folders, private_folder, write_private};
use super::gate::Gate;
use super::outward::Destination;
use super::sandbox::Account;

/// The users of apps, where the host is root: beyond those of people, services and containers.
const FIRST_ACCOUNT: u32 = 2_000_000;

/// The host name under which an environment answers: small letters, no port, no dot at its end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostName(String);

impl HostName {
    /// A name as a request gives it (RFC 9110, 7.2), with or without a port.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, port) = text.split_once(':').unwrap_or((text, "0"));
        port.parse::<u16>().ok()?;
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        let label = |label: &str| {
            let inner =
                label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            inner && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
        };
        (name.len() <= 253 && name.split('.').all(label)).then_some(Self(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for HostName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).filter(|name| name.0 == text).ok_or("not a host name in small letters")
    }
}

impl From<HostName> for String {
    fn from(name: HostName) -> Self {
        name.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Where an environment's records are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DatabaseKind {
    /// An SQLCipher file in its folder.
    Sqlite,
    /// A PostgreSQL database of its own.
    Postgres,
}

impl DatabaseKind {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// An environment: a tenant, with its own database, root key, user, process, socket, host name and folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Environment {
    /// Its id, to which everything sealed in it is bound.
    pub id: Uuid,
    /// Where it answers. The first is its own address; the rest are those of the customer's domain.
    pub host: HostName,
    /// The address that people type, such as `https://clinic.example`.
    pub public_url: String,
    /// Where its records are.
    pub database: DatabaseKind,
    /// Who its programs run as.
    pub account: Account,
    /// The program that serves, below its folder of programs.
    pub program: Option<PathBuf>,
    /// How many records of each kind it holds at most; none where there is no cap.
    #[serde(default)]
    pub rows: Option<u32>,
    /// What it may do.
    pub gate: Gate,
    /// What its database was last told that it may do; behind [`Environment::gate`] for a moment, or after a crash.
    pub enforced: Option<Gate>,
    /// The largest number that an order for it carried: an order with a smaller one comes too late.
    #[serde(default)]
    pub fence: i64,
    /// The hosts that its app may reach; none, and it has no way out.
    #[serde(default)]
    pub outward: Vec<Destination>,
}

/// Every environment on this host, kept in files.
#[derive(Debug)]
pub struct Register {
    folders: Folders,
    known: RwLock<BTreeMap<Uuid, Environment>>,
}

/// Why an environment is not in the register.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// A file could not be read or written.
    #[error("the host's folder: {0}")]
    File(#[from] io::Error),
    /// A description is not one of ours.
    #[error("{0} is not the description of an environment")]
    Format(PathBuf),
    /// Another environment answers there.
    #[error("another environment answers at {0}")]
    HostTaken(HostName),
}

impl Register {
    /// Reads what an earlier run wrote.
    ///
    /// # Errors
    /// [`RegisterError`]: an environment that cannot be read is told, not forgotten.
    pub fn open(folders: Folders) -> Result<Self, RegisterError> {
        let mut known = BTreeMap::new();
        for entry in fs::read_dir(folders.environments())? {
            let path = entry?.path().join("environment.json");
            let text = match fs::read(&path) {
                // Cut off before it was described: it never was.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                read => read?,
            };
            let environment: Environment =
                serde_json::from_slice(&text).map_err(|_| RegisterError::Format(path.clone()))?;
            known.insert(environment.id, environment);
        }
        Ok(Self { folders, known: RwLock::new(known) })
    }

    /// One environment.
    #[must_use]
    pub fn environment(&self, id: Uuid) -> Option<Environment> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> Vec<Environment> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Which environment answers at `host`.
    #[must_use]
    pub fn at(&self, host: &HostName) -> Option<Uuid> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.values().find(|environment| environment.host == *host).map(|environment| environment.id)
    }

    /// A user that no environment has.
    #[must_use]
    pub fn free_account(&self) -> Account {
        let taken: Vec<_> = self.all().iter().map(|environment| environment.account).collect();
        let free = (FIRST_ACCOUNT..).map(Account).find(|account| !taken.contains(account));
        free.expect("there are more numbers than environments")
    }

    /// Writes an environment down, and from then on knows it so.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn keep(&self, environment: Environment) -> Result<(), RegisterError> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let taken = known.values().any(|other| other.id != environment.id && other.host == environment.host);
        if taken {
            return Err(RegisterError::HostTaken(environment.host));
        }
        private_folder(&self.folders.environment(environment.id))?;
        let text = serde_json::to_vec_pretty(&environment).map_err(io::Error::from)?;
        write_private(&self.folders.descriptor(environment.id), &text)?;
        known.insert(environment.id, environment);
        Ok(())
    }

    /// Forgets an environment and removes what is its own: data, sockets and programs. Keys and witness stay for
    /// whoever destroys them.
    ///
    /// # Errors
    /// [`RegisterError::File`].
    pub fn remove(&self, id: Uuid) -> Result<(), RegisterError> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for folder in [self.folders.run(id), self.folders.programs(id), self.folders.environment(id)] {
            match fs::remove_dir_all(folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        known.remove(&id);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_is_plain_and_has_no_port() {
        let parsed = |text: &str| HostName::parse(text).map(|name| name.0);
        assert_eq!(parsed("Clinic.Example:8443").as_deref(), Some("clinic.example"));
        assert_eq!(parsed("clinic.example.").as_deref(), Some("clinic.example"));
        let wrong =
            ["", ".", "a..b", "-a", "a-", "a/b", "a:b", "a b", "ä.example", "[::1]", "a:1:2", "user@host"];
        for text in wrong {
            assert_eq!(parsed(text), None, "{text}");
        }
    }
}
