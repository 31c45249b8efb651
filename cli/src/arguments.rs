//! The command line. These names are a contract: scripts and people rely on them.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

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
    /// Build a project and serve it on this machine.
    Run(Run),
    /// Plan, generate, build and serve an example with obviously fake patients.
    Demo(Serving),
    /// Work with audit logs.
    #[command(subcommand)]
    Audit(Audit),
    /// Find what identifies somebody in a text.
    #[command(subcommand)]
    Phi(Phi),
    /// Print a completion script for your shell.
    Completions {
        /// The shell.
        shell: Shell,
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
    /// Take the plan's defaults for its open questions without asking.
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

#[derive(Debug, Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) prompt: Prompt,
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
    Verify {
        /// The project whose database holds the log.
        target: PathBuf,
        /// The witness's folder, where it is not the project's own.
        #[arg(long, value_name = "DIR")]
        witness: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Phi {
    /// Scan standard input for the 18 Safe Harbor identifiers of 45 CFR 164.514(b)(2).
    Scan,
}
