//! Emergency access while it goes on, and how it ends: judged anew at each request, by the clock and by the roles of both.

use axum::http::HeaderMap;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::error::{IdentityError, Result};
use super::impersonation::{ENTITY, Impersonation};
use super::names::{PersonId, Purpose, RoleName, SessionId};
use super::principal::{Session, SessionRow};
use super::secret::Token;
use super::service::{Identity, Visit};
use crate::access::{BrokenGlass, Principal};
use crate::audit::{self, Action, Event};
use crate::crypto::{Purpose as KeyPurpose, Sealed};
use crate::store::{Change, Row, Transaction, sql};

macro_rules! impersonation_where {
    ($condition:literal) => {
        concat!(
            "SELECT e.id, e.colleague_id, e.reason, e.ends_at, m.role
             FROM emergency_accesses e
             JOIN people p ON p.id = e.colleague_id AND p.suspended_at IS NULL
             JOIN memberships m ON m.person_id = e.colleague_id AND m.organisation_id = e.organisation_id
             WHERE e.session_id = $1 AND e.person_id = $2 AND e.organisation_id = $3
                 AND e.kind = 'impersonation' AND e.starts_at <= $4 AND e.ends_at > $4 AND ",
            $condition,
            " ORDER BY m.role"
        )
    };
}

impl Identity {
    /// The session of a request that brings its own cookie and the token of an impersonation: it acts as the colleague.
    pub(super) async fn impersonated(
        &self,
        own: SessionRow,
        token: &Token,
        visit: &Visit,
    ) -> Result<SessionRow> {
        let rows = sql(impersonation_where!("e.token_hash = $5"))
            .bind(own.id)
            .bind(own.principal.person())
            .bind(own.principal.organisation())
            .bind(self.now())
            .bind(token.hash().as_bytes())
            .fetch_all(self.store())
            .await?;
        if let Some(looking) = self.looking(&own, &rows)? {
            return Ok(looking);
        }
        self.settle(&own, token, visit).await?;
        Err(IdentityError::ImpersonationOver)
    }

    /// The same impersonation, by its id, where it goes on: asked for by what it holds open. It notes nothing, as whoever
    /// looks next will.
    #[cfg(feature = "tenant")]
    pub(super) async fn still_impersonated(&self, id: SessionId, colleague: PersonId) -> Result<SessionRow> {
        let found = sql("SELECT session_id, person_id FROM emergency_accesses
             WHERE id = $1 AND colleague_id = $2 AND kind = 'impersonation' AND ends_at > $3")
        .bind(id)
        .bind(colleague)
        .bind(self.now())
        .fetch_optional(self.store())
        .await?
        .ok_or(IdentityError::SignedOut)?;
        let by = PersonId::new(found.uuid("person_id")?);
        let own = self.own_session(SessionId::new(found.uuid("session_id")?), by).await?;
        let rows = sql(impersonation_where!("e.id = $5"))
            .bind(own.id)
            .bind(by)
            .bind(own.principal.organisation())
            .bind(self.now())
            .bind(id)
            .fetch_all(self.store())
            .await?;
        self.looking(&own, &rows)?.ok_or(IdentityError::SignedOut)
    }

    /// The session as that of whom it looks as; none if it may not, or no more.
    fn looking(&self, own: &SessionRow, rows: &[Row]) -> Result<Option<SessionRow>> {
        let roles = self.roles_to_look_in(rows)?;
        let lawful = self.may_impersonate(own.principal.roles());
        let (Some(row), Some(roles), true) = (rows.first(), roles, lawful) else { return Ok(None) };
        let id = row.uuid("id")?;
        let impersonation = Impersonation {
            id,
            by: own.principal.person(),
            until: row.timestamp("ends_at")?,
            reason: row.bytes("reason")?,
        };
        let colleague = PersonId::new(row.uuid("colleague_id")?);
        let organisation = own.principal.organisation();
        Ok(Some(SessionRow {
            // Its own session in the log: what was opened under it is found by this id.
            id: SessionId::new(id),
            principal: Principal::new(colleague, organisation, roles, Purpose::Emergency).only_looking(),
            expires_at: impersonation.until,
            impersonation: Some(impersonation),
            ..own.clone()
        }))
    }

    /// The colleague's roles, as they are now; none if they have got one in which nobody looks.
    fn roles_to_look_in(&self, rows: &[Row]) -> Result<Option<Vec<RoleName>>> {
        let mut roles: Vec<RoleName> = Vec::new();
        for row in rows {
            let Some(role) = self.settings().roles.find(&row.text("role")?) else { continue };
            if !self.may_be_impersonated(role) {
                return Ok(None);
            }
            let name = RoleName::from(role);
            if !roles.contains(&name) {
                roles.push(name);
            }
        }
        Ok((!roles.is_empty()).then_some(roles))
    }

    /// Writes down that an impersonation is over, when that is first noticed: its time is up, or it is lawful no more.
    async fn settle(&self, own: &SessionRow, token: &Token, visit: &Visit) -> Result<()> {
        let now = self.now();
        let mine = &own.principal;
        let mut transaction = self.begin_in(mine.organisation(), Some(mine.person())).await?;
        let found = sql("SELECT id, ends_at FROM emergency_accesses
             WHERE token_hash = $1 AND session_id = $2 AND ended_because IS NULL")
        .bind(token.hash().as_bytes())
        .bind(own.id)
        .fetch_optional(&mut transaction)
        .await?;
        let Some(found) = found else { return Ok(()) };
        let (id, ends_at) = (found.uuid("id")?, found.timestamp("ends_at")?);
        let early = ends_at > now;
        let because = if early { "rights-changed" } else { "expired" };
        let ended = sql("UPDATE emergency_accesses
             SET ends_at = $2, ended_early_at = $3, ended_because = $4, token_hash = NULL
             WHERE id = $1 AND ended_because IS NULL")
        .bind(id)
        .bind(ends_at.min(now))
        .bind(early.then_some(now))
        .bind(because)
        .execute(&mut transaction)
        .await?;
        if ended == 1 {
            let event = Event::new(Action::Impersonate).entity(ENTITY).record(id).note(because);
            audit::append(&mut transaction, &self.context_of(own, visit), event.purpose(Purpose::Emergency))
                .await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Ends what I look as, by my own wish. One that is over already is no mistake.
    pub async fn stop_impersonating(&self, own: &Session, headers: &HeaderMap) -> Result<()> {
        let Ok(Some(token)) = self.impersonation_token(headers) else { return Ok(()) };
        let (me, now) = (own.principal(), self.now());
        let mut transaction = self.begin_in(me.organisation(), Some(me.person())).await?;
        let found = sql("UPDATE emergency_accesses
             SET ends_at = $3, ended_early_at = $3, ended_because = 'stopped', token_hash = NULL
             WHERE token_hash = $1 AND session_id = $2 AND ends_at > $3 RETURNING id")
        .bind(token.hash().as_bytes())
        .bind(own.id())
        .bind(now)
        .fetch_optional(&mut transaction)
        .await?;
        if let Some(found) = found {
            let event =
                Event::new(Action::Impersonate).entity(ENTITY).record(found.uuid("id")?).note("stopped");
            let event = event.purpose(Purpose::Emergency);
            audit::append(&mut transaction, &own.circumstances, event).await?;
            transaction.changed(Change::Sessions);
        }
        Ok(transaction.commit().await?)
    }

    /// What is looked at under a session falls with it, and whatever it holds open.
    pub(super) async fn end_impersonations(
        &self,
        transaction: &mut Transaction,
        session: SessionId,
    ) -> Result<()> {
        transaction.changed(Change::Sessions);
        sql("UPDATE emergency_accesses
             SET ends_at = $2, ended_early_at = $2, ended_because = 'session-ended', token_hash = NULL
             WHERE session_id = $1 AND kind = 'impersonation' AND ends_at > $2")
        .bind(session)
        .bind(self.now())
        .execute(transaction)
        .await?;
        Ok(())
    }

    /// The same for all sessions of a person but one.
    pub(super) async fn end_impersonations_of(
        &self,
        transaction: &mut Transaction,
        person: PersonId,
        but: Uuid,
    ) -> Result<()> {
        transaction.changed(Change::Sessions);
        sql("UPDATE emergency_accesses
             SET ends_at = $3, ended_early_at = $3, ended_because = 'session-ended', token_hash = NULL
             WHERE person_id = $1 AND session_id <> $2 AND kind = 'impersonation' AND ends_at > $3")
        .bind(person)
        .bind(but)
        .bind(self.now())
        .execute(transaction)
        .await?;
        Ok(())
    }

    /// Why somebody looks, opened.
    pub(super) async fn reason_of(&self, session: &Session) -> Result<Option<Zeroizing<String>>> {
        let Some(impersonation) = session.impersonation() else { return Ok(None) };
        let organisation = session.principal().organisation();
        let ring = self.keys().ring(organisation.uuid()).await?;
        let place = self.place_of_reason(organisation, impersonation.id);
        let plain =
            ring.open(KeyPurpose::Field, &place, &Sealed::from_bytes(impersonation.reason.clone()))?;
        let text = String::from_utf8(plain.to_vec()).map_err(|_| IdentityError::Failed)?;
        Ok(Some(Zeroizing::new(text)))
    }

    /// Whether somebody in these roles may break the glass. Whoever is cared for here may not, whatever the app says.
    pub fn may_break_glass(&self, roles: &[RoleName]) -> bool {
        let declared = self.settings().break_glass;
        self.settings().roles.held(roles).any(|role| role.works_here() && declared.contains(&role.name))
    }

    /// The session with the patients for whom the person has broken the glass, as it stands now.
    pub(super) async fn in_emergency(&self, mut row: SessionRow) -> Result<SessionRow> {
        if !self.may_break_glass(row.principal.roles()) {
            return Ok(row);
        }
        let rows = sql("SELECT id, subject_id, ends_at FROM emergency_accesses
             WHERE person_id = $1 AND organisation_id = $2 AND kind = 'break-glass' AND starts_at <= $3 AND ends_at > $3
             ORDER BY ends_at DESC LIMIT 50")
        .bind(row.principal.person())
        .bind(row.principal.organisation())
        .bind(self.now())
        .fetch_all(self.store())
        .await?;
        let mut broken = Vec::with_capacity(rows.len());
        for found in &rows {
            let (id, subject) = (found.uuid("id")?, found.uuid("subject_id")?);
            broken.push(BrokenGlass { id, subject, until: found.timestamp("ends_at")? });
        }
        row.principal = row.principal.in_emergency(broken);
        Ok(row)
    }
}
