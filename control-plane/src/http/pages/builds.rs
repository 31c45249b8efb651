//! A build and how far it is: as it happens with a script, and by asking again without one.

use std::convert::Infallible;
use std::time::Duration;

use maud::html;
use safeguards::axum::extract::{Path, State};
use safeguards::axum::http::HeaderMap;
use safeguards::axum::response::sse::{Event, KeepAlive, Sse};
use safeguards::axum::response::{IntoResponse, Response};
use safeguards::pages::{FormData, Notice, Page};

use super::{Result, go};
use crate::Platform;
use crate::accounts::{Member, Owned};
use crate::builds::events::{self, StoredEvent};
use crate::builds::{self, Build, BuildState, verification};
use crate::http::{Shell, Site};
use crate::ids::{BuildId, ProjectId};
use crate::projects::Project;
use crate::seams::{BuildEvent, EnvironmentKind};

/// How long one stream lasts; the browser comes again and says what it saw last.
const STREAM: Duration = Duration::from_secs(240);

async fn owned(
    site: &Site,
    member: &Member,
    project: &Owned<Project>,
    path: (ProjectId, BuildId),
) -> Result<Owned<Build>> {
    member.owned(&site.platform, (project.id, path.1)).await
}

/// What the events so far add up to.
#[derive(Default)]
struct Sofar {
    last: i64,
    phase: Option<String>,
    progress: Option<(u32, u32, String)>,
    said: Vec<(String, String)>,
    address: Option<String>,
}

async fn so_far(platform: &Platform, build: BuildId) -> Result<Sofar> {
    let mut sofar = Sofar::default();
    loop {
        let events = events::after(platform, build, sofar.last).await?;
        if events.is_empty() {
            return Ok(sofar);
        }
        for StoredEvent { number, event, .. } in events {
            sofar.last = number;
            match event {
                BuildEvent::Phase { name } => sofar.phase = Some(name),
                BuildEvent::Progress { done, total, now } => sofar.progress = Some((done, total, now)),
                BuildEvent::Diagnostic { level, message, file, line } => {
                    let place = file.map(|file| match line {
                        Some(line) => format!("{file}:{line}: "),
                        None => format!("{file}: "),
                    });
                    sofar.said.push((level, place.unwrap_or_default() + &message));
                }
                BuildEvent::Serving { address } => sofar.address = Some(address),
                BuildEvent::Failed { .. } => {}
            }
        }
    }
}

pub(super) async fn show(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
    Shell(view): Shell,
    Path(path): Path<(ProjectId, BuildId)>,
) -> Result<Page> {
    let build = owned(&site, &member, &project, path).await?;
    let sofar = so_far(&site.platform, build.id).await?;
    let at = format!("/projects/{}/builds/{}", project.id, build.id);
    let target = match build.kind {
        EnvironmentKind::Preview => "the preview",
        EnvironmentKind::Production => "production",
    };
    let mut page = view
        .page(format!("Version {} into {target}", build.number))
        .about(format!("Begun {}.", view.moment(build.created_at)))
        .back(project.name.as_str(), format!("/projects/{}", project.id));
    page = match build.state {
        BuildState::Waiting | BuildState::Running => {
            page.command("Call it off", format!("{at}/cancel")).refreshed(4)
        }
        BuildState::Serving => page.notice(
            Notice::success("It is up")
                .text(sofar.address.clone().unwrap_or_default())
                .link("To the project", format!("/projects/{}", project.id)),
        ),
        BuildState::Failed => page.notice(
            Notice::danger("It does not serve")
                .text(build.failure.clone().unwrap_or_default())
                .link("Change the description", format!("/projects/{}/prompts/new", project.id)),
        ),
        BuildState::Cancelled => page.notice(Notice::information("It was called off")),
    };
    let over = build.state.is_over();
    let phase = match build.state {
        BuildState::Waiting => "Waiting for its turn",
        BuildState::Running => sofar.phase.as_deref().unwrap_or("Beginning"),
        BuildState::Serving => "Done",
        BuildState::Failed => "Ended without success",
        BuildState::Cancelled => "Called off",
    };
    let (done, total, now) = sofar.progress.clone().unwrap_or((0, 1, String::new()));
    let report = verification::report(&site.platform, project.id, build.version);
    let report = report
        .ok()
        .flatten()
        .map(|_| format!("/projects/{}/versions/{}/verification", project.id, build.version));
    let shown = html! {
        section.build aria-label="Progress" data-events=[(!over).then(|| format!("{at}/events"))] data-last=(sofar.last) {
            p.phase role="status" { (phase) }
            @if !over { progress aria-label="Compiled so far" max=(total.max(1)) value=(done) {} }
            p.count { @if sofar.progress.is_some() && build.state != BuildState::Serving { (done) " of " (total) @if !over { ": " (now) } } }
            ul.lines-said hidden[sofar.said.is_empty()] aria-label="What the compiler said" {
                @for (level, text) in &sofar.said { li.(word(level)) { (text) } }
            }
            @if let (true, Some(report)) = (over, report) { p { a href=(report) { "What the verifier found" } } }
        }
    };
    Ok(page.with(shown))
}

/// The class of a line: one of two words, whatever the compiler calls it.
fn word(level: &str) -> &'static str {
    if level.starts_with("error") { "error" } else { "warning" }
}

/// Server-sent events, from the one after `Last-Event-ID` (or `?after=`).
pub(in crate::http) async fn events(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
    headers: HeaderMap,
    Path(path): Path<(ProjectId, BuildId)>,
    uri: safeguards::axum::http::Uri,
) -> Result<Response> {
    let build = owned(&site, &member, &project, path).await?;
    let query = FormData::parse(uri.query().unwrap_or_default().as_bytes());
    let named = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse::<i64>().ok());
    let after = named.or_else(|| query.first("after")?.parse().ok()).unwrap_or(0).max(0);
    let stream = stream(site.platform.clone(), member, build, after);
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response())
}

/// The state of a stream between two events.
struct Following {
    platform: Platform,
    member: Member,
    build: BuildId,
    project: ProjectId,
    last: i64,
    waiting: std::collections::VecDeque<StoredEvent>,
    over: bool,
}

fn stream(
    platform: Platform,
    member: Member,
    build: Owned<Build>,
    after: i64,
) -> impl futures_util::Stream<Item = std::result::Result<Event, Infallible>> {
    let (id, project) = (build.id, build.project);
    let following = Following {
        platform,
        member,
        build: id,
        project,
        last: after,
        waiting: Default::default(),
        over: false,
    };
    let until = tokio::time::Instant::now() + STREAM;
    futures_util::stream::unfold(following, move |mut following| async move {
        loop {
            if let Some(event) = following.waiting.pop_front() {
                following.last = event.number;
                return Some((Ok(as_sent(&event)), following));
            }
            if following.over || tokio::time::Instant::now() >= until {
                return None;
            }
            let platform = following.platform.clone();
            // Asked for before the look, so that nothing is missed in between.
            let news = platform.build_news.notified();
            let events = events::after(&platform, following.build, following.last).await.ok()?;
            if !events.is_empty() {
                following.waiting.extend(events);
                continue;
            }
            // Asked for anew each time: whoever lost the project, or their session's account, sees no more.
            let id = (following.project, following.build);
            let build: Owned<Build> = following.member.owned(&platform, id).await.ok()?;
            if build.state.is_over() {
                following.over = true;
                return Some((Ok(Event::default().event("over").data("{}")), following));
            }
            let _either = tokio::time::timeout(Duration::from_secs(1), news).await;
        }
    })
}

fn as_sent(event: &StoredEvent) -> Event {
    let body = serde_json::to_value(event).unwrap_or_default();
    let kind = body.get("kind").and_then(serde_json::Value::as_str).unwrap_or("event").to_owned();
    Event::default().id(event.number.to_string()).event(kind).data(body.to_string())
}

pub(super) async fn cancel(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
    Path(path): Path<(ProjectId, BuildId)>,
) -> Result<Response> {
    let build = owned(&site, &member, &project, path).await?;
    builds::cancel(&site.platform, &build).await?;
    Ok(go(format!("/projects/{}/builds/{}", project.id, build.id)))
}
