//! The sweep: expired events leave, never early, and a signed checkpoint stays (CF-24).
//!
//! A lane is swept from its beginning up to the first event that must stay: because its organisation's
//! retention is not over, because the organisation is on hold, or because it is the event of an erasure
//! whose rewritten rows are still there. The last event of a lane always stays.
//!
//! The signer signs the checkpoints before anything goes, and refuses what its own witness has not known
//! for six years. A program that lies about its clock therefore sweeps nothing.

use std::collections::BTreeMap;
use time::OffsetDateTime;
use uuid::Uuid;

use super::append::append;
use super::event::{Action, AuditContext, Checkpoint, Detail, Erasure, Event};
use super::keeper::{Keeper, KeeperError};
use super::source::lane_heads;
use super::{AuditUnavailable, Body, Digest, RETENTION_FLOOR_YEARS, RETENTION_YEARS, years_before};
use crate::store::{Store, StoreError, sql};

/// Why nothing was swept.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The checkpoints were not signed.
    #[error(transparent)]
    Keeper(#[from] KeeperError),
    /// The log could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sweep could not be written.
    #[error(transparent)]
    Audit(#[from] AuditUnavailable),
}

/// Removes what has expired, and answers how many events went. On PostgreSQL `owner` is a store of the
/// owner's role. The context is that of the environment, [`AuditContext::environment`].
///
/// `years` is how long events are kept unless their organisation asks for longer; what is under the floor
/// counts as the floor.
///
/// # Errors
/// [`SweepError`]; nothing went then.
pub async fn sweep(
    owner: &Store,
    keeper: &Keeper,
    context: &AuditContext,
    years: Option<i32>,
) -> Result<u64, SweepError> {
    let years = years.unwrap_or(RETENTION_YEARS).max(RETENTION_FLOOR_YEARS);
    let stops = stops(owner, context.clock.now(), years).await?;
    if stops.is_empty() {
        return Ok(0);
    }
    let mut checkpoints = Vec::new();
    for (lane, sequence) in stops {
        let row = sql("SELECT hash FROM audit_events WHERE lane = $1 AND sequence = $2")
            .bind(lane)
            .bind(sequence)
            .fetch_one(owner)
            .await?;
        let hash = Digest::from_bytes(&row.bytes("hash")?).ok_or(StoreError::OutOfRange)?;
        checkpoints.push(Checkpoint { lane, sequence, hash });
    }
    keeper.sign_sweep(checkpoints.clone()).await?;
    carry_out(owner, context, &checkpoints).await
}

/// Sets how long the events of an organisation are kept, where that is longer than the default, and
/// whether they are held whatever their age (litigation, investigation).
///
/// # Errors
/// [`StoreError::Check`] under the floor of six years.
pub async fn set_retention(
    owner: &Store,
    context: &AuditContext,
    years: u32,
    held_at: Option<OffsetDateTime>,
) -> Result<(), AuditUnavailable> {
    let mut transaction = owner.begin().await?;
    sql("INSERT INTO audit_retention (organisation_id, years, held_at) VALUES ($1, $2, $3) \
         ON CONFLICT (organisation_id) DO UPDATE SET years = $2, held_at = $3")
    .bind(context.organisation)
    .bind(years)
    .bind(held_at)
    .execute(&mut transaction)
    .await?;
    append(&mut transaction, context, Event::new(Action::Configure).note("audit retention")).await?;
    Ok(transaction.commit().await?)
}

/// For how many years what is documented of an organisation is kept, and whether nothing of it may go for now.
///
/// # Errors
/// What the store answers.
pub async fn retention(store: &Store, organisation: Uuid) -> Result<(i32, bool), StoreError> {
    let row = sql("SELECT years, held_at FROM audit_retention WHERE organisation_id = $1")
        .bind(organisation)
        .fetch_optional(store)
        .await?;
    let Some(row) = row else { return Ok((RETENTION_YEARS, false)) };
    let years = i32::try_from(row.integer("years")?).unwrap_or(i32::MAX);
    Ok((years.max(RETENTION_YEARS), !row.is_null("held_at")?))
}

/// Takes the rows away and says so, in one transaction. The event repeats the checkpoints of all lanes,
/// because the event of an earlier sweep may be among what goes.
async fn carry_out(
    owner: &Store,
    context: &AuditContext,
    checkpoints: &[Checkpoint],
) -> Result<u64, SweepError> {
    let mut transaction = owner.begin().await?;
    let mut swept = 0;
    for Checkpoint { lane, sequence, hash } in checkpoints {
        sql("INSERT INTO audit_checkpoints (lane, sequence, hash, swept_at) VALUES ($1, $2, $3, $4)")
            .bind(*lane)
            .bind(*sequence)
            .bind(hash.as_bytes().as_slice())
            .bind(context.clock.now())
            .execute(&mut transaction)
            .await?;
        sql("DELETE FROM audit_identities WHERE lane = $1 AND sequence <= $2")
            .bind(*lane)
            .bind(*sequence)
            .execute(&mut transaction)
            .await?;
        swept += sql("DELETE FROM audit_events WHERE lane = $1 AND sequence <= $2")
            .bind(*lane)
            .bind(*sequence)
            .execute(&mut transaction)
            .await?;
    }
    let rows = sql("SELECT c.lane, c.sequence, c.hash FROM audit_checkpoints c WHERE c.sequence = \
         (SELECT max(x.sequence) FROM audit_checkpoints x WHERE x.lane = c.lane) ORDER BY c.lane")
    .fetch_all(&mut transaction)
    .await?;
    let mut all = Vec::new();
    for row in rows {
        let hash = Digest::from_bytes(&row.bytes("hash")?).ok_or(StoreError::OutOfRange)?;
        all.push(Checkpoint { lane: row.integer("lane")?, sequence: row.integer("sequence")?, hash });
    }
    append(&mut transaction, context, Event::new(Action::Sweep).detail(Detail::Sweep(all))).await?;
    transaction.commit().await?;
    Ok(swept)
}

/// For each lane that has something expired: the last sequence number that may go.
async fn stops(store: &Store, now: OffsetDateTime, years: i32) -> Result<BTreeMap<i64, i64>, StoreError> {
    let mut keeping: Vec<(Uuid, Option<OffsetDateTime>)> = Vec::new();
    for row in sql("SELECT organisation_id, years, held_at FROM audit_retention").fetch_all(store).await? {
        let longer = i32::try_from(row.integer("years")?).unwrap_or(i32::MAX).max(years);
        let cutoff = row.is_null("held_at")?.then(|| years_before(now, longer));
        keeping.push((row.uuid("organisation_id")?, cutoff));
    }
    let mut stops = BTreeMap::new();
    for head in lane_heads(store).await? {
        let mut stay = head.sequence;
        let young = sql("SELECT sequence FROM audit_events WHERE lane = $1 AND at >= $2 \
             ORDER BY sequence LIMIT 1")
        .bind(head.lane)
        .bind(years_before(now, years))
        .fetch_optional(store)
        .await?;
        stay = young.map(|row| row.integer("sequence")).transpose()?.unwrap_or(stay).min(stay);
        for (organisation, cutoff) in &keeping {
            let kept = sql("SELECT sequence FROM audit_events WHERE lane = $1 AND sequence < $2 \
                 AND organisation_id = $3 AND ($4 IS NULL OR at >= $4) ORDER BY sequence LIMIT 1")
            .bind(head.lane)
            .bind(stay)
            .bind(*organisation)
            .bind(*cutoff)
            .fetch_optional(store)
            .await?;
            stay = kept.map(|row| row.integer("sequence")).transpose()?.unwrap_or(stay);
        }
        stops.insert(head.lane, stay - 1);
    }
    keep_erasures(store, &mut stops).await?;
    let mut going = BTreeMap::new();
    for (lane, stop) in stops {
        let any = sql("SELECT sequence FROM audit_events WHERE lane = $1 AND sequence <= $2 LIMIT 1")
            .bind(lane)
            .bind(stop)
            .fetch_optional(store)
            .await?;
        if any.is_some() {
            going.insert(lane, stop);
        }
    }
    Ok(going)
}

/// An erasure's event stays while a row that it rewrote stays. Keeping one event keeps what follows it in
/// its lane, which may hold another erasure's rows, so this goes on until nothing changes.
async fn keep_erasures(store: &Store, stops: &mut BTreeMap<i64, i64>) -> Result<(), StoreError> {
    let mut erasures: Vec<(i64, i64, Erasure)> = Vec::new();
    for row in
        sql("SELECT lane, sequence, body FROM audit_events WHERE action = 'erase'").fetch_all(store).await?
    {
        let body: Option<Body> = serde_json::from_str(&row.text("body")?).ok();
        if let Some(Detail::Erasure(erasure)) = body.and_then(|body| body.detail) {
            erasures.push((row.integer("lane")?, row.integer("sequence")?, erasure));
        }
    }
    loop {
        let mut changed = false;
        for (lane, sequence, erasure) in &erasures {
            let stays = |lane: &i64, sequence: &i64| stops.get(lane).is_none_or(|stop| sequence > stop);
            let needed = erasure.parts.iter().any(|(lane, sequence, _)| stays(lane, sequence));
            if needed && !stays(lane, sequence) {
                stops.insert(*lane, sequence - 1);
                changed = true;
            }
        }
        if !changed {
            return Ok(());
        }
    }
}
