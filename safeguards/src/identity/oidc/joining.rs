//! Who comes from the provider is known by its subject, else found by a verified address, else made; and has the roles that
//! their groups give.

use super::ProviderError;
use super::id_token::IdClaims;
use super::provider::Provider;
use crate::audit::{self, Action, AuditContext, Event};
use crate::identity::email::EmailAddress;
use crate::identity::error::{IdentityError, Result};
use crate::identity::memberships::Given;
use crate::identity::names::{OrganisationId, PersonId, Role};
use crate::identity::secret::Token;
use crate::identity::service::{Identity, Secret, Visit};
use crate::identity::sessions::Ended;
use crate::identity::sign_in::{Door, Next, Ticket};
use crate::store::{Transaction, sql};

/// The longest name that is kept of somebody, in characters.
const LONGEST_NAME: usize = 100;

/// How a person of the provider is found again: blind indexes, since a subject may be an address.
pub(super) struct Subject {
    pub(super) subject: [u8; 32],
    pub(super) session: Option<[u8; 32]>,
}

impl Identity {
    /// Who these claims are about goes on to the next step, as after a right password.
    pub(super) async fn enter_by(
        &self,
        provider: &Provider,
        claims: &IdClaims,
        visit: &Visit,
    ) -> Result<Next> {
        let organisation = self.first_organisation().await?.ok_or(ProviderError::NoRole)?;
        let roles = self.roles_by(provider, claims)?;
        let subject = self.subject(provider, Some(&claims.sub), claims.sid.as_deref()).await?;
        let subject = subject.ok_or(ProviderError::NotBelieved("sso-token"))?;
        let person = match self.person_of(&subject).await? {
            Some(person) => person,
            None => self.join(claims, &subject, organisation, visit).await?,
        };
        self.keep_roles(person, organisation, &roles, visit).await?;
        let known = self.known_by_id(person).await?.filter(|known| !known.suspended);
        let known = known.ok_or(IdentityError::Wrong)?;
        let second_factor_at = claims.had_second_factor().then(|| self.now());
        let ticket = Ticket { token: Token::random()?, known, door: Door::Browser, second_factor_at };
        self.begin_ticket(&ticket).await?;
        sql("UPDATE sign_ins SET second_factor_at = $2, sso_subject = $3, sso_session = $4 WHERE token_hash = $1")
            .bind(ticket.token.hash().as_bytes())
            .bind(second_factor_at)
            .bind(subject.subject.as_slice())
            .bind(subject.session.map(|session| session.to_vec()))
            .execute(self.store())
            .await?;
        self.next(ticket, visit).await
    }

    /// The declared roles that the person's groups give.
    fn roles_by(&self, provider: &Provider, claims: &IdClaims) -> Result<Vec<&'static Role>> {
        let values = claims.values(&provider.settings.roles_claim);
        let mut roles: Vec<&'static Role> = Vec::new();
        for (value, role) in &provider.settings.roles {
            let role = self.declared(role)?;
            if values.contains(&value.as_str()) && !roles.iter().any(|known| known.name == role.name) {
                roles.push(role);
            }
        }
        if roles.is_empty() { Err(ProviderError::NoRole.into()) } else { Ok(roles) }
    }

    /// The indexes of a subject and of its session there; nothing where it names neither.
    pub(super) async fn subject(
        &self,
        provider: &Provider,
        subject: Option<&str>,
        session: Option<&str>,
    ) -> Result<Option<Subject>> {
        let vault = self.vault().await?;
        let index = |what: &str, text: &str| -> Result<[u8; 32]> {
            // An issuer holds no line feed, so the parts cannot be cut otherwise.
            vault.index(Secret::SsoAttempt, &format!("{what}\n{}\n{text}", provider.settings.issuer))
        };
        let session = session.map(|session| index("session", session)).transpose()?;
        let subject = subject.map(|subject| index("subject", subject)).transpose()?;
        Ok(subject.map(|subject| Subject { subject, session }))
    }

    async fn person_of(&self, subject: &Subject) -> Result<Option<PersonId>> {
        let row = sql("SELECT person_id FROM sso_identities WHERE subject = $1")
            .bind(subject.subject.as_slice())
            .fetch_optional(self.store())
            .await?;
        Ok(row.map(|row| row.uuid("person_id")).transpose()?.map(PersonId::new))
    }

    /// A first visit. An account that is there already is theirs if the provider has verified its address and it belongs to
    /// this organisation alone: whoever administers the provider of one clinic must not enter another by it.
    async fn join(
        &self,
        claims: &IdClaims,
        subject: &Subject,
        organisation: OrganisationId,
        visit: &Visit,
    ) -> Result<PersonId> {
        let email = claims.email.as_deref().filter(|_| claims.has_verified_email());
        let email =
            email.and_then(|email| EmailAddress::parse(email).ok()).ok_or(ProviderError::Unverified)?;
        let account = self.email_index(&email).await?;
        if let Some(known) = self.known_by_account(account).await? {
            let alone = self.works_only_here(known.person, organisation).await;
            alone.map_err(|error| match error {
                IdentityError::Conflict(_) => ProviderError::NotTheirsAlone.into(),
                other => other,
            })?;
        }
        let vault = self.vault().await?;
        let now = self.now();
        let mut transaction = self.begin_in(organisation, None).await?;
        let (person, made) = self.at_address(&mut transaction, &email, account, &vault).await?;
        let name = claims.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        if made {
            let name: Option<String> = name.map(|name| name.chars().take(LONGEST_NAME).collect());
            let sealed = name.map(|name| vault.seal(Secret::DisplayName, person.uuid(), name.as_bytes()));
            self.store_name(&mut transaction, person, sealed.transpose()?).await?;
        }
        sql("INSERT INTO sso_identities (subject, person_id, created_at) VALUES ($1, $2, $3)
             ON CONFLICT (subject) DO NOTHING")
        .bind(subject.subject.as_slice())
        .bind(person)
        .bind(now)
        .execute(&mut transaction)
        .await?;
        let context = self.context(visit, organisation, Some(person), None);
        let event = Event::new(Action::Configure).entity("person").record(person).note("sso-joined");
        audit::append(&mut transaction, &context, event).await?;
        transaction.commit().await?;
        // Of two first visits at once, one wrote the subject; both are the same person.
        self.person_of(subject).await?.ok_or(IdentityError::Failed)
    }

    /// Gives what the groups give, and takes what an earlier sign-in gave and these do not. What an administrator gave by hand
    /// stays. Whose rights change is signed out everywhere else.
    async fn keep_roles(
        &self,
        person: PersonId,
        organisation: OrganisationId,
        roles: &[&'static Role],
        visit: &Visit,
    ) -> Result<()> {
        let mut transaction = self.begin_in(organisation, None).await?;
        let held = sql("SELECT m.id, m.role, s.membership_id FROM memberships m
             LEFT JOIN sso_memberships s ON s.membership_id = m.id
             WHERE m.person_id = $1 AND m.organisation_id = $2 AND m.place_id IS NULL")
        .bind(person)
        .bind(organisation)
        .fetch_all(&mut transaction)
        .await?;
        let (mut has, mut over) = (Vec::new(), Vec::new());
        for row in &held {
            let role = row.text("role")?;
            let by_provider = row.optional_uuid("membership_id")?.is_some();
            match roles.iter().any(|given| given.name == role) || !by_provider {
                true => has.push(role),
                false => over.push(row.uuid("id")?),
            }
        }
        let missing: Vec<&&Role> =
            roles.iter().filter(|role| !has.iter().any(|held| held == role.name)).collect();
        if over.is_empty() && missing.is_empty() {
            return Ok(());
        }
        for membership in over {
            sql("DELETE FROM memberships WHERE id = $1").bind(membership).execute(&mut transaction).await?;
        }
        for role in missing {
            self.give_by_provider(&mut transaction, person, organisation, role).await?;
        }
        self.end_others(&mut transaction, person, None, Ended::RightsChanged).await?;
        let context: AuditContext = self.context(visit, organisation, Some(person), None);
        let event = Event::new(Action::Configure).entity("person").record(person).note("sso-roles");
        audit::append(&mut transaction, &context, event).await?;
        Ok(transaction.commit().await?)
    }

    async fn give_by_provider(
        &self,
        transaction: &mut Transaction,
        person: PersonId,
        organisation: OrganisationId,
        role: &'static Role,
    ) -> Result<()> {
        self.insert_membership(transaction, person, &Given { organisation, place: None, role, by: None })
            .await?;
        sql("INSERT INTO sso_memberships (membership_id)
             SELECT id FROM memberships
             WHERE person_id = $1 AND organisation_id = $2 AND role = $3 AND place_id IS NULL
             ON CONFLICT (membership_id) DO NOTHING")
        .bind(person)
        .bind(organisation)
        .bind(role.name)
        .execute(transaction)
        .await?;
        Ok(())
    }
}
