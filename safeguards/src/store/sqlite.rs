//! SQLite, always as SQLCipher: one writer, many readers, every page encrypted.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, sync::Arc};

use futures_util::TryStreamExt;
use sqlx::sqlite::SqliteSynchronous;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{ConnectOptions, Connection};
use zeroize::Zeroizing;

use super::changes::Changes;
use super::interim::{self, interim_path};
use super::readers::{Reader, Readers};
use super::row::Source;
use super::statement::{Outcome, Statement, Wanted};
use super::value::sqlite_arguments;
use super::writer::Writer;
use super::{Result, Row};

/// The key of a database file: 256 bits. It is never printed and is wiped when dropped.
#[derive(Clone)]
pub struct DatabaseKey(Zeroizing<[u8; 32]>);

impl DatabaseKey {
    /// A key from its bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The value of SQLCipher's `key` pragma: a raw key, so that no password stretching slows the opening.
    fn pragma(&self) -> String {
        self.literal().to_string()
    }

    /// The same, for a statement; wiped when it is dropped.
    pub(super) fn literal(&self) -> Zeroizing<String> {
        use std::fmt::Write;
        let mut text = String::with_capacity(70);
        text.push_str("\"x'");
        for byte in self.0.iter() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text.push_str("'\"");
        Zeroizing::new(text)
    }
}

impl fmt::Debug for DatabaseKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DatabaseKey([secret])")
    }
}

/// How to open a database file.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// The file; its folder must exist and belong to this process alone.
    pub path: PathBuf,
    /// The key of the file.
    pub key: DatabaseKey,
    /// Whether to make the file when it is missing.
    pub create: bool,
    /// How many connections may read at once.
    pub readers: u32,
    /// Whether the records in it are only read. Sessions and audit events then go into a second file beside it,
    /// `NAME.interim`, which the first opening without this joins to it.
    pub read_only: bool,
}

impl SqliteOptions {
    /// The file at `path`, made if missing, with four readers.
    pub fn new(path: impl AsRef<Path>, key: DatabaseKey) -> Self {
        Self { path: path.as_ref().to_owned(), key, create: true, readers: 4, read_only: false }
    }

    /// sqlx's own options print their pragmas, the key among them: they live inside this module only,
    /// and statements are not logged, since the key itself is set by one.
    fn connection(&self, read_only: bool) -> SqliteConnectOptions {
        let interim;
        let path = match self.read_only {
            true => {
                interim = interim_path(&self.path);
                &interim
            }
            false => &self.path,
        };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .pragma("key", self.key.pragma())
            .pragma("temp_store", "MEMORY")
            // What the second file's tables refer to stands in the first, where no constraint sees it.
            .foreign_keys(!self.read_only)
            .busy_timeout(Duration::from_secs(5))
            .statement_cache_capacity(256)
            .disable_statement_logging();
        if read_only && self.read_only {
            // Its views are made before it is told to write nothing.
            return options.create_if_missing(false);
        }
        if read_only {
            // A reader opens the file for writing only where WAL asks it to (its shared memory).
            return options.pragma("query_only", "ON").create_if_missing(false);
        }
        options
            .create_if_missing(self.create || self.read_only)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("secure_delete", "ON")
            .pragma("trusted_schema", "OFF")
    }

    pub(super) async fn connect_writer(&self) -> Result<SqliteConnection> {
        let mut connection = self.connection(false).connect().await?;
        // On failure it is closed, not dropped: see `readers`.
        match self.outfit(&mut connection).await {
            Ok(()) => Ok(connection),
            Err(error) => {
                let _ = connection.close().await;
                Err(error)
            }
        }
    }

    async fn outfit(&self, connection: &mut SqliteConnection) -> Result<()> {
        if !self.read_only {
            return interim::join(connection, self).await;
        }
        interim::attach(connection, self).await?;
        interim::prepare(connection).await?;
        interim::show(connection).await
    }

    pub(super) async fn connect_reader(&self) -> Result<SqliteConnection> {
        let mut connection = self.connection(true).connect().await?;
        if self.read_only {
            let shown = async {
                interim::attach(&mut connection, self).await?;
                interim::show(&mut connection).await?;
                run_plain(&mut connection, "PRAGMA query_only = ON").await
            };
            if let Err(error) = shown.await {
                let _ = connection.close().await;
                return Err(error);
            }
        }
        Ok(connection)
    }

    /// A connection for migrations that rebuild tables: foreign keys are checked at its end instead.
    pub(super) async fn connect_migrator(&self) -> Result<SqliteConnection> {
        Ok(self.connection(false).foreign_keys(false).connect().await?)
    }
}

/// An open SQLCipher database. Cheap to clone. It is closed by `Store::close` or by the end of the process.
#[derive(Clone)]
pub struct SqliteStore {
    pub(super) options: Arc<SqliteOptions>,
    readers: Arc<Readers>,
    pub(super) writer: Writer,
    pub(super) changes: Changes,
}

impl SqliteStore {
    pub(super) async fn open(options: SqliteOptions) -> Result<Self> {
        let mut connection = options.connect_writer().await?;
        // The first page is read here, so that a wrong key is told at once.
        if let Err(error) = run_plain(&mut connection, "SELECT count(*) FROM sqlite_master").await {
            let _ = connection.close().await;
            return Err(error);
        }
        let options = Arc::new(options);
        let readers = Readers::new(Arc::clone(&options));
        let writer = Writer::start(connection, Arc::clone(&options));
        Ok(Self { writer, readers, options, changes: Changes::new() })
    }

    pub(super) async fn run(&self, statement: Statement, wanted: Wanted) -> Result<Outcome> {
        if wanted == Wanted::Count || !statement.reads() {
            return self.writer.once(statement, wanted).await;
        }
        let mut reader = self.readers.take().await?;
        run(reader.connection()?, statement, wanted).await
    }

    /// How many commits the writer made since the start. Each is one flush to disk, however many writes
    /// it served.
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }

    /// A reader that sees one moment, however long it reads.
    pub(super) async fn snapshot(&self) -> Result<Reader> {
        let mut reader = self.readers.take().await?;
        reader.begin().await?;
        Ok(reader)
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SqliteStore").field("options", &self.options).finish_non_exhaustive()
    }
}

/// Runs one statement on one connection.
pub(super) async fn run(
    connection: &mut SqliteConnection,
    statement: Statement,
    wanted: Wanted,
) -> Result<Outcome> {
    let query = sqlx::query_with(statement.text.into_sql(), sqlite_arguments(statement.values)?);
    if wanted == Wanted::Count {
        let changed = query.execute(connection).await?.rows_affected();
        return Ok(Outcome { changed, rows: Vec::new() });
    }
    let rows = query.fetch_all(connection).await?;
    Ok(Outcome { changed: 0, rows: rows.into_iter().map(|row| Row(Source::Sqlite(row))).collect() })
}

/// Runs a statement and hands over its rows one by one.
pub(super) async fn run_each(
    connection: &mut SqliteConnection,
    statement: Statement,
    each: &mut (dyn FnMut(Row) -> Result<()> + Send),
) -> Result<()> {
    let query = sqlx::query_with(statement.text.into_sql(), sqlite_arguments(statement.values)?);
    let mut rows = query.fetch(connection);
    while let Some(row) = rows.try_next().await? {
        each(Row(Source::Sqlite(row)))?;
    }
    Ok(())
}

/// Runs statements that have no parameters.
pub(super) async fn run_plain(connection: &mut SqliteConnection, text: &'static str) -> Result<()> {
    sqlx::query(text).execute(connection).await?;
    Ok(())
}

/// Copies the log into the file and empties it, so that a closed database is one file.
pub(super) async fn close_connection(mut connection: SqliteConnection) {
    let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await;
    if connection.close().await.is_err() {
        tracing::warn!(event = "sqlite-close", "the database file could not be closed cleanly");
    }
}
