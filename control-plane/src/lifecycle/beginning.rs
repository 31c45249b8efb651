//! How a departure begins, and how it is called off: by an owner's word, or because what the account pays for or has
//! signed came to an end, and came back.

use safeguards::identity::PersonId;
use safeguards::{Transaction, sql};
use serde_json::json;
use uuid::Uuid;

use super::departure::{Cause, DepartureState, Lifecycle, record};
use super::error::DepartureError;
use super::reminders::WINDOW;
use super::work;
use crate::Platform;
use crate::ids::{AccountId, DepartureId, EnvironmentId, ProjectId};
use crate::operations::NewOperation;
use crate::seams::Gate;

/// What is to depart.
#[derive(Clone, Copy)]
pub(super) struct Beginning {
    /// Whose it is.
    pub(super) account: AccountId,
    /// Of which project.
    pub(super) project: ProjectId,
    /// The one organisation that leaves, where the rest stays.
    pub(super) organisation: Option<(EnvironmentId, Uuid)>,
    /// Who asked for it; nobody where the account's own end did.
    pub(super) by: Option<PersonId>,
}

impl Beginning {
    fn cause(&self) -> Cause {
        if self.by.is_some() { Cause::Owner } else { Cause::Account }
    }
}

/// Opens the window, in the caller's transaction. Asked for twice, it is one departure.
async fn begin(
    platform: &Platform,
    transaction: &mut Transaction,
    beginning: Beginning,
) -> Result<DepartureId, DepartureError> {
    let Beginning { account, project, organisation, by } = beginning;
    let (id, now) = (DepartureId::new(platform.ids.next()), platform.clock.now());
    let (environment, organisation) = organisation.unzip();
    let begun =
        sql("INSERT INTO departures (id, account_id, project_id, environment_id, organisation_id, state,
                 cancelled_at, cancelled_by_id, window_ends_at, cause)
             SELECT $1, p.account_id, p.id, $4, $5, 'window', $6, $7, $8, $9 FROM projects p
             WHERE p.id = $3 AND p.account_id = $2 AND p.closed_at IS NULL ON CONFLICT DO NOTHING")
        .bind(id)
        .bind(account)
        .bind(project)
        .bind(environment)
        .bind(organisation)
        .bind(now)
        // Nobody's id stands for the platform.
        .bind(by.map_or(Uuid::nil(), PersonId::uuid))
        .bind(now + WINDOW)
        .bind(beginning.cause().as_str())
        .execute(&mut *transaction)
        .await?;
    if begun == 0 {
        let open = sql("SELECT id FROM departures WHERE project_id = $1 AND account_id = $2
                 AND state IN ('window', 'destroying')
                 AND (organisation_id = $3 OR (organisation_id IS NULL AND $3 IS NULL))")
        .bind(project)
        .bind(account)
        .bind(organisation)
        .fetch_optional(&mut *transaction)
        .await?;
        return Ok(DepartureId::new(open.ok_or(DepartureError::NotFound)?.uuid("id")?));
    }
    let operation = NewOperation {
        kind: work::DEPARTURE,
        key: work::key(id),
        lane: None,
        account: Some(account),
        request: json!({ "departure": id }),
        first_step: "close",
        due_at: None,
    };
    platform.operations.enqueue(transaction, operation).await?;
    record(platform, transaction, account, by, id, "cancelled").await?;
    Ok(id)
}

/// Calls a departure off, in the caller's transaction; false where its window is over, or where it was called off before.
async fn call_off(
    platform: &Platform,
    transaction: &mut Transaction,
    account: AccountId,
    departure: DepartureId,
    by: Option<PersonId>,
) -> Result<bool, DepartureError> {
    let returned = sql("UPDATE departures SET state = 'returned', returned_at = $3
             WHERE id = $1 AND account_id = $2 AND state = 'window'")
    .bind(departure)
    .bind(account)
    .bind(platform.clock.now())
    .execute(&mut *transaction)
    .await?;
    if returned == 0 {
        return Ok(false);
    }
    platform.operations.cancel(transaction, &work::key(departure)).await?;
    let operation = NewOperation {
        kind: work::RETURN,
        key: format!("return:{departure}"),
        lane: None,
        account: Some(account),
        request: json!({ "departure": departure }),
        first_step: "open",
        due_at: None,
    };
    platform.operations.enqueue(transaction, operation).await?;
    record(platform, transaction, account, by, departure, "called off").await?;
    Ok(true)
}

/// Brings the account's departures in line with what its production may do, in the transaction that judged it: production
/// departs when the plan or the agreement has ended, and comes back with them (HC-12).
pub(crate) async fn follow(
    platform: &Platform,
    transaction: &mut Transaction,
    account: AccountId,
    production: Gate,
) -> Result<(), DepartureError> {
    match production {
        Gate::NotStarted => {}
        Gate::ExportWindow | Gate::Nothing => {
            let rows = sql("SELECT DISTINCT e.project_id FROM environments e
                 WHERE e.account_id = $1 AND e.kind = 'production' AND e.destroyed_at IS NULL
                     AND NOT EXISTS (SELECT 1 FROM departures d WHERE d.project_id = e.project_id
                         AND d.organisation_id IS NULL AND d.state IN ('window', 'destroying'))
                 ORDER BY e.project_id")
            .bind(account)
            .fetch_all(&mut *transaction)
            .await?;
            for row in rows {
                let project = ProjectId::new(row.uuid("project_id")?);
                let beginning = Beginning { account, project, organisation: None, by: None };
                begin(platform, transaction, beginning).await?;
            }
        }
        Gate::ReadAndWrite | Gate::ReadOnly => {
            let rows = sql("SELECT id FROM departures
                 WHERE account_id = $1 AND cause = 'account' AND state = 'window' ORDER BY id")
            .bind(account)
            .fetch_all(&mut *transaction)
            .await?;
            for row in rows {
                let departure = DepartureId::new(row.uuid("id")?);
                call_off(platform, transaction, account, departure, None).await?;
            }
        }
    }
    Ok(())
}

impl Lifecycle {
    pub(super) async fn begin(&self, beginning: Beginning) -> Result<DepartureId, DepartureError> {
        let mut transaction = self.platform.store.begin().await?;
        let id = begin(&self.platform, &mut transaction, beginning).await?;
        transaction.commit().await?;
        self.platform.operations.wake();
        Ok(id)
    }

    /// Calls a departure off: everything is as it was.
    ///
    /// # Errors
    /// [`DepartureError::TooLate`] once destruction has begun; [`DepartureError::Account`] where the account's plan or
    /// agreement has ended, which only paying or signing again takes back.
    pub async fn come_back(
        &self,
        account: AccountId,
        departure: DepartureId,
        by: PersonId,
    ) -> Result<(), DepartureError> {
        if self.find(account, departure).await?.cause == Cause::Account {
            return Err(DepartureError::Account);
        }
        let mut transaction = self.platform.store.begin().await?;
        if !call_off(&self.platform, &mut transaction, account, departure, Some(by)).await? {
            drop(transaction);
            return match self.find(account, departure).await?.state {
                DepartureState::Returned => Ok(()),
                _ => Err(DepartureError::TooLate),
            };
        }
        transaction.commit().await?;
        self.platform.operations.wake();
        Ok(())
    }
}
