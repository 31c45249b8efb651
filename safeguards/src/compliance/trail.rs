//! What was found, said and done about an incident or a request, in the order of time.

use time::OffsetDateTime;
use uuid::Uuid;

use super::sealing::{Column as Sealed, open, seal};
use crate::access::{Context, Error};
use crate::pages::{Column, Content, Row, Table};
use crate::slice::{Result, Viewer};
use crate::store::{Transaction, sql};

/// An entry that is ready to be written: what it is about, and its words, sealed.
pub(super) struct Draft {
    id: Uuid,
    about: Uuid,
    step: &'static str,
    words: Vec<u8>,
}

/// Seals the words of a step.
pub(super) async fn draft(context: &Context, about: Uuid, step: &'static str, words: &str) -> Result<Draft> {
    let id = context.ids.next();
    Ok(Draft { id, about, step, words: seal(context, Sealed::Words, id, words).await? })
}

impl Draft {
    pub(super) async fn write(self, context: &Context, transaction: &mut Transaction) -> Result<()> {
        sql("INSERT INTO compliance_entries
                 (id, organisation_id, about_id, written_at, written_by_id, step, words)
             VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(self.id)
        .bind(context.principal.organisation())
        .bind(self.about)
        .bind(context.clock.now())
        .bind(context.principal.person())
        .bind(self.step)
        .bind(self.words)
        .execute(transaction)
        .await
        .map_err(Error::from)?;
        Ok(())
    }
}

/// The entries as a table. `label` tells what people call a step.
pub(super) async fn table(viewer: &Viewer, about: Uuid, label: fn(&str) -> &'static str) -> Result<Table> {
    let rows = sql("SELECT id, written_at, written_by_id, step, words FROM compliance_entries
         WHERE organisation_id = $1 AND about_id = $2 ORDER BY written_at, id")
    .bind(viewer.principal.organisation())
    .bind(about)
    .fetch_all(&viewer.store)
    .await
    .map_err(Error::from)?;
    let mut entries: Vec<(OffsetDateTime, Uuid, String, String)> = Vec::new();
    for row in rows {
        let read = || {
            let (id, at, by) = (row.uuid("id")?, row.timestamp("written_at")?, row.uuid("written_by_id")?);
            Ok((id, at, by, row.text("step")?, row.bytes("words")?))
        };
        let (id, at, by, step, sealed) = read().map_err(Error::Store)?;
        entries.push((at, by, step, open(viewer, Sealed::Words, id, sealed).await?));
    }
    let names = viewer.people(entries.iter().map(|entry| Some(entry.1))).await?;
    let name = |person| names.iter().find(|called| called.id == person).map(|called| called.title.clone());
    let rows = entries.into_iter().map(|(at, by, step, words)| {
        Row::new().cell(at).cell(name(by)).cell(label(&step)).cell(Content::narrative(words))
    });
    let table = ["When", "Who", "Step", "What"]
        .into_iter()
        .fold(Table::new("What was said and done"), |table, label| table.column(Column::new(label)));
    Ok(table.rows(rows.collect::<Vec<_>>()))
}
