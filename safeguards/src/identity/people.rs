//! Accounts and who belongs where: the first owner, invitations, roles, suspension.
//!
//! There is no open sign-up unless the app declares a role for it. A person enters by a one-time link:
//! 256 random bits, kept as a hash, used once, expiring. Whoever invites an address learns nothing of
//! whether it has an account elsewhere: the link looks the same, and an existing person proves their own
//! password with it.
//!
//! Administrators act within their own organisation only. What reaches beyond it (suspending, or setting
//! the password of a person who also works elsewhere) is refused.

use time::OffsetDateTime;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::attempts;
use super::email::EmailAddress;
use super::error::{IdentityError, Result};
use super::names::{OrganisationId, PersonId, PlaceId, Role, RoleName};
use super::policy::Password;
use super::principal::Session;
use super::secret::Token;
use super::service::{Identity, Secret};
use super::sessions::Ended;
use super::totp::TotpSecret;
use crate::audit::{self, Action, AuditContext, Event};
use crate::store::{Row, Transaction, sql};

/// Somebody of my organisation, as a list of people shows it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Colleague {
    /// The person.
    pub id: PersonId,
    /// Their address.
    pub email: String,
    /// Their name, if they gave one.
    pub display_name: Option<String>,
    /// Their roles here.
    pub memberships: Vec<Membership>,
    /// True if a second factor is in use.
    pub second_factor: bool,
    /// Since when the account is suspended.
    #[serde(with = "time::serde::rfc3339::option")]
    pub suspended_at: Option<OffsetDateTime>,
    /// True until the person has set a password.
    pub invited: bool,
}

/// A role in an organisation, or in one place of it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Membership {
    /// Its id.
    pub id: Uuid,
    /// The role.
    pub role: String,
    /// The place, or everywhere in the organisation.
    pub place: Option<PlaceId>,
}

/// Whom to invite, and as what.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Their address.
    pub email: EmailAddress,
    /// Their role.
    pub role: RoleName,
    /// The place, or everywhere in the organisation.
    pub place: Option<PlaceId>,
}

/// A person to be made with credentials known beforehand.
#[derive(Debug)]
pub struct NewPerson<'a> {
    /// Their address.
    pub email: &'a str,
    /// Their name; may be empty.
    pub name: &'a str,
    /// Their role.
    pub role: &'a str,
    /// The place of the role, or everywhere in the organisation.
    pub place: Option<PlaceId>,
    /// Their password.
    pub password: &'a str,
    /// Their authenticator's secret, if they have one.
    pub authenticator: Option<TotpSecret>,
}

/// A one-time link that was just made; its token is shown once.
#[derive(Clone, Debug)]
pub struct Link {
    /// The secret, which stands in the address of the page `/welcome/{token}`.
    pub token: Token,
    /// When it stops working.
    pub expires_at: OffsetDateTime,
}

/// A role that is given to somebody.
pub(super) struct Given {
    pub(super) organisation: OrganisationId,
    pub(super) place: Option<PlaceId>,
    pub(super) role: &'static Role,
    /// By whom; nobody where a person joins by themselves.
    pub(super) by: Option<PersonId>,
}

/// What a new link leads to.
struct NewLink {
    person: PersonId,
    membership: Option<(OrganisationId, Option<PlaceId>, RoleName)>,
    made_by: Option<PersonId>,
}

impl Identity {
    /// Makes an organisation, with keys of its own.
    pub async fn create_organisation(&self, name: &str) -> Result<OrganisationId> {
        let name = organisation_name(name)?;
        let id = OrganisationId::new(self.next_id());
        // Keys first: an organisation without keys could take no data.
        self.keys().create(id.uuid()).await?;
        let mut transaction = self.store().begin().await?;
        self.insert_organisation(&mut transaction, id, name).await?;
        transaction.commit().await?;
        Ok(id)
    }

    pub(super) async fn insert_organisation(
        &self,
        transaction: &mut Transaction,
        id: OrganisationId,
        name: &str,
    ) -> Result<()> {
        sql("INSERT INTO organisations (id, name, created_at) VALUES ($1, $2, $3)")
            .bind(id)
            .bind(name)
            .bind(self.now())
            .execute(&mut *transaction)
            .await?;
        let context = AuditContext::system(self.clock().clone(), id.uuid(), "identity");
        let event = Event::new(Action::Create).entity("organisation").record(id);
        Ok(audit::append(transaction, &context, event).await?)
    }

    /// The organisation that was made first, of those that are not closed.
    pub async fn first_organisation(&self) -> Result<Option<OrganisationId>> {
        let row = sql("SELECT id FROM organisations WHERE closed_at IS NULL ORDER BY created_at, id LIMIT 1")
            .fetch_optional(self.store())
            .await?;
        Ok(row.map(|row| row.uuid("id")).transpose()?.map(OrganisationId::new))
    }

    /// A person who can sign in at once, for demo data and tests: password, and an authenticator whose
    /// secret the caller chose. The policy holds here too.
    pub async fn create_person(
        &self,
        organisation: OrganisationId,
        person: &NewPerson<'_>,
    ) -> Result<PersonId> {
        let email = parse_email(person.email)?;
        let name = parse_name(person.name)?;
        let role = self.declared(person.role)?;
        let password = Password::new(person.password);
        self.judge(&email, person.authenticator.is_some() || role.privileged, &password)?;
        let hash = self.hasher().hash(&password).await?;
        let index = self.email_index(&email).await?;
        let vault = self.vault().await?;
        let (id, now) = (PersonId::new(self.next_id()), self.now());
        let mut transaction = self.store().begin().await?;
        sql(
            "INSERT INTO people (id, email, email_index, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)",
        )
        .bind(id)
        .bind(vault.seal(Secret::Email, id.uuid(), email.as_str().as_bytes())?)
        .bind(index.0.as_slice())
        .bind(now)
        .execute(&mut transaction)
        .await?;
        self.store_password(&mut transaction, id, hash.as_str(), &password).await?;
        if let Some(name) = name {
            let sealed = vault.seal(Secret::DisplayName, id.uuid(), name.as_bytes())?;
            self.store_name(&mut transaction, id, Some(sealed)).await?;
        }
        if let Some(secret) = &person.authenticator {
            sql("INSERT INTO authenticators (person_id, secret, created_at, confirmed_at) VALUES ($1, $2, $3, $3)")
                .bind(id)
                .bind(vault.seal(Secret::Authenticator, id.uuid(), secret.as_bytes())?)
                .bind(now)
                .execute(&mut transaction)
                .await?;
        }
        self.insert_membership(
            &mut transaction,
            id,
            &Given { organisation, place: person.place, role, by: None },
        )
        .await?;
        let context = AuditContext::system(self.clock().clone(), organisation.uuid(), "seed");
        let event = Event::new(Action::Configure).entity("person").record(id).note("created");
        audit::append(&mut transaction, &context, event).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// The door of the binary's own subcommand: a first person for an organisation, who sets a password by
    /// the link. An address that has an account is given the role by its link too.
    pub async fn create_owner(&self, organisation: OrganisationId, email: &str, role: &str) -> Result<Link> {
        let email = parse_email(email)?;
        let role = self.declared(role)?;
        let context = AuditContext::system(self.clock().clone(), organisation.uuid(), "create-owner");
        let invitation = Invitation { email, role: role.into(), place: None };
        self.make_invitation(organisation, &invitation, None, &context).await
    }

    /// Invites an address into my organisation.
    pub async fn invite(&self, session: &Session, invitation: &Invitation) -> Result<Link> {
        self.may_administer_people(session)?;
        let organisation = session.principal().organisation();
        let me = session.principal().person();
        self.make_invitation(organisation, invitation, Some(me), &session.circumstances).await
    }

    async fn make_invitation(
        &self,
        organisation: OrganisationId,
        invitation: &Invitation,
        made_by: Option<PersonId>,
        context: &AuditContext,
    ) -> Result<Link> {
        let index = self.email_index(&invitation.email).await?;
        let vault = self.vault().await?;
        let (id, now) = (PersonId::new(self.next_id()), self.now());
        let mut transaction = self.store().begin().await?;
        sql("INSERT INTO people (id, email, email_index, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
             ON CONFLICT (email_index) DO NOTHING")
        .bind(id)
        .bind(vault.seal(Secret::Email, id.uuid(), invitation.email.as_str().as_bytes())?)
        .bind(index.0.as_slice())
        .bind(now)
        .execute(&mut transaction)
        .await?;
        let person = sql("SELECT id FROM people WHERE email_index = $1")
            .bind(index.0.as_slice())
            .fetch_one(&mut transaction)
            .await?;
        let person = PersonId::new(person.uuid("id")?);
        let membership = Some((organisation, invitation.place, invitation.role));
        let link = self.insert_link(&mut transaction, &NewLink { person, membership, made_by }).await?;
        let event = Event::new(Action::Configure).entity("person").record(person).note("invited");
        audit::append(&mut transaction, context, event).await?;
        transaction.commit().await?;
        Ok(link)
    }

    async fn insert_link(&self, transaction: &mut Transaction, link: &NewLink) -> Result<Link> {
        let (token, now) = (Token::random()?, self.now());
        let expires_at = now + self.settings().link_lifetime;
        let (organisation, place, role) = match link.membership {
            Some((organisation, place, role)) => (Some(organisation), place, Some(role.as_str())),
            None => (None, None, None),
        };
        sql("INSERT INTO one_time_links (id, token_hash, person_id, organisation_id, place_id, role, created_at,
                 created_by_id, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(self.next_id())
        .bind(token.hash().as_bytes())
        .bind(link.person)
        .bind(organisation)
        .bind(place)
        .bind(role)
        .bind(now)
        .bind(link.made_by)
        .bind(expires_at)
        .execute(transaction)
        .await?;
        Ok(Link { token, expires_at })
    }

    /// The people of my organisation: members, and those invited who have not come yet. At most 1,000, in
    /// the order of their joining.
    pub async fn people(&self, session: &Session) -> Result<Vec<Colleague>> {
        self.may_administer_people(session)?;
        let rows = sql("SELECT p.id, p.email, p.display_name, p.suspended_at, p.password_hash, a.confirmed_at,
                 m.id AS membership_id, m.role, m.place_id
             FROM people p
             LEFT JOIN authenticators a ON a.person_id = p.id
             LEFT JOIN memberships m ON m.person_id = p.id AND m.organisation_id = $1
             WHERE m.id IS NOT NULL OR EXISTS (SELECT 1 FROM one_time_links l
                 WHERE l.person_id = p.id AND l.organisation_id = $1 AND l.used_at IS NULL AND l.expires_at > $2)
             ORDER BY p.id, m.id LIMIT 1000")
        .bind(session.principal().organisation())
        .bind(self.now())
        .fetch_all(self.store())
        .await?;
        let people = self.colleagues(&rows).await?;
        let event =
            Event::new(Action::List).entity("person").records(people.iter().map(|person| person.id.uuid()));
        self.audit().read(&session.circumstances, event).await?;
        Ok(people)
    }

    async fn colleagues(&self, rows: &[Row]) -> Result<Vec<Colleague>> {
        let vault = self.vault().await?;
        let mut people: Vec<Colleague> = Vec::new();
        for row in rows {
            let id = PersonId::new(row.uuid("id")?);
            if people.last().is_none_or(|last| last.id != id) {
                let name = row.optional_bytes("display_name")?;
                // An invited person's name and second factor belong to them until they come.
                let member = row.optional_uuid("membership_id")?.is_some();
                people.push(Colleague {
                    id,
                    email: vault.open_email(id, row.bytes("email")?)?.as_str().to_owned(),
                    display_name: name
                        .filter(|_| member)
                        .map(|name| vault.open_text(Secret::DisplayName, id.uuid(), name))
                        .transpose()?,
                    memberships: Vec::new(),
                    second_factor: member && row.optional_timestamp("confirmed_at")?.is_some(),
                    suspended_at: row.optional_timestamp("suspended_at")?.filter(|_| member),
                    invited: !member || row.optional_text("password_hash")?.is_none(),
                });
            }
            if let (Some(person), Some(id)) = (people.last_mut(), row.optional_uuid("membership_id")?) {
                let place = row.optional_uuid("place_id")?.map(PlaceId::new);
                person.memberships.push(Membership { id, role: row.text("role")?, place });
            }
        }
        Ok(people)
    }

    /// Gives a member of my organisation a role more. Their sessions end: rights are new at a new sign-in.
    pub async fn give_role(
        &self,
        session: &Session,
        person: PersonId,
        role: &str,
        place: Option<PlaceId>,
    ) -> Result<()> {
        let (role, organisation) = (self.declared(role)?, self.of_my_organisation(session, person).await?);
        let mut transaction = self.store().begin().await?;
        self.insert_membership(
            &mut transaction,
            person,
            &Given { organisation, place, role, by: Some(session.principal().person()) },
        )
        .await?;
        self.changed(&mut transaction, session, person, Ended::RightsChanged, "role-given").await?;
        Ok(transaction.commit().await?)
    }

    /// Takes a role from somebody. The last who administers people in an organisation stays.
    pub async fn take_role(&self, session: &Session, person: PersonId, membership: Uuid) -> Result<()> {
        let organisation = self.of_my_organisation(session, person).await?;
        let mut transaction = self.store().begin().await?;
        // Two administrators who take each other's role at once: one waits here, and is then the last.
        sql("UPDATE organisations SET name = name WHERE id = $1")
            .bind(organisation)
            .execute(&mut transaction)
            .await?;
        let removed =
            sql("DELETE FROM memberships WHERE id = $1 AND person_id = $2 AND organisation_id = $3")
                .bind(membership)
                .bind(person)
                .bind(organisation)
                .execute(&mut transaction)
                .await?;
        if removed != 1 {
            return Err(IdentityError::NotFound);
        }
        if !self.is_administered(&mut transaction, organisation).await? {
            return Err(IdentityError::Conflict("somebody must stay who administers people"));
        }
        self.changed(&mut transaction, session, person, Ended::RightsChanged, "role-taken").await?;
        Ok(transaction.commit().await?)
    }

    /// Suspends an account, or lifts the suspension. Only of a person who works nowhere else.
    pub async fn suspend(&self, session: &Session, person: PersonId, suspended: bool) -> Result<()> {
        let organisation = self.of_my_organisation(session, person).await?;
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
        self.of_my_organisation(session, person).await?;
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
        let organisation = self.of_my_organisation(session, person).await?;
        self.works_only_here(person, organisation).await?;
        let made_by = Some(session.principal().person());
        let mut transaction = self.store().begin().await?;
        let link = self.insert_link(&mut transaction, &NewLink { person, membership: None, made_by }).await?;
        let event = Event::new(Action::Configure).entity("person").record(person).note("password-link");
        audit::append(&mut transaction, &session.circumstances, event).await?;
        transaction.commit().await?;
        Ok(link)
    }

    /// Makes somebody a member; who has the role there already keeps it.
    pub(super) async fn insert_membership(
        &self,
        transaction: &mut Transaction,
        person: PersonId,
        given: &Given,
    ) -> Result<()> {
        sql("INSERT INTO memberships (id, person_id, organisation_id, place_id, role, created_at, created_by_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING")
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

    fn may_administer_people(&self, session: &Session) -> Result<()> {
        let may = self.settings().roles.any_administers_people(session.principal().roles());
        if may { Ok(()) } else { Err(IdentityError::Forbidden) }
    }

    /// The caller administers people, the person belongs to the caller's organisation, and is not the
    /// caller: nobody changes their own rights.
    async fn of_my_organisation(&self, session: &Session, person: PersonId) -> Result<OrganisationId> {
        self.may_administer_people(session)?;
        let organisation = session.principal().organisation();
        sql("SELECT 1 AS one FROM memberships WHERE person_id = $1 AND organisation_id = $2 LIMIT 1")
            .bind(person)
            .bind(organisation)
            .fetch_optional(self.store())
            .await?
            .ok_or(IdentityError::NotFound)?;
        if person == session.principal().person() {
            return Err(IdentityError::Conflict("another administrator has to change your own account"));
        }
        Ok(organisation)
    }

    async fn works_only_here(&self, person: PersonId, organisation: OrganisationId) -> Result<()> {
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

    async fn is_administered(
        &self,
        transaction: &mut Transaction,
        organisation: OrganisationId,
    ) -> Result<bool> {
        let rows = sql("SELECT DISTINCT m.role FROM memberships m JOIN people p ON p.id = m.person_id
             WHERE m.organisation_id = $1 AND p.suspended_at IS NULL")
        .bind(organisation)
        .fetch_all(transaction)
        .await?;
        let mut roles = Vec::new();
        for row in rows {
            roles.extend(self.settings().roles.find(&row.text("role")?).map(RoleName::from));
        }
        Ok(self.settings().roles.any_administers_people(&roles))
    }

    pub(super) fn declared(&self, role: &str) -> Result<&'static Role> {
        let unknown = IdentityError::Invalid { field: "role", reason: "choose one of the app's roles" };
        self.settings().roles.find(role).ok_or(unknown)
    }
}

/// An address of a request.
/// An organisation's name as it is kept: not empty, at most 200 characters.
pub(super) fn organisation_name(text: &str) -> Result<&str> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > 200 {
        return Err(IdentityError::Invalid { field: "organisation", reason: "give the organisation a name" });
    }
    Ok(name)
}

pub(super) fn parse_email(text: &str) -> Result<EmailAddress> {
    let reason = "write an e-mail address such as name@example.org";
    EmailAddress::parse(text).map_err(|_| IdentityError::Invalid { field: "email", reason })
}

/// A display name of a request: at most 100 characters, one line.
pub(super) fn parse_name(text: &str) -> Result<Option<Zeroizing<String>>> {
    let name = text.trim();
    if name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(IdentityError::Invalid {
            field: "display_name",
            reason: "use at most 100 characters on one line",
        });
    }
    Ok((!name.is_empty()).then(|| Zeroizing::new(name.to_owned())))
}
