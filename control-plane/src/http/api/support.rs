//! Support access, for programs (HC-10).

use safeguards::axum::Json;
use safeguards::axum::extract::State;
use safeguards::axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Nothing, route};
use crate::accounts::{Owned, Owner};
use crate::environments::Environment;
use crate::error::{Refusal, Result};
use crate::http::doors::Door::{ProjectOwner, Support as OfGrant};
use crate::http::{Routes, Site};
use crate::lifecycle::StepUp;
use crate::projects::Project;
use crate::seams::EnvironmentKind;
use crate::support::{self, Grant, LookTold, Reason};

/// Leave for support, to be given.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewGrant {
    /// Where support may look.
    environment: EnvironmentKind,
    /// What it is to look into, at most 500 characters. It stands beside each look in the app's own audit log.
    reason: String,
    /// For how many hours, 1 to 72.
    hours: i64,
}

/// Leave for support.
#[derive(Serialize, JsonSchema)]
pub(super) struct GrantAnswer {
    #[serde(flatten)]
    grant: Grant,
    /// What support is to look into; none once it is erased.
    reason: Option<String>,
    /// What was looked at, newest first. Whose records it was about is in the app's own audit log.
    looks: Vec<LookTold>,
}

pub(super) fn routes(routes: Routes) -> Routes {
    const GRANTS: &str = "/api/projects/{project}/support";
    const GRANT: &str = "/api/projects/{project}/support/{grant}";
    routes
        .api(
            route::<Nothing, Vec<Grant>>("GET", ProjectOwner, GRANTS, "What support was let into, newest first"),
            list,
        )
        .api(
            route::<NewGrant, GrantAnswer>(
                "POST",
                ProjectOwner,
                GRANTS,
                "Lets support look at records, for a reason and until a moment; wants a proof of the last ten minutes",
            ),
            grant,
        )
        .api(route::<Nothing, GrantAnswer>("GET", OfGrant, GRANT, "A grant, and what was looked at"), show)
        .api(route::<Nothing, Nothing>("DELETE", OfGrant, GRANT, "Ends a grant at once"), revoke)
}

async fn told(site: &Site, grant: &Owned<Grant>) -> Result<Json<GrantAnswer>> {
    let reason = support::reason(&site.platform, grant).await?;
    Ok(Json(GrantAnswer {
        grant: Grant::clone(grant),
        reason: reason.map(|reason| reason.reveal().to_owned()),
        looks: support::looks(&site.platform, grant).await?,
    }))
}

async fn list(State(site): State<Site>, project: Owned<Project>) -> Result<Json<Vec<Grant>>> {
    Ok(Json(support::list(&site.platform, &project).await?))
}

async fn grant(
    State(site): State<Site>,
    owner: Owner,
    project: Owned<Project>,
    Json(body): Json<NewGrant>,
) -> Result<Json<GrantAnswer>> {
    let platform = &site.platform;
    let proof = StepUp::of(owner.session())?;
    let reason = Reason::parse(&body.reason)?;
    let environment: Owned<Environment> = owner.owned(platform, (project.id, body.environment)).await?;
    if environment.version.is_none() {
        return Err(Refusal::Conflict("Nothing serves there yet, so there are no records to see.".into()));
    }
    let id = support::grant(platform, &owner, &environment, &reason, body.hours, &proof).await?;
    told(&site, &owner.owned(platform, (project.id, id)).await?).await
}

async fn show(State(site): State<Site>, grant: Owned<Grant>) -> Result<Json<GrantAnswer>> {
    told(&site, &grant).await
}

async fn revoke(State(site): State<Site>, owner: Owner, grant: Owned<Grant>) -> Result<StatusCode> {
    support::revoke(&site.platform, &owner, &grant).await?;
    Ok(StatusCode::NO_CONTENT)
}
