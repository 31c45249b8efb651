//! What tests put in the stead of the world: time that passes when it is waited for, chance that can be repeated, and a
//! register that can be read.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use time::macros::datetime;
use tokio::sync::watch;

use crate::register::{Record, Register};
use crate::surroundings::{Surroundings, Wait, Waiting};

/// Surroundings without waiting: a wait for the next try is over at once, and a deadline comes when the other side has
/// said that it will say nothing more. Time goes on by what was waited.
pub struct Rehearsal {
    state: Mutex<State>,
    hung: Option<watch::Receiver<u64>>,
}

struct State {
    now: OffsetDateTime,
    chance: u64,
    waits: Vec<Duration>,
    /// How many of the hangs have had their deadline.
    ended: u64,
}

/// Deadlines beyond this never come: they are those of a whole answer, not of a silence.
const PATIENCE: Duration = Duration::from_secs(300);

impl Rehearsal {
    /// Begins on 2 November 2026 at noon; `seed` makes its chances.
    pub fn new(seed: u64) -> Self {
        let state = State { now: datetime!(2026-11-02 12:00 UTC), chance: seed, waits: Vec::new(), ended: 0 };
        Self { state: Mutex::new(state), hung: None }
    }

    /// As [`Rehearsal::new`], with somebody on the other side who counts how often it fell silent.
    pub fn with(seed: u64, hung: watch::Receiver<u64>) -> Self {
        Self { hung: Some(hung), ..Self::new(seed) }
    }

    /// Every wait for a next try so far.
    pub fn waits(&self) -> Vec<Duration> {
        self.state().waits.clone()
    }

    /// Lets time pass.
    pub fn pass_by(&self, duration: Duration) {
        self.state().now += duration;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Surroundings for Rehearsal {
    fn now(&self) -> OffsetDateTime {
        self.state().now
    }

    fn pass(&self, wait: Wait, duration: Duration) -> Waiting<'_> {
        Box::pin(async move {
            match (wait, &self.hung) {
                (Wait::Retry, _) => self.state().waits.push(duration),
                (Wait::Deadline, Some(hung)) if duration <= PATIENCE => {
                    let mut hung = hung.clone();
                    let ended = self.state().ended;
                    if hung.wait_for(|count| *count > ended).await.is_err() {
                        std::future::pending::<()>().await;
                    }
                    self.state().ended += 1;
                }
                (Wait::Deadline, _) => std::future::pending().await,
            }
            self.pass_by(duration);
        })
    }

    fn random(&self) -> u64 {
        let mut state = self.state();
        // SplitMix64.
        state.chance = state.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state.chance;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// A register in memory, which fails when it is told to.
#[derive(Debug, Default)]
pub struct InMemory {
    records: Mutex<Vec<Record>>,
    /// How many more lines it keeps; without it, any number.
    room: Option<usize>,
}

impl InMemory {
    /// One that keeps so many lines, and no more.
    pub fn with_room(lines: usize) -> Self {
        Self { room: Some(lines), ..Self::default() }
    }

    /// Its lines so far.
    pub fn records(&self) -> Vec<Record> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Register for InMemory {
    fn record(&self, record: &Record) -> io::Result<()> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if self.room.is_some_and(|room| records.len() >= room) {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "no room"));
        }
        records.push(record.clone());
        Ok(())
    }
}
