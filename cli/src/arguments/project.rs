//! A project on this machine: planned, generated, changed, served and verified.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

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
