//! `restore`: an archive into an empty database, of the kind it came from or the other.
//!
//! Everything is verified before anything is written: the archive against its signature, and its audit log
//! against the witness in it. Rows and log then go in within one transaction, sealed anew under the keys of this
//! environment; a restore that is killed leaves an empty database, and may simply be repeated. Afterwards the
//! log goes on: a chained event says that it was restored, and the witness of its former home is kept beside
//! the new one (see `audit::Continuation`).
//!
//! Nobody can sign in yet: passwords stay where they were. `create-owner` makes the first link.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::sync::Arc;

use exporter::{Manifest, Passphrase, TableEntry};
use uuid::Uuid;

use super::export::Rings;
use super::restored_row::Restorer;
use super::services::Foundation;
use super::tables::{ExportTable, tables};
use super::{App, AppError};
use crate::audit::{
    AuditContext, BEFORE, Carried, EVENTS, Entry, PUBLIC_KEY, WITNESS, WitnessCopy, carry_forward,
    record_restore, verify_in, witnesses_in,
};
use crate::folder::make_folder;
use crate::store::{Row, Statement, Text, Transaction, sql};

type Archive = exporter::Archive<File>;

/// What `restore` was asked for.
#[derive(Debug)]
pub(super) struct Restore {
    /// The archive.
    pub(super) from: PathBuf,
    /// What opens it.
    pub(super) passphrase: Option<Passphrase>,
    /// The key that must have signed it.
    pub(super) key: Option<String>,
}

/// Loads the archive, and says what was loaded.
pub(super) async fn restore(app: &App, foundation: &Foundation, wanted: Restore) -> Result<String, AppError> {
    let file = File::open(&wanted.from).map_err(AppError::file(&wanted.from))?;
    let mut archive = Archive::open(file, wanted.passphrase)?;
    let verified = archive.verify(wanted.key.as_deref())?;
    let witnesses = witnesses_in(&mut archive)?;
    let whole = verified.subject.organisation.is_none();
    if whole {
        check_log(&mut archive)?;
    }
    let manifest = archive.manifest().clone();
    let mut snapshot = foundation.store.snapshot().await?;
    let tables = tables(&mut snapshot, app.entities, None).await?;
    check_empty(foundation, &tables, &mut snapshot).await?;
    snapshot.rollback().await?;
    check_fit(&manifest, &tables)?;

    let organisations = organisations(&mut archive, &manifest)?;
    let rings = rings(foundation, &organisations).await?;
    if whole {
        keep_witnesses(foundation, &witnesses)?;
    }
    let mut transaction = foundation.store.begin().await?;
    let fences = Fences::lower(&mut transaction, &tables).await?;
    for entry in &manifest.tables {
        let table = tables.iter().find(|table| table.name == entry.table.name);
        let table = table.ok_or_else(|| AppError::Restore("its tables are not those of this app".into()))?;
        load(&mut archive, &mut transaction, entry, table, &rings, foundation.environment).await?;
        eprintln!("{}: {} rows", entry.table.name, entry.rows);
    }
    let mut carried = Carried::default();
    if whole {
        load_log(&mut archive, &mut transaction, &mut carried).await?;
    }
    for organisation in organisations.iter().chain([&Uuid::nil()]) {
        let context = AuditContext::system(Arc::clone(&foundation.clock), *organisation, "restore");
        record_restore(&mut transaction, &context, carried, 0).await?;
    }
    fences.raise(&mut transaction).await?;
    transaction.commit().await?;
    let witnessed = app.keeper(foundation).close().await;
    let late = if witnessed.is_ok() { "" } else { "; its new head is signed when the app starts" };
    Ok(format!(
        "restored {} rows of {} tables and {} audit events{late}; passwords were not in the archive: \
         `create-owner --email ADDRESS` makes the first link",
        verified.rows, verified.tables, carried.events
    ))
}

/// A log that is not as it was witnessed is evidence, and is not built upon.
fn check_log(archive: &mut Archive) -> Result<(), AppError> {
    let report = verify_in(archive)?;
    if report.is_green() { Ok(()) } else { Err(AppError::AuditFindings(report.to_string())) }
}

/// An archive goes into an empty database only: it never mixes with what is there.
async fn check_empty(
    foundation: &Foundation,
    tables: &[ExportTable],
    snapshot: &mut Transaction,
) -> Result<(), AppError> {
    for table in tables {
        let rows = table.count().fetch_one(&mut *snapshot).await?.integer("n")?;
        if rows > 0 {
            let name = &table.name;
            return Err(AppError::Restore(format!("the database is not empty: `{name}` has {rows} rows")));
        }
    }
    let events = sql("SELECT count(*) AS n FROM audit_events").fetch_one(&mut *snapshot).await?;
    let witness = foundation.settings.witness_folder.join(WITNESS);
    let witnessed = fs::metadata(&witness).is_ok_and(|witness| witness.len() > 0);
    if events.integer("n")? > 0 || witnessed {
        return Err(AppError::Restore("the database is not empty: it has an audit log of its own".into()));
    }
    Ok(())
}

/// Every table and column of the archive is one of this app.
fn check_fit(manifest: &Manifest, tables: &[ExportTable]) -> Result<(), AppError> {
    for TableEntry { table, .. } in &manifest.tables {
        let Some(here) = tables.iter().find(|here| here.name == table.name) else {
            return Err(AppError::Restore(format!("this app has no table `{}`", table.name)));
        };
        let known: BTreeSet<_> = here.columns.iter().map(|column| column.name.as_str()).collect();
        if let Some(column) = table.columns.iter().find(|column| !known.contains(column.name.as_str())) {
            let (table, column) = (&table.name, &column.name);
            return Err(AppError::Restore(format!("this app's table `{table}` has no column `{column}`")));
        }
    }
    Ok(())
}

fn organisations(archive: &mut Archive, manifest: &Manifest) -> Result<Vec<Uuid>, AppError> {
    let Some(entry) = manifest.tables.iter().find(|entry| entry.table.name == "organisations") else {
        return Err(AppError::Restore("the archive names no organisations".into()));
    };
    let mut ids = Vec::new();
    for row in archive.rows(entry)? {
        let row = row?;
        let id = row.get("id").and_then(|id| Uuid::try_parse(id.as_str()?).ok());
        ids.push(id.ok_or_else(|| AppError::Restore("an organisation has no id".into()))?);
    }
    Ok(ids)
}

/// New keys for each organisation, made before the rows come: without rows they open nothing. Those that an
/// earlier try or start left in the empty database go, since their root key may be lost.
async fn rings(foundation: &Foundation, organisations: &[Uuid]) -> Result<Rings, AppError> {
    let mut transaction = foundation.store.begin().await?;
    for stale in ["DELETE FROM signing_keys", "DELETE FROM sign_in_attempts", "DELETE FROM organisation_keys"]
    {
        sql(stale).execute(&mut transaction).await?;
    }
    transaction.commit().await?;
    let keys = foundation.keys();
    let mut rings = Rings::new();
    for organisation in organisations.iter().chain([&Uuid::nil()]) {
        rings.insert(*organisation, keys.create(*organisation).await?);
    }
    Ok(rings)
}

/// Puts the archive's witnesses beside the one to come, before the log itself is there: the signer's first
/// line takes them over.
fn keep_witnesses(foundation: &Foundation, witnesses: &[WitnessCopy]) -> Result<(), AppError> {
    let mut folder = foundation.settings.witness_folder.clone();
    for copy in witnesses {
        folder.push(BEFORE);
        make_folder(&folder)?;
        let mut lines = copy.lines.join("\n");
        lines.push('\n');
        for (name, content) in [(WITNESS, lines), (PUBLIC_KEY, format!("{}\n", copy.key))] {
            let path = folder.join(name);
            fs::write(&path, content).map_err(AppError::file(&path))?;
        }
    }
    Ok(())
}

async fn load(
    archive: &mut Archive,
    transaction: &mut Transaction,
    entry: &TableEntry,
    table: &ExportTable,
    rings: &Rings,
    environment: Uuid,
) -> Result<(), AppError> {
    let restorer = Restorer { table, shape: &entry.table, rings, environment };
    for (line, row) in (1..).zip(archive.rows(entry)?) {
        let values = restorer.values(&row?, line)?;
        table.insert(values).execute(&mut *transaction).await?;
    }
    Ok(())
}

async fn load_log(
    archive: &mut Archive,
    transaction: &mut Transaction,
    carried: &mut Carried,
) -> Result<(), AppError> {
    let mut events = BufReader::new(archive.file(&format!("audit/{EVENTS}"))?);
    let mut line = String::new();
    while events.read_line(&mut line).map_err(AppError::System)? > 0 {
        let entry: Entry = serde_json::from_str(&line).map_err(|_| AppError::AuditUnreadable)?;
        carry_forward(transaction, &entry, carried).await?;
        line.clear();
    }
    eprintln!("audit log: {} events", carried.events);
    Ok(())
}

/// What stands in the way of rows that come in any order, and that were lawful when they were written:
/// foreign keys are checked at the end instead, and triggers that guard locked records rest.
pub(crate) struct Fences {
    /// What puts them back.
    again: Vec<String>,
}

impl Fences {
    pub(crate) async fn lower(
        transaction: &mut Transaction,
        tables: &[ExportTable],
    ) -> Result<Self, AppError> {
        let mut again = Vec::new();
        if !transaction.is_postgres() {
            run(transaction, "PRAGMA defer_foreign_keys = ON".into()).await?;
            let triggers =
                "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name";
            for row in sql(triggers).fetch_all(&mut *transaction).await? {
                let table = row.text("tbl_name")?;
                if tables.iter().any(|known| known.name == table) {
                    let name = exporter::identifier(&row.text("name")?);
                    run(transaction, format!("DROP TRIGGER {name}")).await?;
                    again.push(row.text("sql")?);
                }
            }
            return Ok(Self { again });
        }
        for table in tables {
            let name = exporter::identifier(&table.name);
            run(transaction, format!("ALTER TABLE {name} DISABLE TRIGGER USER")).await?;
            again.push(format!("ALTER TABLE {name} ENABLE TRIGGER USER"));
        }
        let keys = "SELECT CAST(CAST(conrelid AS regclass) AS text) AS t, CAST(conname AS text) AS c \
             FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 AND NOT condeferrable \
             AND connamespace = CAST('public' AS regnamespace)";
        for row in sql(keys).fetch_all(&mut *transaction).await? {
            let (table, key) = (row.text("t")?, exporter::identifier(&row.text("c")?));
            let alter = |how: &str| format!("ALTER TABLE {table} ALTER CONSTRAINT {key} {how}");
            run(transaction, alter("DEFERRABLE INITIALLY DEFERRED")).await?;
            again.push(alter("NOT DEFERRABLE"));
        }
        Ok(Self { again })
    }

    /// Checks what was put off, and puts everything back; in the same transaction.
    pub(crate) async fn raise(self, transaction: &mut Transaction) -> Result<(), AppError> {
        if transaction.is_postgres() {
            run(transaction, "SET CONSTRAINTS ALL IMMEDIATE".into()).await?;
        } else {
            let broken: Option<Row> = sql("SELECT \"table\" AS t FROM pragma_foreign_key_check")
                .fetch_optional(&mut *transaction)
                .await?;
            if let Some(row) = broken {
                let table = row.text("t")?;
                return Err(AppError::Restore(format!("a row of `{table}` belongs to one that is missing")));
            }
        }
        for statement in self.again {
            run(transaction, statement).await?;
        }
        Ok(())
    }
}

/// Runs a statement that is made of the database's own names.
pub(super) async fn run(transaction: &mut Transaction, text: String) -> Result<(), AppError> {
    Statement::composed(Text::composed(text), Vec::new()).execute(transaction).await?;
    Ok(())
}
