//! Production's first person: whoever runs the clinic. From then on its people are invited in the app itself.

use maud::html;
use safeguards::audit::{Action, Event};
use safeguards::axum::extract::State;
use safeguards::axum::response::{IntoResponse, Response};
use safeguards::identity::EmailAddress;
use safeguards::pages::{Field, Form, FormData, Notice, Page, View};

use super::{Result, proved};
use crate::accounts::{Owned, Owner};
use crate::environments::Environment;
use crate::error::Refusal;
use crate::http::{Shell, Site};
use crate::projects::Project;
use crate::seams::EnvironmentKind;

fn at(project: &Project) -> String {
    format!("/projects/{}/production/owner", project.id)
}

fn form(project: &Project) -> Form {
    Form::new(at(project))
        .field(Field::text("email", "Their e-mail address").longest(254).autocomplete("off").hint(
            "They set a password and a security code by the link, and then invite everybody else in the app.",
        ))
        .submit("Make the link")
        .cancel(format!("/projects/{}", project.id))
}

fn page(view: &View, project: &Project) -> Page {
    view.page("The first person of production")
        .narrow()
        .about("Whoever this is administers the people of the app, and may reach records of patients. It is written into the app's own audit log.")
        .back(project.name.as_str(), format!("/projects/{}", project.id))
}

pub(super) async fn show_owner(owner: Owner, project: Owned<Project>, Shell(view): Shell) -> Response {
    if let Err(first) = proved(&owner, &at(&project)) {
        return *first;
    }
    page(&view, &project).with(form(&project)).into_response()
}

/// Makes a link that works once. It stands in this answer, and in nothing that is kept.
pub(super) async fn make_owner(
    State(site): State<Site>,
    owner: Owner,
    project: Owned<Project>,
    Shell(view): Shell,
    data: FormData,
) -> Result<Response> {
    if let Err(first) = proved(&owner, &at(&project)) {
        return Ok(*first);
    }
    let typed = data.first("email").unwrap_or_default().trim();
    let Ok(email) = EmailAddress::parse(typed) else {
        let form =
            form(&project).fill(&data).mistake("email", "Give an e-mail address, such as ada@clinic.example");
        return Ok(page(&view, &project).with(form).into_response());
    };
    let platform = &site.platform;
    let environment: Owned<Environment> =
        owner.owned(platform, (project.id, EnvironmentKind::Production)).await?;
    if environment.version.is_none() {
        return Err(Refusal::Conflict(
            "Nothing serves in production yet. Bring a version into it first.".into(),
        ));
    }
    let event = Event::new(Action::Configure)
        .entity("environment")
        .record(environment.id)
        .note("first person invited");
    platform.audit.record(owner.circumstances(), event).await?;
    let path = site.host.invite_owner(environment.id, &email).await?;
    let link = format!("{}{path}", platform.configuration.origin(&environment.host_name));
    let shown = html! {
        p { "Hand this link to " strong { (email.as_str()) } ", and to nobody else. It works once, and is not shown again." }
        pre.secret tabindex="0" aria-label="Link" { (link) }
        p { a.button href={ "/projects/" (project.id) } { "Done" } }
    };
    Ok(page(&view, &project).notice(Notice::success("The link is made")).with(shown).into_response())
}
