//! Stepping up: where privilege grows, a session alone does not do. Whoever gives a privileged role shows anew
//! what they sign in with, unless they did so a few minutes ago: a screen that was left open gives nothing away
//! (45 CFR 164.312(d); NIST SP 800-63B-4, reauthentication).

use time::Duration;

use super::error::{IdentityError, Result};
use super::principal::{Session, SessionRow};
use super::service::{Identity, Visit};
use crate::audit::{self, Action, Event};
use crate::store::sql;

/// How long a proof is good for what needs one.
pub const PROOF_LIFETIME: Duration = Duration::minutes(10);

impl Identity {
    /// Refuses a session whose person did not show lately who they are.
    pub(crate) fn proved_lately(&self, session: &Session) -> Result<()> {
        let proved = session.row().proved_at;
        let fresh = proved.is_some_and(|at| self.now() - at <= PROOF_LIFETIME);
        if fresh { Ok(()) } else { Err(IdentityError::ProveAgain) }
    }

    /// Shows anew who somebody is: the password, and a code of the authenticator where one is enrolled. Failures
    /// count towards the lock as at sign-in.
    pub async fn prove_again(
        &self,
        session: &SessionRow,
        password: &str,
        code: &str,
        visit: &Visit,
    ) -> Result<()> {
        if self.second_factor_of(session.principal.person()).await?.enrolled_at.is_some() {
            self.prove_both(session, password, code, visit).await?;
        } else {
            self.prove_password(session, password, visit).await?;
        }
        let mut transaction = self.store().begin().await?;
        sql("UPDATE sessions SET proved_at = $2 WHERE id = $1 AND ended_at IS NULL")
            .bind(session.id)
            .bind(self.now())
            .execute(&mut transaction)
            .await?;
        let event = Event::new(Action::Login).entity("session").record(session.id).note("proved-again");
        audit::append(&mut transaction, &self.context_of(session, visit), event).await?;
        Ok(transaction.commit().await?)
    }
}
