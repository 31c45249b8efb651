use clap::CommandFactory;
use clap_complete::Shell;
use serde_json::json;

use crate::arguments::Arguments;
use crate::outcome::Outcome;

/// Prints a completion script.
pub(crate) fn run(shell: Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "healthcoder", &mut script);
    let text = String::from_utf8_lossy(&script).into_owned();
    Outcome { json: json!({ "shell": shell.to_string(), "script": text }), text }
}
