//! What cargo says while it builds, as progress for people.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cargo_metadata::Message;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{BuildError, TARGET};
use crate::host::sandbox::Ended;

/// A step of a build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum Progress {
    /// It has begun; about so many units are to be compiled.
    Started {
        /// Units.
        of: u64,
    },
    /// A unit is compiled, or was already.
    Compiled {
        /// Its name.
        name: String,
        /// Units that are done.
        done: u64,
        /// Units that there are, about.
        of: u64,
    },
    /// The compiler warns.
    Warning {
        /// As it would print it.
        text: String,
        /// In which file of the project.
        file: Option<String>,
        /// On which line, from 1.
        line: Option<u32>,
    },
    /// The compiler refuses.
    Error {
        /// As it would print it.
        text: String,
        /// In which file of the project.
        file: Option<String>,
        /// On which line, from 1.
        line: Option<u32>,
    },
    /// There is a program.
    Finished {
        /// Since the start.
        milliseconds: u64,
    },
    /// There is none; the error says why.
    Failed,
}

/// The most of what the compiler refuses that is kept.
const KEPT: usize = 256 * 1024;

/// Reads cargo's messages.
pub(super) struct Reading {
    progress: mpsc::Sender<Progress>,
    of: u64,
    done: u64,
    began: Instant,
    errors: String,
    program: Option<PathBuf>,
}

impl Reading {
    pub(super) fn new(of: u64, progress: mpsc::Sender<Progress>) -> Self {
        Self { progress, of, done: 0, began: Instant::now(), errors: String::new(), program: None }
    }

    /// Takes one line. A line that is no message of cargo's is a build script's, and nobody's concern.
    pub(super) fn line(&mut self, line: &[u8]) {
        if self.done == 0 && self.errors.is_empty() {
            self.tell(Progress::Started { of: self.of });
        }
        match serde_json::from_slice::<Message>(line) {
            Ok(Message::CompilerArtifact(artifact)) => {
                self.done += 1;
                self.of = self.of.max(self.done);
                let inside = artifact.executable.as_ref().map(|path| path.as_std_path());
                let below = inside.and_then(|path| path.strip_prefix(TARGET).ok());
                self.program = below.map(Path::to_owned).or(self.program.take());
                let name = artifact.target.name.chars().take(100).collect();
                self.tell(Progress::Compiled { name, done: self.done, of: self.of });
            }
            Ok(Message::CompilerMessage(message)) => {
                let place = message.message.spans.iter().find(|span| span.is_primary);
                let file = place.map(|span| span.file_name.clone());
                let line = place.and_then(|span| u32::try_from(span.line_start).ok());
                let text = message.message.rendered.unwrap_or(message.message.message);
                if message.message.level == cargo_metadata::diagnostic::DiagnosticLevel::Error {
                    if self.errors.len() < KEPT {
                        self.errors.push_str(&text);
                    }
                    self.tell(Progress::Error { text, file, line });
                } else {
                    self.tell(Progress::Warning { text, file, line });
                }
            }
            _ => {}
        }
    }

    /// The program, below the target folder, or why there is none.
    pub(super) async fn finish(self, ended: Ended, said: &str) -> Result<PathBuf, BuildError> {
        let milliseconds = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let result = match (ended.is_success(), self.program.clone()) {
            (true, Some(program)) => Ok(program),
            (true, None) => {
                Err(BuildError::Project("its src/main.rs is gone, so there is no program".to_owned()))
            }
            (false, _) => Err(self.why(ended, said)),
        };
        let last = if result.is_ok() { Progress::Finished { milliseconds } } else { Progress::Failed };
        // How it ended is worth a moment's wait.
        let _ = tokio::time::timeout(Duration::from_secs(1), self.progress.send(last)).await;
        result
    }

    fn why(&self, ended: Ended, said: &str) -> BuildError {
        if let Some(wanted) = missing_crate(said) {
            return BuildError::Crate(wanted);
        }
        if !self.errors.is_empty() {
            return BuildError::Project(self.errors.trim_end().to_owned());
        }
        let said = said.trim();
        BuildError::Project(if said.is_empty() { ended.to_string() } else { said.to_owned() })
    }

    /// Progress is for whoever keeps up with it: a step that finds no room is not told, and the build goes on.
    fn tell(&self, step: Progress) {
        let _ = self.progress.try_send(step);
    }
}

/// The crate that cargo did not find, where that is what it says.
fn missing_crate(said: &str) -> Option<String> {
    let name = ["no matching package named `", "no matching package found\nsearched package name: `"]
        .iter()
        .find_map(|before| said.split_once(before))
        .map(|(_, rest)| rest)
        .or_else(|| said.contains("lock file").then(|| said.split_once("adding `"))?.map(|(_, rest)| rest))?;
    Some(name.split('`').next()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_that_is_not_there_is_named() {
        let said = "error: no matching package named `left-pad` found\nlocation searched: directory source";
        assert_eq!(missing_crate(said).as_deref(), Some("left-pad"));
        assert_eq!(missing_crate("error: could not compile `app`"), None);
    }

    #[tokio::test]
    async fn progress_is_told_and_noise_is_not() {
        let (sender, mut receiver) = mpsc::channel(16);
        let mut reading = Reading::new(2, sender);
        reading.line(b"hello from a build script\n");
        reading.line(b"\xff\xfe{}\n");
        let why = reading.finish(Ended::Signal(9), "").await.unwrap_err();
        assert!(why.to_string().contains("memory ran out"), "{why}");
        let mut told = Vec::new();
        while let Ok(step) = receiver.try_recv() {
            told.push(step);
        }
        assert_eq!(told.last(), Some(&Progress::Failed));
        assert!(!format!("{told:?}").contains("hello"));
    }
}
