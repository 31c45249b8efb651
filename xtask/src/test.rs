//! `cargo xtask test`: install what is missing, run everything, some mutants among it, close with the counts.

use std::process::Command;

use crate::install;
use crate::process::{self, cargo};

/// What is tested: a platform that takes payments, and every chore.
pub(crate) const FEATURES: [&str; 2] = ["--features", "healthcoder/stripe,xtask/laboratory"];

/// Runs all tests, or those that the arguments for nextest choose. Documentation tests run with all.
pub(crate) fn run(nextest: &[String]) -> anyhow::Result<()> {
    install::everything()?;
    // Programs and tests in one go, so that what both stand on is compiled once.
    process::run(cargo().args(["build", "--workspace", "--bins", "--tests"]).args(FEATURES))?;
    let mut noticed = Ok(());
    if nextest.is_empty() {
        process::run(cargo().args(["test", "--workspace", "--doc", "--quiet"]).args(FEATURES))?;
        noticed = mutants();
    }
    // nextest closes with the counts; nothing is printed after it, unless a mutant lived.
    process::run(
        cargo().args(["nextest", "run", "--workspace", "--no-fail-fast"]).args(FEATURES).args(nextest),
    )?;
    noticed
}

/// Whether the verifier notices some of the mutants: ten that chance chooses for this commit, and as many of those that it
/// touches. By the program that was just built with every chore; this one may have none of them.
fn mutants() -> anyhow::Result<()> {
    let mut xtask = Command::new(process::root().join("target/debug/xtask"));
    let some = ["--random", "10", "--touched", "HEAD^", "--minutes", "6"];
    process::run(xtask.current_dir(process::root()).args(["mutants", "--until-broken"]).args(some))
}
