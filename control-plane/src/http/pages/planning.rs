//! How a prompt becomes a plan through models: what was found in it, what it may cost, and what goes on meanwhile.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use maud::html;
use safeguards::axum::extract::{Path, State};
use safeguards::axum::response::sse::{Event, KeepAlive, Sse};
use safeguards::axum::response::{IntoResponse, Response};
use safeguards::pages::{Choice, Column, Content, Field, Form, FormData, Notice, Page, Row, Table, View};

use super::projects::after;
use super::{Result, go};
use crate::accounts::{Member, Owned};
use crate::error::Refusal;
use crate::http::{Shell, Site};
use crate::ids::{ProjectId, PromptId};
use crate::planning::{self, Begun, Ended, Planners, Run, Way};
use crate::projects::Project;
use crate::prompts::{self, Prompt};
use crate::versions::Planned;

/// How long one stream lasts; the browser comes again.
const STREAM: Duration = Duration::from_secs(240);

fn path(project: ProjectId, prompt: PromptId) -> String {
    format!("/projects/{project}/prompts/{prompt}/planning")
}

/// Where a new prompt leads: to how it may be planned, where models can; else straight to its plan.
pub(super) async fn begun(site: &Site, project: &Owned<Project>, prompt: &Owned<Prompt>) -> Result<Response> {
    if site.platform.planners.is_some() {
        return Ok(go(path(project.id, prompt.id)));
    }
    went(site, project, prompt, Way::Offline).await?.ok_or(Refusal::Fault("the built-in planner asks nobody"))
}

/// Plans it in this way, and leads to what comes of it; nowhere, where something in it names somebody.
async fn went(
    site: &Site,
    project: &Owned<Project>,
    prompt: &Owned<Prompt>,
    way: Way,
) -> Result<Option<Response>> {
    Ok(match planning::plan(&site.platform, project, prompt, way).await? {
        Begun::Planned(planned) => Some(after(project.id, prompt, &planned)),
        Begun::GoesOn => Some(go(path(project.id, prompt.id))),
        Begun::Identifies(_) => None,
    })
}

/// The prompt, and who plans it through models; nothing where nobody does.
async fn reached(
    site: &Site,
    member: &Member,
    project: &Owned<Project>,
    prompt: PromptId,
) -> Result<Option<(Planners, Owned<Prompt>)>> {
    let prompt = member.owned(&site.platform, (project.id, prompt)).await?;
    Ok(site.platform.planners.clone().map(|planners| (planners, prompt)))
}

pub(super) async fn show(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
    Shell(view): Shell,
    Path(at): Path<(ProjectId, PromptId)>,
) -> Result<Response> {
    let Some((planners, prompt)) = reached(&site, &member, &project, at.1).await? else {
        return Ok(go(format!("/projects/{}/prompts/{}", project.id, at.1)));
    };
    let page = match planners.run(prompt.id) {
        Some(run) => going_on(&view, &project, &prompt, &planners, &run),
        None => ask(&site, &view, &project, &prompt, &planners).await?,
    };
    Ok(page.into_response())
}

fn page(view: &View, project: &Project) -> Page {
    view.page("Plan the app").back(project.name.as_str(), format!("/projects/{}/prompts", project.id))
}

/// Before anything leaves: what was found, who would be asked, and what it may cost.
async fn ask(
    site: &Site,
    view: &View,
    project: &Owned<Project>,
    prompt: &Owned<Prompt>,
    planners: &Planners,
) -> Result<Page> {
    let Some((text, _)) = prompts::read(&site.platform, prompt).await? else {
        return Err(Refusal::Conflict("This prompt was deleted. Write a new one.".into()));
    };
    let page = page(view, project).about(format!(
        "A model of a provider that keeps nothing can plan it, for {} at most; or the built-in planner, which runs here.",
        planners.ceiling().money
    ));
    let found = deidentify::scan(text.reveal());
    if found.is_empty() {
        return Ok(page.with(form(project.id, prompt.id, &[])));
    }
    let rows = found.iter().map(|finding| {
        let words = text.reveal().get(finding.range.clone()).unwrap_or_default().to_owned();
        Row::new().cell(finding.kind.as_str().replace('-', " ")).cell(Content::narrative(words))
    });
    let table = ["What", "Where it says"]
        .into_iter()
        .fold(Table::new("What could identify somebody"), |table, label| table.column(Column::new(label)));
    let notice = Notice::warning("Nothing was sent: this text could identify somebody")
        .text("Take it out, or let placeholders be sent in its stead: they are turned back here, and the provider never sees it.")
        .link("Change the text", format!("/projects/{}/prompts/new", project.id));
    Ok(page.notice(notice).with(table.rows(rows.collect::<Vec<_>>())).with(form(
        project.id,
        prompt.id,
        &[Choice::new("placeholders", "With placeholders, by a model")],
    )))
}

fn form(project: ProjectId, prompt: PromptId, instead: &[Choice]) -> Form {
    let mut ways = match instead {
        [] => vec![Choice::new("models", "By a model")],
        others => others.to_vec(),
    };
    ways.push(Choice::new("offline", "By the built-in planner: nothing leaves this platform"));
    Form::new(path(project, prompt))
        .field(Field::choice("way", "How to plan it", ways))
        .submit("Plan the app")
}

pub(super) async fn begin(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
    Shell(view): Shell,
    Path(at): Path<(ProjectId, PromptId)>,
    data: FormData,
) -> Result<Response> {
    let (planners, prompt) = reached(&site, &member, &project, at.1).await?.ok_or(Refusal::NotFound)?;
    let way = match data.first("way") {
        Some("models") => Way::Models,
        Some("placeholders") => Way::Placeholders,
        Some("offline") => Way::Offline,
        _ => return Ok(ask(&site, &view, &project, &prompt, &planners).await?.into_response()),
    };
    match went(&site, &project, &prompt, way).await? {
        Some(response) => Ok(response),
        None => Ok(ask(&site, &view, &project, &prompt, &planners).await?.into_response()),
    }
}

/// While it goes on, and how it ended.
fn going_on(view: &View, project: &Project, prompt: &Prompt, planners: &Planners, run: &Run) -> Page {
    let (said, bytes) = run.so_far();
    let at = path(project.id, prompt.id);
    let page = page(view, project).about(format!("It may cost {} at most.", planners.ceiling().money));
    let ended = run.ended();
    let page = match &ended {
        None => page.refreshed(4),
        Some(ended) => page.notice(told(project.id, prompt.id, ended)),
    };
    let now = said.last().map_or("Beginning", String::as_str);
    page.with(Shown(html! {
        section.build aria-label="Progress" data-events=[ended.is_none().then(|| format!("{at}/events"))] data-last="0" {
            p.phase role="status" { @if ended.is_some() { "Over" } @else { (now) } }
            @if ended.is_none() { progress aria-label="It is being planned" {} }
            p.count { @if bytes > 0 { (written(bytes)) } }
            ul.lines-said hidden[said.is_empty()] aria-label="What happened" { @for line in &said { li { (line) } } }
        }
    }))
}

struct Shown(maud::Markup);

impl safeguards::pages::Show for Shown {
    fn show(&self, _: &View) -> maud::Markup {
        self.0.clone()
    }
}

fn written(bytes: usize) -> String {
    format!("{} kB of the plan are here", bytes.div_ceil(1000))
}

fn told(project: ProjectId, prompt: PromptId, ended: &Ended) -> Notice {
    let again = format!("/projects/{project}/prompts/new");
    let notice = match &ended.planned {
        Ok(Planned::Version(version)) => Notice::success("There is a plan")
            .link("Read the plan", format!("/projects/{project}/versions/{version}")),
        Ok(Planned::Blocked(_)) => {
            Notice::warning("Nothing was planned yet: sentences that restrict were not understood")
                .link("Answer them", format!("/projects/{project}/prompts/{prompt}"))
        }
        Ok(Planned::NotAnApp(why)) => {
            return Notice::warning("This does not describe an app yet")
                .text(format!("{why} {}", ended.account))
                .link("Write it again", again);
        }
        Err(why) => {
            return Notice::danger("There is no plan")
                .text(format!("{why} {}", ended.account))
                .link("Write it again", again);
        }
    };
    notice.text(ended.account.as_str())
}

/// What goes on, as it happens: the same events that a build's page understands.
pub(in crate::http) async fn events(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
    Path(at): Path<(ProjectId, PromptId)>,
) -> Result<Response> {
    let reached = reached(&site, &member, &project, at.1).await?;
    let run = reached.and_then(|(planners, prompt)| Some((planners.run(prompt.id)?, prompt)));
    // Where nothing goes on, the page says what there is.
    let Some((run, prompt)) = run else { return Ok(go(path(project.id, at.1))) };
    let stream = stream(site, member, prompt, run);
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response())
}

/// The state of a stream between two events.
struct Following {
    site: Site,
    member: Member,
    prompt: (ProjectId, PromptId),
    run: Arc<Run>,
    number: u64,
    shown: String,
    over: bool,
}

fn stream(
    site: Site,
    member: Member,
    prompt: Owned<Prompt>,
    run: Arc<Run>,
) -> impl futures_util::Stream<Item = std::result::Result<Event, Infallible>> {
    let prompt = (prompt.project, prompt.id);
    let following = Following { site, member, prompt, run, number: 0, shown: String::new(), over: false };
    let until = tokio::time::Instant::now() + STREAM;
    futures_util::stream::unfold(following, move |mut following| async move {
        loop {
            if following.over || tokio::time::Instant::now() >= until {
                return None;
            }
            let (said, bytes) = following.run.so_far();
            let line = said.last().cloned().unwrap_or_else(|| "Beginning".to_owned());
            let now = if bytes > 0 { format!("{line}: {}", written(bytes)) } else { line };
            if now != following.shown {
                following.number += 1;
                let body = serde_json::json!({ "kind": "phase", "name": now }).to_string();
                following.shown = now;
                let event = Event::default().id(following.number.to_string()).event("phase").data(body);
                return Some((Ok(event), following));
            }
            if following.run.ended().is_some() {
                following.over = true;
                return Some((Ok(Event::default().event("over").data("{}")), following));
            }
            // Asked for anew each time: whoever lost the project, or their session's account, sees no more.
            let _still: Owned<Prompt> =
                following.member.owned(&following.site.platform, following.prompt).await.ok()?;
            following.run.news(Duration::from_secs(1)).await;
        }
    })
}
