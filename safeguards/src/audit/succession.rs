//! A log that moved: restored from an archive, it goes on under another signer with a key of its own.
//!
//! The archive's witness is put beside the new one, in the folder `before`, and the new signer's first line
//! states what it takes over: the key and the end of the former witness, and up to where lanes had lawfully
//! been swept. So each event is still held against the heads of its own time, by the key of that time, and
//! a former witness that is edited, cut or taken away is noticed. A log may move more than once: then
//! `before` holds a `before`.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Digest;
use super::archive::{PUBLIC_KEY, WITNESS};
use super::chain::Entry;
use super::event::Checkpoint;
use super::verify::{Finding, Report, Verifier};
use super::witness::{PublicKey, Witness, WitnessEnd};

/// The folder of the former witness, in a witness folder and in an archive's `audit` folder.
pub const BEFORE: &str = "before";

/// What a witness takes over, in its first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Continuation {
    /// The key of the former witness.
    pub key: String,
    /// How many lines it has.
    pub number: u64,
    /// The digest of its last signed text.
    pub digest: Digest,
    /// Up to where lanes were swept.
    pub swept: Vec<Checkpoint>,
}

impl Continuation {
    /// What is taken over from the witness in `folder`, if there is one.
    pub(super) fn of(folder: &Path) -> io::Result<Option<Self>> {
        let Some(copy) = WitnessCopy::read(folder)? else { return Ok(None) };
        let mut witness = Witness::brief();
        if copy.lines.iter().any(|line| !witness.read(line, &copy.key).is_empty()) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the former witness does not verify"));
        }
        let WitnessEnd { number, digest } = witness.end();
        Ok(Some(Self { key: copy.key.to_string(), number, digest, swept: witness.sweeps() }))
    }
}

/// A witness as it lies in a folder or an archive: its lines, and the key that must have signed them.
#[derive(Clone, Debug)]
pub struct WitnessCopy {
    /// The lines, in order.
    pub lines: Vec<String>,
    /// The key.
    pub key: PublicKey,
}

impl WitnessCopy {
    /// The witness in `folder`; none where there is no such folder.
    fn read(folder: &Path) -> io::Result<Option<Self>> {
        if !folder.join(WITNESS).exists() {
            return Ok(None);
        }
        let lines = fs::read_to_string(folder.join(WITNESS))?.lines().map(str::to_owned).collect();
        let key = PublicKey::parse(&fs::read_to_string(folder.join(PUBLIC_KEY))?);
        let key = key.ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "it holds no public key of 64 hexadecimal digits")
        })?;
        Ok(Some(Self { lines, key }))
    }

    /// The witness in `folder` and those before it, newest first.
    ///
    /// # Errors
    /// A file cannot be read, or a key is none.
    pub fn read_all(folder: &Path) -> io::Result<Vec<Self>> {
        let mut copies = Vec::new();
        let mut folder = folder.to_owned();
        while let Some(copy) = Self::read(&folder)? {
            copies.push(copy);
            folder.push(BEFORE);
        }
        Ok(copies)
    }
}

/// Verifies a log against all of its witnesses at once; entries come by lane and sequence.
#[derive(Debug)]
pub struct Verification {
    newest: Verifier,
    former: Vec<Verifier>,
    findings: Vec<Finding>,
}

impl Verification {
    /// `copies` come newest first; `known_end` is where the newest one's signer says that it ends. Without
    /// any copy, nothing is witnessed and each event is only held against its neighbours.
    #[must_use]
    pub fn new(copies: &[WitnessCopy], known_end: Option<WitnessEnd>) -> Self {
        let verifiers = copies.iter().enumerate().map(|(age, copy)| {
            Verifier::new(&copy.lines, &copy.key, if age == 0 { known_end } else { None })
        });
        let mut verifiers: Vec<Verifier> = verifiers.collect();
        let mut findings = Vec::new();
        for age in 0..verifiers.len() {
            let continued = verifiers[age].witness.continued.clone();
            let follows = match (continued, verifiers.get(age + 1), copies.get(age + 1)) {
                (None, None, _) => true,
                (Some(taken), Some(former), Some(copy)) => {
                    let end = former.witness.end();
                    (taken.key, taken.number, taken.digest) == (copy.key.to_string(), end.number, end.digest)
                }
                _ => false,
            };
            if !follows {
                findings.push(Finding::FormerWitness { age: age as u64 + 1 });
            }
        }
        // What was swept since, a former witness cannot know.
        let later: Vec<_> = verifiers.iter().map(|verifier| verifier.witness.sweeps()).collect();
        for (age, verifier) in verifiers.iter_mut().enumerate() {
            later[..age].iter().flatten().for_each(|checkpoint| verifier.allow(checkpoint));
        }
        let former = verifiers.split_off(1.min(verifiers.len()));
        let newest = verifiers.pop().unwrap_or_else(Verifier::unwitnessed);
        Self { newest, former, findings }
    }

    /// Verifies the next entry.
    pub fn entry(&mut self, entry: &Entry) {
        self.newest.entry(entry);
        self.former.iter_mut().for_each(|verifier| verifier.entry(entry));
    }

    /// Counts an entry that could not be read.
    pub fn unreadable(&mut self) {
        self.newest.unreadable();
    }

    /// What verification saw. Heads are those of all witnesses.
    #[must_use]
    pub fn finish(self) -> Report {
        let mut report = self.newest.finish();
        for finding in self.findings {
            report.find(finding);
        }
        for former in self.former.into_iter().map(Verifier::finish) {
            report.heads += former.heads;
            for finding in former.findings.into_iter().filter(|finding| *finding != Finding::Unwitnessed) {
                if !report.findings.contains(&finding) {
                    report.find(finding);
                }
            }
        }
        report
    }
}
