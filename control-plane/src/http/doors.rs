//! Who comes in: decided here, for every route, before its handler.

use std::str::FromStr;

use safeguards::axum::Router;
use safeguards::axum::extract::{FromRequestParts, RawPathParams, Request, State};
use safeguards::axum::handler::Handler;
use safeguards::axum::http::request::Parts;
use safeguards::axum::middleware::{Next, from_fn_with_state};
use safeguards::axum::response::{IntoResponse, Response};
use safeguards::axum::routing::{MethodRouter, delete, get, post};
use safeguards::identity::Session;
use safeguards::web::Problem;
use schemars::Schema;

use super::Site;
use crate::accounts::{Member, Owned, Owner};
use crate::error::Refusal;
use crate::ids::{CopyId, DepartureId, GrantId, ProjectId, VersionId};
use crate::lifecycle::{Copy, Departure};
use crate::projects::Project;
use crate::support::Grant;
use crate::versions::Version;

/// Who may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Everybody.
    Public,
    /// Who works on an account; the handler takes a [`Member`].
    Member,
    /// Who owns an account; the handler takes an [`Owner`].
    Owner,
    /// Who works on the account of the project in the path; the handler takes an [`Owned<Project>`], and an
    /// [`Owned<Version>`] besides where the path names one of its versions.
    Project,
    /// Who owns the account of the project in the path; the handler takes both.
    ProjectOwner,
    /// Who owns the account of the departure in the path; the handler takes an [`Owned<Departure>`] besides.
    Departure,
    /// Who owns the account of the project in the path, which the support grant in the path is of; the handler takes an
    /// [`Owned<Grant>`] besides.
    Support,
    /// Who owns the account of the project in the path, which the copy in the path is of; the handler takes an
    /// [`Owned<Copy>`] besides.
    Copy,
}

impl Door {
    /// Whether the path names a project, which must be the account's own.
    #[must_use]
    pub fn names_project(self) -> bool {
        matches!(self, Self::Project | Self::ProjectOwner | Self::Support | Self::Copy)
    }

    /// Whether the path names a record that must be the account's own: another's is not there.
    #[must_use]
    pub fn names_record(self) -> bool {
        self.names_project() || self == Self::Departure
    }

    /// Whether a builder is refused.
    #[must_use]
    pub fn wants_owner(self) -> bool {
        matches!(self, Self::Owner | Self::ProjectOwner | Self::Departure | Self::Support | Self::Copy)
    }
}

/// A route as the table has it.
#[derive(Clone, Debug)]
pub struct Route {
    /// `GET`, `POST` or `DELETE`.
    pub method: &'static str,
    /// Its template, such as `/projects/{project}`.
    pub path: &'static str,
    /// Who may pass.
    pub door: Door,
    /// What it does, in a sentence.
    pub about: &'static str,
    /// Of an API route: what it takes and what it answers.
    pub shape: Option<Shape>,
}

/// What an API route takes and answers, as JSON Schema.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// Its body.
    pub takes: Option<Schema>,
    /// Its answer; none is 204.
    pub answers: Option<Schema>,
}

/// Routes and the router that they are served by. There is no way to enter a route without a door.
#[must_use]
pub struct Routes {
    site: Site,
    router: Router<Site>,
    list: Vec<Route>,
}

impl Routes {
    /// None yet.
    pub fn new(site: Site) -> Self {
        Self { site, router: Router::new(), list: Vec::new() }
    }

    /// A page.
    pub fn get<H, T>(self, door: Door, path: &'static str, about: &'static str, handler: H) -> Self
    where
        H: Handler<T, Site>,
        T: 'static,
    {
        let route = Route { method: "GET", path, door, about, shape: None };
        self.add(route, get(handler))
    }

    /// A form that is sent.
    pub fn post<H, T>(self, door: Door, path: &'static str, about: &'static str, handler: H) -> Self
    where
        H: Handler<T, Site>,
        T: 'static,
    {
        let route = Route { method: "POST", path, door, about, shape: None };
        self.add(route, post(handler))
    }

    /// A route of the API; its method stands in `route`.
    ///
    /// # Panics
    /// The method is none of `GET`, `POST` and `DELETE`: a fault of the table, found by its first test.
    pub fn api<H, T>(self, route: Route, handler: H) -> Self
    where
        H: Handler<T, Site>,
        T: 'static,
    {
        let methods = match route.method {
            "GET" => get(handler),
            "POST" => post(handler),
            "DELETE" => delete(handler),
            other => panic!("{other} is no method of this table"),
        };
        self.add(route, methods)
    }

    fn add(mut self, route: Route, handler: MethodRouter<Site>) -> Self {
        let gate = Gate { site: self.site.clone(), door: route.door };
        self.router = self.router.route(route.path, handler.layer(from_fn_with_state(gate, admit)));
        self.list.push(route);
        self
    }

    /// The table.
    #[must_use]
    pub fn list(&self) -> &[Route] {
        &self.list
    }

    /// The router, with its state.
    pub fn router(self) -> Router {
        self.router.with_state(self.site)
    }
}

impl std::fmt::Debug for Routes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(&self.list).finish()
    }
}

#[derive(Clone)]
struct Gate {
    site: Site,
    door: Door,
}

/// The one place where it is decided who passes.
async fn admit(State(gate): State<Gate>, path: RawPathParams, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match prove(&gate, &path, &mut parts).await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(problem) => problem.into_response(),
    }
}

async fn prove(gate: &Gate, path: &RawPathParams, parts: &mut Parts) -> Result<(), Problem> {
    if gate.door == Door::Public {
        return Ok(());
    }
    let session = Session::from_request_parts(parts, &gate.site).await?;
    let member = Member::of(session)?;
    // Another's project is not there, whatever the role; so it is looked for before the role is judged.
    if gate.door.names_project() {
        let id = parameter::<ProjectId>(path, "project").ok_or(Refusal::NotFound)?;
        let project: Owned<Project> = member.owned(&gate.site.platform, id).await?;
        parts.extensions.insert(project);
        if path.iter().any(|(name, _)| name == "version") {
            let version = parameter::<VersionId>(path, "version").ok_or(Refusal::NotFound)?;
            let version: Owned<Version> = member.owned(&gate.site.platform, (id, version)).await?;
            parts.extensions.insert(version);
        }
        if gate.door == Door::Support {
            let grant = parameter::<GrantId>(path, "grant").ok_or(Refusal::NotFound)?;
            let grant: Owned<Grant> = member.owned(&gate.site.platform, (id, grant)).await?;
            parts.extensions.insert(grant);
        }
        if gate.door == Door::Copy {
            let copy = parameter::<CopyId>(path, "copy").ok_or(Refusal::NotFound)?;
            let copy: Owned<Copy> = member.owned(&gate.site.platform, (id, copy)).await?;
            parts.extensions.insert(copy);
        }
    }
    if gate.door == Door::Departure {
        let id = parameter::<DepartureId>(path, "departure").ok_or(Refusal::NotFound)?;
        let departure: Owned<Departure> = member.owned(&gate.site.platform, id).await?;
        parts.extensions.insert(departure);
    }
    if gate.door.wants_owner() {
        parts.extensions.insert(member.owner()?);
    }
    parts.extensions.insert(member);
    Ok(())
}

fn parameter<T: FromStr>(path: &RawPathParams, name: &str) -> Option<T> {
    path.iter().find(|(known, _)| *known == name).and_then(|(_, value)| value.parse().ok())
}

macro_rules! proven {
    ($($type:ty, $code:literal;)*) => {$(
        impl<S: Sync> FromRequestParts<S> for $type {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
                parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::internal($code))
            }
        }
    )*};
}

proven! {
    Member, "a handler wants a member, and its door lets everybody in";
    Owner, "a handler wants an owner, and its door lets builders in";
    Owned<Project>, "a handler wants a project, and its door names none";
    Owned<Version>, "a handler wants a version, and its path names none";
    Owned<Copy>, "a handler wants a copy, and its door names none";
    Owned<Grant>, "a handler wants a support grant, and its door names none";
    Owned<Departure>, "a handler wants a departure, and its door names none";
}
