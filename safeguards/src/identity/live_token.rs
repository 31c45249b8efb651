//! Tokens that open a connection on which changes are told (CF-19).
//!
//! A browser cannot send a header when it opens a WebSocket, and its cookie comes along from any page that is open in it
//! (cross-site WebSocket hijacking). So the connection is opened by a token in its address, which the page gets by an
//! ordinary request. Addresses are written down by many a machine on the way: the token lives for half a minute and opens
//! one connection once. It is signed by the keys of access tokens for an audience and a lifetime of its own, so that neither
//! serves as the other; it names a session, whose row decides.

use time::Duration;
use uuid::Uuid;

use super::access_token::AccessTokens;
use super::error::{IdentityError, Result};
use super::names::{PersonId, SessionId};
use super::principal::{Session, SessionRow};
use super::service::{Identity, Visit};

/// Such a token opens that connection and nothing else.
const AUDIENCE: &str = "live";

/// How long after it was issued a token opens a connection.
pub(crate) const LIVE_TOKEN_LIFETIME: Duration = Duration::seconds(30);

/// The session that a token opens a connection for, and the token's id.
pub(crate) struct Presented {
    pub(crate) session: Session,
    pub(crate) token: Uuid,
}

fn of_this_kind(ring: &AccessTokens) -> AccessTokens {
    ring.for_audience(AUDIENCE, LIVE_TOKEN_LIFETIME)
}

impl Identity {
    /// A token for this session and its person.
    pub(crate) async fn issue_live_token(&self, session: &Session) -> Result<String> {
        let tokens = of_this_kind(&*self.tokens_to_sign().await?);
        let person = session.principal().person();
        tokens.issue(session.id(), person, self.next_id(), self.now()).map_err(|_| IdentityError::Failed)
    }

    /// The session that a token names, where both live.
    pub(crate) async fn session_by_live_token(&self, token: &str, visit: Visit) -> Result<Presented> {
        let claims = self.claims(token, |ring, token, now| of_this_kind(ring).verify(token, now)).await?;
        let row = self.row_unattended(claims.session(), claims.person()).await?;
        Ok(Presented { session: Session::of(self, row, visit), token: claims.id() })
    }

    /// The session as it stands now: its roles, for whom the glass is broken, whom it looks as. `SignedOut` if it has ended,
    /// by whatever. It counts as nobody's presence.
    pub(crate) async fn still(&self, session: &Session) -> Result<Session> {
        let row = self.row_unattended(session.id(), session.principal().person()).await?;
        Ok(Session::of(self, row, session.visit().clone()))
    }

    async fn row_unattended(&self, session: SessionId, person: PersonId) -> Result<SessionRow> {
        let row = match self.own_session(session, person).await {
            // Whoever looks as a colleague has the id of that look for a session.
            Err(IdentityError::SignedOut) => self.still_impersonated(session, person).await?,
            found => found?,
        };
        self.in_emergency(row).await
    }
}
