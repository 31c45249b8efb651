//! Departures: what an owner asks for, each in one transaction.

use std::sync::Arc;

use safeguards::audit::{Action, Actor, AuditContext, Event, append};
use safeguards::identity::PersonId;
use safeguards::store::Row;
use safeguards::{Transaction, sql};
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::certificate::Signed;
use super::error::DepartureError;
use super::reminders::WINDOW;
use super::work;
use crate::Platform;
use crate::ids::{AccountId, DepartureId, EnvironmentId, ProjectId};
use crate::operations::NewOperation;
use crate::seams::{Archives, Billing, Host, Notices};

/// The ends of projects. Cheap to clone.
#[derive(Clone)]
pub struct Lifecycle {
    pub(super) platform: Platform,
    pub(super) host: Arc<dyn Host>,
    pub(super) archives: Arc<dyn Archives>,
    pub(super) notices: Arc<dyn Notices>,
    pub(super) billing: Arc<dyn Billing>,
}

impl std::fmt::Debug for Lifecycle {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Lifecycle").finish_non_exhaustive()
    }
}

/// Where a departure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DepartureState {
    /// Everything can be taken home, and it can be called off.
    Window,
    /// Keys are being destroyed, or are destroyed; there is no way back.
    Destroying,
    /// Nothing is left but the certificate.
    Destroyed,
    /// It was called off.
    Returned,
}

impl DepartureState {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "window" => Self::Window,
            "destroying" => Self::Destroying,
            "destroyed" => Self::Destroyed,
            "returned" => Self::Returned,
            _ => return None,
        })
    }
}

/// A departure as the table has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// Its id.
    pub id: DepartureId,
    /// Whose it is.
    pub account: AccountId,
    /// What departs.
    pub project: ProjectId,
    /// Or the one organisation of an environment that does.
    pub organisation: Option<(EnvironmentId, Uuid)>,
    /// Where it is.
    pub state: DepartureState,
    /// When it was cancelled.
    pub cancelled_at: OffsetDateTime,
    /// Until when everything can be taken home.
    pub window_ends_at: OffsetDateTime,
    /// When the last of it was destroyed.
    pub destroyed_at: Option<OffsetDateTime>,
}

impl Departure {
    pub(super) fn of(row: &Row) -> Result<Self, DepartureError> {
        let environment = row.optional_uuid("environment_id")?.map(EnvironmentId::new);
        Ok(Self {
            id: DepartureId::new(row.uuid("id")?),
            account: AccountId::new(row.uuid("account_id")?),
            project: ProjectId::new(row.uuid("project_id")?),
            organisation: environment.zip(row.optional_uuid("organisation_id")?),
            state: DepartureState::parse(&row.text("state")?).ok_or(DepartureError::NotFound)?,
            cancelled_at: row.timestamp("cancelled_at")?,
            window_ends_at: row.timestamp("window_ends_at")?,
            destroyed_at: row.optional_timestamp("destroyed_at")?,
        })
    }
}

/// What is read of a departure.
macro_rules! departure_where {
    ($condition:literal) => {
        concat!(
            "SELECT id, account_id, project_id, environment_id, organisation_id, state, cancelled_at,
             window_ends_at, destroyed_at FROM departures WHERE ",
            $condition
        )
    };
}

impl Lifecycle {
    /// The lifecycle on these parts.
    #[must_use]
    pub fn new(
        platform: Platform,
        host: Arc<dyn Host>,
        archives: Arc<dyn Archives>,
        notices: Arc<dyn Notices>,
        billing: Arc<dyn Billing>,
    ) -> Self {
        Self { platform, host, archives, notices, billing }
    }

    /// Begins the end of a project: its window opens now. Asked for twice, it is one departure.
    ///
    /// # Errors
    /// [`DepartureError::NotFound`]: no such project of this account.
    pub async fn cancel(
        &self,
        account: AccountId,
        project: ProjectId,
        by: PersonId,
    ) -> Result<DepartureId, DepartureError> {
        self.begin(account, project, None, by).await
    }

    /// Begins the end of one organisation in an environment; the rest of the environment goes on.
    ///
    /// # Errors
    /// [`DepartureError::NotFound`]: no such environment of this account.
    pub async fn cancel_organisation(
        &self,
        account: AccountId,
        environment: EnvironmentId,
        organisation: Uuid,
        by: PersonId,
    ) -> Result<DepartureId, DepartureError> {
        let row = sql("SELECT project_id FROM environments WHERE id = $1 AND account_id = $2
             AND destroyed_at IS NULL")
        .bind(environment)
        .bind(account)
        .fetch_optional(&self.platform.store)
        .await?;
        let project = ProjectId::new(row.ok_or(DepartureError::NotFound)?.uuid("project_id")?);
        self.begin(account, project, Some((environment, organisation)), by).await
    }

    async fn begin(
        &self,
        account: AccountId,
        project: ProjectId,
        organisation: Option<(EnvironmentId, Uuid)>,
        by: PersonId,
    ) -> Result<DepartureId, DepartureError> {
        let (id, now) = (DepartureId::new(self.platform.ids.next()), self.platform.clock.now());
        let (environment, organisation) = organisation.unzip();
        let mut transaction = self.platform.store.begin().await?;
        let begun =
            sql("INSERT INTO departures (id, account_id, project_id, environment_id, organisation_id, state,
                 cancelled_at, cancelled_by_id, window_ends_at)
             SELECT $1, p.account_id, p.id, $4, $5, 'window', $6, $7, $8 FROM projects p
             WHERE p.id = $3 AND p.account_id = $2 AND p.closed_at IS NULL ON CONFLICT DO NOTHING")
            .bind(id)
            .bind(account)
            .bind(project)
            .bind(environment)
            .bind(organisation)
            .bind(now)
            .bind(by.uuid())
            .bind(now + WINDOW)
            .execute(&mut transaction)
            .await?;
        if begun == 0 {
            let open = sql("SELECT id FROM departures WHERE project_id = $1 AND account_id = $2
                 AND state IN ('window', 'destroying')
                 AND (organisation_id = $3 OR (organisation_id IS NULL AND $3 IS NULL))")
            .bind(project)
            .bind(account)
            .bind(organisation)
            .fetch_optional(&mut transaction)
            .await?;
            let open = open.ok_or(DepartureError::NotFound)?;
            return Ok(DepartureId::new(open.uuid("id")?));
        }
        let operation = NewOperation {
            kind: work::DEPARTURE,
            key: work::key(id),
            lane: None,
            account: Some(account),
            request: json!({ "departure": id }),
            first_step: "close",
            due_at: None,
        };
        self.platform.operations.enqueue(&mut transaction, operation).await?;
        self.record(&mut transaction, account, by, id, "cancelled").await?;
        transaction.commit().await?;
        self.platform.operations.wake();
        Ok(id)
    }

    /// Calls a departure off: everything is as it was.
    ///
    /// # Errors
    /// [`DepartureError::TooLate`] once destruction has begun.
    pub async fn come_back(
        &self,
        account: AccountId,
        departure: DepartureId,
        by: PersonId,
    ) -> Result<(), DepartureError> {
        let now = self.platform.clock.now();
        let mut transaction = self.platform.store.begin().await?;
        let returned = sql("UPDATE departures SET state = 'returned', returned_at = $3
             WHERE id = $1 AND account_id = $2 AND state = 'window'")
        .bind(departure)
        .bind(account)
        .bind(now)
        .execute(&mut transaction)
        .await?;
        if returned == 0 {
            drop(transaction);
            return match self.find(account, departure).await?.state {
                DepartureState::Returned => Ok(()),
                _ => Err(DepartureError::TooLate),
            };
        }
        self.platform.operations.cancel(&mut transaction, &work::key(departure)).await?;
        let operation = NewOperation {
            kind: work::RETURN,
            key: format!("return:{departure}"),
            lane: None,
            account: Some(account),
            request: json!({ "departure": departure }),
            first_step: "open",
            due_at: None,
        };
        self.platform.operations.enqueue(&mut transaction, operation).await?;
        self.record(&mut transaction, account, by, departure, "called off").await?;
        transaction.commit().await?;
        self.platform.operations.wake();
        Ok(())
    }

    /// Ends the window now. Every archive must be confirmed as taken home, no hold may stand, and the app's
    /// name is typed.
    ///
    /// # Errors
    /// What of this is not so.
    pub async fn destroy_now(
        &self,
        account: AccountId,
        departure: DepartureId,
        name: &str,
        by: PersonId,
        _proof: &super::StepUp,
    ) -> Result<(), DepartureError> {
        let found = self.find(account, departure).await?;
        let project = sql("SELECT name FROM projects WHERE id = $1 AND account_id = $2")
            .bind(found.project)
            .bind(account)
            .fetch_one(&self.platform.store)
            .await?;
        if project.text("name")? != name {
            return Err(DepartureError::Name);
        }
        if !self.holds(account, found.project).await?.is_empty() {
            return Err(DepartureError::Held);
        }
        let archives = self.archives_of(account, departure).await?;
        let expected = self.to_archive(&found).await?.len();
        if archives.len() < expected || archives.iter().any(|archive| archive.confirmed_at.is_none()) {
            return Err(DepartureError::NotConfirmed);
        }
        let mut transaction = self.platform.store.begin().await?;
        let ended = sql("UPDATE departures SET window_ends_at = $3
             WHERE id = $1 AND account_id = $2 AND state = 'window' AND window_ends_at > $3")
        .bind(departure)
        .bind(account)
        .bind(self.platform.clock.now())
        .execute(&mut transaction)
        .await?;
        if ended == 0 {
            return Err(DepartureError::TooLate);
        }
        self.platform.operations.hasten(&mut transaction, &work::key(departure)).await?;
        self.record(&mut transaction, account, by, departure, "window ended").await?;
        transaction.commit().await?;
        self.platform.operations.wake();
        Ok(())
    }

    /// A departure of this account.
    ///
    /// # Errors
    /// [`DepartureError::NotFound`].
    pub async fn find(
        &self,
        account: AccountId,
        departure: DepartureId,
    ) -> Result<Departure, DepartureError> {
        let row = sql(departure_where!("id = $1 AND account_id = $2"))
            .bind(departure)
            .bind(account)
            .fetch_optional(&self.platform.store)
            .await?;
        Departure::of(&row.ok_or(DepartureError::NotFound)?)
    }

    /// The departures of an account, newest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn of_account(&self, account: AccountId) -> Result<Vec<Departure>, DepartureError> {
        let rows = sql(departure_where!("account_id = $1 ORDER BY cancelled_at DESC, id DESC"))
            .bind(account)
            .fetch_all(&self.platform.store)
            .await?;
        rows.iter().map(Departure::of).collect()
    }

    /// The certificate, once everything is destroyed.
    ///
    /// # Errors
    /// [`DepartureError::NotFound`] until then.
    pub async fn certificate(
        &self,
        account: AccountId,
        departure: DepartureId,
    ) -> Result<Signed, DepartureError> {
        let row = sql("SELECT certificate FROM departures WHERE id = $1 AND account_id = $2
             AND certificate IS NOT NULL")
        .bind(departure)
        .bind(account)
        .fetch_optional(&self.platform.store)
        .await?;
        let text = row.ok_or(DepartureError::NotFound)?.text("certificate")?;
        serde_json::from_str(&text).map_err(|_| DepartureError::NotFound)
    }

    pub(super) fn context(&self, account: AccountId, by: Option<PersonId>) -> AuditContext {
        let clock = Arc::clone(&self.platform.clock);
        let mut context = AuditContext::system(clock, account.uuid(), "lifecycle");
        if let Some(person) = by {
            context.actor = Actor::Person(person.uuid());
        }
        context
    }

    pub(super) async fn record(
        &self,
        transaction: &mut Transaction,
        account: AccountId,
        by: PersonId,
        departure: DepartureId,
        what: &'static str,
    ) -> Result<(), DepartureError> {
        let event = Event::new(Action::Configure).entity("departure").record(departure.uuid()).note(what);
        Ok(append(transaction, &self.context(account, Some(by)), event).await?)
    }
}
