//! Invariant 6 as properties: whatever lawful course a log took, verification is green; whatever is
//! tampered with before the last witnessed head, it is not.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::signature::Ed25519KeyPair;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use time::Duration;
use time::macros::datetime;
use uuid::Uuid;

use super::chain::{Prepared, link_hash};
use super::event::{Checkpoint, Detail, Erasure, Part};
use super::witness::{LaneHead, Statement};
use super::*;
use crate::clock::ManualClock;

const ORGANISATION: Uuid = Uuid::from_u128(0x0193_574c_5d7e_7000_8000_0000_0000_0001);

/// A lawful step in the life of a log.
#[derive(Clone, Debug)]
enum Step {
    Append { lane: i64, subject: u8, several: bool },
    Head,
    Erase { subject: u8 },
    Sweep,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (1..4_i64, 0..4_u8, any::<bool>())
            .prop_map(|(lane, subject, several)| Step::Append { lane, subject, several }),
        2 => Just(Step::Head),
        1 => (0..4_u8).prop_map(|subject| Step::Erase { subject }),
        1 => Just(Step::Sweep),
    ]
}

#[derive(Debug)]
struct Log {
    clock: ManualClock,
    pair: Ed25519KeyPair,
    lanes: BTreeMap<i64, Vec<Entry>>,
    lines: Vec<String>,
    end: WitnessEnd,
    witnessed: BTreeMap<i64, LaneHead>,
    swept: BTreeMap<i64, Checkpoint>,
    pseudonyms: Vec<Uuid>,
}

fn subject(number: u8) -> Uuid {
    Uuid::from_u128(0x0193_574c_5d7e_7000_8000_0000_0001_0000 + u128::from(number))
}

impl Log {
    fn new() -> Self {
        Self {
            clock: ManualClock::at(datetime!(2026-11-23 11:18:03.123456 UTC)),
            pair: Ed25519KeyPair::generate().expect("a key"),
            lanes: BTreeMap::new(),
            lines: Vec::new(),
            end: WitnessEnd::default(),
            witnessed: BTreeMap::new(),
            swept: BTreeMap::new(),
            pseudonyms: Vec::new(),
        }
    }

    /// The log after `steps`, whole and witnessed to the end, then `unwitnessed` events more.
    fn after(steps: &[Step], unwitnessed: u8) -> Self {
        let mut log = Self::new();
        for lane in 1..4 {
            log.take(&Step::Append { lane, subject: 0, several: true });
        }
        for step in steps {
            log.take(step);
        }
        log.take(&Step::Head);
        for number in 0..unwitnessed {
            log.take(&Step::Append { lane: 1 + i64::from(number % 3), subject: 1, several: false });
        }
        log
    }

    fn take(&mut self, step: &Step) {
        self.clock.advance(Duration::seconds(7));
        match step {
            Step::Append { lane, subject: number, several } => {
                let id = subject(*number);
                let event = Event::new(Action::View).entity("patient").subject(id).fields([1, 3]);
                let event = event.payload(vec![*number; 9]).recipient("A. Clerk").basis("a request");
                let others = (0..4).filter(|other| *several && other != number).map(subject);
                self.append(*lane, &event.record(id).records(others));
            }
            Step::Head => {
                let last = self.lanes.values().filter_map(|entries| entries.last());
                let heads: Vec<LaneHead> = last
                    .map(|entry| LaneHead { lane: entry.lane, sequence: entry.sequence, hash: entry.hash })
                    .collect();
                self.witnessed = heads.iter().map(|head| (head.lane, *head)).collect();
                self.sign(Statement::Head(heads));
            }
            Step::Erase { subject: number } => self.erase(subject(*number)),
            Step::Sweep => self.sweep(),
        }
    }

    fn append(&mut self, lane: i64, event: &Event) {
        let context = AuditContext {
            session: Some(subject(99)),
            address: Some([192, 0, 2, 7].into()),
            ..AuditContext::system(Arc::new(self.clock.clone()), ORGANISATION, "test")
        };
        let prepared = Prepared::new(&context, event).expect("randomness");
        let entries = self.lanes.entry(lane).or_default();
        let (sequence, previous) =
            entries.last().map_or((0, Digest::ZERO), |last| (last.sequence, last.hash));
        entries.push(prepared.link(lane, sequence + 1, previous));
    }

    fn sign(&mut self, statement: Statement) {
        let (line, end) = self.end.sign(&self.pair, crate::clock::Clock::now(&self.clock), statement);
        self.lines.push(line);
        self.end = end;
    }

    fn erase(&mut self, subject: Uuid) {
        let pseudonym = Uuid::from_u128(0xe0 + self.pseudonyms.len() as u128);
        let mut parts = Vec::new();
        for entry in self.lanes.values_mut().flatten() {
            let side = entry.side.as_mut().expect("a side");
            let mut wanted: Vec<Part> = Vec::new();
            if side.subject == Some(subject.to_string()) {
                wanted.extend([Part::Subject, Part::Payload, Part::Disclosure]);
            }
            for (place, record) in (0..).zip(&side.records) {
                if *record == subject.to_string() {
                    wanted.push(Part::Record(place));
                }
            }
            wanted.retain(|part| side.erase(*part, pseudonym));
            parts.extend(wanted.into_iter().map(|part| (entry.lane, entry.sequence, part)));
        }
        if !parts.is_empty() {
            self.pseudonyms.push(pseudonym);
            let erasure = Detail::Erasure(Erasure { pseudonym, parts });
            self.append(1, &Event::new(Action::Erase).detail(erasure));
        }
    }

    /// Sweeps half of what was witnessed of each lane, up to the first erasure, six years later.
    fn sweep(&mut self) {
        self.clock.advance(Duration::days(366 * 6));
        let mut checkpoints = Vec::new();
        for (lane, entries) in &self.lanes {
            let Some(head) = self.witnessed.get(lane) else { continue };
            let first = entries[0].sequence;
            let erasure =
                entries.iter().find(|entry| entry.action == "erase").map(|entry| entry.sequence - 1);
            let sequence =
                ((first + head.sequence) / 2).min(erasure.unwrap_or(i64::MAX)).min(head.sequence - 1);
            if let Some(entry) = entries.iter().find(|entry| entry.sequence == sequence) {
                checkpoints.push(Checkpoint { lane: *lane, sequence, hash: entry.hash });
            }
        }
        if checkpoints.is_empty() {
            return;
        }
        self.sign(Statement::Swept(checkpoints.clone()));
        for checkpoint in checkpoints {
            let entries = self.lanes.get_mut(&checkpoint.lane).expect("a lane");
            entries.retain(|entry| entry.sequence > checkpoint.sequence);
            self.swept.insert(checkpoint.lane, checkpoint);
        }
        let all = self.swept.values().copied().collect();
        self.append(1, &Event::new(Action::Sweep).detail(Detail::Sweep(all)));
    }

    fn verify(&self) -> Report {
        let mut verifier = Verifier::new(&self.lines, &PublicKey::of(&self.pair), Some(self.end));
        for entry in self.lanes.values().flatten() {
            verifier.entry(entry);
        }
        let report = verifier.finish();
        assert_eq!(report, self.verify_as_archive(), "an archive tells the same");
        report
    }

    fn verify_as_archive(&self) -> Report {
        let mut events = Vec::new();
        for entry in self.lanes.values().flatten() {
            write_entry(&mut events, entry).expect("a buffer takes everything");
        }
        let witness = self.lines.join("\n");
        verify_archive(&*events, witness.as_bytes(), &PublicKey::of(&self.pair), Some(self.end))
            .expect("buffers can be read")
    }
}

/// The ways of tampering that invariant 6 names, and some more.
#[derive(Clone, Copy, Debug)]
enum Tampering {
    BodyEdited,
    BodyEditedAndHashed,
    ColumnEdited,
    ActorEdited,
    RecordEdited,
    PayloadDropped,
    IdentityRemoved,
    EventRemoved,
    EventsSwapped,
    TailCut,
    LaneRemoved,
    Recomputed,
    Forked,
    Inserted,
    ErasedSilently,
    ErasedUnderAnotherPseudonym,
    Unerased,
    HeadForged,
    HeadRemoved,
    HeadsSwapped,
    WitnessCutWithTheLog,
    FrontCut,
}

const TAMPERINGS: [Tampering; 22] = [
    Tampering::BodyEdited,
    Tampering::BodyEditedAndHashed,
    Tampering::ColumnEdited,
    Tampering::ActorEdited,
    Tampering::RecordEdited,
    Tampering::PayloadDropped,
    Tampering::IdentityRemoved,
    Tampering::EventRemoved,
    Tampering::EventsSwapped,
    Tampering::TailCut,
    Tampering::LaneRemoved,
    Tampering::Recomputed,
    Tampering::Forked,
    Tampering::Inserted,
    Tampering::ErasedSilently,
    Tampering::ErasedUnderAnotherPseudonym,
    Tampering::Unerased,
    Tampering::HeadForged,
    Tampering::HeadRemoved,
    Tampering::HeadsSwapped,
    Tampering::WitnessCutWithTheLog,
    Tampering::FrontCut,
];

/// Recomputes the links of a lane from the place `from`, as somebody who holds the file would.
fn recompute(entries: &mut [Entry], from: usize) {
    for place in from..entries.len() {
        if place > 0 {
            entries[place].previous = entries[place - 1].hash;
            entries[place].sequence = entries[place - 1].sequence + 1;
        }
        let entry = &mut entries[place];
        entry.hash = link_hash(entry.lane, entry.sequence, &entry.previous, &entry.body);
    }
}

fn edit(body: &mut String) {
    *body = body.replace("\"outcome\":\"succeeded\"", "\"outcome\":\"denied\"");
}

impl Log {
    /// Tampers with something that was witnessed. `false` if this log has nothing of the kind.
    fn tamper(&mut self, how: Tampering, which: &Index, pseudonym: Uuid) -> bool {
        let lane = *which.get(&self.lanes.keys().copied().collect::<Vec<_>>());
        let head = self.witnessed[&lane];
        let pseudonyms = self.pseudonyms.clone();
        let entries = self.lanes.get_mut(&lane).expect("a lane");
        let witnessed = entries.iter().filter(|entry| entry.sequence <= head.sequence).count();
        let place = which.index(witnessed);
        let last = place + 1 == witnessed;
        let entry = &mut entries[place];
        let side = entry.side.as_mut().expect("a side");
        match how {
            Tampering::BodyEdited => edit(&mut entry.body),
            Tampering::BodyEditedAndHashed => {
                edit(&mut entry.body);
                entry.hash = link_hash(entry.lane, entry.sequence, &entry.previous, &entry.body);
            }
            Tampering::ColumnEdited => entry.at = entry.at.replace("20", "19"),
            Tampering::ActorEdited => side.actor = "system:somebody-else".to_owned(),
            Tampering::RecordEdited => match side.records.last_mut() {
                Some(record) => *record = pseudonym.to_string(),
                None => return false,
            },
            Tampering::PayloadDropped => match side.payload.take() {
                Some(_) => {}
                None => return false,
            },
            Tampering::IdentityRemoved => entry.side = None,
            Tampering::EventRemoved => drop(entries.remove(place)),
            Tampering::EventsSwapped if last => return false,
            Tampering::EventsSwapped => {
                entries.swap(place, place + 1);
                let (first, second) = (entries[place + 1].sequence, entries[place].sequence);
                entries[place].sequence = first;
                entries[place + 1].sequence = second;
            }
            Tampering::TailCut => entries.truncate(place),
            Tampering::LaneRemoved => drop(self.lanes.remove(&lane)),
            Tampering::Recomputed => {
                edit(&mut entry.body);
                recompute(entries, place);
            }
            Tampering::Forked => {
                let length = entries.len();
                entries.truncate(place);
                for _ in place..length + 3 {
                    self.append_after(lane, head, place);
                }
            }
            Tampering::Inserted if last => return false,
            Tampering::Inserted => {
                let copy = entry.clone();
                entries.insert(place, copy);
                recompute(entries, place + 1);
            }
            Tampering::ErasedSilently => return side.erase(Part::Who, pseudonym),
            Tampering::ErasedUnderAnotherPseudonym => {
                let Some(known) = pseudonyms.first() else { return false };
                return side.erase(Part::Who, *known);
            }
            Tampering::Unerased => match side.erased.pop() {
                Some(_) => {}
                None => return false,
            },
            Tampering::HeadForged => {
                let another = Ed25519KeyPair::generate().expect("a key");
                let end = WitnessEnd { number: self.end.number - 1, digest: Digest::ZERO };
                let line = end.sign(&another, datetime!(2026-11-23 11:18 UTC), Statement::Head(vec![head])).0;
                *self.lines.last_mut().expect("a line") = line;
            }
            Tampering::HeadRemoved => drop(self.lines.remove(which.index(self.lines.len()))),
            Tampering::HeadsSwapped if self.lines.len() < 2 => return false,
            Tampering::HeadsSwapped => {
                let first = which.index(self.lines.len() - 1);
                self.lines.swap(first, first + 1);
            }
            Tampering::WitnessCutWithTheLog => {
                entries.truncate(place);
                self.lines.pop();
            }
            Tampering::FrontCut => drop(entries.drain(..=place)),
        }
        true
    }

    fn append_after(&mut self, lane: i64, head: LaneHead, place: usize) {
        if self.lanes[&lane].is_empty() {
            // The fork begins where the lane does: after its checkpoint, or at one.
            let start = self.swept.get(&lane).copied();
            let (sequence, previous) = start.map_or((0, Digest::ZERO), |start| (start.sequence, start.hash));
            let context = AuditContext::system(Arc::new(self.clock.clone()), ORGANISATION, "fork");
            let prepared = Prepared::new(&context, &Event::new(Action::View)).expect("randomness");
            let entry = prepared.link(lane, sequence + 1, previous);
            self.lanes.entry(lane).or_default().push(entry);
        } else {
            assert!(head.lane == lane && place <= self.lanes[&lane].len());
            self.append(lane, &Event::new(Action::View));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    /// CF-8, CF-24: appends, heads, erasures and sweeps in any order leave a log that is green, and what
    /// came after the last head is counted.
    #[test]
    fn a_lawful_log_is_green(steps in prop::collection::vec(step(), 0..40), unwitnessed in 0..5_u8) {
        let report = Log::after(&steps, unwitnessed).verify();
        prop_assert!(report.is_green(), "{:?}", report.findings);
        prop_assert_eq!(report.unwitnessed, u64::from(unwitnessed));
    }

    /// Invariant 6: each way of tampering with what was witnessed is found, in every log where it is
    /// possible.
    #[test]
    fn whatever_is_tampered_with_is_found(
        steps in prop::collection::vec(step(), 0..25),
        unwitnessed in 0..3_u8,
        which in any::<Index>(),
    ) {
        for how in TAMPERINGS {
            let mut log = Log::after(&steps, unwitnessed);
            if log.tamper(how, &which, subject(77)) {
                let report = log.verify();
                prop_assert!(!report.is_green(), "{how:?} was not found");
            }
        }
    }
}

/// Each kind of tampering happens at least somewhere, so that none of them passes by never being tried.
#[test]
fn every_way_of_tampering_is_possible() {
    let steps = [
        Step::Append { lane: 1, subject: 1, several: true },
        Step::Head,
        Step::Append { lane: 1, subject: 2, several: true },
        Step::Erase { subject: 2 },
        Step::Append { lane: 1, subject: 3, several: false },
        Step::Head,
    ];
    for how in TAMPERINGS {
        let runner = &mut proptest::test_runner::TestRunner::deterministic();
        let possible = (0..40).any(|_| {
            let which = any::<Index>().new_tree(runner).expect("an index").current();
            Log::after(&steps, 1).tamper(how, &which, subject(77))
        });
        assert!(possible, "{how:?}");
    }
}

/// CF-24: a checkpoint that was signed before the witness had known its events for six years is found,
/// by the hour.
#[test]
fn an_early_sweep_is_found() {
    // From 23 November 2026 to 23 November 2032 there are 2192 days.
    for (hours, early) in [(24 * 365, true), (2192 * 24 - 1, true), (2192 * 24, false)] {
        let mut log = Log::new();
        log.take(&Step::Append { lane: 1, subject: 0, several: false });
        log.take(&Step::Append { lane: 1, subject: 0, several: false });
        log.take(&Step::Head);
        log.clock.advance(Duration::hours(hours));
        let first = log.lanes[&1][0].clone();
        let checkpoint = Checkpoint { lane: 1, sequence: 1, hash: first.hash };
        log.sign(Statement::Swept(vec![checkpoint]));
        log.lanes.get_mut(&1).expect("a lane").remove(0);
        log.append(1, &Event::new(Action::Sweep).detail(Detail::Sweep(vec![checkpoint])));
        let report = log.verify();
        let expected = if early { vec![Finding::SweptEarly { lane: 1, sequence: 1 }] } else { vec![] };
        assert_eq!(report.findings, expected, "after {hours} hours");
    }
}

/// A sweep that was signed and then interrupted leaves a log that is whole.
#[test]
fn a_sweep_that_was_not_carried_out_is_lawful() {
    let mut log = Log::new();
    log.take(&Step::Append { lane: 1, subject: 0, several: false });
    log.take(&Step::Append { lane: 1, subject: 0, several: false });
    log.take(&Step::Head);
    log.clock.advance(Duration::days(2200));
    let hash = log.lanes[&1][0].hash;
    log.sign(Statement::Swept(vec![Checkpoint { lane: 1, sequence: 1, hash }]));
    assert_eq!(log.verify().findings, []);
}

/// 45 CFR 164.316(b)(2)(i): six years are six years, on the 29th of February too.
#[test]
fn the_floor_is_six_years_to_the_day() {
    for (now, floor) in [
        (datetime!(2032-11-23 11:18 UTC), datetime!(2026-11-23 11:18 UTC)),
        (datetime!(2032-02-29 0:00 UTC), datetime!(2026-02-28 0:00 UTC)),
        (datetime!(2034-03-01 0:00 UTC), datetime!(2028-03-01 0:00 UTC)),
    ] {
        assert_eq!(sweep_floor(now), floor);
    }
}
