//! How a project's app is told to call whom it may reach.

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
    /// Set how the app calls a company, in place of what was set before. Its host is attested first, on the project's page.
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
