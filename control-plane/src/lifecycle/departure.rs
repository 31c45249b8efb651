//! Departures: what an owner asks for, each in one transaction.

use std::sync::Arc;

use safeguards::audit::{Action, Actor, AuditContext, Event, append};
use safeguards::identity::PersonId;
use safeguards::store::Row;
use safeguards::{Transaction, sql};
use time::OffsetDateTime;
use uuid::Uuid;

use super::beginning::Beginning;
use super::certificate::Signed;
use super::error::DepartureError;
use super::work;
use crate::Platform;
use crate::accounts::Belongs;
use crate::error::Refusal;
use crate::ids::{AccountId, DepartureId, EnvironmentId, ProjectId};
use crate::seams::{Archives, Billing, Host, Notices, Pending};

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

/// What ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The project, or an organisation in it, by its owner's word.
    Owner,
    /// What the account pays for or has signed: its production departs, and the rest stays.
    Account,
}

impl Cause {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Account => "account",
        }
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
    /// What ended.
    pub cause: Cause,
    /// Where it is.
    pub state: DepartureState,
    /// When it was cancelled.
    pub cancelled_at: OffsetDateTime,
    /// Until when everything can be taken home.
    pub window_ends_at: OffsetDateTime,
    /// When the last of it was destroyed.
    pub destroyed_at: Option<OffsetDateTime>,
}

/// What is read of a departure.
macro_rules! departure_where {
    ($condition:literal) => {
        concat!(
            "SELECT id, account_id, project_id, environment_id, organisation_id, cause, state, cancelled_at,
             window_ends_at, destroyed_at FROM departures WHERE ",
            $condition
        )
    };
}

impl Departure {
    pub(super) fn of(row: &Row) -> Result<Self, DepartureError> {
        let environment = row.optional_uuid("environment_id")?.map(EnvironmentId::new);
        Ok(Self {
            id: DepartureId::new(row.uuid("id")?),
            account: AccountId::new(row.uuid("account_id")?),
            project: ProjectId::new(row.uuid("project_id")?),
            organisation: environment.zip(row.optional_uuid("organisation_id")?),
            cause: if row.text("cause")? == "account" { Cause::Account } else { Cause::Owner },
            state: DepartureState::parse(&row.text("state")?).ok_or(DepartureError::NotFound)?,
            cancelled_at: row.timestamp("cancelled_at")?,
            window_ends_at: row.timestamp("window_ends_at")?,
            destroyed_at: row.optional_timestamp("destroyed_at")?,
        })
    }
}

impl Belongs for Departure {
    type Id = DepartureId;

    fn find(platform: &Platform, account: AccountId, id: DepartureId) -> Pending<'_, Option<Self>, Refusal> {
        Box::pin(async move {
            let row = sql(departure_where!("id = $1 AND account_id = $2"))
                .bind(id)
                .bind(account)
                .fetch_optional(&platform.store)
                .await?;
            Ok(row.as_ref().map(Self::of).transpose()?)
        })
    }
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
        self.begin(Beginning { account, project, organisation: None, by: Some(by) }).await
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
        let organisation = Some((environment, organisation));
        self.begin(Beginning { account, project, organisation, by: Some(by) }).await
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

    /// The departure of a project that is under way, its own and not that of an organisation in it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn of_project(
        &self,
        account: AccountId,
        project: ProjectId,
    ) -> Result<Option<Departure>, DepartureError> {
        let row = sql(departure_where!(
            "project_id = $1 AND account_id = $2 AND organisation_id IS NULL AND state IN ('window', 'destroying')"
        ))
        .bind(project)
        .bind(account)
        .fetch_optional(&self.platform.store)
        .await?;
        row.as_ref().map(Departure::of).transpose()
    }

    /// The key that signs certificates, in hexadecimal.
    ///
    /// # Errors
    /// It cannot be read or made.
    pub fn certificate_key(&self) -> Result<String, DepartureError> {
        use aws_lc_rs::signature::KeyPair;
        let pair = super::key::open(&self.platform.configuration.keys_folder())?;
        Ok(pair.public_key().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
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
        context(&self.platform, account, by)
    }

    pub(super) async fn record(
        &self,
        transaction: &mut Transaction,
        account: AccountId,
        by: PersonId,
        departure: DepartureId,
        what: &'static str,
    ) -> Result<(), DepartureError> {
        record(&self.platform, transaction, account, Some(by), departure, what).await
    }
}

fn context(platform: &Platform, account: AccountId, by: Option<PersonId>) -> AuditContext {
    let mut context = AuditContext::system(Arc::clone(&platform.clock), account.uuid(), "lifecycle");
    if let Some(person) = by {
        context.actor = Actor::Person(person.uuid());
    }
    context
}

/// Writes into the account's log what became of a departure; without a person, the platform did it.
pub(super) async fn record(
    platform: &Platform,
    transaction: &mut Transaction,
    account: AccountId,
    by: Option<PersonId>,
    departure: DepartureId,
    what: &'static str,
) -> Result<(), DepartureError> {
    let event = Event::new(Action::Configure).entity("departure").record(departure.uuid()).note(what);
    Ok(append(transaction, &context(platform, account, by), event).await?)
}
