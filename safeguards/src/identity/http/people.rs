//! Administration of people, for roles that administer them.

use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::super::error::Result;
use super::super::invitations::Link;
use super::super::names::{PersonId, PlaceId};
use super::super::people::Colleague;
use super::super::principal::Session;
use super::secret;
use crate::web::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Invite {
    email: String,
    role: String,
    place: Option<PlaceId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GiveRole {
    role: String,
    place: Option<PlaceId>,
}

#[derive(Serialize)]
struct Made {
    /// A path of this app. It is for the invited person only and is shown once.
    link: String,
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

pub(super) async fn list(session: Session) -> Result<Json<Vec<Colleague>>> {
    Ok(Json(session.identity().people(&session).await?))
}

pub(super) async fn invite(session: Session, Json(body): Json<Invite>) -> Result<Response> {
    let identity = session.identity();
    let invitation = identity.invitation(&body.email, &body.role, body.place)?;
    Ok(link_made(&identity.invite(&session, &invitation).await?))
}

pub(super) async fn give_role(
    session: Session,
    Path(person): Path<PersonId>,
    Json(body): Json<GiveRole>,
) -> Result<StatusCode> {
    session.identity().give_role(&session, person, &body.role, body.place).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn take_role(
    session: Session,
    Path((person, membership)): Path<(PersonId, Uuid)>,
) -> Result<StatusCode> {
    session.identity().take_role(&session, person, membership).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn end_membership(session: Session, Path(person): Path<PersonId>) -> Result<StatusCode> {
    session.identity().end_membership(&session, person).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn withdraw(session: Session, Path(invitation): Path<Uuid>) -> Result<StatusCode> {
    session.identity().withdraw(&session, invitation).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn suspend(session: Session, Path(person): Path<PersonId>) -> Result<StatusCode> {
    session.identity().suspend(&session, person, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn lift(session: Session, Path(person): Path<PersonId>) -> Result<StatusCode> {
    session.identity().suspend(&session, person, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn unlock(session: Session, Path(person): Path<PersonId>) -> Result<StatusCode> {
    session.identity().unlock(&session, person).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn password_link(session: Session, Path(person): Path<PersonId>) -> Result<Response> {
    Ok(link_made(&session.identity().password_link(&session, person).await?))
}

/// 201 with a link, which is kept by nobody on the way.
pub(crate) fn link_made(link: &Link) -> Response {
    let made = Made { link: format!("/welcome/{}", link.token.reveal()), expires_at: link.expires_at };
    secret((StatusCode::CREATED, Json(made)))
}
