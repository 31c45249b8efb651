//! What the owner of a database does about its records as time goes by: erasures that were ordered are carried out, and what was
//! kept for as long as it had to be is removed (CF-8, CF-24).
//!
//! Of a file the app itself is the owner, and does it every hour. On PostgreSQL no app is the owner of anything, so the host has
//! its binary do it once a day, whether it sleeps or serves.

use std::sync::PoisonError;
use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Done, Slot, Supervisor, SupervisorError};
use crate::host::environment::DatabaseKind;
use crate::host::gate::Work;

/// How often an environment has its turn.
const EVERY: time::Duration = time::Duration::DAY;
/// A host that was started has other things to do at first; and what failed is tried again so much later.
const SOON: time::Duration = time::Duration::HOUR;

impl Supervisor {
    /// Has every app whose turn it is sweep, one after the other, and answers what each of them said.
    pub async fn keep_houses(&self) -> Vec<(Uuid, Result<Done, SupervisorError>)> {
        let mut swept = Vec::new();
        for slot in self.slots() {
            if self.is_the_owner_of(&slot) && slot.is_due(self.0.clock.now()) {
                let done = self.work(slot.id, Work::Sweep, &[]).await;
                let after = if done.is_ok() { EVERY } else { SOON };
                slot.sweeps_at(self.0.clock.now() + after);
                swept.push((slot.id, done));
            }
        }
        swept
    }

    /// Looks every minute, until the task is aborted.
    pub(super) async fn keep_houses_for_ever(self) {
        let mut minute = tokio::time::interval(Duration::from_mins(1));
        loop {
            minute.tick().await;
            for (environment, done) in self.keep_houses().await {
                match done {
                    Ok(done) => {
                        tracing::info!(event = "swept", %environment, said = done.remarks.trim());
                    }
                    Err(error) => tracing::warn!(event = "sweep-failed", %environment, %error),
                }
            }
        }
    }

    /// Whether there is anything that only its owner may do, and may now.
    fn is_the_owner_of(&self, slot: &Slot) -> bool {
        self.0.register.environment(slot.id).is_some_and(|environment| {
            environment.database == DatabaseKind::Postgres
                && environment.program.is_some()
                && environment.gate.allows(Work::Sweep)
        })
    }
}

impl Slot {
    /// Whether its turn has come; one that nobody has looked at yet has it soon.
    fn is_due(&self, now: OffsetDateTime) -> bool {
        let mut sweeps = self.sweeps.lock().unwrap_or_else(PoisonError::into_inner);
        *sweeps.get_or_insert(now + SOON) <= now
    }

    fn sweeps_at(&self, moment: OffsetDateTime) {
        *self.sweeps.lock().unwrap_or_else(PoisonError::into_inner) = Some(moment);
    }
}
