//! What a person who has read a plan decides about it.

use safeguards::axum::extract::State;
use safeguards::axum::response::Response;
use safeguards::pages::FormData;

use super::{Result, go};
use crate::accounts::{Owned, Owner};
use crate::builds;
use crate::http::Site;
use crate::ids::BuildId;
use crate::projects::Project;
use crate::seams::EnvironmentKind;
use crate::versions::{self, Version};

/// What was typed to confirm that something is deleted or opened.
pub(super) const CONFIRM: &str = "confirm";

fn to(project: &Project, build: BuildId) -> Response {
    go(format!("/projects/{}/builds/{build}", project.id))
}

pub(super) async fn approve(
    State(site): State<Site>,
    project: Owned<Project>,
    version: Owned<Version>,
    data: FormData,
) -> Result<Response> {
    let seen = data.first("digest").unwrap_or_default();
    let build = builds::approve(&site.platform, &project, &version, seen, data.first(CONFIRM)).await?;
    Ok(to(&project, build))
}

pub(super) async fn withdraw(
    State(site): State<Site>,
    project: Owned<Project>,
    version: Owned<Version>,
) -> Result<Response> {
    versions::withdraw(&site.platform, &version).await?;
    Ok(go(format!("/projects/{}", project.id)))
}

pub(super) async fn again(
    State(site): State<Site>,
    project: Owned<Project>,
    version: Owned<Version>,
) -> Result<Response> {
    let preview = EnvironmentKind::Preview;
    let build = builds::again(&site.platform, &*site.billing, &project, &version, preview, None).await?;
    Ok(to(&project, build))
}

pub(super) async fn production(
    State(site): State<Site>,
    _owner: Owner,
    project: Owned<Project>,
    version: Owned<Version>,
    data: FormData,
) -> Result<Response> {
    let (production, typed) = (EnvironmentKind::Production, data.first(CONFIRM));
    let build = builds::again(&site.platform, &*site.billing, &project, &version, production, typed).await?;
    Ok(to(&project, build))
}
