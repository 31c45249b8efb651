//! The JSON API: what the pages do, for programs. The command line stands on it.
//!
//! Tokens come from the routes of identity (`POST /identity/sign-in` and its steps); a refusal is a problem
//! (RFC 9457). `/openapi.json` describes all of it, from the same table that serves it.

mod copies;
mod departures;
mod outward;
mod prompts;
mod providers;
mod support;

use std::collections::BTreeMap;

use safeguards::audit::{Action, Event};
use safeguards::axum::Json;
use safeguards::axum::extract::{Path, State};
use safeguards::axum::http::StatusCode;
use safeguards::identity::EmailAddress;
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};

use crate::accounts::{Member, Owned};
use crate::builds::{self, Build};
use crate::changes::{self, Compared};
use crate::custom::{self, CodeDifference, Custom};
use crate::environments::{self, Environment};
use crate::error::{Refusal, Result};
use crate::http::doors::Door::{Member as AsMember, Project as OfProject};
use crate::http::doors::{Door, Shape};
use crate::http::{Route, Routes, Site, pages};
use crate::ids::{BuildId, ProjectId, VersionId};
use crate::processors;
use crate::projects::{self, Project};
use crate::residency;
use crate::seams::{EnvironmentKind, Standing};
use crate::versions::{self, Version};

/// A spec that somebody wrote themselves, with or without custom code.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSpec {
    /// `app.yaml`, as YAML or JSON.
    spec: String,
    /// The sources below `src/custom`, by their paths in the project, such as `src/custom/mod.rs`; at most 64, of 128 KiB each
    /// and 512 KiB together. Left out, the version has the custom code of the one before; `{}` is none.
    #[serde(default)]
    custom: Option<BTreeMap<String, String>>,
}

/// The version that a spec became.
#[derive(Serialize, JsonSchema)]
pub(super) struct Submitted {
    /// It waits for approval.
    version: VersionId,
}

/// A project with all that stands on its page.
#[derive(Serialize, JsonSchema)]
pub(super) struct ProjectAnswer {
    #[serde(flatten)]
    project: Project,
    /// Its preview and its production, where there is one.
    environments: Vec<EnvironmentAnswer>,
    /// Its versions, newest first.
    versions: Vec<Version>,
    /// Its last builds, newest first.
    builds: Vec<Build>,
    /// What its production may do, by what is paid and signed.
    standing: Standing,
}

/// A place where it runs.
#[derive(Serialize, JsonSchema)]
pub(super) struct EnvironmentAnswer {
    #[serde(flatten)]
    environment: Environment,
    /// Its address.
    address: String,
    /// Where its data lie. One that is older than the record has no lines.
    residency: Vec<residency::Line>,
}

/// A version with its spec.
#[derive(Serialize, JsonSchema)]
pub(super) struct VersionAnswer {
    #[serde(flatten)]
    version: Version,
    /// The spec as text (YAML).
    spec: String,
    /// Its custom code, by the paths of its files; empty where it has none.
    custom: BTreeMap<String, String>,
    /// Who may do what, and where health information is; `spec` says the same in its own words.
    #[schemars(with = "serde_json::Value")]
    plan: spec::plan::Plan,
    /// Everything else that the spec says: rules, tasks, messages, AI actions and the rest.
    #[schemars(with = "serde_json::Value")]
    declared: Vec<spec::plan::PlannedSection>,
    /// What it changes of what there is; none of a first plan.
    changes: Option<ChangesAnswer>,
}

/// What a version changes.
#[derive(Serialize, JsonSchema)]
pub(super) struct ChangesAnswer {
    /// The number of the version that it is compared with.
    compared_with: i64,
    /// Where that one serves.
    serves: Option<EnvironmentKind>,
    /// What is different, a sentence each.
    changes: Vec<String>,
    /// What is shown to somebody who does not see it today.
    opens: Vec<String>,
    /// What is recorded and is deleted.
    deletes: Vec<String>,
    /// Files of custom code that differ.
    custom: CodeDifference,
    /// Whether `confirm` has to name the app.
    wants_confirmation: bool,
}

impl ChangesAnswer {
    fn of(compared: Compared) -> Self {
        let wants_confirmation = compared.wants_confirmation();
        let (opens, Compared { with, serves, difference, code, .. }) =
            (compared.difference.opened().collect(), compared);
        let (changes, deletes) = (difference.said, difference.losses);
        Self { compared_with: with, serves, changes, opens, deletes, custom: code, wants_confirmation }
    }
}

/// The approval of a plan.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Approval {
    /// `digest` of the version whose plan and custom code were read.
    digest: String,
    /// The app's name, where the version deletes or opens what is recorded in production.
    confirm: Option<String>,
}

/// Where to build a version.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Target {
    /// Preview, or production (owners only).
    environment: EnvironmentKind,
    /// The app's name, where the version deletes or opens what is recorded in production.
    confirm: Option<String>,
}

/// A build that was begun.
#[derive(Serialize, JsonSchema)]
pub(super) struct Begun {
    /// It.
    build: BuildId,
}

/// A secret link that works once.
#[derive(Serialize, JsonSchema)]
pub(super) struct Link {
    /// Its address.
    link: String,
}

/// Lines of a log.
#[derive(Serialize, JsonSchema)]
pub(super) struct Log {
    /// Oldest first.
    lines: Vec<String>,
}

/// What a route takes or answers; nothing is said by [`Nothing`].
pub(super) trait Shaped {
    fn schema() -> Option<Schema>;
}

/// No body.
pub(super) struct Nothing;

impl Shaped for Nothing {
    fn schema() -> Option<Schema> {
        None
    }
}

impl<T: JsonSchema> Shaped for T {
    fn schema() -> Option<Schema> {
        Some(schema_for!(T))
    }
}

fn route<Takes: Shaped, Answers: Shaped>(
    method: &'static str,
    door: Door,
    path: &'static str,
    about: &'static str,
) -> Route {
    let shape = Shape { takes: Takes::schema(), answers: Answers::schema() };
    Route { method, path, door, about, shape: Some(shape) }
}

pub(in crate::http) fn routes(routes: Routes) -> Routes {
    const PROJECT: &str = "/api/projects/{project}";
    const VERSION: &str = "/api/projects/{project}/versions/{version}";
    const BUILD: &str = "/api/projects/{project}/builds/{build}";
    let routes = copies::routes(support::routes(departures::routes(routes)));
    let routes = prompts::routes(providers::routes(outward::routes(routes)));
    routes
        .api(route::<Nothing, Vec<Project>>("GET", AsMember, "/api/projects", "The account's projects"), list)
        .api(route::<Nothing, ProjectAnswer>("GET", OfProject, PROJECT, "A project"), show)
        .api(
            route::<NewSpec, Submitted>(
                "POST",
                OfProject,
                "/api/projects/{project}/versions",
                "Keeps a spec that somebody wrote themselves, and custom code, as the next version",
            ),
            submit,
        )
        .api(route::<Nothing, VersionAnswer>("GET", OfProject, VERSION, "A version and its plan"), version)
        .api(
            route::<Approval, Begun>(
                "POST",
                OfProject,
                "/api/projects/{project}/versions/{version}/approve",
                "Approves a plan and builds it into the preview",
            ),
            approve,
        )
        .api(
            route::<Target, Begun>(
                "POST",
                OfProject,
                "/api/projects/{project}/versions/{version}/builds",
                "Builds an approved version again, into the preview or, by an owner, into production",
            ),
            again,
        )
        .api(route::<Nothing, Build>("GET", OfProject, BUILD, "A build"), build)
        .api(route::<Nothing, Nothing>("DELETE", OfProject, BUILD, "Calls a build off"), cancel)
        .api(
            route::<Nothing, Nothing>(
                "GET",
                OfProject,
                "/api/projects/{project}/builds/{build}/events",
                "What happens in a build, as server-sent events; resumable by Last-Event-ID",
            ),
            pages::build_events,
        )
        .api(
            route::<Nothing, Link>(
                "POST",
                OfProject,
                "/api/projects/{project}/preview/link",
                "A one-time link into the preview, as its owner",
            ),
            preview_link,
        )
        .api(
            route::<Nothing, Log>(
                "GET",
                OfProject,
                "/api/projects/{project}/logs/{kind}",
                "The last lines that the app wrote for its operator",
            ),
            logs,
        )
        .api(
            route::<Nothing, Vec<processors::Line>>(
                "GET",
                AsMember,
                "/api/sub-processors",
                "Which companies handle data, and under which agreement",
            ),
            sub_processors,
        )
}

async fn list(State(site): State<Site>, member: Member) -> Result<Json<Vec<Project>>> {
    Ok(Json(projects::list(&site.platform, &member).await?))
}

async fn show(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
) -> Result<Json<ProjectAnswer>> {
    let platform = &site.platform;
    let mut environments = Vec::new();
    for environment in environments::list(platform, &project).await? {
        let address = platform.configuration.origin(&environment.host_name);
        let residency = residency::of(platform, environment.id).await?;
        environments.push(EnvironmentAnswer { environment, address, residency });
    }
    Ok(Json(ProjectAnswer {
        environments,
        versions: versions::list(platform, &project).await?,
        builds: builds::list(platform, &project).await?,
        standing: site.billing.standing(member.account()).await?,
        project: Project::clone(&project),
    }))
}

async fn submit(
    State(site): State<Site>,
    project: Owned<Project>,
    Json(body): Json<NewSpec>,
) -> Result<Json<Submitted>> {
    let custom = match body.custom {
        Some(files) => Custom::Sent(custom::parse(files)?),
        None => Custom::OfLast,
    };
    let version = versions::submit_with(&site.platform, &project, &body.spec, custom).await?;
    Ok(Json(Submitted { version }))
}

async fn version(State(site): State<Site>, version: Owned<Version>) -> Result<Json<VersionAnswer>> {
    let (text, spec) = versions::read(&site.platform, &version).await?;
    let plan = spec::plan::plan(spec.model());
    let declared = spec::plan::declared(spec.document());
    let changes = changes::of(&site.platform, &version).await?.map(ChangesAnswer::of);
    let custom = custom::of(&site.platform, &version).await?.files().clone();
    Ok(Json(VersionAnswer { version: Version::clone(&version), spec: text, custom, plan, declared, changes }))
}

async fn approve(
    State(site): State<Site>,
    project: Owned<Project>,
    version: Owned<Version>,
    Json(body): Json<Approval>,
) -> Result<Json<Begun>> {
    let typed = body.confirm.as_deref();
    let build = builds::approve(&site.platform, &project, &version, &body.digest, typed).await?;
    Ok(Json(Begun { build }))
}

async fn again(
    State(site): State<Site>,
    project: Owned<Project>,
    version: Owned<Version>,
    Json(body): Json<Target>,
) -> Result<Json<Begun>> {
    let (kind, typed) = (body.environment, body.confirm.as_deref());
    let build = builds::again(&site.platform, &*site.billing, &project, &version, kind, typed).await?;
    Ok(Json(Begun { build }))
}

async fn build(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
    Path((_, build)): Path<(ProjectId, BuildId)>,
) -> Result<Json<Build>> {
    let build: Owned<Build> = member.owned(&site.platform, (project.id, build)).await?;
    Ok(Json(Build::clone(&build)))
}

async fn cancel(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
    Path((_, build)): Path<(ProjectId, BuildId)>,
) -> Result<StatusCode> {
    let build: Owned<Build> = member.owned(&site.platform, (project.id, build)).await?;
    builds::cancel(&site.platform, &build).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn preview_link(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
) -> Result<Json<Link>> {
    Ok(Json(Link { link: one_time_link(&site, &member, &project).await? }))
}

/// A link into the preview for the member who asks, as its owner. It is a secret: it stands in an answer and
/// in nothing that is kept.
pub(in crate::http) async fn one_time_link(
    site: &Site,
    member: &Member,
    project: &Owned<Project>,
) -> Result<String> {
    let platform = &site.platform;
    let id = (project.id, EnvironmentKind::Preview);
    let environment: Owned<Environment> = member.owned(platform, id).await?;
    if environment.version.is_none() {
        return Err(Refusal::Conflict("Nothing serves as a preview yet. Approve a plan first.".into()));
    }
    let profile = platform.identity.profile(member.session().row()).await?;
    let email = EmailAddress::parse(&profile.email)
        .map_err(|_| Refusal::Fault("a member's address cannot be read"))?;
    let event = Event::new(Action::Configure).entity("environment").record(environment.id).note("opened");
    platform.audit.record(member.circumstances(), event).await?;
    let path = site.host.invite_owner(environment.id, &email).await?;
    Ok(format!("{}{path}", platform.configuration.origin(&environment.host_name)))
}

async fn logs(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
    Path((_, kind)): Path<(ProjectId, String)>,
) -> Result<Json<Log>> {
    let kind = EnvironmentKind::parse(&kind).ok_or(Refusal::NotFound)?;
    let environment: Owned<Environment> = member.owned(&site.platform, (project.id, kind)).await?;
    Ok(Json(Log { lines: site.host.logs(environment.id, 300).await? }))
}

async fn sub_processors(State(site): State<Site>, _member: Member) -> Result<Json<Vec<processors::Line>>> {
    Ok(Json(processors::register(&site.platform).await?))
}
