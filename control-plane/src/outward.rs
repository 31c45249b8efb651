//! Whom a hosted app may reach: the companies that its spec names, at the hosts that its owner attests for this environment
//! (HC-13, CF-23). The host enforces it outside the app's process ([`crate::host::outward`]); what stands here is what it is told.
//!
//! Who may be asked *what* is the app's own affair, and stays so: it calls an AI provider only for an organisation that has attested
//! it, by its own attestation. This list is the other lock on the same way: without it, there is no way at all.

use safeguards::audit::{self, Action, Event};
use safeguards::store::Row;
use safeguards::{StoreError, sql};
use schemars::JsonSchema;
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Platform;
use crate::accounts::{Owned, Owner};
use crate::environments::Environment;
use crate::error::{Refusal, Result};
use crate::host::HostName;
use crate::host::outward::Destination;
use crate::host::provided::Reach;
use crate::ids::EnvironmentId;
use crate::lifecycle::StepUp;
use crate::providers;
use crate::seams::Host;
use crate::versions;

/// What stands for the customer's own identity provider, which is no sub-processor.
pub const SIGN_IN: &str = "sign-in";

/// A host that an app may reach.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Attested {
    /// Its id.
    #[schemars(with = "String")]
    pub id: Uuid,
    /// The company: a sub-processor of the spec, or `sign-in`.
    pub processor: String,
    /// Where: host and port.
    #[serde(serialize_with = "providers::as_text")]
    #[schemars(with = "String")]
    pub to: Destination,
    /// By which agreement.
    pub agreement: String,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    pub attested_at: OffsetDateTime,
}

impl Attested {
    fn of(row: &Row) -> Result<Self, StoreError> {
        let wrong =
            |column: &str| StoreError::Column { column: column.into(), expected: "a host and its port" };
        let host = HostName::parse(&row.text("host")?).ok_or_else(|| wrong("host"))?;
        let port = u16::try_from(row.integer("port")?).map_err(|_| wrong("port"))?;
        Ok(Self {
            id: row.uuid("id")?,
            processor: row.text("processor")?,
            to: Destination { host, port },
            agreement: row.text("agreement")?,
            attested_at: row.timestamp("attested_at")?,
        })
    }
}

/// What an owner attests.
#[derive(Clone, Debug)]
pub struct NewHost<'a> {
    /// The company, as the spec names it.
    pub processor: &'a str,
    /// `host`, or `host:port`.
    pub address: &'a str,
    /// The agreement: its number, or its title and date.
    pub agreement: &'a str,
}

/// Whom the app of this environment may reach.
///
/// # Errors
/// The database cannot be read.
pub async fn list(platform: &Platform, environment: EnvironmentId) -> Result<Vec<Attested>> {
    let rows = sql("SELECT id, processor, host, port, agreement, attested_at FROM outward_hosts
         WHERE environment_id = $1 AND withdrawn_at IS NULL ORDER BY processor, host, port")
    .bind(environment)
    .fetch_all(&platform.store)
    .await?;
    Ok(rows.iter().map(Attested::of).collect::<Result<_, _>>()?)
}

/// Whom the app that serves there could call: the companies of its spec, and its identity provider.
///
/// # Errors
/// Its spec does not open.
pub async fn candidates(platform: &Platform, environment: &Environment) -> Result<Vec<String>> {
    let Some(version) = environment.version else { return Ok(Vec::new()) };
    let (_, spec) = versions::open(platform, environment.account, version).await?;
    let document = spec.document();
    let mut named: Vec<String> = document.sub_processors.keys().map(ToString::to_string).collect();
    named.extend(document.security.sso.is_some().then(|| SIGN_IN.to_owned()));
    Ok(named)
}

/// An owner attests that the app may reach a company there; from the next moment on it does. What was attested before stays as
/// it was.
///
/// # Errors
/// The spec names no such company, it is no host of the internet, it is attested for another company, no agreement is named, or
/// the host does not answer: then it is kept, and holds once the host does.
pub async fn attest(
    platform: &Platform,
    host: &dyn Host,
    owner: &Owner,
    environment: &Owned<Environment>,
    new: &NewHost<'_>,
    _proof: &StepUp,
) -> Result<Uuid> {
    let known = candidates(platform, environment).await?;
    if !known.iter().any(|known| known == new.processor) {
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let reason = format!(
            "The spec of the version that serves here does not name it under `sub-processors`; it names: {known}"
        );
        return Err(Refusal::invalid("processor", reason));
    }
    let to = destination(new.address).ok_or_else(|| {
        Refusal::invalid("address", "Give a host name, such as api.provider.example, with :PORT where it is not 443; no address of numbers")
    })?;
    let agreement = new.agreement.trim();
    if agreement.is_empty() || agreement.chars().count() > 200 {
        return Err(Refusal::invalid("agreement", "Name the agreement: its number, or its title and date"));
    }
    let mut transaction = platform.store.begin().await?;
    sql("INSERT INTO outward_hosts (id, account_id, project_id, environment_id, processor, host, port, agreement,
             attested_at, attested_by_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (environment_id, host, port) WHERE withdrawn_at IS NULL DO NOTHING")
    .bind(platform.ids.next())
    .bind(environment.account)
    .bind(environment.project)
    .bind(environment.id)
    .bind(new.processor)
    .bind(to.host.as_str())
    .bind(i64::from(to.port))
    .bind(agreement)
    .bind(platform.clock.now())
    .bind(owner.person())
    .execute(&mut transaction)
    .await?;
    let kept = sql("SELECT id, processor FROM outward_hosts
         WHERE environment_id = $1 AND host = $2 AND port = $3 AND withdrawn_at IS NULL")
    .bind(environment.id)
    .bind(to.host.as_str())
    .bind(i64::from(to.port))
    .fetch_one(&mut transaction)
    .await?;
    let processor = kept.text("processor")?;
    if processor != new.processor {
        let reason = format!("It is attested for {processor}; withdraw that first");
        return Err(Refusal::invalid("address", reason));
    }
    let event =
        Event::new(Action::Configure).entity("environment").record(environment.id).note("way out attested");
    audit::append(&mut transaction, owner.circumstances(), event).await?;
    transaction.commit().await?;
    tell(platform, host, environment.id).await?;
    Ok(kept.uuid("id")?)
}

/// An owner withdraws: what is open there is cut, and nothing more goes there; the app forgets how to call a provider there, and
/// so do we. The door is closed first and written down after it, so that nothing that the register calls withdrawn is open.
///
/// # Errors
/// There is none of this id; the host does not answer, and then nothing is withdrawn.
pub async fn withdraw(
    platform: &Platform,
    host: &dyn Host,
    owner: &Owner,
    environment: &Owned<Environment>,
    id: Uuid,
    _proof: &StepUp,
) -> Result<()> {
    let attested = list(platform, environment.id).await?;
    let Some(Attested { to: ended, .. }) = attested.iter().find(|attested| attested.id == id) else {
        return Err(Refusal::NotFound);
    };
    let to = attested.iter().filter(|attested| attested.id != id).map(|attested| attested.to.clone());
    let to: Vec<Destination> = to.collect();
    let provided = providers::provided(platform, environment.id, &to).await?;
    host.outward(environment.id, &Reach { to, provided }).await.map_err(Refusal::Host)?;
    let mut transaction = platform.store.begin().await?;
    providers::end_there(platform, &mut transaction, owner, environment, ended).await?;
    sql("UPDATE outward_hosts SET withdrawn_at = $3, withdrawn_by_id = $4
         WHERE id = $1 AND environment_id = $2 AND withdrawn_at IS NULL")
    .bind(id)
    .bind(environment.id)
    .bind(platform.clock.now())
    .bind(owner.person())
    .execute(&mut transaction)
    .await?;
    let event =
        Event::new(Action::Configure).entity("environment").record(environment.id).note("way out withdrawn");
    audit::append(&mut transaction, owner.circumstances(), event).await?;
    Ok(transaction.commit().await?)
}

/// Tells the host of every environment anew, after a start: what was cut off between the register and the host is made good.
///
/// # Errors
/// The database cannot be read. A host that does not answer keeps its own list.
pub async fn tell_all(platform: &Platform, host: &dyn Host) -> Result<()> {
    let rows = sql(
        "SELECT DISTINCT o.environment_id FROM outward_hosts o JOIN environments e ON e.id = o.environment_id
         WHERE e.destroyed_at IS NULL",
    )
    .fetch_all(&platform.store)
    .await?;
    for row in rows {
        let environment = EnvironmentId::new(row.uuid("environment_id")?);
        if tell(platform, host, environment).await.is_err() {
            tracing::warn!(event = "outward-not-told", %environment);
        }
    }
    Ok(())
}

/// Tells the host what stands in the registers: whom the app may reach, and how.
pub(crate) async fn tell(platform: &Platform, host: &dyn Host, environment: EnvironmentId) -> Result<()> {
    let to: Vec<Destination> =
        list(platform, environment).await?.into_iter().map(|attested| attested.to).collect();
    let provided = providers::provided(platform, environment, &to).await?;
    host.outward(environment, &Reach { to, provided }).await.map_err(Refusal::Host)
}

/// A name and its port. Addresses of numbers name nobody, and no certificate that we believe is for one.
fn destination(text: &str) -> Option<Destination> {
    let text = text.trim();
    let (name, port) = text.rsplit_once(':').unwrap_or((text, "443"));
    let host = HostName::parse(name)?;
    let last = host.as_str().rsplit('.').next()?;
    let is_name = host.as_str().contains('.') && !last.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|port| *port > 0)?;
    is_name.then_some(Destination { host, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_a_name() {
        let read = |text: &str| destination(text).map(|to| to.to_string());
        assert_eq!(read(" API.provider.example ").as_deref(), Some("api.provider.example:443"));
        assert_eq!(read("api.provider.example:8443").as_deref(), Some("api.provider.example:8443"));
        let wrong = [
            "",
            "localhost",
            "10.0.0.1",
            "169.254.169.254:80",
            "[::1]:443",
            "https://a.example",
            "a.example:0",
            "a b.example",
        ];
        for wrong in wrong {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
