//! Impersonation: an administrator looks through a colleague's eyes in an emergency (CF-3; 45 CFR 164.312(a)(2)(ii)).
//!
//! Whoever has the role that the app names for it says as whom, why and for how long (an hour at most), shows anew who
//! they are, and gets a token of its own. The token is worth something only beside the cookie of the session that asked
//! for it, and falls with that session: stolen alone it opens nothing, and there is no refreshing it.
//!
//! Under it a request acts as the colleague and can only look: [`Session`] refuses whatever is not a safe method, and
//! whatever belongs to the colleague's own account; the policy knows no action but viewing and listing; on PostgreSQL
//! row-level security says the same. Every event names both. At each request the rows are read anew: the time, the
//! session behind it, the roles of both.
//!
//! Nobody looks as somebody who could do what they cannot: not as whoever has the same or another privileged role, nor as
//! somebody beyond their own administration. Who is cared for here is no colleague.

use std::fmt;

use axum::http::{HeaderMap, Method};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::error::{IdentityError, Result};
use super::names::{OrganisationId, PersonId, Purpose, Role, RoleName};
use super::people::Colleague;
use super::principal::{Session, cookie};
use super::secret::Token;
use super::service::Identity;
use crate::audit::{self, Action, Event};
use crate::crypto::{Binding, Purpose as KeyPurpose};
use crate::store::{Transaction, sql};

/// How long it lasts unless said otherwise.
pub const USUAL_MINUTES: i64 = 15;
/// How long it lasts at most.
pub const MOST_MINUTES: i64 = 60;
/// How many letters a reason has at least: "check" is none.
pub const REASON_AT_LEAST: usize = 20;
/// And at most.
pub const REASON_AT_MOST: usize = 2_000;

/// Where what people write about an emergency is sealed; the library's own tables count down from `u32::MAX`.
pub(crate) const EMERGENCY: u32 = u32::MAX - 41;
/// The place of the reason of an emergency access.
pub(crate) const REASON: (u32, u32) = (EMERGENCY, 1);

/// What the log calls it.
pub(crate) const ENTITY: &str = "emergency access";

/// What is asked for.
#[derive(Clone, Copy)]
pub struct Impersonate<'a> {
    /// As whom.
    pub colleague: PersonId,
    /// Why: at least [`REASON_AT_LEAST`] letters.
    pub reason: &'a str,
    /// For how many minutes, 1 to [`MOST_MINUTES`].
    pub minutes: i64,
}

/// An impersonation that has just begun.
#[derive(Debug)]
pub struct Begun {
    /// Its id: what the log and the review call it.
    pub id: Uuid,
    /// What the browser keeps beside its session's cookie.
    pub token: Token,
    /// Until when.
    pub until: OffsetDateTime,
}

/// An impersonation that goes on.
#[derive(Clone)]
pub struct Impersonation {
    pub(super) id: Uuid,
    pub(super) by: PersonId,
    pub(super) until: OffsetDateTime,
    pub(super) reason: Vec<u8>,
}

impl Impersonation {
    /// Its id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The administrator behind it.
    pub fn by(&self) -> PersonId {
        self.by
    }

    /// Until when.
    pub fn until(&self) -> OffsetDateTime {
        self.until
    }
}

impl fmt::Debug for Impersonation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Impersonation").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What may be asked under an impersonation: what a safe method reads (RFC 9110, section 9.2.1), but nothing of the
/// colleague's own account, which they would not show to anybody; only the page that tells of it and ends it.
pub(super) fn is_a_look(method: &Method, path: &str) -> bool {
    let own =
        |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let tells = matches!(path, "/account/impersonation" | "/identity/impersonation");
    let closed = ["/account", "/identity", "/api/account", "/api/compliance"].into_iter().any(own);
    method.is_safe() && (tells || !closed)
}

impl Identity {
    /// The name of the cookie that carries an impersonation, beside the session's.
    pub fn impersonation_cookie(&self) -> &'static str {
        if self.settings().secure_cookies { "__Host-impersonation" } else { "impersonation" }
    }

    /// The token of an impersonation that a request brings.
    pub(super) fn impersonation_token(&self, headers: &HeaderMap) -> Result<Option<Token>> {
        if self.settings().impersonation.is_none() {
            return Ok(None);
        }
        // A word that is no token is one that is over: to go on without it would be to act as somebody else than the
        // page said.
        cookie(headers, self.impersonation_cookie()).map_err(|_| IdentityError::ImpersonationOver)
    }

    /// Whether somebody in these roles may look as others.
    pub fn may_impersonate(&self, roles: &[RoleName]) -> bool {
        self.settings().impersonation.is_some_and(|wanted| roles.iter().any(|role| role.as_str() == wanted))
    }

    /// Whether others may look as somebody in this role.
    pub(super) fn may_be_impersonated(&self, role: &Role) -> bool {
        role.works_here()
            && !role.privileged
            && role.administers.is_empty()
            && self.settings().impersonation != Some(role.name)
    }

    /// Those as whom I may look: colleagues of mine whom I administer, and who have no far-reaching right.
    pub async fn impersonable(&self, session: &Session) -> Result<Vec<Colleague>> {
        self.wanted_of_impersonator(session)?;
        let mut people = self.people(session).await?;
        people.retain(|person| {
            let roles = || person.memberships.iter().map(|held| self.settings().roles.find(&held.role));
            let fits = |role: Option<&'static Role>| role.is_some_and(|role| self.may_be_impersonated(role));
            person.id != session.principal().person()
                && person.suspended_at.is_none()
                && !person.memberships.is_empty()
                && roles().all(fits)
        });
        Ok(people)
    }

    fn wanted_of_impersonator(&self, session: &Session) -> Result<()> {
        if session.impersonation().is_some() {
            return Err(IdentityError::OnlyLooking);
        }
        // To whoever may not, there is no such page.
        if self.may_impersonate(session.principal().roles()) { Ok(()) } else { Err(IdentityError::NotFound) }
    }

    /// Begins to look as a colleague. It is announced to them and to whoever answers for the organisation, in the same
    /// transaction; it wants a proof of the last ten minutes.
    pub async fn impersonate(&self, session: &Session, wanted: &Impersonate<'_>) -> Result<Begun> {
        self.wanted_of_impersonator(session)?;
        if !session.by_cookie() {
            return Err(IdentityError::Conflict(
                "looking as a colleague is for a browser; no token is given for it",
            ));
        }
        session.proved_lately()?;
        let reason = reason(wanted.reason)?;
        if !(1..=MOST_MINUTES).contains(&wanted.minutes) {
            let reason = "choose between 1 and 60 minutes";
            return Err(IdentityError::Invalid { field: "minutes", reason });
        }
        let me = session.principal();
        self.may_look_as(session, wanted.colleague).await?;
        let (id, now, token) = (self.next_id(), self.now(), Token::random()?);
        let until = (now + Duration::minutes(wanted.minutes)).min(session.expires_at());
        let sealed = self.seal_reason(me.organisation(), id, reason).await?;
        let mut transaction = self.begin_in(me.organisation(), Some(me.person())).await?;
        // Two that begin at once in one session: one waits here, and finds the other.
        let living = sql("UPDATE sessions SET seen_at = seen_at WHERE id = $1 AND ended_at IS NULL")
            .bind(session.id())
            .execute(&mut transaction)
            .await?;
        if living != 1 {
            return Err(IdentityError::SignedOut);
        }
        let other = sql("SELECT 1 AS one FROM emergency_accesses
             WHERE session_id = $1 AND kind = 'impersonation' AND ends_at > $2 LIMIT 1")
        .bind(session.id())
        .bind(now)
        .fetch_optional(&mut transaction)
        .await?;
        if other.is_some() {
            return Err(IdentityError::Conflict("you look as somebody already; stop that first"));
        }
        sql("INSERT INTO emergency_accesses (id, organisation_id, kind, person_id, colleague_id, session_id, token_hash,
                 reason, starts_at, ends_at)
             VALUES ($1, $2, 'impersonation', $3, $4, $5, $6, $7, $8, $9)")
        .bind(id)
        .bind(me.organisation())
        .bind(me.person())
        .bind(wanted.colleague)
        .bind(session.id())
        .bind(token.hash().as_bytes())
        .bind(sealed)
        .bind(now)
        .bind(until)
        .execute(&mut transaction)
        .await?;
        self.announce(&mut transaction, session, id, Some(wanted.colleague)).await?;
        let event = Event::new(Action::Impersonate).entity(ENTITY).record(id).record(wanted.colleague);
        let event = event.purpose(Purpose::Emergency).note("begun");
        audit::append(&mut transaction, &session.circumstances, event).await?;
        transaction.commit().await?;
        Ok(Begun { id, token, until })
    }

    /// Somebody else, all of whose roles I administer, and none of which is privileged.
    async fn may_look_as(&self, session: &Session, colleague: PersonId) -> Result<()> {
        if colleague == session.principal().person() {
            let reason = "choose somebody else";
            return Err(IdentityError::Invalid { field: "colleague", reason });
        }
        self.administers_all_of(session, colleague).await?;
        let roles = self.roles_of(session, colleague).await?;
        let declared: Vec<&Role> = roles.iter().filter_map(|(role, _)| *role).collect();
        if declared.iter().any(|role| !role.works_here()) {
            return Err(IdentityError::Conflict(
                "whoever is cared for here is nobody's colleague: look at their record",
            ));
        }
        if declared.is_empty() || !declared.iter().all(|role| self.may_be_impersonated(role)) {
            return Err(IdentityError::Conflict("nobody looks as somebody who has far-reaching rights"));
        }
        Ok(())
    }

    /// Tells everybody who answers for the organisation's agreements, and whom it concerns; not who does it.
    pub(crate) async fn announce(
        &self,
        transaction: &mut Transaction,
        session: &Session,
        id: Uuid,
        concerned: Option<PersonId>,
    ) -> Result<()> {
        let me = session.principal();
        let rows =
            sql("SELECT DISTINCT m.person_id, m.role FROM memberships m JOIN people p ON p.id = m.person_id
             WHERE m.organisation_id = $1 AND p.suspended_at IS NULL")
            .bind(me.organisation())
            .fetch_all(&mut *transaction)
            .await?;
        let mut told: Vec<PersonId> = concerned.into_iter().collect();
        for row in rows {
            let role = self.settings().roles.find(&row.text("role")?);
            if role.is_some_and(|role| role.administers.contains(&"agreements")) {
                told.push(PersonId::new(row.uuid("person_id")?));
            }
        }
        told.sort_unstable();
        told.dedup();
        for person in told.into_iter().filter(|person| *person != me.person()) {
            sql("INSERT INTO emergency_notices (id, organisation_id, emergency_id, person_id) VALUES ($1, $2, $3, $4)")
                .bind(self.next_id())
                .bind(me.organisation())
                .bind(id)
                .bind(person)
                .execute(&mut *transaction)
                .await?;
        }
        Ok(())
    }

    pub(crate) async fn seal_reason(
        &self,
        organisation: OrganisationId,
        id: Uuid,
        reason: &str,
    ) -> Result<Vec<u8>> {
        let ring = self.keys().ring(organisation.uuid()).await?;
        let place = self.place_of_reason(organisation, id);
        Ok(ring.seal(KeyPurpose::Field, &place, reason.as_bytes())?.into_bytes())
    }

    pub(super) fn place_of_reason(&self, organisation: OrganisationId, row: Uuid) -> Binding {
        let (entity, field) = REASON;
        let environment = self.keys().environment();
        Binding { environment, organisation: organisation.uuid(), entity, field, row }
    }
}

/// A reason in somebody's own words.
pub(crate) fn reason(text: &str) -> Result<&str> {
    let reason = text.trim();
    let letters = reason.chars().filter(|letter| !letter.is_whitespace()).count();
    if letters < REASON_AT_LEAST || reason.chars().count() > REASON_AT_MOST {
        let reason = "say what happened and why you must look, in 20 letters or more";
        return Err(IdentityError::Invalid { field: "reason", reason });
    }
    Ok(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CF-3: it is looking, and nothing else.
    #[test]
    fn an_impersonation_only_looks() {
        for path in [
            "/",
            "/patients",
            "/patients/1?x=/account",
            "/api/patients",
            "/accounts",
            "/account/impersonation",
        ] {
            assert!(is_a_look(&Method::GET, path), "{path}");
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                assert!(!is_a_look(&method, path), "{method} {path}");
            }
        }
        for path in [
            "/account",
            "/api/account/data",
            "/account/devices",
            "/account/impersonation/new",
            "/identity/profile",
            "/api/compliance",
        ] {
            assert!(!is_a_look(&Method::GET, path), "{path}");
        }
    }

    /// CF-3: a reason is a sentence, and blanks are no letters.
    #[test]
    fn a_reason_says_something() {
        for text in
            ["", "check", "                                  ", "a b c d e f g h i j k l m n o p q r s"]
        {
            assert!(reason(text).is_err(), "{text}");
        }
        assert!(reason("The nurse cannot find the insulin order of ward 3.").is_ok());
        assert!(reason(&"long ".repeat(600)).is_err());
    }
}
