//! The way to a packet for whoever has its link: a page that asks, a code to the address on the record, and what was sent.
//!
//! | | |
//! |---|---|
//! | `GET /open/{token}` | a page that shows nothing of anybody and uses nothing up: scanners of mail open links, too |
//! | `POST /open/{token}/code` | sends a code: by text message where that is ready, else by e-mail |
//! | `POST /open/{token}` | the code, once: what was sent, or the form that is asked for |
//! | `POST /open/{token}/form/{ticket}` | the answers to that form, once (`answering.rs`) |
//!
//! A link that was passed on asks for a code that goes to somebody else. Ten wrong codes in all, and the link is dead:
//! of a million codes that is a chance of one in a hundred thousand.

use axum::extract::{DefaultBodyLimit, State};
use axum::{Extension, Router};
use time::Duration;
use uuid::Uuid;

use super::answering;
use super::fate::{address, ready};
use super::outbox::CODE as MESSAGE;
use super::packets::{Packet, WRONG, about, content, standing};
use super::pages::shown;
use super::wording::Code;
use super::{CODE, Declared, Document, SECRET, Way, keyed, seal};
use crate::access::{Action, Context, Error, Waiting, begin};
use crate::app::{Services, acting};
use crate::audit::{self, Event};
use crate::compliance;
use crate::identity::{OrganisationId, Token, random};
use crate::pages::{CodeEntry, Form, FormData, Notice, Page, View};
use crate::slice::{Result, Routes, get, post};
use crate::store::sql;
use crate::web::{Arrival, Path, Problem};

/// Most bytes of what is sent by a link.
const LARGEST: usize = 64 << 10;
/// How long a code opens.
const CODE_LASTS: Duration = Duration::minutes(10);
/// How long one waits for the next.
const BETWEEN: Duration = Duration::minutes(1);
/// How many codes a packet sends.
const CODES: i64 = 10;

/// The routes of whoever has a link.
pub(crate) fn routes(services: Services, declared: Declared) -> Router {
    Routes::new()
        .route("/open/{token}", get(ask).post(enter))
        .route("/open/{token}/code", post(send))
        .route("/open/{token}/form/{ticket}", post(answer))
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(Extension(declared))
        .with_state(services)
}

/// What a link leads to, if it opens.
struct Found {
    itself: Context,
    document: &'static Document,
    packet: Packet,
}

async fn find(
    services: &Services,
    declared: &Declared,
    token: &str,
    arrival: &Arrival,
) -> Result<Option<Found>> {
    let Some(token) = Token::parse(token) else { return Ok(None) };
    let key =
        sql("SELECT organisation_id, packet_id FROM packet_keys WHERE token_hash = $1 AND until_at > $2")
            .bind(token.hash().as_bytes().to_vec())
            .bind(services.clock.now())
            .fetch_optional(&services.store)
            .await
            .map_err(Error::from)?;
    let Some(key) = key else { return Ok(None) };
    let read = || Ok((key.uuid("organisation_id")?, key.uuid("packet_id")?));
    let (organisation, packet) = read().map_err(Error::Store)?;
    let mut itself = acting(services, OrganisationId::new(organisation), "packet-link");
    itself.circumstances.address = arrival.address;
    itself.circumstances.request = Some(arrival.id);
    let Some((document, packet)) = standing(&itself, declared, packet).await? else { return Ok(None) };
    if document.asks.is_some() && answering::is_answered(&itself, packet.id).await? {
        return Ok(None);
    }
    Ok(Some(Found { itself, document, packet }))
}

/// A page for whoever is not signed in, whose address is not told: it has the key in it.
fn view(declared: &Declared, arrival: &Arrival) -> View {
    let view = View::new(declared.app, arrival.at).zone(declared.zone).here("/open").legal(compliance::LINKS);
    arrival.csrf.iter().cloned().fold(view, View::csrf)
}

fn closed(view: &View) -> Page {
    let notice = Notice::warning("This link does not open")
        .text("It is over, was revoked, or was not copied whole. Ask whoever sent it to you for a new one.");
    view.page("Nothing to open").narrow().notice(notice).status(axum::http::StatusCode::NOT_FOUND)
}

async fn ask(
    State(services): State<Services>,
    Extension(declared): Extension<Declared>,
    arrival: Arrival,
    Path(token): Path<String>,
) -> Result<Page> {
    let view = view(&declared, &arrival);
    let Some(found) = find(&services, &declared, &token, &arrival).await? else { return Ok(closed(&view)) };
    let (said, title) = match found.document.asks {
        None => ("Something was sent to you", "Open what was sent to you"),
        Some(_) => ("You are asked to fill in a form", "Open the form"),
    };
    let notice = Notice::information(said).text(
        "To open it, ask for a code. It goes to the address or the number that whoever sent it has of you.",
    );
    let form = Form::new(format!("/open/{token}/code")).submit("Send me a code");
    Ok(view.page(title).narrow().notice(notice).with(form))
}

async fn send(
    State(services): State<Services>,
    Extension(declared): Extension<Declared>,
    arrival: Arrival,
    Path(token): Path<String>,
) -> Result<Page> {
    let view = view(&declared, &arrival);
    let Some(found) = find(&services, &declared, &token, &arrival).await? else { return Ok(closed(&view)) };
    let now = services.clock.now();
    let waits = found.packet.code_sent_at.is_some_and(|sent| now - sent < BETWEEN);
    if !waits && found.packet.codes < CODES {
        new_code(&services, &declared, &found).await?;
    }
    Ok(entry(&view, &token, None))
}

fn entry(view: &View, token: &str, refused: Option<&'static str>) -> Page {
    let form = CodeEntry::sent(format!("/open/{token}"));
    let form = match refused {
        Some(sentence) => form.refused(sentence),
        None => form,
    };
    let notice = Notice::information("A code is on its way")
        .text("It opens once, for ten minutes. If none comes, wait a minute and ask again.");
    view.page("Enter the code")
        .narrow()
        .notice(notice)
        .with(form)
        .option("Ask again", format!("/open/{token}"))
}

/// A code to the address that the record has now.
async fn new_code(services: &Services, declared: &Declared, found: &Found) -> Result<()> {
    let Found { itself, document, packet } = found;
    let Some(way) = way(services, declared, found).await? else {
        return Err(Problem::unavailable("no way to send a code"));
    };
    let (code, row) = (new()?, itself.ids.next());
    let hash = keyed(itself, CODE, packet.id, code.reveal()).await?;
    let secret = seal(itself, SECRET, row, code.reveal().as_bytes()).await?;
    let now = itself.clock.now();
    let mut transaction = begin(itself, Action::Update).await?;
    let made =
        sql("UPDATE sent_packets SET code = $3, code_until_at = $4, code_sent_at = $5, codes = codes + 1
         WHERE id = $1 AND organisation_id = $2 AND codes = $6 AND revoked_at IS NULL")
        .bind(packet.id)
        .bind(itself.principal.organisation().uuid())
        .bind(hash)
        .bind(now + CODE_LASTS)
        .bind(now)
        .bind(packet.codes)
        .execute(&mut transaction)
        .await
        .map_err(Error::from)?;
    if made == 0 {
        // Somebody asked at the same moment, and theirs is on its way.
        return Ok(transaction.rollback().await.map_err(Error::from)?);
    }
    let waiting = Waiting {
        message: MESSAGE,
        way: way.as_str(),
        entity: document.on,
        record: packet.record,
        recipient: Some(packet.recipient),
        occasion: format!("{}:{}", packet.id, packet.codes + 1),
        said_at: None,
        packet: Some(packet.id),
        secret: Some((row, secret)),
        until: now + CODE_LASTS,
    };
    waiting.write(itself, &mut transaction).await?;
    transaction.commit().await.map_err(Error::from)?;
    services.post_waits.notify_one();
    Ok(())
}

/// By text message where one gets through: whoever reads somebody's mail has not got their telephone.
async fn way(services: &Services, declared: &Declared, found: &Found) -> Result<Option<Way>> {
    for way in [Way::Sms, Way::Email] {
        let there = address(&found.itself, found.document.to, way, found.packet.recipient).await?.is_some();
        if there && ready(&found.itself, services, declared, way).await?.is_ok() {
            return Ok(Some(way));
        }
    }
    Ok(None)
}

/// Six digits, each as likely as any other: what does not divide evenly is drawn again.
fn new() -> Result<Code> {
    const EVEN: u32 = u32::MAX - u32::MAX % 1_000_000;
    loop {
        let drawn = random::<4>().map_err(|_| Problem::internal("randomness"))?;
        let number = u32::from_le_bytes(drawn);
        if number < EVEN {
            return Ok(Code::new(format!("{:06}", number % 1_000_000)));
        }
    }
}

async fn enter(
    State(services): State<Services>,
    Extension(declared): Extension<Declared>,
    arrival: Arrival,
    Path(token): Path<String>,
    data: FormData,
) -> Result<Page> {
    let view = view(&declared, &arrival);
    let Some(found) = find(&services, &declared, &token, &arrival).await? else { return Ok(closed(&view)) };
    let given: String = data.first("code").unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
    let Found { itself, document, packet } = &found;
    if !try_once(itself, packet.id).await? {
        return Ok(entry(&view, &token, Some("Ask for a code first.")));
    }
    if !opened(itself, document, packet, &given).await? {
        let denied = Event::new(audit::Action::Denied)
            .entity(document.on.name)
            .record(packet.record)
            .subject(packet.recipient)
            .outcome(audit::Outcome::Denied)
            .note("a wrong code of a packet");
        itself.audit.record(&itself.circumstances, denied).await.map_err(Error::AuditUnavailable)?;
        return Ok(entry(
            &view,
            &token,
            Some("This is not the code, or it is over. Ask for another if need be."),
        ));
    }
    if document.asks.is_some() {
        return answering::opened(&services, &declared, (itself, *document, packet), (&view, &token)).await;
    }
    let frozen = content(itself, packet.id).await?.ok_or_else(Problem::not_found)?;
    let title = format!("Sent {}", view.moment(packet.sent_at));
    let page = view.page(frozen.label.clone()).with(shown(frozen, title));
    Ok(page.notice(
        Notice::information("Print it or keep it now").text("To see it again, ask for another code."),
    ))
}

async fn answer(
    State(services): State<Services>,
    Extension(declared): Extension<Declared>,
    arrival: Arrival,
    Path((token, ticket)): Path<(String, String)>,
    data: FormData,
) -> Result<Page> {
    let view = view(&declared, &arrival);
    let Some(found) = find(&services, &declared, &token, &arrival).await? else { return Ok(closed(&view)) };
    let Found { itself, document, packet } = &found;
    let of = (itself, *document, packet);
    let page = answering::answer(&services, &declared, of, (&view, &token, &ticket), data).await?;
    Ok(page.unwrap_or_else(|| closed(&view)))
}

/// Takes one of the tries before anything is compared, so that many at once are no more than many in a row.
async fn try_once(itself: &Context, packet: Uuid) -> Result<bool> {
    let mut transaction = begin(itself, Action::Update).await?;
    let tried = sql("UPDATE sent_packets SET wrong = wrong + 1
         WHERE id = $1 AND organisation_id = $2 AND wrong < $3 AND code IS NOT NULL AND revoked_at IS NULL")
    .bind(packet)
    .bind(itself.principal.organisation().uuid())
    .bind(WRONG)
    .execute(&mut transaction)
    .await
    .map_err(Error::from)?;
    transaction.commit().await.map_err(Error::from)?;
    Ok(tried == 1)
}

/// Uses the code up, gives the try back, and writes in the log that it is opened, before anything is shown (CL-3).
async fn opened(itself: &Context, document: &Document, packet: &Packet, given: &str) -> Result<bool> {
    let hash = keyed(itself, CODE, packet.id, given).await?;
    let now = itself.clock.now();
    let mut transaction = begin(itself, Action::Update).await?;
    let opened =
        sql("UPDATE sent_packets SET code = NULL, wrong = wrong - 1, opened = opened + 1, opened_at = $4
         WHERE id = $1 AND organisation_id = $2 AND code = $3 AND code_until_at > $4 AND until_at > $4
           AND revoked_at IS NULL AND content IS NOT NULL")
        .bind(packet.id)
        .bind(itself.principal.organisation().uuid())
        .bind(hash)
        .bind(now)
        .execute(&mut transaction)
        .await
        .map_err(Error::from)?;
    if opened == 0 {
        transaction.rollback().await.map_err(Error::from)?;
        return Ok(false);
    }
    let event = about(audit::Action::View, document, packet.record, packet.recipient)
        .recipient(&format!("{}, by link and code", document.to.role))
        .basis(audit::BY_LINK)
        .note("a packet is opened");
    audit::append(&mut transaction, &itself.circumstances, event).await.map_err(Error::AuditUnavailable)?;
    transaction.commit().await.map_err(Error::from)?;
    Ok(true)
}
