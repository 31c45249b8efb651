//! The people's side of a covered entity's duties, in every app: what people are told and accept, who answers for privacy
//! and security, who is trained, what went wrong, and what was reviewed.
//!
//! | page | who | promise |
//! |---|---|---|
//! | `/legal`, `/legal/privacy`, `/legal/baa`, `/legal/dpa` | anybody | CF-1, CL-14, CF-23 |
//! | `/.well-known/security.txt` (RFC 9116) | anybody | CF-21 |
//! | `/account/compliance` | whoever works here, and more for whoever administers agreements | CF-26 |
//! | `…/documents/{document}` | accepts for themselves; for the organisation, who administers agreements | CC-12, CL-9, CC-14 |
//! | `…/officers` | who administers agreements | CF-21 |
//! | `…/training` | everybody their own; all of it, who administers agreements | CF-20 |
//! | `…/incidents` | reported by everybody who works here; handled by who administers agreements | CF-21, CF-25 |
//! | `…/requests` | everybody their own rights; answered by who administers agreements | HG-1, CL-10, HG-7 |
//! | `…/ai`, `/api/compliance/ai` (in [`crate::ai`]) | who administers agreements or attests; everybody their own runs | CF-11, CF-23 |
//! | `/account/break-glass` | whoever may break the glass | CF-3 |
//! | `…/emergencies` | who administers agreements; one of them, whoever was told of it | CF-3 |
//! | `…/reviews` | who administers agreements | HG-2 |
//! | `/account/data`, `/account/delete`, `…/erasures` (in [`rights`]) | everybody, of themselves; who administers agreements | CC-10, CC-11, CL-10, CF-8 |
//! | `/api/compliance`, `/api/compliance/emergencies` | the standing of all that as JSON, for who administers agreements | HG-6 |
//!
//! Dates that the law sets are computed in [`clocks`], from facts and a moment alone.

mod announced;
mod break_glass;
pub mod clocks;
mod documents;
mod emergencies;
mod incidents;
mod journal;
mod officers;
mod overview;
mod public;
mod requests;
mod reviews;
mod rights;
mod sealing;
mod text;
mod trail;
mod training;

use axum::{Extension, Router};

use crate::access::{Action, Context, Entity, Error};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::slice::{Result, Routes, Viewer, get, post};
use crate::store::{Transaction, sql};
use crate::web::Problem;

pub use announced::emergencies_to_tell;
pub use documents::changed;
pub(crate) use public::LINKS;
pub(crate) use rights::carry_out;
pub(crate) use sealing::SEALED;

/// What the pages say of the app that they are part of.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The app's name.
    pub app: &'static str,
    /// What it keeps.
    pub entities: &'static [&'static Entity],
    /// For how many years at least the audit log is kept.
    pub audit_years: i32,
    /// Companies that data can go to.
    pub sub_processors: &'static [&'static crate::ai::SubProcessor],
    /// Whether anything in it is proposed by AI.
    pub assists: bool,
    /// Whether it has pages that can be opened to anybody.
    pub opens_pages: bool,
}

/// Every route of this part.
pub fn routes(services: Services, facts: Facts) -> Router {
    Routes::new()
        .route("/legal", get(public::index))
        .route("/legal/{document}", get(public::document))
        .route("/.well-known/security.txt", get(public::security_txt))
        .route("/account/compliance", get(overview::page))
        .route("/api/compliance", get(overview::api))
        .route("/account/compliance/documents/{document}", get(documents::show).post(documents::accept))
        .route("/account/compliance/officers", get(officers::show).post(officers::name))
        .route("/account/compliance/training", get(training::show).post(training::complete))
        .route("/account/compliance/training/everybody", get(training::everybody))
        .route("/account/compliance/incidents", get(incidents::list))
        .route("/account/compliance/incidents/new", get(incidents::ask).post(incidents::report))
        .route("/account/compliance/incidents/{id}", get(incidents::show))
        .route("/account/compliance/incidents/{id}/{step}", get(incidents::ask_step).post(incidents::step))
        .route("/account/compliance/requests", get(requests::list))
        .route("/account/compliance/requests/new", get(requests::ask).post(requests::make))
        .route("/account/compliance/requests/{id}", get(requests::show))
        .route("/account/compliance/requests/{id}/{step}", get(requests::ask_step).post(requests::step))
        .route("/account/break-glass", get(break_glass::ask).post(break_glass::open))
        .route("/account/break-glass/{id}/close", post(break_glass::close))
        .route("/account/compliance/emergencies", get(emergencies::list))
        .route("/account/compliance/emergencies/{id}", get(emergencies::show))
        .route("/account/compliance/emergencies/{id}/seen", post(announced::seen))
        .route(
            "/account/compliance/emergencies/{id}/review",
            get(emergencies::ask_review).post(emergencies::review),
        )
        .route("/api/compliance/emergencies", get(emergencies::api))
        .route("/account/compliance/emergencies/{id}/journal", get(journal::page))
        .route("/api/compliance/emergencies/{id}/journal", get(journal::api))
        .route("/account/compliance/reviews", get(reviews::list).post(reviews::record))
        .merge(rights::routes())
        .layer(Extension(facts))
        .with_state(services)
}

fn roles(viewer: &Viewer) -> impl Iterator<Item = &'static crate::identity::Role> {
    viewer.session().identity().settings().roles.held(viewer.principal.roles())
}

/// Whether the viewer answers for the organisation's agreements, and so for all of this.
fn answers(viewer: &Viewer) -> bool {
    roles(viewer).any(|role| role.administers.contains(&"agreements"))
}

/// Refuses whoever does not; to them, there is no such page.
fn only_who_answers(viewer: &Viewer) -> Result<()> {
    if answers(viewer) { Ok(()) } else { Err(Problem::not_found()) }
}

/// Whether the viewer belongs to the workforce: who is cared for here, or was named by them, does not.
fn works_here(viewer: &Viewer) -> bool {
    roles(viewer).any(|role| role.works_here())
}

/// A transaction that acts for the viewer's organisation.
async fn begin(context: &Context) -> Result<Transaction> {
    Ok(context.store.begin_as(&context.policy(Action::Update)).await.map_err(Error::from)?)
}

/// Writes the event, then commits.
async fn finish(context: &Context, mut transaction: Transaction, event: Event) -> Result<()> {
    audit::append(&mut transaction, &context.circumstances, event).await.map_err(Error::AuditUnavailable)?;
    Ok(transaction.commit().await.map_err(Error::from)?)
}

/// The company that runs the app: as its settings say, or the organisation that began it.
async fn operator(services: &Services) -> Result<String> {
    if let Some(operator) = &services.settings.operator {
        return Ok(operator.clone());
    }
    let first = first_organisation(services).await?;
    Ok(first.map_or_else(|| "The organisation that runs this app".to_owned(), |(_, name)| name))
}

/// The organisation that began the app.
async fn first_organisation(services: &Services) -> Result<Option<(uuid::Uuid, String)>> {
    let first = sql("SELECT id, name FROM organisations ORDER BY created_at, id LIMIT 1");
    let row = first.fetch_optional(&services.store).await.map_err(Error::from)?;
    let read = |row: crate::store::Row| Ok((row.uuid("id")?, row.text("name")?));
    Ok(row.map(read).transpose().map_err(Error::Store)?)
}

/// A page below the overview.
fn below(viewer: &Viewer, title: impl Into<String>) -> crate::pages::Page {
    viewer.page(title).back("Compliance", "/account/compliance")
}
