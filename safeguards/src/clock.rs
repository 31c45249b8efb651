//! Time and identifiers are arguments, so that a test can hold them still and a run can be replayed.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use time::{Duration, OffsetDateTime};
use uuid::{ContextV7, Timestamp, Uuid};

/// Tells the time, always in UTC.
pub trait Clock: Debug + Send + Sync {
    /// The present moment.
    fn now(&self) -> OffsetDateTime;
}

/// Gives identifiers that were never given before.
pub trait Ids: Debug + Send + Sync {
    /// The next identifier: a UUID of version 7 (RFC 9562), so that rows lie in the order of their making.
    fn next(&self) -> Uuid;
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one door through which real time comes in")]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// A clock that moves only when it is told to.
#[derive(Clone, Debug)]
pub struct ManualClock {
    now: Arc<Mutex<OffsetDateTime>>,
}

impl ManualClock {
    /// A clock that stands at `now`.
    pub fn at(now: OffsetDateTime) -> Self {
        Self { now: Arc::new(Mutex::new(now)) }
    }

    /// Moves the clock forward (or back, by a negative duration). Clones move with it.
    pub fn advance(&self, by: Duration) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    /// Sets the clock.
    pub fn set(&self, now: OffsetDateTime) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> OffsetDateTime {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// UUIDs of version 7 over a clock; those of one millisecond still ascend.
#[derive(Debug)]
pub struct SystemIds {
    clock: Arc<dyn Clock>,
    context: Mutex<ContextV7>,
}

impl SystemIds {
    /// Identifiers whose time comes from `clock` and whose randomness comes from the operating system.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, context: Mutex::new(ContextV7::new()) }
    }
}

impl Ids for SystemIds {
    fn next(&self) -> Uuid {
        let now = self.clock.now();
        let context = self.context.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = u64::try_from(now.unix_timestamp()).unwrap_or_default();
        Uuid::new_v7(Timestamp::from_unix(&*context, seconds, now.nanosecond()))
    }
}

/// Identifiers that a test can foresee: the first is `00000000-0000-7000-8000-000000000001`.
#[derive(Debug, Default)]
pub struct SequentialIds {
    given: Mutex<u64>,
}

impl Ids for SequentialIds {
    fn next(&self) -> Uuid {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        *given += 1;
        Uuid::from_u64_pair(0x7000, 0x8000_0000_0000_0000 | *given)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn identifiers_ascend_even_within_one_millisecond() {
        let clock = ManualClock::at(datetime!(2026-11-23 11:18:03.123456 UTC));
        let ids = SystemIds::new(Arc::new(clock.clone()));
        let mut given: Vec<Uuid> = (0..1000).map(|_| ids.next()).collect();
        clock.advance(Duration::milliseconds(1));
        given.push(ids.next());
        assert!(given.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(given[0].get_version_num(), 7);
    }

    #[test]
    fn a_manual_clock_moves_its_clones() {
        let clock = ManualClock::at(datetime!(2026-01-31 23:59:59 UTC));
        let other = clock.clone();
        clock.advance(Duration::seconds(1));
        assert_eq!(other.now(), datetime!(2026-02-01 0:00 UTC));
    }
}
