//! `cargo xtask check`: what can be known of the code without running the product.

use std::process::Command;

use crate::process::{self, cargo};
use crate::{compliance, crates, duplicates, migrations, unused};

/// Every check in turn; the first that fails ends the run with its reason.
pub(crate) fn run(accept_migrations: bool) -> anyhow::Result<()> {
    step("formatting", || process::run(cargo().args(["fmt", "--all", "--check"])))?;
    let metadata = cargo_metadata::MetadataCommand::new().current_dir(crate::process::root()).exec()?;
    step("crate directions", || crates::check(&metadata))?;
    step("the embedded planner is offline", crates::plans_offline)?;
    step("the platform opens no tenant database", crates::opens_no_tenant)?;
    step("duplicate dependencies", || duplicates::check(&metadata))?;
    step("unused dependencies", || unused::check(&metadata))?;
    step("migrations never change", || migrations::check(accept_migrations))?;
    step("compliance", compliance::check)?;
    step("lints", || {
        let lint =
            ["clippy", "--workspace", "--all-targets", "--all-features", "--quiet", "--", "-D", "warnings"];
        process::run(cargo().args(lint))
    })?;
    // By itself it is built without what only apps enable, and that must compile, too.
    step("the platform's program alone", || {
        process::run(cargo().args(["clippy", "--package", "healthcoder", "--quiet", "--", "-D", "warnings"]))
    })?;
    step("documentation", || {
        let mut command: Command = cargo();
        command.args(["doc", "--workspace", "--no-deps", "--all-features", "--quiet"]);
        process::run(command.env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    step("fresh goldens", || {
        process::run(cargo().args(["test", "--quiet", "--package", "generator", "golden"]))
    })?;
    step("lints of what is generated", || {
        let lints = ["nextest", "run", "--workspace", "--ignore-default-filter", "-E", "test(/^lints::/)"];
        process::run(cargo().args(lints))
    })
}

fn step(name: &str, check: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    eprintln!("check: {name}");
    check()
}
