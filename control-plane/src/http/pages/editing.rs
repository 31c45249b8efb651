//! A plan is changed before it is approved: in words, in the matrix of who may do what, or in `app.yaml` itself. Each way makes
//! the project's next version, which is read and approved like any other; the one that was changed stays as it was.

use safeguards::axum::extract::State;
use safeguards::axum::response::{IntoResponse, Response};
use safeguards::pages::{Choice, Field, Form, FormData, Page, View};
use spec::{Access, AppSpec, Name};

use super::{Result, go};
use crate::accounts::Owned;
use crate::custom::Custom;
use crate::error::Refusal;
use crate::http::{Shell, Site};
use crate::projects::Project;
use crate::versions::{self, Version};

/// The longest spec, in characters.
const LONGEST: usize = 200_000;

fn path(version: &Version) -> String {
    format!("/projects/{}/versions/{}/edit", version.project, version.id)
}

fn page(view: &View, version: &Version) -> Page {
    let goes_along = if version.custom_digest.is_some() { " Its custom code goes along." } else { "" };
    view.page(format!("Change the plan of version {}", version.number))
        .about(format!("Each change makes a new version of the plan, to be read and approved. What serves now goes on serving.{goes_along}"))
        .back("The plan", format!("/projects/{}/versions/{}", version.project, version.id))
}

fn words(version: &Version) -> Form {
    let hint =
        "As in: let nurses see vitals, too; or: add allergies to patients; or: rename phone to mobile.";
    Form::new(format!("{}/words", path(version)))
        .field(Field::paragraphs("words", "In words").hint(hint).longest(5_000))
        .submit("Change it")
}

fn matrix(version: &Version, document: &AppSpec) -> Form {
    let called = |name: &Name| Choice::new(name.to_string(), name.title());
    let roles: Vec<Choice> = document.roles.keys().map(called).collect();
    let entities: Vec<Choice> = document.entities.keys().map(called).collect();
    let hint = "As in: view, update assigned; or: view(reference, next visit) in clinic; or: view own; never notes. Nothing takes it all away";
    Form::new(format!("{}/access", path(version)))
        .field(Field::choice("role", "Who", roles))
        .field(Field::choice("entity", "With what", entities))
        .field(Field::text("may", "May").hint(hint).optional().longest(500))
        .submit("Change who may do what")
}

fn text(version: &Version, spec: &str) -> Form {
    Form::new(format!("{}/text", path(version)))
        .field(Field::paragraphs("spec", "The plan as text (app.yaml)").longest(LONGEST))
        .with("spec", spec.to_owned())
        .submit("Read it as a new version")
}

pub(super) async fn show(
    State(site): State<Site>,
    version: Owned<Version>,
    Shell(view): Shell,
) -> Result<Page> {
    let (written, spec) = versions::read(&site.platform, &version).await?;
    let page = page(&view, &version).with(words(&version));
    Ok(page.with(matrix(&version, spec.document())).with(text(&version, &written)))
}

/// Keeps the new text; where it does not do, the form again, with what is wrong.
async fn kept(
    site: &Site,
    project: &Owned<Project>,
    (view, version): (&View, &Owned<Version>),
    changed: &str,
    (form, field): (Form, &'static str),
) -> Result<Response> {
    match versions::submit_with(&site.platform, project, changed, Custom::Of(version)).await {
        Ok(made) => Ok(go(format!("/projects/{}/versions/{made}", project.id))),
        Err(Refusal::Invalid { reason, .. }) => {
            Ok(page(view, version).with(form.mistake(field, reason)).into_response())
        }
        Err(other) => Err(other),
    }
}

pub(super) async fn in_words(
    State(site): State<Site>,
    project: Owned<Project>,
    version: Owned<Version>,
    Shell(view): Shell,
    data: FormData,
) -> Result<Response> {
    let (_, spec) = versions::read(&site.platform, &version).await?;
    let form = words(&version).fill(&data);
    let answers = match words(&version).parse(&view, data) {
        Ok(answers) => answers,
        Err(form) => return Ok(page(&view, &version).with(*form).into_response()),
    };
    let said = answers.text("words").unwrap_or_default().to_owned();
    // It takes a while, so it stands aside.
    let changed = tokio::task::spawn_blocking(move || planner::change(&spec, &said)).await;
    match changed.map_err(|_| Refusal::Fault("the planner panicked"))? {
        // What it retires goes; whoever approves that of a living app confirms it there.
        Ok(changed) => {
            let changed = planner::without_retired(&changed.text);
            kept(&site, &project, (&view, &version), &changed, (form, "words")).await
        }
        Err(why) => Ok(page(&view, &version).with(form.mistake("words", sentence(&why))).into_response()),
    }
}

/// Why nothing changes, to the founder.
fn sentence(why: &planner::PlanError) -> String {
    match why {
        planner::PlanError::Blocked { sentences, .. } => {
            format!(
                "This restricts something and was not understood; say it again in other words: {}",
                sentences.join(" | ")
            )
        }
        other => other.to_string(),
    }
}

pub(super) async fn in_the_matrix(
    State(site): State<Site>,
    project: Owned<Project>,
    version: Owned<Version>,
    Shell(view): Shell,
    data: FormData,
) -> Result<Response> {
    let (_, spec) = versions::read(&site.platform, &version).await?;
    let mut document = spec.document().clone();
    let form = matrix(&version, &document).fill(&data);
    let answers = match matrix(&version, &document).parse(&view, data) {
        Ok(answers) => answers,
        Err(form) => return Ok(page(&view, &version).with(*form).into_response()),
    };
    let name = |field: &str| answers.text(field).and_then(|text| text.parse::<Name>().ok());
    let (Some(role), Some(entity)) = (name("role"), name("entity")) else { return Err(Refusal::NotFound) };
    let entity = document.entities.get_mut(&entity).ok_or(Refusal::NotFound)?;
    let access = entity.access.get_or_insert_with(Default::default);
    match answers.text("may").map(str::trim).filter(|text| !text.is_empty()) {
        None => drop(access.shift_remove(&role)),
        Some(text) => match text.parse::<Access>() {
            Ok(parsed) => drop(access.insert(role, parsed)),
            Err(wrong) => {
                let help = wrong.help.map(|help| format!(": {help}")).unwrap_or_default();
                let form = form.mistake("may", format!("{}{help}", wrong.message));
                return Ok(page(&view, &version).with(form).into_response());
            }
        },
    }
    kept(&site, &project, (&view, &version), &document.to_yaml(), (form, "may")).await
}

pub(super) async fn as_text(
    State(site): State<Site>,
    project: Owned<Project>,
    version: Owned<Version>,
    Shell(view): Shell,
    data: FormData,
) -> Result<Response> {
    let form = text(&version, "").fill(&data);
    match text(&version, "").parse(&view, data) {
        Ok(answers) => {
            let written = answers.text("spec").unwrap_or_default().replace("\r\n", "\n");
            kept(&site, &project, (&view, &version), &written, (form, "spec")).await
        }
        Err(form) => Ok(page(&view, &version).with(*form).into_response()),
    }
}
