//! The places of an organisation, for roles that administer people.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::super::error::Result;
use super::super::names::PlaceId;
use super::super::places::Place;
use super::super::principal::Session;
use crate::web::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPlace {
    kind: String,
    name: String,
    inside: Option<PlaceId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rename {
    name: String,
}

#[derive(Serialize)]
struct Made {
    id: PlaceId,
}

pub(super) async fn list(session: Session) -> Result<Json<Vec<Place>>> {
    Ok(Json(session.identity().places(&session).await?))
}

pub(super) async fn make(session: Session, Json(body): Json<NewPlace>) -> Result<Response> {
    let id = session.identity().make_place(&session, &body.kind, &body.name, body.inside).await?;
    Ok((StatusCode::CREATED, Json(Made { id })).into_response())
}

pub(super) async fn rename(
    session: Session,
    Path(place): Path<PlaceId>,
    Json(body): Json<Rename>,
) -> Result<StatusCode> {
    session.identity().rename_place(&session, place, &body.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn close(session: Session, Path(place): Path<PlaceId>) -> Result<StatusCode> {
    session.identity().close_place(&session, place, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn open(session: Session, Path(place): Path<PlaceId>) -> Result<StatusCode> {
    session.identity().close_place(&session, place, false).await?;
    Ok(StatusCode::NO_CONTENT)
}
