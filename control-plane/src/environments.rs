//! Environments: the preview and the production of a project, as the platform knows them. What the host
//! keeps of one is the host's own.

use safeguards::store::Row;
use safeguards::{StoreError, Transaction, sql};
use schemars::JsonSchema;
use serde::Serialize;
use time::OffsetDateTime;

use crate::Platform;
use crate::accounts::{Belongs, Owned};
use crate::error::{Refusal, Result};
use crate::ids::{AccountId, EnvironmentId, ProjectId, VersionId};
use crate::projects::Project;
use crate::residency::{self, Residency, What};
use crate::seams::{EnvironmentKind, EnvironmentOrder, Pending};

/// A tenant.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Environment {
    /// Its id.
    pub id: EnvironmentId,
    /// Of which account.
    #[serde(skip)]
    pub account: AccountId,
    /// Of which project.
    pub project: ProjectId,
    /// Preview or production.
    pub kind: EnvironmentKind,
    /// Its host name, without scheme and port.
    pub host_name: String,
    /// The version that serves.
    pub version: Option<VersionId>,
    /// Since when there is one.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    pub created_at: OffsetDateTime,
}

impl Environment {
    fn of(row: &Row) -> Result<Self, StoreError> {
        let kind = row.text("kind")?;
        Ok(Self {
            id: EnvironmentId::new(row.uuid("id")?),
            account: AccountId::new(row.uuid("account_id")?),
            project: ProjectId::new(row.uuid("project_id")?),
            kind: EnvironmentKind::parse(&kind).ok_or_else(|| StoreError::Column {
                column: "kind".into(),
                expected: "a kind of environment",
            })?,
            host_name: row.text("host_name")?,
            version: row.optional_uuid("version_id")?.map(VersionId::new),
            created_at: row.timestamp("created_at")?,
        })
    }

    /// As the host is told of it.
    #[must_use]
    pub fn order(&self) -> EnvironmentOrder {
        EnvironmentOrder {
            environment: self.id,
            project: self.project,
            account: self.account,
            kind: self.kind,
            host_name: self.host_name.clone(),
        }
    }
}

impl Belongs for Environment {
    type Id = (ProjectId, EnvironmentKind);

    fn find(platform: &Platform, account: AccountId, id: Self::Id) -> Pending<'_, Option<Self>, Refusal> {
        Box::pin(async move {
            let row = sql(
                "SELECT id, account_id, project_id, kind, host_name, version_id, created_at FROM environments
                 WHERE account_id = $1 AND project_id = $2 AND kind = $3 AND destroyed_at IS NULL",
            )
            .bind(account)
            .bind(id.0)
            .bind(id.1.as_str())
            .fetch_optional(&platform.store)
            .await?;
            Ok(row.as_ref().map(Self::of).transpose()?)
        })
    }
}

impl Owned<Project> {
    /// The project's environment of this kind, by its word in a path.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]: there is no such kind, or none of it lives.
    pub async fn environment(&self, platform: &Platform, kind: &str) -> Result<Owned<Environment>> {
        let kind = EnvironmentKind::parse(kind).ok_or(Refusal::NotFound)?;
        self.member().owned(platform, (self.id, kind)).await
    }
}

/// The environments of a project that live.
///
/// # Errors
/// The database cannot be read.
pub async fn list(platform: &Platform, project: &Owned<Project>) -> Result<Vec<Environment>> {
    let rows =
        sql("SELECT id, account_id, project_id, kind, host_name, version_id, created_at FROM environments
         WHERE project_id = $1 AND destroyed_at IS NULL ORDER BY kind")
        .bind(project.id)
        .fetch_all(&platform.store)
        .await?;
    Ok(rows.iter().map(Environment::of).collect::<Result<_, _>>()?)
}

/// The environment by its id, whosever it is: for operations and for the gateway, never for a request of
/// a person.
///
/// # Errors
/// The database cannot be read.
pub async fn find(platform: &Platform, id: EnvironmentId) -> Result<Option<Environment>, StoreError> {
    let row =
        sql("SELECT id, account_id, project_id, kind, host_name, version_id, created_at FROM environments
         WHERE id = $1 AND destroyed_at IS NULL")
        .bind(id)
        .fetch_optional(&platform.store)
        .await?;
    row.as_ref().map(Environment::of).transpose()
}

/// The environment of a host name (without its port), for the gateway.
///
/// # Errors
/// The database cannot be read.
pub async fn by_host_name(platform: &Platform, host_name: &str) -> Result<Option<Environment>, StoreError> {
    let row =
        sql("SELECT id, account_id, project_id, kind, host_name, version_id, created_at FROM environments
         WHERE host_name = $1 AND destroyed_at IS NULL")
        .bind(host_name)
        .fetch_optional(&platform.store)
        .await?;
    row.as_ref().map(Environment::of).transpose()
}

/// The project's environment of this kind, made in the caller's transaction where there is none.
pub(crate) async fn provide(
    platform: &Platform,
    transaction: &mut Transaction,
    project: &Project,
    kind: EnvironmentKind,
) -> Result<EnvironmentId, StoreError> {
    let apps = &platform.configuration.apps_domain;
    let host_name = match kind {
        EnvironmentKind::Preview => format!("{}-preview.{apps}", project.label),
        EnvironmentKind::Production => format!("{}.{apps}", project.label),
    };
    let new = sql("INSERT INTO environments (id, account_id, project_id, kind, host_name, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING")
    .bind(EnvironmentId::new(platform.ids.next()))
    .bind(project.account)
    .bind(project.id)
    .bind(kind.as_str())
    .bind(host_name)
    .bind(platform.clock.now())
    .execute(&mut *transaction)
    .await?;
    let row = sql("SELECT id FROM environments WHERE project_id = $1 AND kind = $2 AND destroyed_at IS NULL")
        .bind(project.id)
        .bind(kind.as_str())
        .fetch_one(&mut *transaction)
        .await?;
    let id = EnvironmentId::new(row.uuid("id")?);
    if new == 1 {
        let Residency { records, keys } = &platform.configuration.residency;
        residency::record(platform, transaction, id, What::Records, records).await?;
        residency::record(platform, transaction, id, What::Keys, keys).await?;
    }
    Ok(id)
}
