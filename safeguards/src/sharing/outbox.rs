//! What waits is sent: it is asked whether it still may be, put into words, written in the log, and handed over.

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::packets::{self, Packet};
use super::reminders::come_near;
use super::wording::{Code, MessageWord, PlaceName};
use super::{Declared, Document, Letter, NotTaken, Recipient, SECRET, Says, Way, Wording, open};
use crate::access::{self, Action, Context, Entity, Error, Moment, begin, look};
use crate::ai::attestation;
use crate::app::Services;
use crate::audit::{self, Event, Outcome, Purpose};
use crate::crypto::Normal;
use crate::identity::{EmailAddress, Token};
use crate::pages::View;
use crate::slice::{Result, Viewer};
use crate::store::{self, Row, Text, sql};

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
struct Message {
    id: Uuid,
    name: String,
    way: Way,
    entity: &'static Entity,
    record: Uuid,
    recipient: Uuid,
    occasion: String,
    said_at: Option<OffsetDateTime>,
    packet: Option<Uuid>,
    secret: Option<Vec<u8>>,
    written_at: OffsetDateTime,
    until: OffsetDateTime,
    tries: i64,
}

/// What becomes of a message that is looked at.
enum Fate {
    Goes(Letter, &'static Recipient),
    Waits(&'static str),
    Dies(&'static str),
}

/// What is said and who receives it.
struct Content<'d> {
    to: &'static Recipient,
    says: &'static [Says],
    packet: Option<(&'d Document, Packet)>,
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

/// Whether a message may be sent, and what it says then.
async fn fate(
    itself: &Context,
    services: &Services,
    declared: &Declared,
    message: &Message,
) -> access::Result<Fate> {
    if message.until <= itself.clock.now() {
        return Ok(Fate::Dies("it would come too late"));
    }
    let content = match content(itself, declared, message).await? {
        Ok(content) => content,
        Err(why) => return Ok(Fate::Dies(why)),
    };
    let Some(to) = address(itself, content.to, message.way, message.recipient).await? else {
        return Ok(Fate::Dies("there is no address on the record"));
    };
    if let Err(why) = ready(itself, services, declared, message.way).await? {
        return Ok(Fate::Waits(why));
    }
    let Some((subject, body)) = words(itself, services, declared, message, &content).await? else {
        return Ok(Fate::Dies("it has nothing to tell any more"));
    };
    let letter =
        Letter { id: message.id, way: message.way, to, subject, body, written_at: message.written_at };
    Ok(Fate::Goes(letter, content.to))
}

/// What a message says, if what it is about still stands.
async fn content<'d>(
    itself: &Context,
    declared: &'d Declared,
    message: &Message,
) -> access::Result<std::result::Result<Content<'d>, &'static str>> {
    if let Some(packet) = message.packet {
        let Some((document, packet)) = packets::standing(itself, declared, packet).await? else {
            return Ok(Err("it was revoked, or is over"));
        };
        let packet = Some((document, packet));
        return Ok(Ok(Content { to: document.to, says: document.says, packet }));
    }
    let Some(said) = declared.sharing.messages.iter().find(|known| known.name == message.name) else {
        return Ok(Err("this version of the app does not say it"));
    };
    let stands = match message.said_at {
        Some(at) => is_ahead(itself, declared, message, at).await?,
        None => holds(itself, message).await?,
    };
    if !stands {
        return Ok(Err("what it is about is no longer so"));
    }
    Ok(Ok(Content { to: said.to, says: said.says, packet: None }))
}

/// Whether the record still has this moment, is one to be told of, and leads to the same person.
async fn is_ahead(
    itself: &Context,
    declared: &Declared,
    message: &Message,
    at: OffsetDateTime,
) -> access::Result<bool> {
    let reminders = declared.sharing.reminders.iter();
    let Some(reminder) = reminders
        .filter(|reminder| reminder.message.name == message.name)
        .find(|reminder| reminder.entity.table == message.entity.table)
    else {
        return Ok(false);
    };
    let moment = Moment { now: itself.clock.now(), zone: declared.zone };
    if (reminder.stands)(&moment, message.record).ids(itself, reminder.entity).await?.is_empty() {
        return Ok(false);
    }
    let mut transaction = begin(itself, Action::List).await?;
    let read = (&[reminder.moment][..], &[reminder.about][..]);
    let found = look(itself, &mut transaction, reminder.entity, read, message.record, |row| {
        Ok(row.field::<Option<OffsetDateTime>>(reminder.moment)?.value().copied().flatten())
    })
    .await?;
    transaction.rollback().await?;
    Ok(found.is_some_and(|(now, about)| now == Some(at) && about.first() == Some(&Some(message.recipient))))
}

/// Whether what a rule waited for still holds.
async fn holds(itself: &Context, message: &Message) -> access::Result<bool> {
    let mut transaction = begin(itself, Action::List).await?;
    let open = sql("SELECT id FROM rule_episodes WHERE id = $1 AND organisation_id = $2 AND ended_at IS NULL")
        .bind(message.occasion.parse::<Uuid>().unwrap_or_default())
        .bind(itself.principal.organisation().uuid())
        .fetch_optional(&mut transaction)
        .await?;
    transaction.rollback().await?;
    Ok(open.is_some())
}

/// The address that the record has now, in the one form in which such things are compared.
pub(super) async fn address(
    itself: &Context,
    to: &'static Recipient,
    way: Way,
    record: Uuid,
) -> access::Result<Option<String>> {
    let Some(field) = to.field(way) else { return Ok(None) };
    let mut transaction = begin(itself, Action::List).await?;
    let found = look(itself, &mut transaction, to.entity, (&[field], &[]), record, |row| {
        Ok(row.field::<Option<String>>(field)?.value().cloned().flatten())
    })
    .await?;
    transaction.rollback().await?;
    let Some((Some(address), _)) = found else { return Ok(None) };
    Ok(match way {
        Way::Email => EmailAddress::parse(&address).ok().map(|address| address.as_str().to_owned()),
        Way::Sms => Normal::Phone.apply(&address),
    })
}

/// Whether messages leave by this way, or why not (CF-23).
pub(super) async fn ready(
    itself: &Context,
    services: &Services,
    declared: &Declared,
    way: Way,
) -> access::Result<std::result::Result<(), &'static str>> {
    let Some(post) = services.post.by(way) else {
        return Ok(Err("whoever runs the app has not set up how it goes"));
    };
    if !post.leaves() {
        return Ok(Ok(()));
    }
    let companies = declared.sharing.companies.iter();
    let Some((_, company)) = companies.clone().find(|(its, _)| *its == way) else {
        return Ok(Err("no company is named in the app by which it goes"));
    };
    let standing = attestation::standing(itself, company).await.map_err(|_| Error::NotFound)?;
    Ok(match standing {
        Some(attestation) if !attestation.is_over(itself.clock.now()) => Ok(()),
        _ => Err("no agreement with the company by which it goes is attested"),
    })
}

/// The subject and the lines of a message.
async fn words(
    itself: &Context,
    services: &Services,
    declared: &Declared,
    message: &Message,
    content: &Content<'_>,
) -> access::Result<Option<(Wording, Vec<Wording>)>> {
    let view = View::new(declared.app, itself.clock.now()).zone(declared.zone);
    let origin = services.settings.public_url.origin();
    let secret = match &message.secret {
        Some(sealed) => Some(open(itself, SECRET, message.id, sealed.clone()).await?),
        None => None,
    };
    let secret = secret.and_then(|bytes| String::from_utf8(bytes).ok());
    let place = |says| place_name(itself, content.to, message.recipient, says);
    let mut subject = Wording::of(&[MessageWord::Ours("A message for you")]);
    let mut body = Vec::new();
    if message.name == CODE {
        let Some(code) = secret.map(Code::new) else { return Ok(None) };
        body.push(Wording::of(&[
            MessageWord::Code(&code),
            MessageWord::Ours(" is your code for "),
            MessageWord::Home(origin),
            MessageWord::Ours(". Tell nobody. If you did not ask for it, you need not do anything."),
        ]));
        return Ok(Some((Wording::of(&[MessageWord::Ours("Your code")]), body)));
    }
    for word in content.says {
        match (word, message.said_at) {
            (Says::App, _) => {
                let from = [MessageWord::Ours("From "), MessageWord::App(declared.app)];
                (subject, body) = begun(subject, body, Wording::of(&from));
            }
            (Says::Organisation | Says::Place, _) => {
                let name = place(*word).await?;
                let from = [MessageWord::Ours("From "), MessageWord::Place(&name)];
                (subject, body) = begun(subject, body, Wording::of(&from));
            }
            (Says::Time, Some(at)) => {
                body.push(Wording::of(&[MessageWord::Ours("When: "), MessageWord::Moment(&view, at)]));
            }
            (Says::Date, Some(at)) => {
                body.push(Wording::of(&[MessageWord::Ours("When: "), MessageWord::Day(&view, at)]));
            }
            (Says::Time | Says::Date, None) => return Ok(None),
            (Says::Link, _) => {
                let Some((_, packet)) = &content.packet else {
                    body.push(Wording::of(&[MessageWord::Ours("Sign in here: "), MessageWord::Home(origin)]));
                    continue;
                };
                let Some(token) = secret.as_deref().and_then(Token::parse) else { return Ok(None) };
                body.push(Wording::of(&[
                    MessageWord::Ours("Something was sent to you. Open it here: "),
                    MessageWord::Packet(origin, &token),
                ]));
                body.push(Wording::of(&[
                    MessageWord::Ours("You are asked for a code that is sent to you then. The link opens until "),
                    MessageWord::Moment(&view, packet.until),
                    MessageWord::Ours("."),
                ]));
            }
        }
    }
    Ok((!body.is_empty()).then_some((subject, body)))
}

/// Whose message it is stands in its subject and on its first line.
fn begun(subject: Wording, mut body: Vec<Wording>, from: Wording) -> (Wording, Vec<Wording>) {
    let subject = if body.is_empty() { from.clone() } else { subject };
    body.push(from);
    (subject, body)
}

async fn place_name(
    itself: &Context,
    to: &'static Recipient,
    recipient: Uuid,
    says: Says,
) -> access::Result<PlaceName> {
    let mut transaction = begin(itself, Action::List).await?;
    if says == Says::Place && to.placed {
        let text = format!(
            "SELECT p.name FROM {} r JOIN places p ON p.id = r.place_id WHERE r.id = $1",
            to.entity.table
        );
        let found = store::Statement::composed(Text::composed(text), vec![recipient.into()]);
        if let Some(row) = found.fetch_optional(&mut transaction).await? {
            transaction.rollback().await?;
            return Ok(PlaceName::of(&row)?);
        }
    }
    let row = sql("SELECT name FROM organisations WHERE id = $1")
        .bind(itself.principal.organisation().uuid())
        .fetch_one(&mut transaction)
        .await?;
    transaction.rollback().await?;
    Ok(PlaceName::of(&row)?)
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
        audit::append(&mut transaction, &itself.circumstances, event).await.map_err(Error::AuditUnavailable)?;
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
    let mut reading = begin(viewer, Action::View).await.map_err(Error::from)?;
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
