//! The log itself: chained, sealed, and silent about what was seen.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;

use crate::check::{Check, Group::Audit, Needs};
use crate::outcome::{Outcome, Sight};
use crate::trial::Trial;
use crate::trouble::Result;

use super::changer::changers;

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "audit-tells-no-values",
        &["CL-1", "CF-6"],
        "The log says what was touched, and never what it held",
        Audit,
        Needs::Instance,
        no_values,
    ),
    Check::new(
        "audit-payload-sealed",
        &["CF-6", "CF-5"],
        "What was written is sealed in the log, each time anew",
        Audit,
        Needs::Instance,
        payload_sealed,
    ),
    Check::new(
        "audit-chain",
        &["CL-3", "CF-6"],
        "Every event is chained to the one before it",
        Audit,
        Needs::Instance,
        chain,
    ),
    Check::new(
        "audit-verifies",
        &["CL-3"],
        "The app itself finds its log whole",
        Audit,
        Needs::Instance,
        verifies,
    ),
];

fn no_values(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let planted = trial.planted()?;
    let world = stand.look()?;
    let addresses = stand
        .people()
        .iter()
        .enumerate()
        .map(|(number, login)| (format!("address {number}"), login.email.as_str()));
    let search = crate::forms::Search::new(
        planted.values.iter().map(|value| (value.place.clone(), value.value.as_str())).chain(addresses),
    )?;
    let mut sight = Sight::new("sought planted values and addresses in the lines of the log");
    for event in &world.events {
        let found = search.of_bytes(&event.action, event.line.as_bytes());
        sight.expect(found.is_empty(), || found.join(", "));
    }
    sight.end_saying(format!("{} events", world.events.len()), "none of them, in any form")
}

fn payload_sealed(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let mut sight = Sight::new(
        "wrote the same value to the same field again and again, and compared what the log keeps of it",
    );
    for changer in changers(trial)?.into_iter().take(2) {
        let (one, other) = (changer.value(trial, 1)?, changer.value(trial, 2)?);
        for value in [&one, &other, &one, &other, &one] {
            let _changed = changer.send(&changer.record()?["version"], value)?;
        }
        let world = stand.look()?;
        let of_it = world
            .events
            .iter()
            .filter(|event| event.action == "update" && event.records.contains(&changer.id));
        let payloads: Vec<&str> = of_it.filter_map(|event| event.payload.as_deref()).collect();
        sight.expect(payloads.len() >= 5, || format!("{} payloads", payloads.len()));
        sight.expect(nonces_differ(&payloads), || "two seals of the same value are alike".to_owned());
        for payload in &payloads {
            sight.expect(payload.len() >= 2 * 28, || "a payload is too short to be sealed".to_owned());
        }
    }
    sight.end("each sealed anew: no two begin alike behind what says which key it is")
}

/// Whether sealed values (in base 16) differ from where they first do, within the first bytes: the header that all of
/// them share is followed by a nonce.
pub(super) fn nonces_differ(sealed: &[&str]) -> bool {
    // A version and the number of a key, at most.
    const HEADER: usize = 2 * 24;
    let Some(first) = sealed.first() else { return true };
    let common = sealed
        .iter()
        .map(|other| first.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count())
        .filter(|count| *count < first.len())
        .min();
    let Some(common) = common else { return sealed.len() < 2 };
    if common > HEADER {
        return false;
    }
    let starts: BTreeSet<&str> =
        sealed.iter().filter_map(|text| text.get(common..(common + 16).min(text.len()))).collect();
    starts.len() == sealed.len()
}

/// What a link's hash begins with, as the log's documentation says.
const LINK: &[u8] = b"healthcoder.audit.link.1";

fn chain(trial: &Trial) -> Result<Outcome> {
    let world = trial.stand()?.look()?;
    let mut sight = Sight::new("computed the hash of every event of the archive anew, lane by lane");
    let mut heads: BTreeMap<i64, (i64, String)> = BTreeMap::new();
    for event in &world.events {
        let entry: Value = serde_json::from_str(&event.line).unwrap_or_default();
        let (lane, sequence) = (entry["lane"].as_i64().unwrap_or(0), entry["sequence"].as_i64().unwrap_or(0));
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let previous = text("previous");
        let before = heads.get(&lane).cloned().unwrap_or((0, "0".repeat(64)));
        sight
            .expect(sequence == before.0 + 1, || format!("lane {lane} goes from {} to {sequence}", before.0));
        sight.expect(previous == before.1, || {
            format!("event {sequence} of lane {lane} does not follow the one before")
        });
        let bytes = |hex: &str| -> Vec<u8> {
            (0..hex.len() / 2)
                .filter_map(|at| u8::from_str_radix(hex.get(at * 2..at * 2 + 2)?, 16).ok())
                .collect()
        };
        let linked =
            [LINK, &lane.to_be_bytes(), &sequence.to_be_bytes(), &bytes(&previous), text("body").as_bytes()]
                .concat();
        let hash: String =
            digest(&SHA256, &linked).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        sight.expect(hash == text("hash"), || format!("event {sequence} of lane {lane} has another hash"));
        heads.insert(lane, (sequence, text("hash")));
    }
    sight.end_saying(
        format!("{} events in {} lanes", world.events.len(), heads.len()),
        "no gap, and every hash right",
    )
}

fn verifies(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let mut sight = Sight::new("had the app verify its own log against its witness");
    let ran = stand.place.run(&["verify-audit"])?;
    sight.expect(ran.status.success(), || String::from_utf8_lossy(&ran.stderr).trim().to_owned());
    sight.end("nothing found")
}

#[cfg(test)]
mod tests {
    use super::nonces_differ;

    #[test]
    fn a_nonce_that_stands_twice_is_seen() {
        let header = "0100000001";
        let sealed = |nonce: &str, rest: &str| format!("{header}{nonce}{rest}");
        let good = [sealed("aa11aa11aa11aa11", "5511"), sealed("bb22bb22bb22bb22", "6611")];
        assert!(nonces_differ(&good.each_ref().map(String::as_str)));
        let fixed = "00".repeat(24);
        let bad = [sealed(&fixed, "5511"), sealed(&fixed, "6611")];
        assert!(!nonces_differ(&bad.each_ref().map(String::as_str)));
        let same = [sealed("aa11aa11aa11aa11", "5511"), sealed("aa11aa11aa11aa11", "5511")];
        assert!(!nonces_differ(&same.each_ref().map(String::as_str)));
    }
}
