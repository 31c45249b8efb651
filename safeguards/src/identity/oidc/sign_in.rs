//! The way to the provider and back (OpenID Connect Core 1.0, section 3.1; RFC 9700, section 2.1).
//!
//! `state` is single-use and belongs to one browser, by a cookie: a link that somebody else began, or a code that somebody else
//! got, leads nowhere (login forgery). The code is worth nothing without the verifier, which stays here (PKCE, RFC 7636), and
//! the token nothing without the nonce.

use aws_lc_rs::digest;
use axum::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use form_urlencoded::Serializer;
use serde::{Deserialize, Serialize};
use time::Duration;
use uuid::Uuid;

use super::ProviderError;
use super::provider::{Doors, Provider};
use crate::audit::{Action, Event, Outcome};
use crate::identity::error::{IdentityError, Result};
use crate::identity::names::OrganisationId;
use crate::identity::secret::Token;
use crate::identity::service::{Identity, Secret, Visit};
use crate::identity::sign_in::Next;
use crate::store::sql;

/// How long somebody may take at the provider.
pub(in crate::identity) const PATIENCE: Duration = Duration::minutes(10);
/// Where the provider sends people back to.
pub(in crate::identity) const RETURN: &str = "/sign-in/sso/return";

/// A way that was begun: where the browser goes, and what it keeps.
pub(in crate::identity) struct Begun {
    pub(in crate::identity) address: HeaderValue,
    pub(in crate::identity) browser: Token,
}

/// What comes back with the browser.
pub(in crate::identity) struct Returned {
    pub(in crate::identity) state: Option<String>,
    pub(in crate::identity) code: Option<String>,
    pub(in crate::identity) iss: Option<String>,
}

/// What somebody is sent to the provider for.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::identity) enum Errand {
    /// To sign in.
    #[default]
    SignIn,
    /// To show anew who they are, for this session.
    Proof(Uuid),
}

/// How somebody comes back.
pub(in crate::identity) enum Came {
    /// With the next step of signing in.
    In(Next),
    /// Having shown who they are.
    Proved,
}

/// What stays here meanwhile, sealed.
#[derive(Serialize, Deserialize)]
struct Kept {
    nonce: String,
    verifier: String,
    to: String,
    #[serde(default)]
    errand: Errand,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

impl Identity {
    /// The words of the provider's button, where one is named.
    pub fn provider_name(&self) -> Option<&str> {
        self.provider().map(|provider| provider.settings.name.as_str())
    }

    /// Begins: `to` is the path of this app where the person wanted to go.
    pub(in crate::identity) async fn begin_sso(
        &self,
        errand: Errand,
        to: &str,
        visit: &Visit,
    ) -> Result<Begun> {
        let provider = self.provider().ok_or(IdentityError::NotFound)?;
        self.knock(visit)?;
        let now = self.now();
        let published = provider.published(now).await?;
        let [state, nonce, verifier, browser] =
            [Token::random()?, Token::random()?, Token::random()?, Token::random()?];
        let kept = Kept {
            nonce: nonce.reveal().to_owned(),
            verifier: verifier.reveal().to_owned(),
            to: to.to_owned(),
            errand,
        };
        let id = self.next_id();
        let kept = serde_json::to_vec(&kept).map_err(|_| IdentityError::Failed)?;
        sql("INSERT INTO sso_attempts (id, state_hash, browser_hash, kept, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(id)
        .bind(state.hash().as_bytes())
        .bind(browser.hash().as_bytes())
        .bind(self.vault().await?.seal(Secret::SsoAttempt, id, &kept)?)
        .bind(now)
        .bind(now + PATIENCE)
        .execute(self.store())
        .await?;
        let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.reveal().as_bytes()));
        let mut query = Serializer::new(String::new());
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.settings.client_id)
            .append_pair("redirect_uri", &self.sso_return())
            .append_pair("scope", "openid email profile")
            .append_pair("state", state.reveal())
            .append_pair("nonce", nonce.reveal())
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        if let Errand::Proof(_) = errand {
            // Whoever is still signed in there is asked all the same.
            query.append_pair("prompt", "login").append_pair("max_age", "0");
        }
        let query = query.finish();
        let door = &published.doors.authorization_endpoint;
        let join = if door.contains('?') { '&' } else { '?' };
        let address = HeaderValue::from_str(&format!("{door}{join}{query}"));
        Ok(Begun { address: address.map_err(|_| ProviderError::NotBelieved("sso-address"))?, browser })
    }

    /// Ends it: how the person came back, and where they wanted to go.
    pub(in crate::identity) async fn end_sso(
        &self,
        returned: &Returned,
        browser: &Token,
        visit: &Visit,
    ) -> Result<(Came, String)> {
        let provider = self.provider().ok_or(IdentityError::NotFound)?;
        self.knock(visit)?;
        match self.ended_sso(provider, returned, browser, visit).await {
            Err(IdentityError::Provider(error)) => {
                let event = Event::new(Action::LoginFailed).entity("person").outcome(Outcome::Denied);
                let context = self.context(visit, OrganisationId::ENVIRONMENT, None, None);
                self.audit().record(&context, event.note(error.word())).await?;
                Err(error.into())
            }
            ended => ended,
        }
    }

    async fn ended_sso(
        &self,
        provider: &Provider,
        returned: &Returned,
        browser: &Token,
        visit: &Visit,
    ) -> Result<(Came, String)> {
        let state = returned.state.as_deref().and_then(Token::parse).ok_or(IdentityError::SignedOut)?;
        let now = self.now();
        // Taken away whatever comes next, so that it is of use once.
        let row =
            sql("DELETE FROM sso_attempts WHERE state_hash = $1 AND browser_hash = $2 AND expires_at > $3
             RETURNING id, kept, created_at")
            .bind(state.hash().as_bytes())
            .bind(browser.hash().as_bytes())
            .bind(now)
            .fetch_optional(self.store())
            .await?
            .ok_or(IdentityError::SignedOut)?;
        let kept = self.vault().await?.open(Secret::SsoAttempt, row.uuid("id")?, row.bytes("kept")?)?;
        let kept: Kept = serde_json::from_slice(&kept).map_err(|_| IdentityError::Failed)?;
        let published = provider.published(now).await?;
        // RFC 9207: an answer of another provider is refused before its code is sent anywhere.
        let named = returned.iss.as_deref();
        let expected = published.doors.authorization_response_iss_parameter_supported || named.is_some();
        if expected && named != Some(provider.settings.issuer.as_str()) {
            return Err(ProviderError::NotBelieved("sso-issuer").into());
        }
        let code = returned.code.as_deref().ok_or(ProviderError::Refused)?;
        let tokens = self.exchanged(provider, &published.doors, code, &kept.verifier).await?;
        let claims = provider.id_claims(&tokens.id_token, &kept.nonce, now).await?;
        let came = match kept.errand {
            Errand::SignIn => Came::In(self.enter_by(provider, &claims, visit).await?),
            Errand::Proof(session) => {
                let begun = row.timestamp("created_at")?;
                self.proved_by(provider, &claims, (session, begun), visit).await?;
                Came::Proved
            }
        };
        Ok((came, kept.to))
    }

    /// The code for tokens. The app says who it is as the provider wants it said (RFC 6749, section 2.3.1).
    async fn exchanged(
        &self,
        provider: &Provider,
        doors: &Doors,
        code: &str,
        verifier: &str,
    ) -> Result<Tokens, ProviderError> {
        let (form, authorization) = self.exchange(provider, doors, code, verifier);
        provider.wire.post(&doors.token_endpoint, form, authorization.as_deref()).await
    }

    /// The form of that request, and its `Authorization`.
    fn exchange(
        &self,
        provider: &Provider,
        doors: &Doors,
        code: &str,
        verifier: &str,
    ) -> (String, Option<String>) {
        let settings = &provider.settings;
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.sso_return())
            .append_pair("code_verifier", verifier);
        let methods = doors.token_endpoint_auth_methods_supported.as_deref();
        let basic =
            methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"));
        let authorization = match &settings.client_secret {
            Some(secret) if basic => {
                let encoded =
                    |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!("{}:{}", encoded(&settings.client_id), encoded(secret));
                Some(format!("Basic {}", STANDARD.encode(pair)))
            }
            Some(secret) => {
                form.append_pair("client_id", &settings.client_id).append_pair("client_secret", secret);
                None
            }
            None => {
                form.append_pair("client_id", &settings.client_id);
                None
            }
        };
        (form.finish(), authorization)
    }

    fn sso_return(&self) -> String {
        format!("{}{RETURN}", self.settings().issuer)
    }

    /// Where the provider ends its own session, once ours is over (RP-Initiated Logout 1.0), if this one came from there.
    pub(in crate::identity) async fn provider_sign_out(&self, session: Uuid) -> Result<Option<String>> {
        let Some(provider) = self.provider() else { return Ok(None) };
        // That the provider does not answer keeps nobody from signing out here.
        let Some(published) = (match self.came_by_provider(session).await? {
            true => provider.published(self.now()).await.ok(),
            false => None,
        }) else {
            return Ok(None);
        };
        let door =
            published.doors.end_session_endpoint.as_ref().filter(|door| super::settings::is_safe(door));
        Ok(door.map(|door| {
            let query = Serializer::new(String::new())
                .append_pair("client_id", &provider.settings.client_id)
                .append_pair("post_logout_redirect_uri", &format!("{}/sign-in", self.settings().issuer))
                .finish();
            format!("{door}{}{query}", if door.contains('?') { '&' } else { '?' })
        }))
    }
}
