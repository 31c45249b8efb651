//! What waits is sent: it is asked whether it still may be, put into words, written in the log, and handed over.

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::fate::{Fate, fate};
use super::reminders::come_near;
use super::{Declared, NotTaken, Recipient, Way};
use crate::access::{self, Action, Context, Entity, Error, begin};
use crate::app::Services;
use crate::audit::{self, Event, Outcome, Purpose};
use crate::slice::{Result, Viewer};
use crate::store::{self, Row, sql};

/// The messages of a packet; no name of a spec holds a colon.
pub(super) const LINK: &str = ":link";
pub(super) const CODE: &str = ":code";

/// How many are sent in one round.
const AT_ONCE: i64 = 200;
/// The longest wait between two tries.
const LONGEST: Duration = Duration::hours(1);
/// How long it is on record that somebody was told (CF-24): no shorter than the log that says so.
const KEPT: Duration = Duration::days(7 * 366);

/// A message as it waits.
pub(super) struct Message {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) way: Way,
    pub(super) entity: &'static Entity,
    pub(super) record: Uuid,
    pub(super) recipient: Uuid,
    pub(super) occasion: String,
    pub(super) said_at: Option<OffsetDateTime>,
    pub(super) packet: Option<Uuid>,
    pub(super) secret: Option<Vec<u8>>,
    pub(super) written_at: OffsetDateTime,
    pub(super) until: OffsetDateTime,
    pub(super) tries: i64,
}

/// Has wait what has come near, and sends what waits; tells how much was sent.
///
/// # Errors
/// The database or the audit log failed. What was done before is done.
pub(crate) async fn round(
    itself: &Context,
    services: &Services,
    declared: &Declared,
) -> access::Result<usize> {
    come_near(itself, declared).await?;
    let mut sent = 0;
    for message in waiting(itself, declared).await? {
        sent += usize::from(tell(itself, services, declared, message).await?);
    }
    sweep(itself).await?;
    Ok(sent)
}

async fn waiting(itself: &Context, declared: &Declared) -> access::Result<Vec<Message>> {
    let mut transaction = begin(itself, Action::List).await?;
    let rows = sql("SELECT id, message, way, entity, record_id, recipient_id, occasion, said_at, packet_id, secret, written_at,
             until_at, tries
         FROM outbox_messages WHERE organisation_id = $1 AND state = 'waiting' AND next_at <= $2
         ORDER BY next_at, id LIMIT $3")
    .bind(itself.principal.organisation().uuid())
    .bind(itself.clock.now())
    .bind(AT_ONCE)
    .fetch_all(&mut transaction)
    .await?;
    transaction.rollback().await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let table = row.text("entity")?;
        // What this version of the app does not know waits for one that does, or dies with its time.
        let Some(entity) = declared.entities.iter().find(|entity| entity.table == table) else { continue };
        let Some(way) = Way::parse(&row.text("way")?) else { continue };
        found.push(read(row, entity, way)?);
    }
    Ok(found)
}

fn read(row: &Row, entity: &'static Entity, way: Way) -> store::Result<Message> {
    Ok(Message {
        id: row.uuid("id")?,
        name: row.text("message")?,
        way,
        entity,
        record: row.uuid("record_id")?,
        recipient: row.uuid("recipient_id")?,
        occasion: row.text("occasion")?,
        said_at: row.optional_timestamp("said_at")?,
        packet: row.optional_uuid("packet_id")?,
        secret: row.optional_bytes("secret")?,
        written_at: row.timestamp("written_at")?,
        until: row.timestamp("until_at")?,
        tries: row.integer("tries")?,
    })
}

/// Sends one, if it may be sent; tells whether it was.
async fn tell(
    itself: &Context,
    services: &Services,
    declared: &Declared,
    message: Message,
) -> access::Result<bool> {
    let (letter, to) = match fate(itself, services, declared, &message).await? {
        Fate::Goes(letter, to) => (letter, to),
        Fate::Waits(why) => {
            put_off(itself, &message, why).await?;
            return Ok(false);
        }
        Fate::Dies(why) => {
            end(itself, &message, "died", Some(why), None).await?;
            return Ok(false);
        }
    };
    // The log says it before it leaves; of two processes at once, one has it.
    if !claim(itself, &message, to).await? {
        return Ok(false);
    }
    let Some(post) = services.post.by(message.way) else { return Ok(false) };
    match post.take(&letter).await {
        Ok(()) => {
            end(itself, &message, "sent", None, None).await?;
            Ok(true)
        }
        Err(NotTaken::Later(why)) => {
            note(itself, &message, why).await?;
            Ok(false)
        }
        Err(NotTaken::ForGood(why)) => {
            let failed = about(&message, to).outcome(Outcome::Failed).note("the message was refused");
            end(itself, &message, "died", Some(why), Some(failed)).await?;
            Ok(false)
        }
    }
}

/// The event of a message: a notice about somebody's record leaves, to whom and by which way (CL-3).
fn about(message: &Message, to: &Recipient) -> Event {
    Event::new(audit::Action::Email)
        .entity(message.entity.name)
        .record(message.record)
        .subject(message.recipient)
        .purpose(Purpose::Individual)
        .recipient(&format!("{}, by {}", to.role, message.way.words()))
}

/// Writes in the log that it leaves, and has the next try wait.
async fn claim(itself: &Context, message: &Message, to: &Recipient) -> access::Result<bool> {
    let mut transaction = begin(itself, Action::Update).await?;
    let claimed = sql("UPDATE outbox_messages SET tries = tries + 1, next_at = $3
         WHERE id = $1 AND tries = $2 AND state = 'waiting'")
    .bind(message.id)
    .bind(message.tries)
    .bind(itself.clock.now() + wait(message.tries))
    .execute(&mut transaction)
    .await?;
    if claimed == 0 {
        transaction.rollback().await?;
        return Ok(false);
    }
    let event = about(message, to).note("a message is handed over");
    audit::append(&mut transaction, &itself.circumstances, event).await.map_err(Error::AuditUnavailable)?;
    transaction.commit().await?;
    Ok(true)
}

/// It cannot be sent now: later and later it is looked at again.
async fn put_off(itself: &Context, message: &Message, why: &'static str) -> access::Result<()> {
    let mut transaction = begin(itself, Action::Update).await?;
    sql("UPDATE outbox_messages SET tries = tries + 1, next_at = $3, why = $4
         WHERE id = $1 AND tries = $2 AND state = 'waiting'")
    .bind(message.id)
    .bind(message.tries)
    .bind(itself.clock.now() + wait(message.tries))
    .bind(why)
    .execute(&mut transaction)
    .await?;
    Ok(transaction.commit().await?)
}

async fn note(itself: &Context, message: &Message, why: &'static str) -> access::Result<()> {
    let mut transaction = begin(itself, Action::Update).await?;
    sql("UPDATE outbox_messages SET why = $2 WHERE id = $1 AND state = 'waiting'")
        .bind(message.id)
        .bind(why)
        .execute(&mut transaction)
        .await?;
    Ok(transaction.commit().await?)
}

/// A minute, then twice as long each time, and at most an hour.
fn wait(tries: i64) -> Duration {
    let doubled = 1_i64 << tries.clamp(0, 6);
    Duration::minutes(doubled).min(LONGEST)
}

/// It is told, or will not be; its secret goes.
async fn end(
    itself: &Context,
    message: &Message,
    state: &'static str,
    why: Option<&'static str>,
    event: Option<Event>,
) -> access::Result<()> {
    let mut transaction = begin(itself, Action::Update).await?;
    sql("UPDATE outbox_messages SET state = $2, ended_at = $3, why = $4, secret = NULL
         WHERE id = $1 AND state = 'waiting'")
    .bind(message.id)
    .bind(state)
    .bind(itself.clock.now())
    .bind(why)
    .execute(&mut transaction)
    .await?;
    if let Some(event) = event {
        audit::append(&mut transaction, &itself.circumstances, event)
            .await
            .map_err(Error::AuditUnavailable)?;
    }
    Ok(transaction.commit().await?)
}

/// What is long over (CF-24); a link that is over leads nowhere, and goes a day later.
async fn sweep(itself: &Context) -> access::Result<()> {
    let now = itself.clock.now();
    let mut transaction = begin(itself, Action::Update).await?;
    sql("DELETE FROM outbox_messages WHERE organisation_id = $1 AND ended_at < $2")
        .bind(itself.principal.organisation().uuid())
        .bind(now - KEPT)
        .execute(&mut transaction)
        .await?;
    sql("DELETE FROM packet_keys WHERE organisation_id = $1 AND until_at < $2")
        .bind(itself.principal.organisation().uuid())
        .bind(now - Duration::days(1))
        .execute(&mut transaction)
        .await?;
    Ok(transaction.commit().await?)
}

/// A message about a record, as whoever may see the record is told of it.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Its name in the spec.
    pub message: String,
    /// By which way.
    pub way: String,
    /// When it was written.
    pub written_at: OffsetDateTime,
    /// `waiting`, `sent` or `died`.
    pub state: String,
    /// When it was sent, or when it died.
    pub ended_at: Option<OffsetDateTime>,
    /// Why it was not sent, or not yet.
    pub why: Option<String>,
}

/// The messages about a record that the viewer has found, the latest first. Those of rules are not among them: that a rule
/// holds could tell what its viewer may not read.
///
/// # Errors
/// The database cannot be asked.
pub async fn sent_about(viewer: &Viewer, entity: &'static Entity, record: Uuid) -> Result<Vec<Sent>> {
    let mut reading = begin(viewer, Action::View).await?;
    let rows = sql("SELECT message, way, written_at, state, ended_at, why FROM outbox_messages
         WHERE organisation_id = $1 AND entity = $2 AND record_id = $3
           AND (said_at IS NOT NULL OR packet_id IS NOT NULL)
         ORDER BY written_at DESC, id DESC LIMIT 100")
    .bind(viewer.principal.organisation().uuid())
    .bind(entity.table)
    .bind(record)
    .fetch_all(&mut reading)
    .await
    .map_err(Error::from)?;
    reading.rollback().await.map_err(Error::from)?;
    let read = |row: &Row| -> store::Result<Sent> {
        Ok(Sent {
            message: row.text("message")?,
            way: row.text("way")?,
            written_at: row.timestamp("written_at")?,
            state: row.text("state")?,
            ended_at: row.optional_timestamp("ended_at")?,
            why: row.optional_text("why")?,
        })
    };
    Ok(rows.iter().map(read).collect::<store::Result<_>>().map_err(Error::Store)?)
}
