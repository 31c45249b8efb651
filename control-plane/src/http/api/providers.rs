//! How the app of an environment calls whom it may reach, for programs: `healthcoder providers` stands on these.

use safeguards::axum::Json;
use safeguards::axum::extract::{Path, State};
use safeguards::axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Nothing, route};
use crate::Secret;
use crate::accounts::{Owned, Owner};
use crate::error::Result;
use crate::http::doors::Door::ProjectOwner;
use crate::http::{Routes, Site};
use crate::ids::{ProjectId, ProviderId};
use crate::lifecycle::StepUp;
use crate::projects::Project;
use crate::providers::{self, Provider, Settings};

/// How the app is to call a company.
#[derive(Deserialize, JsonSchema)]
pub(super) struct NewProvider {
    #[serde(flatten)]
    settings: Settings,
    /// Its key, or the app's secret at the identity provider. No answer holds it.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    key: Option<Secret>,
}

/// A provider that was set.
#[derive(Serialize, JsonSchema)]
pub(super) struct SetProvider {
    /// It.
    provider: ProviderId,
}

pub(super) fn routes(routes: Routes) -> Routes {
    const PROVIDERS: &str = "/api/projects/{project}/environments/{kind}/providers";
    const PROVIDER: &str = "/api/projects/{project}/environments/{kind}/providers/{provider}";
    routes
        .api(
            route::<Nothing, Vec<Provider>>(
                "GET",
                ProjectOwner,
                PROVIDERS,
                "How the app of an environment calls whom it may reach; never a key",
            ),
            list,
        )
        .api(
            route::<NewProvider, SetProvider>(
                "POST",
                ProjectOwner,
                PROVIDERS,
                "Sets how the app calls a company, in place of what was set before",
            ),
            set,
        )
        .api(
            route::<Nothing, Nothing>(
                "DELETE",
                ProjectOwner,
                PROVIDER,
                "Has the app forget how to call a company, and erases the key",
            ),
            withdraw,
        )
}

async fn list(
    State(site): State<Site>,
    project: Owned<Project>,
    Path((_, kind)): Path<(ProjectId, String)>,
) -> Result<Json<Vec<Provider>>> {
    let environment = project.environment(&site.platform, &kind).await?;
    Ok(Json(providers::list(&site.platform, environment.id).await?))
}

async fn set(
    State(site): State<Site>,
    owner: Owner,
    project: Owned<Project>,
    Path((_, kind)): Path<(ProjectId, String)>,
    Json(body): Json<NewProvider>,
) -> Result<Json<SetProvider>> {
    let environment = project.environment(&site.platform, &kind).await?;
    let proof = StepUp::of(owner.session())?;
    let NewProvider { settings, key } = body;
    let (platform, host) = (&site.platform, &*site.host);
    let provider =
        providers::set(platform, host, &owner, &environment, &settings, key.as_ref(), &proof).await?;
    Ok(Json(SetProvider { provider }))
}

async fn withdraw(
    State(site): State<Site>,
    owner: Owner,
    project: Owned<Project>,
    Path((_, kind, id)): Path<(ProjectId, String, ProviderId)>,
) -> Result<StatusCode> {
    let environment = project.environment(&site.platform, &kind).await?;
    let proof = StepUp::of(owner.session())?;
    providers::withdraw(&site.platform, &*site.host, &owner, &environment, id, &proof).await?;
    Ok(StatusCode::NO_CONTENT)
}
