//! The table of operations.

use std::sync::Arc;

use safeguards::store::Row;
use safeguards::{Clock, Ids, Store, StoreError, Transaction, sql};
use serde_json::Value;
use time::{Duration, OffsetDateTime};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::ids::{AccountId, OperationId};

/// How long a worker holds an operation without a sign of life.
pub(super) const LEASE: Duration = Duration::seconds(60);

/// What is to be done.
#[derive(Clone, Debug)]
pub struct NewOperation {
    /// Which work does it.
    pub kind: &'static str,
    /// Enqueued twice under one key, it is one operation; such as `build:{id}`.
    pub key: String,
    /// Of the operations in a lane, the oldest open one alone is worked on; such as `environment:{id}`.
    pub lane: Option<String>,
    /// Whose it is.
    pub account: Option<AccountId>,
    /// What the work needs to know. Ids and numbers; never a prompt, a name or a secret.
    pub request: Value,
    /// The step that it begins with.
    pub first_step: &'static str,
    /// Not before this moment.
    pub due_at: Option<OffsetDateTime>,
}

/// Where an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OperationState {
    /// It waits or is worked on.
    Open,
    /// It ended as it was asked to.
    Done,
    /// It was given up.
    Failed,
    /// It was called off.
    Cancelled,
}

impl OperationState {
    /// The spelling in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        [Self::Open, Self::Done, Self::Failed, Self::Cancelled]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| StoreError::Column { column: "state".into(), expected: "a state of an operation" })
    }
}

/// An operation as the table has it.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// Which work does it.
    pub kind: String,
    /// Its unique key.
    pub key: String,
    /// Whose it is.
    pub account: Option<AccountId>,
    /// What was asked for.
    pub request: Value,
    /// What the steps so far found out.
    pub notes: Value,
    /// The step that comes next.
    pub step: String,
    /// Where it is.
    pub state: OperationState,
    /// How often this step was tried, this time included while it runs.
    pub attempts: u32,
    /// When its next step may begin.
    pub due_at: OffsetDateTime,
    /// How often it was taken.
    pub fence: i64,
    /// Why the last try failed, or the whole.
    pub failure: Option<String>,
    /// When it was enqueued.
    pub created_at: OffsetDateTime,
}

impl Operation {
    /// The id that its request has under this name; none where another release wrote it otherwise.
    #[must_use]
    pub fn names(&self, field: &str) -> Option<Uuid> {
        self.request.get(field)?.as_str()?.parse().ok()
    }

    fn of(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: OperationId::new(row.uuid("id")?),
            kind: row.text("kind")?,
            key: row.text("unique_key")?,
            account: row.optional_uuid("account_id")?.map(AccountId::new),
            request: row.json("request")?,
            notes: row.json("notes")?,
            step: row.text("step")?,
            state: OperationState::parse(&row.text("state")?)?,
            attempts: u32::try_from(row.integer("attempts")?).unwrap_or(u32::MAX),
            due_at: row.timestamp("due_at")?,
            fence: row.integer("fence")?,
            failure: row.optional_text("failure")?,
            created_at: row.timestamp("created_at")?,
        })
    }
}

/// The operations of the platform. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Operations {
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    pub(super) news: Arc<Notify>,
}

impl Operations {
    /// The operations in the platform's database.
    #[must_use]
    pub fn new(store: Store, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        Self { store, clock, ids, news: Arc::default() }
    }

    /// Enqueues in the caller's transaction; an operation that is there already under the key stays as it
    /// is, whatever its state. Call [`Operations::wake`] after the commit.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn enqueue(
        &self,
        transaction: &mut Transaction,
        new: NewOperation,
    ) -> Result<OperationId, StoreError> {
        let now = self.clock.now();
        sql("INSERT INTO operations (id, kind, unique_key, lane, account_id, request, notes, step, state, due_at,
                 created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, $10, $10) ON CONFLICT (unique_key) DO NOTHING")
        .bind(self.ids.next())
        .bind(new.kind)
        .bind(&new.key)
        .bind(new.lane)
        .bind(new.account)
        .bind(new.request)
        .bind(Value::Object(serde_json::Map::new()))
        .bind(new.first_step)
        .bind(new.due_at.unwrap_or(now))
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        let row = sql("SELECT id FROM operations WHERE unique_key = $1")
            .bind(&new.key)
            .fetch_one(transaction)
            .await?;
        Ok(OperationId::new(row.uuid("id")?))
    }

    /// Tells engines of this process that there may be something to do, so that they need not wait for
    /// their next look.
    pub fn wake(&self) {
        self.news.notify_waiters();
    }

    /// The operation under a key.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn find(&self, key: &str) -> Result<Option<Operation>, StoreError> {
        let row = sql(
            "SELECT id, kind, unique_key, account_id, request, notes, step, state, attempts, due_at, fence,
                 failure, created_at FROM operations WHERE unique_key = $1",
        )
        .bind(key)
        .fetch_optional(&self.store)
        .await?;
        row.as_ref().map(Operation::of).transpose()
    }

    /// Calls an open operation off, in the caller's transaction; false if it was not open. A worker that is
    /// at it is refused when it wants to end its step, and stopped at its next sign of life.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn cancel(&self, transaction: &mut Transaction, key: &str) -> Result<bool, StoreError> {
        let changed =
            sql("UPDATE operations SET state = 'cancelled', fence = fence + 1, leased_until = NULL,
                 updated_at = $2, finished_at = $2 WHERE unique_key = $1 AND state = 'open'")
            .bind(key)
            .bind(self.clock.now())
            .execute(transaction)
            .await?;
        Ok(changed == 1)
    }

    /// Makes an open operation due now, in the caller's transaction; false if it was not open.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn hasten(&self, transaction: &mut Transaction, key: &str) -> Result<bool, StoreError> {
        let changed = sql("UPDATE operations SET due_at = $2 WHERE unique_key = $1 AND state = 'open'")
            .bind(key)
            .bind(self.clock.now())
            .execute(transaction)
            .await?;
        Ok(changed == 1)
    }

    /// Ends every lease. For the start of a process that knows itself to be the only one on this database:
    /// whoever held a lease is dead.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn end_leases(&self) -> Result<u64, StoreError> {
        sql("UPDATE operations SET leased_until = NULL, fence = fence + 1
             WHERE state = 'open' AND leased_until IS NOT NULL")
        .execute(&self.store)
        .await
    }

    /// Takes the next operation that is due, under a lease.
    pub(super) async fn take(&self) -> Result<Option<Operation>, StoreError> {
        let now = self.clock.now();
        // The outer conditions are judged again where another worker was faster.
        let row = sql("UPDATE operations SET leased_until = $2, fence = fence + 1, attempts = attempts + 1,
                 updated_at = $1
             WHERE id = (SELECT o.id FROM operations o
                     WHERE o.state = 'open' AND o.due_at <= $1 AND (o.leased_until IS NULL OR o.leased_until <= $1)
                         AND NOT EXISTS (SELECT 1 FROM operations e
                             WHERE e.lane = o.lane AND e.state = 'open' AND e.id < o.id)
                     ORDER BY o.due_at, o.id LIMIT 1)
                 AND state = 'open' AND (leased_until IS NULL OR leased_until <= $1)
             RETURNING id, kind, unique_key, account_id, request, notes, step, state, attempts, due_at, fence, failure,
                 created_at")
        .bind(now)
        .bind(now + LEASE)
        .fetch_optional(&self.store)
        .await?;
        row.as_ref().map(Operation::of).transpose()
    }

    /// A sign of life; false if the operation is no longer this worker's.
    pub(super) async fn renew(&self, operation: &Operation) -> Result<bool, StoreError> {
        let changed =
            sql("UPDATE operations SET leased_until = $3 WHERE id = $1 AND fence = $2 AND state = 'open'")
                .bind(operation.id)
                .bind(operation.fence)
                .bind(self.clock.now() + LEASE)
                .execute(&self.store)
                .await?;
        Ok(changed == 1)
    }
}
