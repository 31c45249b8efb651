//! Questions to the log: who saw this record, to whom was this person's data disclosed, what happened.
//!
//! Every question is one organisation's. Whoever asks must be allowed to, and asking is itself an event
//! that the caller records.

use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use super::chain::{Body, Entry};
use super::event::{Action, Detail, Outcome, Purpose};
use super::source::read_entry;
use crate::store::{Row, Store, StoreError, sql};

/// One event as people read it.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What was done.
    pub action: Action,
    /// How it ended.
    pub outcome: Outcome,
    /// A person's id, `system:<name>`, `anonymous`, or `erased:<uuid>`.
    pub actor: String,
    /// The administrator behind the actor, while impersonating.
    pub impersonator: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// The kind of record.
    pub entity: Option<String>,
    /// The records, as ids or `erased:<uuid>`.
    pub records: Vec<String>,
    /// Stable ids of the fields.
    pub fields: Vec<u32>,
    /// Whose data.
    pub subject: Option<String>,
    /// Why.
    pub purpose: Purpose,
    /// To whom.
    pub recipient: Option<String>,
    /// On what basis.
    pub basis: Option<String>,
    /// How often, where repetitions were counted, and when last.
    pub detail: Option<Detail>,
    /// The place in the log: lane and sequence.
    pub place: (i64, i64),
}

/// Ids and recipients are never printed.
impl std::fmt::Debug for Seen {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Seen({} at {:?})", self.action, self.place)
    }
}

/// One disclosure, with what an accounting must tell (45 CFR 164.528(b)(2)).
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Disclosure {
    /// (i) The date.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// (ii) Who received it, with the address if known.
    pub recipient: String,
    /// (iii) What was disclosed: the kind of record.
    pub entity: Option<String>,
    /// (iii) What was disclosed: stable ids of the fields.
    pub fields: Vec<u32>,
    /// (iv) Why.
    pub purpose: Purpose,
    /// (iv) On what basis.
    pub basis: Option<String>,
}

impl std::fmt::Debug for Disclosure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Disclosure({})", self.purpose)
    }
}

/// Years that an accounting reaches back (45 CFR 164.528(a)(1)).
pub const ACCOUNTING_YEARS: i32 = 6;

/// The basis of what left by a link. An accounting tells it, though what goes to the individual need not be in one
/// (164.528(a)(1)(ii)): whoever opened it is known by a code alone, and the individual can say whether it was they.
pub const BY_LINK: &str = "sent by a link to the individual, 45 CFR 164.502(a)(1)(i)";

/// The accounting of disclosures of `subject`'s data: what left, to whom, why, in the six years before
/// `now`. Disclosures for treatment, payment and operations, to the individual other than by a link, and under an
/// authorisation are not part of it (164.528(a)(1)). In the order of time.
///
/// # Errors
/// What the store answers.
pub async fn accounting(
    store: &Store,
    organisation: Uuid,
    subject: Uuid,
    now: OffsetDateTime,
) -> Result<Vec<Disclosure>, StoreError> {
    let rows = sql("SELECT lane, sequence, at, organisation_id, action, entity, body, previous, hash, \
         actor, impersonator, session, address, request, subject, recipient, basis, record, records, \
         payload, salts, erased FROM audit_log WHERE organisation_id = $1 AND recipient IS NOT NULL \
         AND (subject = $2 OR record = $2 OR records LIKE $3) AND at >= $4 ORDER BY at")
    .bind(organisation)
    .bind(subject.to_string())
    .bind(format!("%\"{subject}\"%"))
    .bind(super::years_before(now, ACCOUNTING_YEARS))
    .fetch_all(store)
    .await?;
    let seen = rows.iter().map(read_seen).collect::<Result<Vec<_>, _>>()?;
    let counts = |seen: &Seen| {
        seen.action.discloses()
            && seen.outcome == Outcome::Succeeded
            && (seen.purpose.accountable() || seen.basis.as_deref() == Some(BY_LINK))
            && !matches!(seen.detail, Some(Detail::Window { .. }))
    };
    Ok(seen
        .into_iter()
        .filter(counts)
        .filter_map(|seen| {
            let Seen { at, recipient, entity, fields, purpose, basis, .. } = seen;
            Some(Disclosure { at, recipient: recipient?, entity, fields, purpose, basis })
        })
        .collect())
}

/// Who looked at `record` (or at anything of the person `record`), or changed it: newest first, at most
/// `limit`, before `before`.
///
/// # Errors
/// What the store answers.
pub async fn who_looked(
    store: &Store,
    organisation: Uuid,
    record: Uuid,
    before: Option<OffsetDateTime>,
    limit: u32,
) -> Result<Vec<Seen>, StoreError> {
    // Each branch has an index of its own; of lists only those are scanned that name several records.
    let rows = sql("SELECT lane, sequence, at, organisation_id, action, entity, body, previous, hash, \
         actor, impersonator, session, address, request, subject, recipient, basis, record, records, \
         payload, salts, erased FROM audit_log WHERE organisation_id = $1 AND ($4 IS NULL OR at < $4) \
         AND (lane, sequence) IN ( \
             SELECT lane, sequence FROM audit_identities WHERE subject = $2 \
             UNION SELECT lane, sequence FROM audit_identities WHERE record = $2 \
             UNION SELECT lane, sequence FROM audit_identities WHERE records IS NOT NULL AND records LIKE $3) \
         ORDER BY at DESC, lane DESC, sequence DESC LIMIT $5")
    .bind(organisation)
    .bind(record.to_string())
    .bind(format!("%\"{record}\"%"))
    .bind(before)
    .bind(limit)
    .fetch_all(store)
    .await?;
    rows.iter().map(read_seen).collect()
}

/// What happened in an organisation: newest first, at most `limit`, before `before`, for activity review
/// (45 CFR 164.308(a)(1)(ii)(D)).
///
/// # Errors
/// What the store answers.
pub async fn activity(
    store: &Store,
    organisation: Uuid,
    actor: Option<Uuid>,
    before: Option<OffsetDateTime>,
    limit: u32,
) -> Result<Vec<Seen>, StoreError> {
    let rows = sql("SELECT lane, sequence, at, organisation_id, action, entity, body, previous, hash, \
         actor, impersonator, session, address, request, subject, recipient, basis, record, records, \
         payload, salts, erased FROM audit_log WHERE organisation_id = $1 AND ($2 IS NULL OR actor = $2) \
         AND ($3 IS NULL OR at < $3) ORDER BY at DESC, lane DESC, sequence DESC LIMIT $4")
    .bind(organisation)
    .bind(actor.map(|actor| actor.to_string()))
    .bind(before)
    .bind(limit)
    .fetch_all(store)
    .await?;
    rows.iter().map(read_seen).collect()
}

/// What was viewed, listed or refused in a session, or on a basis, since `from`: newest first, at most `limit`. Of an
/// emergency access this is all that was opened under it.
///
/// # Errors
/// What the store answers.
pub async fn opened_under(
    store: &Store,
    organisation: Uuid,
    (session, basis): (Uuid, &str),
    from: OffsetDateTime,
    limit: u32,
) -> Result<Vec<Seen>, StoreError> {
    let rows = sql("SELECT lane, sequence, at, organisation_id, action, entity, body, previous, hash, \
         actor, impersonator, session, address, request, subject, recipient, basis, record, records, \
         payload, salts, erased FROM audit_log WHERE organisation_id = $1 AND (session = $2 OR basis = $3) AND at >= $4 \
         ORDER BY at DESC, lane DESC, sequence DESC LIMIT $5")
    .bind(organisation)
    .bind(session.to_string())
    .bind(basis.to_owned())
    .bind(from)
    .bind(limit)
    .fetch_all(store)
    .await?;
    rows.iter().map(read_seen).collect()
}

/// All that somebody did under an emergency access, and with whom it was about while it held: oldest first, at most `limit`.
/// `session` is that of who looked as a colleague; `basis` that of what was read of a patient for whom the glass was broken;
/// `subject` the patient, with whom `actor` may have done more by rights of their own.
///
/// # Errors
/// What the store answers.
pub async fn in_the_course_of(
    store: &Store,
    organisation: Uuid,
    (session, basis): (Uuid, &str),
    (actor, subject): (Uuid, Option<Uuid>),
    (from, until): (OffsetDateTime, OffsetDateTime),
    limit: u32,
) -> Result<Vec<Seen>, StoreError> {
    let subject = subject.map(|id| id.to_string());
    let rows = sql("SELECT lane, sequence, at, organisation_id, action, entity, body, previous, hash, \
         actor, impersonator, session, address, request, subject, recipient, basis, record, records, \
         payload, salts, erased FROM audit_log WHERE organisation_id = $1 AND at >= $4 \
         AND (session = $2 OR basis = $3 OR (at <= $5 AND actor = $6 AND $7 IS NOT NULL \
             AND (subject = $7 OR record = $7))) \
         ORDER BY at, lane, sequence LIMIT $8")
    .bind(organisation)
    .bind(session.to_string())
    .bind(basis.to_owned())
    .bind(from)
    .bind(until)
    .bind(actor.to_string())
    .bind(subject)
    .bind(limit)
    .fetch_all(store)
    .await?;
    rows.iter().map(read_seen).collect()
}

fn read_seen(row: &Row) -> Result<Seen, StoreError> {
    let at = row.timestamp("at")?;
    let Entry { lane, sequence, body, side, .. } = read_entry(row)?;
    let body: Body = serde_json::from_str(&body).map_err(|_| StoreError::OutOfRange)?;
    let side = side.unwrap_or_default();
    Ok(Seen {
        at,
        action: body.action,
        outcome: body.outcome,
        actor: side.actor,
        impersonator: side.impersonator,
        address: side.address,
        entity: body.entity,
        records: side.records,
        fields: body.fields,
        subject: side.subject,
        purpose: body.purpose,
        recipient: side.recipient,
        basis: side.basis,
        detail: body.detail,
        place: (lane, sequence),
    })
}
