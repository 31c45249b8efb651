//! The platform: for those who run it, and for those who have a project on it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::Outside;

/// An operator's grant.
#[derive(Debug, Args)]
pub(crate) struct PlanGrant {
    /// The account's id, as its page of plan and payment shows it.
    pub(crate) account: Uuid,
    /// The platform's folder of data.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: PathBuf,
    /// The last day of the grant, such as 2027-03-31; without it the grant has no end.
    #[arg(long, value_name = "DAY", conflicts_with = "withdraw")]
    pub(crate) until: Option<String>,
    /// Take the grant back: production becomes read only for 30 days, then it is destroyed.
    #[arg(long)]
    pub(crate) withdraw: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Agreement {
    /// Check a signed agreement without a network: that it is whole, who signed it, and by which key.
    Verify {
        /// The file, HTML or PDF, as it was downloaded.
        file: PathBuf,
        /// The platform's key, as it is published at /legal/baa.
        #[arg(long)]
        key: Option<String>,
    },
}

/// Where a platform keeps its data.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The platform's folder.
    #[arg(long, value_name = "DIR", env = "HEALTHCODER_DATA", default_value = "healthcoder-data")]
    pub(crate) data: PathBuf,
    /// Keep accounts in PostgreSQL, as the platform's role: postgres://… By environment variable only.
    #[arg(long, env = "HEALTHCODER_DATABASE_URL", hide = true, hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// The same database as its owner, to migrate at the start. By environment variable only.
    #[arg(long, env = "HEALTHCODER_DATABASE_OWNER_URL", hide = true, hide_env_values = true)]
    pub(crate) database_owner_url: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Where the gateway answers, by TLS.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
    pub(crate) listen: SocketAddr,
    /// The host name of the dashboard.
    #[arg(long, value_name = "NAME", default_value = "healthcoder.localhost")]
    pub(crate) host: String,
    /// The domain below which apps have their host names; not the dashboard's, nor below it.
    #[arg(long, value_name = "NAME", default_value = "apps.localhost")]
    pub(crate) apps: String,
    /// Give each new environment a database on this PostgreSQL server, by its administrator at a unix socket:
    /// postgres://…/postgres?host=/run/postgresql. By environment variable only; without it, environments get files.
    #[arg(long, env = "HEALTHCODER_TENANTS_DATABASE_URL", hide = true, hide_env_values = true)]
    pub(crate) tenants_database_url: Option<String>,
    /// Let the models that this file names plan, each attested in it; one on another machine is permitted by
    /// `sub-processors attest`, too. Without it, the built-in planner plans, and no prompt leaves.
    #[arg(long, value_name = "FILE", env = "HEALTHCODER_MODELS")]
    pub(crate) models: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) outside: Outside,
}

#[derive(Debug, Args)]
pub(crate) struct Login {
    /// The platform's address.
    #[arg(long, value_name = "URL", default_value = "https://healthcoder.localhost:8443")]
    pub(crate) server: String,
    /// The certificate of the authority that a platform of your own made for itself.
    #[arg(long, value_name = "FILE")]
    pub(crate) authority: Option<PathBuf>,
    /// Your e-mail address; asked for when it is left out.
    #[arg(long)]
    pub(crate) email: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Deploy {
    /// What the app is for, in your own words.
    #[arg(required_unless_present_any = ["prompt_file", "spec", "dir"], conflicts_with_all = ["prompt_file", "spec", "dir"])]
    pub(crate) prompt: Option<String>,
    /// Read the prompt from a file; `-` reads standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["spec", "dir"])]
    pub(crate) prompt_file: Option<PathBuf>,
    /// A spec (app.yaml) instead of a prompt, for a project that is there. It keeps the custom code of the version before.
    #[arg(long, value_name = "FILE", conflicts_with = "dir")]
    pub(crate) spec: Option<PathBuf>,
    /// A project's folder, for a project that is there: its app.yaml, with the custom code in its src/custom, or with none.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// The project that it becomes a version of; without it, a new one is begun.
    #[arg(long, value_name = "PROJECT")]
    pub(crate) project: Option<String>,
    /// Approve the plan without asking.
    #[arg(long)]
    pub(crate) yes: bool,
    /// The app's name: where the version deletes or opens what is recorded in production, this says that you mean it.
    #[arg(long, value_name = "NAME")]
    pub(crate) confirm: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct OfProject {
    /// The project: its id, or the beginning of its name.
    pub(crate) project: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SubProcessors {
    /// Show the register.
    List,
    /// Attest that an agreement with a company is in force; only then is it called with health information.
    Attest {
        /// The company, by its key in the register.
        key: String,
        /// The agreement: its number, or its title and date.
        #[arg(long)]
        agreement: String,
        /// The company has promised to keep nothing of what it is sent.
        #[arg(long)]
        keeps_nothing: bool,
    },
    /// Withdraw: from now on the company is not called.
    Withdraw {
        /// The company, by its key in the register.
        key: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Support {
    /// The grants that stand: where customers let support in, why, and until when.
    Grants {
        /// The folder of the platform, which must be running.
        #[arg(long, value_name = "DIR", env = "HEALTHCODER_DATA", default_value = "healthcoder-data")]
        data: PathBuf,
    },
    /// Look at records by a grant. The look is in the customer's own audit log before anything is shown.
    Look {
        /// The grant.
        grant: Uuid,
        /// The kind of record, by its name in the spec.
        entity: String,
        /// One record, by its id, with its fields; without it, a list that tells nothing about a person.
        #[arg(long, value_name = "ID")]
        record: Option<Uuid>,
        /// Who you are: the customer's log names you.
        #[arg(long = "as", value_name = "NAME")]
        who: String,
        /// The folder of the platform, which must be running.
        #[arg(long, value_name = "DIR", env = "HEALTHCODER_DATA", default_value = "healthcoder-data")]
        data: PathBuf,
    },
}
