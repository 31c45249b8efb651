//! Ends and archives, for programs: `healthcoder cancel` and `healthcoder export fetch` stand on these.

use safeguards::axum::Json;
use safeguards::axum::extract::{Path, State};
use safeguards::axum::http::StatusCode;
use safeguards::axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Nothing, route};
use crate::accounts::{Owned, Owner};
use crate::error::{Refusal, Result};
use crate::http::doors::Door::{Departure as OfDeparture, Owner as AsOwner, ProjectOwner};
use crate::http::{Routes, Site, sending};
use crate::ids::{DepartureId, EnvironmentId, ProjectId};
use crate::lifecycle::certificate::Signed;
use crate::lifecycle::{Departure, DepartureArchive, DepartureState, StepUp};
use crate::projects::Project;

/// The end of an app, wished for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    /// The app's name, typed by whoever ends it.
    name: String,
}

/// An end.
#[derive(Serialize, JsonSchema)]
pub(super) struct DepartureAnswer {
    /// Its id.
    id: DepartureId,
    /// The project.
    project: ProjectId,
    /// `window`, `destroying`, `destroyed` or `returned`.
    state: &'static str,
    /// When it was begun.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    cancelled_at: OffsetDateTime,
    /// Until when everything can be taken home.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    window_ends_at: OffsetDateTime,
    /// What awaits its owner.
    archives: Vec<ArchiveAnswer>,
}

/// An archive that awaits its owner.
#[derive(Serialize, JsonSchema)]
pub(super) struct ArchiveAnswer {
    /// Of which environment.
    environment: EnvironmentId,
    /// Its length.
    bytes: u64,
    /// SHA-256 of the sealed file, in hexadecimal.
    sha256: String,
    /// The key that signed what is in it.
    signed_by: String,
    /// Whether its owner has confirmed that they hold it.
    confirmed: bool,
}

/// What opens an archive.
#[derive(Serialize, JsonSchema)]
pub(super) struct Passphrase {
    /// It.
    pub(super) passphrase: String,
}

/// The receipt of an archive.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Receipt {
    /// SHA-256 of the file that its owner holds.
    sha256: String,
}

impl From<DepartureArchive> for ArchiveAnswer {
    fn from(archive: DepartureArchive) -> Self {
        Self {
            environment: archive.environment,
            bytes: archive.bytes,
            sha256: archive.sha256,
            signed_by: archive.signed_by,
            confirmed: archive.confirmed_at.is_some(),
        }
    }
}

pub(super) fn routes(routes: Routes) -> Routes {
    const ARCHIVE: &str = "/api/departures/{departure}/archives/{environment}";
    routes
        .api(
            route::<End, DepartureAnswer>(
                "POST",
                ProjectOwner,
                "/api/projects/{project}/end",
                "Ends an app: 30 days to take everything home, then it is destroyed",
            ),
            end,
        )
        .api(
            route::<Nothing, Vec<DepartureAnswer>>("GET", AsOwner, "/api/departures", "The account's ends"),
            list,
        )
        .api(
            route::<Nothing, DepartureAnswer>(
                "GET",
                OfDeparture,
                "/api/departures/{departure}",
                "An end, with its archives",
            ),
            show,
        )
        .api(
            route::<Nothing, Nothing>(
                "POST",
                OfDeparture,
                "/api/departures/{departure}/return",
                "Calls an end off",
            ),
            call_off,
        )
        .api(
            route::<Nothing, Nothing>("GET", OfDeparture, ARCHIVE, "An archive (application/zip), sealed"),
            archive,
        )
        .api(
            route::<Nothing, Passphrase>(
                "POST",
                OfDeparture,
                "/api/departures/{departure}/archives/{environment}/passphrase",
                "What opens an archive",
            ),
            passphrase,
        )
        .api(
            route::<Receipt, Nothing>(
                "POST",
                OfDeparture,
                "/api/departures/{departure}/archives/{environment}/receipt",
                "Confirms that the owner holds an archive",
            ),
            receipt,
        )
        .api(
            route::<Nothing, serde_json::Value>(
                "GET",
                OfDeparture,
                "/api/departures/{departure}/certificate",
                "The certificate of destruction, with its signature",
            ),
            certificate,
        )
}

async fn told(site: &Site, departure: &Departure) -> Result<DepartureAnswer> {
    let archives = site.lifecycle.archives_of(departure.account, departure.id).await?;
    Ok(DepartureAnswer {
        id: departure.id,
        project: departure.project,
        state: match departure.state {
            DepartureState::Window => "window",
            DepartureState::Destroying => "destroying",
            DepartureState::Destroyed => "destroyed",
            DepartureState::Returned => "returned",
        },
        cancelled_at: departure.cancelled_at,
        window_ends_at: departure.window_ends_at,
        archives: archives.into_iter().map(ArchiveAnswer::from).collect(),
    })
}

async fn end(
    State(site): State<Site>,
    owner: Owner,
    project: Owned<Project>,
    Json(body): Json<End>,
) -> Result<Json<DepartureAnswer>> {
    if body.name != project.name {
        return Err(Refusal::invalid("name", "Type the app's name exactly as it is written"));
    }
    let id = site.lifecycle.cancel(owner.account(), project.id, owner.person()).await?;
    let departure = site.lifecycle.find(owner.account(), id).await?;
    Ok(Json(told(&site, &departure).await?))
}

async fn list(State(site): State<Site>, owner: Owner) -> Result<Json<Vec<DepartureAnswer>>> {
    let mut all = Vec::new();
    for departure in site.lifecycle.of_account(owner.account()).await? {
        all.push(told(&site, &departure).await?);
    }
    Ok(Json(all))
}

async fn show(State(site): State<Site>, departure: Owned<Departure>) -> Result<Json<DepartureAnswer>> {
    Ok(Json(told(&site, &departure).await?))
}

async fn call_off(State(site): State<Site>, owner: Owner, departure: Owned<Departure>) -> Result<StatusCode> {
    site.lifecycle.come_back(owner.account(), departure.id, owner.person()).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn archive(
    State(site): State<Site>,
    owner: Owner,
    departure: Owned<Departure>,
    Path((_, environment)): Path<(DepartureId, EnvironmentId)>,
) -> Result<Response> {
    let proof = StepUp::of(owner.session())?;
    sending::archive(&site, &owner, &departure, environment, &proof).await
}

async fn passphrase(
    State(site): State<Site>,
    owner: Owner,
    departure: Owned<Departure>,
    Path((_, environment)): Path<(DepartureId, EnvironmentId)>,
) -> Result<Json<Passphrase>> {
    let proof = StepUp::of(owner.session())?;
    let (account, by) = (owner.account(), owner.person());
    let passphrase = site.lifecycle.passphrase(account, departure.id, environment, by, &proof).await?;
    Ok(Json(Passphrase { passphrase: passphrase.to_string() }))
}

async fn receipt(
    State(site): State<Site>,
    owner: Owner,
    departure: Owned<Departure>,
    Path((_, environment)): Path<(DepartureId, EnvironmentId)>,
    Json(body): Json<Receipt>,
) -> Result<StatusCode> {
    let by = owner.person();
    site.lifecycle.confirm(owner.account(), departure.id, environment, &body.sha256, by).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn certificate(
    State(site): State<Site>,
    owner: Owner,
    departure: Owned<Departure>,
) -> Result<Json<Signed>> {
    Ok(Json(site.lifecycle.certificate(owner.account(), departure.id).await?))
}
