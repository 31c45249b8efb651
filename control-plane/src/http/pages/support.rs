//! Support access (HC-10): the owner lets people of the platform look, sees what they looked at, and ends it.

use maud::{Markup, html};
use safeguards::axum::extract::State;
use safeguards::axum::response::{IntoResponse, Response};
use safeguards::pages::{
    Choice, Column, Content, Detail, Field, Form, FormData, Notice, Page, Row, Table, Tone, View,
};

use super::{Result, go, proved};
use crate::accounts::{Member, Owned, Owner};
use crate::environments::{self, Environment};
use crate::error::Refusal;
use crate::http::{Shell, Site};
use crate::ids::ProjectId;
use crate::projects::Project;
use crate::seams::EnvironmentKind;
use crate::support::{self, Grant, HOURS, Outcome, Reason};

fn at(project: &Project) -> String {
    format!("/projects/{}/support", project.id)
}

fn place(kind: EnvironmentKind) -> &'static str {
    match kind {
        EnvironmentKind::Preview => "Preview",
        EnvironmentKind::Production => "Production",
    }
}

fn state(grant: &Grant, view: &View) -> Content {
    match grant.revoked_at {
        Some(at) => Content::tag(format!("revoked {}", view.moment(at)), Tone::Quiet),
        None if grant.stands(view.now()) => Content::tag("support may look", Tone::Caution),
        None => Content::tag("ended", Tone::Quiet),
    }
}

/// Why it was given; what is erased says so.
async fn why(site: &Site, grant: &Grant) -> Result<String> {
    let reason = support::reason(&site.platform, grant).await?;
    Ok(reason.map_or_else(|| "Erased".to_owned(), |reason| reason.reveal().to_owned()))
}

pub(super) async fn list(
    State(site): State<Site>,
    project: Owned<Project>,
    Shell(view): Shell,
) -> Result<Page> {
    let mut rows = Vec::new();
    for grant in support::list(&site.platform, &project).await? {
        let row = Row::new()
            .cell(place(grant.kind))
            .cell(why(&site, &grant).await?)
            .cell(grant.granted_at)
            .cell(grant.expires_at)
            .cell(state(&grant, &view));
        rows.push(row.to(format!("{}/{}", at(&project), grant.id)));
    }
    let table = ["Where", "Why", "Since", "Until", "State"]
        .into_iter()
        .fold(Table::new("What support was let into"), |table, label| table.column(Column::new(label)))
        .rows(rows)
        .empty(
            "Support sees nothing",
            "Nobody of this platform sees a record of this app unless you let them in.",
        );
    Ok(view
        .page("Support access")
        .about("You say where, why and for how long. Each look is written into the app's own audit log before anything is shown, and you can end it at any moment.")
        .back(project.name.as_str(), format!("/projects/{}", project.id))
        .action("Let support in", format!("{}/new", at(&project)))
        .with(table))
}

/// The form, with the places where something serves.
fn form(project: &Project, environments: &[Environment]) -> Form {
    let serving = environments.iter().filter(|environment| environment.version.is_some());
    let places = serving.map(|environment| Choice::new(environment.kind.as_str(), place(environment.kind)));
    let hours = HOURS.map(|hours| {
        let words = if hours == 1 { "1 hour".to_owned() } else { format!("{hours} hours") };
        Choice::new(hours.to_string(), words)
    });
    Form::new(at(project))
        .field(Field::choice("environment", "Where", places))
        .field(
            Field::paragraphs("reason", "What support is to look into")
                .longest(support::LONGEST_REASON)
                .hint("It stands beside each look in the app's audit log. Name a record by its reference, not a person."),
        )
        .field(Field::choice("hours", "For how long", hours))
        .submit("Let support in")
        .cancel(at(project))
}

fn page(view: &View, project: &Project) -> Page {
    view.page("Let support in")
        .narrow()
        .about("People of this platform may then see records of that environment, one at a time, and change nothing. You can end it before its time.")
        .back("Support access", at(project))
}

pub(super) async fn show_new(
    State(site): State<Site>,
    owner: Owner,
    project: Owned<Project>,
    Shell(view): Shell,
) -> Result<Response> {
    if let Err(first) = proved(&owner, &format!("{}/new", at(&project))) {
        return Ok(*first);
    }
    let environments = environments::list(&site.platform, &project).await?;
    if environments.iter().all(|environment| environment.version.is_none()) {
        let none =
            Notice::information("Nothing serves yet").text("There are no records that support could see.");
        return Ok(page(&view, &project).notice(none).into_response());
    }
    Ok(page(&view, &project).with(form(&project, &environments)).into_response())
}

pub(super) async fn grant(
    State(site): State<Site>,
    owner: Owner,
    project: Owned<Project>,
    Shell(view): Shell,
    data: FormData,
) -> Result<Response> {
    let proof = match proved(&owner, &format!("{}/new", at(&project))) {
        Ok(proof) => proof,
        Err(first) => return Ok(*first),
    };
    let platform = &site.platform;
    let environments = environments::list(platform, &project).await?;
    let answers = match form(&project, &environments).parse(&view, data) {
        Ok(answers) => answers,
        Err(form) => return Ok(page(&view, &project).with(*form).into_response()),
    };
    let kind = answers.text("environment").and_then(EnvironmentKind::parse).ok_or(Refusal::NotFound)?;
    let hours = answers.text("hours").and_then(|hours| hours.parse().ok()).unwrap_or_default();
    let reason = Reason::parse(answers.text("reason").unwrap_or_default())?;
    let environment: Owned<Environment> = owner.owned(platform, (project.id, kind)).await?;
    let id = support::grant(platform, &owner, &environment, &reason, hours, &proof).await?;
    Ok(go(format!("{}/{id}", at(&project))))
}

pub(super) async fn show(
    State(site): State<Site>,
    project: Owned<Project>,
    grant: Owned<Grant>,
    Shell(view): Shell,
) -> Result<Page> {
    let facts = Detail::new()
        .line("Where", place(grant.kind))
        .line("Why", Content::narrative(why(&site, &grant).await?))
        .line("Since", grant.granted_at)
        .line("Until", grant.expires_at)
        .line("State", state(&grant, &view))
        .line("Its id in the app's audit log", grant.id.to_string());
    let rows = support::looks(&site.platform, &grant).await?.into_iter().map(|look| {
        let what = if look.one { format!("one {}", look.entity) } else { format!("list of {}", look.entity) };
        Row::new().cell(look.at).cell(look.support).cell(what).cell(match look.outcome {
            Outcome::Begun => Content::tag("not known: it was cut off", Tone::Caution),
            Outcome::Shown => Content::tag("shown", Tone::Caution),
            Outcome::Withheld => Content::tag("not shown: the grant had ended", Tone::Quiet),
            Outcome::Failed => Content::tag("not shown: the app did not", Tone::Quiet),
        })
    });
    let table = ["When", "Who", "What", "Shown"]
        .into_iter()
        .fold(Table::new("Looks"), |table, label| table.column(Column::new(label)))
        .rows(rows)
        .empty("Nobody has looked", "Whose records a look was about is in the app's own audit log.");
    let page = view.page("Support access").back("Support access", at(&project));
    let page = if grant.stands(view.now()) {
        page.notice(Notice::warning(format!("Support may look until {}", view.moment(grant.expires_at))))
            .command("End it now", format!("{}/{}/revoke", at(&project), grant.id))
    } else {
        page
    };
    Ok(page.with(facts).with(table))
}

pub(super) async fn revoke(
    State(site): State<Site>,
    owner: Owner,
    project: Owned<Project>,
    grant: Owned<Grant>,
) -> Result<Response> {
    support::revoke(&site.platform, &owner, &grant).await?;
    Ok(go(format!("{}/{}", at(&project), grant.id)))
}

/// Where support is let in.
pub(super) fn link(project: ProjectId) -> Markup {
    html! { p.quiet { a href={ "/projects/" (project) "/support" } { "Let support look at records, and see what it looked at" } } }
}

/// On the page of a project: who may look at this moment. Its builders are told, too.
pub(super) async fn notice(
    site: &Site,
    member: &Member,
    project: &Owned<Project>,
    view: &View,
) -> Result<Option<Notice>> {
    let grants = support::list(&site.platform, project).await?;
    let Some(grant) = grants.iter().find(|grant| grant.stands(view.now())) else { return Ok(None) };
    let notice = Notice::warning("Support may look at records").text(format!(
        "{}, until {}.",
        place(grant.kind),
        view.moment(grant.expires_at)
    ));
    Ok(Some(match member.owner() {
        Ok(_) => notice.link("What was looked at, and ending it", format!("{}/{}", at(project), grant.id)),
        Err(_) => notice,
    }))
}
