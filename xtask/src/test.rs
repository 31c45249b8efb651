//! `cargo xtask test`: install what is missing, run everything, close with the counts.

use crate::install;
use crate::process::{self, cargo};

/// What is tested: a platform that takes payments, and every chore.
pub(crate) const FEATURES: [&str; 2] = ["--features", "healthcoder/stripe,xtask/laboratory"];

/// Runs all tests, or those that the arguments for nextest choose. Documentation tests run with all.
pub(crate) fn run(nextest: &[String]) -> anyhow::Result<()> {
    install::everything()?;
    // Programs and tests in one go, so that what both stand on is compiled once.
    process::run(cargo().args(["build", "--workspace", "--bins", "--tests"]).args(FEATURES))?;
    if nextest.is_empty() {
        process::run(cargo().args(["test", "--workspace", "--doc", "--quiet"]).args(FEATURES))?;
    }
    // nextest closes with the counts; nothing is printed after it.
    process::run(
        cargo().args(["nextest", "run", "--workspace", "--no-fail-fast"]).args(FEATURES).args(nextest),
    )
}
