//! Whom the app of an environment may reach, for programs: `healthcoder reach` stands on these.

use safeguards::axum::Json;
use safeguards::axum::extract::{Path, State};
use safeguards::axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Nothing, route};
use crate::accounts::{Owned, Owner};
use crate::error::Result;
use crate::http::doors::Door::ProjectOwner;
use crate::http::{Routes, Site};
use crate::ids::ProjectId;
use crate::lifecycle::StepUp;
use crate::outward::{self, Attested, NewHost};
use crate::projects::Project;

/// What an owner attests.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWay {
    /// The company, as the spec names it under `sub-processors`; or `sign-in`, the identity provider.
    processor: String,
    /// Its host: `api.provider.example`, or `api.provider.example:8443`.
    address: String,
    /// The agreement: its number, or its title and date.
    agreement: String,
}

/// A host that was attested.
#[derive(Serialize, JsonSchema)]
pub(super) struct Way {
    /// It.
    #[schemars(with = "String")]
    way: Uuid,
}

pub(super) fn routes(routes: Routes) -> Routes {
    const WAYS: &str = "/api/projects/{project}/environments/{kind}/outward";
    const WAY: &str = "/api/projects/{project}/environments/{kind}/outward/{way}";
    routes
        .api(
            route::<Nothing, Vec<Attested>>(
                "GET",
                ProjectOwner,
                WAYS,
                "Whom the app of an environment may reach",
            ),
            list,
        )
        .api(
            route::<NewWay, Way>("POST", ProjectOwner, WAYS, "Lets the app reach a company that is attested"),
            attest,
        )
        .api(
            route::<Nothing, Nothing>(
                "DELETE",
                ProjectOwner,
                WAY,
                "Has the app reach a company no longer, and erases the key of a provider there",
            ),
            withdraw,
        )
}

async fn list(
    State(site): State<Site>,
    project: Owned<Project>,
    Path((_, kind)): Path<(ProjectId, String)>,
) -> Result<Json<Vec<Attested>>> {
    let environment = project.environment(&site.platform, &kind).await?;
    Ok(Json(outward::list(&site.platform, environment.id).await?))
}

async fn attest(
    State(site): State<Site>,
    owner: Owner,
    project: Owned<Project>,
    Path((_, kind)): Path<(ProjectId, String)>,
    Json(body): Json<NewWay>,
) -> Result<Json<Way>> {
    let environment = project.environment(&site.platform, &kind).await?;
    let proof = StepUp::of(owner.session())?;
    let NewWay { processor, address, agreement } = &body;
    let new = NewHost { processor, address, agreement };
    let way = outward::attest(&site.platform, &*site.host, &owner, &environment, &new, &proof).await?;
    Ok(Json(Way { way }))
}

async fn withdraw(
    State(site): State<Site>,
    owner: Owner,
    project: Owned<Project>,
    Path((_, kind, way)): Path<(ProjectId, String, Uuid)>,
) -> Result<StatusCode> {
    let environment = project.environment(&site.platform, &kind).await?;
    let proof = StepUp::of(owner.session())?;
    outward::withdraw(&site.platform, &*site.host, &owner, &environment, way, &proof).await?;
    Ok(StatusCode::NO_CONTENT)
}
