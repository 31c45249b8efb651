//! Copies of an app that goes on, for programs (HC-11).

use safeguards::axum::Json;
use safeguards::axum::extract::State;
use safeguards::axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::departures::Passphrase;
use super::{Nothing, route};
use crate::accounts::{Owned, Owner};
use crate::environments::Environment;
use crate::error::Result;
use crate::http::doors::Door::{Copy as OfCopy, ProjectOwner};
use crate::http::{Routes, Site, sending};
use crate::ids::CopyId;
use crate::lifecycle::{Copy, StepUp};
use crate::projects::Project;
use crate::seams::EnvironmentKind;

/// A copy, wished for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCopy {
    /// Of which environment.
    environment: EnvironmentKind,
}

/// A copy that was begun, or that is there already.
#[derive(Serialize, JsonSchema)]
pub(super) struct BegunCopy {
    /// It.
    copy: CopyId,
}

pub(super) fn routes(routes: Routes) -> Routes {
    const COPIES: &str = "/api/projects/{project}/copies";
    const COPY: &str = "/api/projects/{project}/copies/{copy}";
    const FILE: &str = "/api/projects/{project}/copies/{copy}/file";
    const PASSPHRASE: &str = "/api/projects/{project}/copies/{copy}/passphrase";
    routes
        .api(route::<Nothing, Vec<Copy>>("GET", ProjectOwner, COPIES, "Copies of an app that goes on"), list)
        .api(
            route::<NewCopy, BegunCopy>("POST", ProjectOwner, COPIES, "Has a copy made of an environment"),
            make,
        )
        .api(route::<Nothing, Copy>("GET", OfCopy, COPY, "A copy and where it is"), show)
        .api(route::<Nothing, Nothing>("GET", OfCopy, FILE, "The file (application/zip), sealed"), file)
        .api(route::<Nothing, Passphrase>("POST", OfCopy, PASSPHRASE, "What opens a copy"), passphrase)
}

async fn list(State(site): State<Site>, project: Owned<Project>) -> Result<Json<Vec<Copy>>> {
    Ok(Json(site.lifecycle.copies(&project).await?))
}

async fn make(
    State(site): State<Site>,
    owner: Owner,
    project: Owned<Project>,
    Json(body): Json<NewCopy>,
) -> Result<Json<BegunCopy>> {
    let environment: Owned<Environment> = owner.owned(&site.platform, (project.id, body.environment)).await?;
    let proof = StepUp::of(owner.session())?;
    Ok(Json(BegunCopy { copy: site.lifecycle.copy(&owner, &environment, &proof).await? }))
}

async fn show(copy: Owned<Copy>) -> Json<Copy> {
    Json(Copy::clone(&copy))
}

async fn file(State(site): State<Site>, owner: Owner, copy: Owned<Copy>) -> Result<Response> {
    let proof = StepUp::of(owner.session())?;
    sending::copy(&site, &owner, &copy, &proof).await
}

async fn passphrase(State(site): State<Site>, owner: Owner, copy: Owned<Copy>) -> Result<Json<Passphrase>> {
    let proof = StepUp::of(owner.session())?;
    let passphrase = site.lifecycle.copy_passphrase(&owner, &copy, &proof).await?;
    Ok(Json(Passphrase { passphrase: passphrase.to_string() }))
}
