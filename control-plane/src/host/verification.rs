//! A new version is tried before it serves anybody: the verifier starts an instance of it in a sandbox, with made-up people.
//!
//! The sandbox is a build's: no network, no file of ours, an empty database that is removed again. The app that is tried
//! there runs as the same user as the verifier, so what comes back tells its author what the app does, and is no boundary: what
//! holds against a hostile app stands outside its process, whatever a report says.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::build::{Bounds, outgrown};
use super::folders::private_folder;
use super::sandbox::{Access, Account, Inheritance, Running, Sandbox};
use super::supervisor::{Supervisor, Throwaway, give};
use crate::seams::{BuildEvent, Finding, HostError, Progress, Verified};

/// Where things stand inside.
const VERIFIER: &str = "/verify/healthcoder";
const PROGRAM: &str = "/verify/app";
const PROJECT: &str = "/verify/project";
const SCRATCH: &str = "/verify/scratch";

/// The longest that is kept of one sentence from inside.
const SENTENCE: usize = 600;

/// What is tried.
pub(super) struct Candidate<'a> {
    /// The version's id, which names what is thrown away.
    pub(super) version: Uuid,
    /// Its files, as they were compiled.
    pub(super) project: &'a Path,
    /// Its program.
    pub(super) program: &'a Path,
    /// As whom both run.
    pub(super) account: Account,
}

/// Verifies versions, one at a time. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Verification {
    root: PathBuf,
    verifier: PathBuf,
    bounds: Bounds,
    place: Arc<Semaphore>,
}

/// What the verifier says, a line each.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    /// How many checks there are.
    Begun { checks: u32 },
    /// One more was tried.
    Tried { title: String },
    /// What was found in all.
    Found { kept: u32, broken: Vec<Finding>, undecided: Vec<Finding>, page: String },
}

impl Verification {
    /// Verifies by this program, below `root`.
    pub(super) fn open(root: &Path, verifier: PathBuf, bounds: Bounds) -> io::Result<Self> {
        private_folder(root)?;
        Ok(Self { root: root.to_owned(), verifier, bounds, place: Arc::new(Semaphore::new(1)) })
    }

    /// The program that tries versions.
    pub(super) fn verifier(&self) -> &Path {
        &self.verifier
    }

    /// Verifies a version. Cut off, it is begun anew by being asked again.
    pub(super) async fn verify(
        &self,
        supervisor: &Supervisor,
        candidate: &Candidate<'_>,
        progress: &dyn Progress,
    ) -> Result<Verified, HostError> {
        let _place = self.place.acquire().await.map_err(super::local::unavailable)?;
        let scratch = self.root.join(candidate.version.simple().to_string());
        remove(&scratch).map_err(super::local::unavailable)?;
        private_folder(&scratch)
            .and_then(|()| give(&scratch, candidate.account))
            .map_err(super::local::unavailable)?;
        let database = supervisor.throwaway(candidate.version).await.map_err(super::local::unavailable)?;
        let verified = self.tried(candidate, &scratch, database.as_ref(), progress).await;
        supervisor.throw_away(candidate.version).await.map_err(super::local::unavailable)?;
        remove(&scratch).map_err(super::local::unavailable)?;
        verified
    }

    async fn tried(
        &self,
        candidate: &Candidate<'_>,
        scratch: &Path,
        database: Option<&Throwaway>,
        progress: &dyn Progress,
    ) -> Result<Verified, HostError> {
        let sandbox = self.sandbox(candidate, scratch, database);
        let words = ["verify-version", "--program", PROGRAM, PROJECT];
        let running = sandbox.start(Path::new(VERIFIER), &words, Inheritance::default()).await;
        let mut running = running.map_err(super::local::unavailable)?;
        let heard = tokio::select! {
            heard = self.heard(&mut running, progress) => heard.map_err(super::local::unavailable)?,
            () = tokio::time::sleep(self.bounds.time) => {
                running.kill().await;
                return Err(HostError::Version("Verifying this version took too long: an answer of the app does not come.".into()));
            }
            () = outgrown(scratch.to_owned(), self.bounds.target) => {
                running.kill().await;
                return Err(HostError::Version("The app wrote more than a version may while it was verified.".into()));
            }
        };
        match heard {
            (Some(verified), _) => Ok(verified),
            (None, said) => Err(HostError::Version(format!(
                "This version could not be verified, so it does not serve: {}",
                if said.is_empty() { "the verifier was ended from inside" } else { said.as_str() }
            ))),
        }
    }

    fn sandbox(&self, candidate: &Candidate<'_>, scratch: &Path, database: Option<&Throwaway>) -> Sandbox {
        let sandbox = Sandbox::new("verify", Some(candidate.account), self.bounds.limits)
            .mount(Access::Read, &self.verifier, VERIFIER)
            .mount(Access::Read, candidate.program, PROGRAM)
            .mount(Access::Read, candidate.project, PROJECT)
            .mount(Access::Write, scratch, SCRATCH)
            // The instance's data lie on the disk, where a build's size is watched, and not in memory.
            .variable("TMPDIR", SCRATCH)
            .folder(SCRATCH);
        match database {
            None => sandbox,
            Some(Throwaway { app, owner, socket: (socket, inside) }) => sandbox
                .mount(Access::Read, socket, *inside)
                .variable("HEALTHCODER_VERIFY_APP_URL", app)
                .variable("HEALTHCODER_VERIFY_OWNER_URL", owner),
        }
    }

    /// Passes on how far it is; answers what was found, and the last that was said beside it.
    async fn heard(
        &self,
        running: &mut Running,
        progress: &dyn Progress,
    ) -> io::Result<(Option<Verified>, String)> {
        let (output, errors) = (running.child.stdout.take(), running.child.stderr.take());
        let most = self.bounds.output;
        let said = async {
            let mut said = Vec::new();
            if let Some(errors) = errors {
                errors.take(most).read_to_end(&mut said).await?;
            }
            Ok::<_, io::Error>(last_words(&String::from_utf8_lossy(&said)))
        };
        let found = async {
            let (mut done, mut total, mut found) = (0, 0, None);
            let Some(output) = output else { return Ok(found) };
            let mut lines = BufReader::new(output.take(most));
            let mut line = Vec::new();
            while lines.read_until(b'\n', &mut line).await? > 0 {
                match serde_json::from_slice(&line) {
                    Ok(Line::Begun { checks }) => total = checks,
                    Ok(Line::Tried { title }) => {
                        done += 1;
                        progress.tell(BuildEvent::Progress {
                            done,
                            total: total.max(done),
                            now: short(title),
                        });
                    }
                    Ok(Line::Found { kept, broken, undecided, page }) => {
                        let [broken, undecided] =
                            [broken, undecided].map(|findings| findings.into_iter().map(shortened).collect());
                        found = Some(Verified { kept, broken, undecided, page });
                    }
                    // What the app prints by the verifier's descriptor means nothing.
                    Err(_) => {}
                }
                line.clear();
            }
            Ok::<_, io::Error>(found)
        };
        let (said, found) = tokio::join!(said, found);
        running.ended().await?;
        Ok((found?, said?))
    }
}

fn shortened(finding: Finding) -> Finding {
    Finding { title: short(finding.title), saw: short(finding.saw) }
}

fn short(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(SENTENCE) {
        text.truncate(end);
        text.push('…');
    }
    text
}

fn last_words(said: &str) -> String {
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    short(lines[lines.len().saturating_sub(3)..].join("; "))
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
