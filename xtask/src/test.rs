//! `cargo xtask test`: install what is missing, run everything, close with the counts.

use crate::install;
use crate::process::{self, cargo};

/// Runs all tests, or those that the arguments for nextest choose. Documentation tests run with all.
pub(crate) fn run(nextest: &[String]) -> anyhow::Result<()> {
    install::everything()?;
    if nextest.is_empty() {
        process::run(cargo().args(["test", "--workspace", "--doc", "--quiet"]))?;
    }
    // nextest closes with the counts; nothing is printed after it.
    process::run(cargo().args(["nextest", "run", "--workspace", "--no-fail-fast"]).args(nextest))
}
