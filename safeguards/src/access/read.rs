//! Reading: policy in the WHERE, audited, then unsealed and masked.

use super::context::Context;
use super::descriptor::{Action, Entity};
use super::error::{Error, Result};
use super::expand::{Expanded, wrong};
use super::row::{Record, Unsealed};
use super::statement::{Bound, Given, Statement, begin};
use super::trail::{self, Release};
use crate::crypto::{KeyError, KeyRing};
use crate::store::{self, Row, Store, Value};
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

impl Statement {
    /// One row: to view it, print it, download or export it. Hidden and missing are the same [`Error::NotFound`].
    pub async fn show<R: Record>(self, context: &Context, action: Action) -> Result<R> {
        match self.read(context, R::ENTITY, action, Some(1), R::read).await?.pop() {
            Some(record) => Ok(record),
            None => Err(Error::NotFound),
        }
    }

    /// The rows that the principal may list. The event that names them all is durable before they are returned.
    pub async fn list<R: Record>(self, context: &Context) -> Result<Vec<R>> {
        self.read(context, R::ENTITY, Action::List, None, R::read).await
    }

    /// As [`list`](Self::list), for rows that are read by a function instead of a [`Record`].
    pub async fn list_of<T>(
        self,
        context: &Context,
        entity: &'static Entity,
        read: impl Fn(&Unsealed<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.read(context, entity, Action::List, None, read).await
    }

    /// The rows that the principal may print, download or export.
    pub async fn release<R: Record>(self, context: &Context, action: Action) -> Result<Vec<R>> {
        self.read(context, R::ENTITY, action, None, R::read).await
    }

    /// How many rows the principal may list: the column `n` of `SELECT count(*) AS n …`.
    pub async fn count(self, context: &Context, entity: &'static Entity) -> Result<i64> {
        let rows = self.measure(context, entity).await?;
        let row = rows.first().ok_or_else(|| wrong("it counts nothing"))?;
        Ok(row.integer("n")?)
    }

    /// Counts, sums and averages over what the principal may list, without any row of it. Every field that the statement
    /// names must be visible in a row for the row to count. Small groups are for the caller to hide.
    pub async fn measure(self, context: &Context, entity: &'static Entity) -> Result<Vec<Row>> {
        let expanded = self.expanded(context, entity, Action::List)?;
        if expanded.reaches {
            return Err(wrong("what counts has no {reach}"));
        }
        let rows = self.fetch(context, entity, &expanded, Action::List).await?;
        trail::released(context, entity, Action::List, Release::default()).await?;
        Ok(rows)
    }

    /// The ids of the rows that the app itself lists, for its rules. Nothing of them is shown to anybody, so this is no event;
    /// what follows is.
    pub(crate) async fn ids(self, itself: &Context, entity: &'static Entity) -> Result<BTreeSet<Uuid>> {
        let expanded = self.expanded(itself, entity, Action::List)?;
        let rows = self.fetch(itself, entity, &expanded, Action::List).await?;
        rows.iter().map(|row| Ok(row.uuid("reach_id")?)).collect()
    }

    pub(super) async fn read<T>(
        self,
        context: &Context,
        entity: &'static Entity,
        action: Action,
        most: Option<usize>,
        read: impl Fn(&Unsealed<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let expanded = self.expanded(context, entity, action)?;
        if !expanded.reaches {
            return Err(wrong("what shows rows selects {reach}"));
        }
        let rows = self.fetch(context, entity, &expanded, action).await?;
        if most.is_some_and(|most| rows.len() > most) {
            return Err(wrong("it shows one row, and finds several"));
        }
        if rows.is_empty() && most.is_some() {
            trail::denied(context, entity, action, self.first_id()).await?;
            return Ok(Vec::new());
        }
        let opened = Opened { context, entity, expanded: &expanded, rows: &rows };
        let release = opened.release(self.recipient, self.basis)?;
        let records = opened.read(read).await?;
        trail::released(context, entity, action, release).await?;
        Ok(records)
    }

    /// Runs the statement; on PostgreSQL with row-level security behind it.
    pub(super) async fn fetch(
        &self,
        context: &Context,
        entity: &'static Entity,
        expanded: &Expanded,
        action: Action,
    ) -> Result<Vec<Row>> {
        let ring = context.keys.ring(context.principal.organisation().uuid()).await?;
        let statement = self.filled(entity, expanded, &ring, &Given::of(context))?;
        fetch(context, statement, action).await
    }

    fn first_id(&self) -> Option<Uuid> {
        self.values.iter().find_map(|bound| match bound {
            Bound::Value(Value::Uuid(id)) => Some(*id),
            _ => None,
        })
    }
}

pub(super) async fn fetch(
    context: &Context,
    statement: store::Statement,
    action: Action,
) -> Result<Vec<Row>> {
    match &context.store {
        Store::Sqlite(_) => Ok(statement.fetch_all(&context.store).await?),
        Store::Postgres(_) => {
            let mut transaction = begin(context, action).await?;
            let rows = statement.fetch_all(&mut transaction).await?;
            // Nothing was written, so how it ends is all the same to who waits: it is rolled back, and with it the settings
            // of who acts, on the connection's way back to the pool.
            drop(transaction);
            Ok(rows)
        }
    }
}

/// Rows that were fetched and are about to be shown.
pub(super) struct Opened<'a> {
    pub(super) context: &'a Context,
    pub(super) entity: &'static Entity,
    pub(super) expanded: &'a Expanded,
    pub(super) rows: &'a [Row],
}

impl Opened<'_> {
    /// Which rows they are, and which of the fields that were selected any of them shows.
    pub(super) fn release(&self, recipient: Option<String>, basis: Option<String>) -> Result<Release> {
        let columns = self.rows.first().map(Row::columns).unwrap_or_default();
        let mut release = Release { recipient, basis, ..Release::default() };
        for row in self.rows {
            release.rows.push((row.uuid("reach_id")?, row.optional_uuid("reach_subject")?));
        }
        for field in
            self.entity.fields.iter().filter(|field| columns.iter().any(|column| column == field.column))
        {
            for row in self.rows {
                if self.expanded.reach.shows(self.entity, row.integer("reach")?, field.name) {
                    release.fields.push(field.id);
                    break;
                }
            }
        }
        Ok(release)
    }

    /// Unseals what is shown and reads the records.
    pub(super) async fn read<T>(&self, read: impl Fn(&Unsealed<'_>) -> Result<T>) -> Result<Vec<T>> {
        self.with_ring(|ring| self.rows.iter().map(|row| read(&self.unsealed(row, ring))).collect()).await
    }

    /// Opens with the ring in memory and, when that is older than a value, once more with the ring of the table.
    pub(super) async fn with_ring<T>(&self, open: impl Fn(&KeyRing) -> Result<T>) -> Result<T> {
        let organisation = self.context.principal.organisation().uuid();
        let ring: Arc<KeyRing> = self.context.keys.ring(organisation).await?;
        match open(&ring) {
            Err(Error::Key(KeyError::UnknownGeneration(_))) => {
                open(&*self.context.keys.reload(organisation).await?)
            }
            other => other,
        }
    }

    pub(super) fn unsealed<'b>(&'b self, row: &'b Row, ring: &'b KeyRing) -> Unsealed<'b> {
        Unsealed {
            row,
            entity: self.entity,
            expanded: self.expanded,
            ring,
            environment: self.context.keys.environment(),
            organisation: self.context.principal.organisation().uuid(),
            now: self.context.clock.now(),
        }
    }
}
