//! Legal holds: placed and lifted by the operator, by name and reason.

use safeguards::audit::{Action, Event, append};
use safeguards::sql;
use time::OffsetDateTime;

use super::departure::Lifecycle;
use super::error::DepartureError;
use crate::ids::{AccountId, HoldId, ProjectId};

/// A hold that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Its id.
    pub id: HoldId,
    /// Why it stands.
    pub reason: String,
    /// Since when.
    pub placed_at: OffsetDateTime,
}

impl Lifecycle {
    /// Places a hold on a project: from now on nothing of it is destroyed. `by` names the person at the operator.
    ///
    /// # Errors
    /// [`DepartureError::TooLate`] once destruction has begun.
    pub async fn place_hold(
        &self,
        account: AccountId,
        project: ProjectId,
        reason: &str,
        by: &str,
    ) -> Result<HoldId, DepartureError> {
        let reason = reason.trim();
        if reason.is_empty() || by.trim().is_empty() {
            return Err(DepartureError::Reason);
        }
        let (id, now) = (HoldId::new(self.platform.ids.next()), self.platform.clock.now());
        let mut transaction = self.platform.store.begin().await?;
        // The row is locked, so that a destruction that begins at this moment waits for the answer, or has begun.
        sql("UPDATE departures SET state = state WHERE project_id = $1")
            .bind(project)
            .execute(&mut transaction)
            .await?;
        let begun = sql("SELECT 1 AS one FROM departures WHERE project_id = $1 AND account_id = $2
             AND state IN ('destroying', 'destroyed') AND organisation_id IS NULL")
        .bind(project)
        .bind(account)
        .fetch_optional(&mut transaction)
        .await?;
        if begun.is_some() {
            return Err(DepartureError::TooLate);
        }
        let placed = sql(
            "INSERT INTO legal_holds (id, account_id, project_id, reason, placed_at, placed_by)
             SELECT $1, p.account_id, p.id, $4, $5, $6 FROM projects p WHERE p.id = $3 AND p.account_id = $2",
        )
        .bind(id)
        .bind(account)
        .bind(project)
        .bind(reason)
        .bind(now)
        .bind(by.trim())
        .execute(&mut transaction)
        .await?;
        if placed == 0 {
            return Err(DepartureError::NotFound);
        }
        let event = Event::new(Action::Configure).entity("legal hold").record(id.uuid()).note("placed");
        append(&mut transaction, &self.context(account, None), event).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Lifts a hold. What waited for it goes on at once.
    ///
    /// # Errors
    /// [`DepartureError::NotFound`] where none stands under this id.
    pub async fn lift_hold(&self, account: AccountId, hold: HoldId, by: &str) -> Result<(), DepartureError> {
        let now = self.platform.clock.now();
        let mut transaction = self.platform.store.begin().await?;
        let lifted = sql("UPDATE legal_holds SET lifted_at = $3, lifted_by = $4
             WHERE id = $1 AND account_id = $2 AND lifted_at IS NULL")
        .bind(hold)
        .bind(account)
        .bind(now)
        .bind(by)
        .execute(&mut transaction)
        .await?;
        if lifted == 0 {
            return Err(DepartureError::NotFound);
        }
        let waiting = sql("SELECT d.id FROM departures d JOIN legal_holds h ON h.project_id = d.project_id
             WHERE h.id = $1 AND d.state = 'window' AND d.window_ends_at <= $2")
        .bind(hold)
        .bind(now)
        .fetch_all(&mut transaction)
        .await?;
        for row in waiting {
            let key = super::work::key(crate::ids::DepartureId::new(row.uuid("id")?));
            self.platform.operations.hasten(&mut transaction, &key).await?;
        }
        let event = Event::new(Action::Configure).entity("legal hold").record(hold.uuid()).note("lifted");
        append(&mut transaction, &self.context(account, None), event).await?;
        transaction.commit().await?;
        self.platform.operations.wake();
        Ok(())
    }

    /// The holds that stand on a project, oldest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn holds(&self, account: AccountId, project: ProjectId) -> Result<Vec<Hold>, DepartureError> {
        let rows = sql("SELECT id, reason, placed_at FROM legal_holds
             WHERE project_id = $1 AND account_id = $2 AND lifted_at IS NULL ORDER BY placed_at, id")
        .bind(project)
        .bind(account)
        .fetch_all(&self.platform.store)
        .await?;
        let hold = |row: &safeguards::store::Row| -> Result<Hold, DepartureError> {
            Ok(Hold {
                id: HoldId::new(row.uuid("id")?),
                reason: row.text("reason")?,
                placed_at: row.timestamp("placed_at")?,
            })
        };
        rows.iter().map(hold).collect()
    }
}
