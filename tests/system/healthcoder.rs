//! The command line as a person has it: a program, started.

use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// The workspace's root folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate lies in the workspace")
}

/// `cargo`, without the variables that the cargo around these tests set: an inner build would read them as its own
/// and compile anew what depends on them.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new("cargo");
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") || text == "RUSTC" {
            command.env_remove(&name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// `healthcoder`, built from this tree.
pub(crate) fn healthcoder() -> Command {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let mut command = Command::new(BUILT.get_or_init(build));
    command.stdin(Stdio::null()).env_remove("DATABASE_URL").env_remove("HEALTHCODER_MODELS");
    command
}

/// Builds it as `cargo xtask test` does before the tests, together with them: then this compiles nothing.
fn build() -> PathBuf {
    let mut cargo = cargo();
    cargo.current_dir(root()).args(["build", "--quiet", "--workspace", "--bins", "--tests"]);
    // A platform that takes payments.
    cargo.args(["--features", "healthcoder/stripe,xtask/laboratory", "--message-format", "json"]);
    let built = cargo.output().expect("cargo can be started");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let messages = String::from_utf8(built.stdout).expect("cargo speaks JSON");
    let mut executables = messages.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_program = message["target"]["name"] == "healthcoder" && message["profile"]["test"] == false;
        message["executable"].as_str().filter(|_| is_program).map(PathBuf::from)
    });
    executables.next_back().expect("cargo names the program that it built")
}

/// What a command gave.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code; `None` after a signal.
    pub(crate) code: Option<i32>,
    /// Standard output: results.
    pub(crate) output: String,
    /// Standard error: progress and reports.
    pub(crate) errors: String,
}

impl Ended {
    /// The one JSON document on standard output.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.output).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }
}

/// Runs `healthcoder` to its end.
pub(crate) fn run(words: &[&str]) -> Ended {
    ended(healthcoder().args(words))
}

/// Runs a command to its end.
pub(crate) fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes| String::from_utf8(bytes).expect("it speaks UTF-8");
    Ended { code: output.status.code(), output: text(output.stdout), errors: text(output.stderr) }
}

/// Runs `healthcoder` with a text on its standard input.
pub(crate) fn run_with(words: &[&str], input: &str) -> Ended {
    let mut command = healthcoder();
    let mut file = tempfile::tempfile().expect("a temporary file can be made");
    file.write_all(input.as_bytes()).and_then(|()| file.rewind()).expect("a file can be written");
    ended(command.args(words).stdin(file))
}
