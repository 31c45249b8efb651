//! What identity keeps too long otherwise: failures that count no more, steps never finished, sessions and
//! links long over. The audit log keeps what happened.

use time::Duration;

use super::attempts;
use super::error::Result;
use super::service::Identity;
use crate::store::sql;

/// How long an ended session or a spent link is kept, so that a late reuse of its tokens is recognised.
const KEPT: Duration = Duration::days(7);

impl Identity {
    /// Removes all that is over; tells how many rows. Meant to run every hour.
    pub async fn sweep(&self) -> Result<u64> {
        let (store, now) = (self.store(), self.now());
        let mut removed = attempts::sweep(store, now).await?;
        for (statement, before) in [
            (sql("DELETE FROM sign_ins WHERE expires_at < $1"), now),
            (sql("DELETE FROM sessions WHERE expires_at < $1"), now - KEPT),
            (sql("DELETE FROM one_time_links WHERE expires_at < $1"), now - KEPT),
        ] {
            removed += statement.bind(before).execute(store).await?;
        }
        Ok(removed)
    }
}
