//! Access tokens: JWTs (RFC 7519) of five minutes, for API clients (CF-2, CF-12).
//!
//! One algorithm, HS256. The app that signs a token is the app that reads it, so a public key would
//! serve nobody; with no public key there is nothing to confuse for a secret, the keys derive from the
//! environment's own, and a check costs a microsecond before the database is asked. The token is a first
//! filter only: it names a session, whose row is read at every request.
//!
//! What is refused beyond a bad signature: any other algorithm, any key id that is not on the ring, a
//! header that brings a key or an extension (`jwk`, `jku`, `x5c`, `x5u`, `crit`, …), another issuer,
//! audience or type (RFC 9068 `at+jwt`), a missing claim, a token from the future. Times are judged by
//! the injected clock, without leeway: issuer and reader share it.

use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::names::{PersonId, SessionId};

const TYPE: &str = "at+jwt";
/// No token that we issue is near this size.
const LONGEST: usize = 2_048;

/// One signing key: 256 bits and the id that names it in a token's header.
#[derive(Clone)]
pub struct SigningKey {
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl SigningKey {
    /// Takes a key's bytes; the id must be unique on the ring and says nothing of the key.
    pub fn new(id: impl Into<String>, secret: &[u8; 32]) -> Self {
        Self {
            id: id.into(),
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?}, [secret])", self.id)
    }
}

/// The ring (the first key signs, all verify) with the names that a token must carry.
#[derive(Clone, Debug)]
pub struct AccessTokens {
    signing: SigningKey,
    retired: Vec<SigningKey>,
    issuer: String,
    audience: String,
    lifetime: Duration,
}

/// A token that was checked: whom it names. Only [`AccessTokens::verify`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessClaims {
    id: Uuid,
    session: SessionId,
    person: PersonId,
}

impl AccessClaims {
    /// The token's own id, by which it is known again.
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// The session whose row decides.
    pub const fn session(&self) -> SessionId {
        self.session
    }

    /// The person it was issued to.
    pub const fn person(&self) -> PersonId {
        self.person
    }
}

/// The token is not one of ours, or no more. Which check failed is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the access token is not valid")]
pub struct InvalidToken;

/// The claims as they stand in the token: no name, no address, no role.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    sid: Uuid,
    jti: Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
}

impl AccessTokens {
    /// A ring whose first key signs.
    pub fn new(
        signing: SigningKey,
        retired: Vec<SigningKey>,
        issuer: &str,
        audience: &str,
        lifetime: Duration,
    ) -> Self {
        Self { signing, retired, issuer: issuer.to_owned(), audience: audience.to_owned(), lifetime }
    }

    /// The same keys for tokens of another audience and lifetime: neither kind is taken for the other.
    pub fn for_audience(&self, audience: &str, lifetime: Duration) -> Self {
        Self { audience: audience.to_owned(), lifetime, ..self.clone() }
    }

    /// How long a token is valid.
    pub const fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Issues a token for a session.
    pub fn issue(
        &self,
        session: SessionId,
        person: PersonId,
        id: Uuid,
        now: OffsetDateTime,
    ) -> Result<String, InvalidToken> {
        let now = now.unix_timestamp();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: person.uuid(),
            sid: session.uuid(),
            jti: id,
            iat: now,
            nbf: now,
            exp: now + self.lifetime.whole_seconds(),
        };
        let header = Header {
            typ: Some(TYPE.to_owned()),
            kid: Some(self.signing.id.clone()),
            ..Header::new(Algorithm::HS256)
        };
        jsonwebtoken::encode(&header, &claims, &self.signing.encoding).map_err(|_| InvalidToken)
    }

    /// True if the token's header names a key that is not on this ring.
    pub(super) fn names_unknown_key(&self, token: &str) -> bool {
        let header = (token.len() <= LONGEST).then(|| jsonwebtoken::decode_header(token).ok()).flatten();
        header.and_then(|header| header.kid).is_some_and(|kid| self.keys().all(|key| key.id != kid))
    }

    fn keys(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.signing).chain(&self.retired)
    }

    /// Checks a token.
    pub fn verify(&self, token: &str, now: OffsetDateTime) -> Result<AccessClaims, InvalidToken> {
        if token.len() > LONGEST {
            return Err(InvalidToken);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| InvalidToken)?;
        let kid = header.kid.as_deref().ok_or(InvalidToken)?;
        // The header must be the one we would have written: an extension or a key in it is an attack.
        let ours =
            Header { typ: Some(TYPE.to_owned()), kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) };
        if header != ours {
            return Err(InvalidToken);
        }
        let key = self.keys().find(|key| key.id == kid).ok_or(InvalidToken)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "nbf", "sub", "iss", "aud"]);
        // The library knows only the system's clock; times are judged below, by ours.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation)
            .map_err(|_| InvalidToken)?
            .claims;
        let now = now.unix_timestamp();
        let in_time = claims.iat <= now && claims.nbf <= now && now < claims.exp;
        let of_our_length = claims.exp.checked_sub(claims.iat) == Some(self.lifetime.whole_seconds());
        if !in_time || !of_our_length {
            return Err(InvalidToken);
        }
        Ok(AccessClaims {
            id: claims.jti,
            session: SessionId::new(claims.sid),
            person: PersonId::new(claims.sub),
        })
    }
}

#[cfg(test)]
#[path = "access_token_tests.rs"]
mod tests;
