//! All that is kept of whoever asks, as a page (CC-11), and as a copy to take home: JSON for programs and a page for people,
//! with the files that belong to it (CL-10, HG-1; 45 CFR 164.524; GDPR, Articles 15 and 20).

use axum::Extension;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::TryStreamExt;
use maud::{DOCTYPE, Markup, html};

use super::Facts;
use super::gathered::{Item, Section, document, gather, to_the_individual};
use crate::access::{Action, Context, Error, StoredFile};
use crate::audit::{self, Event};
use crate::pages::{Content, Detail, Notice, Page};
use crate::slice::{Result, Viewer};
use crate::web::Problem;

const PAGE: &str = "/account/data";
/// How many of each kind the page shows; a copy has all.
const SHOWN: usize = 20;
/// The most bytes of files that go into one copy, which is made in memory.
const FILES: u64 = 200 << 20;

/// `GET /account/data`
pub(super) async fn page(viewer: Viewer, Extension(facts): Extension<Facts>) -> Result<Page> {
    let sections = gather(&viewer, &facts, Action::List).await?;
    let page = viewer
        .page("What is kept about you")
        .back("Your account", "/account")
        .about("All that this app keeps about you, as far as you may see it here.")
        .command("Download a copy", format!("{PAGE}/copy"))
        .option("Delete your account", "/account/delete");
    Ok(sections.into_iter().fold(page, shown))
}

fn shown(page: Page, section: Section) -> Page {
    let count = section.items.len();
    let mut page =
        page.heading(if count == 1 { section.title } else { format!("{} ({count})", section.title) });
    // What is kept grows at its end.
    for item in section.items.into_iter().rev().take(SHOWN) {
        let lines = item.lines.into_iter();
        page = page.with(
            lines.fold(Detail::new(), |detail, (label, words)| detail.line(label, Content::narrative(words))),
        );
    }
    if count > SHOWN {
        let notice = Notice::information(format!("These are the {SHOWN} latest of {count}"));
        page = page.with(notice.text("A copy has all of them."));
    }
    page
}

/// `POST /account/data/copy`: a zip with `data.json`, `data.html` and `files/`.
pub(super) async fn download(viewer: Viewer, Extension(facts): Extension<Facts>) -> Result<Response> {
    viewer.proved_lately()?;
    taken(&viewer).await?;
    let sections = gather(&viewer, &facts, Action::Download).await?;
    let json = document(&viewer, &facts, &sections)?;
    let page = readable(&viewer, &facts, &sections).into_string();
    let files = contents(&viewer, sections.iter().flat_map(|section| &section.items)).await?;
    let texts = [("data.json", json.as_slice()), ("data.html", page.as_bytes())];
    let files = files.iter().map(|(path, content)| (path.as_str(), content.as_slice()));
    let zip = exporter::bundle(texts.into_iter().chain(files)).map_err(|_| Problem::internal("copy"))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"my-data.zip\"")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, zip).into_response())
}

/// `GET /api/account/data`: what `data.json` of a copy says.
pub(super) async fn api(viewer: Viewer, Extension(facts): Extension<Facts>) -> Result<Response> {
    viewer.proved_lately()?;
    taken(&viewer).await?;
    let sections = gather(&viewer, &facts, Action::Download).await?;
    let json = document(&viewer, &facts, &sections)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, json).into_response())
}

/// That somebody took a copy is an event of its own, before any of it is read.
async fn taken(viewer: &Viewer) -> Result<()> {
    let event = Event::new(audit::Action::Download).entity("copy of one's data");
    let event = event.record(viewer.principal.person()).purpose(audit::Purpose::Individual);
    Ok(viewer.audit.record(&viewer.circumstances, event).await.map_err(Error::AuditUnavailable)?)
}

/// The files of these, as far as a copy holds so much.
async fn contents(viewer: &Viewer, items: impl Iterator<Item = &Item>) -> Result<Vec<(String, Vec<u8>)>> {
    let files: Vec<&(String, StoredFile)> = items.flat_map(|item| &item.files).collect();
    if files.iter().map(|(_, file)| file.size).sum::<u64>() > FILES {
        return Err(Problem::conflict().detail(
            "Your files are too many for one copy. Ask for it under Compliance, Requests: the privacy officer hands it out.",
        ));
    }
    let context: Context = to_the_individual(viewer);
    let mut read = Vec::with_capacity(files.len());
    for (path, file) in files {
        let pieces: Vec<_> = context.file_content(file).try_collect().await?;
        read.push((path.clone(), pieces.concat()));
    }
    Ok(read)
}

/// The copy as a page that stands by itself: it is opened from a folder, years later, without this app.
fn readable(viewer: &Viewer, facts: &Facts, sections: &[Section]) -> Markup {
    let title = format!("What {} kept about you", facts.app);
    html! {
        (DOCTYPE)
        html lang=(viewer.view.words.language) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { "body{font:1rem/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}dt{font-weight:600}dd{margin:0 0 .5rem}dl{border-top:1px solid;padding-top:.5rem}" }
            }
            body { main {
                h1 { (title) }
                p { "Copied on " (viewer.view.moment(viewer.clock.now())) ". The same stands in data.json, for programs." }
                nav aria-label="Contents" { ul { @for section in sections {
                    li { a href={ "#" (section.key) } { (section.title) " (" (section.items.len()) ")" } }
                } } }
                @for section in sections {
                    section aria-labelledby=(section.key) {
                        h2 id=(section.key) { (section.title) }
                        @for item in &section.items {
                            dl { @for (label, words) in &item.lines { dt { (label) } dd { bdi { (words) } } } }
                        }
                    }
                }
            } }
        }
    }
}
