//! Whoever administers people opens pages to anybody and closes them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Json, Router};
use serde::Serialize;
use time::OffsetDateTime;

use super::addresses::{Opened, close, open, standing};
use super::{Declared, OpenPage};
use crate::app::Services;
use crate::pages::{Column, Content, Detail, Form, Notice, Page, Row, Table, Tone};
use crate::slice::{Result, Routes, Viewer, get, go};
use crate::web::{Path, Problem};

pub(crate) const PAGES: &str = "/account/open-pages";

pub(super) fn routes(services: Services, declared: Declared) -> Router {
    Routes::new()
        .route("/account/open-pages", get(list))
        .route("/account/open-pages/{page}", get(show))
        .route("/account/open-pages/{page}/open", post(opened))
        .route("/account/open-pages/{page}/close", post(closed))
        .route("/api/open-pages", get(api))
        .route("/api/open-pages/{page}", post(api_open).delete(api_close))
        .layer(Extension(declared))
        .with_state(services)
}

/// Refuses whoever does not administer people of the whole organisation; to them, there is no such page.
fn may(viewer: &Viewer) -> Result<()> {
    let mut roles = viewer.session().identity().settings().roles.held(viewer.principal.roles());
    let may = roles.any(|role| role.administers.contains(&"people") && role.place.is_none());
    if may { Ok(()) } else { Err(Problem::not_found()) }
}

/// Whether the viewer's account leads here.
pub(crate) fn offered(viewer: &Viewer) -> bool {
    may(viewer).is_ok()
}

fn page_of(viewer: &Viewer, declared: &Declared, path: &str) -> Result<&'static OpenPage> {
    may(viewer)?;
    declared.page(|page| page.path == path).ok_or_else(Problem::not_found)
}

fn whole(services: &Services, opened: &Opened) -> String {
    format!("{}/p/{}", services.settings.public_url.origin(), opened.address)
}

fn tag(opened: Option<&Opened>) -> Content {
    match opened {
        Some(_) => Content::tag("open to anybody", Tone::Caution),
        None => Content::tag("closed", Tone::Quiet),
    }
}

async fn list(viewer: Viewer, Extension(declared): Extension<Declared>) -> Result<Page> {
    may(&viewer)?;
    let mut rows = Vec::new();
    for page in declared.pages {
        let opened = standing(&viewer, page).await?;
        rows.push(
            Row::new()
                .to(format!("{PAGES}/{}", page.path))
                .cell(page.label)
                .cell(tag(opened.as_ref()))
                .cell(opened.map(|opened| opened.at)),
        );
    }
    let table = ["Page", "Standing", "Open since"]
        .into_iter()
        .fold(Table::new("Pages without an account"), |table, label| table.column(Column::new(label)));
    let page = viewer.page("Pages that anybody may come to").back("Your account", "/account");
    Ok(page.with(table.rows(rows)))
}

async fn show(
    viewer: Viewer,
    State(services): State<Services>,
    Extension(declared): Extension<Declared>,
    Path(path): Path<String>,
) -> Result<Page> {
    let page = page_of(&viewer, &declared, &path)?;
    let opened = standing(&viewer, page).await?;
    let names = viewer.people([opened.as_ref().map(|opened| opened.by)]).await?;
    let shown = page.shows.iter().map(|shown| shown.entity.name).collect::<Vec<_>>().join(", ");
    let asked = page.asks.as_ref().map(|asked| asked.entity.name).unwrap_or_default();
    let detail = Detail::new()
        .line("Standing", tag(opened.as_ref()))
        .line("Shows anybody", if shown.is_empty() { "nothing".to_owned() } else { shown })
        .line("Anybody may send", if asked.is_empty() { "nothing" } else { asked });
    let to = format!("{PAGES}/{path}");
    let answer = viewer.page(page.label).narrow().back("Pages without an account", PAGES);
    Ok(match &opened {
        None => {
            let notice = Notice::warning("This opens a page to anybody").text(
                "It gets an address. Whoever has the address sees what the page shows and may send what it asks for. Nobody \
                 reads there what was sent.",
            );
            let form = Form::new(format!("{to}/open")).submit("Open this page to anybody").cancel(PAGES);
            answer.notice(notice).with(detail).with(form)
        }
        Some(opened) => {
            let by = names.first().map(|called| called.title.clone());
            let detail = detail
                .line("Address", whole(&services, opened))
                .line("Opened by", by.unwrap_or_else(|| "Somebody who has left".to_owned()))
                .line("Open since", opened.at);
            let look = format!("/p/{}", opened.address);
            answer.option("Look at it", look).command("Close this page", format!("{to}/close")).with(detail)
        }
    })
}

async fn opened(
    viewer: Viewer,
    Extension(declared): Extension<Declared>,
    Path(path): Path<String>,
) -> Result<Response> {
    open(&viewer, page_of(&viewer, &declared, &path)?).await?;
    Ok(go(format!("{PAGES}/{path}")))
}

async fn closed(
    viewer: Viewer,
    Extension(declared): Extension<Declared>,
    Path(path): Path<String>,
) -> Result<Response> {
    close(&viewer, page_of(&viewer, &declared, &path)?).await?;
    Ok(go(format!("{PAGES}/{path}")))
}

/// A page as JSON.
#[derive(Serialize)]
struct Told {
    page: &'static str,
    label: &'static str,
    address: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    opened_at: Option<OffsetDateTime>,
}

async fn api(
    viewer: Viewer,
    State(services): State<Services>,
    Extension(declared): Extension<Declared>,
) -> Result<Json<Vec<Told>>> {
    may(&viewer)?;
    let mut told = Vec::new();
    for page in declared.pages {
        let opened = standing(&viewer, page).await?;
        let (address, opened_at) = opened.map(|opened| (whole(&services, &opened), opened.at)).unzip();
        told.push(Told { page: page.path, label: page.label, address, opened_at });
    }
    Ok(Json(told))
}

/// `POST /api/open-pages/{page}`: opens it, after a fresh proof, and says its address.
async fn api_open(
    viewer: Viewer,
    State(services): State<Services>,
    Extension(declared): Extension<Declared>,
    Path(path): Path<String>,
) -> Result<Response> {
    let address = open(&viewer, page_of(&viewer, &declared, &path)?).await?;
    let address = format!("{}/p/{address}", services.settings.public_url.origin());
    Ok((StatusCode::CREATED, Json(serde_json::json!({ "address": address }))).into_response())
}

/// `DELETE /api/open-pages/{page}`: its address leads nowhere from now on.
async fn api_close(
    viewer: Viewer,
    Extension(declared): Extension<Declared>,
    Path(path): Path<String>,
) -> Result<StatusCode> {
    close(&viewer, page_of(&viewer, &declared, &path)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
