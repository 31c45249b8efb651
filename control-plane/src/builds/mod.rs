//! Builds: from an approved version to an app that serves, as a durable operation.
//!
//! | step | outside effect, by a stable name | what is written with its end |
//! |---|---|---|
//! | `source` | the project's files and its custom code, in the version's folder | that it is running |
//! | `compile` | the program, by the version | its path and hash, in the notes |
//! | `verify` | unless it passed before: a throwaway instance, tried by the verifier; its report, by the version | that it passed |
//! | `provide` | the environment's folder, database, keys | of production: that its gate is looked at |
//! | `deploy` | the database migrated, the program serving | the environment's version |
//! | `seed` | made-up people and records (preview only) | – |
//! | `announce` | – | build and version are done, the last event |
//!
//! What happens meanwhile is stored event by event and shown as it comes ([`events`]). A build that fails
//! says why in words and leaves the version that served before serving.

pub mod events;
pub(crate) mod verification;
mod work;

pub use work::Build as BuildWork;

use safeguards::audit::{self, Action, Event};
use safeguards::store::Row;
use safeguards::{StoreError, Transaction, sql};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use time::OffsetDateTime;

use crate::Platform;
use crate::accounts::{Belongs, Member, Owned};
use crate::changes;
use crate::custom;
use crate::environments;
use crate::error::{Refusal, Result};
use crate::ids::{AccountId, BuildId, EnvironmentId, ProjectId, VersionId};
use crate::operations::NewOperation;
use crate::projects::Project;
use crate::seams::{Billing, EnvironmentKind, Gate, Pending};
use crate::versions::{self, Version};

/// The kind of operation that builds.
pub(crate) const KIND: &str = "build";

/// Where a build is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BuildState {
    /// Others are before it.
    Waiting,
    /// It is at work.
    Running,
    /// What it built serves, or served.
    Serving,
    /// It did not come to that.
    Failed,
    /// It was called off.
    Cancelled,
}

impl BuildState {
    /// The spelling in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Serving => "serving",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more will come of it.
    #[must_use]
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        [Self::Waiting, Self::Running, Self::Serving, Self::Failed, Self::Cancelled]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| StoreError::Column { column: "state".into(), expected: "a state of a build" })
    }
}

/// One attempt to bring a version into an environment.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Build {
    /// Its id.
    pub id: BuildId,
    /// Of which account.
    #[serde(skip)]
    pub account: AccountId,
    /// Of which project.
    pub project: ProjectId,
    /// The version.
    pub version: VersionId,
    /// The version's number.
    pub number: i64,
    /// Where it is to serve.
    pub environment: EnvironmentId,
    /// As what.
    pub kind: EnvironmentKind,
    /// Where it is.
    pub state: BuildState,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    pub created_at: OffsetDateTime,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schemars(with = "Option<String>")]
    pub finished_at: Option<OffsetDateTime>,
    /// Why it failed, in words for a founder.
    pub failure: Option<String>,
}

impl Build {
    fn of(row: &Row) -> Result<Self, StoreError> {
        let kind = row.text("kind")?;
        Ok(Self {
            id: BuildId::new(row.uuid("id")?),
            account: AccountId::new(row.uuid("account_id")?),
            project: ProjectId::new(row.uuid("project_id")?),
            version: VersionId::new(row.uuid("version_id")?),
            number: row.integer("number")?,
            environment: EnvironmentId::new(row.uuid("environment_id")?),
            kind: EnvironmentKind::parse(&kind).ok_or_else(|| StoreError::Column {
                column: "kind".into(),
                expected: "a kind of environment",
            })?,
            state: BuildState::parse(&row.text("state")?)?,
            created_at: row.timestamp("created_at")?,
            finished_at: row.optional_timestamp("finished_at")?,
            failure: row.optional_text("failure")?,
        })
    }
}

impl Belongs for Build {
    type Id = (ProjectId, BuildId);

    fn find(platform: &Platform, account: AccountId, id: Self::Id) -> Pending<'_, Option<Self>, Refusal> {
        Box::pin(async move {
            let row = sql("SELECT b.id, b.account_id, v.project_id, b.version_id, v.number, b.environment_id, e.kind,
                     b.state, b.created_at, b.finished_at, b.failure
                 FROM builds b JOIN versions v ON v.id = b.version_id JOIN environments e ON e.id = b.environment_id
                 WHERE b.account_id = $1 AND v.project_id = $2 AND b.id = $3")
            .bind(account)
            .bind(id.0)
            .bind(id.1)
            .fetch_optional(&platform.store)
            .await?;
            Ok(row.as_ref().map(Self::of).transpose()?)
        })
    }
}

/// The operation's key.
pub(crate) fn key(build: BuildId) -> String {
    format!("build:{build}")
}

/// Approves a planned version, by the digest of the plan that was shown, and has it built into the preview.
///
/// `confirmed` is what was typed by whoever knows that the version deletes or opens what is recorded in production.
///
/// # Errors
/// It is not the plan that was read, it does not wait for approval any more, it has to be confirmed, or the lint refuses its
/// custom code.
pub async fn approve(
    platform: &Platform,
    project: &Owned<Project>,
    version: &Owned<Version>,
    seen: &str,
    confirmed: Option<&str>,
) -> Result<BuildId> {
    changes::confirmed(platform, version, confirmed).await?;
    custom::passes(platform, version).await?;
    let mut transaction = platform.store.begin().await?;
    versions::approve(platform, &mut transaction, version, seen).await?;
    let build = order(platform, &mut transaction, project, version, EnvironmentKind::Preview).await?;
    transaction.commit().await?;
    platform.operations.wake();
    Ok(build)
}

/// Has a version that was approved before built again, into the preview or, by an owner, into production, which what is
/// paid and signed must have opened (HC-4).
///
/// # Errors
/// It was never approved; a builder asks for production; production is closed; what it deletes or opens there is not
/// confirmed by the app's name.
pub async fn again(
    platform: &Platform,
    billing: &dyn Billing,
    project: &Owned<Project>,
    version: &Owned<Version>,
    kind: EnvironmentKind,
    confirmed: Option<&str>,
) -> Result<BuildId> {
    if kind == EnvironmentKind::Production {
        version.member().owner()?;
        changes::confirmed(platform, version, confirmed).await?;
        let standing = billing.standing(version.account).await?;
        if standing.production != Gate::ReadAndWrite {
            let next = standing.next.map_or_else(String::new, |(sentence, _)| format!(" {sentence}"));
            return Err(Refusal::Conflict(format!("{}{next}", standing.words)));
        }
    }
    if version.approved_at.is_none() {
        return Err(Refusal::Conflict("Read and approve the plan of this version first.".into()));
    }
    let mut transaction = platform.store.begin().await?;
    let build = order(platform, &mut transaction, project, version, kind).await?;
    transaction.commit().await?;
    platform.operations.wake();
    Ok(build)
}

async fn order(
    platform: &Platform,
    transaction: &mut Transaction,
    project: &Owned<Project>,
    version: &Owned<Version>,
    kind: EnvironmentKind,
) -> Result<BuildId> {
    let member: &Member = version.member();
    let ends =
        sql("SELECT id FROM departures WHERE project_id = $1 AND organisation_id IS NULL AND cause = 'owner'
         AND state IN ('window', 'destroying')")
        .bind(project.id)
        .fetch_optional(&mut *transaction)
        .await?;
    if ends.is_some() {
        return Err(Refusal::Conflict("This app ends. Call its end off before you build it again.".into()));
    }
    let environment = environments::provide(platform, transaction, project, kind).await?;
    let build = BuildId::new(platform.ids.next());
    sql("INSERT INTO builds (id, account_id, version_id, environment_id, state, created_at)
         VALUES ($1, $2, $3, $4, 'waiting', $5)")
    .bind(build)
    .bind(version.account)
    .bind(version.id)
    .bind(environment)
    .bind(platform.clock.now())
    .execute(&mut *transaction)
    .await?;
    let event = Event::new(Action::Create).entity("build").record(build);
    audit::append(transaction, member.circumstances(), event).await?;
    let operation = NewOperation {
        kind: KIND,
        key: key(build),
        lane: Some(format!("project:{}", version.project)),
        account: Some(version.account),
        request: json!({
            "build": build,
            "version": version.id,
            "environment": environment,
            "project": version.project,
        }),
        first_step: "source",
        due_at: None,
    };
    platform.operations.enqueue(transaction, operation).await?;
    Ok(build)
}

/// Calls a build off that is not over.
///
/// # Errors
/// It is over.
pub async fn cancel(platform: &Platform, build: &Owned<Build>) -> Result<()> {
    let mut transaction = platform.store.begin().await?;
    if !platform.operations.cancel(&mut transaction, &key(build.id)).await? {
        return Err(Refusal::Conflict("This build is over already.".into()));
    }
    let words = "It was called off.";
    close(platform, &mut transaction, build.id, BuildState::Cancelled, Some(words)).await?;
    sql("UPDATE versions SET state = 'failed', failure = $2 WHERE id = $1 AND state = 'approved'")
        .bind(build.version)
        .bind(words)
        .execute(&mut transaction)
        .await?;
    let event = Event::new(Action::Configure).entity("build").record(build.id).note("cancelled");
    audit::append(&mut transaction, build.member().circumstances(), event).await?;
    transaction.commit().await?;
    platform.operations.wake();
    Ok(())
}

/// Writes the end of a build, unless it has one.
async fn close(
    platform: &Platform,
    transaction: &mut Transaction,
    build: BuildId,
    state: BuildState,
    failure: Option<&str>,
) -> Result<(), StoreError> {
    sql("UPDATE builds SET state = $2, finished_at = $3, failure = $4 WHERE id = $1 AND finished_at IS NULL")
        .bind(build)
        .bind(state.as_str())
        .bind(platform.clock.now())
        .bind(failure)
        .execute(transaction)
        .await
        .map(drop)
}

/// The last builds of a project, newest first.
///
/// # Errors
/// The database cannot be read.
pub async fn list(platform: &Platform, project: &Owned<Project>) -> Result<Vec<Build>> {
    let rows =
        sql("SELECT b.id, b.account_id, v.project_id, b.version_id, v.number, b.environment_id, e.kind,
             b.state, b.created_at, b.finished_at, b.failure
         FROM builds b JOIN versions v ON v.id = b.version_id JOIN environments e ON e.id = b.environment_id
         WHERE v.project_id = $1 ORDER BY b.id DESC LIMIT 200")
        .bind(project.id)
        .fetch_all(&platform.store)
        .await?;
    Ok(rows.iter().map(Build::of).collect::<Result<_, _>>()?)
}
