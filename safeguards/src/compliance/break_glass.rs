//! Break-glass: in an emergency a clinician opens the records of one patient whom they do not reach otherwise (CF-3;
//! 45 CFR 164.312(a)(2)(ii)).
//!
//! They say exactly whom: a reference, or a number and the date of birth. Nothing is listed and nothing suggested, and
//! whoever is not found by every letter is not found. From then on, for an hour at most, their own grants reach this
//! patient, too, for viewing and listing, with the masks that they have (the generator writes these grants, and the same
//! into row-level security): a row of `emergency_accesses` opens them, and its end closes them, at each statement. What
//! is read has the purpose of an emergency in the log. It is announced and reviewed as every emergency access is.

use axum::Extension;
use axum::response::{IntoResponse, Response};
use time::{Date, Duration};
use uuid::Uuid;

use super::{Facts, finish};
use crate::access::{Action, Entity, Error, Field as Described, Kind as Of, Storage};
use crate::audit::{self, Event, Outcome};
use crate::crypto::{Binding, Purpose as KeyPurpose, Sealed, parse};
use crate::identity::{EMERGENCY_ACCESS, MOST_MINUTES, REASON_AT_MOST, USUAL_MINUTES, reason};
use crate::pages::{Answers, Field, Form, FormData, Notice, Page};
use crate::slice::{Result, Viewer, go};
use crate::store::{self, Kind, Statement, Text, Transaction, Value, sql};
use crate::web::{Path, Problem};

const NEW: &str = "/account/break-glass";
const TITLE: &str = "Break the glass";
const NOBODY: &str = "Nobody was found by exactly this. Check each letter and each digit.";

/// The entity whose records are people who are cared for, if any of them can be found exactly.
fn cared_for(facts: &Facts) -> Option<&'static Entity> {
    let found = |entity: &&&'static Entity| {
        entity.subject == Some("id") && (entity.reference.is_some() || numbers(entity).next().is_some())
    };
    facts.entities.iter().find(found).copied()
}

/// The fields by which somebody is found exactly, each with the column of its index.
fn numbers(entity: &'static Entity) -> impl Iterator<Item = (&'static Described, &'static str)> {
    entity.fields.iter().filter_map(|field| match field.storage {
        Storage::Sealed { lookup: Some(column) } if field.kind.normal().is_some() => Some((field, column)),
        _ => None,
    })
}

/// The date of birth, asked beside a number, which several of a family may have.
fn born(entity: &'static Entity) -> Option<&'static Described> {
    entity.fields.iter().find(|field| field.kind == Of::Date && field.name.contains("birth"))
}

/// Refuses whoever has no role that may; to them, there is no such page.
fn allowed(viewer: &Viewer, facts: &Facts) -> Result<&'static Entity> {
    let may = viewer.session().identity().may_break_glass(viewer.principal.roles());
    cared_for(facts).filter(|_| may).ok_or_else(Problem::not_found)
}

fn named(name: &str) -> String {
    name.replace([' ', '-'], "_")
}

fn form(entity: &'static Entity) -> Form {
    let mut form = Form::new(NEW);
    if let Some(prefix) = entity.reference {
        let hint = format!("As it stands on their papers, such as {prefix}-7F3A4B");
        form = form.field(Field::text("reference", "Reference").hint(hint).longest(40).optional());
    }
    for (field, _) in numbers(entity) {
        let label = crate::slice::capitalised(field.name);
        form = form.field(Field::text(named(field.name), label).longest(200).optional());
    }
    if let Some(field) = born(entity).filter(|_| numbers(entity).next().is_some()) {
        let label = crate::slice::capitalised(field.name);
        let field = Field::date(named(field.name), label).hint("Beside a number; a reference does without");
        form = form.field(field.optional());
    }
    form.field(
        Field::paragraphs("reason", "Why you must look")
            .hint("What happened, in 20 letters or more. Whoever reviews it will read this.")
            .longest(REASON_AT_MOST),
    )
    .field(
        Field::integer("minutes", "For how long")
            .unit("minutes")
            .hint("At most an hour")
            .least(1)
            .most(MOST_MINUTES),
    )
    .with("minutes", USUAL_MINUTES)
    .submit(TITLE)
    .danger()
    .cancel("/")
}

fn page_of(viewer: &Viewer, form: Form) -> Page {
    viewer
        .page(TITLE)
        .narrow()
        .back("Home", "/")
        .about("For an emergency: you see the records of one patient whom you do not reach otherwise.")
        .notice(Notice::warning("It is announced and reviewed").text(
            "Whoever answers for the organisation is told at once. Every record that you open stands in the audit log \
             as an emergency, and somebody else reviews it within 72 hours.",
        ))
        .with(form)
}

pub(super) async fn ask(viewer: Viewer, Extension(facts): Extension<Facts>) -> Result<Page> {
    let entity = allowed(&viewer, &facts)?;
    Ok(page_of(&viewer, form(entity)))
}

pub(super) async fn open(
    viewer: Viewer,
    Extension(facts): Extension<Facts>,
    data: FormData,
) -> Result<Response> {
    let entity = allowed(&viewer, &facts)?;
    let kept = data.clone();
    let mistaken = |name: &str, text: &str| {
        page_of(&viewer, form(entity).fill(&kept).mistake(name, text)).into_response()
    };
    let answers = match form(entity).parse(&viewer.view, data) {
        Ok(answers) => answers,
        Err(form) => return Ok(page_of(&viewer, *form).into_response()),
    };
    let Ok(why) = reason(answers.text("reason").unwrap_or_default()) else {
        return Ok(mistaken("reason", "Say what happened and why you must look, in 20 letters or more."));
    };
    let (id, now) = (viewer.ids.next(), viewer.clock.now());
    let organisation = viewer.principal.organisation();
    let identity = viewer.session().identity();
    let sealed = identity.seal_reason(organisation, id, why).await?;
    let mut transaction = viewer.store.begin_as(&viewer.policy(Action::View)).await.map_err(Error::from)?;
    let found = find(&viewer, &mut transaction, entity, &answers).await?;
    let first = form(entity).fields().next().map_or_else(String::new, |field| field.name().to_owned());
    let Some((subject, born)) = found else {
        drop(transaction);
        return nobody(&viewer, entity).await.map(|()| mistaken(&first, NOBODY));
    };
    let minutes = answers.integer("minutes").unwrap_or(USUAL_MINUTES);
    sql("INSERT INTO emergency_accesses
             (id, organisation_id, kind, person_id, subject_id, session_id, reason, starts_at, ends_at)
         VALUES ($1, $2, 'break-glass', $3, $4, $5, $6, $7, $8)")
    .bind(id)
    .bind(organisation)
    .bind(viewer.principal.person())
    .bind(subject)
    .bind(viewer.session().id())
    .bind(sealed)
    .bind(now)
    .bind(now + Duration::minutes(minutes))
    .execute(&mut transaction)
    .await
    .map_err(Error::from)?;
    // The access that has just begun shows the date of birth to this transaction; another date takes it back.
    if let Some(born) = born
        && !was_born(&viewer, &mut transaction, entity, subject, born).await?
    {
        drop(transaction);
        return nobody(&viewer, entity).await.map(|()| mistaken(&first, NOBODY));
    }
    identity.announce(&mut transaction, viewer.session(), id, None).await?;
    let event = Event::new(audit::Action::BreakGlass).entity(EMERGENCY_ACCESS).record(id).subject(subject);
    finish(&viewer, transaction, event.purpose(audit::Purpose::Emergency).note("begun")).await?;
    Ok(go(format!("/{}/{subject}", entity.table.replace('_', "-"))))
}

/// That nobody was found is written down: who tries many numbers is seen.
async fn nobody(viewer: &Viewer, entity: &'static Entity) -> Result<()> {
    let event =
        Event::new(audit::Action::Denied).entity(entity.name).outcome(Outcome::Denied).note("break-glass");
    viewer.audit.record(&viewer.circumstances, event).await.map_err(Error::AuditUnavailable)?;
    Ok(())
}

/// The one record that is meant exactly, and the date of birth that it has to have, where a number led to it.
async fn find(
    viewer: &Viewer,
    transaction: &mut Transaction,
    entity: &'static Entity,
    answers: &Answers,
) -> Result<Option<(Uuid, Option<Date>)>> {
    let reference = answers.text("reference").filter(|_| entity.reference.is_some());
    if let Some(reference) = reference {
        let exact = reference.trim().to_uppercase();
        return Ok(one(viewer, transaction, entity, "reference", exact.into()).await?.map(|id| (id, None)));
    }
    for (field, column) in numbers(entity) {
        let Some(number) = answers.text(&named(field.name)) else { continue };
        let Some(normal) = field.kind.normal().and_then(|normal| normal.apply(number)) else {
            return Ok(None);
        };
        let born = match born(entity) {
            None => None,
            Some(field) => match answers.date(&named(field.name)) {
                Some(date) => Some(date),
                None => return Ok(None),
            },
        };
        let ring = viewer.keys.ring(viewer.principal.organisation().uuid()).await.map_err(Error::from)?;
        let index = ring.blind_index(entity.id, field.id, &normal).map_err(Error::from)?;
        let index = Value::from(&index.as_bytes()[..]);
        return Ok(one(viewer, transaction, entity, column, index).await?.map(|id| (id, born)));
    }
    Ok(None)
}

/// The id of the only record whose column has this value. On PostgreSQL it is looked for where conditions look, since
/// the record itself is out of reach (`access/fence.rs`).
async fn one(
    viewer: &Viewer,
    transaction: &mut Transaction,
    entity: &'static Entity,
    column: &'static str,
    value: Value,
) -> Result<Option<Uuid>> {
    let schema = if viewer.store.is_postgres() { "fence." } else { "" };
    let text = format!(
        "SELECT id FROM {schema}{} WHERE organisation_id = $1 AND {} = $2 LIMIT 2",
        entity.table,
        exporter::identifier(column)
    );
    let organisation = viewer.principal.organisation().uuid();
    let statement = Statement::composed(Text::composed(text), vec![organisation.into(), value]);
    let rows = statement.fetch_all(transaction).await.map_err(Error::from)?;
    match rows.as_slice() {
        [row] => Ok(Some(row.uuid("id").map_err(Error::Store)?)),
        _ => Ok(None),
    }
}

/// The entity whose records are people who are cared for, if they have references.
pub(super) fn with_reference(facts: &Facts) -> Option<&'static Entity> {
    cared_for(facts).filter(|entity| entity.reference.is_some())
}

/// The one record of exactly this reference.
pub(super) async fn by_reference(viewer: &Viewer, facts: &Facts, reference: &str) -> Result<Option<Uuid>> {
    let Some(entity) = with_reference(facts) else { return Ok(None) };
    let mut transaction = viewer.store.begin_as(&viewer.policy(Action::View)).await.map_err(Error::from)?;
    let exact = reference.trim().to_uppercase();
    one(viewer, &mut transaction, entity, "reference", exact.into()).await
}

/// What a patient is called where nothing else may be told of them: their reference, if they have one.
pub(super) async fn reference(viewer: &Viewer, facts: &Facts, subject: Uuid) -> Result<Option<String>> {
    let Some(entity) = cared_for(facts).filter(|entity| entity.reference.is_some()) else { return Ok(None) };
    let schema = if viewer.store.is_postgres() { "fence." } else { "" };
    let text =
        format!("SELECT reference FROM {schema}{} WHERE organisation_id = $1 AND id = $2", entity.table);
    let values = vec![viewer.principal.organisation().uuid().into(), subject.into()];
    let mut transaction = viewer.store.begin_as(&viewer.policy(Action::View)).await.map_err(Error::from)?;
    let row = Statement::composed(Text::composed(text), values).fetch_optional(&mut transaction).await;
    let row = row.map_err(Error::from)?;
    Ok(row.map(|row| row.text("reference")).transpose().map_err(Error::Store)?)
}

async fn was_born(
    viewer: &Viewer,
    transaction: &mut Transaction,
    entity: &'static Entity,
    subject: Uuid,
    date: Date,
) -> Result<bool> {
    let Some(field) = born(entity) else { return Ok(false) };
    let text = format!(
        "SELECT {} AS born FROM {} WHERE id = $1 AND organisation_id = $2",
        exporter::identifier(field.column),
        entity.table
    );
    let organisation = viewer.principal.organisation().uuid();
    let statement = Statement::composed(Text::composed(text), vec![subject.into(), organisation.into()]);
    let Some(row) = statement.fetch_optional(transaction).await.map_err(Error::from)? else {
        return Ok(false);
    };
    opened(viewer, entity, field, subject, &row).await.map(|born| born == Some(date))
}

async fn opened(
    viewer: &Viewer,
    entity: &'static Entity,
    field: &'static Described,
    row: Uuid,
    found: &store::Row,
) -> Result<Option<Date>> {
    let organisation = viewer.principal.organisation().uuid();
    if !matches!(field.storage, Storage::Sealed { .. }) {
        return Ok(found.optional_date("born").map_err(Error::Store)?);
    }
    let Some(sealed) = found.optional_bytes("born").map_err(Error::Store)? else { return Ok(None) };
    let ring = viewer.keys.ring(organisation).await.map_err(Error::from)?;
    let environment = viewer.keys.environment();
    let place = Binding { environment, organisation, entity: entity.id, field: field.id, row };
    let plain = ring.open(KeyPurpose::Field, &place, &Sealed::from_bytes(sealed)).map_err(Error::from)?;
    match parse(Kind::Date, &plain).map_err(Error::from)? {
        Value::Date(date) => Ok(Some(date)),
        _ => Ok(None),
    }
}

/// Whoever broke the glass closes it again.
pub(super) async fn close(viewer: Viewer, Path(id): Path<Uuid>) -> Result<Response> {
    let (now, organisation) = (viewer.clock.now(), viewer.principal.organisation());
    let mut transaction = super::begin(&viewer).await?;
    let closed = sql(
        "UPDATE emergency_accesses SET ends_at = $4, ended_early_at = $4, ended_because = 'stopped'
         WHERE id = $1 AND organisation_id = $2 AND person_id = $3 AND kind = 'break-glass' AND ends_at > $4",
    )
    .bind(id)
    .bind(organisation)
    .bind(viewer.principal.person())
    .bind(now)
    .execute(&mut transaction)
    .await
    .map_err(Error::from)?;
    if closed == 0 {
        return Err(Problem::not_found());
    }
    let event = Event::new(audit::Action::BreakGlass).entity(EMERGENCY_ACCESS).record(id).note("stopped");
    finish(&viewer, transaction, event.purpose(audit::Purpose::Emergency)).await?;
    Ok(go("/"))
}
