//! The provider says that somebody is signed out: then they are here, too (OpenID Connect Back-Channel Logout 1.0).

use super::ProviderError;
use crate::audit::{self, Action, AuditContext, Event};
use crate::identity::error::{IdentityError, Result};
use crate::identity::names::{OrganisationId, SessionId};
use crate::identity::service::{Identity, Visit};
use crate::identity::sessions::Ended;
use crate::store::{Row, sql};

impl Identity {
    /// Ends the sessions that a logout token names: those of one session there, or all of one person; tells how many. One that
    /// comes a second time ends nothing more.
    pub(in crate::identity) async fn ended_at_provider(&self, token: &str, visit: &Visit) -> Result<usize> {
        let provider = self.provider().ok_or(IdentityError::NotFound)?;
        self.knock(visit)?;
        let claims = provider.logout_claims(token, self.now()).await?;
        let person = self.subject(provider, claims.sub.as_deref(), None).await?;
        // Named by its session alone, its subject is not asked for.
        let session = match claims.sid.as_deref() {
            Some(sid) => {
                self.subject(provider, Some(claims.sub.as_deref().unwrap_or_default()), Some(sid)).await?
            }
            None => None,
        };
        let session = session.and_then(|subject| subject.session);
        let rows: Vec<Row> = match (session, person) {
            (Some(session), _) => sql(
                "SELECT s.id, s.organisation_id FROM sessions s JOIN sso_sessions o ON o.session_id = s.id
                     WHERE o.session = $1 AND s.ended_at IS NULL",
            )
            .bind(session.as_slice())
            .fetch_all(self.store())
            .await?,
            (None, Some(person)) => sql(
                "SELECT s.id, s.organisation_id FROM sessions s JOIN sso_sessions o ON o.session_id = s.id
                     WHERE o.subject = $1 AND s.ended_at IS NULL",
            )
            .bind(person.subject.as_slice())
            .fetch_all(self.store())
            .await?,
            (None, None) => return Err(ProviderError::NotBelieved("sso-logout").into()),
        };
        for row in &rows {
            let session = SessionId::new(row.uuid("id")?);
            let organisation = OrganisationId::new(row.uuid("organisation_id")?);
            let mut transaction = self.store().begin().await?;
            self.end(&mut transaction, session, Ended::SignedOut).await?;
            let context: AuditContext = self.context(visit, organisation, None, None);
            let event = Event::new(Action::Logout).entity("session").record(session).note("sso-ended");
            audit::append(&mut transaction, &context, event).await?;
            transaction.commit().await?;
        }
        Ok(rows.len())
    }
}
