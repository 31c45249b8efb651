//! The frame of pages that no slice makes: the account, and problems. Whoever is signed in finds the way on from them as
//! from any other page.

use axum::Router;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;

use super::Services;
use crate::compliance::{Facts, changed, emergencies_to_tell};
use crate::identity::{IMPERSONATION_OVER, ToBeTold, impersonation_cookie};
use crate::pages::Announcement;
use crate::slice::{Front, Viewer, came_from, go};
use crate::web::{Code, Problem, cookie, prefers_page};

/// Puts the frame around all routes of the app, and around what has none.
pub(super) fn framed(router: Router, front: &'static Front, services: Services, facts: Facts) -> Router {
    let unknown = || async { Problem::not_found() };
    router.fallback(unknown).layer(from_fn_with_state((front, services, facts), frame))
}

async fn frame(
    State((front, services, facts)): State<(&'static Front, Services, Facts)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(front);
    if !prefers_page(&parts.headers) {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let mut asked = parts.clone();
    // Whoever looks as a colleague is refused by the handler; here only the view is made.
    asked.extensions.insert(ToBeTold);
    if asked.uri.path().starts_with("/account")
        && let Some(viewer) = viewer(&mut asked, &services).await
    {
        parts.extensions.insert(viewer.view);
    }
    // CC-12, CF-3: the first page says what has changed, and who looked at what in an emergency. Where that cannot be told,
    // the page is shown all the same.
    if asked.uri.path() == "/"
        && let Some(viewer) = viewer(&mut asked, &services).await
        && !viewer.is_looked_as()
    {
        let mut notices = emergencies_to_tell(&viewer).await.unwrap_or_default();
        notices.extend(changed(&viewer, &services, &facts).await.ok().flatten());
        parts.extensions.insert(Announcement(notices));
    }
    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    let here = parts.uri.path().to_owned();
    let from = came_from(&parts);
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if response.extensions().get::<Problem>().is_some_and(|problem| problem.code() == Code::ProveAgain) {
        return prove_first(if reads { Some(here) } else { from });
    }
    if response.extensions().get::<Problem>().is_some()
        && let Some(viewer) = viewer(&mut asked, &services).await
    {
        response.extensions_mut().insert(viewer.view);
    }
    response
}

/// Where a browser shows anew who somebody is, and goes on: with the page that was asked for, or that a form stood on.
fn prove_first(to: Option<String>) -> Response {
    let to = to.unwrap_or_else(|| "/".to_owned());
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("to", &to).finish();
    go(format!("/account/proof?{query}"))
}

/// Takes the cookie of an impersonation along that is over, or whose session is.
pub(super) async fn over(State(services): State<Services>, request: Request, next: Next) -> Response {
    let name = services.identity.impersonation_cookie();
    let brought = cookie(request.headers(), name).is_some();
    let mut response = next.run(request).await;
    let ended = response.extensions().get::<Problem>().is_some_and(|problem| {
        problem.code() == Code::Unauthenticated || problem.logged().0 == Some(IMPERSONATION_OVER)
    });
    if brought
        && ended
        && let Ok(cookie) = HeaderValue::from_str(&impersonation_cookie(&services.identity, None))
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Who looks, if somebody is signed in; the page is made all the same when that cannot be told.
async fn viewer(parts: &mut Parts, services: &Services) -> Option<Viewer> {
    Viewer::from_request_parts(parts, services).await.ok()
}
