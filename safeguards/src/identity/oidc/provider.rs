//! What the provider publishes (OpenID Connect Discovery 1.0), read when it is first needed.

use std::sync::{Arc, Mutex, PoisonError};

use jsonwebtoken::jwk::JwkSet;
use serde::Deserialize;
use time::{Duration, OffsetDateTime};

use super::ProviderError;
use super::settings::{ProviderSettings, is_safe};
use super::wire::{NoAuthority, Wire};

/// How long what was published is believed without asking again.
const FRESH: Duration = Duration::hours(1);
/// How soon a key that is not among the known ones may be asked for again, so that forged tokens make no traffic.
const ASKED: Duration = Duration::seconds(10);

/// Where the provider's doors are.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Doors {
    issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    pub(super) end_session_endpoint: Option<String>,
    #[serde(default)]
    pub(super) token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Whether it says by `iss` who answers (RFC 9207).
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

/// A set of keys (RFC 7517, section 5).
#[derive(Deserialize)]
struct Listed {
    keys: Vec<serde_json::Value>,
}

/// What was published, and when it was read.
#[derive(Clone)]
pub(super) struct Published {
    pub(super) doors: Doors,
    pub(super) keys: JwkSet,
    at: OffsetDateTime,
}

/// The provider that the operator named.
pub(crate) struct Provider {
    pub(super) settings: ProviderSettings,
    pub(super) wire: Wire,
    published: Mutex<Option<Arc<Published>>>,
}

impl Provider {
    /// Nothing is asked of it yet.
    pub(crate) fn new(settings: ProviderSettings) -> Result<Self, NoAuthority> {
        let wire = Wire::new(settings.authority.as_deref(), settings.door.clone())?;
        Ok(Self { settings, wire, published: Mutex::new(None) })
    }

    /// What it publishes, as it was read within the last hour.
    pub(super) async fn published(&self, now: OffsetDateTime) -> Result<Arc<Published>, ProviderError> {
        match self.known() {
            Some(known) if now - known.at < FRESH => Ok(known),
            _ => self.read(now).await,
        }
    }

    /// The same, read anew since it names a key that was not among those known: providers change their keys (OpenID Connect
    /// Core 1.0, section 10.1.1).
    pub(super) async fn published_anew(&self, now: OffsetDateTime) -> Result<Arc<Published>, ProviderError> {
        match self.known() {
            Some(known) if now - known.at < ASKED => Ok(known),
            _ => self.read(now).await,
        }
    }

    fn known(&self) -> Option<Arc<Published>> {
        self.published.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn read(&self, now: OffsetDateTime) -> Result<Arc<Published>, ProviderError> {
        let issuer = &self.settings.issuer;
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let doors: Doors = self.wire.get(&address).await?;
        // Section 4.3: who publishes for another issuer is not believed.
        let safe = [&doors.authorization_endpoint, &doors.token_endpoint, &doors.jwks_uri];
        if doors.issuer != *issuer || !safe.into_iter().all(|address| is_safe(address)) {
            return Err(ProviderError::NotBelieved("sso-issuer"));
        }
        let listed: Listed = self.wire.get(&doors.jwks_uri).await?;
        // A key of a kind that is not known here signs nothing that is believed here.
        let known = listed.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok());
        let keys = JwkSet { keys: known.collect() };
        let published = Arc::new(Published { doors, keys, at: now });
        *self.published.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&published));
        Ok(published)
    }
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Provider").field("settings", &self.settings).finish_non_exhaustive()
    }
}
