//! One look: the leave first, then the tenant's log and the records by the tenant's own binary, then the leave again.

use std::fmt;
use std::sync::Arc;

use safeguards::audit::{Action, AuditContext, Event, Outcome as Ended, PLATFORM_SUPPORT, Purpose};
use safeguards::sql;
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Grant, Outcome, find_standing, reason};
use crate::Platform;
use crate::error::{Refusal, Result};
use crate::ids::{EnvironmentId, GrantId};
use crate::seams::{HostError, Showing};

/// The longest name of somebody of the platform.
const LONGEST_NAME: usize = 100;

/// Somebody of the platform's people, as both logs name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Support(String);

impl Support {
    /// Takes a name.
    ///
    /// # Errors
    /// It is empty or too long.
    pub fn parse(name: &str) -> Result<Self> {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        if name.is_empty() || name.chars().count() > LONGEST_NAME {
            return Err(Refusal::invalid("support", "Say who looks: a name of at most 100 characters"));
        }
        Ok(Self(name))
    }
}

/// What is to be shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The kind of record, by its name in the spec.
    pub entity: String,
    /// One record, whose fields are opened; without it, a list, which opens none.
    pub record: Option<Uuid>,
}

/// Proof that the owner of an environment lets support look at this, now. It is made by [`look`] alone.
#[derive(Clone)]
pub struct Leave {
    environment: EnvironmentId,
    request: String,
}

impl Leave {
    /// Where.
    #[must_use]
    pub fn environment(&self) -> EnvironmentId {
        self.environment
    }

    /// What the app's binary is told: the grant, who looks, why, until when, at what. It may name somebody.
    #[must_use]
    pub fn request(&self) -> &str {
        &self.request
    }
}

impl fmt::Debug for Leave {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Leave").field("environment", &self.environment).finish_non_exhaustive()
    }
}

/// Records that are shown, as JSON. They cannot be printed.
pub struct Looked(Zeroizing<String>);

impl Looked {
    /// Takes what the app's binary wrote.
    #[must_use]
    pub fn new(json: String) -> Self {
        Self(Zeroizing::new(json))
    }

    /// The records, for whoever was let in.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Looked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Looked([sealed])")
    }
}

/// Shows records to somebody of the platform's people, by a grant that stands from before to after.
///
/// # Errors
/// [`Refusal::Forbidden`]: there is no such grant, or it has ended, be it while the app was asked. Or a log cannot be
/// written, or the app does not show them. Nothing is shown then.
pub async fn look(
    platform: &Platform,
    host: &dyn Showing,
    who: &Support,
    grant: GrantId,
    asked: &Asked,
) -> Result<Looked> {
    let Some(grant) = find_standing(platform, grant).await? else {
        tell(platform, None, who, Event::new(Action::Denied).record(grant).outcome(Ended::Denied)).await?;
        return Err(Refusal::Forbidden(
            "No such grant stands: it was never given, has ended, or was revoked. Ask the owner of the app for one.",
        ));
    };
    tell(platform, Some(&grant), who, Event::new(Action::View).record(grant.id)).await?;
    let look = platform.ids.next();
    begin(platform, look, &grant, who, asked).await?;
    let leave = leave(platform, &grant, who, asked).await?;
    let shown = match host.look(&leave).await {
        Ok(shown) => shown,
        Err(error) => {
            end(platform, look, Outcome::Failed).await?;
            return Err(match error {
                HostError::Version(why) => Refusal::Conflict(why),
                other => other.into(),
            });
        }
    };
    // The last word is the owner's: whether the grant stands and that the look was shown are one statement.
    let still = sql("UPDATE support_looks SET outcome = $2 WHERE id = $1 AND EXISTS (
             SELECT 1 FROM support_grants g WHERE g.id = grant_id AND g.revoked_at IS NULL AND g.expires_at > $3)")
    .bind(look)
    .bind(Outcome::Shown.as_str())
    .bind(platform.clock.now())
    .execute(&platform.store)
    .await?;
    if still == 1 {
        return Ok(shown);
    }
    end(platform, look, Outcome::Withheld).await?;
    Err(Refusal::Forbidden("The grant ended while the app was asked, so nothing is shown."))
}

async fn leave(platform: &Platform, grant: &Grant, who: &Support, asked: &Asked) -> Result<Leave> {
    let reason = reason(platform, grant).await?.ok_or(Refusal::NotFound)?;
    let until = grant.expires_at.format(&Rfc3339).map_err(|_| Refusal::Fault("the end of a grant"))?;
    let request = json!({
        "grant": grant.id,
        "support": who.0,
        "reason": reason.reveal(),
        "until": until,
        "entity": asked.entity,
        "record": asked.record,
    });
    Ok(Leave { environment: grant.environment, request: request.to_string() })
}

/// The platform's own log: who looks by which grant. Where it cannot be written, nothing is shown.
async fn tell(platform: &Platform, grant: Option<&Grant>, who: &Support, event: Event) -> Result<()> {
    let account = grant.map_or(Uuid::nil(), |grant| grant.account.uuid());
    let context = AuditContext {
        purpose: Purpose::Support,
        ..AuditContext::system(Arc::clone(&platform.clock), account, PLATFORM_SUPPORT)
    };
    Ok(platform.audit.record(&context, event.entity("support grant").recipient(&who.0)).await?)
}

async fn begin(platform: &Platform, look: Uuid, grant: &Grant, who: &Support, asked: &Asked) -> Result<()> {
    let entity: String = asked.entity.chars().take(LONGEST_NAME).collect();
    sql("INSERT INTO support_looks (id, grant_id, at, support, entity, one, outcome)
         VALUES ($1, $2, $3, $4, $5, $6, $7)")
    .bind(look)
    .bind(grant.id)
    .bind(platform.clock.now())
    .bind(who.0.as_str())
    .bind(entity)
    .bind(asked.record.is_some())
    .bind(Outcome::Begun.as_str())
    .execute(&platform.store)
    .await?;
    Ok(())
}

async fn end(platform: &Platform, look: Uuid, outcome: Outcome) -> Result<()> {
    sql("UPDATE support_looks SET outcome = $2 WHERE id = $1 AND outcome = 'begun'")
        .bind(look)
        .bind(outcome.as_str())
        .execute(&platform.store)
        .await?;
    Ok(())
}
