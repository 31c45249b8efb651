//! The ring of keys that sign access tokens, sealed in the database so that every process of the app
//! shares it.
//!
//! Rotation adds a key, which signs from then on; the one before still verifies for as long as tokens
//! signed by it may live, and older ones are removed. A process reads the ring again before it signs, if
//! a minute has gone by, and when it meets an unknown key id, at most once a second.

use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use super::access_token::{AccessClaims, AccessTokens, InvalidToken, SigningKey};
use super::error::{IdentityError, Result};
use super::names::OrganisationId;
use super::secret::random;
use super::service::{Identity, Parts, Secret, Vault};
use super::settings::Settings;
use crate::audit::{self, Action, AuditContext, Event};
use crate::store::{Transaction, sql};

/// How long another process may go on signing by a key that is no longer the newest.
const READ_AGAIN: Duration = Duration::MINUTE;

/// Access tokens are for this app's API and nothing else.
pub const AUDIENCE: &str = "api";

pub(super) async fn load(parts: &Parts, settings: &Settings) -> Result<AccessTokens> {
    let mut keys = stored(parts).await?;
    if keys.is_empty() {
        let vault = parts.vault().await?;
        let mut transaction = parts.store.begin().await?;
        insert(parts, &vault, &mut transaction).await?;
        transaction.commit().await?;
        keys = stored(parts).await?;
    }
    let mut keys = keys.into_iter();
    let signing = keys.next().ok_or(IdentityError::Failed)?;
    Ok(AccessTokens::new(signing, keys.collect(), &settings.issuer, AUDIENCE, settings.access_lifetime))
}

/// Newest first; of two made at the same moment (two processes at their first start) all agree on one.
async fn stored(parts: &Parts) -> Result<Vec<SigningKey>> {
    let rows = sql("SELECT id, secret FROM signing_keys ORDER BY created_at DESC, id DESC")
        .fetch_all(&parts.store)
        .await?;
    let vault = parts.vault().await?;
    rows.into_iter()
        .map(|row| {
            let id = row.uuid("id")?;
            let secret = vault.open(Secret::SigningKey, id, row.bytes("secret")?)?;
            let secret: &[u8; 32] = secret.as_slice().try_into().map_err(|_| IdentityError::Failed)?;
            Ok(SigningKey::new(id.simple().to_string(), secret))
        })
        .collect()
}

async fn insert(parts: &Parts, vault: &Vault, transaction: &mut Transaction) -> Result<()> {
    let id = parts.ids.next();
    let secret = zeroize::Zeroizing::new(random::<32>()?);
    sql("INSERT INTO signing_keys (id, secret, created_at) VALUES ($1, $2, $3)")
        .bind(id)
        .bind(vault.seal(Secret::SigningKey, id, secret.as_slice())?)
        .bind(parts.clock.now())
        .execute(transaction)
        .await?;
    Ok(())
}

impl Identity {
    /// Adds a signing key and removes those that no living token can name.
    pub async fn rotate_signing_key(&self) -> Result<()> {
        let vault = self.vault().await?;
        let mut transaction = self.store().begin().await?;
        let newest = sql("SELECT max(created_at) AS newest FROM signing_keys")
            .fetch_one(&mut transaction)
            .await?
            .optional_timestamp("newest")?;
        insert(self.parts(), &vault, &mut transaction).await?;
        // The newest so far signed until now; what came before it has been silent since it was made.
        let silent_since = newest.unwrap_or_else(|| self.now());
        if silent_since + READ_AGAIN + self.settings().access_lifetime < self.now() {
            sql("DELETE FROM signing_keys WHERE created_at < $1")
                .bind(silent_since)
                .execute(&mut transaction)
                .await?;
        }
        let context =
            AuditContext::system(self.clock().clone(), OrganisationId::ENVIRONMENT.uuid(), "identity");
        let event = Event::new(Action::Key).entity("signing key").note("rotated");
        audit::append(&mut transaction, &context, event).await?;
        transaction.commit().await?;
        self.reload_signing_keys().await
    }

    /// Reads the ring again.
    pub async fn reload_signing_keys(&self) -> Result<()> {
        self.set_tokens(load(self.parts(), self.settings()).await?);
        Ok(())
    }

    /// The ring to sign by. Asked for before a transaction is begun, since the ring may have to be read.
    pub(super) async fn tokens_to_sign(&self) -> Result<Arc<AccessTokens>> {
        if self.ring_is_older_than(READ_AGAIN) {
            self.reload_signing_keys().await?;
        }
        Ok(self.tokens())
    }

    /// Checks an access token against the ring; a token that names a key made by another process a
    /// moment ago is checked against the ring as it stands in the database.
    pub(super) async fn access_claims(&self, token: &str) -> Result<AccessClaims> {
        self.claims(token, AccessTokens::verify).await
    }

    /// The same for any kind of token that is signed by the ring, as `verify` reads it.
    pub(super) async fn claims(
        &self,
        token: &str,
        verify: impl Fn(&AccessTokens, &str, OffsetDateTime) -> Result<AccessClaims, InvalidToken>,
    ) -> Result<AccessClaims> {
        let tokens = self.tokens();
        if let Ok(claims) = verify(&tokens, token, self.now()) {
            return Ok(claims);
        }
        if tokens.names_unknown_key(token) && self.ring_is_older_than(Duration::SECOND) {
            self.reload_signing_keys().await?;
            return verify(&self.tokens(), token, self.now()).map_err(|_| IdentityError::SignedOut);
        }
        Err(IdentityError::SignedOut)
    }
}
