//! Erasure: the references to one subject are rewritten to `erased:<pseudonym>`, and the log keeps
//! everything else (CF-8).

use uuid::Uuid;

use super::append::append;
use super::event::{Action, AuditContext, Detail, Erasure, Event, Part};
use super::source::read_side;
use super::{AuditUnavailable, Side};
use crate::store::{Store, StoreError, Transaction, sql};

/// Rows rewritten in one transaction, with one event that lists them.
const BATCH: i64 = 500;

/// What an erasure did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Events that named the subject.
    pub events: u64,
    /// Parts that were rewritten.
    pub parts: u64,
}

/// Rewrites every reference to `subject` in the log of the context's organisation: as whose data it was,
/// as a record, as who acted; with the recipient and the sealed payload of events about the subject.
///
/// Each batch is one transaction with its own chained event, so that it may be stopped at any moment and
/// called again with the same pseudonym. On PostgreSQL `owner` is a store of the owner's role.
///
/// # Errors
/// [`AuditUnavailable`].
pub async fn erase(
    owner: &Store,
    context: &AuditContext,
    subject: Uuid,
    pseudonym: Uuid,
) -> Result<Erased, AuditUnavailable> {
    let mut erased = Erased::default();
    loop {
        let mut transaction = owner.begin().await?;
        let parts = erase_batch(&mut transaction, context, subject, pseudonym, &mut erased).await?;
        if parts.is_empty() {
            return Ok(erased);
        }
        erased.parts += parts.len() as u64;
        let detail = Detail::Erasure(Erasure { pseudonym, parts });
        append(&mut transaction, context, Event::new(Action::Erase).detail(detail)).await?;
        transaction.commit().await?;
    }
}

async fn erase_batch(
    transaction: &mut Transaction,
    context: &AuditContext,
    subject: Uuid,
    pseudonym: Uuid,
    erased: &mut Erased,
) -> Result<Vec<(i64, i64, Part)>, AuditUnavailable> {
    let rows = sql("SELECT lane, sequence, actor, impersonator, session, address, request, subject, \
         recipient, basis, record, records, payload, salts, erased FROM audit_log \
         WHERE organisation_id = $1 AND (subject = $2 OR record = $2 OR actor = $2 OR impersonator = $2 \
         OR (records IS NOT NULL AND records LIKE $3)) LIMIT $4")
    .bind(context.organisation)
    .bind(subject.to_string())
    .bind(format!("%\"{subject}\"%"))
    .bind(BATCH)
    .fetch_all(&mut *transaction)
    .await?;
    let mut rewritten = Vec::new();
    for row in rows {
        let place = (row.integer("lane")?, row.integer("sequence")?);
        let mut side = read_side(&row)?.ok_or(StoreError::NoRow)?;
        let parts = erase_side(&mut side, &subject.to_string(), pseudonym);
        update_identity(transaction, place, &side, row.optional_text("records")?.is_some()).await?;
        erased.events += 1;
        rewritten.extend(parts.into_iter().map(|part| (place.0, place.1, part)));
    }
    Ok(rewritten)
}

fn erase_side(side: &mut Side, subject: &str, pseudonym: Uuid) -> Vec<Part> {
    let mut wanted: Vec<Part> = Vec::new();
    if side.subject.as_deref() == Some(subject) {
        wanted.extend([Part::Subject, Part::Disclosure, Part::Payload]);
    }
    if side.actor == subject || side.impersonator.as_deref() == Some(subject) {
        wanted.push(Part::Who);
    }
    for (place, record) in (0..).zip(&side.records) {
        if record == subject {
            wanted.push(Part::Record(place));
            if side.records.len() == 1 {
                wanted.push(Part::Payload);
            }
        }
    }
    wanted.retain(|part| side.erase(*part, pseudonym));
    wanted
}

/// Writes a side row back. Whether its records stood in the column for several does not change.
pub(super) async fn update_identity(
    transaction: &mut Transaction,
    (lane, sequence): (i64, i64),
    side: &Side,
    several: bool,
) -> Result<(), AuditUnavailable> {
    let (record, records) = match (several, side.record_columns()) {
        (true, (Some(one), None)) => (None, serde_json::to_string(&[one]).ok()),
        (_, columns) => columns,
    };
    let marks = serde_json::to_string(&side.erased).expect("marks hold only strings and numbers");
    sql("UPDATE audit_identities SET actor = $3, impersonator = $4, session = $5, address = $6, \
         request = $7, subject = $8, recipient = $9, basis = $10, record = $11, records = $12, \
         payload = $13, salts = $14, erased = $15 WHERE lane = $1 AND sequence = $2")
    .bind(lane)
    .bind(sequence)
    .bind(&side.actor)
    .bind(side.impersonator.clone())
    .bind(side.session.clone())
    .bind(side.address.clone())
    .bind(side.request.clone())
    .bind(side.subject.clone())
    .bind(side.recipient.clone())
    .bind(side.basis.clone())
    .bind(record)
    .bind(records)
    .bind(side.payload.clone())
    .bind(side.salts.as_slice())
    .bind(marks)
    .execute(transaction)
    .await?;
    Ok(())
}
