//! How an event becomes a link of a chain.
//!
//! An event is two rows. The *event row* holds what is about nobody (when, which organisation, which
//! action, which entity and fields, why, how it ended) as canonical text, its *body*, and is never
//! changed. The *side row* holds what identifies someone (actor, address, subject, recipient, record
//! ids, sealed payload), part by part, each with a random salt of 128 bits. The body carries a
//! commitment to the side row: SHA-256 over the salted digests ("leaves") of its parts.
//!
//! So a part can be erased on its own: its text becomes `erased:<uuid>`, its salt is destroyed, and its
//! leaf stays. The commitment still verifies, and the leaf tells nothing, because the salt is gone.
//!
//! A link is `SHA-256(label ‖ lane ‖ sequence ‖ previous ‖ body)`, numbers as 64 bits big endian. It has
//! this plain form so that PostgreSQL can compute it inside `audit_append`.

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use std::fmt;
use time::OffsetDateTime;
use uuid::Uuid;

use super::digest::Hasher;
use super::event::{Action, AuditContext, Detail, Event, Outcome, Part, Purpose, timestamp};
use super::{AuditUnavailable, Digest};

/// The label of a link; the PostgreSQL function holds the same.
pub(super) const LINK_LABEL: &[u8] = b"healthcoder.audit.link.1";
/// Bytes of salt for each part.
pub(super) const SALT: usize = 16;
/// Parts that each side row has, before its records.
const FIXED_PARTS: usize = 4;

/// An event with its commitments, ready to become the next link of whichever lane writes it.
#[derive(Clone)]
pub struct Prepared {
    pub(super) at: OffsetDateTime,
    pub(super) organisation: Uuid,
    pub(super) action: Action,
    pub(super) entity: Option<&'static str>,
    pub(super) body: String,
    pub(super) side: Side,
}

/// The canonical text's shape. Fields are written in this order and absent ones left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// UTC, to the microsecond.
    pub at: String,
    /// The covered entity.
    pub organisation: Uuid,
    /// What was done.
    pub action: Action,
    /// The kind of record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
    /// How many records the side row names.
    pub records: u32,
    /// Stable ids of the fields shown or written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<u32>,
    /// Why.
    pub purpose: Purpose,
    /// How it ended.
    pub outcome: Outcome,
    /// A fact that is not about a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Detail>,
    /// What binds the side row.
    pub commitment: Digest,
}

/// What identifies someone. Kept apart, so that it can be erased part by part.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    /// Who acted.
    pub actor: String,
    /// The administrator behind the actor.
    pub impersonator: Option<String>,
    /// The session.
    pub session: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// The request.
    pub request: Option<String>,
    /// Whose data.
    pub subject: Option<String>,
    /// To whom.
    pub recipient: Option<String>,
    /// On what basis.
    pub basis: Option<String>,
    /// The records, in the order shown.
    pub records: Vec<String>,
    /// Ciphertext of what was written.
    #[serde(with = "super::digest::optional_hex")]
    pub payload: Option<Vec<u8>>,
    /// Sixteen bytes for each part, zero once it is erased.
    #[serde(with = "super::digest::hex")]
    pub salts: Vec<u8>,
    /// The parts erased: which, the pseudonym that replaced it, and the leaf that stays.
    #[serde(default)]
    pub erased: Vec<(Part, Uuid, Digest)>,
}

impl fmt::Debug for Side {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Side([sealed])")
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Prepared({})", self.action)
    }
}

/// One event as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The chain it belongs to.
    pub lane: i64,
    /// Its place there, from 1.
    pub sequence: i64,
    /// When, as text of fixed width; repeats the body, for queries.
    pub at: String,
    /// The covered entity; repeats the body, for queries.
    pub organisation: Uuid,
    /// What was done; repeats the body, for queries.
    pub action: String,
    /// The kind of record; repeats the body, for queries.
    pub entity: Option<String>,
    /// The canonical text.
    pub body: String,
    /// The hash of the event before it in the lane.
    pub previous: Digest,
    /// The hash of this one.
    pub hash: Digest,
    /// What identifies someone; `None` if the row is gone, which is never lawful.
    pub side: Option<Side>,
}

impl Prepared {
    /// Commits to `event` in `context`, at the moment that its clock shows.
    ///
    /// # Errors
    /// [`AuditUnavailable`] if the operating system gives no randomness.
    pub fn new(context: &AuditContext, event: &Event) -> Result<Self, AuditUnavailable> {
        let mut salts = vec![0; SALT * (FIXED_PARTS + event.records.len())];
        aws_lc_rs::rand::fill(&mut salts).map_err(|_| AuditUnavailable::because("no randomness"))?;
        let at = context.clock.now();
        let side = Side {
            actor: context.actor.text(),
            impersonator: context.impersonator.map(|id| id.to_string()),
            session: context.session.map(|id| id.to_string()),
            address: context.address.map(|address| address.to_string()),
            request: context.request.map(|id| id.to_string()),
            subject: event.subject.map(|id| id.to_string()),
            recipient: event.recipient.clone(),
            basis: event.basis.clone(),
            records: event.records.iter().map(Uuid::to_string).collect(),
            payload: event.payload.clone(),
            salts,
            erased: Vec::new(),
        };
        let commitment = side.commitment().expect("a salt was drawn for each part");
        let body = Body {
            at: timestamp(at),
            organisation: context.organisation,
            action: event.action,
            entity: event.entity.map(str::to_owned),
            records: u32::try_from(event.records.len()).unwrap_or(u32::MAX),
            fields: event.fields.clone(),
            purpose: event.purpose.unwrap_or(context.purpose),
            outcome: event.outcome,
            detail: event.detail.clone(),
            commitment,
        };
        let body = serde_json::to_string(&body).expect("a body holds only strings and numbers");
        let organisation = context.organisation;
        Ok(Self { at, organisation, action: event.action, entity: event.entity, body, side })
    }

    /// The link that this event becomes after `previous`, as `sequence` of `lane`.
    #[must_use]
    pub fn link(self, lane: i64, sequence: i64, previous: Digest) -> Entry {
        Entry {
            lane,
            sequence,
            at: timestamp(self.at),
            organisation: self.organisation,
            action: self.action.as_str().to_owned(),
            entity: self.entity.map(str::to_owned),
            hash: link_hash(lane, sequence, &previous, &self.body),
            body: self.body,
            previous,
            side: Some(self.side),
        }
    }
}

/// `SHA-256(label ‖ lane ‖ sequence ‖ previous ‖ body)`.
#[must_use]
pub fn link_hash(lane: i64, sequence: i64, previous: &Digest, body: &str) -> Digest {
    let mut context = Context::new(&SHA256);
    context.update(LINK_LABEL);
    context.update(&lane.to_be_bytes());
    context.update(&sequence.to_be_bytes());
    context.update(previous.as_bytes());
    context.update(body.as_bytes());
    Digest::from_bytes(context.finish().as_ref()).expect("SHA-256 yields 32 bytes")
}

impl Side {
    /// The parts that this row has, absent ones included, in the order of their salts.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part> + use<> {
        let records = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
        [Part::Who, Part::Subject, Part::Disclosure, Part::Payload]
            .into_iter()
            .chain((0..records).map(Part::Record))
    }

    /// One record in a column that is indexed, several as JSON in another.
    pub(super) fn record_columns(&self) -> (Option<String>, Option<String>) {
        match self.records.as_slice() {
            [] => (None, None),
            [record] => (Some(record.clone()), None),
            many => (None, Some(serde_json::to_string(many).expect("strings make JSON"))),
        }
    }

    /// What the body must carry, or `None` if salts and parts do not match in number.
    #[must_use]
    pub fn commitment(&self) -> Option<Digest> {
        let mut hasher = Hasher::new("healthcoder.audit.commitment.1");
        for (place, part) in self.parts().enumerate() {
            let leaf = match self.erased.iter().find(|(erased, ..)| *erased == part) {
                Some((_, _, leaf)) => *leaf,
                None => self.leaf(part, self.salts.get(place * SALT..(place + 1) * SALT)?),
            };
            hasher.part(Some(leaf.as_bytes()));
        }
        (self.salts.len() == SALT * (FIXED_PARTS + self.records.len())).then(|| hasher.finish())
    }

    /// The salted digest of one part. That a part is absent is no secret and needs no salt.
    fn leaf(&self, part: Part, salt: &[u8]) -> Digest {
        let values: &[Option<&[u8]>] = match part {
            Part::Who => &[
                Some(self.actor.as_bytes()),
                bytes(&self.impersonator),
                bytes(&self.session),
                bytes(&self.address),
                bytes(&self.request),
            ],
            Part::Subject => &[bytes(&self.subject)],
            Part::Disclosure => &[bytes(&self.recipient), bytes(&self.basis)],
            Part::Payload => &[self.payload.as_deref()],
            Part::Record(place) => &[self.records.get(place as usize).map(String::as_bytes)],
        };
        if values.iter().all(Option::is_none) {
            return Digest::ZERO;
        }
        let mut hasher = Hasher::new("healthcoder.audit.leaf.1");
        hasher.part(Some(salt));
        for value in values {
            hasher.part(*value);
        }
        hasher.finish()
    }

    /// Replaces one part by `erased:<pseudonym>`, destroys its salt and keeps its leaf. A part that is
    /// absent or already erased stays as it is, and `false` is the answer.
    pub(super) fn erase(&mut self, part: Part, pseudonym: Uuid) -> bool {
        let Some(place) = self.parts().position(|other| other == part) else { return false };
        let span = place * SALT..(place + 1) * SALT;
        let Some(salt) = self.salts.get(span.clone()) else { return false };
        let leaf = self.leaf(part, salt);
        if leaf == Digest::ZERO || self.erased.iter().any(|(erased, ..)| *erased == part) {
            return false;
        }
        let text = pseudonym_text(pseudonym);
        match part {
            Part::Who => {
                self.actor = text;
                self.impersonator = None;
                self.session = None;
                self.address = None;
                self.request = None;
            }
            Part::Subject => self.subject = Some(text),
            Part::Disclosure => {
                self.recipient = Some(text);
                self.basis = None;
            }
            Part::Payload => self.payload = None,
            Part::Record(place) => self.records[place as usize] = text,
        }
        self.salts[span].fill(0);
        self.erased.push((part, pseudonym, leaf));
        true
    }

    /// Whether each erased part shows its pseudonym and nothing else, and no other part claims one.
    pub(super) fn erasure_is_shown(&self) -> bool {
        let mark = |part: Part| {
            let found = self.erased.iter().find(|(erased, ..)| *erased == part);
            found.map(|(_, pseudonym, _)| pseudonym_text(*pseudonym))
        };
        let claims = |text: Option<&str>| text.is_some_and(|text| text.starts_with(ERASED));
        self.parts().all(|part| {
            let (value, rest_absent) = match part {
                Part::Who => (
                    Some(self.actor.as_str()),
                    self.impersonator.is_none()
                        && self.session.is_none()
                        && self.address.is_none()
                        && self.request.is_none(),
                ),
                Part::Subject => (self.subject.as_deref(), true),
                Part::Disclosure => (self.recipient.as_deref(), self.basis.is_none()),
                Part::Payload => (None, self.payload.is_none()),
                Part::Record(place) => (self.records.get(place as usize).map(String::as_str), true),
            };
            match mark(part) {
                Some(_) if part == Part::Payload => rest_absent,
                Some(text) => value == Some(text.as_str()) && rest_absent,
                None => !claims(value),
            }
        })
    }
}

/// How a pseudonym begins.
pub(super) const ERASED: &str = "erased:";

/// `erased:<uuid>`.
#[must_use]
pub fn pseudonym_text(pseudonym: Uuid) -> String {
    format!("{ERASED}{pseudonym}")
}

fn bytes(text: &Option<String>) -> Option<&[u8]> {
    text.as_ref().map(String::as_bytes)
}
