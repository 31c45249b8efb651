//! Whatever is given as an audit log and its witness is judged, line by line: no panic, and what nobody signed states nothing.

use std::io::Cursor;
use std::sync::LazyLock;

use aws_lc_rs::signature::Ed25519KeyPair;
use safeguards::audit::{PublicKey, WitnessCopy, verify_events};

static PAIR: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&[5; 32]).expect("a key"));

/// As a signer writes it, so that what is inside is read.
fn signed(statement: &str) -> String {
    let text = format!("healthcoder.audit.witness.1\n{statement}");
    let signature: String =
        PAIR.sign(text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    serde_json::json!({ "signed": statement, "signature": signature }).to_string()
}

/// What a run is given.
pub type Input = (Vec<(bool, String)>, Vec<u8>);

/// One run; what must not be, panics.
pub fn run(input: Input) {
    let (lines, events) = input;
    let forged = lines.iter().filter(|(is_signed, line)| !is_signed && !line.trim().is_empty()).count();
    let lines = lines.into_iter().map(|(is_signed, line)| if is_signed { signed(&line) } else { line });
    let copy = WitnessCopy { lines: lines.collect(), key: PublicKey::of(&PAIR) };
    if let Ok(report) = verify_events(Cursor::new(&events), &[copy], None) {
        let _ = report.summary();
        assert!(forged == 0 || !report.is_green(), "a line that nobody signed was believed");
    }
}
