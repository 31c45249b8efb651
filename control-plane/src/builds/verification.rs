//! What the verifier found of a version: the report is kept with its source, and words for whoever is told why it does not serve.
//!
//! A report that was passed stands for the program that was tried, by its hash, on the kind of database that it was tried on, for
//! as long as the same verifier tries: into production goes what was verified for the preview, without being tried again.

use std::fs;
use std::io;
use std::path::PathBuf;

use safeguards::{StoreError, Transaction, sql};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::Platform;
use crate::host::folders::{private_folder, write_private};
use crate::ids::{ProjectId, VersionId};
use crate::operations::StepError;
use crate::seams::{Finding, Trial, Verified};
use crate::versions::hexadecimal;

/// How many findings are told in words; the report has them all.
const TOLD: usize = 3;

fn file(platform: &Platform, project: ProjectId, version: VersionId) -> PathBuf {
    let folder = platform.configuration.projects_folder().join(project.to_string()).join("verified");
    folder.join(format!("{version}.html"))
}

/// Keeps the report; one that is there is replaced.
pub(super) fn keep(
    platform: &Platform,
    project: ProjectId,
    version: VersionId,
    page: &str,
) -> io::Result<()> {
    let path = file(platform, project, version);
    if let Some(folder) = path.parent() {
        private_folder(folder)?;
    }
    write_private(&path, page.as_bytes())
}

/// The report of a version that was verified, as a page of HTML.
///
/// It was written beside the app that it tells of, so it is handed out as a file, and is no page of ours.
pub(crate) fn report(
    platform: &Platform,
    project: ProjectId,
    version: VersionId,
) -> io::Result<Option<String>> {
    match fs::read_to_string(file(platform, project, version)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

/// What a report is about.
pub(super) struct Tried<'a> {
    /// Of which project.
    pub(super) project: ProjectId,
    /// The version.
    pub(super) version: VersionId,
    /// SHA-256 of its program, in hexadecimal.
    pub(super) program: &'a str,
    /// By what and on what it was tried.
    pub(super) trial: &'a Trial,
}

/// A report that was passed.
pub(super) struct Standing {
    /// How many checks saw their promise kept.
    pub(super) kept: i64,
    /// When.
    pub(super) at: OffsetDateTime,
}

/// The report by which this program may serve, if there is one: it passed, and the report still lies where it was kept, as it was.
///
/// # Errors
/// The database, or the folder of reports, cannot be read.
pub(super) async fn standing(platform: &Platform, tried: &Tried<'_>) -> Result<Option<Standing>, StepError> {
    let row = sql("SELECT kept, report, verified_at FROM verifications
         WHERE version_id = $1 AND program = $2 AND database = $3 AND verifier = $4")
    .bind(tried.version)
    .bind(tried.program)
    .bind(tried.trial.database.as_str())
    .bind(tried.trial.verifier.as_str())
    .fetch_optional(&platform.store)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let page = report(platform, tried.project, tried.version)
        .map_err(|error| StepError::Later(format!("The report of this version cannot be read: {error}")))?;
    if page.map(|page| fingerprint(&page)) != Some(row.text("report")?) {
        return Ok(None);
    }
    Ok(Some(Standing { kept: row.integer("kept")?, at: row.timestamp("verified_at")? }))
}

/// Takes an earlier report back, before the program is tried anew: what comes of that alone counts.
pub(super) async fn forget(platform: &Platform, tried: &Tried<'_>) -> Result<(), StoreError> {
    sql("DELETE FROM verifications WHERE version_id = $1 AND program = $2 AND database = $3 AND verifier = $4")
        .bind(tried.version)
        .bind(tried.program)
        .bind(tried.trial.database.as_str())
        .bind(tried.trial.verifier.as_str())
        .execute(&platform.store)
        .await
        .map(drop)
}

/// Remembers that this program passed, in the transaction that ends its verification.
pub(super) async fn remember(
    platform: &Platform,
    transaction: &mut Transaction,
    tried: &Tried<'_>,
    verified: &Verified,
) -> Result<(), StoreError> {
    sql("INSERT INTO verifications (version_id, program, database, verifier, kept, report, verified_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (version_id, program, database, verifier)
         DO UPDATE SET kept = excluded.kept, report = excluded.report, verified_at = excluded.verified_at")
    .bind(tried.version)
    .bind(tried.program)
    .bind(tried.trial.database.as_str())
    .bind(tried.trial.verifier.as_str())
    .bind(i64::from(verified.kept))
    .bind(fingerprint(&verified.page))
    .bind(platform.clock.now())
    .execute(transaction)
    .await
    .map(drop)
}

fn fingerprint(page: &str) -> String {
    hexadecimal(&Sha256::digest(page.as_bytes()))
}

/// Whether the version may serve.
pub(super) fn passed(verified: &Verified) -> Result<(), StepError> {
    if !verified.broken.is_empty() {
        return Err(StepError::Refused(format!(
            "This version was tried in a throwaway instance, and does not keep what is promised of it, so it does not serve. \
             {} The report says what was done and seen; the version that served before serves on.",
            told(&verified.broken)
        )));
    }
    if !verified.undecided.is_empty() {
        return Err(StepError::Later(format!(
            "This version was tried in a throwaway instance, and not everything could be decided, so it does not serve. {}",
            told(&verified.undecided)
        )));
    }
    if verified.kept == 0 {
        return Err(StepError::Refused(
            "Nothing of this version could be tried, so it does not serve.".into(),
        ));
    }
    Ok(())
}

fn told(findings: &[Finding]) -> String {
    let first = findings.iter().take(TOLD).map(|finding| format!("“{}”: {}.", finding.title, finding.saw));
    let mut words = first.collect::<Vec<_>>().join(" ");
    if findings.len() > TOLD {
        words.push_str(&format!(" And {} more.", findings.len() - TOLD));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verified(broken: usize, undecided: usize) -> Verified {
        let findings = |count| {
            let finding = |number| Finding { title: format!("Promise {number}"), saw: "it is not so".into() };
            (1..=count).map(finding).collect()
        };
        Verified { kept: 170, broken: findings(broken), undecided: findings(undecided), page: String::new() }
    }

    /// CL-13: what is broken stops the deploy in words; what could not be decided is no pass, and is tried again.
    #[test]
    fn only_a_version_that_keeps_everything_passes() {
        assert!(passed(&verified(0, 0)).is_ok());
        let Err(StepError::Refused(words)) = passed(&verified(5, 1)) else { panic!("it passes") };
        assert!(words.contains("“Promise 1”: it is not so.") && words.contains("And 2 more."), "{words}");
        let later = passed(&verified(0, 1));
        assert!(matches!(&later, Err(StepError::Later(words)) if words.contains("Promise 1")), "{later:?}");
        assert!(passed(&Verified { kept: 0, ..verified(0, 0) }).is_err());
    }
}
