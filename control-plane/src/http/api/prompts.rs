//! Prompts by the API: planned by the built-in planner or by a model, as on the dashboard (`planning`).

use safeguards::axum::Json;
use safeguards::axum::extract::{Path, State};
use safeguards::axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Nothing, route};
use crate::accounts::{Member, Owned};
use crate::error::Result;
use crate::http::doors::Door::{Member as AsMember, Project as OfProject};
use crate::http::{Routes, Site};
use crate::ids::{ProjectId, PromptId, VersionId};
use crate::planning::{self, Begun, Ended, Run, Way};
use crate::projects::{self, Project};
use crate::prompts::{self, Prompt, PromptAnswers, PromptText};
use crate::versions::{self, Planned};

const PROMPT: &str = "/api/projects/{project}/prompts/{prompt}";

/// A prompt that is sent.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPrompt {
    /// The description of the app, at most 20,000 characters.
    prompt: String,
    /// How to plan it; without a word, by the built-in planner. What a model plans is asked for at the prompt's own address
    /// until it is there.
    #[serde(default)]
    way: Way,
}

/// What a prompt's author says about sentences that were not understood.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAnswers {
    /// By the sentence, as it was answered: `"drop"`, or `{"rewrite": "…"}`.
    answers: PromptAnswers,
}

/// What goes on while a model plans.
#[derive(Serialize, JsonSchema)]
pub(super) struct PlanningAnswer {
    /// What was said so far.
    said: Vec<String>,
    /// How many bytes of an answer are here.
    bytes: usize,
}

/// What came of a prompt.
#[derive(Serialize, JsonSchema)]
pub(super) struct PlannedAnswer {
    /// The project.
    project: ProjectId,
    /// The prompt.
    prompt: PromptId,
    /// The version that waits for approval, if there is a plan.
    version: Option<VersionId>,
    /// Sentences that restrict something and were not understood: answer each.
    blocked: Vec<String>,
    /// Why the text describes no app, if it does not.
    not_an_app: Option<String>,
    /// What goes on, while a model plans it.
    planning: Option<PlanningAnswer>,
    /// Kinds of what could name somebody: nothing was sent to a model.
    identifies: Vec<String>,
    /// Why a model's planning came to no plan, if it did not.
    failed: Option<String>,
    /// Who planned, and what it cost, once a model has.
    account: Option<String>,
}

impl PlannedAnswer {
    fn nothing_yet(project: ProjectId, prompt: PromptId) -> Self {
        Self {
            project,
            prompt,
            version: None,
            blocked: Vec::new(),
            not_an_app: None,
            planning: None,
            identifies: Vec::new(),
            failed: None,
            account: None,
        }
    }

    fn with(mut self, planned: Planned) -> Self {
        match planned {
            Planned::Version(version) => self.version = Some(version),
            Planned::Blocked(sentences) => self.blocked = sentences,
            Planned::NotAnApp(why) => self.not_an_app = Some(why),
        }
        self
    }

    /// While a model plans, and how that ended.
    fn after(self, run: &Run) -> Self {
        let Some(Ended { planned, account }) = run.ended() else {
            let (said, bytes) = run.so_far();
            return Self { planning: Some(PlanningAnswer { said, bytes }), ..self };
        };
        let answer = Self { account: Some(account), ..self };
        match planned {
            Ok(planned) => answer.with(planned),
            Err(why) => Self { failed: Some(why), ..answer },
        }
    }
}

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .api(
            route::<NewPrompt, PlannedAnswer>(
                "POST",
                AsMember,
                "/api/projects",
                "Begins a project by its prompt",
            ),
            begin,
        )
        .api(
            route::<NewPrompt, PlannedAnswer>(
                "POST",
                OfProject,
                "/api/projects/{project}/prompts",
                "Keeps another prompt and plans it",
            ),
            write,
        )
        .api(
            route::<NewAnswers, PlannedAnswer>("POST", OfProject, PROMPT, "Answers what a prompt left open"),
            answer,
        )
        .api(
            route::<Nothing, PlannedAnswer>(
                "GET",
                OfProject,
                PROMPT,
                "What came of a prompt, or what goes on while a model plans it",
            ),
            came,
        )
        .api(route::<Nothing, Nothing>("DELETE", OfProject, PROMPT, "Deletes the text of a prompt"), forget)
}

async fn begin(
    State(site): State<Site>,
    member: Member,
    Json(body): Json<NewPrompt>,
) -> Result<Json<PlannedAnswer>> {
    let platform = &site.platform;
    let text = PromptText::parse(&body.prompt)?;
    let (project, prompt) = prompts::begin(platform, &member, projects::UNTITLED, &text).await?;
    let owned: Owned<Project> = member.owned(platform, project).await?;
    planned(&site, &member, &owned, prompt, body.way).await
}

async fn planned(
    site: &Site,
    member: &Member,
    project: &Owned<Project>,
    prompt: PromptId,
    way: Way,
) -> Result<Json<PlannedAnswer>> {
    let prompt: Owned<Prompt> = member.owned(&site.platform, (project.id, prompt)).await?;
    let answer = PlannedAnswer::nothing_yet(project.id, prompt.id);
    Ok(Json(match planning::plan(&site.platform, project, &prompt, way).await? {
        Begun::Planned(planned) => answer.with(planned),
        Begun::GoesOn => after_run(site, &prompt, answer),
        Begun::Identifies(found) => {
            let mut kinds: Vec<String> =
                found.findings.iter().map(|finding| finding.kind.as_str().to_owned()).collect();
            kinds.sort();
            kinds.dedup();
            PlannedAnswer { identifies: kinds, ..answer }
        }
    }))
}

fn after_run(site: &Site, prompt: &Prompt, answer: PlannedAnswer) -> PlannedAnswer {
    match site.platform.planners.as_ref().and_then(|planners| planners.run(prompt.id)) {
        Some(run) => answer.after(&run),
        None => answer,
    }
}

/// What came of a prompt: its plan, or what goes on.
async fn came(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
    Path((_, prompt)): Path<(ProjectId, PromptId)>,
) -> Result<Json<PlannedAnswer>> {
    let platform = &site.platform;
    let prompt: Owned<Prompt> = member.owned(platform, (project.id, prompt)).await?;
    let answer = after_run(&site, &prompt, PlannedAnswer::nothing_yet(project.id, prompt.id));
    if answer.planning.is_some() || answer.account.is_some() {
        return Ok(Json(answer));
    }
    let made = versions::list(platform, &project).await?;
    let made = made.into_iter().find(|version| version.prompt == Some(prompt.id));
    Ok(Json(PlannedAnswer { version: made.map(|version| version.id), ..answer }))
}

async fn write(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
    Json(body): Json<NewPrompt>,
) -> Result<Json<PlannedAnswer>> {
    let prompt = prompts::write(&site.platform, &project, &PromptText::parse(&body.prompt)?).await?;
    planned(&site, &member, &project, prompt, body.way).await
}

async fn answer(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
    Path((_, prompt)): Path<(ProjectId, PromptId)>,
    Json(body): Json<NewAnswers>,
) -> Result<Json<PlannedAnswer>> {
    let platform = &site.platform;
    let owned: Owned<Prompt> = member.owned(platform, (project.id, prompt)).await?;
    let mut answers = prompts::read(platform, &owned).await?.map(|(_, answers)| answers).unwrap_or_default();
    answers.extend(body.answers);
    prompts::answer(platform, &owned, &answers).await?;
    planned(&site, &member, &project, prompt, Way::Offline).await
}

async fn forget(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
    Path((_, prompt)): Path<(ProjectId, PromptId)>,
) -> Result<StatusCode> {
    let prompt: Owned<Prompt> = member.owned(&site.platform, (project.id, prompt)).await?;
    prompts::delete(&site.platform, &prompt).await?;
    Ok(StatusCode::NO_CONTENT)
}
