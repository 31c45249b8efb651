//! What the pages of identity share: how a page begins, and where one goes next.

use std::convert::Infallible;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::super::error::{IdentityError, Result};
use super::super::principal::cookie;
use super::super::secret::Token;
use super::super::service::Identity;
use super::super::sessions::{Credentials, Opened};
use super::super::sign_in::TICKET_LIFETIME;
use super::{impersonation_cookie, session_cookie};
use crate::pages::{FormData, View};
use crate::web::{Arrival, ReadOnly};

/// A view for the page of this request, with the form token that the edge made for it; the app's own, where it has put a
/// frame around the account.
pub(super) struct Look(pub(super) View);

impl<S> FromRequestParts<S> for Look
where
    S: Send + Sync,
    Identity: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        if let Some(view) = parts.extensions.get::<View>() {
            return Ok(Self(view.clone()));
        }
        let identity = Identity::from_ref(state);
        let mut view = View::new(identity.settings().app_name.clone(), identity.now())
            .here(parts.uri.path())
            .legal(identity.settings().legal);
        if let Some(token) = parts.extensions.get::<Arrival>().and_then(|arrival| arrival.csrf.clone()) {
            view = view.csrf(token);
            // Only who has a session's cookie has a token, and somewhere to go.
            for (text, to) in identity.settings().navigation {
                view = view.destination(*text, *to);
            }
        }
        Ok(Self(parts.extensions.get::<ReadOnly>().into_iter().fold(view, |view, why| why.over(view))))
    }
}

/// Where a person wanted to go before they had to sign in: `?to=`, a path of this app and nothing else.
pub(super) struct Wanted(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let query = FormData::parse(parts.uri.query().unwrap_or_default().as_bytes());
        Ok(Self(query.first("to").filter(|to| is_own_path(to)).map(str::to_owned)))
    }
}

/// A path that a browser cannot take for another host: one slash, then no slash, backslash or control.
fn is_own_path(to: &str) -> bool {
    let mut rest = to.chars();
    rest.next() == Some('/')
        && !matches!(rest.next(), Some('/' | '\\'))
        && to.len() <= 1_000
        && !to.chars().any(|c| c == '\\' || c.is_control() || c.is_whitespace())
}

impl Wanted {
    /// A path that was kept meanwhile.
    pub(super) fn path(to: &str) -> Self {
        Self(Some(to).filter(|to| is_own_path(to)).map(str::to_owned))
    }

    /// The same wish on another step.
    pub(super) fn on(&self, path: &str) -> String {
        match &self.0 {
            Some(to) => {
                format!(
                    "{path}?{}",
                    form_urlencoded::Serializer::new(String::new()).append_pair("to", to).finish()
                )
            }
            None => path.to_owned(),
        }
    }

    /// Where to go at the end.
    pub(super) fn end(&self) -> &str {
        self.0.as_deref().unwrap_or("/")
    }
}

/// Goes on to another page; the browser asks for it by GET (RFC 9110, section 15.4.4).
pub(super) fn go(to: &str) -> Response {
    let location = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// Adds a cookie to a response.
pub(super) fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    secret(response)
}

/// A page that shows something once: it is kept by nobody.
pub(super) fn secret(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The cookie of an unfinished sign-in. It opens nothing but the next step.
pub(super) fn ticket_cookie(identity: &Identity, ticket: Option<&Token>) -> String {
    let name = ticket_name(identity);
    let secure = if identity.settings().secure_cookies { "; Secure" } else { "" };
    let age = if ticket.is_some() { TICKET_LIFETIME.whole_seconds() } else { 0 };
    let value = ticket.map_or("", Token::reveal);
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}")
}

fn ticket_name(identity: &Identity) -> &'static str {
    if identity.settings().secure_cookies { "__Host-sign-in" } else { "sign-in" }
}

/// The ticket that the request brings.
pub(super) fn ticket(identity: &Identity, headers: &HeaderMap) -> Result<Token> {
    cookie(headers, ticket_name(identity))?.ok_or(IdentityError::SignedOut)
}

/// The session's cookie in, the ticket's out, and that of whatever somebody looked as before.
pub(super) fn keep(identity: &Identity, opened: &Opened, response: Response) -> Response {
    let Credentials::Browser(token) = &opened.credentials else {
        return IdentityError::Failed.into_response();
    };
    let response = with_cookie(response, &session_cookie(identity, Some(token.reveal())));
    let response = with_cookie(response, &impersonation_cookie(identity, None));
    with_cookie(response, &ticket_cookie(identity, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for to in ["/", "/patients/1", "/patients?page=2#x"] {
            assert!(is_own_path(to), "{to}");
        }
        for to in [
            "",
            "patients",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "https://evil.example",
            "/a\r\nb",
            "/\t/evil.example",
        ] {
            assert!(!is_own_path(to), "{to}");
        }
    }
}
