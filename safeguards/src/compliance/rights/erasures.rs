//! Erasure by whoever answers for the organisation (CF-8; GDPR, Article 17): of an account, or of the record of somebody who is
//! cared for. What stays, and why, is said before; an order waits in the ledger until what it means may go.
//!
//! Nothing is counted here that its reader may not see: what an order removed is told once it is carried out.

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use time::OffsetDateTime;
use uuid::Uuid;

use super::going::{Fate, of_own_records, of_the_account, sees_others, span, table};
use super::{Facts, at_once, begin, below, break_glass, only_who_answers};
use crate::access::{Entity, Error};
use crate::app::Services;
use crate::audit::{self, Event, Outcome, retention, years_after};
use crate::compliance::trail;
use crate::identity::{Erasing, IdentityError, PersonId};
use crate::pages::{Column, Content, Field, Form, FormData, Notice, Page, Row, Table, Tone};
use crate::slice::{Id, Result, Viewer, capitalised, go};
use crate::store::sql;
use crate::web::{Path, Problem};

const LIST: &str = "/account/compliance/erasures";
const NEW: &str = "/account/compliance/erasures/new";
/// What orders are called in the log.
const ORDER: &str = "erasure";
/// The step of an order's first entry.
const ORDERED: &str = "ordered";

/// `GET …/erasures`
pub(super) async fn list(viewer: Viewer) -> Result<Page> {
    only_who_answers(&viewer)?;
    let mut reading = begin(&viewer).await?;
    let rows = sql("SELECT kind, entity, ordered_at, ordered_by_id, due_at, carried_out_at, removed, rewritten FROM erasures
         WHERE organisation_id = $1 ORDER BY ordered_at DESC, id DESC LIMIT 500")
    .bind(viewer.principal.organisation())
    .fetch_all(&mut reading)
    .await
    .map_err(Error::from)?;
    reading.rollback().await.map_err(Error::from)?;
    let (_, held) =
        retention(&viewer.store, viewer.principal.organisation().uuid()).await.map_err(Error::from)?;
    let mut orders = Vec::with_capacity(rows.len());
    for row in rows {
        let read = || {
            Ok((
                row.optional_text("entity")?,
                row.timestamp("ordered_at")?,
                row.optional_uuid("ordered_by_id")?,
                row.timestamp("due_at")?,
                row.optional_timestamp("carried_out_at")?,
                [row.integer("removed")?, row.integer("rewritten")?],
            ))
        };
        orders.push(read().map_err(Error::Store)?);
    }
    let names = viewer.people(orders.iter().map(|order| order.2)).await?;
    let now = viewer.clock.now();
    let rows = orders.into_iter().map(|(entity, ordered, by, due, done, [removed, rewritten])| {
        let by = match by {
            None => "Themselves".to_owned(),
            Some(id) => {
                let called = names.iter().find(|called| called.id == id);
                called.map_or_else(|| "Somebody who has left".to_owned(), |called| called.title.clone())
            }
        };
        Row::new()
            .cell(entity.map_or_else(|| "An account".to_owned(), |entity| capitalised(&entity)))
            .cell(ordered)
            .cell(by)
            .cell(standing(now, due, done, held))
            .cell(done)
            .cell(removed)
            .cell(rewritten)
    });
    let table = ["What", "Ordered", "By", "Standing", "Carried out"]
        .into_iter()
        .fold(Table::new("Erasures"), |table, label| table.column(Column::new(label)))
        .column(Column::new("Records removed").numeric())
        .column(Column::new("References rewritten").numeric());
    let table = table
        .rows(rows.collect::<Vec<_>>())
        .empty("Nobody was erased", "Who deletes their account, and whom you erase, will stand here.");
    Ok(below(&viewer, "Erasures")
        .about("Whom an entry meant cannot be told from it once it is carried out.")
        .action("Erase somebody", NEW)
        .with(table))
}

/// How many orders are due and were not carried out, of the viewer's organisation.
pub(in crate::compliance) async fn waiting(viewer: &Viewer) -> Result<i64> {
    let mut reading = begin(viewer).await?;
    let row = sql("SELECT count(*) AS n FROM erasures
         WHERE organisation_id = $1 AND carried_out_at IS NULL AND due_at <= $2")
    .bind(viewer.principal.organisation())
    .bind(viewer.clock.now())
    .fetch_one(&mut reading)
    .await
    .map_err(Error::from)?;
    reading.rollback().await.map_err(Error::from)?;
    Ok(row.integer("n").map_err(Error::Store)?)
}

fn standing(now: OffsetDateTime, due: OffsetDateTime, done: Option<OffsetDateTime>, held: bool) -> Content {
    match done {
        Some(_) => Content::tag("carried out", Tone::Good),
        None if held => Content::tag("waits for the end of the legal hold", Tone::Caution),
        None if due > now => Content::tag("must be kept still", Tone::Quiet),
        None => Content::tag("waits for the next run", Tone::Caution),
    }
}

fn question() -> Form {
    Form::new(NEW)
        .field(
            Field::text("whom", "Whom")
                .hint("The e-mail address of an account, or the reference of a record, exactly")
                .longest(254),
        )
        .submit("Go on")
        .cancel(LIST)
}

fn question_page(viewer: &Viewer, form: Form) -> Page {
    viewer
        .page("Erase somebody")
        .narrow()
        .back("Erasures", LIST)
        .about("You are told what goes and what stays before anything is done.")
        .with(form)
}

/// `GET …/erasures/new`
pub(super) async fn ask(viewer: Viewer) -> Result<Page> {
    only_who_answers(&viewer)?;
    Ok(question_page(&viewer, question()))
}

/// `POST …/erasures/new`: an address of the app holds an id, never a name.
pub(super) async fn find(
    viewer: Viewer,
    Extension(facts): Extension<Facts>,
    data: FormData,
) -> Result<Response> {
    only_who_answers(&viewer)?;
    let kept = data.clone();
    let asked = match question().parse(&viewer.view, data) {
        Ok(asked) => asked,
        Err(form) => return Ok(question_page(&viewer, *form).into_response()),
    };
    let whom = asked.text("whom").unwrap_or_default().trim();
    let found = if whom.contains('@') {
        let identity = viewer.session().identity();
        let person = identity.member_by_address(viewer.principal.organisation(), whom).await?;
        person.map(|person| format!("{LIST}/account/{person}"))
    } else {
        break_glass::by_reference(&viewer, &facts, whom).await?.map(|id| format!("{LIST}/record/{id}"))
    };
    match found {
        Some(to) => Ok(go(to)),
        None => {
            let event = Event::new(audit::Action::Denied).entity(ORDER).outcome(Outcome::Denied);
            viewer.audit.record(&viewer.circumstances, event).await.map_err(Error::AuditUnavailable)?;
            let form = question().fill(&kept).mistake("whom", "Nobody here was found by exactly this.");
            Ok(question_page(&viewer, form).into_response())
        }
    }
}

/// What an order is about, before it is given.
struct Wanted {
    to: String,
    called: String,
    fates: Vec<Fate>,
    order: Erasing,
    /// What is to be typed, since it cannot be undone.
    typed: String,
}

fn form(wanted: &Wanted) -> Form {
    let typed = wanted.typed.clone();
    Form::new(wanted.to.clone())
        .field(
            Field::paragraphs("words", "Why")
                .hint("By whose request, and what was checked. It is kept with the order.")
                .longest(4_000),
        )
        .field(Field::text("typed", format!("Type {typed} to confirm")).longest(254))
        .submit("Erase")
        .danger()
        .cancel(LIST)
}

async fn wanted_page(viewer: &Viewer, wanted: Wanted, form: Form) -> Result<Page> {
    let (_, held) = retention(&viewer.store, wanted.order.organisation.uuid()).await.map_err(Error::from)?;
    let mut page = viewer
        .page(format!("Erase {}", wanted.called))
        .back("Erasures", LIST)
        .about("It cannot be undone. What must be kept still goes by itself once it need not be.");
    if held {
        page = page.notice(Notice::warning("A legal hold stands on this organisation").text(
            "Nothing is erased while it does. The order waits, and is carried out once the hold has ended.",
        ));
    }
    if wanted.order.due_at > viewer.clock.now() {
        let until = viewer.view.date(viewer.view.local(wanted.order.due_at).date());
        page = page.notice(Notice::information(format!("What stays is kept until {until}")));
    }
    Ok(page.with(table(wanted.fates)).with(form))
}

async fn of_account(viewer: &Viewer, facts: &Facts, id: Uuid) -> Result<Wanted> {
    only_who_answers(viewer)?;
    let organisation = viewer.principal.organisation();
    let identity = viewer.session().identity();
    let person = PersonId::new(id);
    let address = identity.address_of_member(organisation, person).await?.ok_or_else(Problem::not_found)?;
    let leaving = identity.leaving_of(person).await?;
    let here = leaving.iter().filter(|one| one.organisation.id == organisation);
    let roles: Vec<&str> = here.flat_map(|one| &one.roles).map(|role| role.as_str()).collect();
    let (years, _) = retention(&viewer.store, organisation.uuid()).await.map_err(Error::from)?;
    let (answerable, now) = (sees_others(facts, &roles), viewer.clock.now());
    let mut fates = of_own_records(facts, &roles);
    fates.extend(of_the_account(answerable.then_some(years)));
    Ok(Wanted {
        to: format!("{LIST}/account/{id}"),
        called: address.clone(),
        fates,
        order: Erasing {
            id: viewer.ids.next(),
            organisation,
            entity: None,
            subject: id,
            ordered_by: Some(viewer.principal.person()),
            due_at: if answerable { years_after(now, years) } else { now },
        },
        typed: address,
    })
}

/// `GET …/erasures/account/{id}`
pub(super) async fn ask_account(
    viewer: Viewer,
    Extension(facts): Extension<Facts>,
    Id(id): Id,
) -> Result<Page> {
    let wanted = of_account(&viewer, &facts, id).await?;
    viewer.proved_lately()?;
    let form = form(&wanted);
    wanted_page(&viewer, wanted, form).await
}

/// `POST …/erasures/account/{id}`
pub(super) async fn account(
    viewer: Viewer,
    State(services): State<Services>,
    Extension(facts): Extension<Facts>,
    Path(id): Path<Uuid>,
    data: FormData,
) -> Result<Response> {
    let wanted = of_account(&viewer, &facts, id).await?;
    let (wanted, words) = match confirmed(&viewer, wanted, data).await? {
        Ok(confirmed) => confirmed,
        Err(response) => return Ok(response),
    };
    let identity = viewer.session().identity();
    match identity.close_account_of(viewer.session(), PersonId::new(id), &wanted.order).await {
        Ok(()) => {}
        Err(IdentityError::Conflict(why)) => return Err(Problem::conflict().detail(why)),
        Err(other) => return Err(other.into()),
    }
    let entry = trail::draft(&viewer, wanted.order.id, ORDERED, &words).await?;
    let mut transaction = begin(&viewer).await?;
    entry.write(&viewer, &mut transaction).await?;
    ordered(&viewer, transaction, &wanted.order).await?;
    at_once(&services, &facts).await?;
    Ok(go(LIST))
}

/// What was confirmed, with the reason; or the way on to it.
async fn confirmed(
    viewer: &Viewer,
    wanted: Wanted,
    data: FormData,
) -> Result<Result<(Wanted, String), Response>> {
    viewer.proved_lately()?;
    let kept = data.clone();
    let given = match form(&wanted).parse(&viewer.view, data) {
        Ok(given) => given,
        Err(form) => return Ok(Err(wanted_page(viewer, wanted, *form).await?.into_response())),
    };
    if given.text("typed").is_none_or(|typed| !typed.trim().eq_ignore_ascii_case(&wanted.typed)) {
        let form = form(&wanted).fill(&kept).mistake("typed", "Type it as it stands above.");
        return Ok(Err(wanted_page(viewer, wanted, form).await?.into_response()));
    }
    let words = given.text("words").unwrap_or_default().to_owned();
    Ok(Ok((wanted, words)))
}

async fn ordered(viewer: &Viewer, mut transaction: crate::store::Transaction, order: &Erasing) -> Result<()> {
    let event = Event::new(audit::Action::Configure).entity(ORDER).record(order.id).note(ORDERED);
    audit::append(&mut transaction, &viewer.circumstances, event).await.map_err(Error::AuditUnavailable)?;
    Ok(transaction.commit().await.map_err(Error::from)?)
}

async fn of_record(viewer: &Viewer, facts: &Facts, id: Uuid) -> Result<Wanted> {
    only_who_answers(viewer)?;
    let entity = break_glass::with_reference(facts).ok_or_else(Problem::not_found)?;
    let reference = break_glass::reference(viewer, facts, id).await?.ok_or_else(Problem::not_found)?;
    Ok(Wanted {
        to: format!("{LIST}/record/{id}"),
        called: reference.clone(),
        fates: facts
            .entities
            .iter()
            .filter(|about| about.subject.is_some())
            .map(|about| of_part(about))
            .collect(),
        order: Erasing {
            id: viewer.ids.next(),
            organisation: viewer.principal.organisation(),
            entity: Some(entity.name),
            subject: id,
            ordered_by: Some(viewer.principal.person()),
            due_at: viewer.clock.now(),
        },
        typed: reference,
    })
}

fn of_part(entity: &'static Entity) -> Fate {
    let what = capitalised(&entity.table.replace('_', " "));
    match entity.kept_months() {
        None => Fate { what, goes: true, why: "It need not be kept.".to_owned() },
        Some(months) => Fate {
            what,
            goes: false,
            why: format!(
                "Kept for {} after the last change of anything in the record; then all of it goes, and what names it in the audit log.",
                span(months)
            ),
        },
    }
}

/// `GET …/erasures/record/{id}`
pub(super) async fn ask_record(
    viewer: Viewer,
    Extension(facts): Extension<Facts>,
    Id(id): Id,
) -> Result<Page> {
    let wanted = of_record(&viewer, &facts, id).await?;
    viewer.proved_lately()?;
    let form = form(&wanted);
    wanted_page(&viewer, wanted, form).await
}

/// `POST …/erasures/record/{id}`
pub(super) async fn record(
    viewer: Viewer,
    State(services): State<Services>,
    Extension(facts): Extension<Facts>,
    Path(id): Path<Uuid>,
    data: FormData,
) -> Result<Response> {
    let wanted = of_record(&viewer, &facts, id).await?;
    let (wanted, words) = match confirmed(&viewer, wanted, data).await? {
        Ok(confirmed) => confirmed,
        Err(response) => return Ok(response),
    };
    let entry = trail::draft(&viewer, wanted.order.id, ORDERED, &words).await?;
    let mut transaction = begin(&viewer).await?;
    viewer.session().identity().write_order(&mut transaction, &wanted.order).await?;
    entry.write(&viewer, &mut transaction).await?;
    ordered(&viewer, transaction, &wanted.order).await?;
    at_once(&services, &facts).await?;
    Ok(go(LIST))
}
