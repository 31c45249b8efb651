//! What everybody may read, signed in or not: the app's documents (CF-1, CL-14), its officers and sub-processors (CF-21,
//! CF-23), and where to report a weakness (RFC 9116).

use axum::Extension;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use time::Duration;
use time::format_description::well_known::Rfc3339;

use super::documents::Document;
use super::officers::{Duty, officer, shown};
use super::{Facts, first_organisation};
use crate::app::Services;
use crate::pages::{Column, Content, Detail, Page, Row, Table, View};
use crate::slice::{Result, capitalised};
use crate::web::{Path, Problem};

/// Where every page of the app leads at its foot.
pub(crate) const LINKS: &[(&str, &str)] = &[
    ("Privacy notice", "/legal/privacy"),
    ("Business associate agreement", "/legal/baa"),
    ("Data processing agreement", "/legal/dpa"),
];

fn view(services: &Services, facts: &Facts, here: &str) -> View {
    View::new(facts.app, services.clock.now()).here(here).legal(LINKS)
}

pub(super) async fn index(
    State(services): State<Services>,
    Extension(facts): Extension<Facts>,
) -> Result<Page> {
    let rows = Document::ALL.map(|document| {
        let to = format!("/legal/{}", document.name());
        Row::new().to(to).cell(document.title())
    });
    let documents = Table::new("Documents").column(Column::new("Document")).rows(rows);
    let mut page = view(&services, &facts, "/legal")
        .page("Privacy and agreements")
        .about(format!("What {} tells the people whom it serves and those who work with it.", facts.app))
        .with(documents);
    if let Some((organisation, _)) = first_organisation(&services).await? {
        for duty in Duty::ALL {
            let contact = officer(&services.store, &services.keys, organisation, duty).await?;
            page = page.with(shown(duty, contact));
        }
    }
    Ok(page.with(processors(&facts)).with(
        Detail::new()
            .title("Weaknesses")
            .line("Report one", Content::link("security.txt", "/.well-known/security.txt")),
    ))
}

/// Who receives data: nobody, unless the spec names them. None of them is called for an organisation that has not attested
/// an agreement with it.
fn processors(facts: &Facts) -> Detail {
    let detail = Detail::new().title("Sub-processors");
    if facts.sub_processors.is_empty() {
        return detail.line("Companies that receive data from this app", "None");
    }
    facts.sub_processors.iter().fold(detail, |detail, company| {
        let what = format!(
            "For {}; called only for organisations that have attested an agreement with it",
            company.purposes.join(", ")
        );
        detail.line(capitalised(company.name), what)
    })
}

pub(super) async fn document(
    State(services): State<Services>,
    Extension(facts): Extension<Facts>,
    Path(document): Path<String>,
) -> Result<Page> {
    let document = Document::parse(&document)?;
    let text = document.text(&services, &facts).await?;
    let page = view(&services, &facts, "/legal")
        .page(text.title().to_owned())
        .back("Privacy and agreements", "/legal");
    Ok(page
        .with(text.markup())
        .with(Detail::new().title("This version").line("SHA-256 of the text", text.version())))
}

/// How long a client may rely on it: RFC 9116, section 2.5.5, wants less than a year.
const LASTS: Duration = Duration::days(90);

pub(super) async fn security_txt(State(services): State<Services>) -> Result<Response> {
    let origin = services.settings.public_url.origin();
    let named = match first_organisation(&services).await? {
        Some((organisation, _)) => {
            officer(&services.store, &services.keys, organisation, Duty::Security).await?
        }
        None => None,
    };
    let contact = match named {
        Some(contact) => format!("mailto:{}", contact.email),
        // The page names everybody who can be reached.
        None => format!("{origin}/legal"),
    };
    let expires =
        (services.clock.now() + LASTS).replace_nanosecond(0).unwrap_or(services.clock.now() + LASTS);
    let expires = expires.format(&Rfc3339).map_err(|_| Problem::internal("time"))?;
    let text = format!(
        "Contact: {contact}\nExpires: {expires}\nPreferred-Languages: en\n\
         Canonical: {origin}/.well-known/security.txt\nPolicy: {origin}/legal\n"
    );
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}
