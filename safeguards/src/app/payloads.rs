//! What each change wrote, opened: the audit log keeps it sealed, and its keys stay here.

use serde_json::{Value, json};
use uuid::Uuid;

use super::AppError;
use super::export::{Archive, Rings};
use crate::access::{Entity, PAYLOAD};
use crate::audit::{Entry, Source};
use crate::crypto::{Binding, Purpose, Sealed};
use crate::store::Transaction;

/// The file's path in an archive.
const PAYLOADS: &str = "audit/payloads.ndjson";

/// What opens payloads.
pub(super) struct Payloads<'a> {
    pub(super) entities: &'static [&'static Entity],
    pub(super) rings: &'a Rings,
    pub(super) environment: Uuid,
}

impl Payloads<'_> {
    /// Writes the payload of every event that has one and can be opened: keys may be destroyed, and what was
    /// written before a restore was sealed by keys that stayed where it was written.
    pub(super) async fn write(
        &self,
        archive: &mut Archive,
        snapshot: &mut Transaction,
        organisation: Option<Uuid>,
    ) -> Result<(), AppError> {
        let mut part = archive.file(PAYLOADS)?;
        let mut source = Source::default();
        loop {
            let page = source.next_page(&mut *snapshot).await?;
            if page.is_empty() {
                part.end();
                return Ok(());
            }
            for entry in page.into_iter().flatten() {
                if organisation.is_none_or(|organisation| organisation == entry.organisation)
                    && let Some(line) = self.line(&entry)
                {
                    part.push(format!("{line}\n").as_bytes())?;
                }
            }
        }
    }

    fn line(&self, entry: &Entry) -> Option<Value> {
        let side = entry.side.as_ref()?;
        let entity = self.entities.iter().find(|entity| Some(entity.name) == entry.entity.as_deref())?;
        let record = Uuid::try_parse(side.records.first()?).ok()?;
        let binding = Binding {
            environment: self.environment,
            organisation: entry.organisation,
            entity: entity.id,
            field: PAYLOAD,
            row: record,
        };
        let sealed = Sealed::from_bytes(side.payload.clone()?);
        let plain = self.rings.get(&entry.organisation)?.open(Purpose::Audit, &binding, &sealed).ok()?;
        let written: serde_json::Map<String, Value> = serde_json::from_slice(&plain).ok()?;
        let name = |id: &str| {
            let field = entity.fields.iter().find(|field| field.id.to_string() == id);
            field.map_or_else(|| id.to_owned(), |field| field.name.to_owned())
        };
        let fields: serde_json::Map<String, Value> =
            written.into_iter().map(|(id, value)| (name(&id), value)).collect();
        Some(json!({
            "lane": entry.lane,
            "sequence": entry.sequence,
            "entity": entity.name,
            "record": record,
            "wrote": fields,
        }))
    }
}
