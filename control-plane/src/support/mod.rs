//! Support access (HC-10): people of the platform see records of a tenant by the owner's leave, and by nothing else.
//!
//! * An owner grants it for one environment, with a reason and an end, and revokes it at once ([`grant`], [`revoke`]).
//! * A look ([`look()`]) is asked for by an operator on this machine ([`door`]), under one grant, for one kind of record. It
//!   needs a [`Leave`], which is made here alone of a grant that stands; the app's own binary shows the records, after it
//!   has written the look into the tenant's own audit log. What it showed is passed on only if the grant stands still.
//! * There is no other way: no session, no role and no route of an app is for support, and the host shows records for a
//!   leave only ([`crate::seams::Showing`]).
//!
//! The platform's own audit log has the grant, its revocation and each look, too, without the records' ids.

pub mod door;
mod look;

pub use look::{Asked, Leave, Looked, Support, look};

use std::fmt;

use safeguards::audit::{self, Action, Event};
use safeguards::store::Row;
use safeguards::{StoreError, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::Platform;
use crate::accounts::{Belongs, Owned, Owner};
use crate::environments::Environment;
use crate::error::{Refusal, Result};
use crate::ids::{AccountId, EnvironmentId, GrantId, ProjectId};
use crate::lifecycle::StepUp;
use crate::projects::Project;
use crate::sealing::Column;
use crate::seams::{EnvironmentKind, Pending};

/// For how many hours support may be let in, as a page offers it.
pub const HOURS: [i64; 4] = [1, 4, 24, 72];
/// The longest grant.
pub const MOST_HOURS: i64 = 72;
/// The longest reason, in characters.
pub const LONGEST_REASON: usize = 500;

/// Why support is let in. It may name somebody, so it cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Reason(String);

/// A founder's leave, as it is kept. What it was given for is read with [`reason`].
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Grant {
    /// Its id; it stands in the tenant's audit log beside each look.
    pub id: GrantId,
    /// Of which account.
    #[serde(skip)]
    pub account: AccountId,
    /// Of which project.
    pub project: ProjectId,
    /// Where support may look.
    #[serde(skip)]
    pub environment: EnvironmentId,
    /// The same: preview or production.
    pub kind: EnvironmentKind,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    pub granted_at: OffsetDateTime,
    /// Until when, unless it is revoked before.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    pub expires_at: OffsetDateTime,
    /// When it was revoked.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schemars(with = "Option<String>")]
    pub revoked_at: Option<OffsetDateTime>,
    #[serde(skip)]
    sealed: Option<Vec<u8>>,
}

/// What came of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was begun and not ended: it runs, or the platform was stopped meanwhile.
    Begun,
    /// Support was shown it.
    Shown,
    /// The grant ended meanwhile, and support was shown nothing.
    Withheld,
    /// The app did not show it.
    Failed,
}

/// A look, as the owner is told of it. Whose records it was about is in the tenant's own audit log.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LookTold {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    pub at: OffsetDateTime,
    /// Who of the platform's people.
    pub support: String,
    /// The kind of record.
    pub entity: String,
    /// One record with its fields; or a list, which opens none.
    pub one: bool,
    /// What came of it.
    pub outcome: Outcome,
}

impl Reason {
    /// Takes what somebody typed.
    ///
    /// # Errors
    /// It is empty or too long.
    pub fn parse(text: &str) -> Result<Self> {
        // One line: it stands in a line of the audit log.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            return Err(Refusal::invalid("reason", "Say what support is to look into"));
        }
        if text.chars().count() > LONGEST_REASON {
            return Err(Refusal::invalid("reason", "Shorten the reason to 500 characters"));
        }
        Ok(Self(text))
    }

    /// The text, for the tenant's log and for pages of its own account.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Reason([sealed])")
    }
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Begun, Self::Shown, Self::Withheld, Self::Failed];

    /// The spelling in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Shown => "shown",
            Self::Withheld => "withheld",
            Self::Failed => "failed",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

impl Grant {
    fn of(row: &Row) -> Result<Self, StoreError> {
        let wrong = || StoreError::Column { column: "kind".into(), expected: "a kind of environment" };
        Ok(Self {
            id: GrantId::new(row.uuid("id")?),
            account: AccountId::new(row.uuid("account_id")?),
            project: ProjectId::new(row.uuid("project_id")?),
            environment: EnvironmentId::new(row.uuid("environment_id")?),
            kind: EnvironmentKind::parse(&row.text("kind")?).ok_or_else(wrong)?,
            granted_at: row.timestamp("granted_at")?,
            expires_at: row.timestamp("expires_at")?,
            revoked_at: row.optional_timestamp("revoked_at")?,
            sealed: row.optional_bytes("reason")?,
        })
    }

    /// Whether it lets anybody in at this moment.
    #[must_use]
    pub fn stands(&self, now: OffsetDateTime) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

macro_rules! grants_where {
    ($condition:literal) => {
        concat!(
            "SELECT g.id, g.account_id, g.project_id, g.environment_id, e.kind, g.granted_at, g.expires_at,
                 g.revoked_at, g.reason
             FROM support_grants g JOIN environments e ON e.id = g.environment_id WHERE ",
            $condition
        )
    };
}

impl Belongs for Grant {
    type Id = (ProjectId, GrantId);

    fn find(platform: &Platform, account: AccountId, id: Self::Id) -> Pending<'_, Option<Self>, Refusal> {
        Box::pin(async move {
            let row = sql(grants_where!("g.account_id = $1 AND g.project_id = $2 AND g.id = $3"))
                .bind(account)
                .bind(id.0)
                .bind(id.1)
                .fetch_optional(&platform.store)
                .await?;
            Ok(row.as_ref().map(Self::of).transpose()?)
        })
    }
}

/// Lets support into one environment, for so many hours. Whoever grants shows anew who they are: it opens records.
///
/// # Errors
/// The hours are too few or too many, or the platform's audit log cannot be written.
pub async fn grant(
    platform: &Platform,
    owner: &Owner,
    environment: &Owned<Environment>,
    reason: &Reason,
    hours: i64,
    _proof: &StepUp,
) -> Result<GrantId> {
    if !(1..=MOST_HOURS).contains(&hours) {
        return Err(Refusal::invalid("hours", "Give 1 to 72 hours"));
    }
    let (id, now) = (GrantId::new(platform.ids.next()), platform.clock.now());
    let sealed = platform.seal(owner.account(), Column::SupportReason, id, reason.reveal()).await?;
    let mut transaction = platform.store.begin().await?;
    sql("INSERT INTO support_grants (id, account_id, project_id, environment_id, reason, granted_at, granted_by_id,
             expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
    .bind(id)
    .bind(owner.account())
    .bind(environment.project)
    .bind(environment.id)
    .bind(sealed)
    .bind(now)
    .bind(owner.person())
    .bind(now + Duration::hours(hours))
    .execute(&mut transaction)
    .await?;
    let event = Event::new(Action::Configure).entity("support grant").record(id).note("granted");
    audit::append(&mut transaction, owner.circumstances(), event).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Ends a grant. Once this is answered, support is shown nothing more, of looks under way too.
///
/// # Errors
/// It has ended already, or the platform's audit log cannot be written.
pub async fn revoke(platform: &Platform, owner: &Owner, grant: &Owned<Grant>) -> Result<()> {
    let mut transaction = platform.store.begin().await?;
    let revoked = sql("UPDATE support_grants SET revoked_at = $2, revoked_by_id = $3
         WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2")
    .bind(grant.id)
    .bind(platform.clock.now())
    .bind(owner.person())
    .execute(&mut transaction)
    .await?;
    if revoked == 0 {
        return Err(Refusal::Conflict("This grant has ended already.".into()));
    }
    let event = Event::new(Action::Configure).entity("support grant").record(grant.id).note("revoked");
    audit::append(&mut transaction, owner.circumstances(), event).await?;
    Ok(transaction.commit().await?)
}

/// The grants of a project, newest first.
///
/// # Errors
/// The database cannot be read.
pub async fn list(platform: &Platform, project: &Owned<Project>) -> Result<Vec<Grant>> {
    let rows =
        sql(grants_where!("g.account_id = $1 AND g.project_id = $2 ORDER BY g.granted_at DESC, g.id DESC"))
            .bind(project.account)
            .bind(project.id)
            .fetch_all(&platform.store)
            .await?;
    Ok(rows.iter().map(Grant::of).collect::<Result<_, _>>()?)
}

/// Why support was let in; none once the project is destroyed.
///
/// # Errors
/// The account's keys cannot be used.
pub async fn reason(platform: &Platform, grant: &Grant) -> Result<Option<Reason>> {
    let Some(sealed) = grant.sealed.clone() else { return Ok(None) };
    let text = platform.open_sealed(grant.account, Column::SupportReason, grant.id, sealed).await?;
    Ok(Some(Reason(text)))
}

/// What support looked at by a grant, newest first.
///
/// # Errors
/// The database cannot be read.
pub async fn looks(platform: &Platform, grant: &Owned<Grant>) -> Result<Vec<LookTold>> {
    let rows = sql("SELECT at, support, entity, one, outcome FROM support_looks WHERE grant_id = $1
         ORDER BY at DESC, id DESC")
    .bind(grant.id)
    .fetch_all(&platform.store)
    .await?;
    let wrong = || StoreError::Column { column: "outcome".into(), expected: "what came of a look" };
    let told = |row: &Row| -> Result<LookTold, StoreError> {
        Ok(LookTold {
            at: row.timestamp("at")?,
            support: row.text("support")?,
            entity: row.text("entity")?,
            one: row.boolean("one")?,
            outcome: Outcome::parse(&row.text("outcome")?).ok_or_else(wrong)?,
        })
    };
    Ok(rows.iter().map(told).collect::<Result<_, _>>()?)
}

/// Every grant that stands, of all accounts, with its project's name: for the people of the platform.
async fn standing(platform: &Platform) -> Result<Vec<Grant>> {
    let rows = sql(grants_where!(
        "g.revoked_at IS NULL AND g.expires_at > $1 AND e.destroyed_at IS NULL ORDER BY g.expires_at, g.id"
    ))
    .bind(platform.clock.now())
    .fetch_all(&platform.store)
    .await?;
    Ok(rows.iter().map(Grant::of).collect::<Result<_, _>>()?)
}

/// The grant by its id, whosever it is, while it stands.
async fn find_standing(platform: &Platform, id: GrantId) -> Result<Option<Grant>> {
    let row = sql(grants_where!(
        "g.id = $1 AND g.revoked_at IS NULL AND g.expires_at > $2 AND e.destroyed_at IS NULL"
    ))
    .bind(id)
    .bind(platform.clock.now())
    .fetch_optional(&platform.store)
    .await?;
    Ok(row.as_ref().map(Grant::of).transpose()?)
}
