use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::export;
use crate::arguments::VerifyAudit;
use crate::outcome::{Failure, Outcome};
use crate::progress::Progress;
use crate::project::{Cache, build, subcommand};

/// Verifies an audit log: that of a project, of an app's data folder, or in an archive.
pub(crate) fn verify(wanted: &VerifyAudit, progress: Progress) -> Result<Outcome, Failure> {
    let target = &wanted.target;
    if target.is_file() {
        return in_archive(wanted);
    }
    if target.join("app.yaml").is_file() {
        return by_binary(&target.canonicalize()?, None, wanted, progress);
    }
    if !target.join("environment-id").is_file() {
        return Err(Failure::input(format!(
            "{} is no project (it has no app.yaml), no data folder of an app (no environment-id) and no archive",
            target.display()
        )));
    }
    let data = target.canonicalize()?;
    let project = match &wanted.project {
        Some(project) => project.canonicalize()?,
        None => project_of(&data).ok_or_else(|| {
            Failure::input(format!(
                "{} is the data folder of an app; give its project with --project DIR, whose binary opens it",
                target.display()
            ))
        })?,
    };
    by_binary(&project, Some(&data), wanted, progress)
}

/// The project that a data folder lies in, however deep.
fn project_of(data: &Path) -> Option<PathBuf> {
    data.ancestors().find(|folder| folder.join("app.yaml").is_file()).map(Path::to_owned)
}

/// By the project's own binary: nobody else opens its database.
fn by_binary(
    project: &Path,
    data: Option<&Path>,
    wanted: &VerifyAudit,
    progress: Progress,
) -> Result<Outcome, Failure> {
    let binary = build(project, &Cache::open()?, progress)?;
    let mut words = vec!["verify-audit".to_owned()];
    if let Some(data) = data {
        words.push(format!("--data-dir={}", data.display()));
    }
    if let Some(witness) = &wanted.witness {
        words.push(format!("--witness-dir={}", witness.canonicalize()?.display()));
    }
    let folder = tempfile::tempdir()?;
    let summary = folder.path().join("summary.json");
    words.push(format!("--summary={}", summary.display()));
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    // The app itself tells people, on standard error; without a summary it could not even look.
    let told = subcommand(&binary, project, &words);
    let Ok(bytes) = std::fs::read(&summary) else {
        told?;
        return Err(anyhow::anyhow!("the app did not say what it found").into());
    };
    let json: Value = serde_json::from_slice(&bytes)?;
    match told {
        Ok(_) => {
            let text = format!(
                "the audit log is as it was witnessed: {} events in {} lanes, {} signed heads",
                json["events"], json["lanes"], json["heads"]
            );
            Ok(Outcome { text, json })
        }
        Err(_) => {
            Err(Failure::Refuted { report: "the audit log is not as it was witnessed".to_owned(), json })
        }
    }
}

/// By what lies in the archive: events, witnesses and keys.
fn in_archive(wanted: &VerifyAudit) -> Result<Outcome, Failure> {
    let mut archive = export::open(&wanted.target, wanted.passphrase_file.as_deref())?;
    let verified = archive.verify(wanted.key.as_deref()).map_err(export::failure)?;
    if verified.subject.organisation.is_some() {
        return Err(Failure::input(
            "this archive is of one organisation, whose events are links of a chain that runs through those of \
             others: the log is verified where the whole is",
        ));
    }
    let report = safeguards::audit::verify_in(&mut archive).map_err(export::failure)?;
    let text = report.to_string();
    let mut json = report.summary();
    json["signed_by"] = json!(verified.signed_by);
    if report.is_green() {
        Ok(Outcome { text, json })
    } else {
        Err(Failure::Refuted { report: format!("the audit log is not as it was witnessed\n{text}"), json })
    }
}
