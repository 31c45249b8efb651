//! Migrations: numbered SQL, applied once, in order, and never changed afterwards.
//!
//! The library's own tables are a set of their own (`system`) and come first; an app adds its set
//! after them, so that the numbers of the two never meet. Each migration is one transaction. What was
//! applied is remembered with a SHA-256 of its text: a migration that was edited later is refused,
//! and one that only a newer program knows is left alone (expand, switch, contract: the old program
//! goes on working in between).
//!
//! Two things are refused in a migration for SQLite, since the group commit of the writer rests on
//! each statement failing by itself: constraints that are checked only at the commit, and triggers
//! that roll the whole transaction back.

use aws_lc_rs::digest::{SHA256, digest};
use sqlx::{Connection, Executor, SqlSafeStr};

use super::{Result, Store, StoreError, sql};

/// One step of a schema.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its number, unique in its set.
    pub version: i64,
    /// Its name, number and all, such as `0001_patients`.
    pub name: &'static str,
    /// Its text: any number of statements.
    pub sql: &'static str,
}

/// The steps of one part of a schema, for each database.
#[derive(Clone, Copy, Debug)]
pub struct MigrationSet {
    /// The name of the part: `system` for the library, `app` for the app.
    pub name: &'static str,
    /// The steps for SQLite.
    pub sqlite: &'static [Migration],
    /// The steps for PostgreSQL.
    pub postgres: &'static [Migration],
}

/// A migration by name: one that was applied just now, or one that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedMigration {
    /// The name of its set.
    pub set: &'static str,
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: &'static str,
}

macro_rules! files {
    ($database:literal: $($version:literal $name:literal,)*) => {
        &[$(Migration {
            version: $version,
            name: $name,
            sql: include_str!(concat!($database, "/", $name, ".sql")),
        }),*]
    };
}

include!("../../migrations/list.rs");

const TABLE_SQLITE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    part TEXT NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    checksum BLOB NOT NULL,
    applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    PRIMARY KEY (part, version)
) STRICT";

const TABLE_POSTGRES: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    part text NOT NULL,
    version bigint NOT NULL,
    name text NOT NULL,
    checksum bytea NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (part, version)
)";

/// Any number would do; two programs that migrate one database take turns by it.
const LOCK: &str = "SELECT pg_advisory_xact_lock(4611686018427387905)";

impl MigrationSet {
    fn steps(&self, postgres: bool) -> Vec<&'static Migration> {
        let mut steps: Vec<_> = if postgres { self.postgres } else { self.sqlite }.iter().collect();
        steps.sort_by_key(|migration| migration.version);
        steps
    }
}

fn checksum(migration: &Migration) -> Vec<u8> {
    digest(&SHA256, migration.sql.as_bytes()).as_ref().to_vec()
}

fn refused(migration: &Migration, reason: impl Into<String>) -> StoreError {
    StoreError::Migration {
        version: migration.version,
        name: migration.name.to_owned(),
        reason: reason.into(),
    }
}

pub(super) async fn pending(store: &Store, sets: &[MigrationSet]) -> Result<Vec<AppliedMigration>> {
    let exists = if store.is_postgres() {
        sql("SELECT 1 AS one WHERE to_regclass('schema_migrations') IS NOT NULL")
    } else {
        sql("SELECT 1 AS one FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'")
    };
    let known = match exists.fetch_optional(store).await? {
        Some(_) => sql("SELECT part, version, checksum FROM schema_migrations").fetch_all(store).await?,
        None => Vec::new(),
    };
    let mut applied = std::collections::HashMap::new();
    for row in known {
        applied.insert((row.text("part")?, row.integer("version")?), row.bytes("checksum")?);
    }
    let mut waiting = Vec::new();
    for set in std::iter::once(&SYSTEM_MIGRATIONS).chain(sets) {
        for step in set.steps(store.is_postgres()) {
            match applied.get(&(set.name.to_owned(), step.version)) {
                Some(before) if *before == checksum(step) => {}
                Some(_) => {
                    return Err(refused(
                        step,
                        "it was applied and has changed since; undo the edit and add a new one",
                    ));
                }
                None => {
                    waiting.push(AppliedMigration { set: set.name, version: step.version, name: step.name })
                }
            }
        }
    }
    Ok(waiting)
}

pub(super) async fn migrate(store: &Store, sets: &[MigrationSet]) -> Result<Vec<AppliedMigration>> {
    // What has changed is found before anything is applied.
    if pending(store, sets).await?.is_empty() {
        return Ok(Vec::new());
    }
    let mut applied = Vec::new();
    for set in std::iter::once(&SYSTEM_MIGRATIONS).chain(sets) {
        for step in set.steps(store.is_postgres()) {
            let fresh = match store {
                Store::Sqlite(store) => apply_sqlite(&store.options, set.name, step).await?,
                Store::Postgres(store) => apply_postgres(&store.options.address, set.name, step).await?,
            };
            if fresh {
                applied.push(AppliedMigration { set: set.name, version: step.version, name: step.name });
            }
        }
    }
    Ok(applied)
}

/// Foreign keys are off while a migration runs, since SQLite changes a table by rebuilding it, and
/// checked before it commits.
async fn apply_sqlite(
    options: &super::SqliteOptions,
    part: &'static str,
    step: &'static Migration,
) -> Result<bool> {
    let upper = step.sql.to_ascii_uppercase();
    if ["DEFERRABLE", "RAISE(ROLLBACK", "OR ROLLBACK", "ON CONFLICT ROLLBACK"]
        .iter()
        .any(|word| upper.contains(word))
    {
        return Err(refused(step, "constraints must fail with their own statement, not at the commit"));
    }
    let mut connection = options.connect_migrator().await?;
    let applied = apply_on(&mut connection, part, step).await;
    // Closed whatever happened, which rolls back what was not committed.
    connection.close().await?;
    applied
}

async fn apply_on(
    connection: &mut sqlx::SqliteConnection,
    part: &'static str,
    step: &'static Migration,
) -> Result<bool> {
    connection.execute("BEGIN IMMEDIATE").await?;
    connection.execute(TABLE_SQLITE).await?;
    let done = sqlx::query("SELECT 1 FROM schema_migrations WHERE part = $1 AND version = $2")
        .bind(part)
        .bind(step.version)
        .fetch_optional(&mut *connection)
        .await?;
    if done.is_some() {
        connection.execute("ROLLBACK").await?;
        return Ok(false);
    }
    let applied = sqlx::raw_sql(step.sql.into_sql_str()).execute(&mut *connection).await;
    applied.map_err(|error| refused(step, StoreError::from(error).to_string()))?;
    if connection.fetch_optional("PRAGMA foreign_key_check").await?.is_some() {
        return Err(refused(step, "rows would be left that belong to missing rows"));
    }
    sqlx::query("INSERT INTO schema_migrations (part, version, name, checksum) VALUES ($1, $2, $3, $4)")
        .bind(part)
        .bind(step.version)
        .bind(step.name)
        .bind(checksum(step))
        .execute(&mut *connection)
        .await?;
    connection.execute("COMMIT").await?;
    Ok(true)
}

async fn apply_postgres(
    address: &super::DatabaseAddress,
    part: &'static str,
    step: &'static Migration,
) -> Result<bool> {
    use sqlx::ConnectOptions;
    let mut connection = address.options()?.connect().await?;
    let mut transaction = connection.begin().await?;
    transaction.execute(LOCK).await?;
    transaction.execute(TABLE_POSTGRES).await?;
    let done = sqlx::query("SELECT 1 FROM schema_migrations WHERE part = $1 AND version = $2")
        .bind(part)
        .bind(step.version)
        .fetch_optional(&mut *transaction)
        .await?;
    if done.is_some() {
        return Ok(false);
    }
    let applied = sqlx::raw_sql(step.sql.into_sql_str()).execute(&mut *transaction).await;
    applied.map_err(|error| refused(step, StoreError::from(error).to_string()))?;
    sqlx::query("INSERT INTO schema_migrations (part, version, name, checksum) VALUES ($1, $2, $3, $4)")
        .bind(part)
        .bind(step.version)
        .bind(step.name)
        .bind(checksum(step))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    connection.close().await?;
    Ok(true)
}
