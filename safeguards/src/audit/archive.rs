//! A log outside any database: one JSON object a line, ordered by lane and sequence.
//!
//! An archive holds three files under `audit/`: `events.ndjson` (entries), `witness.ndjson` (the witness
//! as it stood) and `public-key` (64 hexadecimal digits); and, of a log that moved, `before/` with the
//! former witness. Whoever can replace the whole archive can
//! replace the key in it too; so compare it with the one on the certificate.

use std::io::{self, BufRead, BufReader, Read, Seek, Write};

use exporter::{Archive, ArchiveError};

use super::chain::Entry;
use super::succession::{BEFORE, Verification, WitnessCopy};
use super::verify::Report;
use super::witness::{PublicKey, WitnessEnd};

/// The entries' file name inside an archive's `audit` folder.
pub const EVENTS: &str = "events.ndjson";
/// The witness's file name inside an archive's `audit` folder, and inside a witness folder.
pub const WITNESS: &str = "witness.ndjson";
/// The public key's file name inside an archive's `audit` folder, and inside a witness folder.
pub const PUBLIC_KEY: &str = "public-key";

/// Writes one entry as a line.
///
/// # Errors
/// What `out` answers.
pub fn write_entry(out: &mut impl Write, entry: &Entry) -> io::Result<()> {
    serde_json::to_writer(&mut *out, entry)?;
    out.write_all(b"\n")
}

/// Verifies entries and witness as files. A line that is not an entry is a finding, not an error.
///
/// # Errors
/// What the readers answer.
pub fn verify_archive(
    events: impl BufRead,
    witness: impl BufRead,
    key: &PublicKey,
    known_end: Option<WitnessEnd>,
) -> io::Result<Report> {
    let copy = WitnessCopy { lines: witness.lines().collect::<io::Result<_>>()?, key: key.clone() };
    verify_events(events, &[copy], known_end)
}

/// As [`verify_archive`], of a log that may have moved: `witnesses` come newest first.
///
/// # Errors
/// What the reader answers.
pub fn verify_events(
    events: impl BufRead,
    witnesses: &[WitnessCopy],
    known_end: Option<WitnessEnd>,
) -> io::Result<Report> {
    let mut verification = Verification::new(witnesses, known_end);
    for line in events.lines() {
        match serde_json::from_str::<Entry>(&line?) {
            Ok(entry) => verification.entry(&entry),
            Err(_) => verification.unreadable(),
        }
    }
    Ok(verification.finish())
}

/// The witnesses in an archive, newest first.
///
/// # Errors
/// The archive cannot be read; a key that is none is [`io::ErrorKind::InvalidData`].
pub fn witnesses_in<R: Read + Seek>(archive: &mut Archive<R>) -> Result<Vec<WitnessCopy>, ArchiveError> {
    let mut copies = Vec::new();
    let mut folder = "audit".to_owned();
    while archive.manifest().file(&format!("{folder}/{WITNESS}")).is_some() {
        let mut read = |name: &str| -> Result<String, ArchiveError> {
            let mut text = String::new();
            archive.file(&format!("{folder}/{name}"))?.read_to_string(&mut text)?;
            Ok(text)
        };
        let lines = read(WITNESS)?.lines().map(str::to_owned).collect();
        let key = PublicKey::parse(&read(PUBLIC_KEY)?)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the witness's public key is none"))?;
        copies.push(WitnessCopy { lines, key });
        folder = format!("{folder}/{BEFORE}");
    }
    Ok(copies)
}

/// Verifies the log in an archive of a whole environment against the witnesses in it.
///
/// # Errors
/// The archive cannot be read.
pub fn verify_in<R: Read + Seek>(archive: &mut Archive<R>) -> Result<Report, ArchiveError> {
    let witnesses = witnesses_in(archive)?;
    let events = BufReader::new(archive.file(&format!("audit/{EVENTS}"))?);
    Ok(verify_events(events, &witnesses, None)?)
}
