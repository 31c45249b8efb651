//! The service: what every step of identity shares.

use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::extract::{FromRef, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts as RequestParts;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::access_token::AccessTokens;
use super::attempts::AttemptKey;
use super::email::EmailAddress;
use super::error::{IdentityError, Result};
use super::limiter::{AddressLimiter, network};
use super::names::{OrganisationId, PersonId};
use super::oidc::Provider;
use super::password::PasswordHasher;
use super::settings::Settings;
use super::signing_keys;
use crate::audit::Audit;
use crate::clock::{Clock, Ids};
use crate::crypto::{Binding, KeyError, KeyRing, Keys, Purpose as KeyPurpose, Sealed};
use crate::store::Store;
use crate::web::Arrival;

/// Stable ids of what identity seals, counted down from `u32::MAX` as the library's own tables are.
#[derive(Clone, Copy)]
pub(super) enum Secret {
    Email,
    DisplayName,
    Authenticator,
    SigningKey,
    SessionAddress,
    SessionDevice,
    SsoAttempt,
}

impl Secret {
    pub(super) const fn place(self) -> (u32, u32) {
        match self {
            Self::Email => (u32::MAX - 10, 1),
            Self::DisplayName => (u32::MAX - 10, 2),
            Self::Authenticator => (u32::MAX - 11, 1),
            Self::SigningKey => (u32::MAX - 12, 1),
            Self::SessionAddress => (u32::MAX - 13, 1),
            Self::SessionDevice => (u32::MAX - 13, 2),
            Self::SsoAttempt => (u32::MAX - 15, 1),
        }
    }
}

/// Blind indexes of addresses that tried to sign in: entity and field.
const ATTEMPT_ADDRESS: (u32, u32) = (u32::MAX - 14, 1);

/// From where and by which request somebody knocks.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The client's address.
    pub address: IpAddr,
    /// What the client calls itself (`User-Agent`), cut to 200 characters.
    pub device: Option<String>,
    /// The request's id.
    pub request: Uuid,
}

impl Visit {
    /// The visit of a request: what the edge put down of its arrival, and what the client calls itself.
    /// Where the address is unknown, all such requests count as one address.
    pub(super) fn of(parts: &RequestParts, ids: &Arc<dyn Ids>) -> Self {
        let arrival = parts.extensions.get::<Arrival>();
        let device = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        Self {
            address: arrival.and_then(|arrival| arrival.address).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            device: device.map(|device| device.chars().take(200).collect()),
            request: arrival.map_or_else(|| ids.next(), |arrival| arrival.id),
        }
    }
}

impl<S> FromRequestParts<S> for Visit
where
    S: Send + Sync,
    Identity: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut RequestParts, state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts, Identity::from_ref(state).ids()))
    }
}

/// What identity needs of the app.
#[derive(Clone)]
pub struct Parts {
    /// The app's own database.
    pub store: Store,
    /// The keys: people's own secrets lie under the environment's ring, since people belong to no single
    /// organisation.
    pub keys: Keys,
    /// The audit log.
    pub audit: Audit,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub ids: Arc<dyn Ids>,
}

/// Accounts, sign-ins, sessions and tokens of one environment. Cheap to clone; one for the whole app.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    parts: Parts,
    settings: Settings,
    hasher: PasswordHasher,
    tokens: RwLock<Arc<AccessTokens>>,
    loaded_at: Mutex<OffsetDateTime>,
    limiter: AddressLimiter,
    provider: Option<Provider>,
}

impl Identity {
    /// Starts the service on a migrated database. The ring of signing keys is read, and made if there is
    /// none. Settings are brought within their floors.
    pub async fn start(parts: Parts, settings: Settings) -> Result<Self> {
        let settings = settings.within_limits();
        let environment = OrganisationId::ENVIRONMENT.uuid();
        match parts.keys.ring(environment).await {
            Err(KeyError::Missing) => drop(parts.keys.create(environment).await?),
            ring => drop(ring?),
        }
        let tokens = signing_keys::load(&parts, &settings).await?;
        let provider = settings.provider.clone().map(Provider::new).transpose();
        Ok(Self(Arc::new(Inner {
            hasher: PasswordHasher::new(settings.hashing_parallel)?,
            tokens: RwLock::new(Arc::new(tokens)),
            loaded_at: Mutex::new(parts.clock.now()),
            // Twenty at once and one each three seconds: a clinic at the start of its day, not a machine.
            limiter: AddressLimiter::new(20, Duration::seconds(3)),
            provider: provider.map_err(|_| IdentityError::NoAuthority)?,
            parts,
            settings,
        })))
    }

    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The identity provider, where the operator names one.
    pub(super) fn provider(&self) -> Option<&Provider> {
        self.0.provider.as_ref()
    }

    /// The name of the cookie that carries a session.
    pub fn cookie_name(&self) -> &'static str {
        if self.0.settings.secure_cookies { "__Host-session" } else { "session" }
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.0.parts.store
    }

    /// The audit log.
    pub fn audit(&self) -> &Audit {
        &self.0.parts.audit
    }

    /// The keys of the environment and of its organisations.
    pub fn keys(&self) -> &Keys {
        &self.0.parts.keys
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.parts.clock
    }

    /// The source of ids.
    pub fn ids(&self) -> &Arc<dyn Ids> {
        &self.0.parts.ids
    }

    pub(super) fn parts(&self) -> &Parts {
        &self.0.parts
    }

    pub(super) fn hasher(&self) -> &PasswordHasher {
        &self.0.hasher
    }

    pub(super) fn now(&self) -> OffsetDateTime {
        self.0.parts.clock.now()
    }

    pub(super) fn next_id(&self) -> Uuid {
        self.0.parts.ids.next()
    }

    pub(super) fn tokens(&self) -> Arc<AccessTokens> {
        Arc::clone(&self.0.tokens.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn set_tokens(&self, tokens: AccessTokens) {
        *self.0.tokens.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(tokens);
    }

    /// Whether the ring of signing keys was read at least `age` ago. If so it counts as read now: of many
    /// callers one reads.
    pub(super) fn ring_is_older_than(&self, age: Duration) -> bool {
        let mut loaded_at = self.0.loaded_at.lock().unwrap_or_else(PoisonError::into_inner);
        let older = self.now() - *loaded_at >= age;
        if older {
            *loaded_at = self.now();
        }
        older
    }

    /// The first door of every endpoint that takes credentials.
    pub(super) fn knock(&self, visit: &Visit) -> Result<()> {
        Ok(self.0.limiter.take(visit.address, self.now())?)
    }

    /// The environment's ring, as it stands now.
    pub(super) async fn vault(&self) -> Result<Vault> {
        self.0.parts.vault().await
    }

    pub(super) async fn email_index(&self, email: &EmailAddress) -> Result<AttemptKey> {
        let (entity, field) = Secret::Email.place();
        let index = self.vault().await?.ring.blind_index(entity, field, email.as_str())?;
        Ok(AttemptKey(*index.as_bytes()))
    }

    pub(super) async fn address_index(&self, address: IpAddr) -> Result<AttemptKey> {
        let (entity, field) = ATTEMPT_ADDRESS;
        let index = self.vault().await?.ring.blind_index(entity, field, &network(address).to_string())?;
        Ok(AttemptKey(*index.as_bytes()))
    }
}

impl Parts {
    pub(super) async fn vault(&self) -> Result<Vault> {
        let organisation = OrganisationId::ENVIRONMENT.uuid();
        Ok(Vault { ring: self.keys.ring(organisation).await?, environment: self.keys.environment() })
    }
}

/// Seals and opens what people own, each value bound to its row.
pub(super) struct Vault {
    ring: Arc<KeyRing>,
    environment: Uuid,
}

impl Vault {
    pub(super) fn seal(&self, secret: Secret, row: Uuid, plain: &[u8]) -> Result<Vec<u8>> {
        Ok(self.ring.seal(KeyPurpose::Identity, &self.binding(secret, row), plain)?.into_bytes())
    }

    pub(super) fn open(&self, secret: Secret, row: Uuid, sealed: Vec<u8>) -> Result<Zeroizing<Vec<u8>>> {
        let sealed = Sealed::from_bytes(sealed);
        Ok(self.ring.open(KeyPurpose::Identity, &self.binding(secret, row), &sealed)?)
    }

    /// Opens a sealed text; one that is no UTF-8 was not sealed by us.
    pub(super) fn open_text(&self, secret: Secret, row: Uuid, sealed: Vec<u8>) -> Result<String> {
        let plain = self.open(secret, row, sealed)?;
        String::from_utf8(plain.to_vec()).map_err(|_| IdentityError::Failed)
    }

    pub(super) fn open_email(&self, person: PersonId, sealed: Vec<u8>) -> Result<EmailAddress> {
        let text = self.open_text(Secret::Email, person.uuid(), sealed)?;
        EmailAddress::parse(&text).map_err(|_| IdentityError::Failed)
    }

    /// A blind index beside what is sealed.
    pub(super) fn index(&self, secret: Secret, text: &str) -> Result<[u8; 32]> {
        let (entity, field) = secret.place();
        Ok(*self.ring.blind_index(entity, field, text)?.as_bytes())
    }

    fn binding(&self, secret: Secret, row: Uuid) -> Binding {
        let (entity, field) = secret.place();
        let organisation = OrganisationId::ENVIRONMENT.uuid();
        Binding { environment: self.environment, organisation, entity, field, row }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}
