//! A restore carries the tail forward and says so: what the log learned after the backup was made is
//! brought over, erasures first of all, so that nothing that was erased comes back.
//!
//! Where the newer log is lost with its database, its tail is lost too: verification names the places that
//! the witness saw, and the signer signs nothing over them. Then the old witness is put away as evidence,
//! with `audit-witness-end`, and a new one begun.

use super::append::{append, insert_entry};
use super::chain::Entry;
use super::erase::update_identity;
use super::event::{Action, AuditContext, Detail, Event};
use super::source::read_side;
use super::{AuditUnavailable, Digest};
use crate::store::{Transaction, sql};

/// What was brought over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Events that the backup lacked.
    pub events: u64,
    /// Events of the backup whose identities had been erased since.
    pub erasures: u64,
}

/// Brings one entry of the newer log into the restored one, which `transaction` is open on as the owner.
/// Called for every entry, by lane and sequence. An entry that both have is compared, and its erasures are
/// repeated; one that the backup lacks is inserted as it stands.
///
/// # Errors
/// [`AuditUnavailable`] if the two logs contradict one another: then one of them was tampered with, and
/// the restore must not go on.
pub async fn carry_forward(
    transaction: &mut Transaction,
    newer: &Entry,
    carried: &mut Carried,
) -> Result<(), AuditUnavailable> {
    let known =
        sql("SELECT hash, actor, impersonator, session, address, request, subject, recipient, basis, \
         record, records, payload, salts, erased FROM audit_log WHERE lane = $1 AND sequence = $2")
        .bind(newer.lane)
        .bind(newer.sequence)
        .fetch_optional(&mut *transaction)
        .await?;
    let Some(known) = known else {
        insert_entry(transaction, newer).await?;
        carried.events += 1;
        return Ok(());
    };
    if Digest::from_bytes(&known.bytes("hash")?) != Some(newer.hash) {
        return Err(AuditUnavailable::because("the backup's log and the newer one contradict one another"));
    }
    let (Some(before), Some(now)) = (read_side(&known)?, &newer.side) else {
        return Err(AuditUnavailable::because("an identity is missing from the log"));
    };
    if before.erased != now.erased {
        update_identity(
            transaction,
            (newer.lane, newer.sequence),
            now,
            known.optional_text("records")?.is_some(),
        )
        .await?;
        carried.erasures += 1;
    }
    Ok(())
}

/// Says in the log that it was restored, what was carried over, and how many witnessed events could not
/// be. In the same transaction as [`carry_forward`], after the last entry.
///
/// # Errors
/// [`AuditUnavailable`].
pub async fn record_restore(
    transaction: &mut Transaction,
    context: &AuditContext,
    carried: Carried,
    lost: u64,
) -> Result<(), AuditUnavailable> {
    let detail = Detail::Restore { carried: carried.events, lost };
    append(transaction, context, Event::new(Action::Restore).detail(detail)).await
}
