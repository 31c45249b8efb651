//! What is taken home and proven: audit logs, archives, certificates.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Database, OfProject};

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Verify an audit log: finds edits, deletions, reordering, truncation, recomputation and forks.
    Verify(VerifyAudit),
}

#[derive(Debug, Args)]
pub(crate) struct VerifyAudit {
    /// A project, an app's data folder (the app may be running), or an archive.
    pub(crate) target: PathBuf,
    /// The witness's folder, where it is not the project's own.
    #[arg(long, value_name = "DIR")]
    pub(crate) witness: Option<PathBuf>,
    /// The project whose binary opens a data folder that lies elsewhere.
    #[arg(long, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
    /// The first line of this file opens the archive.
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// The key that must have signed the archive.
    #[arg(long, value_name = "HEX")]
    pub(crate) key: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Certificate {
    /// Verify a certificate, the file or the page, without any network.
    Verify {
        /// The certificate.
        file: PathBuf,
        /// The key that must have signed it: 64 hexadecimal digits, as the platform publishes them.
        #[arg(long, value_name = "HEX")]
        key: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Export {
    /// Write an archive of a project on this machine: records as JSON and SQL, audit log, source.
    Make(Make),
    /// Fetch the archive of a project that ends from the platform, with what opens it.
    Fetch(Fetch),
    /// Have the platform make an archive of a project that goes on, and fetch it with what opens it.
    Copy(TakenCopy),
    /// Verify an archive, without any network: finds whatever was changed, removed, added or cut off.
    Verify(Verify),
    /// Build the archived project and load its records into an empty database of either kind.
    Restore(Restore),
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("seal").required(true).args(["passphrase_file", "new_passphrase_file", "open"])))]
pub(crate) struct Make {
    /// The project.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
    /// The archive to write; there must be none yet.
    #[arg(long, value_name = "FILE")]
    pub(crate) to: PathBuf,
    /// Seal it (AES-256): the first line of this file is the passphrase.
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Seal it under a random passphrase, which is written to this new file.
    #[arg(long, value_name = "FILE")]
    pub(crate) new_passphrase_file: Option<PathBuf>,
    /// Leave it readable by whoever holds the file.
    #[arg(long)]
    pub(crate) open: bool,
    /// Only this organisation, by its id.
    #[arg(long, value_name = "ID")]
    pub(crate) organisation: Option<String>,
    /// A folder of signed agreements, which go along.
    #[arg(long, value_name = "DIR")]
    pub(crate) agreements: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Fetch {
    #[command(flatten)]
    pub(crate) project: OfProject,
    #[command(flatten)]
    pub(crate) home: Home,
    /// Confirm to the platform that you hold it, once it was verified.
    #[arg(long)]
    pub(crate) confirm: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TakenCopy {
    #[command(flatten)]
    pub(crate) project: OfProject,
    /// Of which environment.
    #[arg(long, value_enum, default_value_t = Environment::Production)]
    pub(crate) environment: Environment,
    #[command(flatten)]
    pub(crate) home: Home,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Environment {
    /// Made-up records.
    Preview,
    /// Patients.
    Production,
}

/// Where an archive of the platform goes.
#[derive(Debug, Args)]
pub(crate) struct Home {
    /// The file to write; there must be none yet.
    #[arg(long, value_name = "FILE")]
    pub(crate) to: PathBuf,
    /// The file to write what opens it to, for yourself alone (mode 0600); there must be none yet.
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_to: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The archive.
    pub(crate) archive: PathBuf,
    /// The first line of this file opens it.
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// The key that must have signed it, from your receipt: 64 hexadecimal digits.
    #[arg(long, value_name = "HEX")]
    pub(crate) key: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The archive.
    pub(crate) archive: PathBuf,
    /// The folder to restore into: a new or an empty one.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// The database to load into; PostgreSQL is named by DATABASE_URL and DATABASE_OWNER_URL.
    #[arg(long, value_enum, default_value_t = Database::Sqlite)]
    pub(crate) database: Database,
    /// The first line of this file opens the archive.
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// The key that must have signed it, from your receipt: 64 hexadecimal digits.
    #[arg(long, value_name = "HEX")]
    pub(crate) key: Option<String>,
}
