//! The journal of an emergency access, for whoever reviews it: each thing that was looked at and changed, in the order of time,
//! as the audit log has it (CF-3; 45 CFR 164.308(a)(1)(ii)(D), 164.312(a)(2)(ii)).
//!
//! It names kinds of records and fields, and no value: who reviews need not be somebody who may read the record.

use axum::{Extension, Json};
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use super::emergencies::{Emergency, find};
use super::{Facts, below, only_who_answers};
use crate::access::{Error, in_emergency};
use crate::audit::{self, Event, Outcome, Seen};
use crate::identity::EMERGENCY_ACCESS;
use crate::pages::{Column, Content, Notice, Page, Row, Table, Tone};
use crate::slice::{Id, Result, Viewer, capitalised};

/// How many entries are told; an hour holds no more.
const MOST: u32 = 2_000;

/// One entry as JSON.
#[derive(Serialize)]
pub(super) struct Told {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    action: audit::Action,
    entity: Option<String>,
    records: Vec<String>,
    fields: Vec<&'static str>,
    changed: bool,
    outcome: Outcome,
}

async fn entries(viewer: &Viewer, facts: &Facts, id: Uuid) -> Result<(Emergency, Vec<Told>)> {
    only_who_answers(viewer)?;
    let (one, _) = find(viewer, id).await?;
    // To read the journal is an event, before anything of it is shown.
    let looked = Event::new(audit::Action::View).entity(EMERGENCY_ACCESS).record(id).note("journal");
    viewer.audit.record(&viewer.circumstances, looked).await.map_err(Error::AuditUnavailable)?;
    let organisation = viewer.principal.organisation().uuid();
    let basis = in_emergency(id);
    let seen = audit::in_the_course_of(
        &viewer.store,
        organisation,
        (id, &basis),
        (one.person, one.subject),
        (one.starts_at, one.ends_at),
        MOST,
    );
    let seen = seen.await.map_err(Error::from)?;
    Ok((one, seen.into_iter().map(|seen| told(facts, seen)).collect()))
}

fn told(facts: &Facts, seen: Seen) -> Told {
    let entity = facts.entities.iter().find(|entity| Some(entity.name) == seen.entity.as_deref());
    let named = |id: &u32| entity.and_then(|entity| entity.fields.iter().find(|field| field.id == *id));
    Told {
        at: seen.at,
        action: seen.action,
        changed: changes(seen.action),
        fields: seen.fields.iter().filter_map(named).map(|field| field.name).collect(),
        entity: seen.entity,
        records: seen.records,
        outcome: seen.outcome,
    }
}

/// Whether what was done left something behind.
fn changes(action: audit::Action) -> bool {
    use audit::Action::{Assist, Create, Delete, Move, Update};
    matches!(action, Create | Update | Delete | Move | Assist)
}

/// `GET …/emergencies/{id}/journal`
pub(super) async fn page(viewer: Viewer, Extension(facts): Extension<Facts>, Id(id): Id) -> Result<Page> {
    let (one, entries) = entries(&viewer, &facts, id).await?;
    let (changed, looked): (Vec<Told>, Vec<Told>) = entries.into_iter().partition(|entry| entry.changed);
    let whole = changed.len() + looked.len() < MOST as usize;
    let mut page =
        below(&viewer, "Journal of an emergency access").back("Emergency access", one.path()).about(
            "What was done in its course, in the order of time. It names fields, and none of their values.",
        );
    if !whole {
        page = page.notice(Notice::warning(format!("These are the first {MOST} entries")));
    }
    Ok(page.with(table("Changed", changed, "Nothing was changed")).with(table(
        "Looked at",
        looked,
        "Nothing was opened",
    )))
}

fn table(caption: &'static str, entries: Vec<Told>, none: &'static str) -> Table {
    let rows = entries.into_iter().map(|entry| {
        let outcome = match entry.outcome {
            Outcome::Succeeded => Content::tag("done", Tone::Quiet),
            other => Content::tag(other.as_str().to_owned(), Tone::Caution),
        };
        Row::new()
            .cell(entry.at)
            .cell(capitalised(&entry.action.as_str().replace('-', " ")))
            .cell(entry.entity.map(|entity| capitalised(&entity.replace('-', " "))))
            .cell(Content::list(entry.records))
            .cell(entry.fields.join(", "))
            .cell(outcome)
    });
    let table = ["When", "Did", "What", "Records", "Fields", "Outcome"]
        .into_iter()
        .fold(Table::new(caption), |table, label| table.column(Column::new(label)));
    table.rows(rows.collect::<Vec<_>>()).empty(none, "The audit log has no such entry.")
}

/// `GET /api/compliance/emergencies/{id}/journal`
pub(super) async fn api(
    viewer: Viewer,
    Extension(facts): Extension<Facts>,
    Id(id): Id,
) -> Result<Json<Vec<Told>>> {
    Ok(Json(entries(&viewer, &facts, id).await?.1))
}
