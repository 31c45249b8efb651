//! Part 2: a fresh project to its first healthy answer, against the bare app to its own.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::ensure;
use generator::Edits;

use super::lab::{Lab, clinic};
use super::results::{median, met};
use super::servers::{Server, terminate};
use crate::process;

const REPETITIONS: usize = 5;

/// Both with everything compiled that is not the app itself, in turns, with the profile that `run` builds with.
pub(super) fn measure(lab: &Lab) -> anyhow::Result<String> {
    let healthcoder = lab.healthcoder()?;
    let folder = lab.fresh("projects")?;
    let cache = lab.folder.join("cache");
    eprintln!("bench: filling the caches (the first time, this compiles all that apps stand on)");
    safe_run(&healthcoder, &cache, &folder.join("warm"))?;
    bare_run(lab)?;
    let (mut safe, mut bare) = (Vec::new(), Vec::new());
    for number in 0..REPETITIONS {
        safe.push(safe_run(&healthcoder, &cache, &folder.join(number.to_string()))?);
        bare.push(bare_run(lab)?);
    }
    let ratios: Vec<_> = safe.iter().zip(&bare).map(|(safe, bare)| safe / bare).collect();
    let (safe, bare, ratio) = (median(&safe), median(&bare), median(&ratios));
    Ok(format!(
        "| | s |\n|---|---:|\n| `healthcoder run` on a fresh project of 10 entities, to its first healthy answer | {safe:.2} |\n\
         | `cargo build` of the bare app and its first answer, dependencies compiled | {bare:.2} |\n\
         | ratio (median of {REPETITIONS} pairs) | {ratio:.2} |\n\nGoals:\n\n- {}\n- {}\n",
        met("at most 1.5 times the bare app", ratio <= 1.5),
        met("under 6 s on a quiet machine", safe < 6.0),
    ))
}

/// Seconds from `healthcoder run` to the line with the app's URL, which it prints when the app is healthy.
fn safe_run(healthcoder: &Path, cache: &Path, project: &Path) -> anyhow::Result<f64> {
    let (spec, text) = clinic()?;
    generator::write(&generator::generate(&spec, &text)?, project, Edits::Keep)?;
    fs::create_dir_all(cache)?;
    let mut command = Command::new(healthcoder);
    command
        .arg("run")
        .arg("--dir")
        .arg(project)
        .args(["--listen", "127.0.0.1:0"])
        .env("HEALTHCODER_CACHE", cache);
    // A group of its own, so that the app ends with it.
    command.stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0);
    command.stderr(File::create(project.with_extension("log"))?);
    let began = Instant::now();
    let mut child = command.spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output is piped")).read_line(&mut line)?;
    let seconds = began.elapsed().as_secs_f64();
    let ended = terminate(&format!("-{}", child.id()));
    child.wait()?;
    ensure!(line.starts_with("http"), "`healthcoder run` did not serve; see {}.log", project.display());
    ended?;
    Ok(seconds)
}

/// Seconds for `cargo build` of the bare app alone, and its first answer.
fn bare_run(lab: &Lab) -> anyhow::Result<f64> {
    process::run(lab.bare_cargo("clean").args(["--package", "bare", "--profile", "dev"]))?;
    let data = lab.fresh("bare-build")?;
    let began = Instant::now();
    process::run(&mut lab.bare_cargo("build"))?;
    let mut command = Command::new(lab.folder.join("bare/debug/bare"));
    command.env("DATABASE_URL", data.join("bare.db"));
    let server = Server::start(command, "/healthz", &data.join("log"))?;
    let seconds = began.elapsed().as_secs_f64();
    drop(server);
    Ok(seconds)
}
