//! The chores that need the generator and more, as long as they are not compiled: each compiles itself and begins again.

use clap::Args;

use crate::process::{self, cargo};

/// The words of `bench`.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Bench {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

/// The words of `mutants`.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Mutants {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

impl Bench {
    /// What is generated in process is measured as it is shipped: compiled for release.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        again(&["--release"], "bench", &self.words)
    }
}

impl Mutants {
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        again(&[], "mutants", &self.words)
    }
}

fn again(profile: &[&str], chore: &str, words: &[String]) -> anyhow::Result<()> {
    let mut run = cargo();
    run.args(["run", "--quiet", "--package", "xtask", "--features", "laboratory"]);
    process::run(run.args(profile).args(["--", chore]).args(words))
}
