//! The doors of signing in by the identity provider.
//!
//! Both ways are plain navigations: no form of ours leads elsewhere (`form-action 'self'`).

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::super::error::{IdentityError, Result};
use super::super::oidc::{Begun, Came, Errand, PROVIDER_PATIENCE, ProviderError, Returned};
use super::super::principal::{Session, cookie};
use super::super::secret::Token;
use super::super::service::{Identity, Visit};
use super::entry::{self, text};
use super::look::{Look, Wanted, go, secret, with_cookie};
use super::office::{PROOF, account_page};
use crate::pages::{FormData, Notice, View};
use crate::web::Problem;

/// `GET /sign-in/sso`: to the provider.
pub(super) async fn begin(
    State(identity): State<Identity>,
    visit: Visit,
    Look(view): Look,
    wanted: Wanted,
) -> Result<Response> {
    match identity.begin_sso(Errand::SignIn, wanted.end(), &visit).await {
        Ok(begun) => Ok(sent(&identity, begun)),
        Err(error) => entry::refused(&view, &identity, &wanted, error),
    }
}

/// `GET /account/proof/sso`: to the provider, which asks anew.
pub(super) async fn prove(session: Session, Look(view): Look, wanted: Wanted) -> Result<Response> {
    let identity = session.identity();
    if !session.came_by_provider().await? {
        return Err(IdentityError::NotFound);
    }
    let errand = Errand::Proof(session.row().id.uuid());
    match identity.begin_sso(errand, wanted.end(), session.visit()).await {
        Ok(begun) => Ok(sent(identity, begun)),
        Err(error) => not_proved(&view, &wanted, error),
    }
}

fn sent(identity: &Identity, Begun { address, browser }: Begun) -> Response {
    let response = (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response();
    with_cookie(response, &browser_cookie(identity, Some(&browser)))
}

/// Nothing was shown at the provider: why, and the way to try again.
fn not_proved(view: &View, wanted: &Wanted, error: IdentityError) -> Result<Response> {
    let IdentityError::Provider(failed) = error else { return Err(error) };
    let why = Notice::danger(entry::told(failed.into())?);
    let page = account_page(view, PROOF).with(why).action("Try again", wanted.on("/account/proof"));
    Ok((Problem::from(IdentityError::from(failed)).status(), page).into_response())
}

/// `GET /sign-in/sso/return`: back from it.
pub(super) async fn returned(
    State(identity): State<Identity>,
    visit: Visit,
    Look(view): Look,
    wanted: Wanted,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response> {
    let Some(browser) = cookie(&headers, browser_name(&identity))? else {
        return Err(IdentityError::SignedOut);
    };
    let query = FormData::parse(uri.query().unwrap_or_default().as_bytes());
    let given = |name| query.first(name).map(str::to_owned);
    let returned = Returned { state: given("state"), code: given("code"), iss: given("iss") };
    let response = match identity.end_sso(&returned, &browser, &visit).await {
        Ok((Came::In(next), to)) => entry::step(&identity, next, &Wanted::path(&to)),
        Ok((Came::Proved, to)) => go(Wanted::path(&to).end()),
        Err(error @ IdentityError::Provider(ProviderError::NotAsked | ProviderError::SomebodyElse)) => {
            not_proved(&view, &wanted, error)?
        }
        Err(error) => entry::refused(&view, &identity, &wanted, error)?,
    };
    Ok(with_cookie(response, &browser_cookie(&identity, None)))
}

/// `POST /sign-in/sso/ended`: the provider itself says that somebody is signed out there.
pub(super) async fn ended(State(identity): State<Identity>, visit: Visit, data: FormData) -> Response {
    match identity.ended_at_provider(text(&data, "logout_token"), &visit).await {
        Ok(_) => secret(StatusCode::OK.into_response()),
        // Section 2.8: whatever is wrong with the token is a bad request.
        Err(IdentityError::Provider(error)) => {
            let mut response = Problem::from(IdentityError::Provider(error)).into_response();
            *response.status_mut() = StatusCode::BAD_REQUEST;
            let never = HeaderValue::from_static("no-store");
            response.headers_mut().insert(header::CACHE_CONTROL, never);
            response
        }
        Err(error) => error.into_response(),
    }
}

fn browser_cookie(identity: &Identity, browser: Option<&Token>) -> String {
    let name = browser_name(identity);
    let secure = if identity.settings().secure_cookies { "; Secure" } else { "" };
    let age = if browser.is_some() { PROVIDER_PATIENCE.whole_seconds() } else { 0 };
    let value = browser.map_or("", Token::reveal);
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}")
}

fn browser_name(identity: &Identity) -> &'static str {
    if identity.settings().secure_cookies { "__Host-sso" } else { "sso" }
}
