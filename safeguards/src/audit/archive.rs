//! A log outside any database: one JSON object a line, ordered by lane and sequence.
//!
//! An archive holds three files under `audit/`: `events.ndjson` (entries), `witness.ndjson` (the witness
//! as it stood) and `public-key` (64 hexadecimal digits). Whoever can replace the whole archive can
//! replace the key in it too; so compare it with the one on the certificate.

use std::io::{self, BufRead, Write};

use super::chain::Entry;
use super::verify::{Report, Verifier};
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
    let lines: Vec<String> = witness.lines().collect::<io::Result<_>>()?;
    let mut verifier = Verifier::new(&lines, key, known_end);
    for line in events.lines() {
        let line = line?;
        match serde_json::from_str::<Entry>(&line) {
            Ok(entry) => verifier.entry(&entry),
            Err(_) => verifier.unreadable(),
        }
    }
    Ok(verifier.finish())
}
