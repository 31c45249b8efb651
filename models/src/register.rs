//! The register of calls: what is kept of each (HG-5), and what is not, which is the text.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use time::OffsetDateTime;

use crate::attestation::Terms;
use crate::money::Money;

/// A line of the register. A call has two: before it is sent, and when it is over. One that has the first alone was cut
/// off with the program, and may have cost what was reserved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Record {
    /// A call is about to be sent.
    Began {
        /// When, in UTC.
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        /// Which call: 16 hexadecimal digits.
        call: String,
        /// Which try of the same question, from 1.
        attempt: u32,
        /// What for.
        purpose: &'static str,
        /// Whom, by the entry's name.
        provider: String,
        /// Where.
        address: String,
        /// By which wire.
        wire: &'static str,
        /// Which model.
        model: String,
        /// On which terms.
        terms: Terms,
        /// Who attested them.
        attested_by: String,
        /// The keyed hash of what is sent.
        asked: String,
        /// Its length in bytes.
        bytes: u64,
        /// The worst that it can cost.
        reserved: Money,
    },
    /// A call is over.
    Ended {
        /// When, in UTC.
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        /// Which call.
        call: String,
        /// How it ended.
        outcome: Outcome,
        /// Tokens that were read, where the provider said so.
        input_tokens: Option<u64>,
        /// Tokens that were written, where the provider said so.
        output_tokens: Option<u64>,
        /// What it cost, or the worst that it can have cost.
        cost: Money,
        /// Whether the provider said what it cost.
        is_certain: bool,
        /// The keyed hash of the answer, where there is one.
        answered: Option<String>,
    },
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// With an answer.
    Answered,
    /// Without, by a word of [`crate::Fault::word`].
    #[serde(untagged)]
    Fault(&'static str),
}

/// Keeps a line of each call. What cannot be recorded is not sent.
pub trait Register: Send + Sync {
    /// Keeps a line, durably.
    ///
    /// # Errors
    /// It cannot be kept: the call is not made, or its answer not used.
    fn record(&self, record: &Record) -> io::Result<()>;
}

/// A register in a file of JSON lines, for its owner alone (mode 0600), appended to and flushed to the disk.
#[derive(Debug)]
pub struct JsonLines(Mutex<File>);

impl JsonLines {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// It cannot be opened for appending.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self(Mutex::new(options.open(path)?)))
    }
}

impl Register for JsonLines {
    fn record(&self, record: &Record) -> io::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One write a line: several programs may append to one file.
        file.write_all(&line)?;
        file.sync_data()
    }
}
