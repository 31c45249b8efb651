//! Whose turn it is to do what a schedule asks for: once a period in an organisation, whichever process looks first.
//!
//! A period is begun by writing its row, with a lease. Who dies leaves a lease that ends; what fails is tried again, later
//! and a few times. What it wrote before it failed stays: custom code that runs twice must find its own traces.

use time::{Duration, OffsetDateTime};

use super::context::Context;
use super::descriptor::Action;
use super::error::{Error, Result};
use super::statement::begin;
use crate::audit::{self, Event};
use crate::store::{Transaction, sql};

/// How long one may be at it; whoever takes longer is ended before.
const LEASE: Duration = Duration::minutes(10);
/// How often a period is tried.
const ATTEMPTS: i64 = 3;
/// How long a failure is left alone.
const REST: Duration = Duration::minutes(5);

/// One run of a schedule, which nobody else has.
#[derive(Debug)]
pub(crate) struct Run {
    schedule: &'static str,
    leased_until: OffsetDateTime,
}

impl Run {
    /// Takes the period that began then, unless it is done, given up or at work; the log says that it begins.
    ///
    /// # Errors
    /// The database or the audit log failed, and nothing was taken.
    pub(crate) async fn take(
        itself: &Context,
        schedule: &'static str,
        period: OffsetDateTime,
    ) -> Result<Option<Self>> {
        let now = itself.clock.now();
        let leased_until = now + LEASE;
        let mut transaction = begin(itself, Action::List).await?;
        let taken = sql(
            "INSERT INTO schedule_runs (organisation_id, schedule, period, attempts, leased_until, done_at)
             VALUES ($1, $2, $3, 1, $4, NULL) ON CONFLICT (organisation_id, schedule) DO UPDATE
             SET attempts = CASE WHEN schedule_runs.period < excluded.period THEN 1 ELSE schedule_runs.attempts + 1 END,
                 period = excluded.period, leased_until = excluded.leased_until, done_at = NULL
             WHERE schedule_runs.leased_until <= $5 AND (schedule_runs.period < excluded.period
                 OR (schedule_runs.period = excluded.period AND schedule_runs.done_at IS NULL AND schedule_runs.attempts < $6))",
        )
        .bind(itself.principal.organisation().uuid())
        .bind(schedule)
        .bind(period)
        .bind(leased_until)
        .bind(now)
        .bind(ATTEMPTS)
        .execute(&mut transaction)
        .await?;
        if taken == 0 {
            transaction.rollback().await?;
            return Ok(None);
        }
        tell(itself, &mut transaction, "begun").await?;
        transaction.commit().await?;
        Ok(Some(Self { schedule, leased_until }))
    }

    /// Writes down how it ended; a failure rests before it is tried again.
    ///
    /// # Errors
    /// The database or the audit log failed: then the lease ends by itself.
    pub(crate) async fn end(self, itself: &Context, done: bool) -> Result<()> {
        let now = itself.clock.now();
        let mut transaction = begin(itself, Action::List).await?;
        sql("UPDATE schedule_runs SET done_at = $4, leased_until = $5
             WHERE organisation_id = $1 AND schedule = $2 AND leased_until = $3 AND done_at IS NULL")
        .bind(itself.principal.organisation().uuid())
        .bind(self.schedule)
        .bind(self.leased_until)
        .bind(done.then_some(now))
        .bind(if done { now } else { now + REST })
        .execute(&mut transaction)
        .await?;
        tell(itself, &mut transaction, if done { "done" } else { "failed" }).await?;
        Ok(transaction.commit().await?)
    }
}

/// The log knows which schedule by who acts.
async fn tell(itself: &Context, transaction: &mut Transaction, note: &'static str) -> Result<()> {
    let event = Event::new(audit::Action::Configure).entity("schedule").note(note);
    audit::append(transaction, &itself.circumstances, event).await.map_err(Error::AuditUnavailable)
}
