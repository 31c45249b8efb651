//! `export`: the archive that the owner of the data takes home (45 CFR 164.524, 164.504(e)(2)(ii)(J)).
//!
//! Everything is in it that an organisation or the whole environment holds, as it was at one moment:
//! declared entities with their sealed fields opened, tables that the founder added, organisations,
//! places, people and their roles, the audit log with its witness and its payloads opened, agreements, and
//! the app's own source. What only the machine needs (password hashes, sessions, keys, blind indexes) stays
//! here. Rows and audit log are read from one snapshot. The archive is written front to back, to a file or
//! to a pipe, and memory stays flat. Its making is an event of every organisation concerned, written before
//! the first row is read; it is signed by the key that signs the heads of the audit log.
//!
//! The archive is sealed under a passphrase, unless the owner asks for an open one by name, to seal it
//! another way: `export --open --to - | age -r RECIPIENT > archive.zip.age`.
//!
//! Of one organisation's archive, the audit log holds that organisation's events only; their chain runs
//! through those of others, so it is verified where the whole is.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use exporter::{ArchiveWriter, Cell, Column, Form, Passphrase, Seal, StreamTarget, Subject, Table};
use serde::Serialize;
use uuid::Uuid;

use super::payloads::Payloads;
use super::services::Foundation;
use super::source_files::{self, SourceFile};
use super::tables::{ExportTable, tables};
use super::{App, AppError};
use crate::audit::{
    Action, Audit, AuditContext, BEFORE, EVENTS, Event, Keeper, PUBLIC_KEY, Source, WITNESS, write_entry,
};
use crate::crypto::{KeyError, KeyRing};
use crate::store::{StoreError, Transaction, sql};

pub(super) type Archive = ArchiveWriter<StreamTarget<BufWriter<Target>>>;
type Target = Box<dyn Write + Send>;
pub(super) type Rings = BTreeMap<Uuid, Arc<KeyRing>>;

/// What `export` was asked for.
#[derive(Debug)]
pub(super) struct Export {
    /// Where the archive goes.
    pub(super) to: Destination,
    /// One organisation, or all of the environment.
    pub(super) organisation: Option<Uuid>,
    /// Sealed under a passphrase, or open.
    pub(super) seal: Seal,
    /// The folder of the app's source, unless it is to be left out.
    pub(super) project: Option<PathBuf>,
    /// A folder of agreements that belong to it.
    pub(super) agreements: Option<PathBuf>,
    /// Where to tell, for programs, who signed it and where the audit log ends.
    pub(super) summary: Option<PathBuf>,
}

/// What a host keeps of an archive: enough to hold the archive against it later, and nothing that is in it.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    /// The key that signed it.
    signed_by: &'a str,
    /// SHA-256 of its manifest.
    manifest: &'a str,
    /// The last line of the audit log's witness.
    head: Option<String>,
}

/// Where an archive goes.
#[derive(Debug)]
pub(super) enum Destination {
    /// A file; there must be nothing yet.
    File(PathBuf),
    /// Standard output, which must be a pipe or a file.
    Output,
}

/// What an export counted, to be told.
#[derive(Default)]
struct Counted {
    rows: u64,
    tables: usize,
    events: u64,
    files: usize,
}

/// Writes the archive, and says what is in it.
pub(super) async fn export(app: &App, foundation: &Foundation, wanted: Export) -> Result<String, AppError> {
    let extra = extra_files(foundation, &wanted)?;
    let organisations = organisations(foundation, wanted.organisation).await?;
    announce(foundation, &organisations).await?;
    let (rings, destroyed) = rings(foundation, &organisations).await?;
    // So that the witness in the archive covers the archive's own event. Beside an app that runs, its
    // signer has the witness and signs every 20 seconds.
    let keeper = app.keeper(foundation);
    let _busy = keeper.witness().await;

    let draft = Draft::begin(&wanted.to)?;
    let subject = Subject {
        app: app.name.into(),
        version: app.version.into(),
        environment: foundation.environment.to_string(),
        organisation: wanted.organisation.map(|id| id.to_string()),
        exported_at: crate::audit::timestamp(foundation.clock.now()),
    };
    let mut archive = ArchiveWriter::new(BufWriter::new(draft.target()?), wanted.seal, subject);
    // The witness is read before the snapshot is taken: it has seen nothing that the snapshot lacks.
    let witness = witness(foundation, wanted.organisation)?;
    let mut snapshot = foundation.store.snapshot().await?;
    let tables = tables(&mut snapshot, app.entities, wanted.organisation).await?;
    let mut counted = Counted { tables: tables.len(), files: extra.len(), ..Counted::default() };
    for table in &tables {
        counted.rows +=
            write_table(&mut archive, &mut snapshot, table, wanted.organisation, &rings, foundation).await?;
    }
    counted.events = write_audit(&mut archive, &mut snapshot, wanted.organisation).await?;
    let payloads = Payloads { entities: app.entities, rings: &rings, environment: foundation.environment };
    payloads.write(&mut archive, &mut snapshot, wanted.organisation).await?;
    snapshot.rollback().await?;
    let head = witness.first().and_then(|(_, lines)| {
        let lines = std::str::from_utf8(lines).ok()?;
        lines.lines().last().map(str::to_owned)
    });
    for (path, content) in witness {
        put(&mut archive, &path, &mut content.as_slice())?;
    }
    for SourceFile { path, file } in &extra {
        put(&mut archive, path, &mut File::open(file).map_err(AppError::file(file))?)?;
    }
    signed(archive, &keeper, draft, wanted.summary.as_deref(), head).await?;
    Ok(told(&wanted.to, &counted, destroyed))
}

/// Signs and finishes the archive, and gives it its name.
async fn signed(
    archive: Archive,
    keeper: &Keeper,
    draft: Draft,
    summary: Option<&Path>,
    head: Option<String>,
) -> Result<(), AppError> {
    let unsigned = archive.end()?;
    let manifest = unsigned.digest().to_owned();
    let signature = keeper.sign_archive(unsigned.digest().to_owned()).await.map_err(AppError::Unsigned)?;
    let target = unsigned.finish(&signature)?.into_inner().map_err(|error| error.into_error());
    drop(target.map_err(AppError::System)?);
    draft.end()?;
    let Some(path) = summary else { return Ok(()) };
    let summary = Summary { signed_by: &signature.public_key, manifest: &manifest, head };
    let text = serde_json::to_vec(&summary).map_err(|error| AppError::file(path)(error.into()))?;
    if crate::folder::write_once(path, &text)? {
        return Ok(());
    }
    Err(AppError::file(path)(io::ErrorKind::AlreadyExists.into()))
}

fn told(to: &Destination, counted: &Counted, destroyed: usize) -> String {
    let name = match to {
        Destination::File(path) => path.display().to_string(),
        Destination::Output => "standard output".to_owned(),
    };
    let lost = match destroyed {
        0 => String::new(),
        number => {
            format!("; the keys of {number} organisations were destroyed, so their sealed fields are empty")
        }
    };
    let Counted { rows, tables, events, files } = counted;
    format!("{name}: {rows} rows of {tables} tables, {events} audit events and {files} files of source{lost}")
}

/// The passphrase file's first line, without its end.
pub(super) fn passphrase(path: &Path) -> Result<Passphrase, AppError> {
    let text = zeroize::Zeroizing::new(fs::read_to_string(path).map_err(AppError::file(path))?);
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() < 15 {
        let why = io::Error::other("its first line is the passphrase, and must have 15 characters or more");
        return Err(AppError::file(path)(why));
    }
    Ok(Passphrase::new(line.to_owned()))
}

/// A new passphrase of 256 random bits, in a file of its own (mode 0600) that must not exist yet.
pub(super) fn new_passphrase(path: &Path) -> Result<Passphrase, AppError> {
    let key = crate::crypto::DataKey::random()?;
    let mut text = zeroize::Zeroizing::new(String::with_capacity(80));
    for (at, byte) in key.expose().iter().enumerate() {
        let dash = if at > 0 && at % 4 == 0 { "-" } else { "" };
        // Writing to a string cannot fail.
        let _ = std::fmt::Write::write_fmt(&mut *text, format_args!("{dash}{byte:02x}"));
    }
    if crate::folder::write_once(path, format!("{}\n", *text).as_bytes())? {
        return Ok(Passphrase::new(std::mem::take(&mut *text)));
    }
    Err(AppError::file(path)(io::ErrorKind::AlreadyExists.into()))
}

/// An archive under way: it gets its name when it is whole.
struct Draft {
    /// Where it is written, and what it is called in the end; none for standard output.
    place: Option<(PathBuf, PathBuf)>,
}

impl Draft {
    fn begin(to: &Destination) -> Result<Self, AppError> {
        let Destination::File(to) = to else {
            if io::stdout().is_terminal() {
                return Err(AppError::Usage("an archive is no text: pipe standard output to where it goes"));
            }
            return Ok(Self { place: None });
        };
        if to.exists() {
            return Err(AppError::file(to)(io::ErrorKind::AlreadyExists.into()));
        }
        let mut name = to.as_os_str().to_owned();
        name.push(".part");
        let draft = PathBuf::from(name);
        // What an export that was cut off has left.
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(AppError::file(&draft)(error)),
            _ => Ok(Self { place: Some((draft, to.clone())) }),
        }
    }

    fn target(&self) -> Result<Target, AppError> {
        let Some((draft, _)) = &self.place else { return Ok(Box::new(io::stdout())) };
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft);
        Ok(Box::new(file.map_err(AppError::file(draft))?))
    }

    fn end(self) -> Result<(), AppError> {
        let Some((draft, to)) = self.place else { return Ok(()) };
        let synced = File::open(&draft).and_then(|file| file.sync_all());
        synced.map_err(AppError::file(&draft))?;
        // A link, unlike a rename, never replaces an archive that is there.
        fs::hard_link(&draft, &to).map_err(AppError::file(&to))?;
        fs::remove_file(&draft).map_err(AppError::file(&draft))
    }
}

/// The app's source and the agreements, as they will stand in the archive.
fn extra_files(foundation: &Foundation, wanted: &Export) -> Result<Vec<SourceFile>, AppError> {
    let mut files = Vec::new();
    if let Some(folder) = &wanted.agreements {
        files.extend(source_files::all(folder, "agreements")?);
    }
    if let Some(folder) = &wanted.project {
        if !folder.join("app.yaml").is_file() {
            return Err(AppError::Usage(
                "no app.yaml here, so the app's source cannot go into the archive: give --project DIR, or \
                 --without-project",
            ));
        }
        let settings = &foundation.settings;
        let private = [&settings.data_folder, &settings.witness_folder, settings.root_folder()];
        files.extend(source_files::of_project(folder, &private.map(Path::to_owned))?);
    }
    Ok(files)
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
pub(super) async fn rings(
    foundation: &Foundation,
    organisations: &[Uuid],
) -> Result<(Rings, usize), AppError> {
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
    snapshot: &mut Transaction,
    organisation: Option<Uuid>,
) -> Result<u64, AppError> {
    let mut part = archive.file(&format!("audit/{EVENTS}"))?;
    let mut source = Source::default();
    let mut events = 0;
    loop {
        let page = source.next_page(&mut *snapshot).await?;
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
    Ok(events)
}

/// The witness and those before it, by their paths in the archive; of the whole environment only.
fn witness(foundation: &Foundation, organisation: Option<Uuid>) -> Result<Vec<(String, Vec<u8>)>, AppError> {
    let mut files = Vec::new();
    let (mut folder, mut place) = (foundation.settings.witness_folder.clone(), "audit".to_owned());
    while organisation.is_none() && folder.join(WITNESS).exists() {
        for name in [WITNESS, PUBLIC_KEY] {
            let path = folder.join(name);
            let mut content = fs::read(&path).map_err(AppError::file(&path))?;
            if name == WITNESS {
                // A line under way is no line yet.
                content.truncate(content.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1));
            }
            files.push((format!("{place}/{name}"), content));
        }
        folder.push(BEFORE);
        place = format!("{place}/{BEFORE}");
    }
    Ok(files)
}

fn put(archive: &mut Archive, path: &str, source: &mut dyn Read) -> Result<(), AppError> {
    let mut part = archive.file(path)?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => part.push(&buffer[..read])?,
            Err(error) => return Err(AppError::file(path)(error)),
        }
    }
    part.end();
    Ok(())
}
