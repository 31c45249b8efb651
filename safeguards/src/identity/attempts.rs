//! Lockout (CF-15): eight failures lock an account for fifteen minutes.
//!
//! An attempt is *reserved* before anything is checked, by one statement, and given back when it was
//! right: a hundred guesses at the same moment are eight guesses. The account is its blind index, so
//! that one that does not exist counts, locks and answers as one that does. A second factor counts on
//! the same row: whoever has the password does not get to guess the code.
//!
//! An address locks as well, later: a whole hospital may stand behind one.

use time::{Duration, OffsetDateTime};

use super::error::{IdentityError, Result};
use crate::store::{Store, Transaction, sql};

/// Failures after which an account is locked.
pub const FAILURES_OF_ACCOUNT: i64 = 8;
/// Failures after which an address is locked.
pub const FAILURES_OF_ADDRESS: i64 = 40;
/// How long a lock holds.
pub const LOCK: Duration = Duration::minutes(15);
/// After so long without a failure the count starts anew.
const FORGET: Duration = Duration::hours(24);

/// A blind index that names an account or an address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct AttemptKey(pub(super) [u8; 32]);

/// An attempt that was let through and counted.
#[derive(Clone, Copy)]
pub(super) struct Reserved {
    /// How many failures there are if this one fails too.
    pub(super) failures: i64,
}

/// Counts an attempt, or refuses it because of a lock.
pub(super) async fn reserve(
    store: &Store,
    key: AttemptKey,
    limit: i64,
    now: OffsetDateTime,
) -> Result<Reserved> {
    let reserved =
        sql("INSERT INTO sign_in_attempts (key, failures, last_at, locked_until) VALUES ($1, 1, $2, NULL)
         ON CONFLICT (key) DO UPDATE SET
             failures = CASE
                 WHEN sign_in_attempts.locked_until IS NOT NULL OR sign_in_attempts.last_at < $3 THEN 1
                 ELSE sign_in_attempts.failures + 1 END,
             last_at = $2,
             locked_until = CASE
                 WHEN sign_in_attempts.locked_until IS NULL AND sign_in_attempts.last_at >= $3
                     AND sign_in_attempts.failures + 1 >= $4 THEN $5
                 ELSE NULL END
         WHERE sign_in_attempts.locked_until IS NULL OR sign_in_attempts.locked_until <= $2
         RETURNING failures")
        .bind(key.0.as_slice())
        .bind(now)
        .bind(now - FORGET)
        .bind(limit)
        .bind(now + LOCK)
        .fetch_optional(store)
        .await?;
    match reserved {
        Some(row) => Ok(Reserved { failures: row.integer("failures")? }),
        None => Err(IdentityError::Locked { retry_after: remaining(store, key, now).await? }),
    }
}

async fn remaining(store: &Store, key: AttemptKey, now: OffsetDateTime) -> Result<Duration> {
    let row = sql("SELECT locked_until FROM sign_in_attempts WHERE key = $1")
        .bind(key.0.as_slice())
        .fetch_optional(store)
        .await?;
    let until = row.map(|row| row.optional_timestamp("locked_until")).transpose()?.flatten();
    Ok(until.map_or(Duration::SECOND, |until| (until - now).max(Duration::SECOND)))
}

/// Gives one attempt back: it was right, but it is not the end of signing in.
pub(super) async fn give_back(store: &Store, key: AttemptKey) -> Result<()> {
    sql("UPDATE sign_in_attempts SET failures = failures - 1, locked_until = NULL WHERE key = $1 AND failures > 0")
        .bind(key.0.as_slice())
        .execute(store)
        .await?;
    Ok(())
}

/// Forgets the failures of an account: its person has signed in, or an administrator unlocked it.
pub(super) async fn forget(transaction: &mut Transaction, key: AttemptKey) -> Result<()> {
    sql("DELETE FROM sign_in_attempts WHERE key = $1").bind(key.0.as_slice()).execute(transaction).await?;
    Ok(())
}

/// Removes rows that count no more.
pub(super) async fn sweep(store: &Store, now: OffsetDateTime) -> Result<u64> {
    let removed =
        sql("DELETE FROM sign_in_attempts WHERE last_at < $1").bind(now - FORGET).execute(store).await?;
    Ok(removed)
}
