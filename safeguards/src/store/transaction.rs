//! A transaction: all of it or nothing, on both databases by the same rules.

use std::fmt;

use sqlx::Postgres;
use time::OffsetDateTime;
use uuid::Uuid;

use super::changes::{Change, Changes};
use super::readers::Reader;
use super::statement::{Outcome, Statement, Wanted};
use super::writer::Lease;
use super::{Result, Row, Store, StoreError, postgres, sqlite};

/// Who acts, for PostgreSQL's row-level security; set in the same message that begins the transaction.
/// On SQLite, where the policy stands in the statement alone, it is not used.
#[derive(Clone, Debug)]
pub struct PolicyContext {
    /// `app.person`: who acts.
    pub person: Option<Uuid>,
    /// `app.organisation`: in which organisation.
    pub organisation: Option<Uuid>,
    /// `app.roles`: the names of the roles; none may hold a comma.
    pub roles: Vec<String>,
    /// `app.action`: the name of the action, such as `view`.
    pub action: &'static str,
    /// `app.now`: the moment by which grants are judged.
    pub now: OffsetDateTime,
}

/// An open transaction. Dropped without [`Transaction::commit`], it is rolled back.
///
/// After a failed statement nothing more can be done in it and it cannot be committed; this is
/// PostgreSQL's rule, and SQLite is held to it.
#[must_use = "a transaction that is dropped is rolled back"]
pub struct Transaction {
    inner: Inner,
    /// Set while a statement runs and cleared when it succeeds, so that one whose future was dropped
    /// half-way counts as failed.
    failed: bool,
    /// What is told once it is durable, and where.
    changes: Vec<Change>,
    told_at: Changes,
}

enum Inner {
    Sqlite(Lease),
    SqliteSnapshot(Reader),
    Postgres { transaction: sqlx::Transaction<'static, Postgres>, cached: bool },
}

impl Transaction {
    pub(super) async fn begin(store: &Store, context: Option<&PolicyContext>) -> Result<Self> {
        let inner = match store {
            Store::Sqlite(store) => Inner::Sqlite(store.writer.lease().await?),
            Store::Postgres(store) => Inner::Postgres {
                transaction: store.begin(context).await?,
                cached: store.options.statement_cache,
            },
        };
        Ok(Self { inner, failed: false, changes: Vec::new(), told_at: store.changes().clone() })
    }

    pub(super) async fn snapshot(store: &Store) -> Result<Self> {
        let inner = match store {
            Store::Sqlite(store) => Inner::SqliteSnapshot(store.snapshot().await?),
            Store::Postgres(store) => Inner::Postgres {
                transaction: store.snapshot().await?,
                cached: store.options.statement_cache,
            },
        };
        Ok(Self { inner, failed: false, changes: Vec::new(), told_at: store.changes().clone() })
    }

    /// Keeps everything; answers when it is durable. A transaction in which a statement failed is
    /// rolled back instead, and this says [`StoreError::Aborted`]. What it changed is told in this process then, and not
    /// before.
    pub async fn commit(self) -> Result<()> {
        let Self { inner, failed, changes, told_at } = self;
        Self::end(inner, failed).await?;
        told_at.tell(changes);
        Ok(())
    }

    async fn end(inner: Inner, failed: bool) -> Result<()> {
        match (inner, failed) {
            (Inner::Sqlite(lease), false) => lease.commit().await,
            (Inner::Postgres { transaction, .. }, false) => Ok(transaction.commit().await?),
            // It has read only, so both ends are the same.
            (Inner::SqliteSnapshot(mut reader), false) => reader.end().await,
            (Inner::SqliteSnapshot(mut reader), true) => {
                reader.end().await?;
                Err(StoreError::Aborted)
            }
            (Inner::Sqlite(lease), true) => {
                drop(lease);
                Err(StoreError::Aborted)
            }
            (Inner::Postgres { transaction, .. }, true) => {
                transaction.rollback().await?;
                Err(StoreError::Aborted)
            }
        }
    }

    /// Keeps nothing.
    pub async fn rollback(self) -> Result<()> {
        match self.inner {
            Inner::Sqlite(lease) => {
                drop(lease);
                Ok(())
            }
            Inner::SqliteSnapshot(mut reader) => reader.end().await,
            Inner::Postgres { transaction, .. } => Ok(transaction.rollback().await?),
        }
    }

    /// Remembers what is to be told of this transaction once it is durable.
    pub(crate) fn changed(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// Whether this runs on PostgreSQL, for the few statements that each database writes its own way.
    pub fn is_postgres(&self) -> bool {
        matches!(self.inner, Inner::Postgres { .. })
    }

    /// What is done from here on, for PostgreSQL's row-level security: one write may carry another.
    pub(crate) async fn act(&mut self, action: &'static str) -> Result<()> {
        if !self.is_postgres() {
            return Ok(());
        }
        super::sql("SELECT set_config('app.action', $1, true) AS action")
            .bind(action)
            .fetch_one(self)
            .await
            .map(drop)
    }

    /// In which roles it is done from here on, too: what the app does by itself in the course of somebody's write.
    pub(crate) async fn act_as(&mut self, context: &PolicyContext) -> Result<()> {
        if !self.is_postgres() {
            return Ok(());
        }
        super::sql(
            "SELECT set_config('app.action', $1, true) AS action, set_config('app.roles', $2, true) AS roles",
        )
        .bind(context.action)
        .bind(context.roles.join(","))
        .fetch_one(self)
        .await
        .map(drop)
    }

    pub(super) async fn run(&mut self, statement: Statement, wanted: Wanted) -> Result<Outcome> {
        if self.failed {
            return Err(StoreError::Aborted);
        }
        self.failed = true;
        let outcome = match &mut self.inner {
            Inner::Sqlite(lease) => lease.run(statement, wanted).await,
            Inner::SqliteSnapshot(reader) => sqlite::run(reader.connection()?, statement, wanted).await,
            Inner::Postgres { transaction, cached } => {
                postgres::run(transaction, statement, wanted, *cached).await
            }
        }?;
        self.failed = false;
        Ok(outcome)
    }

    pub(super) async fn run_each(
        &mut self,
        statement: Statement,
        each: &mut (dyn FnMut(Row) -> Result<()> + Send),
    ) -> Result<()> {
        if self.failed {
            return Err(StoreError::Aborted);
        }
        self.failed = true;
        match &mut self.inner {
            Inner::Sqlite(lease) => lease.run_each(statement, each).await,
            Inner::SqliteSnapshot(reader) => sqlite::run_each(reader.connection()?, statement, each).await,
            Inner::Postgres { transaction, cached } => {
                postgres::run_each(transaction, statement, each, *cached).await
            }
        }?;
        self.failed = false;
        Ok(())
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Transaction").field("failed", &self.failed).finish_non_exhaustive()
    }
}
