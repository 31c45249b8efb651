//! Copies of an app that goes on: its owner takes everything home whenever they like, not only at the end (HC-11, CL-10).
//!
//! A copy is an archive like that of a departure: written by the tenant's own binary, sealed under a passphrase of its own
//! that lies in the folder of keys and nowhere else. It waits for its owner for a week; then its key goes, and the file
//! after it. What is destroyed takes its copies with it.

use std::path::Path;

use safeguards::audit::{Action, Event, append};
use safeguards::store::{Row, Target};
use safeguards::{StoreError, Transaction, sql};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use super::departure::{Cause, Departure, Lifecycle};
use super::errand::remove_file;
use super::error::DepartureError;
use super::receipt::StepUp;
use super::work::io_later;
use crate::Platform;
use crate::accounts::{Belongs, Owned, Owner};
use crate::environments::Environment;
use crate::error::Refusal;
use crate::ids::{AccountId, CopyId, EnvironmentId, ProjectId};
use crate::operations::{NewOperation, StepError};
use crate::projects::Project;
use crate::seams::{self, EnvironmentKind};

/// How long a copy waits for its owner.
pub const KEPT: Duration = Duration::days(7);
/// The kind of operation that makes a copy and removes it.
pub(super) const COPY: &str = "copy";

pub(super) fn key(copy: CopyId) -> String {
    format!("{COPY}:{copy}")
}

/// Where a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CopyState {
    /// The app's own program writes it.
    Making,
    /// It waits for its owner.
    Ready,
    /// It could not be made.
    Failed,
    /// It was removed.
    Gone,
}

impl CopyState {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "making" => Self::Making,
            "ready" => Self::Ready,
            "failed" => Self::Failed,
            "gone" => Self::Gone,
            _ => return None,
        })
    }
}

/// A copy as the table has it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Copy {
    /// Its id.
    pub id: CopyId,
    /// Whose it is.
    #[serde(skip)]
    pub account: AccountId,
    /// Of which project.
    pub project: ProjectId,
    /// Of which environment.
    #[serde(skip)]
    pub environment: EnvironmentId,
    /// The same: preview or production.
    pub kind: EnvironmentKind,
    /// Where it is.
    pub state: CopyState,
    /// Its length in bytes, once it is made.
    pub bytes: Option<i64>,
    /// SHA-256 of the sealed file, in hexadecimal.
    pub sha256: Option<String>,
    /// The key that signed what is in it.
    pub signed_by: Option<String>,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    pub asked_at: OffsetDateTime,
    /// Until when it waits.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schemars(with = "Option<String>")]
    pub until: Option<OffsetDateTime>,
    /// Why it could not be made.
    pub failure: Option<String>,
}

macro_rules! copies_where {
    ($condition:literal) => {
        concat!(
            "SELECT c.id, c.account_id, c.project_id, c.environment_id, e.kind, c.state, c.bytes, c.sha256, c.signed_by,
                 c.asked_at, c.until, c.failure
             FROM copies c JOIN environments e ON e.id = c.environment_id WHERE ",
            $condition
        )
    };
}

impl Copy {
    fn of(row: &Row) -> Result<Self, StoreError> {
        let wrong = |column: &str| StoreError::Column { column: column.into(), expected: "one of its words" };
        Ok(Self {
            id: CopyId::new(row.uuid("id")?),
            account: AccountId::new(row.uuid("account_id")?),
            project: ProjectId::new(row.uuid("project_id")?),
            environment: EnvironmentId::new(row.uuid("environment_id")?),
            kind: EnvironmentKind::parse(&row.text("kind")?).ok_or_else(|| wrong("kind"))?,
            state: CopyState::parse(&row.text("state")?).ok_or_else(|| wrong("state"))?,
            bytes: row.optional_integer("bytes")?,
            sha256: row.optional_text("sha256")?,
            signed_by: row.optional_text("signed_by")?,
            asked_at: row.timestamp("asked_at")?,
            until: row.optional_timestamp("until")?,
            failure: row.optional_text("failure")?,
        })
    }

    /// What the file is called where archives lie. No departure's name begins so.
    pub(super) fn name(&self) -> String {
        file_name(self.id)
    }
}

fn file_name(copy: CopyId) -> String {
    format!("{COPY}-{copy}.zip")
}

impl Belongs for Copy {
    type Id = (ProjectId, CopyId);

    fn find(
        platform: &Platform,
        account: AccountId,
        id: Self::Id,
    ) -> seams::Pending<'_, Option<Self>, Refusal> {
        Box::pin(async move {
            let row = sql(copies_where!("c.account_id = $1 AND c.project_id = $2 AND c.id = $3"))
                .bind(account)
                .bind(id.0)
                .bind(id.1)
                .fetch_optional(&platform.store)
                .await?;
            Ok(row.as_ref().map(Self::of).transpose()?)
        })
    }
}

impl Lifecycle {
    /// Has a copy made of an environment, for its owner who has shown lately that it is them. While one is being made or
    /// waits, it is that one.
    ///
    /// # Errors
    /// [`DepartureError::Departs`] where the project ends: then there is an archive already. Or nothing serves there.
    pub async fn copy(
        &self,
        owner: &Owner,
        environment: &Owned<Environment>,
        _proof: &StepUp,
    ) -> Result<CopyId, DepartureError> {
        if environment.version.is_none() {
            return Err(DepartureError::Empty);
        }
        if self.of_project(owner.account(), environment.project).await?.is_some() {
            return Err(DepartureError::Departs);
        }
        let (id, now) = (CopyId::new(self.platform.ids.next()), self.platform.clock.now());
        let mut transaction = self.platform.store.begin().await?;
        let begun = sql(
            "INSERT INTO copies (id, account_id, project_id, environment_id, state, asked_at, asked_by_id)
                 VALUES ($1, $2, $3, $4, 'making', $5, $6) ON CONFLICT DO NOTHING",
        )
        .bind(id)
        .bind(owner.account())
        .bind(environment.project)
        .bind(environment.id)
        .bind(now)
        .bind(owner.person())
        .execute(&mut transaction)
        .await?;
        if begun == 0 {
            let open =
                sql("SELECT id FROM copies WHERE environment_id = $1 AND state IN ('making', 'ready')")
                    .bind(environment.id)
                    .fetch_one(&mut transaction)
                    .await?;
            return Ok(CopyId::new(open.uuid("id")?));
        }
        let operation = NewOperation {
            kind: COPY,
            key: key(id),
            lane: None,
            account: Some(owner.account()),
            request: json!({ "copy": id }),
            first_step: "write",
            due_at: None,
        };
        self.platform.operations.enqueue(&mut transaction, operation).await?;
        let event = Event::new(Action::Export).entity("copy").record(id).note("asked for");
        append(&mut transaction, owner.circumstances(), event).await?;
        transaction.commit().await?;
        self.platform.operations.wake();
        Ok(id)
    }

    /// The copies of a project, newest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn copies(&self, project: &Owned<Project>) -> Result<Vec<Copy>, DepartureError> {
        let rows =
            sql(copies_where!("c.account_id = $1 AND c.project_id = $2 ORDER BY c.asked_at DESC, c.id DESC"))
                .bind(project.account)
                .bind(project.id)
                .fetch_all(&self.platform.store)
                .await?;
        Ok(rows.iter().map(Copy::of).collect::<Result<_, _>>()?)
    }

    /// Puts the file of a copy into `to`, sealed as it is. The event comes before it leaves.
    ///
    /// # Errors
    /// [`DepartureError::NotFound`] where there is none, or none any more.
    pub async fn fetch_copy(
        &self,
        owner: &Owner,
        copy: &Owned<Copy>,
        to: &Path,
        _proof: &StepUp,
    ) -> Result<(), DepartureError> {
        self.waits(copy)?;
        let event = Event::new(Action::Download).entity("copy").record(copy.id);
        self.platform.audit.record(owner.circumstances(), event).await?;
        Ok(self.archives.fetch(&copy.name(), to).await?)
    }

    /// What opens a copy. It is kept apart from the file.
    ///
    /// # Errors
    /// [`DepartureError::NotFound`] where there is none, or none any more.
    pub async fn copy_passphrase(
        &self,
        owner: &Owner,
        copy: &Owned<Copy>,
        _proof: &StepUp,
    ) -> Result<Zeroizing<String>, DepartureError> {
        self.waits(copy)?;
        let passphrase = self.secret_of(&copy.name())?;
        let event = Event::new(Action::View).entity("passphrase of a copy").record(copy.id);
        self.platform.audit.record(owner.circumstances(), event).await?;
        Ok(passphrase)
    }

    /// A copy whose time is over is not handed out, whenever the platform gets to removing it.
    fn waits(&self, copy: &Copy) -> Result<(), DepartureError> {
        let now = self.platform.clock.now();
        let waits = copy.state == CopyState::Ready && copy.until.is_some_and(|until| now < until);
        if waits { Ok(()) } else { Err(DepartureError::NotFound) }
    }

    /// The copies of what a departure destroys: their keys are to go, and the files that they open.
    pub(super) async fn copies_to_destroy(
        &self,
        on: impl Into<Target<'_>>,
        departure: &Departure,
    ) -> Result<Vec<Copy>, StoreError> {
        if departure.organisation.is_some() {
            return Ok(Vec::new());
        }
        let rows = sql(copies_where!(
            "c.project_id = $1 AND c.state <> 'gone' AND (e.kind = 'production' OR $2) ORDER BY c.id"
        ))
        .bind(departure.project)
        .bind(departure.cause == Cause::Owner)
        .fetch_all(on)
        .await?;
        rows.iter().map(Copy::of).collect()
    }

    /// Nobody makes copies of what is destroyed, from the transaction of the point of no return on.
    pub(super) async fn stop_copies(
        &self,
        transaction: &mut Transaction,
        departure: &Departure,
    ) -> Result<(), StoreError> {
        for copy in self.copies_to_destroy(&mut *transaction, departure).await? {
            self.platform.operations.cancel(&mut *transaction, &key(copy.id)).await?;
        }
        Ok(())
    }

    /// Copies whose key and file are gone.
    pub(super) async fn copies_are_gone(
        transaction: &mut Transaction,
        copies: &[Copy],
    ) -> Result<(), StoreError> {
        for copy in copies {
            sql("UPDATE copies SET state = 'gone' WHERE id = $1")
                .bind(copy.id)
                .execute(&mut *transaction)
                .await?;
        }
        Ok(())
    }

    /// For its own operation.
    pub(super) async fn copy_by_id(&self, id: CopyId) -> Result<Option<Copy>, StoreError> {
        let row = sql(copies_where!("c.id = $1")).bind(id).fetch_optional(&self.platform.store).await?;
        row.as_ref().map(Copy::of).transpose()
    }

    /// The key first, then the file.
    pub(super) async fn remove_copy(&self, name: &str) -> Result<(), StepError> {
        remove_file(&self.passphrase_file(name)).map_err(io_later)?;
        self.archives.remove(name).await.map_err(|error| StepError::Later(error.to_string()))
    }
}
