//! Session rows: opened at sign-in, read at every request, ended by sign-out, time, or a change of rights.
//!
//! A session ends after fifteen minutes without a request (CF-4) and after twelve hours whatever happens,
//! both configurable. Its token is new at each sign-in and at each change of organisation or purpose; a
//! change of roles or of credentials ends every session of the person. Roles are read with the row, so a
//! role that was taken away is gone at the next request; and a privileged role in a session without a
//! second factor ends it, whatever way it came there.
//!
//! The time of the last request is written at most once a minute, and never later than a tenth of the
//! inactivity allowed: a session may end that much early, never late.

use std::fmt;

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::error::{IdentityError, Result};
use super::names::{OrganisationId, PersonId, Purpose, RoleName, SessionId, may_be_chosen};
use super::principal::SessionRow;
use super::refresh::Issue;
use super::secret::Token;
use super::service::{Identity, Secret, Visit};
use super::sign_in::{Door, OrganisationChoice, Ticket};
use crate::access::Principal;
use crate::audit::{self, Action, Actor, AuditContext, Event};
use crate::store::{Row, Transaction, sql};

/// A session that was just opened, with the credentials that are shown once.
#[derive(Debug)]
pub struct Opened {
    /// The session.
    pub session: SessionId,
    /// Whose.
    pub person: PersonId,
    /// Where.
    pub organisation: OrganisationId,
    /// What the client keeps.
    pub credentials: Credentials,
    /// When the session ends at the latest.
    pub expires_at: OffsetDateTime,
}

/// What a client keeps.
pub enum Credentials {
    /// The cookie's token.
    Browser(Token),
    /// The tokens of an API client.
    Api {
        /// A JWT of a few minutes.
        access: String,
        /// A token that is used once.
        refresh: Token,
    },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials([secret])")
    }
}

/// One of my sessions, as a list of devices shows it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Device {
    /// The session.
    pub id: SessionId,
    /// The organisation it works in.
    pub organisation: OrganisationId,
    /// Browser or API.
    pub door: Door,
    /// The address it signed in from.
    pub address: String,
    /// What the client called itself.
    pub device: Option<String>,
    /// When it signed in.
    #[serde(with = "time::serde::rfc3339")]
    pub started_at: OffsetDateTime,
    /// When it was last used.
    #[serde(with = "time::serde::rfc3339")]
    pub seen_at: OffsetDateTime,
    /// True for the session that asks.
    pub current: bool,
}

/// Why a session ended, for its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    SignedOut,
    Revoked,
    Inactive,
    Switched,
    RightsChanged,
    CredentialsChanged,
    Suspended,
    RefreshReused,
}

impl Ended {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed-out",
            Self::Revoked => "revoked",
            Self::Inactive => "inactive",
            Self::Switched => "switched",
            Self::RightsChanged => "rights-changed",
            Self::CredentialsChanged => "credentials-changed",
            Self::Suspended => "suspended",
            Self::RefreshReused => "refresh-reused",
        }
    }
}

/// Whether a request says that somebody is there. What a page asks for by itself, and a connection that it holds open, does
/// not: it must not put off the end of a session whose person has gone (CF-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attendance {
    /// A person asks.
    Attended,
    /// A page asks by itself.
    Unattended,
}

/// What a new row needs beyond the visit.
struct Opening {
    person: PersonId,
    organisation: OrganisationId,
    door: Door,
    purpose: Purpose,
    second_factor_at: Option<OffsetDateTime>,
    proved_at: Option<OffsetDateTime>,
    expires_at: OffsetDateTime,
}

macro_rules! session_where {
    ($condition:literal) => {
        concat!(
            "SELECT s.id, s.person_id, s.organisation_id, s.door, s.purpose, s.second_factor_at, s.proved_at,
                 s.started_at, s.seen_at, s.expires_at, m.role
             FROM sessions s
             JOIN people p ON p.id = s.person_id AND p.suspended_at IS NULL
             JOIN organisations o ON o.id = s.organisation_id AND o.closed_at IS NULL
             JOIN memberships m ON m.person_id = s.person_id AND m.organisation_id = s.organisation_id
             WHERE s.ended_at IS NULL AND ",
            $condition,
            " ORDER BY m.role"
        )
    };
}

impl Identity {
    pub(super) async fn open_session(
        &self,
        transaction: &mut Transaction,
        issue: &Issue,
        ticket: &Ticket,
        organisation: OrganisationId,
        visit: &Visit,
    ) -> Result<Opened> {
        let opening = Opening {
            person: ticket.known.person,
            organisation,
            door: ticket.door,
            purpose: Purpose::Treatment,
            second_factor_at: ticket.second_factor_at,
            proved_at: Some(self.now()),
            expires_at: self.now() + self.settings().lifetime,
        };
        self.insert_session(transaction, issue, &opening, visit).await
    }

    async fn insert_session(
        &self,
        transaction: &mut Transaction,
        issue: &Issue,
        opening: &Opening,
        visit: &Visit,
    ) -> Result<Opened> {
        let (id, now) = (SessionId::new(self.next_id()), self.now());
        let browser_token = (opening.door == Door::Browser).then(Token::random).transpose()?;
        let device = visit.device.as_deref();
        let device =
            device.map(|device| issue.vault.seal(Secret::SessionDevice, id.uuid(), device.as_bytes()));
        sql("INSERT INTO sessions (id, person_id, organisation_id, door, token_hash, purpose, second_factor_at,
                 started_at, seen_at, expires_at, address, device, proved_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12)")
        .bind(id)
        .bind(opening.person)
        .bind(opening.organisation)
        .bind(opening.door.as_str())
        .bind(browser_token.as_ref().map(|token| token.hash().as_bytes().to_vec()))
        .bind(opening.purpose.as_str())
        .bind(opening.second_factor_at)
        .bind(now)
        .bind(opening.expires_at)
        .bind(issue.vault.seal(Secret::SessionAddress, id.uuid(), visit.address.to_string().as_bytes())?)
        .bind(device.transpose()?)
        .bind(opening.proved_at)
        .execute(&mut *transaction)
        .await?;
        let credentials = match browser_token {
            Some(token) => Credentials::Browser(token),
            None => {
                let access = self.issue_access(issue, id, opening.person)?;
                Credentials::Api { access, refresh: self.issue_refresh(transaction, id).await? }
            }
        };
        Ok(Opened {
            session: id,
            person: opening.person,
            organisation: opening.organisation,
            credentials,
            expires_at: opening.expires_at,
        })
    }

    /// The session of a cookie, or `SignedOut`.
    pub async fn session_by_cookie(&self, token: &Token) -> Result<SessionRow> {
        self.row_by_cookie(token, Attendance::Attended).await
    }

    pub(super) async fn row_by_cookie(&self, token: &Token, attendance: Attendance) -> Result<SessionRow> {
        let rows = sql(session_where!("s.token_hash = $1"))
            .bind(token.hash().as_bytes())
            .fetch_all(self.store())
            .await?;
        self.living(&rows, attendance).await
    }

    /// The session of an access token, or `SignedOut`.
    pub async fn session_by_access_token(&self, token: &str) -> Result<SessionRow> {
        self.row_by_access_token(token, Attendance::Attended).await
    }

    pub(super) async fn row_by_access_token(
        &self,
        token: &str,
        attendance: Attendance,
    ) -> Result<SessionRow> {
        let claims = self.access_claims(token).await?;
        let rows = sql(session_where!("s.id = $1 AND s.person_id = $2 AND s.door = 'api'"))
            .bind(claims.session())
            .bind(claims.person())
            .fetch_all(self.store())
            .await?;
        self.living(&rows, attendance).await
    }

    /// The session of this id, where it goes on: asked for by what it holds open, which is nobody's presence.
    #[cfg(feature = "tenant")]
    pub(super) async fn own_session(&self, session: SessionId, person: PersonId) -> Result<SessionRow> {
        let rows = sql(session_where!("s.id = $1 AND s.person_id = $2"))
            .bind(session)
            .bind(person)
            .fetch_all(self.store())
            .await?;
        self.living(&rows, Attendance::Unattended).await
    }

    /// Judges a row: not over, not idle, some declared role, a second factor where one is due. Notes that somebody is there.
    async fn living(&self, rows: &[Row], attendance: Attendance) -> Result<SessionRow> {
        let session = self.read_session(rows)?;
        let now = self.now();
        let idle = now - session.seen_at;
        if now >= session.expires_at || idle > self.settings().inactivity {
            return Err(IdentityError::SignedOut);
        }
        let roles = session.principal.roles();
        if roles.is_empty()
            || (self.settings().roles.any_with_second_factor(roles) && session.second_factor_at.is_none())
        {
            return Err(IdentityError::SignedOut);
        }
        let late = Duration::MINUTE.min(self.settings().inactivity / 10);
        if idle >= late && attendance == Attendance::Attended {
            sql("UPDATE sessions SET seen_at = $2 WHERE id = $1 AND ended_at IS NULL AND seen_at < $2")
                .bind(session.id)
                .bind(now)
                .execute(self.store())
                .await?;
        }
        Ok(session)
    }

    fn read_session(&self, rows: &[Row]) -> Result<SessionRow> {
        let row = rows.first().ok_or(IdentityError::SignedOut)?;
        let mut roles: Vec<RoleName> = Vec::new();
        for row in rows {
            // A role that the app no longer declares gives nothing.
            if let Some(role) = self.settings().roles.find(&row.text("role")?).map(RoleName::from)
                && !roles.contains(&role)
            {
                roles.push(role);
            }
        }
        Ok(SessionRow {
            id: SessionId::new(row.uuid("id")?),
            principal: Principal::new(
                PersonId::new(row.uuid("person_id")?),
                OrganisationId::new(row.uuid("organisation_id")?),
                roles,
                Purpose::parse(&row.text("purpose")?).ok_or(IdentityError::Failed)?,
            ),
            door: Door::parse(&row.text("door")?)?,
            second_factor_at: row.optional_timestamp("second_factor_at")?,
            proved_at: row.optional_timestamp("proved_at")?,
            started_at: row.timestamp("started_at")?,
            seen_at: row.timestamp("seen_at")?,
            expires_at: row.timestamp("expires_at")?,
            impersonation: None,
        })
    }

    /// Ends a session by its person's wish.
    pub async fn sign_out(&self, session: &SessionRow, visit: &Visit) -> Result<()> {
        let mut transaction = self.store().begin().await?;
        self.end(&mut transaction, session.id, Ended::SignedOut).await?;
        let event = Event::new(Action::Logout).entity("session").record(session.id);
        audit::append(&mut transaction, &self.context_of(session, visit), event).await?;
        Ok(transaction.commit().await?)
    }

    /// My sessions that have not ended, the one last used first.
    pub async fn devices(&self, session: &SessionRow) -> Result<Vec<Device>> {
        let now = self.now();
        let rows = sql("SELECT id, organisation_id, door, address, device, started_at, seen_at FROM sessions
             WHERE person_id = $1 AND ended_at IS NULL AND expires_at > $2 AND seen_at >= $3
             ORDER BY seen_at DESC, id DESC")
        .bind(session.principal.person())
        .bind(now)
        .bind(now - self.settings().inactivity)
        .fetch_all(self.store())
        .await?;
        let vault = self.vault().await?;
        rows.iter()
            .map(|row| {
                let id = row.uuid("id")?;
                let device = row.optional_bytes("device")?;
                Ok(Device {
                    id: SessionId::new(id),
                    organisation: OrganisationId::new(row.uuid("organisation_id")?),
                    door: Door::parse(&row.text("door")?)?,
                    address: vault.open_text(Secret::SessionAddress, id, row.bytes("address")?)?,
                    device: device
                        .map(|device| vault.open_text(Secret::SessionDevice, id, device))
                        .transpose()?,
                    started_at: row.timestamp("started_at")?,
                    seen_at: row.timestamp("seen_at")?,
                    current: SessionId::new(id) == session.id,
                })
            })
            .collect()
    }

    /// Ends one of my sessions. Another person's is `NotFound`, as one that does not exist.
    pub async fn revoke(&self, session: &SessionRow, target: SessionId, visit: &Visit) -> Result<()> {
        let mut transaction = self.store().begin().await?;
        let ended = sql("UPDATE sessions SET ended_at = $3, ended_because = $4
             WHERE id = $1 AND person_id = $2 AND ended_at IS NULL")
        .bind(target)
        .bind(session.principal.person())
        .bind(self.now())
        .bind(Ended::Revoked.as_str())
        .execute(&mut transaction)
        .await?;
        if ended != 1 {
            return Err(IdentityError::NotFound);
        }
        self.end_impersonations(&mut transaction, target).await?;
        let event = Event::new(Action::Logout).entity("session").record(target).note("revoked");
        audit::append(&mut transaction, &self.context_of(session, visit), event).await?;
        Ok(transaction.commit().await?)
    }

    /// Ends all of my sessions but this one; tells how many.
    pub async fn revoke_others(&self, session: &SessionRow, visit: &Visit) -> Result<u64> {
        let mut transaction = self.store().begin().await?;
        let person = session.principal.person();
        let ended = self.end_others(&mut transaction, person, Some(session.id), Ended::Revoked).await?;
        let event = Event::new(Action::Logout).entity("session").record(person).note("revoked-others");
        audit::append(&mut transaction, &self.context_of(session, visit), event).await?;
        transaction.commit().await?;
        Ok(ended)
    }

    /// The organisations that this person may work in.
    pub async fn organisations(&self, session: &SessionRow) -> Result<Vec<OrganisationChoice>> {
        let known = self.known_by_id(session.principal.person()).await?.ok_or(IdentityError::SignedOut)?;
        let mut choices: Vec<OrganisationChoice> =
            known.roles.into_iter().map(|(choice, _)| choice).collect();
        choices.dedup();
        Ok(choices)
    }

    /// Goes on in another organisation, or for another purpose: a new session row with new credentials,
    /// while this one ends. The end of the whole session does not move.
    pub async fn switch(
        &self,
        session: &SessionRow,
        organisation: Option<OrganisationId>,
        purpose: Option<Purpose>,
        visit: &Visit,
    ) -> Result<Opened> {
        let principal = &session.principal;
        let opening = Opening {
            person: principal.person(),
            organisation: organisation.unwrap_or(principal.organisation()),
            door: session.door,
            purpose: purpose.unwrap_or(principal.purpose()),
            second_factor_at: session.second_factor_at,
            proved_at: session.proved_at,
            expires_at: session.expires_at,
        };
        if purpose.is_some_and(|purpose| !may_be_chosen(purpose)) {
            return Err(IdentityError::Forbidden);
        }
        if !self.organisations(session).await?.iter().any(|choice| choice.id == opening.organisation) {
            return Err(IdentityError::NotFound);
        }
        let issue = self.issue().await?;
        let mut transaction = self.store().begin().await?;
        if !self.end(&mut transaction, session.id, Ended::Switched).await? {
            return Err(IdentityError::SignedOut);
        }
        let opened = self.insert_session(&mut transaction, &issue, &opening, visit).await?;
        // Who is signed out at the identity provider is signed out of this one, too.
        sql("INSERT INTO sso_sessions (session_id, subject, session)
             SELECT $2, subject, session FROM sso_sessions WHERE session_id = $1")
        .bind(session.id)
        .bind(opened.session)
        .execute(&mut transaction)
        .await?;
        let context = self.context(visit, opened.organisation, Some(opened.person), Some(opened.session));
        let event = Event::new(Action::Login).entity("person").record(opened.person).note("switched");
        let event = event.purpose(opening.purpose);
        audit::append(&mut transaction, &context, event).await?;
        transaction.commit().await?;
        Ok(opened)
    }

    /// Ends one session; false if it had ended.
    pub(super) async fn end(&self, transaction: &mut Transaction, id: SessionId, why: Ended) -> Result<bool> {
        let ended =
            sql("UPDATE sessions SET ended_at = $2, ended_because = $3 WHERE id = $1 AND ended_at IS NULL")
                .bind(id)
                .bind(self.now())
                .bind(why.as_str())
                .execute(&mut *transaction)
                .await?;
        self.end_impersonations(transaction, id).await?;
        Ok(ended == 1)
    }

    /// Ends a person's sessions, one excepted, and their unfinished sign-ins.
    pub(super) async fn end_others(
        &self,
        transaction: &mut Transaction,
        person: PersonId,
        but: Option<SessionId>,
        why: Ended,
    ) -> Result<u64> {
        sql("DELETE FROM sign_ins WHERE person_id = $1").bind(person).execute(&mut *transaction).await?;
        let ended = sql("UPDATE sessions SET ended_at = $3, ended_because = $4
             WHERE person_id = $1 AND ended_at IS NULL AND id <> $2")
        .bind(person)
        .bind(but.map_or(Uuid::nil(), SessionId::uuid))
        .bind(self.now())
        .bind(why.as_str())
        .execute(&mut *transaction)
        .await?;
        self.end_impersonations_of(transaction, person, but.map_or(Uuid::nil(), SessionId::uuid)).await?;
        Ok(ended)
    }

    /// The circumstances of events that a session causes.
    pub(super) fn context_of(&self, session: &SessionRow, visit: &Visit) -> AuditContext {
        let principal = &session.principal;
        let mut context =
            self.context(visit, principal.organisation(), Some(principal.person()), Some(session.id));
        context.purpose = principal.purpose();
        context.impersonator = session.impersonation.as_ref().map(|impersonation| impersonation.by().uuid());
        context
    }

    pub(super) fn context(
        &self,
        visit: &Visit,
        organisation: OrganisationId,
        person: Option<PersonId>,
        session: Option<SessionId>,
    ) -> AuditContext {
        AuditContext {
            clock: self.clock().clone(),
            organisation: organisation.uuid(),
            actor: person.map_or(Actor::Anonymous, |person| Actor::Person(person.uuid())),
            impersonator: None,
            session: session.map(SessionId::uuid),
            address: Some(visit.address),
            request: Some(visit.request),
            purpose: Purpose::Operations,
        }
    }
}
