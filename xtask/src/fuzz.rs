//! `cargo xtask fuzz`: hostile input, found by coverage. The targets lie in `fuzz/` as cargo-fuzz wants them.

use std::fs;

use anyhow::Context;
use clap::Args;

use crate::process::{self, cargo, root};

/// Targets that link the library of apps; the others are compiled without it, in a moment.
const OF_APPS: [&str; 4] = ["audit", "cookies", "jwt", "multipart"];

/// What to feed, and for how long.
#[derive(Args)]
pub(crate) struct Fuzz {
    /// One target of `fuzz/fuzz_targets`; all of them by default.
    target: Option<String>,
    /// Seconds for each target.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// Runs each target; the first that finds something ends the run, and cargo-fuzz says where the input lies.
pub(crate) fn run(fuzz: &Fuzz) -> anyhow::Result<()> {
    install()?;
    let targets = match &fuzz.target {
        Some(target) => vec![target.clone()],
        None => targets()?,
    };
    for target in targets {
        eprintln!("fuzz: {target} for {} s", fuzz.seconds);
        let seconds = format!("-max_total_time={}", fuzz.seconds);
        // Without a sanitizer the stable toolchain will do, and `unsafe` is forbidden in what is fuzzed. Input that takes
        // ten seconds or two gigabytes is a finding, too.
        let mut command = cargo();
        command.env("CARGO_TARGET_DIR", root().join("target/fuzz"));
        command.args(["fuzz", "run", "--sanitizer", "none"]);
        if OF_APPS.contains(&target.as_str()) {
            command.args(["--features", "app"]);
        }
        command.args([&target, "--", &seconds]);
        command.args(["-timeout=10", "-rss_limit_mb=2048", "-verbosity=0", "-print_final_stats=1"]);
        process::run(&mut command).with_context(|| format!("the target `{target}` found something"))?;
    }
    Ok(())
}

fn targets() -> anyhow::Result<Vec<String>> {
    let folder = root().join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    // Those that are compiled in a moment go first.
    names.sort_by_key(|name| (OF_APPS.contains(&name.as_str()), name.clone()));
    Ok(names)
}

fn install() -> anyhow::Result<()> {
    let found = cargo().args(["fuzz", "--version"]).output().is_ok_and(|output| output.status.success());
    if found {
        return Ok(());
    }
    eprintln!("installing cargo-fuzz; this takes a minute, once");
    process::run(cargo().args(["install", "cargo-fuzz", "--locked"])).context("fuzzing runs with cargo-fuzz")
}
