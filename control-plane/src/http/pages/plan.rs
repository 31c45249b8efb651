//! The plan of a version, as somebody reads it who decides: who sees what of whose, where health
//! information is, what was assumed, and what cannot be had.

use std::collections::BTreeMap;

use maud::{Markup, html};
use safeguards::axum::extract::State;
use safeguards::axum::http::header;
use safeguards::axum::response::{IntoResponse, Response};
use safeguards::pages::{Content, Notice, Page, Row, Show, Table, Tone, View};
use spec::ValidatedSpec;
use spec::plan::{Plan, PlannedAccess};

use super::deciding::CONFIRM;
use super::projects::state_tag;
use super::prompts::identifying;
use super::{Result, custom as custom_code};
use crate::accounts::{Member, Owned};
use crate::builds::verification;
use crate::changes::{self, Compared};
use crate::custom;
use crate::error::Refusal;
use crate::http::{Shell, Site};
use crate::projects::Project;
use crate::prompts::{self, Prompt};
use crate::seams::{EnvironmentKind, Gate, Standing};
use crate::versions::{self, Version, VersionState};

pub(super) async fn show(
    State(site): State<Site>,
    member: Member,
    project: Owned<Project>,
    version: Owned<Version>,
    Shell(view): Shell,
) -> Result<Page> {
    let (_, spec) = versions::read(&site.platform, &version).await?;
    let at = format!("/projects/{}/versions/{}", project.id, version.id);
    let mut page = view
        .page(format!("Plan of version {}", version.number))
        .about(spec.document().about.clone())
        .back(project.name.as_str(), format!("/projects/{}", project.id));
    page = page.action("Change the plan", format!("{at}/edit"));
    page = match version.state {
        VersionState::Planned => page.command("Put it aside", format!("{at}/withdraw")),
        VersionState::Approved => page,
        VersionState::Built | VersionState::Failed => {
            page.command("Build the preview again", format!("{at}/build"))
        }
        VersionState::Withdrawn => page.notice(Notice::information("This version was put aside")),
    };
    let compared = changes::of(&site.platform, &version).await?;
    let grave = compared.as_ref().is_some_and(Compared::wants_confirmation);
    let mut opened = false;
    if version.state == VersionState::Built && member.owner().is_ok() {
        let standing = site.billing.standing(member.account()).await?;
        opened = standing.production == Gate::ReadAndWrite;
        page = into_production(page, &standing, (!grave).then_some(&at));
    }
    if let Some(failure) = &version.failure {
        page = page.notice(Notice::danger("This version could not be built").text(failure.as_str()));
    }
    if let Some(prompt) = version.prompt {
        let prompt: Owned<Prompt> = member.owned(&site.platform, (project.id, prompt)).await?;
        let text = prompts::read(&site.platform, &prompt).await?;
        if let Some(notice) = text.and_then(|(text, _)| identifying(&text)) {
            let at = format!("/projects/{}/prompts/{}", project.id, prompt.id);
            page = page.notice(notice.link("The prompt", at));
        }
    }
    let not_yet = spec::buildable(&spec);
    let open = versions::stopped(&spec);
    let code = custom::of(&site.platform, &version).await?;
    let came = custom::came_with(&site.platform, &version).await?;
    let waits = version.state == VersionState::Planned && not_yet.is_empty() && open.is_none();
    let found = if waits { custom::findings(&site.platform, &version).await? } else { Vec::new() };
    let approve = waits && found.is_empty();
    if !found.is_empty() {
        page = page.notice(custom_code::refused(&at));
    }
    if let (VersionState::Planned, Some(ask)) = (version.state, open) {
        page = page.notice(
            Notice::warning("A person has to decide something first")
                .text(said(ask))
                .link("Change the plan", format!("{at}/edit")),
        );
    }
    if let (VersionState::Planned, Some(first)) = (version.state, not_yet.first()) {
        page = page.notice(
            Notice::warning("This plan cannot be built yet")
                .text(first.problem().to_string())
                .link("Change the description", format!("/projects/{}/prompts/new", project.id)),
        );
    }
    let plan = spec::plan::plan(spec.model());
    let report = verification::report(&site.platform, project.id, version.id);
    let verified = report.is_ok_and(|report| report.is_some());
    let shown = html! {
        div.plan {
            p { (state_tag(version.state).show(&view)) " Planned " (view.moment(version.created_at)) @if let Some(at) = version.approved_at { ", approved " (view.moment(at)) } ". " a href={ (at) "/spec" } { "The spec as text" } @if verified { ". " a href={ (at) "/verification" } { "What the verifier found" } } }
            @if let Some(compared) = &compared { (changed(compared, &view)) }
            (roles(&plan, &view))
            (access(&plan, &spec))
            (everything_else(&spec))
            (open_points(&spec))
            (health_information(&plan, &view))
            (custom_code::section((&code, &found), (&version, came), &view, &at))
            @if approve { (approval(&version, &view, &at, compared.as_ref())) }
            @if let (true, true, Some(compared)) = (opened, grave, &compared) { (bringing(compared, &view, &at)) }
        }
    };
    Ok(page.with(shown))
}

/// Production is offered while it is open, by a button where nothing has to be typed; else it is said what opens it.
fn into_production(page: Page, standing: &Standing, at: Option<&String>) -> Page {
    if standing.production == Gate::ReadAndWrite {
        return match at {
            Some(at) => page.command("Bring it into production", format!("{at}/production")),
            None => page,
        };
    }
    let notice = Notice::information("Production takes no version now").text(standing.words.as_str());
    page.notice(match &standing.next {
        Some((sentence, to)) => notice.link(sentence.as_str(), to.as_str()),
        None => notice,
    })
}

fn roles(plan: &Plan, view: &View) -> Markup {
    html! {
        section aria-labelledby="roles" {
            h2 #roles { "Who works with it" }
            ul.facts { @for role in &plan.roles {
                li { strong { (role.role) } " "
                    @match &role.privileged {
                        Some(why) => { (Content::tag("signs in with a code", Tone::Quiet).show(view)) p { (why) } },
                        None => {}
                    }
                }
            } }
        }
    }
}

/// A table for each kind of record; a role without a line may do nothing with it, and the table says so.
fn access(plan: &Plan, spec: &ValidatedSpec) -> Markup {
    let mut entities: Vec<&str> = spec.model().entities.iter().map(|entity| entity.label.as_str()).collect();
    entities.dedup();
    let mut lines: BTreeMap<(&str, &str), Vec<&PlannedAccess>> = BTreeMap::new();
    for line in &plan.access {
        lines.entry((line.entity.as_str(), line.role.as_str())).or_default().push(line);
    }
    html! {
        section aria-labelledby="access" {
            h2 #access { "Who may do what" }
            p { "Everything that has no line here is denied. “Assigned” means: to this person, by somebody who may assign." }
            @for entity in entities {
                // A narrow window scrolls it, and what scrolls takes the focus.
                div.matrix role="region" aria-label={ "Access to " (entity) } tabindex="0" {
                    table {
                        caption { (entity) }
                        thead { tr { th scope="col" { "Role" } th scope="col" { "May" } th scope="col" { "Which records" } th scope="col" { "Which fields" } } }
                        tbody { @for role in &plan.roles {
                            @match lines.get(&(entity, role.role.as_str())) {
                                None => tr { th scope="row" { (role.role) } td.nothing colspan="3" { "nothing" } },
                                Some(lines) => @for (number, line) in lines.iter().enumerate() {
                                    tr {
                                        @if number == 0 { th scope="row" rowspan=(lines.len()) { (role.role) } }
                                        td { (line.actions.join(", ")) }
                                        td { (line.records) }
                                        td { (line.fields) @if !line.never.is_empty() { span.never { "never " (line.never.join(", ")) } } }
                                    }
                                },
                            }
                        } }
                    }
                }
            }
        }
    }
}

/// What was assumed, refused, left open, not understood, and what is not to be had yet.
fn open_points(spec: &ValidatedSpec) -> Markup {
    let document = spec.document();
    html! {
        @if !document.questions.is_empty() {
            section aria-labelledby="questions" {
                h2 #questions { "Left open" }
                p { "Each has a safe answer, which is taken. To decide otherwise, say so in the description." }
                ul.facts { @for question in &document.questions {
                    li { strong { (question.ask) } " " (question.default)
                        @let others: Vec<&str> = question.options.iter().map(String::as_str).filter(|option| *option != question.default).collect();
                        @if !others.is_empty() { p { "Instead of: " (others.join("; ")) } }
                    }
                } }
            }
        }
        @if !document.assumed.is_empty() {
            section aria-labelledby="assumed" {
                h2 #assumed { "Assumed, since nothing was said" }
                ul.facts { @for text in &document.assumed { li { (said(text)) } } }
            }
        }
        @if !document.refused.is_empty() {
            section aria-labelledby="refused" {
                h2 #refused { "Cannot be had" }
                p { "These would take away a safeguard that no app here goes without." }
                ul.facts { @for refused in &document.refused { li { "“" (refused.said) "” " strong { (refused.why) } @if !refused.instead.is_empty() { p { "Instead: " (refused.instead) } } } } }
            }
        }
        @if !document.not_yet.is_empty() {
            section aria-labelledby="not-yet" {
                h2 #not-yet { "Not in this version" }
                p { "Asked for, and not to be built by this release. The plan is without it." }
                ul.facts { @for wish in &document.not_yet { li { "“" (wish.said) "” " p { (wish.why) } } } }
            }
        }
        @if !document.not_understood.is_empty() {
            section aria-labelledby="not-understood" {
                h2 #not-understood { "Not understood" }
                p { "Nothing in these sentences restricts anything, so the plan goes without them." }
                ul.facts { @for said in &document.not_understood { li { "“" (said) "”" } } }
            }
        }
    }
}

/// Words of the planner and of the lint, which set names apart as a terminal does.
pub(super) fn said(text: &str) -> String {
    let mut open = false;
    let quote = |letter| match letter {
        '`' => {
            open = !open;
            if open { '“' } else { '”' }
        }
        other => other,
    };
    text.chars().map(quote).collect()
}

/// The map of health information: where it is, how it is kept, who sees it.
fn health_information(plan: &Plan, view: &View) -> Markup {
    let rows = plan.phi.iter().map(|field| {
        Row::new()
            .cell(format!("{}: {}", field.entity, field.field))
            .cell(field.class.as_str())
            .cell(field.kept.as_str())
            .cell(if field.viewed_by.is_empty() { "nobody".to_owned() } else { field.viewed_by.join(", ") })
    });
    let table = Table::new("Fields that tell something about a person")
        .column("Field")
        .column("Class")
        .column("Kept")
        .column("Seen by")
        .rows(rows)
        .empty(
            "No field tells anything about a person",
            "If that is wrong, say in the description what is recorded.",
        );
    html! { section aria-labelledby="phi" { h2 #phi { "Where health information is" } (table.show(view)) } }
}

/// What it adds, drops, opens and deletes, in the words of the command line.
fn changed(compared: &Compared, view: &View) -> Markup {
    let difference = &compared.difference;
    html! {
        section aria-labelledby="changes" {
            h2 #changes { "What changes" }
            p { "Compared with version " (compared.with) ", which " (match compared.serves {
                Some(EnvironmentKind::Production) => "serves in production.",
                Some(EnvironmentKind::Preview) => "serves as a preview.",
                None => "was planned before.",
            }) }
            @if difference.is_empty() { p { "No record, field or right differs." } } @else {
                ul.facts {
                    @for said in &difference.said { li { (said) } }
                    @for opened in difference.opened() { li { (Content::tag("opens", Tone::Caution).show(view)) " " (opened) } }
                    @for lost in &difference.losses { li { (Content::tag("deletes", Tone::Danger).show(view)) " " (lost) } }
                }
            }
            @if !compared.code.is_empty() { ul.facts { (custom_code::changed(&compared.code, view)) } }
        }
    }
}

/// Everything that the spec says beside who sees what: whoever approves it approves all of it.
fn everything_else(spec: &ValidatedSpec) -> Markup {
    html! {
        @for section in spec::plan::declared(spec.document()) {
            @let id = format!("declared-{}", section.key.replace(' ', "-"));
            section aria-labelledby=(id) {
                h2 id=(id) { (section.title) }
                @if !section.about.is_empty() { p { (section.about) } }
                ul.facts { @for entry in &section.entries {
                    li { strong { (entry.name) } @for line in &entry.says { p { (line) } } }
                } }
            }
        }
    }
}

/// The field in which a person types the app's name, knowing what is deleted or opened.
fn typed(compared: &Compared) -> Markup {
    html! {
        p { strong { "This deletes what people recorded in production, or shows it to somebody new: see “What changes”." } }
        label for=(CONFIRM) { "Type the app's name to confirm it: " strong { (compared.app) } }
        input #(CONFIRM) type="text" name=(CONFIRM) required autocomplete="off";
    }
}

fn bringing(compared: &Compared, view: &View, at: &str) -> Markup {
    html! {
        form.approve method="post" action={ (at) "/production" } {
            (view.csrf_field())
            (typed(compared))
            button type="submit" { "Bring it into production" }
        }
    }
}

fn approval(version: &Version, view: &View, at: &str, compared: Option<&Compared>) -> Markup {
    html! {
        form.approve method="post" action={ (at) "/approve" } {
            (view.csrf_field())
            input type="hidden" name="digest" value=(version.digest);
            @if let Some(compared) = compared.filter(|compared| compared.wants_confirmation()) { (typed(compared)) }
            p { strong { "Approve this plan?" } " It is built and runs as a preview, with made-up people. What serves now goes on serving until it is up." }
            button type="submit" { "Approve and build" }
        }
    }
}

/// The spec as it was written: short enough to read aloud.
pub(super) async fn spec(State(site): State<Site>, version: Owned<Version>) -> Result<Response> {
    let (text, _) = versions::read(&site.platform, &version).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

/// The report of the verifier. It was written beside the app that it tells of, so it is a file to keep, and no page of ours.
pub(super) async fn verification(
    State(site): State<Site>,
    project: Owned<Project>,
    version: Owned<Version>,
) -> Result<Response> {
    let report = verification::report(&site.platform, project.id, version.id);
    let report = report.map_err(|_| Refusal::Fault("report"))?.ok_or(Refusal::NotFound)?;
    let name = format!("attachment; filename=\"verification-{}.html\"", version.number);
    let headers =
        [(header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, report).into_response())
}
