//! ID tokens and logout tokens: believed when signed by a key that the provider publishes, for this app, now.
//!
//! Refused are `none` and every algorithm of shared secrets, whatever key a header brings along (`jwk`, `jku`, `x5c`, `x5u`),
//! extensions that are not understood (`crit`, RFC 7515, section 4.1.11), another issuer, audience or authorised party, and
//! times that are over. Times are judged by the injected clock, with a minute for clocks that differ.

use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use time::{Duration, OffsetDateTime};

use super::ProviderError;
use super::provider::{Provider, Published};

/// The algorithms of OpenID providers that sign by a private key and are not broken (RFC 7518, RFC 8037).
const ALGORITHMS: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::PS256,
    Algorithm::RS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
/// How far clocks may differ.
const LEEWAY: Duration = Duration::MINUTE;
/// No token with the groups of a person is longer.
const LONGEST: usize = 64 * 1024;
/// What a back-channel logout token must announce (Back-Channel Logout 1.0, section 2.4).
const LOGGED_OUT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// One name or several (RFC 7519, section 4.1.3).
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// What both kinds of token say.
#[derive(Deserialize)]
struct Common {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    iat: i64,
    exp: i64,
}

/// What the provider says of somebody. Never printed: these are people's names and addresses.
#[derive(Deserialize)]
pub(super) struct IdClaims {
    pub(super) sub: String,
    nonce: Option<String>,
    pub(super) email: Option<String>,
    #[serde(default)]
    email_verified: Value,
    pub(super) name: Option<String>,
    #[serde(default)]
    amr: Vec<String>,
    pub(super) sid: Option<String>,
    auth_time: Option<i64>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl IdClaims {
    /// Whether the provider says that the address is the person's: `true`, or the word, as some write it.
    pub(super) fn has_verified_email(&self) -> bool {
        self.email_verified == Value::Bool(true) || self.email_verified == "true"
    }

    /// Whether it has asked for a second factor (RFC 8176).
    pub(super) fn had_second_factor(&self) -> bool {
        self.amr.iter().any(|method| method == "mfa")
    }

    /// Whether it says that the person has shown who they are since then.
    pub(super) fn was_asked_since(&self, begun: OffsetDateTime) -> bool {
        self.auth_time.is_some_and(|asked| asked + LEEWAY.whole_seconds() >= begun.unix_timestamp())
    }

    /// The values of a claim that is one text or a list of them.
    pub(super) fn values(&self, claim: &str) -> Vec<&str> {
        match self.others.get(claim) {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

/// Who is signed out: everywhere, or of one session.
#[derive(Deserialize)]
pub(super) struct LogoutClaims {
    pub(super) jti: String,
    pub(super) sub: Option<String>,
    pub(super) sid: Option<String>,
    #[serde(default)]
    events: Map<String, Value>,
    nonce: Option<Value>,
}

impl Provider {
    /// Checks an ID token (OpenID Connect Core 1.0, section 3.1.3.7).
    pub(super) async fn id_claims(
        &self,
        token: &str,
        nonce: &str,
        now: OffsetDateTime,
    ) -> Result<IdClaims, ProviderError> {
        let claims: IdClaims = self.claims(token, now).await?;
        if claims.nonce.as_deref() != Some(nonce) || claims.sub.is_empty() || claims.sub.len() > 255 {
            return Err(ProviderError::NotBelieved("sso-nonce"));
        }
        Ok(claims)
    }

    /// Checks a logout token (Back-Channel Logout 1.0, section 2.6).
    pub(super) async fn logout_claims(
        &self,
        token: &str,
        now: OffsetDateTime,
    ) -> Result<LogoutClaims, ProviderError> {
        let claims: LogoutClaims = self.claims(token, now).await?;
        let announces = claims.events.get(LOGGED_OUT).is_some_and(Value::is_object);
        let names = claims.sub.is_some() || claims.sid.is_some();
        // An ID token is no logout token, and the nonce is how it is told apart.
        if !announces || !names || claims.nonce.is_some() || claims.jti.is_empty() {
            return Err(ProviderError::NotBelieved("sso-logout"));
        }
        Ok(claims)
    }

    async fn claims<T: DeserializeOwned>(
        &self,
        token: &str,
        now: OffsetDateTime,
    ) -> Result<T, ProviderError> {
        let refused = ProviderError::NotBelieved("sso-token");
        if token.len() > LONGEST {
            return Err(refused);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| refused)?;
        let brings_a_key =
            header.jwk.is_some() || header.jku.is_some() || header.x5u.is_some() || header.x5c.is_some();
        if !ALGORITHMS.contains(&header.alg) || brings_a_key || header.crit.is_some() {
            return Err(refused);
        }
        let mut published = self.published(now).await?;
        if key_of(&published, header.kid.as_deref(), header.alg).is_none() {
            published = self.published_anew(now).await?;
        }
        let key = key_of(&published, header.kid.as_deref(), header.alg).ok_or(refused)?;
        let key = DecodingKey::from_jwk(key).map_err(|_| refused)?;
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_audience(&[&self.settings.client_id]);
        validation.set_required_spec_claims(&["iss", "aud", "exp"]);
        // The library knows only the system's clock; times are judged below, by ours.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = jsonwebtoken::decode::<Value>(token, &key, &validation).map_err(|_| refused)?.claims;
        let common = Common::deserialize(&claims).map_err(|_| refused)?;
        if !self.is_for_us(&common) || !in_time(&common, now) {
            return Err(refused);
        }
        T::deserialize(claims).map_err(|_| refused)
    }

    fn is_for_us(&self, common: &Common) -> bool {
        let us = &self.settings.client_id;
        let alone = match &common.aud {
            Audience::One(audience) => audience == us,
            Audience::Several(audiences) => audiences.as_slice() == [us.as_str()],
        };
        // A token for several is for the one that asked for it.
        let asked = match &common.azp {
            Some(party) => party == us,
            None => alone,
        };
        asked && common.iss == self.settings.issuer
    }
}

fn in_time(common: &Common, now: OffsetDateTime) -> bool {
    let (now, leeway) = (now.unix_timestamp(), LEEWAY.whole_seconds());
    common.iat <= now + leeway && now < common.exp.saturating_add(leeway)
}

/// The published key of this id, fit for this algorithm. Without an id, the only one that is fit.
fn key_of<'p>(published: &'p Published, id: Option<&str>, algorithm: Algorithm) -> Option<&'p Jwk> {
    let fit = |key: &&Jwk| {
        let signs = !matches!(&key.common.public_key_use, Some(other) if *other != PublicKeyUse::Signature);
        let said = key.common.key_algorithm.is_none_or(|said| said.to_string() == format!("{algorithm:?}"));
        signs && said
    };
    let mut keys = published.keys.keys.iter().filter(fit);
    match id {
        Some(id) => keys.find(|key| key.common.key_id.as_deref() == Some(id)),
        None => {
            let only = keys.next()?;
            keys.next().is_none().then_some(only)
        }
    }
}
