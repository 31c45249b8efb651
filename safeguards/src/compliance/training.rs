//! Training of the workforce, at hire and yearly (CF-20; 45 CFR 164.530(b), 164.308(a)(5)).

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use time::OffsetDateTime;
use uuid::Uuid;

use super::clocks::training_due;
use super::text::Text;
use super::{Facts, begin, below, finish, only_who_answers, operator, works_here};
use crate::access::{Context, Error};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::pages::{Column, Content, Field, Form, FormData, Notice, Page, Row, Table, Tone};
use crate::slice::{Result, Viewer, go};
use crate::store::sql;
use crate::web::Problem;

/// Somebody of the workforce, and how their training stands.
#[derive(Clone, Debug)]
pub(super) struct Trainee {
    pub(super) person: Uuid,
    pub(super) last: Option<OffsetDateTime>,
    pub(super) due: OffsetDateTime,
}

impl Trainee {
    pub(super) fn is_overdue(&self, now: OffsetDateTime) -> bool {
        self.due < now
    }
}

/// Everybody who works in the context's organisation. `works` tells which roles do.
pub(super) async fn workforce(
    context: &Context,
    works: &(dyn Fn(&str) -> bool + Sync),
) -> Result<Vec<Trainee>> {
    let rows = sql("SELECT m.person_id, m.role, m.created_at,
             (SELECT max(t.completed_at) FROM trainings t
              WHERE t.organisation_id = m.organisation_id AND t.person_id = m.person_id) AS completed_at
         FROM memberships m JOIN people p ON p.id = m.person_id
         WHERE m.organisation_id = $1 AND p.suspended_at IS NULL
         ORDER BY m.person_id, m.created_at LIMIT 20000")
    .bind(context.principal.organisation())
    .fetch_all(&context.store)
    .await
    .map_err(Error::from)?;
    let mut trainees: Vec<Trainee> = Vec::new();
    for row in rows {
        let read = || {
            let (person, role) = (row.uuid("person_id")?, row.text("role")?);
            Ok((person, role, row.timestamp("created_at")?, row.optional_timestamp("completed_at")?))
        };
        let (person, role, joined, last) = read().map_err(Error::Store)?;
        let known = trainees.last().is_some_and(|trainee| trainee.person == person);
        if works(&role) && !known {
            trainees.push(Trainee { person, last, due: training_due(joined, last) });
        }
    }
    Ok(trainees)
}

/// Which roles of the app belong to the workforce.
pub(super) fn works(viewer: &Viewer) -> impl Fn(&str) -> bool + use<> {
    let roles = viewer.session().identity().settings().roles;
    move |name| roles.find(name).is_some_and(|role| role.works_here())
}

/// How the viewer's own training stands; nothing, where they do not work here.
pub(super) async fn own(viewer: &Viewer) -> Result<Option<Trainee>> {
    let me = viewer.principal.person().uuid();
    Ok(workforce(viewer, &works(viewer)).await?.into_iter().find(|trainee| trainee.person == me))
}

fn form() -> Form {
    Form::new("/account/compliance/training")
        .field(Field::tick("read", "I have read this and will keep to it"))
        .submit("Complete the training")
}

pub(super) async fn show(
    viewer: Viewer,
    State(services): State<Services>,
    Extension(facts): Extension<Facts>,
) -> Result<Page> {
    training_page(&viewer, &services, &facts, form()).await
}

async fn training_page(viewer: &Viewer, services: &Services, facts: &Facts, form: Form) -> Result<Page> {
    let mine = own(viewer).await?.ok_or_else(Problem::not_found)?;
    let text = course(services, facts).await?;
    let due = viewer.view.date(viewer.view.local(mine.due).date());
    let notice = match mine.last {
        _ if mine.is_overdue(viewer.clock.now()) => {
            Notice::warning(format!("Your training was due on {due}"))
        }
        None => Notice::information(format!("Your first training is due on {due}")),
        Some(_) => Notice::success(format!("You are trained; next due on {due}")),
    };
    Ok(below(viewer, text.title().to_owned()).notice(notice).with(text.markup()).with(form))
}

async fn course(services: &Services, facts: &Facts) -> Result<Text> {
    Ok(Text::filled(include_str!("texts/training.md"), facts, &operator(services).await?))
}

pub(super) async fn complete(
    viewer: Viewer,
    State(services): State<Services>,
    Extension(facts): Extension<Facts>,
    data: FormData,
) -> Result<Response> {
    if !works_here(&viewer) {
        return Err(Problem::not_found());
    }
    let refused = match form().parse(&viewer.view, data.clone()) {
        Ok(answers) if answers.boolean("read") == Some(true) => None,
        Ok(_) => Some(form().fill(&data).mistake("read", "Read it first, then say so.")),
        Err(form) => Some(*form),
    };
    if let Some(form) = refused {
        return Ok(training_page(&viewer, &services, &facts, form).await?.into_response());
    }
    let (id, me) = (viewer.ids.next(), viewer.principal.person());
    let mut transaction = begin(&viewer).await?;
    sql("INSERT INTO trainings (id, organisation_id, person_id, course, completed_at, recorded_by_id)
         VALUES ($1, $2, $3, $4, $5, $6)")
    .bind(id)
    .bind(viewer.principal.organisation())
    .bind(me)
    .bind(course(&services, &facts).await?.version())
    .bind(viewer.clock.now())
    .bind(me)
    .execute(&mut transaction)
    .await
    .map_err(Error::from)?;
    let event = Event::new(audit::Action::Configure).entity("training").record(id).note("completed");
    finish(&viewer, transaction, event).await?;
    Ok(go("/account/compliance"))
}

pub(super) async fn everybody(viewer: Viewer) -> Result<Page> {
    only_who_answers(&viewer)?;
    let now = viewer.clock.now();
    let mut trainees = workforce(&viewer, &works(&viewer)).await?;
    trainees.sort_by_key(|trainee| (trainee.due, trainee.person));
    let names = viewer.people(trainees.iter().map(|trainee| Some(trainee.person))).await?;
    let name = |person| names.iter().find(|called| called.id == person).map(|called| called.title.clone());
    let rows = trainees.iter().map(|trainee| {
        let standing = match trainee.is_overdue(now) {
            true => Content::tag("overdue", Tone::Danger),
            false if trainee.last.is_none() => Content::tag("not yet", Tone::Caution),
            false => Content::tag("trained", Tone::Good),
        };
        Row::new()
            .cell(name(trainee.person))
            .cell(trainee.last)
            .cell(viewer.view.local(trainee.due).date())
            .cell(standing)
    });
    let table = ["Who", "Last completed", "Due", "Standing"]
        .into_iter()
        .fold(Table::new("Training of everybody who works here"), |table, label| {
            table.column(Column::new(label))
        });
    let table = table.rows(rows.collect::<Vec<_>>()).empty("Nobody yet", "Whoever joins will stand here.");
    Ok(below(&viewer, "Training").with(table))
}
