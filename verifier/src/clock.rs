//! The machine's own clock and randomness: an attacker has no other, and the app is a program of its own.
#![expect(clippy::disallowed_methods, reason = "what is tried on a running program happens in real time")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Seconds since 1970.
pub(crate) fn seconds() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// A moment to measure from.
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// Lets time pass, where there is nothing to wait on but that.
pub(crate) fn pass(time: Duration) {
    std::thread::sleep(time);
}

/// An id that nothing has.
pub(crate) fn id() -> uuid::Uuid {
    uuid::Uuid::new_v4()
}

/// A word that stands nowhere else.
pub(crate) fn word() -> String {
    let letter = |byte: &u8| char::from(b'a' + byte % 26);
    id().as_bytes().iter().map(letter).collect()
}
