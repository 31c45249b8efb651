//! `export`: the archive that the owner of the data takes home (45 CFR 164.524, 164.504(e)(2)(ii)(J)).
//!
//! Everything is in it that an organisation or the whole environment holds, as it was at one moment:
//! declared entities with their sealed fields opened, tables that the founder added, organisations,
//! places, people and their roles, and the audit log with its witness. What only the machine needs
//! (password hashes, sessions, keys, blind indexes) stays here. The archive is sealed under a
//! passphrase, unless the owner asks for an open one by name. Its making is an event of every
//! organisation concerned, written before the first row is read.
//!
//! Of one organisation's archive, the audit log holds that organisation's events only; their chain runs
//! through those of others, so it is verified where the whole is.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::BufWriter;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use exporter::{ArchiveWriter, Cell, Column, Form, Passphrase, Seal, Table};
use uuid::Uuid;

use super::services::Foundation;
use super::tables::{ExportTable, tables};
use super::{App, AppError};
use crate::audit::{Action, Audit, AuditContext, EVENTS, Event, PUBLIC_KEY, Source, WITNESS, write_entry};
use crate::crypto::{KeyError, KeyRing};
use crate::store::{StoreError, Transaction, sql};

type Archive = ArchiveWriter<BufWriter<File>>;
pub(super) type Rings = BTreeMap<Uuid, Arc<KeyRing>>;

/// What `export` was asked for.
#[derive(Debug)]
pub(super) struct Export {
    /// Where the archive goes; there must be nothing yet.
    pub(super) to: PathBuf,
    /// One organisation, or all of the environment.
    pub(super) organisation: Option<Uuid>,
    /// Sealed under a passphrase, or open.
    pub(super) seal: Seal,
}

/// Writes the archive, and says what is in it.
pub(super) async fn export(app: &App, foundation: &Foundation, wanted: Export) -> Result<String, AppError> {
    let Export { to, organisation, seal } = wanted;
    let organisations = organisations(foundation, organisation).await?;
    announce(foundation, &organisations).await?;
    let (rings, destroyed) = rings(foundation, &organisations).await?;
    let draft = draft(&to)?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft);
    let file = BufWriter::new(file.map_err(AppError::file(&draft))?);
    let moment = crate::audit::timestamp(foundation.clock.now());
    let mut archive = ArchiveWriter::new(file, seal, app.name, &moment);

    let mut snapshot = foundation.store.snapshot().await?;
    let tables = tables(&mut snapshot, app.entities, organisation).await?;
    let mut rows = 0;
    for table in &tables {
        rows += write_table(&mut archive, &mut snapshot, table, organisation, &rings, foundation).await?;
    }
    snapshot.rollback().await?;
    // So that the witness in the archive covers the archive's own event. Beside an app that runs, its
    // signer has the witness and signs every 20 seconds.
    let _busy = app.keeper(foundation).close().await;
    let events = write_audit(&mut archive, foundation, organisation).await?;

    let file = archive.finish()?.into_inner().map_err(|error| AppError::file(&draft)(error.into_error()))?;
    file.sync_all().map_err(AppError::file(&draft))?;
    // A link, unlike a rename, never replaces an archive that is there.
    fs::hard_link(&draft, &to).map_err(AppError::file(&to))?;
    fs::remove_file(&draft).map_err(AppError::file(&draft))?;
    let lost = match destroyed {
        0 => String::new(),
        number => {
            format!("; the keys of {number} organisations were destroyed, so their sealed fields are empty")
        }
    };
    Ok(format!("{}: {rows} rows of {} tables and {events} audit events{lost}", to.display(), tables.len()))
}

/// The passphrase file's first line, without its end.
pub(super) fn passphrase(path: &Path) -> Result<Seal, AppError> {
    let text = zeroize::Zeroizing::new(fs::read_to_string(path).map_err(AppError::file(path))?);
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() < 15 {
        let why =
            std::io::Error::other("its first line is the passphrase, and must have 15 characters or more");
        return Err(AppError::file(path)(why));
    }
    Ok(Seal::Passphrase(Passphrase::new(line.to_owned())))
}

fn draft(to: &Path) -> Result<PathBuf, AppError> {
    if to.exists() {
        return Err(AppError::file(to)(std::io::ErrorKind::AlreadyExists.into()));
    }
    let mut name = to.as_os_str().to_owned();
    name.push(".part");
    let draft = PathBuf::from(name);
    // What an export that was cut off has left.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(AppError::file(&draft)(error)),
        _ => Ok(draft),
    }
}

async fn organisations(foundation: &Foundation, only: Option<Uuid>) -> Result<Vec<Uuid>, AppError> {
    let rows = sql("SELECT id FROM organisations WHERE ($1 IS NULL OR id = $1) ORDER BY id")
        .bind(only)
        .fetch_all(&foundation.store)
        .await?;
    if rows.is_empty() && only.is_some() {
        return Err(StoreError::NoRow.into());
    }
    Ok(rows.iter().map(|row| row.uuid("id")).collect::<Result<_, _>>()?)
}

/// The event comes before the data leaves (invariant 4), one for each organisation whose data it is.
async fn announce(foundation: &Foundation, organisations: &[Uuid]) -> Result<(), AppError> {
    let audit = Audit::start(&foundation.store, Arc::clone(&foundation.clock));
    for organisation in organisations {
        let context = AuditContext::system(Arc::clone(&foundation.clock), *organisation, "export");
        let event = Event::new(Action::Export).recipient("whoever runs the subcommand export");
        audit.record(&context, event).await?;
    }
    Ok(())
}

/// The rings that open what is sealed, the environment's own among them, and how many are no more.
async fn rings(foundation: &Foundation, organisations: &[Uuid]) -> Result<(Rings, usize), AppError> {
    let keys = foundation.keys();
    let mut rings = Rings::new();
    let mut destroyed = 0;
    for organisation in organisations.iter().chain([&Uuid::nil()]) {
        match keys.ring(*organisation).await {
            Ok(ring) => drop(rings.insert(*organisation, ring)),
            // Destroyed, or an organisation that never sealed anything.
            Err(KeyError::Missing) => destroyed += usize::from(!organisation.is_nil()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok((rings, destroyed))
}

/// Writes a table in its three forms, each a pass over the same moment, so that memory stays flat.
async fn write_table(
    archive: &mut Archive,
    snapshot: &mut Transaction,
    table: &ExportTable,
    organisation: Option<Uuid>,
    rings: &Rings,
    foundation: &Foundation,
) -> Result<u64, AppError> {
    let columns = table.columns.iter().map(|column| Column {
        name: column.name.clone(),
        kind: super::tables::column_kind(column.kind),
        nullable: column.nullable || column.sealed.is_some(),
    });
    let shape = Table { name: table.name.clone(), columns: columns.collect() };
    let mut rows = 0;
    for form in Form::ALL {
        let mut part = archive.table(&shape, form)?;
        let mut failed = None;
        let mut each = |row: crate::store::Row| {
            let written = table
                .cells(&row, rings, foundation.environment)
                .and_then(|cells: Vec<Cell>| Ok(part.row(&cells)?));
            written.map_err(|error| {
                failed = Some(error);
                StoreError::Aborted
            })
        };
        let read = table.select(organisation).fetch_each(snapshot, &mut each).await;
        if let Some(error) = failed {
            return Err(error);
        }
        read?;
        rows = part.end()?;
    }
    Ok(rows)
}

async fn write_audit(
    archive: &mut Archive,
    foundation: &Foundation,
    organisation: Option<Uuid>,
) -> Result<u64, AppError> {
    let mut part = archive.file(&format!("audit/{EVENTS}"))?;
    let mut source = Source::new(&foundation.store);
    let mut events = 0;
    loop {
        let page = source.next_page().await?;
        if page.is_empty() {
            break;
        }
        for entry in page {
            let Some(entry) = entry else { return Err(AppError::AuditUnreadable) };
            if organisation.is_some_and(|organisation| organisation != entry.organisation) {
                continue;
            }
            let mut line = Vec::new();
            write_entry(&mut line, &entry).map_err(AppError::System)?;
            part.push(&line)?;
            events += 1;
        }
    }
    part.end();
    for name in [WITNESS, PUBLIC_KEY] {
        let path = foundation.settings.witness_folder.join(name);
        if organisation.is_none() && path.exists() {
            let mut part = archive.file(&format!("audit/{name}"))?;
            part.push(&fs::read(&path).map_err(AppError::file(&path))?)?;
            part.end();
        }
    }
    Ok(events)
}
