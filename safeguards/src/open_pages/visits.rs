//! What anybody sees and sends.
//!
//! | | |
//! |---|---|
//! | `GET /p/{address}` | what the page shows, and its form with a new ticket |
//! | `POST /p/{address}/{ticket}` | one answer: a record, or the form again with what is wrong |
//! | `GET /p/{address}/received` | that it was received, and nothing of it: the same for whoever comes here |

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};

use super::counts::{Counted, one_more};
use super::tickets::Taken;
use super::{Declared, OpenPage, addresses, tickets};
use crate::app::Services;
use crate::compliance;
use crate::pages::{Form, FormData, Notice, Page, View};
use crate::slice::{Result, Routes, Viewer, get, go};
use crate::web::{Arrival, Code, Path, Problem, prefers_page};

/// Most bytes of what is sent: a long letter.
const LARGEST: usize = 64 << 10;

pub(super) fn routes(services: Services, declared: Declared) -> Router {
    Routes::new()
        .route("/p/{address}", get(show))
        .route("/p/{address}/received", get(received))
        .route("/p/{address}/{ticket}", get(again).post(send))
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(Extension(declared))
        .with_state(services)
}

/// An open page, and nobody in particular before it.
struct Visit {
    page: &'static OpenPage,
    address: String,
    viewer: Viewer,
    /// Whether nothing can be written at the moment.
    closed: bool,
}

async fn find(
    services: &Services,
    declared: &Declared,
    address: &str,
    arrival: &Arrival,
) -> Result<Option<Visit>> {
    let Some((organisation, name)) = addresses::leads_to(&services.store, address).await? else {
        return Ok(None);
    };
    // A later version of the app may have no such page.
    let Some(page) = declared.page(|page| page.name == name) else { return Ok(None) };
    let session = services.identity.outside(&page.role, organisation, page.reaches());
    let mut viewer = Viewer::of(session, declared.front);
    viewer.view = view(declared, arrival);
    let closed = services.settings.read_only.is_some();
    Ok(Some(Visit { page, address: address.to_owned(), viewer, closed }))
}

/// A page for whoever is not signed in: no navigation, and nobody's name.
fn view(declared: &Declared, arrival: &Arrival) -> View {
    let front = declared.front;
    let view = View::new(front.application, arrival.at).language(front.words).zone(front.zone);
    let view = view.here("/p").legal(compliance::LINKS);
    // Whoever is signed in beside it sends the proof of their session, as with any form; it is nothing to this page.
    arrival.csrf.iter().cloned().fold(view, View::csrf)
}

/// What every address answers that leads nowhere, whyever.
fn nowhere(declared: &Declared, arrival: &Arrival, headers: &HeaderMap) -> Response {
    if !prefers_page(headers) {
        return Problem::not_found().into_response();
    }
    let notice = Notice::warning("There is no page here")
        .text("The address was not copied whole, or the page was closed. Ask whoever gave it to you.");
    let page = view(declared, arrival).page("Nothing here").narrow().notice(notice);
    page.status(StatusCode::NOT_FOUND).into_response()
}

async fn show(
    State(services): State<Services>,
    Extension(declared): Extension<Declared>,
    arrival: Arrival,
    headers: HeaderMap,
    Path(address): Path<String>,
) -> Result<Response> {
    let Some(visit) = find(&services, &declared, &address, &arrival).await? else {
        return Ok(nowhere(&declared, &arrival, &headers));
    };
    let form = visit.page.asks.as_ref().map(|asked| (asked.form)(&visit.viewer));
    Ok(visit.page(form).await?.into_response())
}

/// A form that was sent and is asked for again by its address.
async fn again(Path((address, _ticket)): Path<(String, String)>) -> Response {
    // Only what is shaped like an address is sent back to one.
    let known = address.bytes().all(|byte| byte.is_ascii_hexdigit());
    go(if known { format!("/p/{address}") } else { "/".to_owned() })
}

impl Visit {
    /// The page with this form.
    async fn page(&self, form: Option<Form>) -> Result<Page> {
        let viewer = &self.viewer;
        let organisation =
            viewer.session().identity().organisation_name(viewer.principal.organisation()).await?;
        let mut page = viewer.page(self.page.label).about(organisation).narrow();
        for shown in self.page.shows {
            page = page.with((shown.table)(viewer).await?);
        }
        let Some(form) = form else { return Ok(page) };
        if self.closed {
            let notice = Notice::warning("Nothing can be sent at the moment").text("Try again later.");
            return Ok(page.notice(notice));
        }
        let ticket = tickets::new(viewer, &self.address).await?;
        let form = form.to(format!("/p/{}/{ticket}", self.address)).submit("Send");
        Ok(page.with(form))
    }
}

async fn send(
    State(services): State<Services>,
    Extension(declared): Extension<Declared>,
    arrival: Arrival,
    headers: HeaderMap,
    Path((address, ticket)): Path<(String, String)>,
    data: FormData,
) -> Result<Response> {
    let Some(visit) = find(&services, &declared, &address, &arrival).await? else {
        return Ok(nowhere(&declared, &arrival, &headers));
    };
    let Some(asked) = &visit.page.asks else { return Err(Problem::new(Code::MethodNotAllowed)) };
    if visit.closed {
        return Err(Problem::forbidden());
    }
    let viewer = &visit.viewer;
    one_more(viewer, visit.page, Counted::Caller(arrival.address)).await?;
    let ticket = tickets::read(viewer, &address, &ticket).await?;
    let answers = match (asked.form)(viewer).parse(&viewer.view, data) {
        Ok(answers) => answers,
        Err(form) => return Ok(visit.page(Some(*form)).await?.into_response()),
    };
    let filled = || (asked.form)(viewer).fill(&answers.data);
    if ticket.is_over(viewer.clock.now()) {
        let notice = Notice::warning("Please send it again").text("This page had been open for a long time.");
        return Ok(visit.page(Some(filled())).await?.notice(notice).into_response());
    }
    let received = format!("/p/{address}/received");
    one_more(viewer, visit.page, Counted::Page).await?;
    match ticket.take(viewer).await? {
        Taken::Now => {}
        Taken::Sent => return Ok(go(received)),
        Taken::Unclear => {
            return Err(Problem::conflict()
                .detail("this was sent before, and may be on its way: look again in a minute"));
        }
    }
    match (asked.write)(viewer, &answers).await {
        Ok(_) => {
            ticket.sent(viewer).await?;
            Ok(go(received))
        }
        Err(problem) => {
            ticket.give_back(viewer).await?;
            let form = (asked.form)(viewer).refused(answers, problem)?;
            Ok(visit.page(Some(form)).await?.into_response())
        }
    }
}

async fn received(
    State(services): State<Services>,
    Extension(declared): Extension<Declared>,
    arrival: Arrival,
    headers: HeaderMap,
    Path(address): Path<String>,
) -> Result<Response> {
    let Some(visit) = find(&services, &declared, &address, &arrival).await? else {
        return Ok(nowhere(&declared, &arrival, &headers));
    };
    let notice = Notice::success("What you sent was received").text("You can close this page.");
    Ok(visit.viewer.page(visit.page.label).narrow().notice(notice).into_response())
}
