//! How many connections there are, which tokens were used, and when all of them end.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use uuid::Uuid;

use crate::identity::{LIVE_TOKEN_LIFETIME, SessionId};
use crate::web::{Code, Problem};

/// Connections of one session at once: so many pages are open in one browser.
const MOST_OF_A_SESSION: u32 = 8;
/// Connections of an app at once.
const MOST: u32 = 1_024;
/// How long connections may take to say goodbye when the app stops.
const ENDING: Duration = Duration::from_secs(5);
/// Seconds until whoever found no place comes again.
const AGAIN: u32 = 60;

/// The connections on which an app tells what has changed. Cheap to clone.
#[derive(Clone)]
pub struct Live(Arc<Inner>);

struct Inner {
    all: Arc<Semaphore>,
    of_sessions: Mutex<HashMap<SessionId, u32>>,
    /// Tokens that have opened a connection, until they have expired.
    used: Mutex<HashMap<Uuid, OffsetDateTime>>,
    stopping: watch::Sender<bool>,
}

/// The place of one connection; given back on drop.
pub(super) struct Place {
    live: Live,
    session: SessionId,
    _one_of_all: OwnedSemaphorePermit,
}

impl Live {
    /// No connections yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Inner {
            all: Arc::new(Semaphore::new(MOST as usize)),
            of_sessions: Mutex::default(),
            used: Mutex::default(),
            stopping: watch::channel(false).0,
        }))
    }

    /// A place for a connection of this session, where there is one.
    pub(super) fn take(&self, session: SessionId) -> Result<Place, Problem> {
        if *self.0.stopping.borrow() {
            return Err(Problem::unavailable("live: stopping").retry_after(AGAIN));
        }
        let permit = Arc::clone(&self.0.all).try_acquire_owned();
        let permit = permit.map_err(|_| Problem::unavailable("live: full").retry_after(AGAIN))?;
        let mut counted = lock(&self.0.of_sessions);
        let count = counted.entry(session).or_default();
        if *count >= MOST_OF_A_SESSION {
            return Err(Problem::new(Code::TooMany)
                .detail("This session has as many live connections as one may have. Close one of them first.")
                .retry_after(AGAIN));
        }
        *count += 1;
        drop(counted);
        Ok(Place { live: self.clone(), session, _one_of_all: permit })
    }

    /// Whether this is the first use of a token.
    pub(super) fn is_first_use(&self, token: Uuid, now: OffsetDateTime) -> bool {
        let mut used = lock(&self.0.used);
        used.retain(|_, until| *until > now);
        used.insert(token, now + LIVE_TOKEN_LIFETIME).is_none()
    }

    /// Comes when the app stops.
    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.0.stopping.subscribe()
    }

    /// Ends every connection, and opens no other.
    pub fn stop(&self) {
        let _before = self.0.stopping.send_replace(true);
    }

    /// Waits until every connection has ended, for five seconds at most.
    pub async fn ended(&self) {
        let all = tokio::time::timeout(ENDING, self.0.all.acquire_many(MOST)).await;
        drop(all);
    }
}

impl Default for Live {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counted = lock(&self.live.0.of_sessions);
        if let Some(count) = counted.get_mut(&self.session) {
            *count -= 1;
            if *count == 0 {
                counted.remove(&self.session);
            }
        }
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Live")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    /// CF-19: a session has so many connections and no more, and a place that is given back is another's.
    #[test]
    fn places_are_counted_for_each_session() {
        let (live, session) = (Live::new(), |number| SessionId::new(Uuid::from_u128(number)));
        let mut taken: Vec<Place> =
            (0..8).map(|_| live.take(session(1)).expect("there is a place")).collect();
        assert_eq!(live.take(session(1)).err().map(|problem| problem.code()), Some(Code::TooMany));
        assert!(live.take(session(2)).is_ok());
        taken.pop();
        assert!(live.take(session(1)).is_ok());
    }

    /// CF-19: what opened a connection opens no other, and is forgotten once it has expired.
    #[test]
    fn a_token_is_used_once() {
        let (live, now) = (Live::new(), datetime!(2026-11-27 12:00 UTC));
        assert!(live.is_first_use(Uuid::nil(), now) && !live.is_first_use(Uuid::nil(), now));
        assert!(live.is_first_use(Uuid::max(), now + LIVE_TOKEN_LIFETIME));
        assert_eq!(lock(&live.0.used).len(), 1);
    }
}
