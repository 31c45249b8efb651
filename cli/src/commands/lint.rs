//! `healthcoder lint`: reads a project's own code before it is built.

use std::path::Path;

use generator::custom::{Finding, Sources, check};
use serde_json::{Value, json};

use crate::outcome::{Failure, Outcome};

/// Reads the custom code of a project, and says what does not belong there.
pub(crate) fn run(dir: &Path) -> Result<Outcome, Failure> {
    passed(dir)?;
    Ok(Outcome {
        text: format!("{}: nothing to object to", dir.join(generator::custom::FOLDER).display()),
        json: json!({ "findings": [] }),
    })
}

/// Refuses a project whose custom code does what custom code may not.
pub(crate) fn passed(dir: &Path) -> Result<(), Failure> {
    if !dir.join("app.yaml").is_file() {
        return Err(Failure::input(format!(
            "{} holds no generated project: `healthcoder new` makes one, `--dir` names one",
            dir.display()
        )));
    }
    let found = check(&Sources::read(dir)?);
    if found.is_empty() {
        return Ok(());
    }
    let lines: String = found.iter().map(|finding| format!("{finding}\n")).collect();
    let count = if found.len() == 1 { "1 finding".to_owned() } else { format!("{} findings", found.len()) };
    Err(Failure::Input {
        report: format!("custom code does what it may not; nothing was built:\n{lines}{count}"),
        json: json!({
            "error": "custom code does what it may not",
            "findings": found.iter().map(listed).collect::<Vec<_>>(),
        }),
    })
}

/// A finding as data: line and column from 1, 0 where it is about the whole file.
fn listed(finding: &Finding) -> Value {
    json!({
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "rule": finding.rule.name(),
        "message": finding.message,
        "instead": finding.instead,
    })
}
