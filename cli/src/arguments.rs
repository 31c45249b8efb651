//! The command line. These names are a contract: scripts and people rely on them.

mod archives;
mod outside;
mod platform;
mod project;
mod providers;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use archives::{
    Audit, Certificate, Environment, Export, Fetch, Home, Make, Restore, TakenCopy, Verify, VerifyAudit,
};
pub(crate) use outside::{AgentKeys, Aws, Mail, Outside};
pub(crate) use platform::{
    Agreement, Deploy, Login, OfProject, Place, PlanGrant, Serve, SubProcessors, Support,
};
pub(crate) use project::{
    Change, Changing, Database, Format, Generate, Models, New, Plan, Prompt, Run, Serving, VerifyApp,
};
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

#[derive(Debug, Subcommand)]
pub(crate) enum Phi {
    /// Scan standard input for the 18 Safe Harbor identifiers of 45 CFR 164.514(b)(2).
    Scan,
}
