//! My account, for API clients and for scripts on pages.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::super::credentials::Profile;
use super::super::error::Result;
use super::super::names::{OrganisationId, PersonId, Purpose, RoleName, SessionId};
use super::super::principal::{Own, Session};
use super::super::second_factor::SecondFactor;
use super::super::sessions::Device;
use super::super::sign_in::OrganisationChoice;
use super::sign_in::{offered, revealed, signed_in};
use super::{secret, session_cookie};
use crate::web::Path;

/// Who I am and where.
#[derive(Serialize)]
pub(super) struct WhoIAm {
    session: SessionId,
    person: PersonId,
    organisation: OrganisationId,
    roles: Vec<RoleName>,
    purpose: Purpose,
    second_factor: bool,
    organisations: Vec<OrganisationChoice>,
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Switch {
    organisation: Option<OrganisationId>,
    purpose: Option<Purpose>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rename {
    display_name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangePassword {
    current: String,
    new: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Proof {
    password: String,
    #[serde(default)]
    code: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordOnly {
    password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeOnly {
    code: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordAndCode {
    password: String,
    code: String,
}

#[derive(Serialize)]
pub(super) struct Codes {
    recovery_codes: Vec<String>,
}

pub(super) async fn session(session: Session) -> Result<Json<WhoIAm>> {
    let principal = session.principal();
    Ok(Json(WhoIAm {
        session: session.id(),
        person: principal.person(),
        organisation: principal.organisation(),
        roles: principal.roles().to_vec(),
        purpose: principal.purpose(),
        second_factor: session.has_second_factor(),
        organisations: session.identity().organisations(session.row()).await?,
        expires_at: session.expires_at(),
    }))
}

pub(super) async fn switch(session: Session, Json(body): Json<Switch>) -> Result<Response> {
    let (identity, visit) = (session.identity(), session.visit());
    let opened = identity.switch(session.row(), body.organisation, body.purpose, visit).await?;
    Ok(signed_in(identity, opened, None))
}

pub(super) async fn sign_out(Own(session): Own) -> Result<Response> {
    session.identity().sign_out(session.row(), session.visit()).await?;
    let cookie = session_cookie(session.identity(), None);
    Ok(([(header::SET_COOKIE, cookie)], StatusCode::NO_CONTENT).into_response())
}

pub(super) async fn profile(session: Session) -> Result<Json<Profile>> {
    Ok(Json(session.identity().profile(session.row()).await?))
}

pub(super) async fn prove(session: Session, Json(body): Json<Proof>) -> Result<StatusCode> {
    session.identity().prove_again(session.row(), &body.password, &body.code, session.visit()).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn rename(session: Session, Json(body): Json<Rename>) -> Result<StatusCode> {
    session.identity().rename(session.row(), &body.display_name, session.visit()).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn password(session: Session, Json(body): Json<ChangePassword>) -> Result<StatusCode> {
    let (identity, visit) = (session.identity(), session.visit());
    identity.change_password(session.row(), &body.current, &body.new, visit).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn devices(session: Session) -> Result<Json<Vec<Device>>> {
    Ok(Json(session.identity().devices(session.row()).await?))
}

pub(super) async fn revoke(session: Session, Path(id): Path<SessionId>) -> Result<StatusCode> {
    session.identity().revoke(session.row(), id, session.visit()).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn revoke_others(session: Session) -> Result<StatusCode> {
    session.identity().revoke_others(session.row(), session.visit()).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn second_factor(session: Session) -> Result<Json<SecondFactor>> {
    let person = session.principal().person();
    Ok(Json(session.identity().second_factor_of(person).await?))
}

pub(super) async fn enrol(session: Session, Json(body): Json<PasswordOnly>) -> Result<Response> {
    let offer = session.identity().enrol(session.row(), &body.password, session.visit()).await?;
    Ok(secret(Json(offered(session.identity(), &offer))))
}

pub(super) async fn confirm(session: Session, Json(body): Json<CodeOnly>) -> Result<Response> {
    let codes = session.identity().confirm_enrol(session.row(), &body.code, session.visit()).await?;
    Ok(secret(Json(Codes { recovery_codes: revealed(&codes) })))
}

pub(super) async fn remove(session: Session, Json(body): Json<PasswordAndCode>) -> Result<StatusCode> {
    let (identity, visit) = (session.identity(), session.visit());
    identity.remove_authenticator(session.row(), &body.password, &body.code, visit).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn recovery_codes(session: Session, Json(body): Json<PasswordAndCode>) -> Result<Response> {
    let (identity, visit) = (session.identity(), session.visit());
    let codes = identity.renew_recovery_codes(session.row(), &body.password, &body.code, visit).await?;
    Ok(secret(Json(Codes { recovery_codes: revealed(&codes) })))
}
