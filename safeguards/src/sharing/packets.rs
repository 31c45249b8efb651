//! A packet: what a record said when somebody sent it, frozen and sealed, and how its link stands.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::fate::address;
use super::outbox::LINK;
use super::{CONTENT, DIGEST, Declared, Document, SECRET, keyed, open, recipient_of, seal};
use crate::access::{self, Action, Context, Entity, Error, Waiting, begin};
use crate::app::Services;
use crate::audit::{self, Event, Purpose};
use crate::identity::Token;
use crate::pages::{Content, View};
use crate::slice::{Result, Viewer};
use crate::store::{self, Row, sql};
use crate::web::{Code, Problem};

/// How many wrong codes a packet takes in all; then its link is dead.
pub(super) const WRONG: i64 = 10;

/// A line of a packet: a label, and what the record said.
pub type Line = (&'static str, Content);

/// What was rendered, as it lies sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Frozen {
    pub(super) label: String,
    pub(super) lines: Vec<(String, String)>,
}

/// A packet without what was rendered.
#[derive(Clone, Debug)]
pub(super) struct Packet {
    pub(super) id: Uuid,
    pub(super) record: Uuid,
    pub(super) recipient: Uuid,
    pub(super) sent_by: Uuid,
    pub(super) sent_at: OffsetDateTime,
    pub(super) until: OffsetDateTime,
    pub(super) revoked_at: Option<OffsetDateTime>,
    pub(super) code_sent_at: Option<OffsetDateTime>,
    pub(super) codes: i64,
    pub(super) wrong: i64,
    pub(super) opened: i64,
    pub(super) opened_at: Option<OffsetDateTime>,
    pub(super) forgotten: bool,
}

impl Packet {
    /// Whether its link opens, as far as the packet itself says.
    pub(super) fn is_live(&self, now: OffsetDateTime) -> bool {
        self.revoked_at.is_none() && now < self.until && self.wrong < WRONG && !self.forgotten
    }
}

macro_rules! packets_where {
    ($rest:literal) => {
        sql(concat!(
            "SELECT id, document, record_id, recipient_id, sent_by_id, sent_at, until_at, revoked_at, code_sent_at, codes,
                 wrong, opened, opened_at, content IS NULL AS forgotten
             FROM sent_packets WHERE organisation_id = $1 ",
            $rest
        ))
    };
}

fn read(row: &Row) -> store::Result<Packet> {
    Ok(Packet {
        id: row.uuid("id")?,
        record: row.uuid("record_id")?,
        recipient: row.uuid("recipient_id")?,
        sent_by: row.uuid("sent_by_id")?,
        sent_at: row.timestamp("sent_at")?,
        until: row.timestamp("until_at")?,
        revoked_at: row.optional_timestamp("revoked_at")?,
        code_sent_at: row.optional_timestamp("code_sent_at")?,
        codes: row.integer("codes")?,
        wrong: row.integer("wrong")?,
        opened: row.integer("opened")?,
        opened_at: row.optional_timestamp("opened_at")?,
        forgotten: row.boolean("forgotten")?,
    })
}

/// Refuses whoever does not send it: to them, it is not there.
pub(super) fn may(viewer: &Viewer, document: &Document) -> Result<()> {
    let may = viewer.is(document.sent_by) && viewer.may(document.on, Action::View);
    if may { Ok(()) } else { Err(Problem::not_found()) }
}

/// Sends a record that the viewer has found: freezes what they see of it, and has its link wait. Says the packet's id.
///
/// # Errors
/// 404 for who does not send it; 422 where nobody is to be reached.
pub async fn send(
    viewer: &Viewer,
    services: &Services,
    document: &'static Document,
    (record, version): (Uuid, i64),
    lines: Vec<Line>,
) -> Result<Uuid> {
    may(viewer, document)?;
    let itself = viewer.itself();
    let nobody = || {
        Problem::new(Code::Invalid)
            .detail("nobody can be reached: put an address on the record of whoever receives it")
    };
    let recipient = recipient_of(&itself, document.on, document.about, record).await?.ok_or_else(nobody)?;
    let mut reached = Vec::new();
    for way in document.ways {
        if address(&itself, document.to, *way, recipient).await?.is_some() {
            reached.push(*way);
        }
    }
    if reached.is_empty() {
        return Err(nobody());
    }
    let lines = lines.into_iter().filter_map(|(label, content)| {
        let said = said(&viewer.view, &content)?;
        Some((label.to_owned(), said))
    });
    let frozen = Frozen { label: document.label.to_owned(), lines: lines.collect() };
    let frozen = serde_json::to_string(&frozen).map_err(|_| Problem::internal("packet"))?;
    let (id, now) = (viewer.ids.next(), viewer.clock.now());
    let until = now + Duration::minutes(document.minutes);
    let content = seal(viewer, CONTENT, id, frozen.as_bytes()).await?;
    let digest = keyed(viewer, DIGEST, id, &frozen).await?;
    let mut links = Vec::new();
    for way in reached {
        let token = Token::random().map_err(|_| Problem::internal("randomness"))?;
        let row = viewer.ids.next();
        links.push((way, token.hash(), row, seal(viewer, SECRET, row, token.reveal().as_bytes()).await?));
    }
    let mut transaction = begin(viewer, Action::View).await?;
    sql("INSERT INTO sent_packets (id, organisation_id, document, entity, record_id, record_version, recipient_id,
             sent_by_id, sent_at, until_at, content, digest, codes, wrong, opened)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 0, 0)")
    .bind(id)
    .bind(viewer.principal.organisation().uuid())
    .bind(document.name)
    .bind(document.on.table)
    .bind(record)
    .bind(version)
    .bind(recipient)
    .bind(viewer.principal.person().uuid())
    .bind(now)
    .bind(until)
    .bind(content)
    .bind(digest)
    .execute(&mut transaction)
    .await
    .map_err(Error::from)?;
    for (way, hash, row, secret) in links {
        sql("INSERT INTO packet_keys (token_hash, organisation_id, packet_id, until_at) VALUES ($1, $2, $3, $4)")
            .bind(hash.as_bytes().to_vec())
            .bind(viewer.principal.organisation().uuid())
            .bind(id)
            .bind(until)
            .execute(&mut transaction)
            .await
            .map_err(Error::from)?;
        let waiting = Waiting {
            message: LINK,
            way: way.as_str(),
            entity: document.on,
            record,
            recipient: Some(recipient),
            occasion: id.to_string(),
            said_at: None,
            packet: Some(id),
            secret: Some((row, secret)),
            until,
        };
        waiting.write(viewer, &mut transaction).await?;
    }
    let event = about(audit::Action::Email, document, record, recipient).note("a packet is sent");
    let event = event.recipient(document.to.role).basis(audit::BY_LINK);
    audit::append(&mut transaction, &viewer.circumstances, event).await.map_err(Error::AuditUnavailable)?;
    transaction.commit().await.map_err(Error::from)?;
    services.post_waits.notify_one();
    Ok(id)
}

/// The event of something that is done with a packet.
pub(super) fn about(action: audit::Action, document: &Document, record: Uuid, recipient: Uuid) -> Event {
    Event::new(action).entity(document.on.name).record(record).subject(recipient).purpose(Purpose::Individual)
}

/// What a line says, as words; nothing where its sender may not see it.
fn said(view: &View, content: &Content) -> Option<String> {
    Some(match content {
        Content::Hidden => return None,
        Content::Empty => String::new(),
        Content::Text(text) | Content::Narrative(text) | Content::Tag(text, _) => text.clone(),
        Content::Link(text, _) | Content::Markup(text, _) => text.clone(),
        Content::Number(number, unit) if unit.is_empty() => number.clone(),
        Content::Number(number, unit) => format!("{number} {unit}"),
        Content::Date(date) => view.date(*date),
        Content::Time(time) => format!("{:02}:{:02}", time.hour(), time.minute()),
        Content::Moment(moment) => view.moment(*moment),
        Content::Flag(true) => view.words.yes.to_owned(),
        Content::Flag(false) => view.words.no.to_owned(),
        Content::List(items) => {
            let items: Vec<String> = items.iter().filter_map(|item| said(view, item)).collect();
            items.join("\n")
        }
    })
}

/// The packets of a record that the viewer has found, the latest first.
pub(super) async fn of_record(viewer: &Viewer, document: &Document, record: Uuid) -> Result<Vec<Packet>> {
    let mut reading = begin(viewer, Action::View).await?;
    let rows =
        packets_where!("AND document = $2 AND record_id = $3 ORDER BY sent_at DESC, id DESC LIMIT 100")
            .bind(viewer.principal.organisation().uuid())
            .bind(document.name)
            .bind(record)
            .fetch_all(&mut reading)
            .await
            .map_err(Error::from)?;
    reading.rollback().await.map_err(Error::from)?;
    Ok(rows.iter().map(read).collect::<store::Result<_>>().map_err(Error::Store)?)
}

/// The packet of this id, of a record that the viewer has found.
pub(super) async fn find(viewer: &Viewer, document: &Document, record: Uuid, id: Uuid) -> Result<Packet> {
    let found = of_record(viewer, document, record).await?.into_iter().find(|packet| packet.id == id);
    found.ok_or_else(Problem::not_found)
}

/// How many links of a record open, as a program is told.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    sent_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    until: OffsetDateTime,
    opens: bool,
    revoked: bool,
    opened: i64,
}

/// The packets of a record that the viewer has found, for a program.
///
/// # Errors
/// 404 for who does not send it.
pub async fn live(viewer: &Viewer, document: &'static Document, record: Uuid) -> Result<Vec<Told>> {
    may(viewer, document)?;
    let now = viewer.clock.now();
    let told = |packet: Packet| Told {
        id: packet.id,
        sent_at: packet.sent_at,
        until: packet.until,
        opens: packet.is_live(now),
        revoked: packet.revoked_at.is_some(),
        opened: packet.opened,
    };
    Ok(of_record(viewer, document, record).await?.into_iter().map(told).collect())
}

/// Revokes a packet: from this moment on its link opens nothing, and what waits to tell it dies.
///
/// # Errors
/// 404 for who does not send it, and where there is none.
pub async fn revoke(viewer: &Viewer, document: &'static Document, record: Uuid, packet: Uuid) -> Result<()> {
    may(viewer, document)?;
    let found = find(viewer, document, record, packet).await?;
    let mut transaction = begin(viewer, Action::View).await?;
    let revoked = sql("UPDATE sent_packets SET revoked_at = $3, revoked_by_id = $4, code = NULL
         WHERE id = $1 AND organisation_id = $2 AND revoked_at IS NULL")
    .bind(packet)
    .bind(viewer.principal.organisation().uuid())
    .bind(viewer.clock.now())
    .bind(viewer.principal.person().uuid())
    .execute(&mut transaction)
    .await
    .map_err(Error::from)?;
    if revoked == 0 {
        return Ok(transaction.rollback().await.map_err(Error::from)?);
    }
    let event = Event::new(audit::Action::Configure)
        .entity(document.on.name)
        .record(record)
        .subject(found.recipient)
        .note("a packet is revoked");
    audit::append(&mut transaction, &viewer.circumstances, event).await.map_err(Error::AuditUnavailable)?;
    Ok(transaction.commit().await.map_err(Error::from)?)
}

/// A packet whose link opens now, with its document: it was not revoked, its time is not over, whoever sent it still may, and
/// the record still leads to whoever it was sent to.
pub(super) async fn standing(
    itself: &Context,
    declared: &Declared,
    id: Uuid,
) -> access::Result<Option<(&'static Document, Packet)>> {
    let mut reading = begin(itself, Action::List).await?;
    let row = packets_where!("AND id = $2")
        .bind(itself.principal.organisation().uuid())
        .bind(id)
        .fetch_optional(&mut reading)
        .await?;
    reading.rollback().await?;
    let Some(row) = row else { return Ok(None) };
    let name = row.text("document")?;
    let Some(document) = declared.sharing.documents.iter().find(|document| document.name == name) else {
        return Ok(None);
    };
    let packet = read(&row)?;
    if !packet.is_live(itself.clock.now()) || !still_sends(itself, document, packet.sent_by).await? {
        return Ok(None);
    }
    let recipient = recipient_of(itself, document.on, document.about, packet.record).await?;
    Ok((recipient == Some(packet.recipient)).then_some((*document, packet)))
}

/// Whether somebody still works here in a role that sends it.
async fn still_sends(itself: &Context, document: &Document, person: Uuid) -> access::Result<bool> {
    let mut reading = begin(itself, Action::List).await?;
    let rows = sql("SELECT m.role FROM memberships m JOIN people p ON p.id = m.person_id
         WHERE m.person_id = $1 AND m.organisation_id = $2 AND p.suspended_at IS NULL")
    .bind(person)
    .bind(itself.principal.organisation().uuid())
    .fetch_all(&mut reading)
    .await?;
    reading.rollback().await?;
    for row in &rows {
        if document.sent_by.contains(&row.text("role")?.as_str()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What was rendered, once it is on record that it is shown.
pub(super) async fn content(context: &Context, id: Uuid) -> access::Result<Option<Frozen>> {
    let mut reading = begin(context, Action::View).await?;
    let row = sql("SELECT content, digest FROM sent_packets WHERE id = $1 AND organisation_id = $2")
        .bind(id)
        .bind(context.principal.organisation().uuid())
        .fetch_optional(&mut reading)
        .await?;
    reading.rollback().await?;
    let Some(row) = row else { return Ok(None) };
    let Some(sealed) = row.optional_bytes("content")? else { return Ok(None) };
    let plain = open(context, CONTENT, id, sealed).await?;
    let Ok(text) = String::from_utf8(plain) else { return Ok(None) };
    if keyed(context, DIGEST, id, &text).await? != row.bytes("digest")? {
        return Ok(None);
    }
    Ok(serde_json::from_str(&text).ok())
}

/// How a record's removal takes along what was sent of it: its links open nothing more, and no word of it is kept (CC-10).
pub fn forgotten(context: &Context, entity: &'static Entity, record: Uuid) -> store::Statement {
    sql("UPDATE sent_packets SET content = NULL, code = NULL, revoked_at = COALESCE(revoked_at, $4),
             revoked_by_id = COALESCE(revoked_by_id, $5)
         WHERE organisation_id = $1 AND entity = $2 AND record_id = $3 AND content IS NOT NULL")
    .bind(context.principal.organisation().uuid())
    .bind(entity.table)
    .bind(record)
    .bind(context.clock.now())
    .bind(context.principal.person().uuid())
}
