//! How a command ends: a result on standard output, or an error on standard error, and an exit code.

use std::io::Write;
use std::process::ExitCode;

use serde_json::{Value, json};

/// What a command gives.
pub(crate) struct Outcome {
    /// For people.
    pub(crate) text: String,
    /// For programs.
    pub(crate) json: Value,
}

/// Why a command gave nothing.
pub(crate) enum Failure {
    /// The input is wrong: a report for people, and the same for programs. Exit code 2.
    Input {
        /// A rendered diagnostic: what is wrong, where, what to do.
        report: String,
        /// The same as data.
        json: Value,
    },
    /// What was to be verified is not so: for people, and the findings for programs. Exit code 1.
    Refuted {
        /// What was found.
        report: String,
        /// The same as data.
        json: Value,
    },
    /// Something failed that is not the input's fault. Exit code 1.
    Failed(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Failure {
    /// A wrong input that one sentence explains.
    pub(crate) fn input(report: impl Into<String>) -> Self {
        let report = report.into();
        let json = json!({ "error": report });
        Self::Input { report, json }
    }
}

/// Prints, and chooses the exit code.
pub(crate) fn end(result: Result<Outcome, Failure>, json: bool) -> ExitCode {
    match result {
        Ok(outcome) => {
            print(&if json { outcome.json.to_string() } else { outcome.text });
            ExitCode::SUCCESS
        }
        Err(Failure::Input { report, json: data }) => {
            fail(&report, &data, json);
            ExitCode::from(2)
        }
        Err(Failure::Refuted { report, json: data }) => {
            fail(&report, &data, json);
            ExitCode::FAILURE
        }
        Err(Failure::Failed(error)) => {
            fail(&format!("{error:#}"), &json!({ "error": format!("{error:#}") }), json);
            ExitCode::FAILURE
        }
    }
}

fn fail(report: &str, data: &Value, json: bool) {
    if json {
        print(&data.to_string());
    } else {
        eprintln!("{}", report.trim_end());
    }
}

/// The one door to standard output. A reader that went away (`| head`) is no error.
pub(crate) fn print(text: &str) {
    let text = text.trim_end();
    if !text.is_empty() {
        let _ = writeln!(std::io::stdout().lock(), "{text}");
    }
}
