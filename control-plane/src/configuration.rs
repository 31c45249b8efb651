//! What the platform is told from outside. The defaults are a whole platform on one machine.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use safeguards::store::DatabaseAddress;

use crate::residency::{Kept, Residency};

/// Where the platform keeps its own data, and where it answers.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// The folder that holds everything, unless a part is told to lie elsewhere.
    pub data: PathBuf,
    /// Where the gateway answers.
    pub listen: SocketAddr,
    /// The host name of the dashboard, without a port.
    pub dashboard_host: String,
    /// The domain below which apps have their host names (`{label}.{apps_domain}`): another registrable
    /// domain than the dashboard's, so that no cookie reaches from one to the other.
    pub apps_domain: String,
    /// The platform's own database.
    pub database: PlatformDatabase,
    /// The file of providers that plan, if any do.
    pub models: Option<PathBuf>,
    /// Whether people reach the gateway by TLS. False is lawful on loopback alone.
    pub tls: bool,
    /// Where the data of the next environment will lie, as its founder is told.
    pub residency: Residency,
}

/// Where accounts and projects are kept (HC-2: never where a tenant's records are).
#[derive(Clone, Debug)]
pub enum PlatformDatabase {
    /// `platform.db` in the data folder, an SQLCipher file.
    File,
    /// PostgreSQL, as the platform's own role; the owner's role migrates.
    Postgres {
        /// As the platform itself.
        app: DatabaseAddress,
        /// As the owner, to migrate at the start; without it, pending migrations are an error.
        owner: Option<DatabaseAddress>,
    },
}

impl Configuration {
    /// Everything embedded: one folder, loopback, an SQLCipher file.
    #[must_use]
    pub fn embedded(data: impl AsRef<Path>) -> Self {
        Self {
            data: data.as_ref().to_owned(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            dashboard_host: "healthcoder.localhost".into(),
            apps_domain: "apps.localhost".into(),
            database: PlatformDatabase::File,
            models: None,
            tls: false,
            residency: Residency { records: Kept::here(None), keys: Kept::here(None) },
        }
    }

    /// The address of the dashboard as people type it, without a slash at its end.
    #[must_use]
    pub fn dashboard_origin(&self) -> String {
        self.origin(&self.dashboard_host)
    }

    /// The address of an app by its host name, without a slash at its end.
    #[must_use]
    pub fn origin(&self, host: &str) -> String {
        let (scheme, usual) = if self.tls { ("https", 443) } else { ("http", 80) };
        match self.listen.port() {
            port if port == usual => format!("{scheme}://{host}"),
            port => format!("{scheme}://{host}:{port}"),
        }
    }

    /// The folder of root keys. It is no part of a backup of the data, so that a destroyed key stays destroyed.
    #[must_use]
    pub fn keys_folder(&self) -> PathBuf {
        self.data.join("keys")
    }

    /// The folder in which each project's versions lie as source.
    #[must_use]
    pub fn projects_folder(&self) -> PathBuf {
        self.data.join("projects")
    }

    /// The folder in which each environment has a folder of its own. Belongs to the host.
    #[must_use]
    pub fn environments_folder(&self) -> PathBuf {
        self.data.join("environments")
    }

    /// The folder of archives that await their owner, each sealed.
    #[must_use]
    pub fn archives_folder(&self) -> PathBuf {
        self.data.join("archives")
    }

    /// The folder into which e-mail is put where no mail server is configured.
    #[must_use]
    pub fn mailbox_folder(&self) -> PathBuf {
        self.data.join("mailbox")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_port_only_where_it_is_unusual() {
        let mut configuration = Configuration::embedded("data");
        assert_eq!(configuration.dashboard_origin(), "http://healthcoder.localhost:8080");
        configuration.tls = true;
        configuration.listen.set_port(443);
        assert_eq!(configuration.origin("a-b.apps.example"), "https://a-b.apps.example");
    }
}
