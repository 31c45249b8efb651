//! What the platform runs before each deploy: the verifier as a process of its own, in a sandbox with the new version.
//!
//! It says how far it is on standard output, a line of JSON for each check, and at the end what it found, with the report as one
//! page: so whoever started it reads no file of a folder that the app could write to.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use serde_json::{Value, json};
use verifier::{Outcome as Ended, PostgresAddresses, Program, Report, Storage, Trial, Verdict};

use crate::outcome::{Failure, Outcome};

/// Where the database is that was made for this, as the app's role and as the owner; without it, a file.
pub(crate) type Addresses = Option<(String, String)>;

/// Verifies a built project, and tells of it as it goes.
pub(crate) fn run(project: &Path, program: &Path, addresses: Addresses) -> Result<Outcome, Failure> {
    let program = Program { binary: program.to_owned(), project: project.to_owned() };
    let storage = addresses.map_or(Storage::Sqlite, |(app, owner)| {
        Storage::Postgres(PostgresAddresses { app, owner, superuser: None })
    });
    let trial = Trial::of_project(&program, storage)?;
    tell(&json!({ "checks": verifier::checks().len() }))?;
    let mut told = Ok(());
    let report = verifier::run(&trial, &|_| true, &mut |verdict| {
        told = tell(&json!({ "check": verdict.check.id, "title": verdict.check.title }));
        // Nobody listens any more.
        if told.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    told?;
    tell(&found(&report))?;
    Ok(Outcome { text: String::new(), json: Value::Null })
}

fn found(report: &Report) -> Value {
    let of = |fits: fn(&Ended) -> bool| -> Vec<Value> {
        let verdicts = report.verdicts.iter().filter(|verdict| fits(&verdict.outcome));
        verdicts.map(failure).collect()
    };
    json!({
        "kept": report.counts().get("kept").copied().unwrap_or(0),
        "broken": of(|outcome| matches!(outcome, Ended::Broken { .. })),
        "undecided": of(|outcome| matches!(outcome, Ended::Undecided { .. })),
        "page": report.page(),
    })
}

fn failure(verdict: &Verdict) -> Value {
    let saw = match &verdict.outcome {
        Ended::Broken { saw, .. } => saw,
        Ended::Undecided { why } => why,
        _ => "",
    };
    json!({ "check": verdict.check.id, "title": verdict.check.title, "saw": saw })
}

fn tell(line: &Value) -> std::io::Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}
