//! The pages of whoever sends: what would be sent and what was, each with its standing.

use uuid::Uuid;

use super::outbox::sent_about;
use super::packets::{Packet, WRONG, content, find, may, of_record};
use super::{Document, Line, Way};
use crate::access::{Entity, Error};
use crate::audit;
use crate::pages::{Column, Content, Detail, Form, Notice, Page, Row, Table, Tone};
use crate::slice::{Result, Viewer, capitalised};
use crate::web::Problem;

/// Whether the page of a record offers the document to the viewer.
pub fn offered(viewer: &Viewer, document: &'static Document) -> bool {
    may(viewer, document).is_ok()
}

/// `GET …/documents/{document}`: what would be sent, to whom, and what was sent before. Nothing is sent yet.
///
/// # Errors
/// 404 for who does not send it.
pub async fn page(
    viewer: &Viewer,
    document: &'static Document,
    record: Uuid,
    lines: Vec<Line>,
    page: Page,
) -> Result<Page> {
    may(viewer, document)?;
    let packets = of_record(viewer, document, record).await?;
    let names = viewer.people(packets.iter().map(|packet| Some(packet.sent_by))).await?;
    let now = viewer.clock.now();
    let to = document.of(record);
    let shown =
        lines.into_iter().fold(Detail::new().title("What is sent, as it stands now"), |detail, line| {
            detail.line(line.0, line.1)
        });
    let ways: Vec<&str> = document.ways.iter().map(|way| way.words()).collect();
    let then = match document.asks {
        None => "",
        Some(_) => " Then they fill the form in, once; nothing of the record is shown to them.",
    };
    let how = format!(
        "A link goes by {} to the {} on the record. Whoever opens it is asked for a code that is sent to them then. It opens \
         for {} hours.{then}",
        ways.join(" and "),
        document.to.role,
        document.minutes / 60
    );
    let mut page = page
        .titled(document.label)
        .notice(Notice::information("Nothing is sent yet").text(how))
        .with(document.asks.is_none().then_some(shown))
        .with(Form::new(to.clone()).submit("Send").cancel(format!("{}/{record}", document.pages)));
    for packet in packets.iter().filter(|packet| packet.is_live(now)) {
        let said = format!("Revoke what was sent {}", viewer.view.moment(packet.sent_at));
        page = page.command(said, format!("{to}/{}/revoke", packet.id));
    }
    let rows = packets.iter().map(|packet| {
        let by = names.iter().find(|called| called.id == packet.sent_by).map(|called| called.title.clone());
        Row::new()
            .to(format!("{to}/{}", packet.id))
            .cell(packet.sent_at)
            .cell(by)
            .cell(packet.until)
            .cell(standing(packet, now))
            .cell(packet.opened)
            .cell(packet.opened_at)
    });
    let rows: Vec<Row> = rows.collect();
    let table = ["Sent", "By", "Opens until", "Standing", "Opened", "Last opened"]
        .into_iter()
        .fold(Table::new("What was sent"), |table, label| table.column(Column::new(label)));
    let page = page.with(table.rows(rows).empty("Nothing yet", "What is sent will stand here."));
    messages_page(viewer, document.on, record, page).await
}

fn standing(packet: &Packet, now: time::OffsetDateTime) -> Content {
    match () {
        () if packet.revoked_at.is_some() => Content::tag("revoked", Tone::Quiet),
        // Of a packet that stands, nothing is forgotten but the question that was answered.
        () if packet.forgotten => Content::tag("answered", Tone::Good),
        () if packet.wrong >= WRONG => Content::tag("locked after wrong codes", Tone::Danger),
        () if packet.until <= now => Content::tag("over", Tone::Quiet),
        () => Content::tag("opens", Tone::Good),
    }
}

/// The messages about a record that the viewer has found, as a table: when, by which way, and what became of them.
///
/// # Errors
/// The database cannot be asked.
pub async fn messages_page(
    viewer: &Viewer,
    entity: &'static Entity,
    record: Uuid,
    page: Page,
) -> Result<Page> {
    let sent = sent_about(viewer, entity, record).await?;
    let rows = sent.into_iter().map(|sent| {
        let what = match sent.message.as_str() {
            super::outbox::LINK => "Link of a packet".to_owned(),
            super::outbox::CODE => "Code of a packet".to_owned(),
            name => capitalised(name),
        };
        let state = match sent.state.as_str() {
            "sent" => Content::tag("sent", Tone::Good),
            "waiting" => Content::tag("waits", Tone::Caution),
            _ => Content::tag("not sent", Tone::Danger),
        };
        let way = Way::parse(&sent.way).map_or("", Way::words);
        Row::new().cell(sent.written_at).cell(what).cell(way).cell(state).cell(sent.ended_at).cell(sent.why)
    });
    let rows: Vec<Row> = rows.collect();
    let table = ["Written", "Message", "By", "State", "Ended", "Why"]
        .into_iter()
        .fold(Table::new("Messages"), |table, label| table.column(Column::new(label)));
    Ok(page
        .with(table.rows(rows).empty("No message yet", "What is told outside about this will stand here.")))
}

/// `GET …/documents/{document}/{packet}`: what was sent, in the form that prints. It counts as a print (CL-3).
///
/// # Errors
/// 404 for who does not send it, and where there is none, or no word of it is kept.
pub async fn sent_page(
    viewer: &Viewer,
    document: &'static Document,
    record: Uuid,
    packet: Uuid,
    page: Page,
) -> Result<Page> {
    may(viewer, document)?;
    let packet = find(viewer, document, record, packet).await?;
    let event = audit::Event::new(audit::Action::Print)
        .entity(document.on.name)
        .record(record)
        .subject(packet.recipient)
        .note("a packet that was sent");
    viewer.audit.record(&viewer.circumstances, event).await.map_err(Error::AuditUnavailable)?;
    let frozen = content(viewer, packet.id).await?.ok_or_else(Problem::not_found)?;
    let sent = format!("As it was sent {}", viewer.view.moment(packet.sent_at));
    Ok(page.titled(document.label).with(shown(frozen, sent)))
}

/// What was rendered, a line a field.
pub(super) fn shown(frozen: super::packets::Frozen, title: String) -> Detail {
    let lines = frozen.lines.into_iter();
    lines.fold(Detail::new().title(title), |detail, (label, said)| {
        let content = if said.is_empty() { Content::Empty } else { Content::Narrative(said) };
        detail.line(label, content)
    })
}
