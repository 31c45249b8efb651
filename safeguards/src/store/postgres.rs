//! PostgreSQL: a pool of connections of one role.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection, Postgres};
use zeroize::Zeroizing;

use super::changes::Changes;
use super::row::Source;
use super::statement::{Outcome, Statement, Wanted};
use super::text::{Text, quoted_literal};
use super::value::{postgres_arguments, timestamp_text};
use super::{PolicyContext, Result, Row, StoreError};

/// The address of a PostgreSQL database, with the password of a role. `Debug` tells neither.
#[derive(Clone)]
pub struct DatabaseAddress(Arc<Zeroizing<String>>);

impl DatabaseAddress {
    /// An address such as `postgres://role:password@host:5432/database?sslmode=verify-full`, or, for
    /// a unix socket, `postgres://role@localhost/database?host=/run/postgresql`.
    pub fn new(address: impl Into<String>) -> Self {
        Self(Arc::new(Zeroizing::new(address.into())))
    }

    /// The same server, as another role, in another database.
    pub(super) fn for_role(&self, role: &str, password: &str, database: &str) -> Result<Self> {
        let options = self.options()?.username(role).password(password).database(database);
        Ok(Self::new(options.to_url_lossy().to_string()))
    }

    /// The address itself, for a configuration file that only its owner reads.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The server's unix socket, where the address names one.
    pub fn socket(&self) -> Option<PathBuf> {
        let options = self.options().ok()?;
        Some(options.get_socket()?.join(format!(".s.PGSQL.{}", options.get_port())))
    }

    pub(crate) fn options(&self) -> Result<PgConnectOptions> {
        let options: PgConnectOptions = self.0.parse().map_err(|_| StoreError::Unavailable {
            reason: "the address of the database is not of the form postgres://role:password@host/database"
                .into(),
        })?;
        let local = options.get_socket().is_some()
            || options.get_host().starts_with('/')
            || matches!(options.get_host(), "localhost" | "127.0.0.1" | "::1" | "[::1]");
        let encrypted = matches!(
            options.get_ssl_mode(),
            PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull
        );
        if !local && !encrypted {
            return Err(StoreError::Unavailable {
                reason: "a database on another machine wants TLS: add ?sslmode=verify-full to its address"
                    .into(),
            });
        }
        Ok(options.application_name("safeguards").disable_statement_logging())
    }
}

impl fmt::Debug for DatabaseAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DatabaseAddress([secret])")
    }
}

/// How to reach a PostgreSQL database.
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    /// Where, and as whom.
    pub address: DatabaseAddress,
    /// How many connections at most.
    pub connections: u32,
    /// Whether prepared statements are kept on a connection. Off behind a pooler that hands a
    /// connection to another client between two messages (pgbouncer in transaction mode before 1.21):
    /// then nothing is prepared by name, and each statement runs inside a transaction.
    pub statement_cache: bool,
}

impl PostgresOptions {
    /// Ten connections, with the statement cache on.
    pub fn new(address: DatabaseAddress) -> Self {
        Self { address, connections: 10, statement_cache: true }
    }
}

/// An open PostgreSQL database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PostgresStore {
    pub(super) options: Arc<PostgresOptions>,
    pool: PgPool,
    pub(super) changes: Changes,
}

impl PostgresStore {
    pub(super) async fn open(options: PostgresOptions) -> Result<Self> {
        let mut connect = options.address.options()?;
        if !options.statement_cache {
            connect = connect.statement_cache_capacity(0);
        }
        let pool = PgPoolOptions::new()
            .max_connections(options.connections.max(1))
            .acquire_timeout(Duration::from_secs(10))
            .idle_timeout(Duration::from_secs(300))
            .test_before_acquire(false)
            // A connection in use a moment ago is not asked whether it lives: that would double the road.
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > Duration::from_secs(10) {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(connect)
            .await?;
        Ok(Self { options: Arc::new(options), pool, changes: Changes::new() })
    }

    pub(super) async fn run(&self, statement: Statement, wanted: Wanted) -> Result<Outcome> {
        if self.options.statement_cache {
            let mut connection = self.pool.acquire().await?;
            return run(&mut connection, statement, wanted, true).await;
        }
        let mut transaction = self.begin_with(Text::literal("BEGIN")).await?;
        let outcome = run(&mut transaction, statement, wanted, false).await?;
        transaction.commit().await?;
        Ok(outcome)
    }

    pub(super) async fn begin(
        &self,
        context: Option<&PolicyContext>,
    ) -> Result<sqlx::Transaction<'static, Postgres>> {
        self.begin_with(match context {
            None => Text::literal("BEGIN"),
            Some(context) => opening(context)?,
        })
        .await
    }

    /// A reader that sees one moment, however long it reads.
    pub(super) async fn snapshot(&self) -> Result<sqlx::Transaction<'static, Postgres>> {
        self.begin_with(Text::literal("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")).await
    }

    /// Begins a transaction to the end, whether or not its caller still waits.
    ///
    /// A caller who goes away while `BEGIN` is under way (a browser that closes its connection) would leave a connection
    /// of the pool inside a transaction that sqlx 0.9.0 does not know of: what the next one writes there is answered as
    /// kept, and is never committed (sqlx issue 4393). In a task of its own it is begun, and rolled back as any transaction
    /// is that nobody takes.
    async fn begin_with(&self, opening: Text) -> Result<sqlx::Transaction<'static, Postgres>> {
        let pool = self.pool.clone();
        let begun = tokio::spawn(async move { pool.begin_with(opening.into_sql()).await });
        match begun.await {
            Ok(begun) => Ok(begun?),
            Err(stopped) => Err(StoreError::Unavailable { reason: stopped.to_string() }),
        }
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

/// `BEGIN` and the settings that row-level security reads, in one message. Settings cannot be bound
/// in such a batch, so each goes through [`quoted_literal`]; they are local to the transaction.
fn opening(context: &PolicyContext) -> Result<Text> {
    let uuid = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let settings = [
        ("app.person", uuid(context.person)),
        ("app.organisation", uuid(context.organisation)),
        ("app.roles", context.roles.join(",")),
        ("app.action", context.action.to_owned()),
        ("app.now", timestamp_text(context.now)?),
    ];
    let calls: Vec<String> = settings
        .iter()
        .map(|(name, value)| format!("set_config('{name}', {}, true)", quoted_literal(value)))
        .collect();
    Ok(Text::composed(format!("BEGIN; SELECT {}", calls.join(", "))))
}

/// Runs one statement on one connection.
pub(super) async fn run(
    connection: &mut PgConnection,
    statement: Statement,
    wanted: Wanted,
    cached: bool,
) -> Result<Outcome> {
    let query =
        sqlx::query_with(statement.text.into_sql(), postgres_arguments(statement.values)?).persistent(cached);
    if wanted == Wanted::Count {
        let changed = query.execute(connection).await?.rows_affected();
        return Ok(Outcome { changed, rows: Vec::new() });
    }
    let rows = query.fetch_all(connection).await?;
    Ok(Outcome { changed: 0, rows: rows.into_iter().map(|row| Row(Source::Postgres(row))).collect() })
}

/// Runs a statement and hands over its rows one by one.
pub(super) async fn run_each(
    connection: &mut PgConnection,
    statement: Statement,
    each: &mut (dyn FnMut(Row) -> Result<()> + Send),
    cached: bool,
) -> Result<()> {
    let query =
        sqlx::query_with(statement.text.into_sql(), postgres_arguments(statement.values)?).persistent(cached);
    let mut rows = query.fetch(connection);
    while let Some(row) = rows.try_next().await? {
        each(Row(Source::Postgres(row)))?;
    }
    Ok(())
}
