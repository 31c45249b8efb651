//! How an app calls the companies that it may reach: for an AI provider its wire, address, model, prices and key; for signing in
//! by an identity provider its issuer, the app's name and secret there, and what its groups may do (HC-5, HC-13, CF-23).
//!
//! The owner sets it, for the preview and for production apart, and only for a host that is attested there
//! ([`crate::outward`]): withdrawn, the host takes its provider with it. A key is sealed under the account's, opened for the host
//! that lays it before the app and for nobody else, and never shown again. What was replaced or withdrawn stays in the register
//! without its key. An app still asks no AI provider for an organisation that has not attested it: that lock is its own.

mod files;
mod settings;

use safeguards::audit::{self, Action, Event};
use safeguards::store::Row;
use safeguards::{StoreError, Transaction, sql};
use schemars::JsonSchema;
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

pub use settings::{Model, Settings, SignIn, Wanted};

use crate::accounts::{Owned, Owner};
use crate::environments::Environment;
use crate::error::{Refusal, Result};
use crate::host::HostName;
use crate::host::outward::Destination;
use crate::host::provided::{Provided, Reach};
use crate::ids::{AccountId, EnvironmentId, ProviderId};
use crate::lifecycle::StepUp;
use crate::outward;
use crate::sealing::Column;
use crate::seams::Host;
use crate::{Platform, Secret, versions};

/// Ends what is in force of these providers: at a moment (`$1`), by somebody (`$2`), and without its key from then on.
macro_rules! ending {
    ($these:literal) => {
        concat!(
            "UPDATE app_providers SET secret = NULL, withdrawn_at = $1, withdrawn_by_id = $2
             WHERE withdrawn_at IS NULL AND ",
            $these
        )
    };
}

/// How an app calls one company. It holds no key.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Provider {
    /// Its id.
    pub id: ProviderId,
    /// The company, as it is attested: a sub-processor of the spec, or `sign-in`.
    pub processor: String,
    /// Where it is called: host and port.
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "String")]
    pub to: Destination,
    /// How.
    pub settings: Settings,
    /// Whether there is a key, which is never shown again.
    pub has_key: bool,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    pub set_at: OffsetDateTime,
}

/// A destination as it is told: `host:port`.
pub(crate) fn as_text<S: serde::Serializer>(to: &Destination, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(to)
}

/// A provider as it is kept.
struct Kept {
    provider: Provider,
    account: AccountId,
    sealed: Option<Vec<u8>>,
}

impl Kept {
    fn of(row: &Row) -> Result<Self, StoreError> {
        let wrong = |column: &str, expected| StoreError::Column { column: column.into(), expected };
        let settings = serde_json::from_str(&row.text("settings")?);
        let host = HostName::parse(&row.text("host")?).ok_or_else(|| wrong("host", "a host"))?;
        let port = u16::try_from(row.integer("port")?).map_err(|_| wrong("port", "a port"))?;
        let sealed = row.optional_bytes("secret")?;
        let provider = Provider {
            id: ProviderId::new(row.uuid("id")?),
            processor: row.text("processor")?,
            to: Destination { host, port },
            settings: settings.map_err(|_| wrong("settings", "how a provider is called"))?,
            has_key: sealed.is_some(),
            set_at: row.timestamp("set_at")?,
        };
        Ok(Self { provider, account: AccountId::new(row.uuid("account_id")?), sealed })
    }

    async fn opened(self, platform: &Platform) -> Result<(Settings, Option<Secret>)> {
        let Self { provider, account, sealed } = self;
        let key = match sealed {
            Some(sealed) => {
                let text = platform.open_sealed(account, Column::ProviderKey, provider.id, sealed).await?;
                Some(Secret::new(&zeroize::Zeroizing::new(text)))
            }
            None => None,
        };
        Ok((provider.settings, key))
    }
}

async fn kept(platform: &Platform, environment: EnvironmentId) -> Result<Vec<Kept>> {
    let rows =
        sql("SELECT id, account_id, processor, host, port, settings, secret, set_at FROM app_providers
         WHERE environment_id = $1 AND withdrawn_at IS NULL ORDER BY processor")
        .bind(environment)
        .fetch_all(&platform.store)
        .await?;
    Ok(rows.iter().map(Kept::of).collect::<Result<_, _>>()?)
}

/// How the app of this environment calls whom.
///
/// # Errors
/// The database cannot be read.
pub async fn list(platform: &Platform, environment: EnvironmentId) -> Result<Vec<Provider>> {
    Ok(kept(platform, environment).await?.into_iter().map(|kept| kept.provider).collect())
}

/// Whom the version that serves there could be told how to call.
///
/// # Errors
/// Its spec does not open.
pub async fn wanted(platform: &Platform, environment: &Environment) -> Result<Wanted> {
    let Some(version) = environment.version else { return Ok(Wanted::default()) };
    let (_, spec) = versions::open(platform, environment.account, version).await?;
    Ok(Wanted::of(&spec))
}

/// An owner sets how the app calls a company, in place of what was set before; it is started anew with it.
///
/// # Errors
/// The spec names no such company, its host is not attested there, the app could not work with these settings, or the host does
/// not take them: then everything is as it was.
#[allow(
    clippy::too_many_arguments,
    reason = "who sets what for whom where, by which key, and that they have proved it"
)]
pub async fn set(
    platform: &Platform,
    host: &dyn Host,
    owner: &Owner,
    environment: &Owned<Environment>,
    settings: &Settings,
    key: Option<&Secret>,
    _proof: &StepUp,
) -> Result<ProviderId> {
    let key = key.filter(|key| !key.expose().is_empty());
    settings.check(&wanted(platform, environment).await?, key)?;
    let attested = outward::list(platform, environment.id).await?;
    let there = settings.destination();
    let to = attested
        .iter()
        .find(|attested| attested.processor == settings.processor() && there.as_ref() == Some(&attested.to));
    let Some(to) = to.map(|attested| attested.to.clone()) else {
        let hosts = attested.iter().filter(|attested| attested.processor == settings.processor());
        let hosts: Vec<String> = hosts.map(|attested| attested.to.to_string()).collect();
        let hosts = if hosts.is_empty() { "none yet".to_owned() } else { hosts.join(", ") };
        let reason = format!(
            "Give an address that begins with https:// and whose host is attested for it under “Whom the app may reach”: {hosts}"
        );
        return Err(Refusal::invalid(settings.place(), reason));
    };
    let id = ProviderId::new(platform.ids.next());
    let sealed = match key {
        Some(key) => Some(platform.seal(environment.account, Column::ProviderKey, id, key.expose()).await?),
        None => None,
    };
    let written = serde_json::to_string(settings).map_err(|_| Refusal::Fault("settings of a provider"))?;

    let mut all = Vec::new();
    for kept in kept(platform, environment.id).await? {
        if kept.provider.processor != settings.processor() {
            all.push(kept.opened(platform).await?);
        }
    }
    all.push((settings.clone(), key.cloned()));
    let reach = Reach {
        to: attested.into_iter().map(|attested| attested.to).collect(),
        provided: files::files(&all)?,
    };
    if let Err(refused) = host.outward(environment.id, &reach).await {
        // What it has taken of it is taken back; a host that is away is told at its next start.
        let _away = outward::tell(platform, host, environment.id).await;
        return Err(refused.into());
    }

    let mut transaction = platform.store.begin().await?;
    let ended = sql(ending!("environment_id = $3 AND processor = $4"))
        .bind(platform.clock.now())
        .bind(owner.person())
        .bind(environment.id)
        .bind(settings.processor())
        .execute(&mut transaction)
        .await?;
    sql("INSERT INTO app_providers (id, account_id, project_id, environment_id, processor, host, port, settings, secret,
             set_at, set_by_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
    .bind(id)
    .bind(environment.account)
    .bind(environment.project)
    .bind(environment.id)
    .bind(settings.processor())
    .bind(to.host.as_str())
    .bind(i64::from(to.port))
    .bind(written)
    .bind(sealed)
    .bind(platform.clock.now())
    .bind(owner.person())
    .execute(&mut transaction)
    .await?;
    let what = if ended > 0 { "provider replaced" } else { "provider set" };
    write_down(&mut transaction, owner, environment, what).await?;
    transaction.commit().await?;
    // Two who set something at once: what the host has is what the register has.
    outward::tell(platform, host, environment.id).await?;
    Ok(id)
}

/// An owner withdraws: the app forgets how to call it, and its key is erased. The host is told first, so that nothing that the
/// register calls withdrawn is called.
///
/// # Errors
/// There is none of this id; the host does not answer, and then nothing is withdrawn.
pub async fn withdraw(
    platform: &Platform,
    host: &dyn Host,
    owner: &Owner,
    environment: &Owned<Environment>,
    id: ProviderId,
    _proof: &StepUp,
) -> Result<()> {
    let (ended, left): (Vec<Kept>, Vec<Kept>) =
        kept(platform, environment.id).await?.into_iter().partition(|kept| kept.provider.id == id);
    if ended.is_empty() {
        return Err(Refusal::NotFound);
    }
    let to: Vec<Destination> =
        outward::list(platform, environment.id).await?.into_iter().map(|attested| attested.to).collect();
    let provided = laid(platform, left, &to).await?;
    host.outward(environment.id, &Reach { to, provided }).await.map_err(Refusal::Host)?;
    let mut transaction = platform.store.begin().await?;
    sql(ending!("environment_id = $3 AND id = $4"))
        .bind(platform.clock.now())
        .bind(owner.person())
        .bind(environment.id)
        .bind(id)
        .execute(&mut transaction)
        .await?;
    write_down(&mut transaction, owner, environment, "provider withdrawn").await?;
    Ok(transaction.commit().await?)
}

/// What the app is told of providers at these hosts.
pub(crate) async fn provided(
    platform: &Platform,
    environment: EnvironmentId,
    at: &[Destination],
) -> Result<Provided> {
    laid(platform, kept(platform, environment).await?, at).await
}

async fn laid(platform: &Platform, kept: Vec<Kept>, at: &[Destination]) -> Result<Provided> {
    let mut opened = Vec::new();
    for kept in kept.into_iter().filter(|kept| at.contains(&kept.provider.to)) {
        opened.push(kept.opened(platform).await?);
    }
    files::files(&opened)
}

/// A host that is withdrawn takes its provider with it.
pub(crate) async fn end_there(
    platform: &Platform,
    transaction: &mut Transaction,
    owner: &Owner,
    environment: &Environment,
    at: &Destination,
) -> Result<()> {
    let ended = sql(ending!("environment_id = $3 AND host = $4 AND port = $5"))
        .bind(platform.clock.now())
        .bind(owner.person())
        .bind(environment.id)
        .bind(at.host.as_str())
        .bind(i64::from(at.port))
        .execute(&mut *transaction)
        .await?;
    if ended > 0 {
        write_down(transaction, owner, environment, "provider withdrawn").await?;
    }
    Ok(())
}

/// An environment ends, and with it every key by which it called others; says how many providers ended so, however often it is
/// asked.
pub(crate) async fn erase(platform: &Platform, environment: EnvironmentId) -> Result<i64, StoreError> {
    sql(ending!("environment_id = $3"))
        .bind(platform.clock.now())
        .bind(None::<Uuid>)
        .bind(environment)
        .execute(&platform.store)
        .await?;
    let row =
        sql("SELECT count(*) AS n FROM app_providers WHERE environment_id = $1 AND withdrawn_by_id IS NULL")
            .bind(environment)
            .fetch_one(&platform.store)
            .await?;
    row.integer("n")
}

async fn write_down(
    transaction: &mut Transaction,
    owner: &Owner,
    environment: &Environment,
    what: &'static str,
) -> Result<()> {
    let event = Event::new(Action::Configure).entity("environment").record(environment.id).note(what);
    Ok(audit::append(transaction, owner.circumstances(), event).await?)
}
