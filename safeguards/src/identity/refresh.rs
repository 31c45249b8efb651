//! Refresh tokens of API sessions: used once, and a used one that comes back kills the family (CF-12).
//!
//! A family is a session. Marking a token as used is one statement, so of many clients with the same
//! token one wins; the others show that it was copied, and the session ends, the winner's too. There is
//! no grace for a client that asks twice at once: it cannot be told from a thief.
//!
//! CF-4: inactivity is judged here. A refresh is no activity, only a request is; a client that does
//! nothing but refresh is signed out when its time is up.

use std::sync::Arc;

use super::access_token::AccessTokens;
use super::error::{IdentityError, Result};
use super::names::{OrganisationId, PersonId, SessionId};
use super::secret::Token;
use super::service::{Identity, Vault, Visit};
use super::sessions::{Credentials, Ended, Opened};
use crate::audit::{self, Action, Event, Outcome};
use crate::store::{Row, Transaction, sql};

/// What issuing credentials needs, asked for before a transaction is begun: on SQLite there is one
/// writer, and whoever holds it must not wait for keys.
pub(super) struct Issue {
    pub(super) vault: Vault,
    tokens: Arc<AccessTokens>,
}

impl Identity {
    pub(super) async fn issue(&self) -> Result<Issue> {
        Ok(Issue { vault: self.vault().await?, tokens: self.tokens_to_sign().await? })
    }

    pub(super) fn issue_access(&self, issue: &Issue, session: SessionId, person: PersonId) -> Result<String> {
        issue.tokens.issue(session, person, self.next_id(), self.now()).map_err(|_| IdentityError::Failed)
    }

    pub(super) async fn issue_refresh(
        &self,
        transaction: &mut Transaction,
        session: SessionId,
    ) -> Result<Token> {
        let token = Token::random()?;
        sql("INSERT INTO refresh_tokens (token_hash, session_id, issued_at) VALUES ($1, $2, $3)")
            .bind(token.hash().as_bytes())
            .bind(session)
            .bind(self.now())
            .execute(transaction)
            .await?;
        Ok(token)
    }

    /// Takes a refresh token and gives new credentials of the same session. `SignedOut` for one that is
    /// unknown, used (the session ends then), or whose session has ended, is over or idle.
    pub async fn refresh(&self, token: &Token, visit: &Visit) -> Result<Opened> {
        self.knock(visit)?;
        let issue = self.issue().await?;
        let now = self.now();
        let mut transaction = self.store().begin().await?;
        let used = sql("UPDATE refresh_tokens SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL
             RETURNING session_id")
        .bind(token.hash().as_bytes())
        .bind(now)
        .fetch_optional(&mut transaction)
        .await?;
        let Some(used) = used else {
            self.reused(&mut transaction, token, visit).await?;
            transaction.commit().await?;
            return Err(IdentityError::SignedOut);
        };
        let id = SessionId::new(used.uuid("session_id")?);
        let row = self.family(&mut transaction, id).await?.ok_or(IdentityError::Failed)?;
        let person = PersonId::new(row.uuid("person_id")?);
        let organisation = OrganisationId::new(row.uuid("organisation_id")?);
        let expires_at = row.timestamp("expires_at")?;
        if row.optional_timestamp("ended_at")?.is_some() {
            transaction.commit().await?;
            return Err(IdentityError::SignedOut);
        }
        let idle = now - row.timestamp("seen_at")? > self.settings().inactivity;
        if idle || now >= expires_at {
            self.end(&mut transaction, id, Ended::Inactive).await?;
            let context = self.context(visit, organisation, Some(person), Some(id));
            let event = Event::new(Action::Logout).entity("session").record(id).note("inactive");
            audit::append(&mut transaction, &context, event).await?;
            transaction.commit().await?;
            return Err(IdentityError::SignedOut);
        }
        let refresh = self.issue_refresh(&mut transaction, id).await?;
        let access = self.issue_access(&issue, id, person)?;
        transaction.commit().await?;
        Ok(Opened {
            session: id,
            person,
            organisation,
            credentials: Credentials::Api { access, refresh },
            expires_at,
        })
    }

    /// A token that is no longer unused: if it ever was one, its family dies.
    async fn reused(&self, transaction: &mut Transaction, token: &Token, visit: &Visit) -> Result<()> {
        let found = sql("SELECT session_id FROM refresh_tokens WHERE token_hash = $1")
            .bind(token.hash().as_bytes())
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(found) = found else { return Ok(()) };
        let id = SessionId::new(found.uuid("session_id")?);
        if !self.end(transaction, id, Ended::RefreshReused).await? {
            return Ok(());
        }
        let Some(row) = self.family(transaction, id).await? else { return Ok(()) };
        let organisation = OrganisationId::new(row.uuid("organisation_id")?);
        // Who sent it is not known: it was the person or a thief.
        let context = self.context(visit, organisation, None, Some(id));
        let event = Event::new(Action::Logout).entity("session").record(id).outcome(Outcome::Denied);
        audit::append(transaction, &context, event.note("refresh-reused")).await?;
        Ok(())
    }

    async fn family(&self, transaction: &mut Transaction, id: SessionId) -> Result<Option<Row>> {
        Ok(sql(
            "SELECT person_id, organisation_id, seen_at, expires_at, ended_at FROM sessions WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(transaction)
        .await?)
    }
}
