//! What whoever answers for an organisation sees of AI: whom data may go to and who attested it (CF-23), and the register of
//! every run (CF-11, CF-24). Everybody sees their own runs (CC-11).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json, Router};
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use super::attestation::{self, Attestation};
use super::register::{Line, latest};
use super::{Assistance, SubProcessor};
use crate::app::Services;
use crate::compliance::Facts;
use crate::identity::IdentityError;
use crate::pages::{Answers, Column, Content, Detail, Field, Form, FormData, Notice, Page, Row, Table, Tone};
use crate::slice::{Body, Called, Result, Routes, Viewer, capitalised, get, go, post};
use crate::web::Problem;

const REGISTER: &str = "/account/compliance/ai";

/// The routes of this part.
pub fn routes(services: Services, facts: Facts) -> Router {
    Routes::new()
        .route("/account/compliance/ai", get(page))
        .route("/api/compliance/ai", get(api))
        .route("/account/compliance/ai/{company}", get(show).post(attest))
        .route("/account/compliance/ai/{company}/withdraw", post(withdraw))
        .route("/api/compliance/ai/{company}", post(api_attest).delete(api_withdraw))
        .layer(Extension(facts))
        .with_state(services)
}

fn answers(viewer: &Viewer) -> bool {
    let roles = viewer.session().identity().settings().roles.held(viewer.principal.roles());
    roles.into_iter().any(|role| role.administers.contains(&"agreements"))
}

/// Whether the viewer attests for this organisation.
fn attests(viewer: &Viewer, company: &SubProcessor) -> bool {
    viewer.is(&[company.attested_by])
}

/// Of which companies the viewer sees how they stand.
fn seen<'f>(viewer: &Viewer, facts: &'f Facts) -> impl Iterator<Item = &'static SubProcessor> + use<'f> {
    let all = answers(viewer);
    let mine: Vec<bool> =
        facts.sub_processors.iter().map(|company| all || attests(viewer, company)).collect();
    facts.sub_processors.iter().copied().zip(mine).filter(|(_, mine)| *mine).map(|(company, _)| company)
}

/// How many companies there are, and how many of them are attested now.
pub(crate) async fn attested(viewer: &Viewer, facts: &Facts) -> Result<(usize, usize)> {
    let mut standing = 0;
    for company in facts.sub_processors {
        let attestation = attestation::standing(viewer, company).await?;
        standing +=
            usize::from(attestation.is_some_and(|attestation| !attestation.is_over(viewer.clock.now())));
    }
    Ok((facts.sub_processors.len(), standing))
}

fn tag(attestation: Option<&Attestation>, now: OffsetDateTime) -> Content {
    match attestation {
        None => Content::tag("not attested: never called", Tone::Caution),
        Some(attestation) if attestation.is_over(now) => Content::tag("lapsed: not called", Tone::Danger),
        Some(_) => Content::tag("attested", Tone::Good),
    }
}

async fn page(viewer: Viewer, Extension(facts): Extension<Facts>) -> Result<Page> {
    let now = viewer.clock.now();
    let whose = if answers(&viewer) { None } else { Some(viewer.principal.person().uuid()) };
    let mut page = viewer
        .page("AI in this app")
        .back("Compliance", "/account/compliance")
        .about("AI proposes, and a person applies. What was read is not kept here: only that it was, by whom and when.");
    let companies: Vec<_> = seen(&viewer, &facts).collect();
    if !companies.is_empty() {
        let mut rows = Vec::new();
        for company in companies {
            let standing = attestation::standing(&viewer, company).await?;
            rows.push(
                Row::new()
                    .to(format!("{REGISTER}/{}", company.path))
                    .cell(capitalised(company.name))
                    .cell(company.purposes.join(", "))
                    .cell(standing.as_ref().map(|standing| standing.ends_at))
                    .cell(tag(standing.as_ref(), now)),
            );
        }
        let table = ["Company", "What for", "Attested until", "Standing"]
            .into_iter()
            .fold(Table::new("Companies that data can go to"), |table, label| {
                table.column(Column::new(label))
            });
        page = page.with(table.rows(rows));
    }
    let lines = latest(&viewer, whose).await?;
    let names = viewer.people(lines.iter().map(|line| Some(line.person))).await?;
    let title = if whose.is_none() { "The latest 200 runs" } else { "Your latest runs" };
    Ok(page.with(register(title, lines, &names)))
}

fn register(title: &str, lines: Vec<Line>, names: &[Called]) -> Table {
    let named = |id: Uuid| names.iter().find(|called| called.id == id).map(|called| called.title.clone());
    let rows: Vec<Row> = lines
        .into_iter()
        .map(|line| {
            let who = named(line.person).unwrap_or_else(|| "Somebody who has left".to_owned());
            let asked = match &line.model {
                Some(model) => format!("{}, {model}", line.engine),
                None => line.engine.clone(),
            };
            let became = became(&line);
            Row::new()
                .cell(line.began_at)
                .cell(who)
                .cell(capitalised(&line.action))
                .cell(asked)
                .cell(line.agreement)
                .cell(line.tokens)
                .cell(
                    line.cost
                        .filter(|cost| *cost > 0)
                        .map(|cost| models::Money::from_nano(u64::try_from(cost).unwrap_or(0)).to_string()),
                )
                .cell(became)
        })
        .collect();
    let table = ["When", "Who", "Action", "Asked", "By agreement"]
        .into_iter()
        .fold(Table::new(title.to_owned()), |table, label| table.column(Column::new(label)));
    let table = ["Tokens", "Cost at most"]
        .into_iter()
        .fold(table, |table, label| table.column(Column::new(label).numeric()));
    table
        .column(Column::new("What became of it"))
        .rows(rows)
        .empty("No run yet", "Each run of an AI action will stand here.")
}

/// `2 proposed, 1 applied`.
fn became(line: &Line) -> String {
    match line.outcome.as_deref() {
        None => "Cut off".to_owned(),
        Some("failed") => format!("Failed: {}", line.fault.as_deref().unwrap_or("no answer")),
        Some("nothing") => "Nothing was proposed".to_owned(),
        Some(_) => {
            let mut words = format!("{} proposed, {} applied", line.items, line.applied);
            if line.discarded > 0 {
                words += &format!(", {} put aside", line.discarded);
            }
            words
        }
    }
}

/// A run as JSON.
#[derive(Serialize)]
struct Told {
    id: Uuid,
    action: String,
    person_id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    began_at: OffsetDateTime,
    engine: String,
    model: Option<String>,
    agreement: Option<String>,
    characters: i64,
    confirmed: bool,
    outcome: Option<String>,
    fault: Option<String>,
    tokens: Option<i64>,
    proposed: i64,
    applied: i64,
    discarded: i64,
}

async fn api(viewer: Viewer) -> Result<Json<Vec<Told>>> {
    let whose = if answers(&viewer) { None } else { Some(viewer.principal.person().uuid()) };
    let told = |line: Line| Told {
        id: line.id,
        action: line.action,
        person_id: line.person,
        began_at: line.began_at,
        engine: line.engine,
        model: line.model,
        agreement: line.agreement,
        characters: line.characters,
        confirmed: line.confirmed,
        outcome: line.outcome,
        fault: line.fault,
        tokens: line.tokens,
        proposed: line.items,
        applied: line.applied,
        discarded: line.discarded,
    };
    Ok(Json(latest(&viewer, whose).await?.into_iter().map(told).collect()))
}

/// The company of an address, if the viewer sees how it stands.
fn company(viewer: &Viewer, facts: &Facts, name: &str) -> Result<&'static SubProcessor> {
    seen(viewer, facts).find(|company| company.path == name).ok_or_else(Problem::not_found)
}

fn form(company: &SubProcessor, own_machine: bool) -> Form {
    let agreement = Field::text("agreement", "The business associate agreement")
        .hint("Its number, or its title and date. It is yours: nobody can look it up for you")
        .longest(200);
    let agreement = if own_machine { agreement.optional() } else { agreement };
    Form::new(format!("{REGISTER}/{}", company.path))
        .field(agreement)
        .field(
            Field::text("zero_retention", "The terms under which it keeps nothing and learns nothing")
                .hint("Where it says so: the clause, or the setting and its date")
                .longest(200),
        )
        .field(Field::tick(
            "attested",
            "I attest both for my organisation. From now on texts that people give to AI here can go to this company",
        ))
        .submit("Attest")
        .cancel(REGISTER)
}

async fn show(
    viewer: Viewer,
    State(assistance): State<Assistance>,
    Extension(facts): Extension<Facts>,
    Path(name): Path<String>,
) -> Result<Page> {
    let company = company(&viewer, &facts, &name)?;
    company_page(&viewer, &assistance, company, form(company, assistance.is_own_machine(company))).await
}

async fn company_page(
    viewer: &Viewer,
    assistance: &Assistance,
    company: &'static SubProcessor,
    form: Form,
) -> Result<Page> {
    let now = viewer.clock.now();
    let standing = attestation::standing(viewer, company).await?;
    let names = viewer.people([standing.as_ref().map(|standing| standing.attested_by)]).await?;
    let mut detail = Detail::new()
        .line("What for", company.purposes.join(", "))
        .line("Who attests it", capitalised(company.attested_by))
        .line("Standing", tag(standing.as_ref(), now));
    if let Some(standing) = &standing {
        let by =
            names.first().map_or_else(|| "Somebody who has left".to_owned(), |called| called.title.clone());
        detail = detail
            .line("Agreement", standing.agreement.clone())
            .line("Keeps nothing by", standing.zero_retention.clone())
            .line("Attested by", by)
            .line("Attested at", standing.attested_at)
            .line("Holds until", standing.ends_at);
    }
    let mut page = viewer.page(capitalised(company.name)).narrow().back("AI in this app", REGISTER);
    if !assistance.knows(company) {
        let notice = Notice::information("This app is not set up to call it")
            .text("Whoever runs the app does so by AI_PROVIDERS_FILE. Until then, and without an attestation, nothing goes there.");
        page = page.notice(notice);
    }
    let page = page.with(detail);
    Ok(match (attests(viewer, company), &standing) {
        (true, Some(standing)) if !standing.is_over(now) => {
            page.command("Withdraw the attestation", format!("{REGISTER}/{}/withdraw", company.path))
        }
        (true, _) => page.with(form),
        (false, _) => page,
    })
}

/// Whoever attests shows anew who they are.
fn proved(viewer: &Viewer, to: &str) -> Result<Option<Response>> {
    match viewer.session().identity().proved_lately(viewer.session()) {
        Ok(()) => Ok(None),
        Err(IdentityError::ProveAgain) => {
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("to", to).finish();
            Ok(Some(go(format!("/account/proof?{query}"))))
        }
        Err(other) => Err(other.into()),
    }
}

async fn attest(
    viewer: Viewer,
    State(assistance): State<Assistance>,
    Extension(facts): Extension<Facts>,
    Path(name): Path<String>,
    data: FormData,
) -> Result<Response> {
    let company = attested_company(&viewer, &facts, &name)?;
    let to = format!("{REGISTER}/{}", company.path);
    if let Some(first) = proved(&viewer, &to)? {
        return Ok(first);
    }
    let own_machine = assistance.is_own_machine(company);
    let answers = match form(company, own_machine).parse(&viewer.view, data) {
        Ok(answers) => answers,
        Err(form) => return Ok(company_page(&viewer, &assistance, company, *form).await?.into_response()),
    };
    attested_by(&viewer, company, &answers).await?;
    Ok(go(to))
}

async fn attested_by(viewer: &Viewer, company: &SubProcessor, answers: &Answers) -> Result<()> {
    let agreement = answers.text("agreement").filter(|text| !text.trim().is_empty());
    let zero_retention = answers.text("zero_retention").unwrap_or_default();
    attestation::attest(viewer, company, agreement, zero_retention).await
}

/// `POST /api/compliance/ai/{company}`: `agreement`, `zero_retention` and `attested`.
async fn api_attest(
    viewer: Viewer,
    State(assistance): State<Assistance>,
    Extension(facts): Extension<Facts>,
    Path(name): Path<String>,
    body: Body,
) -> Result<StatusCode> {
    let company = attested_company(&viewer, &facts, &name)?;
    viewer.session().identity().proved_lately(viewer.session())?;
    let form = form(company, assistance.is_own_machine(company));
    attested_by(&viewer, company, &body.answers(&viewer.view, form, &[])?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/compliance/ai/{company}`
async fn api_withdraw(
    viewer: Viewer,
    Extension(facts): Extension<Facts>,
    Path(name): Path<String>,
) -> Result<StatusCode> {
    withdrawn(&viewer, attested_company(&viewer, &facts, &name)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The company of an address, if the viewer attests the agreement with it.
fn attested_company(viewer: &Viewer, facts: &Facts, name: &str) -> Result<&'static SubProcessor> {
    let company = company(viewer, facts, name)?;
    if attests(viewer, company) { Ok(company) } else { Err(Problem::not_found()) }
}

async fn withdrawn(viewer: &Viewer, company: &SubProcessor) -> Result<()> {
    match attestation::standing(viewer, company).await? {
        Some(standing) => attestation::withdraw(viewer, &standing).await,
        None => Ok(()),
    }
}

async fn withdraw(
    viewer: Viewer,
    Extension(facts): Extension<Facts>,
    Path(name): Path<String>,
) -> Result<Response> {
    let company = attested_company(&viewer, &facts, &name)?;
    withdrawn(&viewer, company).await?;
    Ok(go(format!("{REGISTER}/{}", company.path)))
}
