//! What waits to be told outside the app: a row of `outbox_messages`, written in the transaction of what causes it.
//!
//! A row says of what and to whom, and nothing that could be read on the way: words and address are found when it is sent
//! ([`crate::sharing`](../../sharing/index.html)).

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::context::Context;
use super::descriptor::Entity;
use super::error::Result;
use crate::store::{Transaction, sql};

/// How long a message without a moment of its own is worth telling.
pub(super) const LONGEST_WAIT: Duration = Duration::hours(24);

/// A message that is to be sent by one way.
pub(crate) struct Waiting<'a> {
    /// Its name in the spec, or that of a packet's link or code.
    pub(crate) message: &'a str,
    /// `email` or `sms`.
    pub(crate) way: &'a str,
    /// The kind of the record that it is about.
    pub(crate) entity: &'static Entity,
    /// That record.
    pub(crate) record: Uuid,
    /// The record of whoever receives it, if a way leads to one.
    pub(crate) recipient: Option<Uuid>,
    /// What tells two occasions apart.
    pub(crate) occasion: String,
    /// The moment that it tells.
    pub(crate) said_at: Option<OffsetDateTime>,
    /// The packet whose link or code it is.
    pub(crate) packet: Option<Uuid>,
    /// The secret that it tells and the row to which it is sealed.
    pub(crate) secret: Option<(Uuid, Vec<u8>)>,
    /// Until when it is worth telling.
    pub(crate) until: OffsetDateTime,
}

impl Waiting<'_> {
    /// Has it wait; once for each occasion and way, whoever says it again. One that leads to nobody is written down as such.
    pub(crate) async fn write(self, context: &Context, transaction: &mut Transaction) -> Result<()> {
        let now = context.clock.now();
        let (id, secret) = match self.secret {
            Some((id, secret)) => (id, Some(secret)),
            None => (context.ids.next(), None),
        };
        let leads = self.recipient.is_some();
        sql("INSERT INTO outbox_messages (id, organisation_id, message, way, entity, record_id, recipient_id, occasion,
                 said_at, packet_id, secret, written_at, until_at, next_at, tries, state, ended_at, why)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $12, 0, $14, $15, $16)
             ON CONFLICT (organisation_id, message, way, record_id, occasion) DO NOTHING")
        .bind(id)
        .bind(context.principal.organisation().uuid())
        .bind(self.message)
        .bind(self.way)
        .bind(self.entity.table)
        .bind(self.record)
        .bind(self.recipient)
        .bind(self.occasion)
        .bind(self.said_at)
        .bind(self.packet)
        .bind(secret)
        .bind(now)
        .bind(self.until)
        .bind(if leads { "waiting" } else { "died" })
        .bind((!leads).then_some(now))
        .bind((!leads).then_some("it leads to nobody"))
        .execute(transaction)
        .await?;
        Ok(())
    }
}
