//! Passwords of accounts: set by a one-time link, proved, changed; and the profile beside them.

use time::OffsetDateTime;

use super::email::EmailAddress;
use super::error::{IdentityError, Result};
use super::memberships::Given;
use super::names::{OrganisationId, PersonId, PlaceId, RoleName};
use super::people::{organisation_name, parse_email, parse_name};
use super::policy::{Password, PasswordPolicy, SHORTEST_ALONE};
use super::principal::SessionRow;
use super::second_factor::SecondFactor;
use super::secret::Token;
use super::service::{Identity, Secret, Visit};
use super::sessions::Ended;
use super::settings::SignUp;
use crate::audit::{self, Action, AuditContext, Event, Outcome};
use crate::store::{Transaction, sql};

/// All that the app keeps about me as an account (CC-11).
#[derive(Clone, Debug, serde::Serialize)]
pub struct Profile {
    /// Me.
    pub id: PersonId,
    /// My address.
    pub email: String,
    /// My name, if I gave one.
    pub display_name: Option<String>,
    /// Since when the account stands.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When the password was last changed.
    #[serde(with = "time::serde::rfc3339::option")]
    pub password_changed_at: Option<OffsetDateTime>,
    /// My second factor.
    pub second_factor: SecondFactor,
}

/// A link that was looked up, and not used yet.
struct LinkRow {
    person: PersonId,
    email: EmailAddress,
    has_password: bool,
    membership: Option<(OrganisationId, Option<PlaceId>, String)>,
    founds: bool,
}

impl Identity {
    /// Uses a one-time link (CL-5, CF-16). A new person, or one whose link is for the password, sets the
    /// password; a person with an account proves theirs and joins. Then they sign in as everybody does.
    pub async fn accept(
        &self,
        token: &Token,
        password: &str,
        name: Option<&str>,
        visit: &Visit,
    ) -> Result<()> {
        self.knock(visit)?;
        let name = name.map(parse_name).transpose()?.flatten();
        let link = self.link(token).await?;
        let password = Password::new(password);
        let hash = if link.has_password && link.membership.is_some() {
            self.prove(link.person, &password, visit).await?;
            None
        } else {
            let second_factor = self.works_with_second_factor(&link).await?;
            self.judge(&link.email, second_factor, &password)?;
            Some(self.hasher().hash(&password).await?)
        };
        let vault = self.vault().await?;
        let now = self.now();
        let mut transaction = match &link.membership {
            Some((organisation, ..)) => self.begin_in(*organisation, Some(link.person)).await?,
            None => self.store().begin().await?,
        };
        let used = sql("UPDATE one_time_links SET used_at = $2
             WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2")
        .bind(token.hash().as_bytes())
        .bind(now)
        .execute(&mut transaction)
        .await?;
        if used != 1 {
            return Err(IdentityError::LinkSpent);
        }
        if let Some(hash) = hash {
            self.store_password(&mut transaction, link.person, hash.as_str(), &password).await?;
            self.end_others(&mut transaction, link.person, None, Ended::CredentialsChanged).await?;
            self.tell(&mut transaction, link.person, "password-set", visit).await?;
        }
        if let Some(name) = name {
            let sealed = vault.seal(Secret::DisplayName, link.person.uuid(), name.as_bytes())?;
            self.store_name(&mut transaction, link.person, Some(sealed)).await?;
        }
        if let Some((organisation, place, role)) = link.membership {
            // The role as it was offered; one that the app no longer declares, or whose place was closed, gives nothing.
            let role = self.declared(&role).map_err(|_| IdentityError::LinkSpent)?;
            if !is_open(&mut transaction, place).await? {
                return Err(IdentityError::LinkSpent);
            }
            let mut given = Given { organisation, place, role, by: None };
            self.insert_membership(&mut transaction, link.person, &given).await?;
            if link.founds {
                given.place = None;
                self.insert_membership(&mut transaction, link.person, &given).await?;
            }
            self.end_others(&mut transaction, link.person, None, Ended::RightsChanged).await?;
            let context = self.context(visit, organisation, Some(link.person), None);
            let event = Event::new(Action::Configure).entity("person").record(link.person).note("joined");
            audit::append(&mut transaction, &context, event).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// The address that an unused link is for, to show it on its page.
    pub async fn link_email(&self, token: &Token, visit: &Visit) -> Result<(EmailAddress, bool)> {
        self.knock(visit)?;
        let link = self.link(token).await?;
        Ok((link.email, link.has_password && link.membership.is_some()))
    }

    /// A stranger makes an account, where the app declares a role for it; `organisation` is the name of the
    /// one that they found, where they found one. An address that has an account gets the same answer after
    /// the same work, and nothing of it is changed.
    pub async fn sign_up(
        &self,
        email: &str,
        password: &str,
        name: Option<&str>,
        organisation: Option<&str>,
        visit: &Visit,
    ) -> Result<()> {
        let sign_up = self.settings().sign_up.ok_or(IdentityError::NotFound)?;
        self.knock(visit)?;
        let role = self.declared(sign_up.role())?;
        let founded = match sign_up {
            SignUp::Joins(_) => None,
            SignUp::Founds(_) => Some(organisation_name(organisation.unwrap_or_default())?),
        };
        let (email, name) = (parse_email(email)?, name.map(parse_name).transpose()?.flatten());
        let password = Password::new(password);
        self.judge(&email, role.needs_second_factor(), &password)?;
        let hash = self.hasher().hash(&password).await?;
        let organisation = match founded {
            None => self.first_organisation().await?.ok_or(IdentityError::NotFound)?,
            // Keys first, since an organisation without keys could take no data. Where the address turns out
            // to be taken, keys of nothing are left, as after a crash between the two.
            Some(_) => {
                let id = OrganisationId::new(self.next_id());
                self.keys().create(id.uuid()).await?;
                id
            }
        };
        let index = self.email_index(&email).await?;
        let vault = self.vault().await?;
        let (person, now) = (PersonId::new(self.next_id()), self.now());
        let mut transaction = self.begin_in(organisation, Some(person)).await?;
        let made = sql("INSERT INTO people (id, email, email_index, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $4) ON CONFLICT (email_index) DO NOTHING")
        .bind(person)
        .bind(vault.seal(Secret::Email, person.uuid(), email.as_str().as_bytes())?)
        .bind(index.0.as_slice())
        .bind(now)
        .execute(&mut transaction)
        .await?;
        // Where the address is taken, nobody of this id is there, and what follows writes nothing: the same statements, so
        // that the time they take does not tell.
        let is_new = made == 1;
        if let Some(name) = founded {
            self.found(&mut transaction, organisation, name, person).await?;
        }
        self.store_password(&mut transaction, person, hash.as_str(), &password).await?;
        if let Some(name) = name {
            let sealed = vault.seal(Secret::DisplayName, person.uuid(), name.as_bytes())?;
            self.store_name(&mut transaction, person, Some(sealed)).await?;
        }
        self.insert_membership(
            &mut transaction,
            person,
            &Given { organisation, place: None, role, by: None },
        )
        .await?;
        let event = Event::new(Action::Configure).entity("person");
        let event =
            if is_new { event.record(person).note("signed-up") } else { event.note("sign-up-refused") };
        // An organisation that was not founded has no log.
        let place = if is_new || founded.is_none() { organisation } else { OrganisationId::ENVIRONMENT };
        let context = AuditContext::system(self.clock().clone(), place.uuid(), "sign-up");
        audit::append(&mut transaction, &context, event).await?;
        Ok(transaction.commit().await?)
    }

    /// Founds an organisation for somebody who has just come; for nobody, nothing is founded, and that is an event, too.
    async fn found(
        &self,
        transaction: &mut Transaction,
        id: OrganisationId,
        name: &str,
        person: PersonId,
    ) -> Result<()> {
        let made = sql("INSERT INTO organisations (id, name, created_at)
             SELECT $1, $2, $3 FROM people WHERE id = $4")
        .bind(id)
        .bind(name)
        .bind(self.now())
        .bind(person)
        .execute(&mut *transaction)
        .await?;
        let event = Event::new(Action::Create).entity("organisation");
        let (place, event) = match made {
            1 => (id, event.record(id)),
            _ => (OrganisationId::ENVIRONMENT, event.outcome(Outcome::Denied)),
        };
        let context = AuditContext::system(self.clock().clone(), place.uuid(), "identity");
        Ok(audit::append(transaction, &context, event).await?)
    }

    /// Changes my password, after the one in use. Every other session of mine ends.
    pub async fn change_password(
        &self,
        session: &SessionRow,
        current: &str,
        new: &str,
        visit: &Visit,
    ) -> Result<()> {
        self.prove_password(session, current, visit).await?;
        let person = session.principal.person();
        let profile = self.profile(session).await?;
        let email = EmailAddress::parse(&profile.email).map_err(|_| IdentityError::Failed)?;
        let new = Password::new(new);
        self.judge(&email, profile.second_factor.enrolled_at.is_some(), &new)?;
        let hash = self.hasher().hash(&new).await?;
        let mut transaction = self.store().begin().await?;
        self.store_password(&mut transaction, person, hash.as_str(), &new).await?;
        self.end_others(&mut transaction, person, Some(session.id), Ended::CredentialsChanged).await?;
        self.tell(&mut transaction, person, "password-changed", visit).await?;
        Ok(transaction.commit().await?)
    }

    /// My account.
    pub async fn profile(&self, session: &SessionRow) -> Result<Profile> {
        let person = session.principal.person();
        let row =
            sql("SELECT email, display_name, created_at, password_changed_at FROM people WHERE id = $1")
                .bind(person)
                .fetch_optional(self.store())
                .await?
                .ok_or(IdentityError::SignedOut)?;
        let vault = self.vault().await?;
        let name = row.optional_bytes("display_name")?;
        Ok(Profile {
            id: person,
            email: vault.open_email(person, row.bytes("email")?)?.as_str().to_owned(),
            display_name: name
                .map(|name| vault.open_text(Secret::DisplayName, person.uuid(), name))
                .transpose()?,
            created_at: row.timestamp("created_at")?,
            password_changed_at: row.optional_timestamp("password_changed_at")?,
            second_factor: self.second_factor_of(person).await?,
        })
    }

    /// Changes my name; an empty one takes it away.
    pub async fn rename(&self, session: &SessionRow, name: &str, visit: &Visit) -> Result<()> {
        let person = session.principal.person();
        let name = parse_name(name)?;
        let vault = self.vault().await?;
        let sealed =
            name.map(|name| vault.seal(Secret::DisplayName, person.uuid(), name.as_bytes())).transpose()?;
        let mut transaction = self.store().begin().await?;
        self.store_name(&mut transaction, person, sealed).await?;
        self.tell(&mut transaction, person, "renamed", visit).await?;
        Ok(transaction.commit().await?)
    }

    /// Proves the password of somebody who is signed in; it counts towards the lock as at sign-in.
    pub(super) async fn prove_password(
        &self,
        session: &SessionRow,
        password: &str,
        visit: &Visit,
    ) -> Result<()> {
        self.knock(visit)?;
        self.prove(session.principal.person(), &Password::new(password), visit).await
    }

    async fn prove(&self, person: PersonId, password: &Password, visit: &Visit) -> Result<()> {
        let known = self.known_by_id(person).await?.ok_or(IdentityError::SignedOut)?;
        let reserved = self.reserve(known.account, visit).await?;
        if !self.hasher().verify(password, known.password.as_ref()).await?.matches {
            return Err(self.failed(Some(person), reserved, "password", visit).await?);
        }
        self.give_back(known.account, visit).await
    }

    pub(super) fn judge(&self, email: &EmailAddress, second_factor: bool, password: &Password) -> Result<()> {
        let context = [self.settings().app_name.as_str()];
        let faults = PasswordPolicy { email, context: &context, second_factor }.faults(password);
        if faults.is_empty() { Ok(()) } else { Err(IdentityError::Password(faults)) }
    }

    /// Twelve characters suffice for who has a second factor, or must enrol one at the next sign-in.
    async fn works_with_second_factor(&self, link: &LinkRow) -> Result<bool> {
        let known = self.known_by_id(link.person).await?.ok_or(IdentityError::LinkSpent)?;
        let mut roles: Vec<RoleName> = known.roles.iter().map(|(_, role)| *role).collect();
        if let Some((_, _, role)) = &link.membership {
            roles.extend(self.settings().roles.find(role).map(RoleName::from));
        }
        Ok(known.has_authenticator || self.settings().roles.any_with_second_factor(&roles))
    }

    async fn link(&self, token: &Token) -> Result<LinkRow> {
        let row = sql(
            "SELECT l.person_id, l.organisation_id, l.place_id, l.role, l.founds, p.email, p.password_hash
             FROM one_time_links l JOIN people p ON p.id = l.person_id AND p.suspended_at IS NULL
             WHERE l.token_hash = $1 AND l.used_at IS NULL AND l.expires_at > $2",
        )
        .bind(token.hash().as_bytes())
        .bind(self.now())
        .fetch_optional(self.store())
        .await?
        .ok_or(IdentityError::LinkSpent)?;
        let person = PersonId::new(row.uuid("person_id")?);
        let place = row.optional_uuid("place_id")?.map(PlaceId::new);
        let organisation = row.optional_uuid("organisation_id")?.map(OrganisationId::new);
        Ok(LinkRow {
            person,
            email: self.vault().await?.open_email(person, row.bytes("email")?)?,
            has_password: row.optional_text("password_hash")?.is_some(),
            membership: organisation
                .zip(row.optional_text("role")?)
                .map(|(organisation, role)| (organisation, place, role)),
            founds: row.boolean("founds")?,
        })
    }

    pub(super) async fn store_password(
        &self,
        transaction: &mut Transaction,
        person: PersonId,
        hash: &str,
        password: &Password,
    ) -> Result<()> {
        sql("UPDATE people SET password_hash = $2, password_changed_at = $3, password_stands_alone = $4,
                 updated_at = $3 WHERE id = $1")
        .bind(person)
        .bind(hash)
        .bind(self.now())
        .bind(password.characters() >= SHORTEST_ALONE)
        .execute(transaction)
        .await?;
        Ok(())
    }

    pub(super) async fn store_name(
        &self,
        transaction: &mut Transaction,
        person: PersonId,
        sealed: Option<Vec<u8>>,
    ) -> Result<()> {
        sql("UPDATE people SET display_name = $2, updated_at = $3 WHERE id = $1")
            .bind(person)
            .bind(sealed)
            .bind(self.now())
            .execute(transaction)
            .await?;
        Ok(())
    }
}

/// Whether people may have roles at a place: it is open, or it is the whole organisation.
async fn is_open(transaction: &mut Transaction, place: Option<PlaceId>) -> Result<bool> {
    let Some(place) = place else { return Ok(true) };
    let open = sql("SELECT 1 AS one FROM places WHERE id = $1 AND closed_at IS NULL")
        .bind(place)
        .fetch_optional(transaction)
        .await?;
    Ok(open.is_some())
}
