//! The list of projects with the box for a prompt, and the page of one project.

use maud::{Markup, html};
use safeguards::axum::extract::{Path, State};
use safeguards::axum::response::{IntoResponse, Response};
use safeguards::pages::{
    Column, Content, Field, Form, FormData, Notice, Page, Row, Show, Table, Tabs, Tone, View,
};

use super::prompts::{PromptBox, prompt_form};
use super::{Result, copies, departures, go, outward, planning, residency, support};
use crate::accounts::{Member, Owned};
use crate::builds::{self, Build, BuildState};
use crate::environments::{self, Environment};
use crate::error::Refusal;
use crate::http::{Shell, Site, api};
use crate::ids::ProjectId;
use crate::projects::{self, Project};
use crate::prompts::{self, PromptText};
use crate::seams::{EnvironmentKind, Gate, Standing};
use crate::versions::{self, Planned, Version, VersionState};

pub(super) async fn list(State(site): State<Site>, member: Member, Shell(view): Shell) -> Result<Page> {
    let projects = projects::list(&site.platform, &member).await?;
    let first = projects.is_empty();
    let rows = projects.iter().map(|project| {
        Row::new()
            .cell(project.name.as_str())
            .cell(project.created_at)
            .to(format!("/projects/{}", project.id))
    });
    let table = Table::new("Your projects").column("App").column("Begun").rows(rows);
    let page = view
        .page(if first { "Describe your app" } else { "Projects" })
        .about("You will read a plan first: who sees what, and where health information is. Nothing is built before you approve it.");
    let form = PromptBox(prompt_form("/projects"));
    Ok(if first { page.with(form) } else { page.with(table).heading("A new app").with(form) })
}

pub(super) async fn begin(
    State(site): State<Site>,
    member: Member,
    Shell(view): Shell,
    data: FormData,
) -> Result<Response> {
    let typed = data.first("prompt").unwrap_or_default();
    let refused = |reason: String| {
        let form = prompt_form("/projects").fill(&data).mistake("prompt", reason);
        view.page("Describe your app").with(PromptBox(form)).into_response()
    };
    let text = match PromptText::parse(typed) {
        Ok(text) => text,
        Err(Refusal::Invalid { reason, .. }) => return Ok(refused(reason)),
        Err(other) => return Err(other),
    };
    let platform = &site.platform;
    let (project, prompt) = prompts::begin(platform, &member, projects::UNTITLED, &text).await?;
    let owned: Owned<Project> = member.owned(platform, project).await?;
    let prompt: Owned<prompts::Prompt> = member.owned(platform, (project, prompt)).await?;
    planning::begun(&site, &owned, &prompt).await
}

/// Where a planned prompt leads.
pub(super) fn after(project: ProjectId, prompt: &Owned<prompts::Prompt>, planned: &Planned) -> Response {
    match planned {
        Planned::Version(version) => go(format!("/projects/{project}/versions/{version}")),
        Planned::Blocked(_) | Planned::NotAnApp(_) => {
            go(format!("/projects/{project}/prompts/{}", prompt.id))
        }
    }
}

/// The sections of a project.
pub(super) fn tabs(project: &Project) -> Tabs {
    let at = |rest: &str| format!("/projects/{}{rest}", project.id);
    Tabs::new().tab("Overview", at("")).tab("Prompts", at("/prompts"))
}

pub(super) async fn show(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
    Shell(view): Shell,
) -> Result<Page> {
    let platform = &site.platform;
    let versions = versions::list(platform, &project).await?;
    let builds = builds::list(platform, &project).await?;
    let environments = environments::list(platform, &project).await?;
    let standing = site.billing.standing(member.account()).await?;
    let of = |kind: EnvironmentKind| environments.iter().find(|environment| environment.kind == kind);
    let mut page = view
        .page(project.name.as_str())
        .back("Projects", "/projects")
        .action("Change it by a prompt", format!("/projects/{}/prompts/new", project.id))
        .action("Rename", format!("/projects/{}/name", project.id))
        .tabs(&tabs(&project));
    if let Some(waiting) = versions.iter().find(|version| version.state == VersionState::Planned) {
        page = page.notice(
            Notice::information(format!("Version {} waits for your approval", waiting.number))
                .text("Read who will see what. Nothing is built before.")
                .link("Read the plan", format!("/projects/{}/versions/{}", project.id, waiting.id)),
        );
    }
    let last = builds.first();
    if let Some(build) = last.filter(|build| !build.state.is_over()) {
        page = page.notice(
            Notice::information(format!("Version {} is being built", build.number))
                .link("See how far it is", format!("/projects/{}/builds/{}", project.id, build.id)),
        );
    }
    if let Some(build) = last.filter(|build| build.state == BuildState::Failed) {
        let serving = if of(build.kind).is_some_and(|environment| environment.version.is_some()) {
            " The version before it goes on serving."
        } else {
            ""
        };
        page = page.notice(
            Notice::danger(format!("Version {} could not be built", build.number))
                .text(format!("{}{serving}", build.failure.as_deref().unwrap_or_default()))
                .link("What happened", format!("/projects/{}/builds/{}", project.id, build.id)),
        );
    }
    let leaving = site.lifecycle.of_project(member.account(), project.id).await?;
    if let Some(departure) = &leaving {
        page = page.notice(departures::notice(departure, &view));
    }
    if let Some(notice) = support::notice(&site, &member, &project, &view).await? {
        page = page.notice(notice);
    }
    let owns = member.owner().is_ok();
    let places = html! {
        div.places {
            (preview(&site, &view, &project, of(EnvironmentKind::Preview), &versions))
            (production(&site, &project, of(EnvironmentKind::Production), &versions, &standing, owns))
        }
    };
    let mut page = page.with(places).with(version_table(&project, &versions, &builds));
    if !environments.is_empty() {
        page = page.with(residency::table(platform, &environments).await?);
    }
    let page = if owns { page.with(copies::link(project.id)).with(support::link(project.id)) } else { page };
    let page = if owns { page.with(outward::link(&project, &environments)) } else { page };
    Ok(if owns && leaving.is_none() { page.with(departures::end_link(project.id)) } else { page })
}

fn serving<'a>(environment: Option<&Environment>, versions: &'a [Version]) -> Option<&'a Version> {
    let id = environment?.version?;
    versions.iter().find(|version| version.id == id)
}

fn preview(
    site: &Site,
    view: &View,
    project: &Owned<Project>,
    environment: Option<&Environment>,
    versions: &[Version],
) -> Markup {
    let now = serving(environment, versions);
    html! {
        section.place aria-labelledby="preview" {
            h2 #preview { "Preview" @if now.is_some() { (Content::tag("serving", Tone::Good).show(view)) } @else { (Content::tag("not built yet", Tone::Quiet).show(view)) } }
            @if let (Some(environment), Some(version)) = (environment, now) {
                p { "Version " (version.number) ", with made-up people and records. No real patient may be entered here." }
                p.address { (site.platform.configuration.origin(&environment.host_name)) }
                div.buttons {
                    form method="post" action={ "/projects/" (project.id) "/preview/open" } {
                        (view.csrf_field()) button type="submit" { "Open the preview" }
                    }
                    a.button.second href={ "/projects/" (project.id) "/preview/people" } { "Sign in as its people" }
                    a.button.second href={ "/projects/" (project.id) "/logs/preview" } { "Log" }
                }
            } @else {
                p { "Approve a plan, and its app runs here with made-up people and records." }
            }
        }
    }
}

fn production(
    site: &Site,
    project: &Owned<Project>,
    environment: Option<&Environment>,
    versions: &[Version],
    standing: &Standing,
    owns: bool,
) -> Markup {
    let now = serving(environment, versions);
    let built = versions.iter().find(|version| version.state == VersionState::Built);
    let ready = built.filter(|built| {
        standing.production == Gate::ReadAndWrite && now.is_none_or(|now| built.number > now.number)
    });
    let (word, tone) = match (standing.production, now) {
        (Gate::ReadAndWrite, Some(_)) => ("open", Tone::Good),
        (Gate::ReadAndWrite, None) => ("ready for a version", Tone::Quiet),
        (Gate::ReadOnly, _) => ("read only", Tone::Caution),
        (Gate::ExportWindow, _) => ("export window", Tone::Danger),
        (Gate::NotStarted, _) => ("closed", Tone::Quiet),
        (Gate::Nothing, _) => ("destroyed", Tone::Quiet),
    };
    html! {
        section.place aria-labelledby="production" {
            h2 #production { "Production" span.tag.(tone_class(tone)) { (word) } }
            p { (standing.words) }
            @if let Some((sentence, to)) = &standing.next { p { a href=(to) { (sentence) } } }
            @if let (Some(environment), Some(version)) = (environment, now) {
                p { "Version " (version.number) " serves." }
                @let address = site.platform.configuration.origin(&environment.host_name);
                p.address { a href=(address) { (address) } }
            }
            @if let Some(ready) = ready.filter(|_| owns) {
                p { "Version " (ready.number) " is built and can serve patients. " a href={ "/projects/" (project.id) "/versions/" (ready.id) } { "Bring it into production from its plan" } "." }
            }
            div.buttons {
                @if now.is_some() && owns && standing.production == Gate::ReadAndWrite {
                    a.button.second href={ "/projects/" (project.id) "/production/owner" } { "Invite its first person" }
                }
                @if now.is_some() { a.button.second href={ "/projects/" (project.id) "/logs/production" } { "Log" } }
            }
        }
    }
}

fn tone_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Quiet => "quiet",
        Tone::Good => "good",
        Tone::Caution => "caution",
        Tone::Danger => "danger",
    }
}

pub(super) fn state_tag(state: VersionState) -> Content {
    match state {
        VersionState::Planned => Content::tag("waits for approval", Tone::Caution),
        VersionState::Approved => Content::tag("being built", Tone::Quiet),
        VersionState::Built => Content::tag("built", Tone::Good),
        VersionState::Failed => Content::tag("failed", Tone::Danger),
        VersionState::Withdrawn => Content::tag("put aside", Tone::Quiet),
    }
}

fn version_table(project: &Project, versions: &[Version], builds: &[Build]) -> Table {
    let rows = versions.iter().map(|version| {
        let build = builds.iter().find(|build| build.version == version.id);
        let last = build.map_or(Content::Empty, |build| {
            Content::link("Build", format!("/projects/{}/builds/{}", project.id, build.id))
        });
        Row::new()
            .cell(format!("Version {}", version.number))
            .cell(state_tag(version.state))
            .cell(version.created_at)
            .cell(version.approved_at.map_or(Content::Empty, Content::Moment))
            .cell(last)
            .to(format!("/projects/{}/versions/{}", project.id, version.id))
    });
    Table::new("Versions")
        .column(Column::new("Version"))
        .column("State")
        .column("Planned")
        .column("Approved")
        .column("Last build")
        .rows(rows)
        .empty("No version yet", "A prompt becomes a plan, and an approved plan becomes a version.")
}

fn name_form(project: &Project) -> Form {
    Form::new(format!("/projects/{}/name", project.id))
        .field(
            Field::text("name", "Name of the app")
                .longest(projects::LONGEST_NAME)
                .hint("Its address stays as it is."),
        )
        .submit("Rename")
        .cancel(format!("/projects/{}", project.id))
}

pub(super) async fn show_name(project: Owned<Project>, Shell(view): Shell) -> Page {
    let form = name_form(&project).with("name", project.name.clone());
    view.page("Rename the app").back(project.name.as_str(), format!("/projects/{}", project.id)).with(form)
}

pub(super) async fn rename(
    State(site): State<Site>,
    project: Owned<Project>,
    Shell(view): Shell,
    data: FormData,
) -> Result<Response> {
    let answers = match name_form(&project).parse(&view, data) {
        Ok(answers) => answers,
        Err(form) => return Ok(view.page("Rename the app").with(*form).into_response()),
    };
    projects::rename(&site.platform, &project, answers.text("name").unwrap_or_default()).await?;
    Ok(go(format!("/projects/{}", project.id)))
}

/// Makes a one-time link into the preview. A form may lead to our own pages only (the content security policy says so),
/// and the preview lies at another address: hence a page with a link.
pub(super) async fn open(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
    Shell(view): Shell,
) -> Result<Page> {
    let link = api::one_time_link(&site, &member, &project).await?;
    let shown = html! {
        p { "You enter it as one of its owners, by a password and a security code of its own. The link works once." }
        p { a.button href=(link) rel="noreferrer" { "Go to the preview" } }
        p { "Or " a href={ "/projects/" (project.id) "/preview/people" } { "sign in as one of its made-up people" } ", to see and do what their role may." }
    };
    Ok(view
        .page("Open the preview")
        .narrow()
        .about("Its people and records are made up. No real patient may be entered there.")
        .back(project.name.as_str(), format!("/projects/{}", project.id))
        .with(shown))
}

/// Who is made up in the preview: so that a member sees the app as each role does, and works in it.
pub(super) async fn made_up(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
    Shell(view): Shell,
) -> Result<Page> {
    let environment: Owned<Environment> =
        member.owned(&site.platform, (project.id, EnvironmentKind::Preview)).await?;
    let people = site.host.made_up(environment.id)?;
    let now = site.platform.clock.now();
    let password = people.first().map(|one| one.password.clone());
    let rows = people.into_iter().map(|one| {
        let code = one.authenticator.map(|secret| secret.code_at(now).to_string());
        let code = code.unwrap_or_else(|| "not asked for".to_owned());
        Row::new().cell(one.role).cell(one.email).cell(code)
    });
    let table = Table::new("Made-up people")
        .column("Role")
        .column("Email address")
        .column("Security code now")
        .rows(rows.collect::<Vec<_>>())
        .empty("Nobody yet", "They are made up when the preview is built.");
    let address = format!("{}/sign-in", site.platform.configuration.origin(&environment.host_name));
    let shown = html! {
        @if let Some(password) = password {
            p { "All of them sign in at " a href=(address) rel="noreferrer" { (address) } " with this password:" }
            p.secret { (password.expose()) }
            p { "A security code is good for half a minute, and once. " a href={ "/projects/" (project.id) "/preview/people" } { "Show the next ones" } }
        }
    };
    let page = view
        .page("Sign in as its people")
        .about("Nobody of them exists. They sign in to this preview, and to nothing else.")
        .back(project.name.as_str(), format!("/projects/{}", project.id))
        .with(shown)
        .with(table);
    Ok(page)
}

pub(super) async fn logs(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
    Shell(view): Shell,
    Path((_, kind)): Path<(String, String)>,
) -> Result<Page> {
    let kind = EnvironmentKind::parse(&kind).ok_or(Refusal::NotFound)?;
    let environment: Owned<Environment> = member.owned(&site.platform, (project.id, kind)).await?;
    let lines = site.host.logs(environment.id, 300).await?;
    let shown = html! {
        @if lines.is_empty() { p { "Nothing was written yet." } } @else {
            pre.log tabindex="0" aria-label="Log" { @for line in &lines { (line) "\n" } }
        }
    };
    Ok(view
        .page(match kind {
            EnvironmentKind::Preview => "Log of the preview",
            EnvironmentKind::Production => "Log of production",
        })
        .about("Requests by their route, status and time. No name, no value, no address of a record stands here.")
        .back(project.name.as_str(), format!("/projects/{}", project.id))
        .with(shown))
}
