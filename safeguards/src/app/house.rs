//! What an app does about its own records as time goes by: it carries out erasures, and removes what it has kept for as long as it
//! had to (CF-8, CF-24).
//!
//! Both are the owner's of the database. Where the database is a file, that is the app itself, which does it every hour; on
//! PostgreSQL it is the subcommand `sweep`, which whoever runs the app lets run once a day.

use std::sync::Arc;

use time::OffsetDateTime;
use uuid::Uuid;

use super::services::Foundation;
use super::{App, AppError, Services};
use crate::audit::{self, Action, AuditContext, Event, SweepError, retention, years_before};
use crate::clock::Clock;
use crate::compliance::carry_out;
use crate::store::{Store, sql};
use crate::web::Entry;

/// How often, where the app is the owner.
const EVERY: std::time::Duration = std::time::Duration::from_secs(3_600);

/// What is removed once it has been kept for as long as the audit log of its organisation (six years at least, 45 CFR
/// 164.316(b)(2)): of an organisation `$1`, before `$2`. What leads to a row goes before it.
const KEPT_AS_THE_LOG: [(&str, &str); 8] = [
    (
        "ai-application",
        "DELETE FROM ai_applications WHERE organisation_id = $1 AND decided_at < $2
             AND invocation_id IN (SELECT i.id FROM ai_invocations i WHERE i.organisation_id = $1
                 AND COALESCE(i.ended_at, i.began_at) < $2
                 AND NOT EXISTS (SELECT 1 FROM ai_applications a WHERE a.invocation_id = i.id AND a.decided_at >= $2))",
    ),
    (
        "ai-invocation",
        "DELETE FROM ai_invocations WHERE organisation_id = $1 AND COALESCE(ended_at, began_at) < $2
             AND NOT EXISTS (SELECT 1 FROM ai_applications a WHERE a.invocation_id = ai_invocations.id)",
    ),
    (
        "notice",
        "DELETE FROM emergency_notices WHERE organisation_id = $1 AND (seen_at IS NULL OR seen_at < $2)
             AND emergency_id IN (SELECT e.id FROM emergency_accesses e WHERE e.organisation_id = $1
                 AND e.ends_at < $2 AND e.reviewed_at < $2)",
    ),
    (
        "emergency-access",
        "DELETE FROM emergency_accesses WHERE organisation_id = $1 AND ends_at < $2 AND reviewed_at < $2
             AND NOT EXISTS (SELECT 1 FROM emergency_notices n WHERE n.emergency_id = emergency_accesses.id)",
    ),
    (
        "episode-task",
        "DELETE FROM episode_tasks WHERE organisation_id = $1
             AND episode_id IN (SELECT r.id FROM rule_episodes r WHERE r.organisation_id = $1 AND r.ended_at < $2)",
    ),
    (
        "rule-episode",
        "DELETE FROM rule_episodes WHERE organisation_id = $1 AND ended_at < $2",
    ),
    (
        "packet",
        "DELETE FROM sent_packets WHERE organisation_id = $1 AND until_at < $2
             AND NOT EXISTS (SELECT 1 FROM packet_keys k WHERE k.packet_id = sent_packets.id)",
    ),
    (
        "erasure",
        "DELETE FROM erasures WHERE organisation_id = $1 AND settled_at < $2",
    ),
];

/// Removes what has been kept for as long as it had to be, and answers how many rows went. On PostgreSQL `owner` is a store of
/// the owner's role. Nothing of an organisation on hold goes.
///
/// # Errors
/// The database or the audit log failed. What went before is gone.
pub async fn sweep_expired(owner: &Store, clock: &Arc<dyn Clock>) -> Result<u64, AppError> {
    let mut removed = 0;
    for row in sql("SELECT id FROM organisations ORDER BY id").fetch_all(owner).await? {
        let organisation = row.uuid("id")?;
        let (years, held) = retention(owner, organisation).await?;
        if !held {
            removed +=
                sweep_organisation(owner, clock, organisation, years_before(clock.now(), years)).await?;
        }
    }
    Ok(removed)
}

async fn sweep_organisation(
    owner: &Store,
    clock: &Arc<dyn Clock>,
    organisation: Uuid,
    before: OffsetDateTime,
) -> Result<u64, AppError> {
    let mut removed = 0;
    let mut transaction = owner.begin().await?;
    for (what, statement) in KEPT_AS_THE_LOG {
        let rows = sql(statement).bind(organisation).bind(before).execute(&mut transaction).await?;
        if rows > 0 {
            let context = AuditContext::system(Arc::clone(clock), organisation, "sweep");
            audit::append(
                &mut transaction,
                &context,
                Event::new(Action::Delete).entity(what).note("expired"),
            )
            .await?;
        }
        removed += rows;
    }
    transaction.commit().await?;
    Ok(removed)
}

impl App {
    /// The subcommand `sweep`.
    pub(super) async fn sweep(&self, foundation: &Foundation) -> Result<String, AppError> {
        let erased =
            carry_out(&foundation.store, &foundation.keys(), &foundation.clock, self.entities).await?;
        let removed = sweep_expired(&foundation.store, &foundation.clock).await?;
        let keeper = self.keeper(foundation);
        let context = AuditContext::environment(Arc::clone(&foundation.clock), "sweep");
        let events = match audit::sweep(&foundation.store, &keeper, &context, None).await {
            Ok(events) => format!("{events} audit events"),
            // Beside an app that runs, its signer has the witness, without which no event goes.
            Err(SweepError::Keeper(_)) => {
                "no audit events, since their signer is busy with the app that runs".to_owned()
            }
            Err(SweepError::Store(error)) => return Err(error.into()),
            Err(SweepError::Audit(error)) => return Err(error.into()),
        };
        let _busy = keeper.close().await;
        Ok(format!(
            "{} erasures carried out ({} records, {} references in the audit log), {} wait; {removed} expired rows and {events} removed",
            erased.orders, erased.removed, erased.rewritten, erased.waiting
        ))
    }

    /// Does the same every hour for as long as the app serves, where the database is its own. On PostgreSQL it says when somebody
    /// has to.
    pub(super) async fn keep_house(self, services: Services) {
        let mut hours = tokio::time::interval(EVERY);
        loop {
            hours.tick().await;
            let failed = match services.store.is_postgres() {
                _ if services.settings.read_only.is_some() => None,
                true => overdue(&services).await,
                false => self.swept(&services).await.err().map(|_| ("sweep-failed", None)),
            };
            if let Some((what, count)) = failed {
                services.log.write(services.clock.now(), &Entry::Happened { what, count });
            }
        }
    }

    /// Carries out what is due once, where the database is the app's own.
    ///
    /// # Errors
    /// The database or the audit log failed. What was done before is done.
    pub async fn swept(&self, services: &Services) -> Result<(), AppError> {
        carry_out(&services.store, &services.keys, &services.clock, self.entities).await?;
        sweep_expired(&services.store, &services.clock).await?;
        let context = AuditContext::environment(Arc::clone(&services.clock), "sweep");
        match audit::sweep(&services.store, &services.keeper, &context, None).await {
            // It is tried again in an hour.
            Ok(_) | Err(SweepError::Keeper(_)) => Ok(()),
            Err(SweepError::Store(error)) => Err(error.into()),
            Err(SweepError::Audit(error)) => Err(error.into()),
        }
    }

    /// The subcommand `sweep`, for tests.
    ///
    /// # Errors
    /// As for the subcommand.
    pub(crate) async fn swept_as_owner(&self, settings: super::Settings) -> Result<String, AppError> {
        self.done_as_owner(settings, async |foundation| self.sweep(foundation).await).await
    }
}

/// How many erasures have waited for their owner for a day.
async fn overdue(services: &Services) -> Option<(&'static str, Option<u64>)> {
    let organisations =
        sql("SELECT id FROM organisations ORDER BY id").fetch_all(&services.store).await.ok()?;
    let mut waiting = 0;
    for row in organisations {
        let context = crate::store::PolicyContext {
            person: None,
            organisation: Some(row.uuid("id").ok()?),
            roles: Vec::new(),
            action: "view",
            now: services.clock.now(),
        };
        let mut reading = services.store.begin_as(&context).await.ok()?;
        let row = sql("SELECT count(*) AS n FROM erasures WHERE carried_out_at IS NULL AND due_at < $1")
            .bind(services.clock.now() - time::Duration::DAY)
            .fetch_one(&mut reading)
            .await
            .ok()?;
        waiting += u64::try_from(row.integer("n").ok()?).unwrap_or(0);
    }
    (waiting > 0).then_some(("erasures-wait-for-sweep", Some(waiting)))
}
