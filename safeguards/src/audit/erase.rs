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

/// Which references go.
#[derive(Clone, Copy, Debug)]
pub enum References<'a> {
    /// All of them: as whose data it was, as a record, as who acted.
    All,
    /// Those of an account whose person did nothing but with what was theirs. What they did with records of others stays under
    /// their id, since it is those others' to know (45 CFR 164.528).
    OfAccount {
        /// The records that the person was; what is about them is the person's own doing.
        selves: &'a [Uuid],
        /// The kinds of record that others work with, too: these are kept, and with them what was written.
        shared: &'a [&'a str],
    },
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
    erase_references(owner, context, subject, pseudonym, References::All).await
}

/// The same for some of the references.
///
/// # Errors
/// [`AuditUnavailable`].
pub async fn erase_references(
    owner: &Store,
    context: &AuditContext,
    subject: Uuid,
    pseudonym: Uuid,
    references: References<'_>,
) -> Result<Erased, AuditUnavailable> {
    let mut erased = Erased::default();
    let mut after = Some((i64::MIN, i64::MIN));
    while let Some(place) = after {
        let mut transaction = owner.begin().await?;
        let (parts, last) =
            erase_batch(&mut transaction, context, (subject, pseudonym), references, place, &mut erased)
                .await?;
        after = last;
        if parts.is_empty() {
            transaction.rollback().await?;
            continue;
        }
        erased.parts += parts.len() as u64;
        let detail = Detail::Erasure(Erasure { pseudonym, parts });
        append(&mut transaction, context, Event::new(Action::Erase).detail(detail)).await?;
        transaction.commit().await?;
    }
    Ok(erased)
}

type Parts = Vec<(i64, i64, Part)>;

/// Rewrites one batch of what comes after a place in the log; says where it ended, unless it was the last.
async fn erase_batch(
    transaction: &mut Transaction,
    context: &AuditContext,
    (subject, pseudonym): (Uuid, Uuid),
    references: References<'_>,
    after: (i64, i64),
    erased: &mut Erased,
) -> Result<(Parts, Option<(i64, i64)>), AuditUnavailable> {
    let rows =
        sql("SELECT lane, sequence, entity, actor, impersonator, session, address, request, subject, \
         recipient, basis, record, records, payload, salts, erased FROM audit_log \
         WHERE organisation_id = $1 AND (subject = $2 OR record = $2 OR actor = $2 OR impersonator = $2 \
         OR (records IS NOT NULL AND records LIKE $3)) AND (lane > $5 OR (lane = $5 AND sequence > $6)) \
         ORDER BY lane, sequence LIMIT $4")
        .bind(context.organisation)
        .bind(subject.to_string())
        .bind(format!("%\"{subject}\"%"))
        .bind(BATCH)
        .bind(after.0)
        .bind(after.1)
        .fetch_all(&mut *transaction)
        .await?;
    let mut rewritten = Vec::new();
    let mut last = None;
    for row in &rows {
        let place = (row.integer("lane")?, row.integer("sequence")?);
        last = Some(place);
        let entity = row.optional_text("entity")?;
        let mut side = read_side(row)?.ok_or(StoreError::NoRow)?;
        let mut wanted = match references {
            References::All => all_of(&side, &subject.to_string()),
            References::OfAccount { selves, shared } => {
                let is_shared = entity.as_deref().is_some_and(|entity| shared.contains(&entity));
                of_account(&side, subject, selves, is_shared)
            }
        };
        wanted.retain(|part| side.erase(*part, pseudonym));
        if wanted.is_empty() {
            continue;
        }
        update_identity(transaction, place, &side, row.optional_text("records")?.is_some()).await?;
        erased.events += 1;
        rewritten.extend(wanted.into_iter().map(|part| (place.0, place.1, part)));
    }
    let full = i64::try_from(rows.len()).is_ok_and(|read| read == BATCH);
    Ok((rewritten, last.filter(|_| full)))
}

fn all_of(side: &Side, subject: &str) -> Vec<Part> {
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
    wanted
}

fn of_account(side: &Side, person: Uuid, selves: &[Uuid], is_shared: bool) -> Vec<Part> {
    let is = |text: &str, id: Uuid| text.parse() == Ok(id);
    let theirs = |text: &String| is(text, person) || selves.iter().any(|one| is(text, *one));
    let mut wanted: Vec<Part> = Vec::new();
    if side.subject.as_deref().is_some_and(|subject| is(subject, person)) {
        wanted.extend([Part::Subject, Part::Disclosure]);
    }
    let records = (0..).zip(&side.records).filter(|(_, record)| is(record, person));
    wanted.extend(records.map(|(place, _)| Part::Record(place)));
    if !is(&side.actor, person) && !side.impersonator.as_deref().is_some_and(|by| is(by, person)) {
        return wanted;
    }
    let of_nobody_else = match &side.subject {
        Some(subject) => theirs(subject),
        // What showed nobody's record tells of nobody.
        None if is_shared => side.records.iter().all(theirs),
        None => true,
    };
    if of_nobody_else {
        wanted.push(Part::Who);
        // What was theirs alone is gone, and so is what was written of it.
        if !is_shared {
            wanted.extend([Part::Subject, Part::Disclosure, Part::Payload]);
            wanted.extend((0..).zip(&side.records).map(|(place, _)| Part::Record(place)));
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn side(actor: Uuid, subject: Option<Uuid>, records: &[Uuid]) -> Side {
        Side {
            actor: actor.to_string(),
            subject: subject.map(|id| id.to_string()),
            records: records.iter().map(Uuid::to_string).collect(),
            ..Side::default()
        }
    }

    /// CC-10, CL-3: whoever deletes their account takes along what was theirs, and not who looked at others.
    #[test]
    fn an_account_hides_nothing_that_was_done_with_records_of_others() {
        let [me, chart, other, record] = [1, 2, 3, 4].map(Uuid::from_u128);
        let of = |side: &Side, is_shared| of_account(side, me, &[chart], is_shared);
        for (what, side, is_shared, goes) in [
            ("one's own history", side(me, None, &[record]), false, true),
            ("a part of one's own chart", side(me, Some(chart), &[record]), true, true),
            ("one's own chart", side(me, None, &[chart]), true, true),
            ("a part of another's chart", side(me, Some(other), &[record]), true, false),
            ("a list of charts", side(me, None, &[chart, other]), true, false),
            ("an empty list of charts", side(me, None, &[]), true, true),
            ("signing in", side(me, None, &[me]), false, true),
        ] {
            assert_eq!(of(&side, is_shared).contains(&Part::Who), goes, "{what}");
        }
        let by_another = side(other, None, &[me]);
        assert_eq!(of(&by_another, false), [Part::Record(0)], "what others did stays theirs");
        let kept = of(&side(me, Some(chart), &[record]), true);
        assert!(!kept.contains(&Part::Payload), "what was written in a chart stays with it");
        assert!(of(&side(me, None, &[record]), false).contains(&Part::Payload));
    }
}
