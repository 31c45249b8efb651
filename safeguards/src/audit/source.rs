//! Reading the log out of either database, in the order that verification and archives want.

use super::chain::Entry;
use super::event::{Part, timestamp};
use super::succession::{Verification, WitnessCopy};
use super::verify::Report;
use super::witness::{LaneHead, PublicKey, WitnessEnd};
use super::{Digest, Side};
use crate::store::{Row, Store, StoreError, Target, sql};
use uuid::Uuid;

/// Entries read at once.
const PAGE: i64 = 1_000;

/// Reads the log from the beginning, page by page, by lane and sequence.
#[derive(Debug)]
pub struct Source {
    after: (i64, i64),
}

impl Default for Source {
    fn default() -> Self {
        Self { after: (i64::MIN, i64::MIN) }
    }
}

impl Source {
    /// The next entries of the log `on` a store, or in a snapshot of it; none at the end. A row that cannot be
    /// read as an entry is `None`.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn next_page<'a>(
        &mut self,
        on: impl Into<Target<'a>>,
    ) -> Result<Vec<Option<Entry>>, StoreError> {
        let rows = sql("SELECT lane, sequence, at, organisation_id, action, entity, body, previous, hash, \
             actor, impersonator, session, address, request, subject, recipient, basis, record, records, \
             payload, salts, erased FROM audit_log WHERE lane > $1 OR (lane = $1 AND sequence > $2) \
             ORDER BY lane, sequence LIMIT $3")
        .bind(self.after.0)
        .bind(self.after.1)
        .bind(PAGE)
        .fetch_all(on)
        .await?;
        if let Some(last) = rows.last() {
            self.after = (last.integer("lane")?, last.integer("sequence")?);
        }
        Ok(rows.iter().map(|row| read_entry(row).ok()).collect())
    }
}

/// Verifies the log of `store` against a witness: its lines, the key that must have signed them, and
/// where the signer says it ends, if that is known.
///
/// # Errors
/// What the store answers; what is wrong with the log is in the report.
pub async fn verify(
    store: &Store,
    witness: impl IntoIterator<Item = impl AsRef<str>>,
    key: &PublicKey,
    known_end: Option<WitnessEnd>,
) -> Result<Report, StoreError> {
    let lines = witness.into_iter().map(|line| line.as_ref().to_owned()).collect();
    verify_against(store, &[WitnessCopy { lines, key: key.clone() }], known_end).await
}

/// As [`verify`], of a log that may have moved: `witnesses` come newest first.
///
/// # Errors
/// What the store answers; what is wrong with the log is in the report.
pub async fn verify_against(
    store: &Store,
    witnesses: &[WitnessCopy],
    known_end: Option<WitnessEnd>,
) -> Result<Report, StoreError> {
    let mut verifier = Verification::new(witnesses, known_end);
    let mut source = Source::default();
    loop {
        let page = source.next_page(store).await?;
        if page.is_empty() {
            return Ok(verifier.finish());
        }
        for entry in page {
            match entry {
                Some(entry) => verifier.entry(&entry),
                None => verifier.unreadable(),
            }
        }
    }
}

/// The last link of each lane. It hops from lane to lane by the primary key, however long they are.
///
/// # Errors
/// What the store answers.
pub async fn lane_heads(store: &Store) -> Result<Vec<LaneHead>, StoreError> {
    let rows = sql("WITH RECURSIVE lanes (lane) AS ( \
             SELECT min(lane) FROM audit_events \
             UNION ALL \
             SELECT (SELECT min(e.lane) FROM audit_events e WHERE e.lane > lanes.lane) \
             FROM lanes WHERE lanes.lane IS NOT NULL) \
         SELECT e.lane, e.sequence, e.hash FROM lanes JOIN audit_events e ON e.lane = lanes.lane \
         AND e.sequence = (SELECT max(x.sequence) FROM audit_events x WHERE x.lane = lanes.lane) \
         ORDER BY e.lane")
    .fetch_all(store)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(LaneHead {
                lane: row.integer("lane")?,
                sequence: row.integer("sequence")?,
                hash: read_digest(row, "hash")?,
            })
        })
        .collect()
}

fn read_digest(row: &Row, column: &str) -> Result<Digest, StoreError> {
    Digest::from_bytes(&row.bytes(column)?).ok_or(StoreError::OutOfRange)
}

pub(super) fn read_entry(row: &Row) -> Result<Entry, StoreError> {
    Ok(Entry {
        lane: row.integer("lane")?,
        sequence: row.integer("sequence")?,
        at: timestamp(row.timestamp("at")?),
        organisation: row.uuid("organisation_id")?,
        action: row.text("action")?,
        entity: row.optional_text("entity")?,
        body: row.text("body")?,
        previous: read_digest(row, "previous")?,
        hash: read_digest(row, "hash")?,
        side: read_side(row)?,
    })
}

/// The side row, or `None` if it is gone. What stands in it and makes no sense is left out, and then
/// contradicts the commitment.
pub(super) fn read_side(row: &Row) -> Result<Option<Side>, StoreError> {
    let Some(salts) = row.optional_bytes("salts")? else { return Ok(None) };
    let records = match (row.optional_text("record")?, row.optional_text("records")?) {
        (None, None) => Vec::new(),
        (Some(record), None) => vec![record],
        (_, Some(records)) => serde_json::from_str(&records).unwrap_or_default(),
    };
    let erased: Option<Vec<(Part, Uuid, Digest)>> =
        row.optional_text("erased")?.map(|erased| serde_json::from_str(&erased).unwrap_or_default());
    Ok(Some(Side {
        actor: row.text("actor")?,
        impersonator: row.optional_text("impersonator")?,
        session: row.optional_text("session")?,
        address: row.optional_text("address")?,
        request: row.optional_text("request")?,
        subject: row.optional_text("subject")?,
        recipient: row.optional_text("recipient")?,
        basis: row.optional_text("basis")?,
        records,
        payload: row.optional_bytes("payload")?,
        salts,
        erased: erased.unwrap_or_default(),
    }))
}
