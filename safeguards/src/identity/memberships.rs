//! Who belongs where: roles given and taken, memberships ended, accounts suspended.
//!
//! A change of somebody's rights ends their sessions at once: rights are new at a new sign-in. What reaches
//! beyond the organisation (suspending, or setting the password of a person who also works elsewhere) is
//! refused, and so is what reaches beyond what the caller administers.

use uuid::Uuid;

use super::attempts;
use super::error::{IdentityError, Result};
use super::invitations::{Link, NewLink};
use super::names::{OrganisationId, PersonId, PlaceId, Role, RoleName};
use super::principal::Session;
use super::service::Identity;
use super::sessions::Ended;
use crate::audit::{self, Action, Event};
use crate::store::{Transaction, sql};

/// A role that is given to somebody.
pub(super) struct Given {
    pub(super) organisation: OrganisationId,
    pub(super) place: Option<PlaceId>,
    pub(super) role: &'static Role,
    /// By whom; nobody where a person joins by themselves.
    pub(super) by: Option<PersonId>,
}

impl Identity {
    /// Gives a member of my organisation a role more. Their sessions end: rights are new at a new sign-in.
    pub async fn give_role(
        &self,
        session: &Session,
        person: PersonId,
        role: &str,
        place: Option<PlaceId>,
    ) -> Result<()> {
        let role = self.declared(role)?;
        self.another_whom_i_see(session, person).await?;
        self.may_give(session, role, place).await?;
        let organisation = session.principal().organisation();
        let mut transaction = self.begin_in(organisation, Some(session.principal().person())).await?;
        let given = Given { organisation, place, role, by: Some(session.principal().person()) };
        self.insert_membership(&mut transaction, person, &given).await?;
        self.changed(&mut transaction, session, person, Ended::RightsChanged, "role-given").await?;
        Ok(transaction.commit().await?)
    }

    /// Takes a role from somebody. The last who administers people in an organisation stays.
    pub async fn take_role(&self, session: &Session, person: PersonId, membership: Uuid) -> Result<()> {
        self.another_whom_i_see(session, person).await?;
        self.take(session, person, Some(membership), "role-taken").await
    }

    /// Ends somebody's membership: every role of theirs here goes, and their sessions end at once. The last who
    /// administers people in an organisation stays.
    pub async fn end_membership(&self, session: &Session, person: PersonId) -> Result<()> {
        self.another_whom_i_administer(session, person).await?;
        self.take(session, person, None, "membership-ended").await
    }

    async fn take(
        &self,
        session: &Session,
        person: PersonId,
        membership: Option<Uuid>,
        note: &'static str,
    ) -> Result<()> {
        let organisation = session.principal().organisation();
        let administration = self.administration(session).await?;
        let mut transaction = self.begin_in(organisation, Some(session.principal().person())).await?;
        // Two administrators who take each other's role at once: one waits here, and is then the last.
        sql("UPDATE organisations SET name = name WHERE id = $1")
            .bind(organisation)
            .execute(&mut transaction)
            .await?;
        let wide_before = self.is_administered(&mut transaction, organisation, true).await?;
        let held = sql("SELECT id, role, place_id FROM memberships
             WHERE person_id = $1 AND organisation_id = $2 AND ($3 IS NULL OR id = $3)")
        .bind(person)
        .bind(organisation)
        .bind(membership)
        .fetch_all(&mut transaction)
        .await?;
        if held.is_empty() {
            return Err(IdentityError::NotFound);
        }
        for row in held {
            let place = row.optional_uuid("place_id")?.map(PlaceId::new);
            if !self.sees(&administration, &row.text("role")?, place) {
                return Err(IdentityError::NotFound);
            }
            sql("DELETE FROM memberships WHERE id = $1")
                .bind(row.uuid("id")?)
                .execute(&mut transaction)
                .await?;
        }
        if !self.is_administered(&mut transaction, organisation, wide_before).await? {
            return Err(IdentityError::Conflict("somebody must stay who administers people"));
        }
        self.changed(&mut transaction, session, person, Ended::RightsChanged, note).await?;
        Ok(transaction.commit().await?)
    }

    /// Suspends an account, or lifts the suspension. Only of a person who works nowhere else.
    pub async fn suspend(&self, session: &Session, person: PersonId, suspended: bool) -> Result<()> {
        let organisation = self.another_whom_i_administer(session, person).await?;
        self.works_only_here(person, organisation).await?;
        let now = self.now();
        let mut transaction = self.store().begin().await?;
        sql("UPDATE people SET suspended_at = $2, updated_at = $3 WHERE id = $1")
            .bind(person)
            .bind(suspended.then_some(now))
            .bind(now)
            .execute(&mut transaction)
            .await?;
        let note = if suspended { "suspended" } else { "suspension-lifted" };
        self.changed(&mut transaction, session, person, Ended::Suspended, note).await?;
        Ok(transaction.commit().await?)
    }

    /// Ends the lock of an account after failed sign-ins.
    pub async fn unlock(&self, session: &Session, person: PersonId) -> Result<()> {
        self.another_whom_i_administer(session, person).await?;
        let known = self.known_by_id(person).await?.ok_or(IdentityError::NotFound)?;
        let mut transaction = self.store().begin().await?;
        attempts::forget(&mut transaction, known.account).await?;
        let event = Event::new(Action::Configure).entity("person").record(person).note("unlocked");
        audit::append(&mut transaction, &session.circumstances, event).await?;
        Ok(transaction.commit().await?)
    }

    /// A link by which a person sets a new password. Only for one who works nowhere else: a password
    /// opens every organisation of a person. Their second factor stays in force.
    pub async fn password_link(&self, session: &Session, person: PersonId) -> Result<Link> {
        let organisation = self.another_whom_i_administer(session, person).await?;
        self.works_only_here(person, organisation).await?;
        let made_by = Some(session.principal().person());
        let (link, statement) =
            self.new_link(&NewLink { person, membership: None, made_by, founds: false })?;
        let mut transaction = self.store().begin().await?;
        statement.execute(&mut transaction).await?;
        let event = Event::new(Action::Configure).entity("person").record(person).note("password-link");
        audit::append(&mut transaction, &session.circumstances, event).await?;
        transaction.commit().await?;
        Ok(link)
    }

    /// Makes the person of a role of places one who administers the whole organisation, too.
    #[cfg_attr(not(feature = "tenant"), expect(dead_code, reason = "apps alone have founders"))]
    pub(crate) async fn make_founder(
        &self,
        organisation: OrganisationId,
        person: PersonId,
        role: &str,
    ) -> Result<()> {
        let role = self.declared(role)?;
        let mut transaction = self.begin_in(organisation, None).await?;
        self.insert_membership(
            &mut transaction,
            person,
            &Given { organisation, place: None, role, by: None },
        )
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Makes somebody a member; who has the role there already keeps it. The transaction acts for the organisation.
    pub(super) async fn insert_membership(
        &self,
        transaction: &mut Transaction,
        person: PersonId,
        given: &Given,
    ) -> Result<()> {
        // Of a person who is not there nothing is written: a sign-up with an address that is taken comes this way, too.
        sql("INSERT INTO memberships (id, person_id, organisation_id, place_id, role, created_at, created_by_id)
             SELECT $1, p.id, $3, $4, $5, $6, $7 FROM people p WHERE p.id = $2 ON CONFLICT DO NOTHING")
        .bind(self.next_id())
        .bind(person)
        .bind(given.organisation)
        .bind(given.place)
        .bind(given.role.name)
        .bind(self.now())
        .bind(given.by)
        .execute(transaction)
        .await?;
        Ok(())
    }

    /// Ends the person's sessions and writes down what was changed of them.
    async fn changed(
        &self,
        transaction: &mut Transaction,
        session: &Session,
        person: PersonId,
        why: Ended,
        note: &'static str,
    ) -> Result<()> {
        self.end_others(transaction, person, None, why).await?;
        let event = Event::new(Action::Configure).entity("person").record(person).note(note);
        audit::append(transaction, &session.circumstances, event).await?;
        Ok(())
    }

    /// Somebody else, of whom the caller administers something: nobody changes their own rights.
    async fn another_whom_i_see(&self, session: &Session, person: PersonId) -> Result<()> {
        match self.administers_all_of(session, person).await {
            Err(IdentityError::Conflict(_)) | Ok(()) => not_myself(session, person),
            Err(other) => Err(other),
        }
    }

    /// Somebody else, of whom the caller administers every role here.
    async fn another_whom_i_administer(&self, session: &Session, person: PersonId) -> Result<OrganisationId> {
        self.administers_all_of(session, person).await?;
        not_myself(session, person)?;
        Ok(session.principal().organisation())
    }

    pub(super) async fn works_only_here(&self, person: PersonId, organisation: OrganisationId) -> Result<()> {
        let elsewhere =
            sql("SELECT 1 AS one FROM memberships WHERE person_id = $1 AND organisation_id <> $2 LIMIT 1")
                .bind(person)
                .bind(organisation)
                .fetch_optional(self.store())
                .await?;
        match elsewhere {
            None => Ok(()),
            Some(_) => Err(IdentityError::Conflict(
                "this account is not yours alone to change; take the roles instead",
            )),
        }
    }

    /// Whether somebody administers people, or, if `wide`, those of the whole organisation.
    async fn is_administered(
        &self,
        transaction: &mut Transaction,
        organisation: OrganisationId,
        wide: bool,
    ) -> Result<bool> {
        let rows = sql("SELECT DISTINCT m.role FROM memberships m JOIN people p ON p.id = m.person_id
             WHERE m.organisation_id = $1 AND p.suspended_at IS NULL AND ($2 = 0 OR m.place_id IS NULL)")
        .bind(organisation)
        .bind(i64::from(wide))
        .fetch_all(transaction)
        .await?;
        let mut roles = Vec::new();
        for row in rows {
            roles.extend(self.settings().roles.find(&row.text("role")?).map(RoleName::from));
        }
        Ok(self.settings().roles.any_administers_people(&roles))
    }
}

fn not_myself(session: &Session, person: PersonId) -> Result<()> {
    if person == session.principal().person() {
        return Err(IdentityError::Conflict("another administrator has to change your own account"));
    }
    Ok(())
}
