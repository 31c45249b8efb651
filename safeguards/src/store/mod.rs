//! The store: one set of statements over two databases.
//!
//! A statement is a literal with bound values, `sql("… WHERE id = $1").bind(id)`, and runs on a
//! [`Store`] or inside a [`Transaction`]. What stands in the statements is the common subset of
//! SQLite and PostgreSQL; schemas are written for each ([`Migration`]). Generated code never names a
//! driver: everything here answers by a boxed future, and the drivers compile once, in this crate.
//!
//! SQLite is always SQLCipher, with one writer and many readers ([`SqliteOptions`]); a write that was
//! acknowledged is on disk, as on PostgreSQL. PostgreSQL knows three roles an environment (owner, app
//! and reader); the app's own can neither change the schema nor pass by row-level security.
//!
//! Nothing in this module prints a value, a key or a password; errors name rules, never rows.

mod changes;
mod error;
pub mod gate;
mod interim;
mod migrations;
mod postgres;
mod provision;
mod readers;
mod row;
mod sqlite;
mod statement;
mod text;
mod transaction;
mod value;
mod writer;

use changes::Changes;
pub(crate) use changes::{Change, ChangedRow};
pub use error::StoreError;
pub use migrations::{AppliedMigration, Migration, MigrationSet, SYSTEM_MIGRATIONS};
pub use postgres::{DatabaseAddress, PostgresOptions, PostgresStore};
pub use provision::{Environment, ProvisionedAddresses, provision};
pub use row::Row;
pub use sqlite::{DatabaseKey, SqliteOptions, SqliteStore};
pub use statement::{Pending, Statement, Target, sql};
pub use text::Text;
pub use transaction::{PolicyContext, Transaction};
#[cfg(feature = "tenant")]
pub(crate) use value::timestamp_text;
pub use value::{Kind, Typed, Value};

/// What a store answers.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// An open database. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Store {
    /// An SQLCipher file.
    Sqlite(SqliteStore),
    /// A PostgreSQL database, as one role.
    Postgres(PostgresStore),
}

impl Store {
    /// Opens an SQLCipher file. A wrong key is [`StoreError::Sealed`].
    pub async fn open_sqlite(options: SqliteOptions) -> Result<Self> {
        SqliteStore::open(options).await.map(Self::Sqlite)
    }

    /// Connects to PostgreSQL.
    pub async fn open_postgres(options: PostgresOptions) -> Result<Self> {
        PostgresStore::open(options).await.map(Self::Postgres)
    }

    /// Begins a transaction. On SQLite this waits for the one writer, in the order of asking.
    pub async fn begin(&self) -> Result<Transaction> {
        Transaction::begin(self, None).await
    }

    /// Begins a transaction in which PostgreSQL's row-level security knows who acts.
    pub async fn begin_as(&self, context: &PolicyContext) -> Result<Transaction> {
        Transaction::begin(self, Some(context)).await
    }

    /// Begins a transaction that only reads and sees the database as it is at this moment, however long
    /// it lasts. It hinders no writer.
    pub async fn snapshot(&self) -> Result<Transaction> {
        Transaction::snapshot(self).await
    }

    /// Applies what is missing of `sets`, in their order; the library's own set comes first, always.
    /// On PostgreSQL this store must have been opened as the owner.
    pub async fn migrate(&self, sets: &[MigrationSet]) -> Result<Vec<AppliedMigration>> {
        migrations::migrate(self, sets).await
    }

    /// What of `sets` (and of the library's own set) is not applied yet. A changed migration is an error.
    pub async fn pending_migrations(&self, sets: &[MigrationSet]) -> Result<Vec<AppliedMigration>> {
        migrations::pending(self, sets).await
    }

    /// Where this process tells what was committed.
    pub(crate) fn changes(&self) -> &Changes {
        match self {
            Self::Sqlite(store) => &store.changes,
            Self::Postgres(store) => &store.changes,
        }
    }

    /// Whether this is PostgreSQL, for the few statements that each database writes its own way.
    pub fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        sql("SELECT 1 AS one").fetch_one(self).await.map(drop)
    }

    /// Waits for open work, then closes every connection. SQLite's log is copied into its file. On SQLite
    /// a store that is merely dropped stays open until the process ends.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Postgres(store) => store.close().await,
        }
    }
}
