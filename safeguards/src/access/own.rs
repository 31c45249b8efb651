//! What the app keeps of whoever asks, as far as they may see it: for a page of it, for a copy (45 CFR 164.524; GDPR, Articles
//! 15 and 20), and for what goes with an account (CC-10).
//!
//! Which rows are somebody's own stands in [`Entity::own`]; the policy narrows them as in every statement, masks hold, and the
//! event is durable before anything is handed over.

use time::OffsetDateTime;
use uuid::Uuid;

use super::context::Context;
use super::descriptor::{Action, Entity};
use super::error::{Error, Result};
use super::expand::{Composer, Expanded, Slot};
use super::files::StoredFile;
use super::policy::{Policy, Row};
use super::read::{Opened, fetch};
use super::row::{FromValue, Unsealed};
use super::statement::Given;
use super::trail;
use crate::store::{self, Kind, Statement, Text, Value};

/// Rows that are read at once.
const PAGE: usize = 500;

/// A record of one's own, as far as one may see it.
pub(crate) struct OwnRecord {
    /// Its id.
    pub(crate) id: Uuid,
    /// Its pseudonymous reference.
    pub(crate) reference: Option<String>,
    /// When it was made, and when it was last changed.
    pub(crate) written: [Option<OffsetDateTime>; 2],
    /// What it says, field by field.
    pub(crate) fields: Vec<(&'static str, Value)>,
    /// The files that belong to it, each under its field.
    pub(crate) files: Vec<(&'static str, StoredFile)>,
}

impl Context {
    /// The records of an entity that are the principal's own, oldest first. They are in the log, as what is done with them,
    /// before they are returned.
    ///
    /// # Errors
    /// As for any read.
    pub(crate) async fn own_records(&self, entity: &'static Entity, done: Action) -> Result<Vec<OwnRecord>> {
        let policy = Policy::of(entity, &self.roles(entity, Action::View), Action::View);
        let mut records: Vec<OwnRecord> = Vec::new();
        if entity.own.is_empty() || policy.is_empty() {
            return Ok(records);
        }
        let expanded = reading(entity, &policy, self.store.is_postgres())?;
        loop {
            let after = records.last().map_or(Uuid::nil(), |record| record.id);
            let mut values = vec![Value::from(after)];
            values.extend(Given::of(self).values(&expanded.slots, &[]));
            let statement = Statement::composed(expanded.text.clone(), values);
            let rows = fetch(self, statement, Action::View).await?;
            let opened = Opened { context: self, entity, expanded: &expanded, rows: &rows };
            let release = opened.release(None, None)?;
            let page = opened.read(own_record).await?;
            if !page.is_empty() {
                trail::released(self, entity, done, release).await?;
            }
            let last = page.len() < PAGE;
            records.extend(page);
            if last {
                return Ok(records);
            }
        }
    }
}

/// `SELECT … FROM table WHERE the policy AND one's own AND id > $1`.
fn reading(entity: &'static Entity, policy: &Policy, fenced: bool) -> Result<Expanded> {
    let table = entity.table;
    let (reach_text, reach) = policy.reach();
    let mut composer = Composer::after(1, fenced);
    composer.push("SELECT created_at, updated_at, ");
    if entity.reference.is_some() {
        composer.push("reference, ");
    }
    for field in entity.fields {
        composer.push(&format!("{table}.{}, ", field.column));
    }
    composer.condition(&reach_text)?;
    composer.push(&format!(" AS reach, {table}.id AS reach_id, {table}.version AS reach_version, "));
    composer.subject(entity)?;
    composer.push(&format!(" AS reach_subject FROM {table} WHERE {table}.id > $1 AND "));
    composer.condition(&policy.rows(&[], Row::Before))?;
    composer.push(" AND ");
    composer.condition(&any_own(entity))?;
    composer.push(&format!(" ORDER BY {table}.id LIMIT {PAGE}"));
    let Composer { text, slots, .. } = composer;
    Ok(Expanded { text: Text::composed(text), own: 1, slots, reach, reaches: true, capped: false })
}

/// `((a) OR (b))`.
fn any_own(entity: &Entity) -> String {
    format!("(({}))", entity.own.join(") OR ("))
}

fn own_record(row: &Unsealed<'_>) -> Result<OwnRecord> {
    let mut record = OwnRecord {
        id: row.id()?,
        reference: row.reference()?.value().cloned(),
        written: [row.created_at()?.value().copied(), row.updated_at()?.value().copied()],
        fields: Vec::new(),
        files: Vec::new(),
    };
    for field in row.entity.fields {
        if !row.shows(field.name)? {
            continue;
        }
        let value = row.open(field.name)?;
        match StoredFile::from_value(value.clone()) {
            Some(file) => record.files.push((field.name, file)),
            None => record.fields.push((field.name, value)),
        }
    }
    Ok(record)
}

/// The ids of the rows that are a person's own, whatever they may see of them: for the owner of the database, who erases.
///
/// Of what the app itself still needs, nothing is among them: rows that are frozen, and rows that a record leads to which must
/// be kept.
pub(crate) fn rows_that_go(
    entity: &'static Entity,
    entities: &[&'static Entity],
    (organisation, person, now): (Uuid, Uuid, OffsetDateTime),
) -> Result<Statement> {
    let table = entity.table;
    let mut composer = own_rows(entity)?;
    if let Some(lock) = &entity.lock {
        composer.push(" AND NOT (");
        composer.condition(lock.rows)?;
        composer.push(")");
    }
    for kept in entities.iter().filter(|kept| kept.kept_months().is_some()) {
        let leading = kept.fields.iter().filter(|field| field.leads == Some(super::Leads::To(table)));
        for field in leading {
            let (from, column) = (kept.table, field.column);
            composer
                .push(&format!(" AND NOT EXISTS (SELECT 1 FROM {from} WHERE {from}.{column} = {table}.id)"));
        }
    }
    Ok(filled(composer, (organisation, person, now)))
}

/// The ids of the records that a person is.
pub(crate) fn selves(entity: &'static Entity, who: (Uuid, Uuid, OffsetDateTime)) -> Result<Statement> {
    Ok(filled(own_rows(entity)?, who))
}

fn own_rows(entity: &'static Entity) -> Result<Composer> {
    let table = entity.table;
    let mut composer = Composer::after(0, false);
    composer.push(&format!("SELECT {table}.id FROM {table} WHERE {table}.organisation_id = "));
    composer.slot(Slot::Organisation);
    composer.push(" AND ");
    composer.condition(&any_own(entity))?;
    Ok(composer)
}

/// The ids of the rows about a subject, with the latest moment at which any of them was changed.
pub(crate) fn rows_about(
    entity: &'static Entity,
    organisation: Uuid,
    subject: Uuid,
) -> Result<Option<Statement>> {
    if entity.subject.is_none() {
        return Ok(None);
    }
    let table = entity.table;
    let mut composer = Composer::after(1, false);
    composer.push(&format!(
        "SELECT {table}.id, {table}.updated_at FROM {table} WHERE {table}.organisation_id = "
    ));
    composer.slot(Slot::Organisation);
    composer.push(" AND ");
    composer.subject(entity)?;
    composer.push(" = $1");
    let values = vec![subject.into(), organisation.into()];
    Ok(Some(Statement::composed(Text::composed(composer.text), values)))
}

/// Removes one row, for the owner of the database.
pub(crate) fn removal(entity: &'static Entity, id: Uuid) -> Statement {
    let text = format!("DELETE FROM {} WHERE id = $1", entity.table);
    Statement::composed(Text::composed(text), vec![id.into()])
}

/// Takes the login off the records that a person is.
pub(crate) fn unlinked(entity: &'static Entity, person: Uuid) -> Option<Statement> {
    let login =
        entity.fields.iter().find(|field| field.column == "person_id" && field.kind == super::Kind::Uuid)?;
    let text = format!("UPDATE {} SET {1} = NULL WHERE {1} = $1", entity.table, login.column);
    (entity.subject == Some("id")).then(|| Statement::composed(Text::composed(text), vec![person.into()]))
}

fn filled(composer: Composer, (organisation, person, now): (Uuid, Uuid, OffsetDateTime)) -> Statement {
    let given =
        Given { person, organisation, now, id: Uuid::nil(), version: 0, reference: None, fields: Vec::new() };
    let values = given.values(&composer.slots, &[]);
    Statement::composed(Text::composed(composer.text), values)
}

/// The login of a record that is somebody who signs in.
pub(crate) fn login(entity: &'static Entity, organisation: Uuid, record: Uuid) -> Option<Statement> {
    let known =
        entity.fields.iter().any(|field| field.column == "person_id" && field.kind == super::Kind::Uuid);
    let text = format!("SELECT person_id FROM {} WHERE organisation_id = $1 AND id = $2", entity.table);
    known.then(|| Statement::composed(Text::composed(text), vec![organisation.into(), record.into()]))
}

/// What a value says, as JSON.
pub(crate) fn as_json(value: &Value) -> Result<serde_json::Value> {
    Ok(match value {
        Value::Null(_) => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Integer(value) => (*value).into(),
        Value::Decimal(value) => value.to_string().into(),
        Value::Text(value) => value.clone().into(),
        Value::Bytes(value) => format!("{} bytes", value.len()).into(),
        Value::Uuid(value) => value.to_string().into(),
        Value::Timestamp(value) => store::timestamp_text(*value).map_err(Error::Store)?.into(),
        Value::Date(value) => value.to_string().into(),
        Value::Json(value) => value.clone(),
    })
}

/// The kind of a missing value tells nothing to a reader.
pub(crate) fn is_said(value: &Value) -> bool {
    !value.is_null() && value.kind() != Kind::Bytes
}
