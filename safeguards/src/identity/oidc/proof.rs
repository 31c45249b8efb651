//! Who came by the provider shows there, and not by a password, that it is still them.
//!
//! The provider is told to ask (`prompt=login`, `max_age=0`), and is believed only when it says that it did since (`auth_time`;
//! OpenID Connect Core 1.0, sections 2 and 3.1.2.1). Within a session one factor is enough (NIST SP 800-63B-4, section 2.2.3), so
//! the second one is not asked for again here.

use time::OffsetDateTime;
use uuid::Uuid;

use super::ProviderError;
use super::id_token::IdClaims;
use super::provider::Provider;
use crate::audit::{self, Action, Event};
use crate::identity::error::{IdentityError, Result};
use crate::identity::names::{OrganisationId, PersonId};
use crate::identity::principal::Session;
use crate::identity::service::{Identity, Visit};
use crate::store::sql;

impl Session {
    /// Whether it came from the provider that is named now, so that there is no password to ask for.
    pub(crate) async fn came_by_provider(&self) -> Result<bool> {
        self.identity().came_by_provider(self.row().id.uuid()).await
    }
}

impl Identity {
    /// Whether this session came from the provider that is named now.
    pub(in crate::identity) async fn came_by_provider(&self, session: Uuid) -> Result<bool> {
        if self.provider().is_none() {
            return Ok(false);
        }
        let came = sql("SELECT 1 AS one FROM sso_sessions WHERE session_id = $1")
            .bind(session)
            .fetch_optional(self.store())
            .await?;
        Ok(came.is_some())
    }

    /// Takes the provider's word for the session that was sent there at this moment.
    pub(super) async fn proved_by(
        &self,
        provider: &Provider,
        claims: &IdClaims,
        (session, begun): (Uuid, OffsetDateTime),
        visit: &Visit,
    ) -> Result<()> {
        if !claims.was_asked_since(begun) {
            return Err(ProviderError::NotAsked.into());
        }
        let subject = self.subject(provider, Some(&claims.sub), None).await?;
        let subject = subject.ok_or(ProviderError::NotBelieved("sso-token"))?;
        let mut transaction = self.store().begin().await?;
        let row =
            sql("UPDATE sessions SET proved_at = $3 WHERE id = $1 AND ended_at IS NULL AND expires_at > $3
                 AND EXISTS (SELECT 1 FROM sso_sessions o WHERE o.session_id = sessions.id AND o.subject = $2)
             RETURNING person_id, organisation_id")
            .bind(session)
            .bind(subject.subject.as_slice())
            .bind(self.now())
            .fetch_optional(&mut transaction)
            .await?
            .ok_or(IdentityError::from(ProviderError::SomebodyElse))?;
        let (person, organisation) =
            (PersonId::new(row.uuid("person_id")?), OrganisationId::new(row.uuid("organisation_id")?));
        let context = self.context(visit, organisation, Some(person), None);
        let event = Event::new(Action::Login).entity("session").record(session).note("proved-again");
        audit::append(&mut transaction, &context, event).await?;
        Ok(transaction.commit().await?)
    }
}
