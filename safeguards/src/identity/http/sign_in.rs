//! The steps of signing in, for API clients.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::super::error::{IdentityError, Result};
use super::super::names::OrganisationId;
use super::super::secret::Token;
use super::super::service::{Identity, Visit};
use super::super::sessions::{Credentials, Opened};
use super::super::sign_in::{Door, Next, OrganisationChoice};
use super::super::totp::RecoveryCode;
use super::{secret, session_cookie};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    email: String,
    password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TicketOnly {
    ticket: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TicketAndCode {
    ticket: String,
    code: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TicketAndOrganisation {
    ticket: String,
    organisation: OrganisationId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Refresh {
    refresh_token: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignUp {
    email: String,
    password: String,
    display_name: Option<String>,
    organisation: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Welcome {
    token: String,
    password: String,
    display_name: Option<String>,
}

/// One answer for all steps; what a step has not got is left out.
#[derive(Serialize, Default)]
struct Step {
    next: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organisations: Option<Vec<OrganisationChoice>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_codes: Option<Vec<String>>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    tokens: Option<Tokens>,
}

/// The shape of RFC 6749, section 5.1.
#[derive(Serialize)]
struct Tokens {
    access_token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    refresh_token: String,
    session: String,
    organisation: OrganisationId,
    #[serde(with = "time::serde::rfc3339")]
    session_expires_at: time::OffsetDateTime,
}

#[derive(Serialize)]
pub(super) struct Offer {
    secret: String,
    uri: String,
}

pub(super) async fn sign_in(
    State(identity): State<Identity>,
    visit: Visit,
    Json(body): Json<SignIn>,
) -> Result<Response> {
    let next = identity.sign_in(&body.email, &body.password, Door::Api, &visit).await?;
    Ok(step(&identity, next, None))
}

pub(super) async fn code(
    State(identity): State<Identity>,
    visit: Visit,
    Json(body): Json<TicketAndCode>,
) -> Result<Response> {
    let next = identity.second_factor(&token(&body.ticket)?, &body.code, &visit).await?;
    Ok(step(&identity, next, None))
}

pub(super) async fn recovery(
    State(identity): State<Identity>,
    visit: Visit,
    Json(body): Json<TicketAndCode>,
) -> Result<Response> {
    let next = identity.recover(&token(&body.ticket)?, &body.code, &visit).await?;
    Ok(step(&identity, next, None))
}

pub(super) async fn enrol(
    State(identity): State<Identity>,
    Json(body): Json<TicketOnly>,
) -> Result<Response> {
    let offer = identity.begin_enrolment(&token(&body.ticket)?).await?;
    Ok(secret(Json(offered(&identity, &offer))))
}

pub(super) async fn confirm(
    State(identity): State<Identity>,
    visit: Visit,
    Json(body): Json<TicketAndCode>,
) -> Result<Response> {
    let (codes, next) = identity.confirm_enrolment(&token(&body.ticket)?, &body.code, &visit).await?;
    Ok(step(&identity, next, Some(revealed(&codes))))
}

pub(super) async fn organisation(
    State(identity): State<Identity>,
    visit: Visit,
    Json(body): Json<TicketAndOrganisation>,
) -> Result<Response> {
    let next = identity.choose(&token(&body.ticket)?, body.organisation, &visit).await?;
    Ok(step(&identity, next, None))
}

pub(super) async fn refresh(
    State(identity): State<Identity>,
    visit: Visit,
    Json(body): Json<Refresh>,
) -> Result<Response> {
    let opened = identity.refresh(&token(&body.refresh_token)?, &visit).await?;
    Ok(signed_in(&identity, opened, None))
}

pub(super) async fn sign_up(
    State(identity): State<Identity>,
    visit: Visit,
    Json(body): Json<SignUp>,
) -> Result<StatusCode> {
    let (name, organisation) = (body.display_name.as_deref(), body.organisation.as_deref());
    identity.sign_up(&body.email, &body.password, name, organisation, &visit).await?;
    Ok(StatusCode::ACCEPTED)
}

pub(super) async fn welcome(
    State(identity): State<Identity>,
    visit: Visit,
    Json(body): Json<Welcome>,
) -> Result<StatusCode> {
    let token = Token::parse(&body.token).ok_or(IdentityError::LinkSpent)?;
    identity.accept(&token, &body.password, body.display_name.as_deref(), &visit).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn token(text: &str) -> Result<Token> {
    Token::parse(text).ok_or(IdentityError::SignedOut)
}

pub(super) fn offered(identity: &Identity, offer: &super::super::totp::TotpSecret) -> Offer {
    let name = &identity.settings().app_name;
    // The app's name alone: an address in the label would end up in photos of the screen.
    Offer { secret: offer.base32().to_string(), uri: offer.enrolment_uri(name, name).to_string() }
}

pub(super) fn revealed(codes: &[RecoveryCode]) -> Vec<String> {
    codes.iter().map(|code| code.reveal().to_string()).collect()
}

fn step(identity: &Identity, next: Next, recovery_codes: Option<Vec<String>>) -> Response {
    let (next, ticket, organisations) = match next {
        Next::SecondFactor(ticket) => ("second_factor", ticket, None),
        Next::Enrol(ticket) => ("enrol", ticket, None),
        Next::Choose(ticket, organisations) => ("choose", ticket, Some(organisations)),
        Next::SignedIn(opened) => return signed_in(identity, *opened, recovery_codes),
    };
    let ticket = Some(ticket.reveal().to_owned());
    secret(Json(Step { next, ticket, organisations, recovery_codes, tokens: None }))
}

/// The end of signing in: tokens for an API client, a cookie for a browser that switched by script.
pub(super) fn signed_in(
    identity: &Identity,
    opened: Opened,
    recovery_codes: Option<Vec<String>>,
) -> Response {
    let mut step = Step { next: "signed_in", recovery_codes, ..Step::default() };
    match opened.credentials {
        Credentials::Api { access, refresh } => {
            step.tokens = Some(Tokens {
                access_token: access,
                token_type: "Bearer",
                expires_in: identity.settings().access_lifetime.whole_seconds(),
                refresh_token: refresh.reveal().to_owned(),
                session: opened.session.to_string(),
                organisation: opened.organisation,
                session_expires_at: opened.expires_at,
            });
            secret(Json(step))
        }
        Credentials::Browser(token) => {
            let cookie = session_cookie(identity, Some(token.reveal()));
            secret(([(axum::http::header::SET_COOKIE, cookie)], Json(step)).into_response())
        }
    }
}
