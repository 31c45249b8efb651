//! Signing in, step by step: password, second factor (or its enrolment), organisation.
//!
//! Between steps a *ticket* stands for what was proved so far. It is a row of `sign_ins`, lives ten
//! minutes, and is no session: nothing but the next step takes it. The last step removes it and makes
//! the session in one transaction, so a ticket ends in one session at most.
//!
//! CF-15: an account that does not exist takes the same road as one that does: the same statements, one
//! Argon2 hash, one event, one answer.

use std::fmt;

use time::{Duration, OffsetDateTime};

use super::attempts::{self, AttemptKey, FAILURES_OF_ACCOUNT, FAILURES_OF_ADDRESS, Reserved};
use super::email::EmailAddress;
use super::error::{IdentityError, Result};
use super::names::{OrganisationId, PersonId, RoleName};
use super::password::PasswordHash;
use super::policy::Password;
use super::secret::Token;
use super::service::{Identity, Visit};
use super::sessions::Opened;
use super::totp::{RecoveryCode, TotpSecret};
use crate::audit::{self, Action, Event, Outcome};
use crate::store::{Row, sql};

/// How long a sign-in may take from password to session.
pub const TICKET_LIFETIME: Duration = Duration::minutes(10);

/// Through which door a session is used: it decides what credentials it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// Pages: one opaque token in a cookie.
    Browser,
    /// API clients: an access token and a refresh token.
    Api,
}

impl Door {
    /// The word in rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Api => "api",
        }
    }

    pub(super) fn parse(word: &str) -> Result<Self> {
        match word {
            "browser" => Ok(Self::Browser),
            "api" => Ok(Self::Api),
            _ => Err(IdentityError::Failed),
        }
    }
}

/// What comes after a step.
#[derive(Debug)]
pub enum Next {
    /// A code of the authenticator, or a recovery code.
    SecondFactor(Token),
    /// The role demands a second factor and the person has none: they enrol now, before anything else.
    Enrol(Token),
    /// The person belongs to several organisations and chooses one.
    Choose(Token, Vec<OrganisationChoice>),
    /// Signed in.
    SignedIn(Box<Opened>),
}

/// An organisation that a person may work in.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct OrganisationChoice {
    /// Its id.
    pub id: OrganisationId,
    /// Its name.
    pub name: String,
}

/// Who somebody is, as far as their credentials go.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) person: PersonId,
    pub(super) account: AttemptKey,
    pub(super) password: Option<PasswordHash>,
    pub(super) suspended: bool,
    pub(super) has_authenticator: bool,
    /// Organisation and role names, as declared; undeclared ones are left out.
    pub(super) roles: Vec<(OrganisationChoice, RoleName)>,
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Known({})", self.person)
    }
}

/// A ticket that was looked up.
pub(super) struct Ticket {
    pub(super) token: Token,
    pub(super) known: Known,
    pub(super) door: Door,
    pub(super) second_factor_at: Option<OffsetDateTime>,
}

/// The organisations of somebody, each once, by name.
fn distinct(known: &Known) -> Vec<OrganisationChoice> {
    let mut choices: Vec<OrganisationChoice> = known.roles.iter().map(|(choice, _)| choice.clone()).collect();
    choices.dedup();
    choices
}

macro_rules! known_where {
    ($condition:literal) => {
        concat!(
            "SELECT p.id, p.email_index, p.password_hash, p.suspended_at, a.confirmed_at, m.role,
                 o.id AS organisation_id, o.name AS organisation_name
             FROM people p
             LEFT JOIN authenticators a ON a.person_id = p.id
             LEFT JOIN memberships m ON m.person_id = p.id
             LEFT JOIN organisations o ON o.id = m.organisation_id AND o.closed_at IS NULL
             WHERE ",
            $condition,
            " ORDER BY o.name, o.id"
        )
    };
}

impl Identity {
    /// The first step. `Wrong` for a wrong password, an unknown account, one without a password and a
    /// suspended one alike.
    pub async fn sign_in(&self, email: &str, password: &str, door: Door, visit: &Visit) -> Result<Next> {
        self.knock(visit)?;
        let password = Password::new(password);
        // What is no address is an unknown account, and takes as long.
        let nobody = "nobody@localhost";
        let parsed = EmailAddress::parse(email).or_else(|_| EmailAddress::parse(nobody));
        let account = self.email_index(&parsed.map_err(|_| IdentityError::Failed)?).await?;
        let reserved = self.reserve(account, visit).await?;
        let known = self.known_by_account(account).await?;
        let stored = known.as_ref().and_then(|known| known.password.as_ref());
        let verified = self.hasher().verify(&password, stored).await?;
        let known = match known {
            Some(known) if verified.matches && !known.suspended => known,
            other => {
                return Err(self
                    .failed(other.map(|known| known.person), reserved, "password", visit)
                    .await?);
            }
        };
        self.give_back(account, visit).await?;
        if verified.outdated {
            self.rehash(known.person, &password).await?;
        }
        let ticket = Ticket { token: Token::random()?, known, door, second_factor_at: None };
        self.begin_ticket(&ticket).await?;
        self.next(ticket, visit).await
    }

    /// The second step: a code of the authenticator. A step that was used is never taken again (CF-13).
    pub async fn second_factor(&self, ticket: &Token, code: &str, visit: &Visit) -> Result<Next> {
        self.knock(visit)?;
        let mut ticket = self.ticket(ticket).await?;
        let reserved = self.reserve(ticket.known.account, visit).await?;
        if !self.use_code(ticket.known.person, code).await? {
            return Err(self.failed(Some(ticket.known.person), reserved, "code", visit).await?);
        }
        self.give_back(ticket.known.account, visit).await?;
        self.mark_second_factor(&mut ticket).await?;
        self.next(ticket, visit).await
    }

    /// The second step by a recovery code, which is used up.
    pub async fn recover(&self, ticket: &Token, code: &str, visit: &Visit) -> Result<Next> {
        self.knock(visit)?;
        let mut ticket = self.ticket(ticket).await?;
        let reserved = self.reserve(ticket.known.account, visit).await?;
        let used = match RecoveryCode::parse(code) {
            Some(code) => self.use_recovery_code(ticket.known.person, &code, visit).await?,
            None => false,
        };
        if !used {
            return Err(self.failed(Some(ticket.known.person), reserved, "recovery-code", visit).await?);
        }
        self.give_back(ticket.known.account, visit).await?;
        self.mark_second_factor(&mut ticket).await?;
        self.next(ticket, visit).await
    }

    /// The enrolment that a privileged role demands: a new secret, to be confirmed by a code. Each call
    /// replaces one that was not confirmed.
    pub async fn begin_enrolment(&self, ticket: &Token) -> Result<TotpSecret> {
        let ticket = self.ticket(ticket).await?;
        self.offer_authenticator(ticket.known.person).await
    }

    /// Confirms the enrolment: gives the recovery codes, once, and goes on.
    pub async fn confirm_enrolment(
        &self,
        ticket: &Token,
        code: &str,
        visit: &Visit,
    ) -> Result<(Vec<RecoveryCode>, Next)> {
        self.knock(visit)?;
        let mut ticket = self.ticket(ticket).await?;
        let reserved = self.reserve(ticket.known.account, visit).await?;
        let codes = match self.confirm_authenticator(ticket.known.person, code, visit).await {
            Err(IdentityError::Wrong) => {
                return Err(self.failed(Some(ticket.known.person), reserved, "code", visit).await?);
            }
            other => other?,
        };
        self.give_back(ticket.known.account, visit).await?;
        ticket.known.has_authenticator = true;
        self.mark_second_factor(&mut ticket).await?;
        Ok((codes, self.next(ticket, visit).await?))
    }

    /// The organisations that a ticket may go on to, once its second factor is given.
    pub async fn choices(&self, ticket: &Token) -> Result<Vec<OrganisationChoice>> {
        let ticket = self.ticket(ticket).await?;
        if self.lacks_second_factor(&ticket) {
            return Err(IdentityError::SignedOut);
        }
        Ok(distinct(&ticket.known))
    }

    /// The last step for a person of several organisations. One they do not belong to is `NotFound`.
    pub async fn choose(&self, ticket: &Token, organisation: OrganisationId, visit: &Visit) -> Result<Next> {
        let ticket = self.ticket(ticket).await?;
        if self.lacks_second_factor(&ticket) {
            return Err(IdentityError::SignedOut);
        }
        if !ticket.known.roles.iter().any(|(choice, _)| choice.id == organisation) {
            return Err(IdentityError::NotFound);
        }
        self.finish(ticket, organisation, visit).await
    }

    /// Which step is next, by what the ticket has proved and what the person's roles demand.
    pub(super) async fn next(&self, ticket: Ticket, visit: &Visit) -> Result<Next> {
        if self.lacks_second_factor(&ticket) {
            let enrolled = ticket.known.has_authenticator;
            return Ok(if enrolled { Next::SecondFactor(ticket.token) } else { Next::Enrol(ticket.token) });
        }
        let choices = distinct(&ticket.known);
        match choices.as_slice() {
            [] => Err(IdentityError::Forbidden),
            [only] => {
                let only = only.id;
                self.finish(ticket, only, visit).await
            }
            _ => Ok(Next::Choose(ticket.token, choices)),
        }
    }

    /// A privileged role in any organisation demands it, and so does an authenticator once enrolled.
    fn lacks_second_factor(&self, ticket: &Ticket) -> bool {
        let roles: Vec<RoleName> = ticket.known.roles.iter().map(|(_, role)| *role).collect();
        let demanded = ticket.known.has_authenticator || self.settings().roles.any_with_second_factor(&roles);
        demanded && ticket.second_factor_at.is_none()
    }

    async fn finish(&self, ticket: Ticket, organisation: OrganisationId, visit: &Visit) -> Result<Next> {
        let issue = self.issue().await?;
        let mut transaction = self.store().begin().await?;
        let taken = sql("DELETE FROM sign_ins WHERE token_hash = $1 RETURNING sso_subject, sso_session")
            .bind(ticket.token.hash().as_bytes())
            .fetch_optional(&mut transaction)
            .await?
            .ok_or(IdentityError::SignedOut)?;
        attempts::forget(&mut transaction, ticket.known.account).await?;
        let opened = self.open_session(&mut transaction, &issue, &ticket, organisation, visit).await?;
        if let Some(subject) = taken.optional_bytes("sso_subject")? {
            sql("INSERT INTO sso_sessions (session_id, subject, session) VALUES ($1, $2, $3)")
                .bind(opened.session)
                .bind(subject)
                .bind(taken.optional_bytes("sso_session")?)
                .execute(&mut transaction)
                .await?;
        }
        let context = self.context(visit, organisation, Some(ticket.known.person), Some(opened.session));
        let event = Event::new(Action::Login).entity("person").record(ticket.known.person);
        audit::append(&mut transaction, &context, event).await?;
        transaction.commit().await?;
        Ok(Next::SignedIn(Box::new(opened)))
    }

    pub(super) async fn reserve(&self, account: AttemptKey, visit: &Visit) -> Result<Reserved> {
        let now = self.now();
        attempts::reserve(self.store(), self.address_index(visit.address).await?, FAILURES_OF_ADDRESS, now)
            .await?;
        attempts::reserve(self.store(), account, FAILURES_OF_ACCOUNT, now).await
    }

    pub(super) async fn give_back(&self, account: AttemptKey, visit: &Visit) -> Result<()> {
        attempts::give_back(self.store(), self.address_index(visit.address).await?).await?;
        attempts::give_back(self.store(), account).await
    }

    /// Writes the failure down and gives the one answer for all of them.
    pub(super) async fn failed(
        &self,
        person: Option<PersonId>,
        reserved: Reserved,
        what: &'static str,
        visit: &Visit,
    ) -> Result<IdentityError> {
        let locked = reserved.failures >= FAILURES_OF_ACCOUNT;
        let note = match (locked, what) {
            (true, _) => "locked",
            (false, what) => what,
        };
        let mut event = Event::new(Action::LoginFailed).entity("person").outcome(Outcome::Denied).note(note);
        if let Some(person) = person {
            event = event.record(person);
        }
        // An account belongs to no single organisation: the environment's own log has it.
        let context = self.context(visit, OrganisationId::ENVIRONMENT, None, None);
        self.audit().record(&context, event).await?;
        Ok(IdentityError::Wrong)
    }

    async fn rehash(&self, person: PersonId, password: &Password) -> Result<()> {
        let hash = self.hasher().hash(password).await?;
        sql("UPDATE people SET password_hash = $2 WHERE id = $1")
            .bind(person)
            .bind(hash.as_str())
            .execute(self.store())
            .await?;
        Ok(())
    }

    pub(super) async fn known_by_account(&self, account: AttemptKey) -> Result<Option<Known>> {
        let rows = sql(known_where!("p.email_index = $1"))
            .bind(account.0.as_slice())
            .fetch_all(self.store())
            .await?;
        self.known(&rows)
    }

    pub(super) async fn known_by_id(&self, person: PersonId) -> Result<Option<Known>> {
        self.known(&sql(known_where!("p.id = $1")).bind(person).fetch_all(self.store()).await?)
    }

    fn known(&self, rows: &[Row]) -> Result<Option<Known>> {
        let Some(first) = rows.first() else { return Ok(None) };
        let account = first.bytes("email_index")?.try_into().map_err(|_| IdentityError::Failed)?;
        let mut known = Known {
            person: PersonId::new(first.uuid("id")?),
            account: AttemptKey(account),
            password: first.optional_text("password_hash")?.map(PasswordHash::from_row),
            suspended: first.optional_timestamp("suspended_at")?.is_some(),
            has_authenticator: first.optional_timestamp("confirmed_at")?.is_some(),
            roles: Vec::new(),
        };
        for row in rows {
            let organisation =
                row.optional_uuid("organisation_id")?.zip(row.optional_text("organisation_name")?);
            let role = row.optional_text("role")?.and_then(|role| self.settings().roles.find(&role));
            if let Some(((id, name), role)) = organisation.zip(role) {
                known.roles.push((OrganisationChoice { id: OrganisationId::new(id), name }, role.into()));
            }
        }
        Ok(Some(known))
    }

    pub(super) async fn begin_ticket(&self, ticket: &Ticket) -> Result<()> {
        let now = self.now();
        sql("INSERT INTO sign_ins (id, token_hash, person_id, door, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(self.next_id())
        .bind(ticket.token.hash().as_bytes())
        .bind(ticket.known.person)
        .bind(ticket.door.as_str())
        .bind(now)
        .bind(now + TICKET_LIFETIME)
        .execute(self.store())
        .await?;
        Ok(())
    }

    async fn mark_second_factor(&self, ticket: &mut Ticket) -> Result<()> {
        let now = self.now();
        let marked = sql("UPDATE sign_ins SET second_factor_at = $2 WHERE token_hash = $1")
            .bind(ticket.token.hash().as_bytes())
            .bind(now)
            .execute(self.store())
            .await?;
        if marked != 1 {
            return Err(IdentityError::SignedOut);
        }
        ticket.second_factor_at = Some(now);
        Ok(())
    }

    async fn ticket(&self, token: &Token) -> Result<Ticket> {
        let row = sql("SELECT person_id, door, second_factor_at FROM sign_ins WHERE token_hash = $1 AND expires_at > $2")
            .bind(token.hash().as_bytes())
            .bind(self.now())
            .fetch_optional(self.store())
            .await?
            .ok_or(IdentityError::SignedOut)?;
        let person = PersonId::new(row.uuid("person_id")?);
        let known = self.known_by_id(person).await?.filter(|known| !known.suspended);
        Ok(Ticket {
            token: token.clone(),
            known: known.ok_or(IdentityError::SignedOut)?,
            door: Door::parse(&row.text("door")?)?,
            second_factor_at: row.optional_timestamp("second_factor_at")?,
        })
    }
}
