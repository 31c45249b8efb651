//! An account that is deleted by whose it is (CC-10; GDPR, Article 17).
//!
//! Its sessions, credentials, links, roles and counts go at once. What else there is to erase, and what must be kept until
//! when, is for a ledger (`erasures`), which is written in the same transaction. An account that saw records of others is
//! closed, and keeps its name sealed for as long as the audit log keeps what it did: who looked at a record must be
//! answerable by name (45 CFR 164.312(a)(2)(i), 164.312(b), 164.528).
//!
//! An organisation is never left without whoever administers its people.

use time::OffsetDateTime;
use uuid::Uuid;

use super::attempts::{self, AttemptKey};
use super::email::EmailAddress;
use super::error::{IdentityError, Result};
use super::names::{OrganisationId, PersonId, RoleName};
use super::principal::Session;
use super::service::{Identity, Secret};
use super::sessions::Ended;
use super::sign_in::OrganisationChoice;
use crate::audit::{self, Action, Event};
use crate::crypto::{Binding, KeyRing, Purpose};
use crate::store::{Change, Transaction, sql};

/// Where the keyed hash of an erased id is made; the library's own tables count down from `u32::MAX`.
const ERASURES: (u32, u32) = (u32::MAX - 60, 1);

/// An organisation that somebody is about to leave.
pub(crate) struct Leaving {
    /// Which.
    pub(crate) organisation: OrganisationChoice,
    /// Their roles there.
    pub(crate) roles: Vec<RoleName>,
    /// Whether nobody would be left there who administers people.
    pub(crate) is_last: bool,
}

/// What is to be erased of somebody, from when on.
pub(crate) struct Erasing {
    /// The pseudonym.
    pub(crate) id: Uuid,
    /// Where.
    pub(crate) organisation: OrganisationId,
    /// The kind of record; none of an account.
    pub(crate) entity: Option<&'static str>,
    /// The account or the record.
    pub(crate) subject: Uuid,
    /// By whose order; none where they do it themselves.
    pub(crate) ordered_by: Option<PersonId>,
    /// Until when it must be kept.
    pub(crate) due_at: OffsetDateTime,
}

impl Identity {
    /// The organisations that my account belongs to, each with whether it could do without me.
    pub(crate) async fn leaving(&self, session: &Session) -> Result<Vec<Leaving>> {
        self.leaving_of(session.principal().person()).await
    }

    /// The same of somebody.
    pub(crate) async fn leaving_of(&self, person: PersonId) -> Result<Vec<Leaving>> {
        let known = self.known_by_id(person).await?.ok_or(IdentityError::NotFound)?;
        let mut leaving: Vec<Leaving> = Vec::new();
        for (organisation, role) in known.roles {
            match leaving.iter_mut().find(|known| known.organisation.id == organisation.id) {
                Some(known) => known.roles.push(role),
                None => leaving.push(Leaving { organisation, roles: vec![role], is_last: false }),
            }
        }
        for one in &mut leaving {
            let mut transaction = self.begin_in(one.organisation.id, None).await?;
            one.is_last = self.leaves_nobody(&mut transaction, one.organisation.id, person).await?;
            transaction.rollback().await?;
        }
        Ok(leaving)
    }

    /// Whether nobody is left who administers people, or those of the whole organisation, once this person is gone.
    async fn leaves_nobody(
        &self,
        transaction: &mut Transaction,
        organisation: OrganisationId,
        person: PersonId,
    ) -> Result<bool> {
        for wide in [true, false] {
            let before = self.administered_without(transaction, organisation, None, wide).await?;
            if before && !self.administered_without(transaction, organisation, Some(person), wide).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn administered_without(
        &self,
        transaction: &mut Transaction,
        organisation: OrganisationId,
        person: Option<PersonId>,
        wide: bool,
    ) -> Result<bool> {
        let rows = sql("SELECT DISTINCT m.role FROM memberships m JOIN people p ON p.id = m.person_id
             WHERE m.organisation_id = $1 AND p.suspended_at IS NULL AND ($2 = 0 OR m.place_id IS NULL)
               AND m.person_id <> $3")
        .bind(organisation)
        .bind(i64::from(wide))
        .bind(person.map_or(Uuid::nil(), PersonId::uuid))
        .fetch_all(transaction)
        .await?;
        let mut roles = Vec::new();
        for row in rows {
            roles.extend(self.settings().roles.find(&row.text("role")?).map(RoleName::from));
        }
        Ok(self.settings().roles.any_administers_people(&roles))
    }

    /// Deletes my account, after my password, and a code where a second factor is in use; or after the identity provider by which
    /// I came has asked me anew. `orders` are what is erased of it
    /// in each organisation; where one of them must wait, the account is closed and keeps its name until then.
    ///
    /// # Errors
    /// [`IdentityError::Conflict`], where an organisation would be left without anybody who administers its people.
    pub(crate) async fn close_account(
        &self,
        session: &Session,
        (password, code): (&str, &str),
        orders: &[Erasing],
    ) -> Result<()> {
        let (row, visit) = (session.row(), session.visit());
        let person = row.principal.person();
        if session.came_by_provider().await? {
            self.proved_lately(session)?;
        } else if self.second_factor_of(person).await?.enrolled_at.is_some() {
            self.prove_both(row, password, code, visit).await?;
        } else {
            self.prove_password(row, password, visit).await?;
        }
        self.close(session, person, orders, "deleted").await
    }

    /// Erases somebody's account by order of whoever answers for the organisation: of one who belongs to no other.
    ///
    /// # Errors
    /// [`IdentityError::Conflict`], where they belong to another organisation, too, or are the last who administers people.
    pub(crate) async fn close_account_of(
        &self,
        session: &Session,
        person: PersonId,
        order: &Erasing,
    ) -> Result<()> {
        session.proved_lately()?;
        if person == session.principal().person() {
            return Err(IdentityError::Conflict("your own account is deleted on its own page"));
        }
        self.works_only_here(person, order.organisation).await?;
        self.close(session, person, std::slice::from_ref(order), "erased").await
    }

    async fn close(
        &self,
        session: &Session,
        person: PersonId,
        orders: &[Erasing],
        note: &'static str,
    ) -> Result<()> {
        let known = self.known_by_id(person).await?.ok_or(IdentityError::NotFound)?;
        for one in self.leaving_of(person).await? {
            if one.is_last {
                return Err(IdentityError::Conflict(LAST));
            }
        }
        // One organisation after the other, since each has a fence of its own; it may be cut off anywhere and done again.
        for order in orders {
            let mut transaction = self.begin_in(order.organisation, Some(person)).await?;
            // Two who leave at once: one waits here, and is then the last.
            sql("UPDATE organisations SET name = name WHERE id = $1")
                .bind(order.organisation)
                .execute(&mut transaction)
                .await?;
            if self.leaves_nobody(&mut transaction, order.organisation, person).await? {
                return Err(IdentityError::Conflict(LAST));
            }
            self.write_order(&mut transaction, order).await?;
            for statement in [
                "DELETE FROM limit_usage WHERE person_id = $1 AND organisation_id = $2",
                "DELETE FROM limit_tiers WHERE person_id = $1 AND organisation_id = $2",
                "DELETE FROM memberships WHERE person_id = $1 AND organisation_id = $2",
            ] {
                sql(statement).bind(person).bind(order.organisation).execute(&mut transaction).await?;
            }
            self.end_others(&mut transaction, person, None, Ended::RightsChanged).await?;
            transaction.commit().await?;
        }
        let waits = orders.iter().any(|order| order.due_at > self.now());
        let mut transaction = self.store().begin().await?;
        self.end_others(&mut transaction, person, None, Ended::CredentialsChanged).await?;
        take_credentials(&mut transaction, person.uuid(), &known.account.0).await?;
        if waits {
            sql("UPDATE people SET password_hash = NULL, suspended_at = $2, updated_at = $2 WHERE id = $1")
                .bind(person)
                .bind(self.now())
                .execute(&mut transaction)
                .await?;
        } else {
            let ring = self.keys().ring(OrganisationId::ENVIRONMENT.uuid()).await?;
            let husk = Husk::new(&ring, self.keys().environment(), self.next_id(), person.uuid())?;
            husk.write(&mut transaction, self.now()).await?;
        }
        let event = Event::new(Action::Configure).entity("person").record(person).note(note);
        audit::append(&mut transaction, &session.circumstances, event).await?;
        Ok(transaction.commit().await?)
    }

    /// The member of an organisation who has this address.
    pub(crate) async fn member_by_address(
        &self,
        organisation: OrganisationId,
        address: &str,
    ) -> Result<Option<PersonId>> {
        let Ok(email) = EmailAddress::parse(address) else { return Ok(None) };
        let index = self.email_index(&email).await?;
        let row = sql("SELECT p.id FROM people p WHERE p.email_index = $1
               AND EXISTS (SELECT 1 FROM memberships m WHERE m.person_id = p.id AND m.organisation_id = $2)")
        .bind(index.0.as_slice())
        .bind(organisation)
        .fetch_optional(self.store())
        .await?;
        Ok(row.map(|row| row.uuid("id")).transpose()?.map(PersonId::new))
    }

    /// The address of a member of an organisation.
    pub(crate) async fn address_of_member(
        &self,
        organisation: OrganisationId,
        person: PersonId,
    ) -> Result<Option<String>> {
        let row = sql("SELECT p.email FROM people p WHERE p.id = $1
               AND EXISTS (SELECT 1 FROM memberships m WHERE m.person_id = p.id AND m.organisation_id = $2)")
        .bind(person)
        .bind(organisation)
        .fetch_optional(self.store())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let email = self.vault().await?.open_email(person, row.bytes("email")?)?;
        Ok(Some(email.as_str().to_owned()))
    }

    /// Puts what is to be erased into the ledger. The transaction acts for its organisation.
    pub(crate) async fn write_order(&self, transaction: &mut Transaction, order: &Erasing) -> Result<()> {
        let ring = self.keys().ring(OrganisationId::ENVIRONMENT.uuid()).await?;
        let fingerprint = ring.blind_index(ERASURES.0, ERASURES.1, &order.subject.to_string())?;
        sql("INSERT INTO erasures (id, organisation_id, kind, entity, subject_id, fingerprint, ordered_at, ordered_by_id, due_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(order.id)
        .bind(order.organisation)
        .bind(if order.entity.is_some() { "record" } else { "account" })
        .bind(order.entity)
        .bind(order.subject)
        .bind(fingerprint.as_bytes().as_slice())
        .bind(self.now())
        .bind(order.ordered_by)
        .bind(order.due_at)
        .execute(transaction)
        .await?;
        Ok(())
    }
}

const LAST: &str = "nobody else administers people in one of your organisations; give somebody else that role first, or have the organisation closed";

/// Removes what somebody signs in with, and what leads to them.
pub(crate) async fn take_credentials(
    transaction: &mut Transaction,
    person: Uuid,
    account: &[u8],
) -> Result<()> {
    for statement in [
        "DELETE FROM sign_ins WHERE person_id = $1",
        "DELETE FROM sessions WHERE person_id = $1",
        "DELETE FROM authenticators WHERE person_id = $1",
        "DELETE FROM recovery_codes WHERE person_id = $1",
        "DELETE FROM one_time_links WHERE person_id = $1",
        "DELETE FROM sso_identities WHERE person_id = $1",
        "DELETE FROM searches WHERE person_id = $1",
    ] {
        sql(statement).bind(person).execute(&mut *transaction).await?;
    }
    transaction.changed(Change::Sessions);
    let account = account.try_into().map_err(|_| IdentityError::Failed)?;
    attempts::forget(transaction, AttemptKey(account)).await
}

/// What is left of an account in its row, to which records lead: an address that is nobody's.
pub(crate) struct Husk {
    person: Uuid,
    email: Vec<u8>,
    index: [u8; 32],
}

impl Husk {
    /// The row of `person`, sealed by the environment's ring. `random` is an id that is nobody's.
    pub(crate) fn new(ring: &KeyRing, environment: Uuid, random: Uuid, person: Uuid) -> Result<Self> {
        let (entity, field) = Secret::Email.place();
        let address = format!("{random}@erased.invalid");
        let place = Binding {
            environment,
            organisation: OrganisationId::ENVIRONMENT.uuid(),
            entity,
            field,
            row: person,
        };
        let email = ring.seal(Purpose::Identity, &place, address.as_bytes())?.into_bytes();
        let index = *ring.blind_index(entity, field, &address)?.as_bytes();
        Ok(Self { person, email, index })
    }

    /// Writes it.
    pub(crate) async fn write(&self, transaction: &mut Transaction, now: OffsetDateTime) -> Result<()> {
        sql("UPDATE people SET email = $2, email_index = $3, display_name = NULL, password_hash = NULL,
                 password_changed_at = NULL, suspended_at = $4, erased_at = $4, updated_at = $4
             WHERE id = $1 AND erased_at IS NULL")
        .bind(self.person)
        .bind(self.email.clone())
        .bind(self.index.as_slice())
        .bind(now)
        .execute(transaction)
        .await?;
        Ok(())
    }
}
