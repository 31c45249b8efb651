//! Organisations, the people in them, and who sees whom among those who administer people.
//!
//! Administrators act within their own organisation only, and see there whom they administer
//! ([`super::administration`]): the owner of one clinic learns nothing of another's patients, not even that
//! they have an account (CL-1).

use std::collections::HashMap;

use time::OffsetDateTime;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::administration::Administration;
use super::email::EmailAddress;
use super::error::{IdentityError, Result};
use super::memberships::Given;
use super::names::{OrganisationId, PersonId, PlaceId, Role};
use super::policy::Password;
use super::principal::Session;
use super::service::{Identity, Secret};
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
    /// Their roles here, as far as I administer them.
    pub memberships: Vec<Membership>,
    /// Roles that they were invited to and have not taken yet.
    pub invitations: Vec<Pending>,
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
    /// The place; none in the whole organisation.
    pub place: Option<PlaceId>,
}

/// An invitation that has not been taken yet.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Pending {
    /// Its id, by which it is withdrawn.
    pub id: Uuid,
    /// The role that it offers.
    pub role: String,
    /// The place of the role; none in the whole organisation.
    pub place: Option<PlaceId>,
    /// When it stops working.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
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
        self.judge(&email, person.authenticator.is_some() || role.needs_second_factor(), &password)?;
        let hash = self.hasher().hash(&password).await?;
        let index = self.email_index(&email).await?;
        let vault = self.vault().await?;
        let (id, now) = (PersonId::new(self.next_id()), self.now());
        let mut transaction = self.begin_in(organisation, None).await?;
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

    /// The people of my organisation whom I administer: members, and those invited who have not come yet. At most
    /// 1,000, in the order of their joining.
    pub async fn people(&self, session: &Session) -> Result<Vec<Colleague>> {
        let administration = self.administration(session).await?;
        let organisation = session.principal().organisation();
        let invited = self.invitations(session, &administration).await?;
        let rows = sql("SELECT p.id, p.email, p.display_name, p.suspended_at, p.password_hash, a.confirmed_at,
                 m.id AS membership_id, m.role, m.place_id
             FROM people p
             LEFT JOIN authenticators a ON a.person_id = p.id
             LEFT JOIN memberships m ON m.person_id = p.id AND m.organisation_id = $1
             WHERE m.id IS NOT NULL OR EXISTS (SELECT 1 FROM one_time_links l
                 WHERE l.person_id = p.id AND l.organisation_id = $1 AND l.used_at IS NULL AND l.expires_at > $2)
             ORDER BY p.id, m.id LIMIT 1000")
        .bind(organisation)
        .bind(self.now())
        .fetch_all(self.store())
        .await?;
        let people = self.colleagues(&rows, &administration, invited).await?;
        let event =
            Event::new(Action::List).entity("person").records(people.iter().map(|person| person.id.uuid()));
        self.audit().read(&session.circumstances, event).await?;
        Ok(people)
    }

    /// The open invitations that I could have made, by person.
    async fn invitations(
        &self,
        session: &Session,
        administration: &Administration,
    ) -> Result<HashMap<PersonId, Vec<Pending>>> {
        let rows = sql("SELECT id, person_id, role, place_id, expires_at FROM one_time_links
             WHERE organisation_id = $1 AND used_at IS NULL AND expires_at > $2 ORDER BY id")
        .bind(session.principal().organisation())
        .bind(self.now())
        .fetch_all(self.store())
        .await?;
        let mut invited: HashMap<PersonId, Vec<Pending>> = HashMap::new();
        for row in rows {
            let pending = Pending {
                id: row.uuid("id")?,
                role: row.text("role")?,
                place: row.optional_uuid("place_id")?.map(PlaceId::new),
                expires_at: row.timestamp("expires_at")?,
            };
            if self.sees(administration, &pending.role, pending.place) {
                invited.entry(PersonId::new(row.uuid("person_id")?)).or_default().push(pending);
            }
        }
        Ok(invited)
    }

    /// A role that the app no longer declares is shown to who administers the whole organisation.
    pub(super) fn sees(&self, administration: &Administration, role: &str, place: Option<PlaceId>) -> bool {
        match self.settings().roles.find(role) {
            Some(role) => administration.covers(role, place),
            None => administration.is_wide(),
        }
    }

    async fn colleagues(
        &self,
        rows: &[Row],
        administration: &Administration,
        mut invited: HashMap<PersonId, Vec<Pending>>,
    ) -> Result<Vec<Colleague>> {
        let vault = self.vault().await?;
        let mut people = Vec::new();
        for of_one in rows.chunk_by(|one, next| one.uuid("id").ok() == next.uuid("id").ok()) {
            let [row, ..] = of_one else { continue };
            let id = PersonId::new(row.uuid("id")?);
            let mut memberships = Vec::new();
            for row in of_one {
                if let Some(id) = row.optional_uuid("membership_id")? {
                    let place = row.optional_uuid("place_id")?.map(PlaceId::new);
                    memberships.push(Membership { id, role: row.text("role")?, place });
                }
            }
            memberships.retain(|held| self.sees(administration, &held.role, held.place));
            let invitations = invited.remove(&id).unwrap_or_default();
            if memberships.is_empty() && invitations.is_empty() {
                continue;
            }
            // An invited person's name and second factor belong to them until they come.
            let member = !memberships.is_empty();
            let name = row.optional_bytes("display_name")?.filter(|_| member);
            people.push(Colleague {
                id,
                email: vault.open_email(id, row.bytes("email")?)?.as_str().to_owned(),
                display_name: name
                    .map(|name| vault.open_text(Secret::DisplayName, id.uuid(), name))
                    .transpose()?,
                memberships,
                invitations,
                second_factor: member && row.optional_timestamp("confirmed_at")?.is_some(),
                suspended_at: row.optional_timestamp("suspended_at")?.filter(|_| member),
                invited: !member || row.optional_text("password_hash")?.is_none(),
            });
        }
        Ok(people)
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
