//! The doors of signing in by the identity provider.
//!
//! Both ways are plain navigations: no form of ours leads elsewhere (`form-action 'self'`).

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::super::error::{IdentityError, Result};
use super::super::oidc::{Begun, PROVIDER_PATIENCE, Returned};
use super::super::principal::cookie;
use super::super::secret::Token;
use super::super::service::{Identity, Visit};
use super::entry::{self, text};
use super::look::{Look, Wanted, secret, with_cookie};
use crate::pages::FormData;
use crate::web::Problem;

/// `GET /sign-in/sso`: to the provider.
pub(super) async fn begin(
    State(identity): State<Identity>,
    visit: Visit,
    Look(view): Look,
    wanted: Wanted,
) -> Result<Response> {
    match identity.begin_sso(wanted.end(), &visit).await {
        Ok(Begun { address, browser }) => {
            let response = (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response();
            Ok(with_cookie(response, &browser_cookie(&identity, Some(&browser))))
        }
        Err(error) => entry::refused(&view, &identity, &wanted, error),
    }
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
        Ok((next, to)) => entry::step(&identity, next, &Wanted::path(&to)),
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
