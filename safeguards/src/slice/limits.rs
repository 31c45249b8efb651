//! Limits: how many records of a kind a person may make in a day, a month or a year, by their tier (CC-8).
//!
//! A record and its count are one transaction: the row of the count is locked by who makes a record, and a check of the
//! database refuses what is beyond. So of two at once one waits, and neither passes by the other. What is removed again
//! stays counted: the limit is on what was made.

use axum::Json;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;
use uuid::Uuid;

use super::{Result, Routes, Viewer, go};
use crate::access::{Action, Context, Entity, Error};
use crate::audit::{self, Event};
use crate::pages::{Column, Content, Field, Form, FormData, Page, Row, Table};
use crate::store::{self, sql};
use crate::web::{Path, Problem};

/// The check that refuses what is beyond a limit.
pub(super) const BEYOND: &str = "limit_usage_within";

/// The time in which is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// From midnight to midnight of the app's time zone.
    Day,
    /// A calendar month.
    Month,
    /// A calendar year.
    Year,
}

/// A limit, as `limits.rs` of an app declares it.
#[derive(Debug)]
pub struct Limit {
    /// Its name, under which is counted; also in addresses.
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// Whose new records are counted.
    pub entity: &'static Entity,
    /// In which time.
    pub per: Period,
    /// The tiers with their amounts; whoever was given none has the first.
    pub tiers: &'static [(&'static str, i64)],
    /// The role that gives a tier.
    pub managed_by: Option<&'static str>,
}

/// How much somebody has used.
#[derive(Clone, Debug, Serialize)]
pub struct Usage {
    /// Of which limit.
    pub limit: &'static str,
    /// In which period: `2026-11`.
    pub period: String,
    /// So much.
    pub used: i64,
    /// Of so much.
    pub allowed: i64,
    /// By this tier.
    pub tier: &'static str,
}

impl Limit {
    /// The tier of this name, or the first.
    fn tier(&self, name: Option<&str>) -> (&'static str, i64) {
        let given = name.and_then(|name| self.tiers.iter().find(|(tier, _)| *tier == name));
        given.or(self.tiers.first()).copied().unwrap_or(("none", 0))
    }

    fn period(&self, today: time::Date) -> String {
        let (year, month) = (today.year(), u8::from(today.month()));
        match self.per {
            Period::Day => format!("{year:04}-{month:02}-{:02}", today.day()),
            Period::Month => format!("{year:04}-{month:02}"),
            Period::Year => format!("{year:04}"),
        }
    }

    fn per_words(&self) -> &'static str {
        match self.per {
            Period::Day => "today",
            Period::Month => "this month",
            Period::Year => "this year",
        }
    }

    fn is_managed_by(&self, viewer: &Viewer) -> bool {
        self.managed_by.is_some_and(|role| viewer.is(&[role]))
    }
}

impl Viewer {
    /// The count of one more record, to be written in the transaction that makes it.
    pub async fn counted(&self, limit: &'static Limit) -> Result<store::Statement> {
        let usage = self.usage_of(limit, self.principal.person().uuid()).await?;
        Ok(one_more(self, limit.name, usage.period, usage.allowed))
    }

    /// How much of a limit a person has used in this period.
    async fn usage_of(&self, limit: &'static Limit, person: Uuid) -> Result<Usage> {
        let organisation = self.principal.organisation().uuid();
        let period = limit.period(self.view.today());
        let mut reading = self.store.begin_as(&reading(self)).await.map_err(Error::from)?;
        let given =
            sql("SELECT tier FROM limit_tiers WHERE organisation_id = $1 AND person_id = $2 AND name = $3")
                .bind(organisation)
                .bind(person)
                .bind(limit.name)
                .fetch_optional(&mut reading)
                .await
                .map_err(Error::from)?;
        let counted = sql("SELECT used FROM limit_usage
             WHERE organisation_id = $1 AND person_id = $2 AND name = $3 AND period = $4")
        .bind(organisation)
        .bind(person)
        .bind(limit.name)
        .bind(period.clone())
        .fetch_optional(&mut reading)
        .await
        .map_err(Error::from)?;
        reading.rollback().await.map_err(Error::from)?;
        let given = given.map(|row| row.text("tier")).transpose().map_err(Error::from)?;
        let used = counted.map(|row| row.integer("used")).transpose().map_err(Error::from)?;
        let (tier, allowed) = limit.tier(given.as_deref());
        Ok(Usage { limit: limit.name, period, used: used.unwrap_or(0), allowed, tier })
    }

    async fn give_tier(&self, limit: &'static Limit, person: Uuid, tier: &'static str) -> Result<()> {
        let mut giving = self.store.begin_as(&reading(self)).await.map_err(Error::from)?;
        sql("INSERT INTO limit_tiers (organisation_id, person_id, name, tier, given_at, given_by_id)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (organisation_id, person_id, name)
             DO UPDATE SET tier = excluded.tier, given_at = excluded.given_at, given_by_id = excluded.given_by_id")
        .bind(self.principal.organisation())
        .bind(person)
        .bind(limit.name)
        .bind(tier)
        .bind(self.clock.now())
        .bind(self.principal.person())
        .execute(&mut giving)
        .await
        .map_err(Error::from)?;
        let event = Event::new(audit::Action::Configure).entity("tier").record(person).note(tier);
        audit::append(&mut giving, &self.circumstances, event).await.map_err(Error::AuditUnavailable)?;
        giving.commit().await.map_err(Error::from)?;
        Ok(())
    }

    /// The people whose records are counted.
    async fn counted_people(&self, limit: &'static Limit) -> Result<Vec<super::Called>> {
        let mut people: Vec<super::Called> = Vec::new();
        let making = limit.entity.grants.iter().filter(|grant| grant.actions.contains(&Action::Create));
        let mut roles: Vec<&str> = making.map(|grant| grant.role).collect();
        roles.sort_unstable();
        roles.dedup();
        for role in roles {
            people.extend(self.colleagues(role).await?);
        }
        people.sort_by(|a, b| (&a.title, a.id).cmp(&(&b.title, b.id)));
        people.dedup_by_key(|person| person.id);
        Ok(people)
    }
}

/// Counts one more, or fails by the check of the table where that is more than allowed; and with it the transaction.
pub fn one_more(context: &Context, name: &'static str, period: String, allowed: i64) -> store::Statement {
    let one_more = sql("INSERT INTO limit_usage (organisation_id, person_id, name, period, used, allowed)
         VALUES ($1, $2, $3, $4, 1, $5)
         ON CONFLICT (organisation_id, person_id, name, period)
         DO UPDATE SET used = limit_usage.used + 1, allowed = excluded.allowed");
    let person = context.principal.person();
    one_more.bind(context.principal.organisation()).bind(person).bind(name).bind(period).bind(allowed)
}

/// Who acts, for row-level security: counts and tiers are an organisation's own.
fn reading(context: &Context) -> store::PolicyContext {
    context.policy(Action::Update)
}

/// The pages and the API of these limits.
pub fn routes(limits: &'static [&'static Limit]) -> Routes {
    let named = move |name: &str| limits.iter().copied().find(|limit| limit.name == name);
    let mine = move |viewer: Viewer| async move { own(&viewer, limits).await };
    let told = move |viewer: Viewer| async move { own_usage(&viewer, limits).await.map(Json) };
    let everybody = move |viewer: Viewer, Path(name): Path<String>| async move {
        people(&viewer, managed(&viewer, named(&name))?).await
    };
    let ask = move |viewer: Viewer, Path((name, person)): Path<(String, Uuid)>| async move {
        tier_page(&viewer, managed(&viewer, named(&name))?, person, None).await
    };
    let give = move |viewer: Viewer, Path((name, person)): Path<(String, Uuid)>, data: FormData| async move {
        give(&viewer, managed(&viewer, named(&name))?, person, data).await
    };
    Routes::new()
        .route("/limits", get(mine))
        .route("/limits/{name}", get(everybody))
        .route("/limits/{name}/{person}", get(ask).post(give))
        .route("/api/limits", get(told))
}

/// The limit, if the viewer gives its tiers.
fn managed(viewer: &Viewer, limit: Option<&'static Limit>) -> Result<&'static Limit> {
    limit.filter(|limit| limit.is_managed_by(viewer)).ok_or_else(Problem::not_found)
}

async fn own_usage(viewer: &Viewer, limits: &'static [&'static Limit]) -> Result<Vec<Usage>> {
    let mut usage = Vec::new();
    for limit in limits.iter().filter(|limit| viewer.may(limit.entity, Action::Create)) {
        usage.push(viewer.usage_of(limit, viewer.principal.person().uuid()).await?);
    }
    Ok(usage)
}

/// `GET /limits`: what the viewer has used, and the way to whose tiers they give.
async fn own(viewer: &Viewer, limits: &'static [&'static Limit]) -> Result<Page> {
    let mut page = viewer.page("Usage");
    for limit in limits.iter().filter(|limit| limit.is_managed_by(viewer)) {
        page = page.action(format!("Tiers: {}", limit.label), format!("/limits/{}", limit.name));
    }
    let table = ["What", "Period", "Tier"]
        .into_iter()
        .fold(Table::new("What you have used"), |table, label| table.column(Column::new(label)));
    let table =
        ["Used", "Of"].into_iter().fold(table, |table, label| table.column(Column::new(label).numeric()));
    let rows = own_usage(viewer, limits).await?.into_iter().map(|usage| {
        let label =
            limits.iter().find(|limit| limit.name == usage.limit).map_or(usage.limit, |limit| limit.label);
        Row::new().cell(label).cell(usage.period).cell(usage.tier).cell(usage.used).cell(usage.allowed)
    });
    let rows: Vec<Row> = rows.collect();
    Ok(page.with(
        table.rows(rows).empty("Nothing is counted for you", "What has a limit for you will stand here."),
    ))
}

/// `GET /limits/{name}`: everybody whose records are counted.
async fn people(viewer: &Viewer, limit: &'static Limit) -> Result<Page> {
    let mut table = Table::new(format!("{} {}", limit.label, limit.per_words()));
    for label in ["Who", "Tier"] {
        table = table.column(Column::new(label));
    }
    for label in ["Used", "Of"] {
        table = table.column(Column::new(label).numeric());
    }
    let mut rows = Vec::new();
    for person in viewer.counted_people(limit).await? {
        let usage = viewer.usage_of(limit, person.id).await?;
        let row = Row::new().to(format!("/limits/{}/{}", limit.name, person.id));
        rows.push(row.cell(person.title).cell(usage.tier).cell(usage.used).cell(usage.allowed));
    }
    let table = table.rows(rows).empty("Nobody yet", "People whose records are counted will stand here.");
    Ok(viewer.page(limit.label).back("Usage", "/limits").with(table))
}

fn tier_form(limit: &'static Limit, person: Uuid, tier: &str) -> Form {
    let tiers = limit.tiers.iter().map(|(tier, amount)| ((*tier).to_owned(), format!("{tier}: {amount}")));
    let to = format!("/limits/{}/{person}", limit.name);
    let field = Field::choice("tier", "Tier", tiers);
    Form::new(to).field(field).with("tier", tier.to_owned()).cancel(format!("/limits/{}", limit.name))
}

async fn tier_page(viewer: &Viewer, limit: &'static Limit, person: Uuid, form: Option<Form>) -> Result<Page> {
    let people = viewer.counted_people(limit).await?;
    let called = people.into_iter().find(|called| called.id == person).ok_or_else(Problem::not_found)?;
    let usage = viewer.usage_of(limit, person).await?;
    let form = form.unwrap_or_else(|| tier_form(limit, person, usage.tier));
    let used = Content::from(format!("{} of {} {}", usage.used, usage.allowed, limit.per_words()));
    let detail = crate::pages::Detail::new().line("Used", used);
    let page = viewer.page(called.title).back(limit.label, format!("/limits/{}", limit.name));
    Ok(page.with(detail).with(form))
}

async fn give(viewer: &Viewer, limit: &'static Limit, person: Uuid, data: FormData) -> Result<Response> {
    // Whoever is not among them is not there.
    let people = viewer.counted_people(limit).await?;
    if !people.iter().any(|called| called.id == person) {
        return Err(Problem::not_found());
    }
    match tier_form(limit, person, "").parse(&viewer.view, data) {
        Ok(answers) => {
            let (tier, _) = limit.tier(answers.text("tier"));
            viewer.give_tier(limit, person, tier).await?;
            Ok(go(format!("/limits/{}", limit.name)))
        }
        Err(form) => Ok(tier_page(viewer, limit, person, Some(*form)).await?.into_response()),
    }
}
