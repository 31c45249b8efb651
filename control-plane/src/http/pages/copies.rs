//! Taking a copy of an app home while it goes on (HC-11).

use maud::{Markup, html};
use safeguards::axum::extract::{Path, State};
use safeguards::axum::response::{IntoResponse, Response};
use safeguards::pages::{Column, Content, Detail, Notice, Page, Row, Show, Table, Tone, View};

use super::{Result, go, proved};
use crate::accounts::{Owned, Owner};
use crate::environments::{self, Environment};
use crate::error::Refusal;
use crate::http::{Shell, Site, sending};
use crate::ids::ProjectId;
use crate::lifecycle::{Copy, CopyState};
use crate::projects::Project;
use crate::seams::EnvironmentKind;

fn at(project: ProjectId) -> String {
    format!("/projects/{project}/copies")
}

fn place(kind: EnvironmentKind) -> &'static str {
    match kind {
        EnvironmentKind::Preview => "Preview",
        EnvironmentKind::Production => "Production",
    }
}

fn state(copy: &Copy) -> Content {
    match copy.state {
        CopyState::Making => Content::tag("being made", Tone::Quiet),
        CopyState::Ready => Content::tag("can be taken home", Tone::Good),
        CopyState::Failed => Content::tag("could not be made", Tone::Danger),
        CopyState::Gone => Content::tag("removed", Tone::Quiet),
    }
}

pub(super) async fn list(
    State(site): State<Site>,
    project: Owned<Project>,
    Shell(view): Shell,
) -> Result<Page> {
    let copies = site.lifecycle.copies(&project).await?;
    let being_made = copies.iter().any(|copy| copy.state == CopyState::Making);
    let rows = copies.iter().map(|copy| {
        let row = Row::new().cell(place(copy.kind)).cell(copy.asked_at).cell(state(copy));
        let row = row.cell(copy.until.map_or(Content::Empty, Content::Moment));
        if copy.state == CopyState::Ready { row.to(format!("{}/{}", at(project.id), copy.id)) } else { row }
    });
    let table = ["Of", "Asked for", "State", "Until"]
        .into_iter()
        .fold(Table::new("Copies"), |table, label| table.column(Column::new(label)))
        .rows(rows)
        .empty(
            "No copy yet",
            "A copy holds every record as JSON and SQL, the audit log with its proof, and the source.",
        );
    let page = view
        .page("Copies to take home")
        .about("The app goes on as it is. A copy is made by the app's own program, sealed, and waits here for seven days.")
        .back(project.name.as_str(), format!("/projects/{}", project.id));
    let page = environments::list(&site.platform, &project)
        .await?
        .into_iter()
        .filter(|environment| environment.version.is_some())
        .fold(page, |page, environment| {
            let words = format!("Copy {}", place(environment.kind).to_lowercase());
            page.command(words, format!("{}/{}/make", at(project.id), environment.kind.as_str()))
        });
    Ok(if being_made { page.refreshed(5) } else { page }.with(table))
}

pub(super) async fn make(
    State(site): State<Site>,
    owner: Owner,
    project: Owned<Project>,
    Path((_, kind)): Path<(ProjectId, String)>,
) -> Result<Response> {
    let kind = EnvironmentKind::parse(&kind).ok_or(Refusal::NotFound)?;
    let environment: Owned<Environment> = owner.owned(&site.platform, (project.id, kind)).await?;
    match proved(&owner, &at(project.id)) {
        Ok(proof) => {
            site.lifecycle.copy(&owner, &environment, &proof).await?;
            Ok(go(at(project.id)))
        }
        Err(first) => Ok(*first),
    }
}

fn here(copy: &Copy) -> String {
    format!("{}/{}", at(copy.project), copy.id)
}

pub(super) async fn show(
    State(site): State<Site>,
    owner: Owner,
    copy: Owned<Copy>,
    Shell(view): Shell,
) -> Result<Response> {
    let proof = match proved(&owner, &here(&copy)) {
        Ok(proof) => proof,
        Err(first) => return Ok(*first),
    };
    let page = view.page("Take a copy home").back("Copies", at(copy.project));
    if copy.state != CopyState::Ready {
        let why = copy.failure.clone().unwrap_or_else(|| "Make another one whenever you like.".to_owned());
        return Ok(page.notice(Notice::information("It is not here").text(why)).into_response());
    }
    let passphrase = site.lifecycle.copy_passphrase(&owner, &copy, &proof).await?;
    Ok(page
        .about("The file is sealed with AES-256. Keep it and its passphrase apart: whoever has both has every record.")
        .with(steps(&view, &copy, &passphrase))
        .into_response())
}

fn steps(view: &View, copy: &Copy, passphrase: &str) -> Markup {
    let shown = Detail::new()
        .line("SHA-256 of the file", copy.sha256.clone().unwrap_or_default())
        .line("Signed by the key", copy.signed_by.clone().unwrap_or_default());
    html! {
        ol.steps {
            li { "Download the file. " a.button href={ (here(copy)) "/file" } { "Download the copy" } }
            li { "Write down its passphrase, which is shown to you alone:" pre.secret tabindex="0" aria-label="Passphrase" { (passphrase) } }
            li { "Verify it, without any network: " code { "healthcoder export verify FILE --passphrase-file PASSPHRASE-FILE --key KEY" } "." }
        }
        (shown.show(view))
    }
}

pub(super) async fn file(State(site): State<Site>, owner: Owner, copy: Owned<Copy>) -> Result<Response> {
    match proved(&owner, &here(&copy)) {
        Ok(proof) => sending::copy(&site, &owner, &copy, &proof).await,
        Err(first) => Ok(*first),
    }
}

/// Where a copy is asked for.
pub(super) fn link(project: ProjectId) -> Markup {
    html! { p.quiet { a href={ "/projects/" (project) "/copies" } { "Take a copy home; the app goes on" } } }
}
