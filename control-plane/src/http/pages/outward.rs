//! Whom the app of an environment may reach: the list of the door of its sandbox (HC-13, CF-23).

use maud::{Markup, html};
use safeguards::axum::extract::{Path, State};
use safeguards::axum::response::{IntoResponse, Response};
use safeguards::pages::{Choice, Content, Field, Form, FormData, Notice, Page, Row, Table, View};
use uuid::Uuid;

use super::providers::at as providers_at;
use super::{Result, go, proved};
use crate::accounts::{Owned, Owner};
use crate::environments::Environment;
use crate::error::Refusal;
use crate::http::{Shell, Site};
use crate::ids::ProjectId;
use crate::outward::{self, NewHost, SIGN_IN};
use crate::projects::Project;
use crate::seams::EnvironmentKind;

pub(super) fn at(project: &Project, kind: EnvironmentKind) -> String {
    format!("/projects/{}/environments/{}/outward", project.id, kind.as_str())
}

/// The ways to these pages, for the page of a project.
pub(super) fn link(project: &Project, environments: &[Environment]) -> Markup {
    html! {
        @for environment in environments {
            p { a href=(at(project, environment.kind)) { "Whom " (called(environment.kind)) " may reach" } }
        }
    }
}

pub(super) fn called(kind: EnvironmentKind) -> &'static str {
    match kind {
        EnvironmentKind::Preview => "the preview",
        EnvironmentKind::Production => "production",
    }
}

fn form(project: &Project, kind: EnvironmentKind, candidates: &[String]) -> Form {
    let called = |name: &String| {
        let text = if name == SIGN_IN { "The identity provider, for signing in" } else { name.as_str() };
        Choice::new(name.clone(), text.to_owned())
    };
    Form::new(at(project, kind))
        .field(Field::choice("processor", "Who", candidates.iter().map(called).collect::<Vec<_>>()))
        .field(
            Field::text("address", "Host name")
                .longest(260)
                .autocomplete("off")
                .hint("As in: api.provider.example"),
        )
        .field(Field::text("agreement", "Agreement").longest(200).hint("Its number, or its title and date"))
        .submit("Let the app reach it")
}

async fn page(site: &Site, view: &View, project: &Project, environment: &Environment) -> Result<Page> {
    let rows = outward::list(&site.platform, environment.id).await?.into_iter().map(|attested| {
        Row::new()
            .cell(attested.processor)
            .cell(attested.to.to_string())
            .cell(attested.agreement)
            .cell(Content::Moment(attested.attested_at))
            .cell(Content::Link(
                "Withdraw".into(),
                format!("{}/{}", at(project, environment.kind), attested.id),
            ))
    });
    let table = Table::new("Whom the app may reach")
        .column("Who")
        .column("Host")
        .column("Agreement")
        .column("Since")
        .column("")
        .rows(rows.collect::<Vec<_>>())
        .empty("Nobody", "The app has no network. What is not listed here cannot be reached by it.");
    Ok(view
        .page(format!("Whom {} may reach", called(environment.kind)))
        .about("The app has no network but this: to a host on this list it speaks by TLS from end to end, so that we see whom it calls and no word of it.")
        .back(project.name.as_str(), format!("/projects/{}", project.id))
        .action("How the app calls them", providers_at(project, environment.kind))
        .with(table))
}

pub(super) async fn show(
    State(site): State<Site>,
    project: Owned<Project>,
    Shell(view): Shell,
    Path((_, kind)): Path<(ProjectId, String)>,
) -> Result<Page> {
    let environment = project.environment(&site.platform, &kind).await?;
    let page = page(&site, &view, &project, &environment).await?;
    let candidates = outward::candidates(&site.platform, &environment).await?;
    if candidates.is_empty() {
        return Ok(page.notice(
            Notice::information("The app that serves here calls nobody")
                .text("Its plan names no company under `sub-processors`, and no identity provider."),
        ));
    }
    Ok(page.with(form(&project, environment.kind, &candidates)))
}

pub(super) async fn attest(
    State(site): State<Site>,
    owner: Owner,
    project: Owned<Project>,
    Shell(view): Shell,
    Path((_, kind)): Path<(ProjectId, String)>,
    data: FormData,
) -> Result<Response> {
    let environment = project.environment(&site.platform, &kind).await?;
    let at = at(&project, environment.kind);
    let proof = match proved(&owner, &at) {
        Ok(proof) => proof,
        Err(first) => return Ok(*first),
    };
    let of = |name: &str| data.first(name).unwrap_or_default();
    let new = NewHost { processor: of("processor"), address: of("address"), agreement: of("agreement") };
    match outward::attest(&site.platform, &*site.host, &owner, &environment, &new, &proof).await {
        Ok(_) => Ok(go(at)),
        Err(Refusal::Invalid { field, reason }) => {
            let candidates = outward::candidates(&site.platform, &environment).await?;
            let form = form(&project, environment.kind, &candidates).fill(&data).mistake(field, reason);
            Ok(page(&site, &view, &project, &environment).await?.with(form).into_response())
        }
        Err(other) => Err(other),
    }
}

pub(super) async fn ask_to_withdraw(
    State(site): State<Site>,
    project: Owned<Project>,
    Shell(view): Shell,
    Path((_, kind, way)): Path<(ProjectId, String, Uuid)>,
) -> Result<Page> {
    let environment = project.environment(&site.platform, &kind).await?;
    let attested = outward::list(&site.platform, environment.id).await?;
    let attested = attested.into_iter().find(|attested| attested.id == way).ok_or(Refusal::NotFound)?;
    let at = at(&project, environment.kind);
    Ok(view
        .page(format!("Withdraw {}", attested.to))
        .narrow()
        .about("What is open there is cut at once, and the key of a provider there is erased. What the app does by it is refused until it is attested again.")
        .back("Whom the app may reach", at.clone())
        .with(Form::new(format!("{at}/{way}")).submit("Withdraw it")))
}

pub(super) async fn withdraw(
    State(site): State<Site>,
    owner: Owner,
    project: Owned<Project>,
    Path((_, kind, way)): Path<(ProjectId, String, Uuid)>,
) -> Result<Response> {
    let environment = project.environment(&site.platform, &kind).await?;
    let at = at(&project, environment.kind);
    let proof = match proved(&owner, &at) {
        Ok(proof) => proof,
        Err(first) => return Ok(*first),
    };
    outward::withdraw(&site.platform, &*site.host, &owner, &environment, way, &proof).await?;
    Ok(go(at))
}
