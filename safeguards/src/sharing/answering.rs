//! A form that somebody fills in by a link and a code, without signing in.
//!
//! | | |
//! |---|---|
//! | `POST /open/{token}` | the code, once: the form, with a ticket of 256 random bits for half an hour |
//! | `POST /open/{token}/form/{ticket}` | the answers, once: from then on the link opens nothing |
//!
//! At each step it is asked anew whether the link still opens: revoked, over, its sender's role gone or its record led to
//! somebody else, and nothing is taken. Whoever answers acts as the record that the link was sent of
//! ([`crate::identity::PageRole`]): policy and row-level security take answers about that record and about no other, and
//! let nothing be read.

use std::pin::Pin;

use axum::http::StatusCode;
use time::Duration;
use uuid::Uuid;

use super::packets::Packet;
use super::{Declared, Document};
use crate::access::{Action, Context, Entity, Error, begin};
use crate::app::Services;
use crate::identity::{PageRole, Token};
use crate::pages::{Answers, Form, FormData, Notice, Page, View};
use crate::slice::{Result, Viewer};
use crate::store::sql;
use crate::web::Problem;

/// How long the form stays open after the code.
const LASTS: Duration = Duration::minutes(30);

/// What the writing of an answer says, later.
pub type Later<'v> = Pin<Box<dyn Future<Output = Result<Uuid>> + Send + 'v>>;

/// A form that is filled in by a link, as `sharing.rs` of an app declares it.
#[derive(Debug)]
pub struct AskedByLink {
    /// The role in which it is written.
    pub role: PageRole,
    /// Of what an answer becomes a record.
    pub entity: &'static Entity,
    /// The questions.
    pub form: fn(&Viewer) -> Form,
    /// Makes the record, about the one that the link was sent of.
    pub write: for<'v> fn(&'v Viewer, Uuid, &'v Answers) -> Later<'v>,
}

/// Whoever has the link and gave the code, as they act: as the record of the packet, and in one role.
fn viewer(
    services: &Services,
    declared: &Declared,
    (itself, packet): (&Context, &Packet),
    asked: &'static AskedByLink,
    view: &View,
) -> Result<Viewer> {
    let front = declared.front.ok_or_else(|| Problem::internal("app without pages"))?;
    let organisation = itself.principal.organisation();
    let reaches = [asked.entity.name].into_iter().collect();
    let session = services.identity.answering(&asked.role, organisation, packet.recipient, reaches);
    let mut viewer = Viewer::of(session, front);
    viewer.view = view.clone();
    Ok(viewer)
}

/// Whether the answer to a packet was given before.
pub(super) async fn is_answered(itself: &Context, packet: Uuid) -> Result<bool> {
    let mut reading = begin(itself, Action::List).await?;
    let found = sql("SELECT 1 AS one FROM link_form_openings
         WHERE organisation_id = $1 AND packet_id = $2 AND answered_at IS NOT NULL LIMIT 1")
    .bind(itself.principal.organisation().uuid())
    .bind(packet)
    .fetch_optional(&mut reading)
    .await
    .map_err(Error::from)?;
    reading.rollback().await.map_err(Error::from)?;
    Ok(found.is_some())
}

/// The form, with a new ticket: the code was right.
pub(super) async fn opened(
    services: &Services,
    declared: &Declared,
    (itself, document, packet): (&Context, &'static Document, &Packet),
    (view, token): (&View, &str),
) -> Result<Page> {
    let Some(asked) = &document.asks else { return Err(Problem::not_found()) };
    let viewer = viewer(services, declared, (itself, packet), asked, view)?;
    let ticket = Token::random().map_err(|_| Problem::unavailable("randomness"))?;
    let until = (itself.clock.now() + LASTS).min(packet.until);
    let mut transaction = begin(itself, Action::Update).await?;
    sql("INSERT INTO link_form_openings (token_hash, organisation_id, packet_id, until_at) VALUES ($1, $2, $3, $4)")
        .bind(ticket.hash().as_bytes().to_vec())
        .bind(itself.principal.organisation().uuid())
        .bind(packet.id)
        .bind(until)
        .execute(&mut transaction)
        .await
        .map_err(Error::from)?;
    transaction.commit().await.map_err(Error::from)?;
    Ok(asking(view, document, (asked.form)(&viewer), token, ticket.reveal()))
}

fn asking(view: &View, document: &Document, form: Form, token: &str, ticket: &str) -> Page {
    let form = form.to(format!("/open/{token}/form/{ticket}")).submit("Send");
    let notice = Notice::information("You can send this once").text("It stays open for half an hour.");
    view.page(document.label).narrow().notice(notice).with(form)
}

/// Takes the answers of a form that was opened; none where its ticket is none, over or used.
pub(super) async fn answer(
    services: &Services,
    declared: &Declared,
    (itself, document, packet): (&Context, &'static Document, &Packet),
    (view, token, ticket): (&View, &str, &str),
    data: FormData,
) -> Result<Option<Page>> {
    let (Some(asked), Some(known)) = (&document.asks, Token::parse(ticket)) else { return Ok(None) };
    if !stands(itself, packet.id, &known).await? {
        return Ok(None);
    }
    let viewer = viewer(services, declared, (itself, packet), asked, view)?;
    let answers = match (asked.form)(&viewer).parse(view, data) {
        Ok(answers) => answers,
        Err(form) => return Ok(Some(asking(view, document, *form, token, ticket))),
    };
    if !take(itself, packet.id, &known).await? {
        return Ok(None);
    }
    if let Err(problem) = (asked.write)(&viewer, packet.record, &answers).await {
        give_back(itself, &known).await?;
        let form = (asked.form)(&viewer).refused(answers, problem)?;
        return Ok(Some(asking(view, document, form, token, ticket)));
    }
    end(itself, packet.id).await?;
    let notice = Notice::success("What you sent was received").text("You can close this page.");
    Ok(Some(view.page(document.label).narrow().notice(notice).status(StatusCode::OK)))
}

async fn stands(itself: &Context, packet: Uuid, ticket: &Token) -> Result<bool> {
    let mut reading = begin(itself, Action::List).await?;
    let found = sql("SELECT 1 AS one FROM link_form_openings
         WHERE token_hash = $1 AND organisation_id = $2 AND packet_id = $3 AND until_at > $4 AND answered_at IS NULL")
    .bind(ticket.hash().as_bytes().to_vec())
    .bind(itself.principal.organisation().uuid())
    .bind(packet)
    .bind(itself.clock.now())
    .fetch_optional(&mut reading)
    .await
    .map_err(Error::from)?;
    reading.rollback().await.map_err(Error::from)?;
    Ok(found.is_some())
}

/// Takes the one answer of a packet: of two at once, and of two codes, one has it, by a unique index.
async fn take(itself: &Context, packet: Uuid, ticket: &Token) -> Result<bool> {
    let mut transaction = begin(itself, Action::Update).await?;
    let taken = sql("UPDATE link_form_openings SET answered_at = $4
         WHERE token_hash = $1 AND organisation_id = $2 AND packet_id = $3 AND answered_at IS NULL
           AND until_at > $4
           AND NOT EXISTS (SELECT 1 FROM link_form_openings o WHERE o.packet_id = $3 AND o.answered_at IS NOT NULL)")
    .bind(ticket.hash().as_bytes().to_vec())
    .bind(itself.principal.organisation().uuid())
    .bind(packet)
    .bind(itself.clock.now())
    .execute(&mut transaction)
    .await;
    match taken {
        Ok(taken) => {
            transaction.commit().await.map_err(Error::from)?;
            Ok(taken == 1)
        }
        Err(crate::StoreError::Unique { .. }) => Ok(false),
        Err(error) => Err(Error::from(error).into()),
    }
}

/// It could not be written: it may be sent again.
async fn give_back(itself: &Context, ticket: &Token) -> Result<()> {
    let mut transaction = begin(itself, Action::Update).await?;
    sql("UPDATE link_form_openings SET answered_at = NULL WHERE token_hash = $1 AND organisation_id = $2")
        .bind(ticket.hash().as_bytes().to_vec())
        .bind(itself.principal.organisation().uuid())
        .execute(&mut transaction)
        .await
        .map_err(Error::from)?;
    Ok(transaction.commit().await.map_err(Error::from)?)
}

/// The link has done its work: whoever sent it sees that it was answered.
async fn end(itself: &Context, packet: Uuid) -> Result<()> {
    let mut transaction = begin(itself, Action::Update).await?;
    sql("UPDATE sent_packets SET content = NULL, code = NULL WHERE id = $1 AND organisation_id = $2")
        .bind(packet)
        .bind(itself.principal.organisation().uuid())
        .execute(&mut transaction)
        .await
        .map_err(Error::from)?;
    Ok(transaction.commit().await.map_err(Error::from)?)
}
