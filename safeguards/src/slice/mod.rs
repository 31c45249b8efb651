//! What the slices of a generated app share: reading what was sent, showing what was found.
//!
//! A slice keeps what is its own in sight (its types, its statements, its routes) and takes from here
//! what is the same for all: the [`Viewer`] who asks, one [`Form`](crate::pages::Form) that reads a page and a
//! JSON body alike ([`Body`]), the filters of a list ([`Wanted`]), a record's [`Line`]s on a page, and
//! the [`Names`] of what it links to. Nothing here knows an entity, and nothing reaches data but by a
//! tenant statement.

mod answers;
mod assign;
mod body;
mod browser;
mod conversations;
pub mod feeds;
mod files;
mod hours;
pub mod json;
pub mod limits;
mod line;
mod list_filter;
mod looks;
pub mod measure;
mod names;
mod places;
mod problem;
pub mod rules;
mod schedule;
mod searches;
pub mod seed;
pub mod shapes;
mod signing;
pub mod trial;
mod viewer;
mod wanted;
pub mod zone;

pub use answers::WriteAnswers;
pub use assign::{Assignee, Assignments};
pub use axum::routing::{get, post};
pub use body::Body;
pub(crate) use body::answer as read_json;
pub use files::{KnownFile, Upload, download};
pub use hours::OpeningHours;
pub use line::{Known, KnownAllergies, Line};
pub use list_filter::{ListFilter, Orders};
pub use looks::{LookTold, Looks};
pub use names::{Called, Links, Names};
pub(crate) use places::capitalised;
pub use schedule::Schedule;
pub use signing::Signing;
pub(crate) use viewer::came_from;
pub use viewer::{Front, Routes, Viewer, finished};
pub use wanted::Wanted;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use uuid::Uuid;

use crate::web::{Code, Problem};

/// What a handler answers.
pub type Result<T, E = Problem> = std::result::Result<T, E>;

/// What reading a row answers.
pub type Opened<T> = crate::access::Result<T>;

/// 201 with the new record; with its id alone, where whoever made it may not view it.
pub fn created<T: Serialize>(id: Uuid, record: Option<T>) -> Response {
    match record {
        Some(record) => (StatusCode::CREATED, Json(record)).into_response(),
        None => (StatusCode::CREATED, Json(serde_json::json!({ "id": id }))).into_response(),
    }
}

/// 201 with a one-time link, which is kept by nobody on the way.
pub fn invited(link: &crate::identity::Link) -> Response {
    crate::identity::link_made(link)
}

/// 303 to a page of this app, after a form was taken.
pub fn go(path: impl AsRef<str>) -> Response {
    Redirect::to(path.as_ref()).into_response()
}

/// What was found, or nothing where it is out of reach or gone.
pub fn within_reach<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Err(problem) if problem.code() == Code::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// A time of day, as the hours of a calendar are said.
pub fn clock(hour: u8, minute: u8) -> time::Time {
    time::Time::from_hms(hour, minute, 0).unwrap_or(time::Time::MIDNIGHT)
}

/// What a rule found, in words for whoever does the task: `Over 180: systolic 190 mmHg`.
pub fn told(rule: &str, values: &[(&str, String, &str)]) -> String {
    let known = values.iter().filter(|(_, value, _)| !value.is_empty());
    let found: Vec<String> = known.map(|(label, value, unit)| format!("{label} {value}{unit}")).collect();
    if found.is_empty() { rule.to_owned() } else { format!("{rule}: {}", found.join(", ")) }
}

/// So many minutes.
pub fn minutes(count: i64) -> time::Duration {
    time::Duration::minutes(count)
}

/// The version that a change names: a form's hidden field, or `version` in an address.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
pub struct Version {
    /// The version that the person saw.
    pub version: i64,
}

impl Version {
    /// The version that a form was filled with.
    pub fn of(data: &crate::pages::FormData) -> Result<Self> {
        let version = data.first(crate::pages::FormData::VERSION).and_then(|version| version.parse().ok());
        version.map(|version| Self { version }).ok_or_else(|| Problem::new(Code::Malformed))
    }
}

/// The id of a record, of an address: another text than a UUID is a record that is not there.
#[derive(Clone, Copy, Debug)]
pub struct Id(pub Uuid);

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, state: &S) -> Result<Self> {
        let path = axum::extract::Path::<String>::from_request_parts(parts, state).await;
        let id = path.ok().and_then(|axum::extract::Path(text)| Uuid::try_parse(&text).ok());
        id.map(Self).ok_or_else(Problem::not_found)
    }
}

/// All that a slice of a generated app names.
pub mod prelude {
    pub use super::shapes::holds;
    pub use super::{
        Assignee, Assignments, Body, Called, Id, Known, KnownAllergies, KnownFile, Line, Links, ListFilter,
        Looks, Names, Opened, OpeningHours, Result, Schedule, Upload, Version, Viewer, Wanted, WriteAnswers,
        clock, created, download, go, invited, minutes, within_reach,
    };
    pub use crate::access::{
        Action, Entity, Fill, Found, Record, Shown, Statement, StoredFile, Unsealed, Written,
    };
    pub use crate::identity::Link;
    pub use crate::pages::{
        Allergies, Answers, Choice, Content, Field, FileForm, Form, FormData, Listing, Page, PatientBanner,
        Shape, Table, Tabs, View,
    };
    pub use crate::web::Problem;
    pub use crate::{sql, tenant};
    pub use axum::Json;
    pub use axum::extract::Query;
    pub use axum::http::StatusCode;
    pub use axum::response::{IntoResponse, Response};
    pub use rust_decimal::Decimal;
    pub use serde::Serialize;
    pub use time::{Date, OffsetDateTime, Weekday};
    pub use uuid::Uuid;
}
