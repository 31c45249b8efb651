//! What the witness holds: signed heads and signed checkpoints, one a line, each line bound to the one
//! before it.
//!
//! A *head* states, for every lane, the last sequence number and its hash. Whoever later edits, removes
//! or recomputes anything at or before a head's place contradicts the head, and a head cannot be made
//! without the signer's key. A *checkpoint* states up to where a lane was lawfully swept.
//!
//! A line is `{"signed":"…","signature":"…"}`: the signed text is canonical JSON that carries its number
//! and the digest of the signed text before it, so lines can be neither dropped, swapped nor inserted.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Digest;
use super::digest::{decode_hex, encode_hex};
use super::event::{Checkpoint, timestamp};
use super::succession::Continuation;
use super::verify::Finding;

const LABEL: &str = "healthcoder.audit.witness.1\n";

/// The signer's public half: Ed25519 (RFC 8032), 32 bytes, written as 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(Vec<u8>);

impl PublicKey {
    /// The key that 64 hexadecimal digits spell.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        decode_hex(text.trim()).filter(|bytes| bytes.len() == 32).map(Self)
    }

    /// The public half of `pair`.
    #[must_use]
    pub fn of(pair: &Ed25519KeyPair) -> Self {
        Self(pair.public_key().as_ref().to_vec())
    }

    fn verifies(&self, signed: &str, signature: &str) -> bool {
        let Some(signature) = decode_hex(signature) else { return false };
        let key = UnparsedPublicKey::new(&ED25519, &self.0);
        key.verify(format!("{LABEL}{signed}").as_bytes(), &signature).is_ok()
    }
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&encode_hex(&self.0))
    }
}

/// The last link of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneHead {
    /// The lane.
    pub lane: i64,
    /// The last sequence number.
    pub sequence: i64,
    /// Its hash.
    pub hash: Digest,
}

/// What a line states.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Statement {
    /// The last link of each lane.
    Head(Vec<LaneHead>),
    /// Up to where lanes were swept.
    Swept(Vec<Checkpoint>),
    /// What is taken over from the witness of the log's former home. In the first line only.
    Continued(Continuation),
}

/// The signed text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// From 1, without gaps.
    pub number: u64,
    /// The digest of the signed text before it.
    pub previous: Digest,
    /// When the signer signed, by its own clock.
    pub at: String,
    /// What it states.
    pub statement: Statement,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    signed: String,
    signature: String,
}

/// Where a witness ends: how many lines, and the digest of the last signed text. Kept beside the signer's
/// key, it shows that lines were cut off the end of the witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessEnd {
    /// Lines.
    pub number: u64,
    /// The digest of the last signed text.
    pub digest: Digest,
}

impl Default for WitnessEnd {
    fn default() -> Self {
        Self { number: 0, digest: Digest::ZERO }
    }
}

impl WitnessEnd {
    /// Signs the next line. The caller appends it to the witness and keeps the end that comes with it.
    #[must_use]
    pub fn sign(self, pair: &Ed25519KeyPair, at: OffsetDateTime, statement: Statement) -> (String, Self) {
        let number = self.number + 1;
        let signed = Signed { number, previous: self.digest, at: timestamp(at), statement };
        let signed = serde_json::to_string(&signed).expect("a statement holds only strings and numbers");
        let signature = encode_hex(pair.sign(format!("{LABEL}{signed}").as_bytes()).as_ref());
        let end = Self { number, digest: signed_digest(&signed) };
        let line = serde_json::to_string(&Line { signed, signature }).expect("a line holds two strings");
        (line, end)
    }
}

fn signed_digest(signed: &str) -> Digest {
    Digest::of("healthcoder.audit.witness-line.1", signed.as_bytes())
}

/// A witness that was read, and what it says about each lane.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    pub(super) end: WitnessEnd,
    /// Hash by lane and sequence, of each witnessed place.
    pub(super) places: BTreeMap<i64, BTreeMap<i64, Digest>>,
    /// For each lane, the heads in time: when, and up to which sequence number.
    pub(super) times: BTreeMap<i64, Vec<(OffsetDateTime, i64)>>,
    /// The checkpoints of each lane, by sequence. A checkpoint is signed before the rows go, so the last
    /// one may not have been carried out.
    pub(super) swept: BTreeMap<i64, BTreeMap<i64, Digest>>,
    pub(super) heads: u64,
    pub(super) last: Option<OffsetDateTime>,
    /// What it took over from the log's former home.
    pub(super) continued: Option<Continuation>,
    ends: BTreeMap<u64, Digest>,
    /// The signer needs no more than the end of each lane, and one time a day.
    brief: bool,
}

impl Witness {
    /// A witness that keeps what signing needs and no more, so that years of heads fit in memory.
    #[must_use]
    pub(super) fn brief() -> Self {
        Self { brief: true, ..Self::default() }
    }

    /// Reads the next line. Whatever is wrong with it is a finding; a line that is not signed states
    /// nothing.
    pub fn read(&mut self, line: &str, key: &PublicKey) -> Vec<Finding> {
        let number = self.end.number + 1;
        let Ok(Line { signed, signature }) = serde_json::from_str(line) else {
            self.end.number = number;
            return vec![Finding::HeadForged { number }];
        };
        let parsed = key
            .verifies(&signed, &signature)
            .then(|| serde_json::from_str::<Signed>(&signed).ok())
            .flatten()
            .and_then(|statement| Some((OffsetDateTime::parse(&statement.at, &Rfc3339).ok()?, statement)));
        let Some((at, statement)) = parsed else {
            self.end.number = number;
            return vec![Finding::HeadForged { number }];
        };
        let mut findings = Vec::new();
        if statement.number != number || statement.previous != self.end.digest {
            findings.push(Finding::WitnessBroken { number });
        }
        self.end = WitnessEnd { number: statement.number, digest: signed_digest(&signed) };
        if self.brief {
            // The signer's own end lags behind by one line at most.
            self.ends.retain(|number, _| number + 1 >= self.end.number);
        }
        self.ends.insert(self.end.number, self.end.digest);
        self.last = self.last.max(Some(at));
        match statement.statement {
            Statement::Head(lanes) => {
                self.heads += 1;
                findings.extend(self.head(at, &lanes));
            }
            Statement::Swept(checkpoints) => findings.extend(self.checkpoints(at, &checkpoints)),
            Statement::Continued(_) if number != 1 => findings.push(Finding::WitnessBroken { number }),
            Statement::Continued(taken) => {
                for checkpoint in &taken.swept {
                    let lane = self.swept.entry(checkpoint.lane).or_default();
                    lane.insert(checkpoint.sequence, checkpoint.hash);
                }
                self.continued = Some(taken);
            }
        }
        findings
    }

    fn head(&mut self, at: OffsetDateTime, lanes: &[LaneHead]) -> Vec<Finding> {
        let mut findings = Vec::new();
        for LaneHead { lane, sequence, hash } in lanes {
            let places = self.places.entry(*lane).or_default();
            let goes_back = places.last_key_value().is_some_and(|(last, _)| last > sequence);
            let differs = places.get(sequence).is_some_and(|known| known != hash);
            if goes_back || differs {
                findings.push(Finding::HeadContradicts {
                    number: self.end.number,
                    lane: *lane,
                    sequence: *sequence,
                });
            }
            if self.brief && !goes_back {
                places.clear();
            }
            if places.insert(*sequence, *hash).is_none() {
                let times = self.times.entry(*lane).or_default();
                if self.brief && times.last().is_some_and(|(last, _)| last.date() == at.date()) {
                    times.pop();
                }
                times.push((at, *sequence));
            }
        }
        findings
    }

    fn checkpoints(&mut self, at: OffsetDateTime, checkpoints: &[Checkpoint]) -> Vec<Finding> {
        let mut findings = Vec::new();
        for checkpoint in checkpoints {
            if !self.is_old_enough(at, checkpoint) {
                let Checkpoint { lane, sequence, .. } = *checkpoint;
                findings.push(Finding::SweptEarly { lane, sequence });
            }
            self.swept.entry(checkpoint.lane).or_default().insert(checkpoint.sequence, checkpoint.hash);
        }
        findings
    }

    /// Whether this witness saw every event up to `checkpoint` at least the floor of retention before
    /// `now`, by its own clock: then none of them can be younger.
    #[must_use]
    pub fn is_old_enough(&self, now: OffsetDateTime, checkpoint: &Checkpoint) -> bool {
        let seen = self.times.get(&checkpoint.lane).into_iter().flatten();
        seen.filter(|(at, _)| *at <= super::sweep_floor(now))
            .any(|(_, sequence)| *sequence >= checkpoint.sequence)
    }

    /// Whether `end` was once the end of this witness: if not, lines were cut off.
    #[must_use]
    pub fn reaches(&self, end: WitnessEnd) -> bool {
        end.number == 0 || self.ends.get(&end.number) == Some(&end.digest)
    }

    /// What of `heads` it has not seen. `None` if they take back what it has seen.
    pub(super) fn unseen(&self, heads: &[LaneHead]) -> Option<Vec<LaneHead>> {
        let mut unseen: BTreeMap<i64, LaneHead> = heads.iter().map(|head| (head.lane, *head)).collect();
        for (lane, places) in &self.places {
            let (sequence, hash) = places.last_key_value()?;
            let head = unseen.get(lane).filter(|head| head.sequence >= *sequence)?;
            if head.sequence == *sequence {
                if head.hash != *hash {
                    return None;
                }
                unseen.remove(lane);
            }
        }
        Some(unseen.into_values().collect())
    }

    /// The furthest sweep of each lane.
    pub(super) fn sweeps(&self) -> Vec<Checkpoint> {
        let furthest = self.swept.iter().filter_map(|(lane, checkpoints)| {
            let (sequence, hash) = checkpoints.last_key_value()?;
            Some(Checkpoint { lane: *lane, sequence: *sequence, hash: *hash })
        });
        furthest.collect()
    }

    /// Where it ends.
    #[must_use]
    pub fn end(&self) -> WitnessEnd {
        self.end
    }
}
