//! The prompts of a project: the box, the list, and what a prompt leaves open.

use maud::{Markup, html};
use safeguards::axum::extract::{Path, State};
use safeguards::axum::response::{IntoResponse, Response};
use safeguards::pages::{Choice, Content, Field, Form, FormData, Notice, Page, Row, Show, Table, View};

use super::projects::{after, tabs};
use super::{Result, go, planning};
use crate::accounts::{Member, Owned};
use crate::error::Refusal;
use crate::http::{Shell, Site};
use crate::ids::{ProjectId, PromptId};
use crate::projects::Project;
use crate::prompts::{self, Prompt, PromptAnswer, PromptAnswers, PromptText};
use crate::versions::{self, Planned};

/// The box for a prompt.
pub(super) fn prompt_form(to: impl Into<String>) -> Form {
    Form::new(to)
        .field(Field::paragraphs("prompt", "What is your app for?").longest(prompts::LONGEST).hint(
            "Who works with it, what they record, and who may see it. Do not write about real patients.",
        ))
        .submit("Plan the app")
}

/// The box and what could stand in it.
pub(super) struct PromptBox(pub(super) Form);

impl Show for PromptBox {
    fn show(&self, view: &View) -> Markup {
        html! {
            div.prompt {
                (self.0.show(view))
                p.hint { "For instance:" }
                ul.examples {
                    li { "“Patients take their blood pressure at home, morning and evening. Nurses see the readings of the patients assigned to them and are told when one is above 180 over 110. Only the clinic owner adds patients.”" }
                    li { "“A dental practice books appointments. Dentists write treatment notes, which are locked once signed. The front desk sees appointments and never treatment notes.”" }
                }
            }
        }
    }

    fn summary(&self, view: &View) -> Option<Markup> {
        self.0.summary(view)
    }
}

pub(super) async fn list(
    State(site): State<Site>,
    project: Owned<Project>,
    Shell(view): Shell,
) -> Result<Page> {
    let rows = prompts::list(&site.platform, &project).await?.into_iter().map(|prompt| {
        Row::new()
            .cell(Content::Moment(prompt.created_at))
            .cell(match prompt.deleted_at {
                Some(at) => format!("Deleted {}", view.moment(at)),
                None => "Kept, sealed".to_owned(),
            })
            .to(format!("/projects/{}/prompts/{}", project.id, prompt.id))
    });
    let table = Table::new("Prompts").column("Written").column("Text").rows(rows);
    Ok(view
        .page(project.name.as_str())
        .about("What you wrote is used to plan this app and for nothing else. It is sealed under your account's key, and you can delete it.")
        .back("Projects", "/projects")
        .action("Change it by a prompt", format!("/projects/{}/prompts/new", project.id))
        .tabs(&tabs(&project))
        .with(table))
}

/// The box, with the last prompt in it: a plan is made of the whole description.
pub(super) async fn new(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
    Shell(view): Shell,
) -> Result<Page> {
    let platform = &site.platform;
    let mut form =
        prompt_form(format!("/projects/{}/prompts", project.id)).cancel(format!("/projects/{}", project.id));
    if let Some(last) =
        prompts::list(platform, &project).await?.into_iter().find(|prompt| prompt.deleted_at.is_none())
    {
        let last: Owned<Prompt> = member.owned(platform, (project.id, last.id)).await?;
        if let Some((text, _)) = prompts::read(platform, &last).await? {
            form = form.with("prompt", text.reveal().to_owned());
        }
    }
    Ok(view
        .page("Change the app")
        .about("Change the description, and read the new plan. What serves now goes on serving until you approve it.")
        .back(project.name.as_str(), format!("/projects/{}", project.id))
        .with(form))
}

pub(super) async fn write(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
    Shell(view): Shell,
    data: FormData,
) -> Result<Response> {
    let platform = &site.platform;
    let text = match PromptText::parse(data.first("prompt").unwrap_or_default()) {
        Ok(text) => text,
        Err(Refusal::Invalid { reason, .. }) => {
            let form = prompt_form(format!("/projects/{}/prompts", project.id))
                .fill(&data)
                .mistake("prompt", reason);
            return Ok(view.page("Change the app").with(form).into_response());
        }
        Err(other) => return Err(other),
    };
    let prompt = prompts::write(platform, &project, &text).await?;
    let prompt: Owned<Prompt> = member.owned(platform, (project.id, prompt)).await?;
    planning::begun(&site, &project, &prompt).await
}

async fn owned(
    site: &Site,
    member: &Member,
    project: &Owned<Project>,
    path: (ProjectId, PromptId),
) -> Result<Owned<Prompt>> {
    member.owned(&site.platform, (project.id, path.1)).await
}

pub(super) async fn show(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
    Shell(view): Shell,
    Path(path): Path<(ProjectId, PromptId)>,
) -> Result<Page> {
    let platform = &site.platform;
    let prompt = owned(&site, &member, &project, path).await?;
    let page = view
        .page("Prompt")
        .about(format!("Written {}.", view.moment(prompt.created_at)))
        .back(project.name.as_str(), format!("/projects/{}/prompts", project.id));
    let Some((text, _)) = prompts::read(platform, &prompt).await? else {
        return Ok(page.notice(Notice::information("The text of this prompt was deleted")));
    };
    let page = match identifying(&text) {
        Some(notice) => page.notice(notice),
        None => page,
    };
    let made = versions::list(platform, &project)
        .await?
        .into_iter()
        .find(|version| version.prompt == Some(prompt.id));
    let page =
        page.command("Delete the text", format!("/projects/{}/prompts/{}/delete", project.id, prompt.id));
    let body = html! { section.detail { h2 { "What was written" } div.lines { div { (Content::narrative(text.reveal()).show(&view)) } } } };
    if let Some(version) = made {
        let to = format!("/projects/{}/versions/{}", project.id, version.id);
        let planned =
            Notice::success(format!("Planned as version {}", version.number)).link("Read the plan", to);
        return Ok(page.notice(planned).with(body));
    }
    Ok(match versions::think(platform, &prompt).await? {
        Err(Planned::NotAnApp(why)) => page
            .notice(Notice::warning("This does not describe an app yet").text(why).link(
                "Write it again",
                format!("/projects/{}/prompts/new", project.id),
            ))
            .with(body),
        Err(Planned::Blocked(sentences)) => page
            .notice(Notice::warning("Nothing was planned yet").text(
                "These sentences restrict something and were not understood. A restriction is never guessed: say each again, or say that it restricts nothing here.",
            ))
            .with(questions(&project, &prompt, &sentences))
            .with(body),
        _ => page.with(questions(&project, &prompt, &[])).with(body),
    })
}

/// What to say of a text that seems to name somebody.
pub(super) fn identifying(text: &PromptText) -> Option<Notice> {
    let kinds = prompts::identifiers(text);
    (!kinds.is_empty()).then(|| {
        Notice::warning("This text may identify somebody").text(format!(
            "It seems to hold: {}. It is sealed, and only your account sees it. If it is about a real person, delete the text \
             and write it without.",
            kinds.join(", ")
        ))
    })
}

/// A question for each sentence that was not understood.
fn questions(project: &Project, prompt: &Prompt, sentences: &[String]) -> Form {
    let mut form =
        Form::new(format!("/projects/{}/prompts/{}", project.id, prompt.id)).submit("Plan the app");
    for (number, sentence) in sentences.iter().enumerate() {
        let (what, again) = (format!("what{number}"), format!("again{number}"));
        form = form
            .field(
                Field::choice(
                    what.clone(),
                    format!("“{sentence}”"),
                    [
                        Choice::new("rewrite", "I say it again in other words"),
                        Choice::new("drop", "It restricts nothing in this app: plan without it"),
                    ],
                )
                .section(format!("Sentence {}", number + 1)),
            )
            .field(
                Field::paragraphs(again, "In other words")
                    .longest(1_000)
                    .hint("Who may see or do what, and with which records.")
                    .only_when(what, "rewrite"),
            );
    }
    form
}

pub(super) async fn answer(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
    Shell(view): Shell,
    Path(path): Path<(ProjectId, PromptId)>,
    data: FormData,
) -> Result<Response> {
    let platform = &site.platform;
    let prompt = owned(&site, &member, &project, path).await?;
    let Err(Planned::Blocked(sentences)) = versions::think(platform, &prompt).await? else {
        let planned = versions::plan(platform, &project, &prompt).await?;
        return Ok(after(project.id, &prompt, &planned));
    };
    let given = match questions(&project, &prompt, &sentences).parse(&view, data) {
        Ok(given) => given,
        Err(form) => return Ok(view.page("Prompt").with(*form).into_response()),
    };
    let mut answers: PromptAnswers =
        prompts::read(platform, &prompt).await?.map(|(_, answers)| answers).unwrap_or_default();
    for (number, sentence) in sentences.iter().enumerate() {
        let answer = match given.text(&format!("again{number}")) {
            Some(text) => PromptAnswer::Rewrite(text.to_owned()),
            None => PromptAnswer::Drop,
        };
        answers.insert(sentence.clone(), answer);
    }
    prompts::answer(platform, &prompt, &answers).await?;
    let planned = versions::plan(platform, &project, &prompt).await?;
    Ok(after(project.id, &prompt, &planned))
}

pub(super) async fn delete(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
    Path(path): Path<(ProjectId, PromptId)>,
) -> Result<Response> {
    let prompt = owned(&site, &member, &project, path).await?;
    prompts::delete(&site.platform, &prompt).await?;
    Ok(go(format!("/projects/{}/prompts", project.id)))
}
