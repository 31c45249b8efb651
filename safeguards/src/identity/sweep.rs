//! What identity keeps too long otherwise: failures that count no more, steps never finished, sessions and
//! links long over. The audit log keeps what happened.

use time::Duration;

use super::attempts;
use super::error::Result;
use super::service::Identity;
use crate::store::{StoreError, sql};

/// How long an ended session or a spent link is kept, so that a late reuse of its tokens is recognised.
const KEPT: Duration = Duration::days(7);

/// How long a search can be gone back to, as `slice::searches` keeps it.
pub(crate) const SEARCHES_KEPT: Duration = Duration::hours(12);

/// How long a file that was sent may wait to be put to its record.
const UNATTACHED_KEPT: Duration = Duration::DAY;

/// How long one key signs access tokens.
const KEY_AGE: Duration = Duration::days(30);
/// How often upkeep runs.
const EVERY: std::time::Duration = std::time::Duration::from_secs(3_600);

impl Identity {
    /// Sweeps and rotates every hour, for as long as the app serves. What fails is tried again an hour
    /// later: none of it is needed for a request to be right.
    pub async fn upkeep(self) {
        let mut hours = tokio::time::interval(EVERY);
        loop {
            hours.tick().await;
            let _swept = self.sweep().await;
            let _rotated = self.rotate_old_signing_key().await;
        }
    }

    /// Rotates the key that signs access tokens once it is thirty days old; tells whether it did.
    pub async fn rotate_old_signing_key(&self) -> Result<bool> {
        let row = sql("SELECT max(created_at) AS newest FROM signing_keys").fetch_one(self.store()).await?;
        let old = row.optional_timestamp("newest")?.is_none_or(|newest| self.now() - newest >= KEY_AGE);
        if old {
            self.rotate_signing_key().await?;
        }
        Ok(old)
    }

    /// Removes all that is over; tells how many rows.
    pub async fn sweep(&self) -> Result<u64> {
        let (store, now) = (self.store(), self.now());
        let mut removed = attempts::sweep(store, now).await?;
        for (statement, before) in [
            (sql("DELETE FROM sign_ins WHERE expires_at < $1"), now),
            (sql("DELETE FROM sso_attempts WHERE expires_at < $1"), now),
            (sql("DELETE FROM sessions WHERE expires_at < $1"), now - KEPT),
            (
                sql("DELETE FROM file_chunks WHERE attached_at IS NULL AND created_at < $1"),
                now - UNATTACHED_KEPT,
            ),
            (sql("DELETE FROM searches WHERE created_at < $1"), now - SEARCHES_KEPT),
            (sql("DELETE FROM one_time_links WHERE expires_at < $1"), now - KEPT),
            (sql("DELETE FROM link_form_openings WHERE until_at < $1"), now - KEPT),
            (sql("DELETE FROM open_page_tickets WHERE used_at < $1"), now - Duration::DAY),
            (sql("DELETE FROM open_page_counts WHERE since_at < $1"), now - Duration::DAY),
        ] {
            removed += match statement.bind(before).execute(store).await {
                // The records are only read: what is over among them waits, the rest does not.
                Err(StoreError::Forbidden) => 0,
                removed => removed?,
            };
        }
        Ok(removed)
    }
}
