//! Invitations: one-time links by which people enter an organisation, or set a new password.
//!
//! There is no open sign-up unless the app declares a role for it. A person enters by a one-time link:
//! 256 random bits, kept as a hash, used once, expiring. Whoever invites an address learns nothing of
//! whether it has an account elsewhere: the link looks the same, and an existing person proves their own
//! password with it. Nobody invites to more than they hold, and who invites to a privileged role shows anew
//! who they are.

use time::OffsetDateTime;
use uuid::Uuid;

use super::attempts::AttemptKey;
use super::email::EmailAddress;
use super::error::{IdentityError, Result};
use super::names::{OrganisationId, PersonId, PlaceId, Role, RoleName};
use super::people::parse_email;
use super::principal::Session;
use super::secret::Token;
use super::service::{Identity, Secret, Vault};
use crate::audit::{self, Action, AuditContext, Event};
use crate::store::{Statement, Transaction, sql};

/// Whom to invite, and as what.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Their address.
    pub email: EmailAddress,
    /// Their role.
    pub role: RoleName,
    /// The place of the role; none for one in the whole organisation.
    pub place: Option<PlaceId>,
}

/// A one-time link that was just made; its token is shown once.
#[derive(Clone, Debug)]
pub struct Link {
    /// The secret, which stands in the address of the page `/welcome/{token}`.
    pub token: Token,
    /// When it stops working.
    pub expires_at: OffsetDateTime,
}

/// An invitation that is written by another part, in one transaction with what it belongs to.
#[derive(Debug)]
pub struct Draft {
    /// Who is invited.
    pub person: PersonId,
    /// The link, which works once [`Draft::statement`] is committed.
    pub link: Link,
    /// Writes the link.
    pub statement: Statement,
}

/// What a new link leads to.
pub(super) struct NewLink {
    pub(super) person: PersonId,
    pub(super) membership: Option<(OrganisationId, Option<PlaceId>, RoleName)>,
    pub(super) made_by: Option<PersonId>,
    /// Whether the person administers the whole organisation besides.
    pub(super) founds: bool,
}

impl Identity {
    /// The door of the binary's own subcommand: a first person for an organisation, who sets a password by
    /// the link. An address that has an account is given the role by its link too. Where the role is one of
    /// places, the first place is called as the organisation.
    pub async fn create_owner(&self, organisation: OrganisationId, email: &str, role: &str) -> Result<Link> {
        self.create_owner_at(organisation, email, role, None).await
    }

    /// The same, with the name of the first place, which is made if there is none. Whoever administers people there
    /// administers those of the whole organisation, too.
    pub async fn create_owner_at(
        &self,
        organisation: OrganisationId,
        email: &str,
        role: &str,
        place: Option<&str>,
    ) -> Result<Link> {
        let email = parse_email(email)?;
        let role = self.declared(role)?;
        let context = AuditContext::system(self.clock().clone(), organisation.uuid(), "create-owner");
        let at = match role.place {
            None => None,
            Some(kind) => {
                let name = match place {
                    Some(name) => name.to_owned(),
                    None => self.organisation_name(organisation).await?,
                };
                Some(self.first_place(organisation, kind, &name).await?)
            }
        };
        let person = self.invited(&email, organisation, None, &context).await?;
        let membership = Some((organisation, at, role.into()));
        let founds = at.is_some() && role.administers_people();
        let (link, statement) = self.new_link(&NewLink { person, membership, made_by: None, founds })?;
        statement.execute(self.store()).await?;
        Ok(link)
    }

    /// An invitation as a request words it.
    pub fn invitation(&self, email: &str, role: &str, place: Option<PlaceId>) -> Result<Invitation> {
        Ok(Invitation { email: parse_email(email)?, role: self.declared(role)?.into(), place })
    }

    /// Invites an address into my organisation.
    pub async fn invite(&self, session: &Session, invitation: &Invitation) -> Result<Link> {
        let draft = self.draft_invitation(session, invitation).await?;
        draft.statement.execute(self.store()).await?;
        Ok(draft.link)
    }

    /// An invitation that the caller writes together with what it belongs to, such as the record that the person is.
    pub async fn draft_invitation(&self, session: &Session, invitation: &Invitation) -> Result<Draft> {
        let role = self.declared(invitation.role.as_str())?;
        self.may_give(session, role, invitation.place).await?;
        self.drafted(session, invitation).await
    }

    /// An invitation of somebody whom a person trusts with something of their own, written together with the permission
    /// that says with what. It asks for no power over people; so only a role that gives nothing by itself is given so.
    pub async fn draft_delegation(&self, session: &Session, invitation: &Invitation) -> Result<Draft> {
        let role = self.declared(invitation.role.as_str())?;
        if !role.delegated || role.privileged || !role.administers.is_empty() || invitation.place.is_some() {
            return Err(IdentityError::Forbidden);
        }
        self.drafted(session, invitation).await
    }

    async fn drafted(&self, session: &Session, invitation: &Invitation) -> Result<Draft> {
        let (organisation, me) = (session.principal().organisation(), session.principal().person());
        let person = self.invited(&invitation.email, organisation, Some(me), &session.circumstances).await?;
        let membership = Some((organisation, invitation.place, invitation.role));
        let link = NewLink { person, membership, made_by: Some(me), founds: false };
        let (link, statement) = self.new_link(&link)?;
        Ok(Draft { person, link, statement })
    }

    /// Takes back an invitation that nobody has used yet.
    pub async fn withdraw(&self, session: &Session, invitation: Uuid) -> Result<()> {
        let administration = self.administration(session).await?;
        let organisation = session.principal().organisation();
        let row = sql("SELECT person_id, role, place_id FROM one_time_links
             WHERE id = $1 AND organisation_id = $2 AND used_at IS NULL")
        .bind(invitation)
        .bind(organisation)
        .fetch_optional(self.store())
        .await?
        .ok_or(IdentityError::NotFound)?;
        let place = row.optional_uuid("place_id")?.map(PlaceId::new);
        if !self.sees(&administration, &row.text("role")?, place) {
            return Err(IdentityError::NotFound);
        }
        let person = row.uuid("person_id")?;
        let mut transaction = self.store().begin().await?;
        let removed = sql("DELETE FROM one_time_links WHERE id = $1 AND used_at IS NULL")
            .bind(invitation)
            .execute(&mut transaction)
            .await?;
        if removed != 1 {
            return Err(IdentityError::NotFound);
        }
        let event =
            Event::new(Action::Configure).entity("person").record(person).note("invitation-withdrawn");
        audit::append(&mut transaction, &session.circumstances, event).await?;
        Ok(transaction.commit().await?)
    }

    /// Whether I may give this role at this place: I hold as much, the place is one where it is had, and, for a
    /// privileged role, I showed a moment ago who I am.
    pub(super) async fn may_give(
        &self,
        session: &Session,
        role: &'static Role,
        place: Option<PlaceId>,
    ) -> Result<()> {
        let administration = self.administration(session).await?;
        self.is_at_its_place(session.principal().organisation(), role, place).await?;
        if !administration.covers(role, place) {
            return Err(IdentityError::Forbidden);
        }
        if role.privileged { self.proved_lately(session) } else { Ok(()) }
    }

    /// A role of places is had at an open place of its kind; who administers people may have it without one, and
    /// then appoints others. A role in the whole organisation is had at no place.
    async fn is_at_its_place(
        &self,
        organisation: OrganisationId,
        role: &Role,
        place: Option<PlaceId>,
    ) -> Result<()> {
        let wrong = |reason| Err(IdentityError::Invalid { field: "place", reason });
        match (role.place, place) {
            (None, None) => Ok(()),
            (None, Some(_)) => wrong("this role is one in the whole organisation; choose no place"),
            (Some(_), None) if role.administers_people() => Ok(()),
            (Some(_), None) => wrong("choose the place where the person has this role"),
            (Some(kind), Some(place)) => {
                let found = sql("SELECT 1 AS one FROM places
                     WHERE id = $1 AND organisation_id = $2 AND kind = $3 AND closed_at IS NULL")
                .bind(place)
                .bind(organisation)
                .bind(kind)
                .fetch_optional(self.store())
                .await?;
                match found {
                    Some(_) => Ok(()),
                    None => wrong("choose an open place where this role is had"),
                }
            }
        }
    }

    /// The person of an address, made if there is none, with the event that they were invited.
    async fn invited(
        &self,
        email: &EmailAddress,
        organisation: OrganisationId,
        made_by: Option<PersonId>,
        context: &AuditContext,
    ) -> Result<PersonId> {
        let (index, vault) = (self.email_index(email).await?, self.vault().await?);
        let mut transaction = self.begin_in(organisation, made_by).await?;
        let (person, _) = self.at_address(&mut transaction, email, index, &vault).await?;
        let event = Event::new(Action::Configure).entity("person").record(person).note("invited");
        audit::append(&mut transaction, context, event).await?;
        transaction.commit().await?;
        Ok(person)
    }

    /// The person of an address, and whether they were made just now.
    pub(super) async fn at_address(
        &self,
        transaction: &mut Transaction,
        email: &EmailAddress,
        index: AttemptKey,
        vault: &Vault,
    ) -> Result<(PersonId, bool)> {
        let id = PersonId::new(self.next_id());
        let made = sql(
            "INSERT INTO people (id, email, email_index, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
             ON CONFLICT (email_index) DO NOTHING",
        )
        .bind(id)
        .bind(vault.seal(Secret::Email, id.uuid(), email.as_str().as_bytes())?)
        .bind(index.0.as_slice())
        .bind(self.now())
        .execute(&mut *transaction)
        .await?;
        let person = sql("SELECT id FROM people WHERE email_index = $1")
            .bind(index.0.as_slice())
            .fetch_one(transaction)
            .await?;
        Ok((PersonId::new(person.uuid("id")?), made == 1))
    }

    /// A link, and the statement that makes it work.
    pub(super) fn new_link(&self, link: &NewLink) -> Result<(Link, Statement)> {
        let (token, now) = (Token::random()?, self.now());
        let expires_at = now + self.settings().link_lifetime;
        let (organisation, place, role) = match link.membership {
            Some((organisation, place, role)) => (Some(organisation), place, Some(role.as_str())),
            None => (None, None, None),
        };
        let statement = sql("INSERT INTO one_time_links (id, token_hash, person_id, organisation_id, place_id, role,
                 created_at, created_by_id, expires_at, founds) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
        .bind(self.next_id())
        .bind(token.hash().as_bytes())
        .bind(link.person)
        .bind(organisation)
        .bind(place)
        .bind(role)
        .bind(now)
        .bind(link.made_by)
        .bind(expires_at)
        .bind(link.founds);
        Ok((Link { token, expires_at }, statement))
    }
}
