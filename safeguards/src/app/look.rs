//! `support-look`: platform support is shown records, by the founder's leave (HC-10).
//!
//! Whether there is a leave, and whether it still holds, is the host's to say; it starts this, and passes nothing on
//! once the leave has ended. What is decided here is that a look stands in the log of everybody whose records it is,
//! durably, before a word of it is told: who looked, by which grant, why. Where the log cannot be written, nothing is
//! shown.
//!
//! Support sees no more than it needs (45 CFR 164.502(b)): a list tells what says nothing about a person, and a
//! record's fields are opened only for whoever names the record.

use std::collections::BTreeMap;
use std::sync::Arc;

use exporter::Cell;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use super::export::rings;
use super::services::Foundation;
use super::tables::{ExportColumn, SUBJECT, tables};
use super::{App, AppError};
use crate::access::{Class, Entity, is_base};
use crate::audit::{Action, Audit, AuditContext, Event, Outcome, PLATFORM_SUPPORT, Purpose};
use crate::store::Row;

/// How many records a list tells, the newest first.
const LISTED: i64 = 20;

/// What the host passes on, by the variable `SUPPORT_LOOK`: a command line is for all to see, and a reason may name
/// somebody.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Look {
    /// The founder's grant.
    grant: Uuid,
    /// Who looks, as the log names them.
    support: String,
    /// Why, in the founder's words.
    reason: String,
    /// When the grant ends.
    #[serde(with = "time::serde::rfc3339")]
    until: OffsetDateTime,
    /// The kind of record, by its name in the spec.
    entity: String,
    /// One record, whose fields are opened; without it, a list.
    record: Option<Uuid>,
}

/// What is shown.
#[derive(Serialize)]
struct Shown {
    entity: &'static str,
    /// Each record by its columns.
    records: Vec<Map<String, Value>>,
    /// Columns that a list does not tell.
    withheld: Vec<String>,
}

impl Look {
    pub(super) fn parse(text: &str) -> Result<Self, AppError> {
        serde_json::from_str(text).map_err(|_| AppError::Usage("SUPPORT_LOOK does not say what to show"))
    }

    fn still_granted(&self, foundation: &Foundation) -> Result<(), AppError> {
        if foundation.clock.now() < self.until { Ok(()) } else { Err(refused("the grant has ended")) }
    }
}

fn refused(why: impl Into<String>) -> AppError {
    AppError::NothingShown(why.into())
}

/// Writes the look into the log, then answers what support is shown, as JSON.
pub(super) async fn look(app: &App, foundation: &Foundation, wanted: &Look) -> Result<String, AppError> {
    wanted.still_granted(foundation)?;
    let entity = app.entities.iter().copied().find(|entity| entity.name == wanted.entity);
    let entity = entity.ok_or_else(|| refused(kinds(app)))?;
    let mut snapshot = foundation.store.snapshot().await?;
    let all = tables(&mut snapshot, app.entities, None).await?;
    let table = all.iter().find(|table| table.name == entity.table);
    let table = table.ok_or_else(|| refused("its table is missing"))?;
    let rows = table.look(entity.subject, wanted.record, LISTED).fetch_all(&mut snapshot).await?;
    snapshot.rollback().await?;
    let (told, kept): (Vec<&ExportColumn>, Vec<&ExportColumn>) =
        table.columns.iter().partition(|column| wanted.record.is_some() || says_nothing(entity, column));
    announce(foundation, entity, wanted, &told, &rows).await?;
    let records = opened(foundation, &told, &rows).await?;
    // The log's heads are signed now, not at the next round: this look is evident from here on. Beside an app that
    // runs, its signer has the witness and signs every 20 seconds.
    let _busy = app.keeper(foundation).witness().await;
    wanted.still_granted(foundation)?;
    let withheld = kept.iter().map(|column| column.name.clone()).collect();
    let shown = Shown { entity: entity.name, records, withheld };
    serde_json::to_string(&shown).map_err(|_| refused("a value cannot be written as JSON"))
}

fn kinds(app: &App) -> String {
    let names: Vec<&str> = app.entities.iter().map(|entity| entity.name).collect();
    format!("there are no such records here; this app keeps: {}", names.join(", "))
}

/// Whether a column tells nothing about a person: one that every table has, or a field of no class.
fn says_nothing(entity: &Entity, column: &ExportColumn) -> bool {
    match entity.fields.iter().find(|field| field.column == column.name) {
        Some(field) => field.class == Class::None,
        // One that the founder added by hand may say anything.
        None => is_base(&column.name),
    }
}

/// One event for each organisation and person whose records are about to be shown; one of the environment where none
/// were found, so that no look is without its event.
async fn announce(
    foundation: &Foundation,
    entity: &'static Entity,
    wanted: &Look,
    told: &[&ExportColumn],
    rows: &[Row],
) -> Result<(), AppError> {
    let audit = Audit::start(&foundation.store, Arc::clone(&foundation.clock));
    let action = if wanted.record.is_some() { Action::View } else { Action::List };
    let fields = entity.fields.iter().filter(|field| told.iter().any(|column| column.name == field.column));
    let fields: Vec<u32> = fields.map(|field| field.id).collect();
    let event = || {
        Event::new(action)
            .entity(entity.name)
            .fields(fields.iter().copied())
            .recipient(&wanted.support)
            .basis(&format!("support grant {}: {}", wanted.grant, wanted.reason))
    };
    let mut about: BTreeMap<(Uuid, Option<Uuid>), Vec<Uuid>> = BTreeMap::new();
    for row in rows {
        let record = row.uuid("id")?;
        let subject = if entity.subject.is_some() { row.optional_uuid(SUBJECT)? } else { None };
        // A patient's own row is about them by its id.
        let subject = subject.filter(|subject| *subject != record);
        about.entry((row.uuid("organisation_id")?, subject)).or_default().push(record);
    }
    if about.is_empty() {
        let event = event().records(wanted.record).outcome(Outcome::Failed).note("nothing was found");
        return Ok(audit.record(&context(foundation, Uuid::nil()), event).await?);
    }
    for ((organisation, subject), records) in about {
        let event = event().records(records);
        let event = match subject {
            Some(subject) => event.subject(subject),
            None => event,
        };
        audit.record(&context(foundation, organisation), event).await?;
    }
    Ok(())
}

fn context(foundation: &Foundation, organisation: Uuid) -> AuditContext {
    AuditContext {
        purpose: Purpose::Support,
        ..AuditContext::system(Arc::clone(&foundation.clock), organisation, PLATFORM_SUPPORT)
    }
}

async fn opened(
    foundation: &Foundation,
    told: &[&ExportColumn],
    rows: &[Row],
) -> Result<Vec<Map<String, Value>>, AppError> {
    let mut organisations =
        rows.iter().map(|row| row.uuid("organisation_id")).collect::<Result<Vec<_>, _>>()?;
    organisations.dedup();
    // Where an organisation's keys are no more, its sealed fields are empty.
    let (rings, _destroyed) = rings(foundation, &organisations).await?;
    let record = |row: &Row| {
        let cell = |column: &&ExportColumn| {
            Ok((column.name.clone(), json(column.cell(row, &rings, foundation.environment)?)))
        };
        told.iter().map(cell).collect::<Result<Map<_, _>, AppError>>()
    };
    rows.iter().map(record).collect()
}

fn json(cell: Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Boolean(value) => value.into(),
        Cell::Integer(value) => value.into(),
        Cell::Text(value) => value.into(),
        Cell::Bytes(value) => format!("{} bytes", value.len()).into(),
        Cell::Json(value) => value,
    }
}
