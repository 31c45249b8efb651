//! A database whose records are only read, while signing in and the audit log go on (SQLite).
//!
//! The file is opened as unchangeable, which also holds where it is mounted so that nothing can write it. Beside it
//! stands a second file, `NAME.interim`, under the same key, which is the connection's main database: a name is looked
//! for there first, so the tables of signing in and searching, copied into it at its making, stand in for those of the first. Events
//! continue the chain of the first file in the second; temporary views show both as one log.
//!
//! The first start without it joins the second file to the first, in one transaction, and removes it. Cut off between
//! the two, it joins again, which changes nothing.

use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Executor, Row as _};

use super::sqlite::SqliteOptions;
use super::text::{Text, quoted_literal};
use super::{Result, StoreError};

/// What signing in, searching and emergency access write. Their rows are few.
const COPIED: [&str; 12] = [
    "sign_in_attempts",
    "sign_ins",
    "sessions",
    "refresh_tokens",
    "authenticators",
    "recovery_codes",
    "sso_attempts",
    "sso_sessions",
    "searches",
    "emergency_accesses",
    "emergency_notices",
    // Not written, but looked for in the main database by name.
    "schema_migrations",
];

/// What the log consists of, by its name in the first file.
const LOG: [&str; 2] = ["audit_events", "audit_identities"];

/// One log for whoever reads, and a door for whoever appends.
const VIEWS: &str = "
    CREATE TEMP VIEW audit_events AS
        SELECT * FROM records.audit_events UNION ALL SELECT * FROM main.safeguards_interim_audit_events;
    CREATE TEMP VIEW audit_identities AS
        SELECT * FROM records.audit_identities UNION ALL SELECT * FROM main.safeguards_interim_audit_identities;
    CREATE TEMP VIEW audit_log AS
        SELECT e.lane, e.sequence, e.at, e.organisation_id, e.action, e.entity, e.body, e.previous, e.hash,
            i.actor, i.impersonator, i.session, i.address, i.request, i.subject, i.recipient, i.basis,
            i.record, i.records, i.payload, i.salts, i.erased
        FROM temp.audit_events e LEFT JOIN temp.audit_identities i ON i.lane = e.lane AND i.sequence = e.sequence;
    CREATE TEMP TRIGGER audit_log_append INSTEAD OF INSERT ON temp.audit_log
    BEGIN
        INSERT INTO safeguards_interim_audit_events
            (lane, sequence, at, organisation_id, action, entity, body, previous, hash)
        VALUES (NEW.lane, NEW.sequence, NEW.at, NEW.organisation_id, NEW.action, NEW.entity, NEW.body,
            NEW.previous, NEW.hash);
        INSERT INTO safeguards_interim_audit_identities (lane, sequence, actor, impersonator, session, address,
            request, subject, recipient, basis, record, records, payload, salts)
        VALUES (NEW.lane, NEW.sequence, NEW.actor, NEW.impersonator, NEW.session, NEW.address, NEW.request,
            NEW.subject, NEW.recipient, NEW.basis, NEW.record, NEW.records, NEW.payload, NEW.salts);
    END;
";

/// `app.db` has its second file in `app.db.interim`.
pub(super) fn interim_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".interim");
    name.into()
}

/// Shows the first file, as unchangeable, to a connection of the second.
pub(super) async fn attach(connection: &mut SqliteConnection, options: &SqliteOptions) -> Result<()> {
    let path = options.path.to_str().filter(|path| !path.contains(['?', '#', '%']));
    let path = path.ok_or_else(|| StoreError::Unavailable { reason: "its path is not plain text".into() })?;
    if !options.path.exists() {
        return Err(StoreError::Unavailable { reason: "there are no records to read yet".into() });
    }
    let mut wal = options.path.as_os_str().to_owned();
    wal.push("-wal");
    if Path::new(&wal).metadata().is_ok_and(|wal| wal.len() > 0) {
        // Opened as unchangeable, the file would seem to lack what only its log holds.
        return Err(StoreError::Unavailable {
            reason: "it was not closed; start it once for writing".into(),
        });
    }
    let uri = quoted_literal(&format!("file:{path}?immutable=1"));
    let key = options.key.literal();
    run(connection, format!("ATTACH DATABASE {uri} AS records KEY {}", key.as_str())).await
}

/// Makes the second file's tables, once.
pub(super) async fn prepare(connection: &mut SqliteConnection) -> Result<()> {
    let ready = "SELECT 1 FROM main.sqlite_master WHERE name = 'safeguards_interim'";
    if connection.fetch_optional(ready).await?.is_some() {
        return Ok(());
    }
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    for table in COPIED.iter().chain(&LOG) {
        let ours =
            if LOG.contains(table) { format!("safeguards_interim_{table}") } else { (*table).to_owned() };
        let query = "SELECT sql FROM records.sqlite_master WHERE tbl_name = $1 AND sql IS NOT NULL \
             AND (type = 'table' OR (type = 'index' AND $2)) ORDER BY type DESC";
        let definitions =
            sqlx::query(query).bind(*table).bind(*table == ours).fetch_all(&mut *transaction).await?;
        for definition in definitions {
            let definition: String = definition.try_get("sql")?;
            let head = format!("CREATE TABLE {table} ");
            run(&mut transaction, definition.replacen(&head, &format!("CREATE TABLE {ours} "), 1)).await?;
        }
        if *table == ours {
            run(&mut transaction, format!("INSERT INTO main.{table} SELECT * FROM records.{table}")).await?;
        }
    }
    run(&mut transaction, "CREATE TABLE main.safeguards_interim (since TEXT) STRICT".to_owned()).await?;
    transaction.commit().await?;
    Ok(())
}

/// Shows one log to this connection.
pub(super) async fn show(connection: &mut SqliteConnection) -> Result<()> {
    connection.execute(sqlx::raw_sql(VIEWS)).await?;
    Ok(())
}

/// Joins a second file that an earlier start left to the first, which `connection` may write.
pub(super) async fn join(connection: &mut SqliteConnection, options: &SqliteOptions) -> Result<()> {
    let interim = interim_path(&options.path);
    if !interim.exists() {
        return Ok(());
    }
    let path = interim.to_str().filter(|path| !path.contains(['?', '#', '%']));
    let path = path.ok_or_else(|| StoreError::Unavailable { reason: "its path is not plain text".into() })?;
    let attach =
        format!("ATTACH DATABASE {} AS interim KEY {}", quoted_literal(path), options.key.literal().as_str());
    run(connection, attach).await?;
    let ready = "SELECT 1 FROM interim.sqlite_master WHERE name = 'safeguards_interim'";
    if connection.fetch_optional(ready).await?.is_some() {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        // Sessions before their tokens go, and come in the order of the list: a token belongs to a session.
        for table in COPIED.iter().rev().filter(|table| **table != "schema_migrations") {
            run(&mut transaction, format!("DELETE FROM main.{table}")).await?;
        }
        for table in COPIED.iter().filter(|table| **table != "schema_migrations") {
            run(&mut transaction, format!("INSERT INTO main.{table} SELECT * FROM interim.{table}")).await?;
        }
        for table in LOG {
            let ours = format!("interim.safeguards_interim_{table}");
            run(&mut transaction, format!("INSERT OR IGNORE INTO main.{table} SELECT * FROM {ours}")).await?;
        }
        transaction.commit().await?;
    }
    run(connection, "DETACH DATABASE interim".to_owned()).await?;
    for suffix in ["-wal", "-shm", ""] {
        let mut name = interim.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::Unavailable { reason: error.kind().to_string() });
            }
            _ => {}
        }
    }
    Ok(())
}

async fn run(connection: &mut SqliteConnection, statement: String) -> Result<()> {
    connection.execute(sqlx::raw_sql(Text::composed(statement).into_sql())).await?;
    Ok(())
}
