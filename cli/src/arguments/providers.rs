//! Whom a project's app may reach, and how it is told to call them.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Environment, OfProject};

#[derive(Debug, Subcommand)]
pub(crate) enum Providers {
    /// Show whom the app calls, and how; never a key.
    List {
        #[command(flatten)]
        of: OfEnvironment,
    },
    /// Set how the app calls a company, in place of what was set before. Its host is attested first: `healthcoder reach attest`.
    Set {
        #[command(flatten)]
        of: OfEnvironment,
        /// A file with its key, or with the app's secret at the identity provider; - is a line of standard input.
        #[arg(long, value_name = "FILE")]
        key_file: Option<PathBuf>,
        /// The certificate of its own authority (PEM), where browsers do not know it.
        #[arg(long, value_name = "FILE")]
        authority: Option<PathBuf>,
        #[command(subcommand)]
        provider: NewProvider,
    },
    /// Have the app forget how to call a company, and erase the key.
    Withdraw {
        #[command(flatten)]
        of: OfEnvironment,
        /// The company, as the spec names it; or `sign-in`.
        who: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Reach {
    /// Show whom the app may reach, where, and by which agreement.
    List {
        #[command(flatten)]
        of: OfEnvironment,
    },
    /// Attest that the app may reach a company at a host, and that an agreement with it is in force.
    Attest {
        #[command(flatten)]
        of: OfEnvironment,
        /// The company, as the spec names it under `sub-processors`; or `sign-in`, the identity provider.
        who: String,
        /// The host: NAME, or NAME:PORT where it is not 443.
        host: String,
        /// The agreement: its number, or its title and date.
        #[arg(long)]
        agreement: String,
    },
    /// Withdraw: what is open there is cut, and the key of a provider there is erased.
    Withdraw {
        #[command(flatten)]
        of: OfEnvironment,
        /// The host, as `list` has it.
        host: String,
    },
}

/// An environment of a project.
#[derive(Debug, Args)]
pub(crate) struct OfEnvironment {
    #[command(flatten)]
    pub(crate) project: OfProject,
    /// Of which environment.
    #[arg(long, value_enum, default_value_t = Environment::Preview)]
    pub(crate) environment: Environment,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NewProvider {
    /// A provider of models, for AI actions.
    Model {
        /// The company, as the spec names it under `sub-processors`.
        processor: String,
        /// What it speaks.
        #[arg(long, value_parser = ["anthropic", "openai", "compatible"])]
        wire: String,
        /// Where it is: https://…
        #[arg(long, value_name = "URL")]
        address: String,
        /// The model, by the provider's name for it.
        #[arg(long, value_name = "NAME")]
        model: String,
        /// Dollars for a million tokens that are read.
        #[arg(long, value_name = "DOLLARS")]
        input_price: String,
        /// Dollars for a million tokens that are written.
        #[arg(long, value_name = "DOLLARS")]
        output_price: String,
    },
    /// The identity provider (OpenID Connect), for signing in.
    SignIn {
        /// Its issuer, as its discovery document says: https://…
        #[arg(long, value_name = "URL")]
        issuer: String,
        /// What the app is called there.
        #[arg(long, value_name = "ID")]
        client_id: String,
        /// Which group has which role in the app: GROUP=ROLE, GROUP=ROLE.
        #[arg(long, value_name = "ROLES")]
        roles: String,
        /// The claim that holds a person's groups; `groups`, unless said.
        #[arg(long, value_name = "CLAIM")]
        roles_claim: Option<String>,
        /// The words of its button; its host, unless said.
        #[arg(long, value_name = "WORDS")]
        name: Option<String>,
    },
}
