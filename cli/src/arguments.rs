//! The command line. These names are a contract: scripts and people rely on them.

mod outside;
mod providers;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use uuid::Uuid;

pub(crate) use outside::{AgentKeys, Aws, Mail, Outside};
pub(crate) use providers::{NewProvider, OfEnvironment, Providers, Reach};

/// From a prompt to a safeguarded app that you own.
///
/// Results go to standard output, progress to standard error. Exit code 0: done; 1: failed; 2: the input is wrong.
#[derive(Debug, Parser)]
#[command(name = "healthcoder", version, arg_required_else_help = true)]
pub(crate) struct Arguments {
    /// Print the result, or the error, as one JSON document.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Plan an app from a prompt and generate its project.
    New(New),
    /// Show the spec that a prompt becomes, with what was assumed, refused and left open.
    Plan(Plan),
    /// Print the JSON Schema of app.yaml.
    Schema,
    /// Check an app.yaml: every error at once, and what cannot be built yet.
    Check {
        /// The spec, in YAML or JSON.
        spec: PathBuf,
    },
    /// Generate a project from a spec.
    Generate(Generate),
    /// Change an app: see what differs in plain words, then change its code and its tables without losing a record.
    Change(Change),
    /// Take an app's last change back: its code and its tables are as they were before, or you are told why they cannot be.
    Undo(Changing),
    /// Read a project's own code, in src/custom, and say what does not belong there and what to do instead.
    Lint {
        /// The project's folder.
        #[arg(long, value_name = "DIR", default_value = ".")]
        dir: PathBuf,
    },
    /// Build a project and serve it on this machine.
    Run(Run),
    /// Plan, generate, build and serve an example with obviously fake patients.
    Demo(Serving),
    /// Verify that an app keeps its promises: a project, in a throwaway instance, or an app in use, which is only read.
    Verify(VerifyApp),
    /// Work with audit logs.
    #[command(subcommand)]
    Audit(Audit),
    /// Find what identifies somebody in a text.
    #[command(subcommand)]
    Phi(Phi),
    /// Take everything home: make, verify and restore archives.
    #[command(subcommand)]
    Export(Export),
    /// Work with certificates of destruction.
    #[command(subcommand)]
    Certificate(Certificate),
    /// Give an account of this platform the BAA plan without payment, or take it back. For its operator.
    PlanGrant(PlanGrant),
    /// Work with signed agreements.
    #[command(subcommand)]
    Agreement(Agreement),
    /// Run the platform on this machine: dashboard, builds, previews and production.
    Serve(Serve),
    /// Sign the heads of the platform's audit log, as a process of its own.
    #[command(hide = true)]
    Signer {
        /// The folder of the signing key.
        #[arg(long)]
        keys: PathBuf,
        /// The witness's folder.
        #[arg(long)]
        witness: PathBuf,
    },
    /// Hold the root keys of environments and sign their audit heads, as a process of its own.
    #[command(hide = true)]
    KeyAgent {
        /// The host's folder.
        #[arg(long)]
        folder: PathBuf,
        #[command(flatten)]
        keys: AgentKeys,
    },
    /// Verify a new version of an app, as a process of its own in the version's sandbox.
    #[command(hide = true)]
    VerifyVersion {
        /// The project's folder.
        project: PathBuf,
        /// Its program.
        #[arg(long)]
        program: PathBuf,
        /// An empty database, as the app's role; without it, a file.
        #[arg(long, env = "HEALTHCODER_VERIFY_APP_URL", hide_env_values = true, requires = "owner_url")]
        app_url: Option<String>,
        /// The same, as the owner of its tables.
        #[arg(long, env = "HEALTHCODER_VERIFY_OWNER_URL", hide_env_values = true, requires = "app_url")]
        owner_url: Option<String>,
    },
    /// Sign in to a platform.
    Login(Login),
    /// Sign out.
    Logout,
    /// List your projects.
    Projects,
    /// Plan an app on the platform, approve the plan, and build its preview.
    Deploy(Deploy),
    /// Get a one-time link into a project's preview.
    Open(OfProject),
    /// End a project: 30 days to take everything home, then it is destroyed.
    Cancel {
        #[command(flatten)]
        project: OfProject,
        /// The project's name, as it is written: who names it means it. Asked for when it is left out.
        #[arg(long, value_name = "NAME")]
        confirm: Option<String>,
        /// Call the end off instead: everything is as it was.
        #[arg(long, conflicts_with = "confirm")]
        call_off: bool,
    },
    /// Show the last lines that a project's app wrote: typed fields only, nobody's data.
    Logs {
        #[command(flatten)]
        project: OfProject,
        /// Of production, not of the preview.
        #[arg(long)]
        production: bool,
    },
    /// How a project's app calls whom it may reach: AI providers, and the identity provider.
    Providers {
        #[command(subcommand)]
        command: Providers,
    },
    /// Whom a project's app may reach: hosts of AI providers and of the identity provider.
    Reach {
        #[command(subcommand)]
        command: Reach,
    },
    /// As the platform's operator: which companies may be called, and under which agreement.
    SubProcessors {
        #[command(flatten)]
        place: Place,
        #[command(subcommand)]
        command: SubProcessors,
    },
    /// As the platform's support: look at records of a customer, by their leave.
    Support {
        #[command(subcommand)]
        command: Support,
    },
    /// Print a completion script for your shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// A verification. Exit code 0: everything that was tried is kept; 1: something is broken; 2: the input is wrong.
#[derive(Debug, Args)]
pub(crate) struct VerifyApp {
    /// A project's folder, or the address of an app in use.
    #[arg(value_name = "DIR|URL", default_value = ".")]
    pub(crate) target: String,
    /// List the checks with the promises that they stand for.
    #[arg(long)]
    pub(crate) list: bool,
    /// Only the checks whose name begins so; may be given several times.
    #[arg(long, value_name = "CHECK")]
    pub(crate) only: Vec<String>,
    /// End at the first check that is broken.
    #[arg(long)]
    pub(crate) until_broken: bool,
    /// Try it on PostgreSQL: an administrator's address, for a database that is made for this and removed.
    #[arg(long, value_name = "URL", env = "HEALTHCODER_VERIFY_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// The project's program, where it is built already.
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) program: Option<PathBuf>,
    /// Of an app in use: a refresh token of a session that its founder lends. It works once.
    #[arg(long, env = "HEALTHCODER_VERIFY_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// Of an app in use: the folder of its project, for what its spec says.
    #[arg(long, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
    /// Of an app in use: the certificate of an authority of your own.
    #[arg(long, value_name = "FILE")]
    pub(crate) authority: Option<PathBuf>,
    /// Write the report as JUnit's XML, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write the report as one page, too, which needs nothing else.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

/// A change of an app.
#[derive(Debug, Args)]
pub(crate) struct Change {
    /// What is to change, in plain words: "let nurses see vitals too". Without it, the project's own app.yaml counts, which
    /// you have edited.
    #[arg(conflicts_with_all = ["prompt_file", "spec"])]
    pub(crate) prompt: Option<String>,
    /// A file with these words; - is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "spec")]
    pub(crate) prompt_file: Option<PathBuf>,
    /// The changed spec.
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) changing: Changing,
}

/// What is said of a change forward and of one back.
#[derive(Debug, Args)]
pub(crate) struct Changing {
    /// The project's folder.
    #[arg(long, default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Only say what would change.
    #[arg(long)]
    pub(crate) plan: bool,
    /// The app's name, as app.yaml writes it: who names it means it. Needed where values are deleted or somebody may see
    /// more; asked for when it is left out.
    #[arg(long, value_name = "NAME")]
    pub(crate) confirm: Option<String>,
}

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

/// A prompt: written out, or in a file.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Prompt {
    /// What the app is for, in your own words.
    pub(crate) prompt: Option<String>,
    /// Read the prompt from a file; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) prompt_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct New {
    #[command(flatten)]
    pub(crate) prompt: Prompt,
    /// Where the project goes; by default a folder named after the app.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// The database that `run` uses. The project itself always supports both.
    #[arg(long, value_enum, default_value_t = Database::Sqlite)]
    pub(crate) database: Database,
    #[command(flatten)]
    pub(crate) models: Models,
    /// Take the plan's defaults for its open questions without asking. A question that stops the plan is asked all the same.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Build and serve the app at once.
    #[arg(long)]
    pub(crate) run: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Database {
    /// An encrypted file (SQLCipher) in the data folder.
    Sqlite,
    /// A PostgreSQL server, named by DATABASE_URL.
    Postgres,
}

/// Whether a model plans, and which.
#[derive(Debug, Args)]
pub(crate) struct Models {
    /// Plan through the models that this file names, each with its attestation and prices; then offline. Without it, no
    /// byte leaves this machine.
    #[arg(long, value_name = "FILE", env = "HEALTHCODER_MODELS")]
    pub(crate) models: Option<PathBuf>,
    /// The most that the models may cost, in dollars; by default what the file says.
    #[arg(long, value_name = "USD")]
    pub(crate) ceiling: Option<models::Money>,
    /// Put placeholders in the stead of what could identify somebody, and turn them back in the plan, on this machine.
    /// Without it, such a prompt is not sent.
    #[arg(long)]
    pub(crate) placeholders: bool,
    /// Ask no model, whatever HEALTHCODER_MODELS says.
    #[arg(long, conflicts_with_all = ["ceiling", "placeholders"])]
    pub(crate) offline: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) prompt: Prompt,
    #[command(flatten)]
    pub(crate) models: Models,
    /// The form of the spec.
    #[arg(long, value_enum, default_value_t = Format::Yaml)]
    pub(crate) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// As in app.yaml.
    Yaml,
    /// The same, in JSON.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Generate {
    /// The spec, in YAML or JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: PathBuf,
    /// Where the project goes.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The project.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Build it whatever `healthcoder lint` says of its own code: on your machine, that is for you to decide.
    #[arg(long)]
    pub(crate) no_lint: bool,
    #[command(flatten)]
    pub(crate) serving: Serving,
}

#[derive(Debug, Args)]
pub(crate) struct Serving {
    /// The address to listen on. Plain HTTP is served on loopback only.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
}

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

#[derive(Debug, Subcommand)]
pub(crate) enum Phi {
    /// Scan standard input for the 18 Safe Harbor identifiers of 45 CFR 164.514(b)(2).
    Scan,
}
