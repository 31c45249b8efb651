//! Whether a log is whole: a pure fold over its entries, lane by lane, against a witness.
//!
//! It needs neither database nor network nor clock, so it runs the same over rows of either database and
//! over an exported archive. What it finds, and how:
//!
//! | tampering | found because |
//! |---|---|
//! | an event edited | its hash is not that of its text |
//! | an identity edited | the commitment in the text does not match the side row |
//! | an event removed | a gap, or a lane that starts past its checkpoint |
//! | events swapped | each hash binds its place |
//! | the tail cut off | the witness saw a later place |
//! | a lane recomputed or forked | the witness saw another hash at that place, or a link does not fit |
//! | a head forged, dropped or rolled back | no signature of the signer, a gap in numbers, a contradiction |
//! | an erasure that nobody recorded | no chained erasure event lists that part |
//! | a sweep before its time | the witness had not seen those events for the floor of retention |
//!
//! What happened after the last witnessed head can be rewritten by whoever holds the database file; how
//! much that is, the report says.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Digest;
use super::chain::{Body, Entry, link_hash};
use super::event::{Checkpoint, Detail, Erasure, Part};
use super::witness::{PublicKey, Witness, WitnessEnd};

/// Something that no lawful course of events explains.
///
/// Places are lane and sequence; a number is that of a line of the witness, a position that of an entry
/// read, both from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is a place or a number, as said above")]
pub enum Finding {
    /// A row could not be read as an event.
    Unreadable { position: u64 },
    /// The event's text or place is not what was hashed.
    Edited { lane: i64, sequence: i64 },
    /// Actor, subject, recipient, payload or records are not what was committed to.
    IdentityEdited { lane: i64, sequence: i64 },
    /// The side row is gone.
    IdentityMissing { lane: i64, sequence: i64 },
    /// Events are gone.
    Missing { lane: i64, from: i64, to: i64 },
    /// Two events claim one place, or entries are out of order.
    Duplicate { lane: i64, sequence: i64 },
    /// The event does not follow from the one before it.
    LinkBroken { lane: i64, sequence: i64 },
    /// The witness saw more of this lane than there is.
    Truncated { lane: i64, present: i64, witnessed: i64 },
    /// The witness saw another event at this place.
    Diverged { lane: i64, sequence: i64 },
    /// A line of the witness that the signer did not sign.
    HeadForged { number: u64 },
    /// A line of the witness that does not follow from the one before it.
    WitnessBroken { number: u64 },
    /// A head that takes back what an earlier one stated.
    HeadContradicts { number: u64, lane: i64, sequence: i64 },
    /// Lines were cut off the end of the witness.
    WitnessTruncated { known: u64, present: u64 },
    /// There are events and no head at all.
    Unwitnessed,
    /// A part was rewritten without an erasure event that lists it.
    ErasedWithoutRecord { lane: i64, sequence: i64 },
    /// A sweep was signed before its time.
    SweptEarly { lane: i64, sequence: i64 },
    /// A signed sweep of which the log has no event.
    SweptWithoutRecord { lane: i64, sequence: i64 },
    /// The log moved, and the witness of its former home is missing or is not the one taken over. The newest
    /// home has age 1.
    FormerWitness { age: u64 },
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { position } => write!(formatter, "entry {position} cannot be read as an event"),
            Self::Edited { lane, sequence } => write!(formatter, "event {lane}/{sequence} was edited"),
            Self::IdentityEdited { lane, sequence } => {
                write!(formatter, "who or whose, in event {lane}/{sequence}, was edited")
            }
            Self::IdentityMissing { lane, sequence } => {
                write!(formatter, "who and whose, of event {lane}/{sequence}, are gone")
            }
            Self::Missing { lane, from, to } => {
                write!(formatter, "events {lane}/{from} to {lane}/{to} are gone")
            }
            Self::Duplicate { lane, sequence } => {
                write!(formatter, "event {lane}/{sequence} stands twice or out of order")
            }
            Self::LinkBroken { lane, sequence } => {
                write!(formatter, "event {lane}/{sequence} does not follow from the one before it")
            }
            Self::Truncated { lane, present, witnessed } => {
                write!(formatter, "lane {lane} ends at {present}, and the witness saw {witnessed}")
            }
            Self::Diverged { lane, sequence } => {
                write!(formatter, "event {lane}/{sequence} is not the one that the witness saw")
            }
            Self::HeadForged { number } => write!(formatter, "line {number} of the witness is not signed"),
            Self::WitnessBroken { number } => {
                write!(formatter, "line {number} of the witness does not follow from the one before it")
            }
            Self::HeadContradicts { number, lane, sequence } => {
                write!(
                    formatter,
                    "line {number} of the witness takes back what was seen of {lane}/{sequence}"
                )
            }
            Self::WitnessTruncated { known, present } => {
                write!(formatter, "the witness has {present} lines and had {known}")
            }
            Self::Unwitnessed => formatter.write_str("there are events, and no signed head"),
            Self::ErasedWithoutRecord { lane, sequence } => {
                write!(formatter, "event {lane}/{sequence} was erased, and no event says so")
            }
            Self::SweptEarly { lane, sequence } => {
                write!(formatter, "lane {lane} was swept up to {sequence} before its time")
            }
            Self::SweptWithoutRecord { lane, sequence } => {
                write!(formatter, "lane {lane} was swept up to {sequence}, and no event says so")
            }
            Self::FormerWitness { age } => {
                write!(
                    formatter,
                    "the log moved, and witness {age} before the newest is not the one taken over"
                )
            }
        }
    }
}

/// What verification saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Events read.
    pub events: u64,
    /// Lanes read.
    pub lanes: u64,
    /// Signed heads read.
    pub heads: u64,
    /// Parts lawfully erased.
    pub erased: u64,
    /// Lanes with a lawful sweep behind them.
    pub swept: u64,
    /// Events after the last witnessed head of their lane: these alone could still be rewritten.
    pub unwitnessed: u64,
    /// When the last head was signed.
    pub last_witnessed: Option<OffsetDateTime>,
    /// The first findings, up to [`Report::MOST_FINDINGS`].
    pub findings: Vec<Finding>,
    /// All findings, counted.
    pub found: u64,
}

/// The findings that are told one by one.
const TOLD: usize = 50;

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, lanes, heads, erased, found, unwitnessed, .. } = self;
        write!(
            formatter,
            "{events} events in {lanes} lanes, {heads} signed heads, {erased} erased parts; {found} findings"
        )?;
        for finding in self.findings.iter().take(TOLD) {
            write!(formatter, "\n  {finding}")?;
        }
        if let Some(last) = self.last_witnessed {
            let last = super::timestamp(last);
            write!(formatter, "\nlast witnessed {last}; {unwitnessed} events are newer")?;
        }
        Ok(())
    }
}

impl Report {
    /// How many findings are kept; the rest is counted.
    pub const MOST_FINDINGS: usize = 1_000;

    /// Whether nothing was found.
    #[must_use]
    pub fn is_green(&self) -> bool {
        self.found == 0
    }

    /// The report for programs: what was read, how many events are not yet witnessed, the findings one by one, and whether
    /// there is none.
    #[must_use]
    pub fn summary(&self) -> Value {
        let findings: Vec<_> = self.findings.iter().map(ToString::to_string).collect();
        json!({
            "verified": self.is_green(),
            "events": self.events,
            "lanes": self.lanes,
            "heads": self.heads,
            "unwitnessed": self.unwitnessed,
            "findings": findings,
        })
    }

    pub(super) fn find(&mut self, finding: Finding) {
        self.found += 1;
        if self.findings.len() < Self::MOST_FINDINGS {
            self.findings.push(finding);
        }
    }
}

/// Verifies a log that comes entry by entry, ordered by lane and sequence.
#[derive(Debug)]
pub struct Verifier {
    pub(super) witness: Witness,
    report: Report,
    lane: Option<Lane>,
    erased: Vec<(i64, i64, Part, Uuid)>,
    erasures: HashSet<(i64, i64, Part, Uuid)>,
    recorded_sweeps: BTreeMap<i64, i64>,
    swept: Vec<(i64, i64)>,
    seen_lanes: HashSet<i64>,
    position: u64,
}

#[derive(Clone, Copy, Debug)]
struct Lane {
    lane: i64,
    sequence: i64,
    hash: Digest,
}

impl Verifier {
    /// Reads the witness: its lines in order, the key that must have signed them, and where the signer
    /// says it ends, if that is known.
    #[must_use]
    pub fn new(
        lines: impl IntoIterator<Item = impl AsRef<str>>,
        key: &PublicKey,
        known_end: Option<WitnessEnd>,
    ) -> Self {
        let mut witness = Witness::default();
        let mut report = Report::default();
        for line in lines.into_iter().filter(|line| !line.as_ref().trim().is_empty()) {
            for finding in witness.read(line.as_ref(), key) {
                report.find(finding);
            }
        }
        if let Some(end) = known_end.filter(|end| !witness.reaches(*end)) {
            report.find(Finding::WitnessTruncated { known: end.number, present: witness.end.number });
        }
        report.heads = witness.heads;
        report.last_witnessed = witness.last;
        Self::against(witness, report)
    }

    /// Verifies a log that nobody witnessed.
    pub(super) fn unwitnessed() -> Self {
        Self::against(Witness::default(), Report::default())
    }

    /// Takes a sweep that a later witness has signed as lawful.
    pub(super) fn allow(&mut self, checkpoint: &Checkpoint) {
        self.witness.swept.entry(checkpoint.lane).or_default().insert(checkpoint.sequence, checkpoint.hash);
    }

    fn against(witness: Witness, report: Report) -> Self {
        Self {
            witness,
            report,
            lane: None,
            erased: Vec::new(),
            erasures: HashSet::new(),
            recorded_sweeps: BTreeMap::new(),
            swept: Vec::new(),
            seen_lanes: HashSet::new(),
            position: 0,
        }
    }

    /// Counts an entry that could not be read.
    pub fn unreadable(&mut self) {
        self.position += 1;
        self.report.find(Finding::Unreadable { position: self.position });
    }

    /// Verifies the next entry.
    pub fn entry(&mut self, entry: &Entry) {
        self.position += 1;
        self.report.events += 1;
        let (lane, sequence) = (entry.lane, entry.sequence);
        let before = self.enter(lane, sequence);
        if sequence <= before.sequence {
            self.report.find(Finding::Duplicate { lane, sequence });
            return;
        }
        if sequence > before.sequence + 1 {
            self.report.find(Finding::Missing { lane, from: before.sequence + 1, to: sequence - 1 });
        } else if entry.previous != before.hash {
            self.report.find(Finding::LinkBroken { lane, sequence });
        }
        match self.body(entry) {
            Some(body) => self.content(entry, body),
            None => self.report.find(Finding::Edited { lane, sequence }),
        }
        let witnessed = self.witness.places.get(&lane).and_then(|places| places.get(&sequence));
        if witnessed.is_some_and(|hash| *hash != entry.hash) {
            self.report.find(Finding::Diverged { lane, sequence });
        }
        self.lane = Some(Lane { lane, sequence, hash: entry.hash });
    }

    /// Where the lane stands before `first`: after the entry before it, or at the last checkpoint that was
    /// carried out, or at zero.
    fn enter(&mut self, lane: i64, first: i64) -> Lane {
        match self.lane {
            Some(current) if current.lane == lane => return current,
            Some(current) => self.leave(current),
            None => {}
        }
        self.lane = None;
        if !self.seen_lanes.insert(lane) {
            // A lane that comes back after another was read: nothing of it can follow its end.
            return Lane { lane, sequence: i64::MAX, hash: Digest::ZERO };
        }
        self.report.lanes += 1;
        let checkpoints = self.witness.swept.get(&lane);
        let carried_out = checkpoints.and_then(|checkpoints| checkpoints.range(..first).next_back());
        match carried_out {
            Some((sequence, hash)) => {
                self.report.swept += 1;
                self.swept.push((lane, *sequence));
                Lane { lane, sequence: *sequence, hash: *hash }
            }
            None => Lane { lane, sequence: 0, hash: Digest::ZERO },
        }
    }

    /// Compares where the lane ends with what the witness saw, and counts what it has not seen.
    fn leave(&mut self, Lane { lane, sequence: present, .. }: Lane) {
        let places = self.witness.places.get(&lane);
        let witnessed = places.and_then(|places| places.last_key_value()).map_or(0, |(last, _)| *last);
        if witnessed > present {
            self.report.find(Finding::Truncated { lane, present, witnessed });
        } else {
            self.report.unwitnessed += u64::try_from(present - witnessed).unwrap_or_default();
        }
    }

    /// The body, if the entry's hash is that of its text and its columns repeat it.
    fn body(&self, entry: &Entry) -> Option<Body> {
        let hash = link_hash(entry.lane, entry.sequence, &entry.previous, &entry.body);
        let body: Body = serde_json::from_str(&entry.body).ok().filter(|_| hash == entry.hash)?;
        let repeats = body.at == entry.at
            && body.organisation == entry.organisation
            && body.action.as_str() == entry.action
            && body.entity == entry.entity;
        repeats.then_some(body)
    }

    fn content(&mut self, entry: &Entry, body: Body) {
        let (lane, sequence) = (entry.lane, entry.sequence);
        match &entry.side {
            None => self.report.find(Finding::IdentityMissing { lane, sequence }),
            Some(side) => {
                let committed = side.commitment() == Some(body.commitment) && side.erasure_is_shown();
                if !committed || side.records.len() != body.records as usize {
                    self.report.find(Finding::IdentityEdited { lane, sequence });
                }
                let erased = side.erased.iter();
                self.erased.extend(erased.map(|(part, pseudonym, _)| (lane, sequence, *part, *pseudonym)));
            }
        }
        match body.detail {
            Some(Detail::Erasure(Erasure { pseudonym, parts })) => {
                let listed =
                    parts.into_iter().map(|(lane, sequence, part)| (lane, sequence, part, pseudonym));
                self.erasures.extend(listed);
            }
            Some(Detail::Sweep(checkpoints)) => {
                for checkpoint in checkpoints {
                    let furthest = self.recorded_sweeps.entry(checkpoint.lane).or_default();
                    *furthest = checkpoint.sequence.max(*furthest);
                }
            }
            _ => {}
        }
    }

    /// What verification saw.
    #[must_use]
    pub fn finish(mut self) -> Report {
        if let Some(current) = self.lane.take() {
            self.leave(current);
        }
        let absent: Vec<(i64, i64)> = self
            .witness
            .places
            .iter()
            .filter(|(lane, _)| !self.seen_lanes.contains(lane))
            .filter_map(|(lane, places)| Some((*lane, *places.last_key_value()?.0)))
            .collect();
        for (lane, witnessed) in absent {
            self.report.find(Finding::Truncated { lane, present: 0, witnessed });
        }
        for (lane, sequence, part, pseudonym) in std::mem::take(&mut self.erased) {
            if self.erasures.contains(&(lane, sequence, part, pseudonym)) {
                self.report.erased += 1;
            } else {
                self.report.find(Finding::ErasedWithoutRecord { lane, sequence });
            }
        }
        for (lane, sequence) in std::mem::take(&mut self.swept) {
            if self.recorded_sweeps.get(&lane).is_none_or(|recorded| *recorded < sequence) {
                self.report.find(Finding::SweptWithoutRecord { lane, sequence });
            }
        }
        if self.report.events > 0 && self.report.heads == 0 {
            self.report.find(Finding::Unwitnessed);
        }
        self.report
    }
}
