//! Authenticators and recovery codes in the database: used once, whoever races (CF-13).

use time::OffsetDateTime;

use super::error::{IdentityError, Result};
use super::names::{OrganisationId, PersonId};
use super::principal::SessionRow;
use super::secret::NoRandomness;
use super::service::{Identity, Secret, Visit};
use super::sessions::Ended;
use super::totp::{RECOVERY_CODES, RecoveryCode, TimeStep, TotpSecret};
use crate::audit::{self, Action, Event};
use crate::store::{Transaction, sql};

/// What is enrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SecondFactor {
    /// Since when an authenticator is in use.
    #[serde(with = "time::serde::rfc3339::option")]
    pub enrolled_at: Option<OffsetDateTime>,
    /// How many recovery codes are left.
    pub recovery_codes_left: i64,
}

impl Identity {
    /// Makes a secret that counts for nothing until it is confirmed. One in use is not replaced.
    pub(super) async fn offer_authenticator(&self, person: PersonId) -> Result<TotpSecret> {
        let secret = TotpSecret::random()?;
        let offered = sql("INSERT INTO authenticators (person_id, secret, created_at) VALUES ($1, $2, $3)
             ON CONFLICT (person_id) DO UPDATE SET secret = $2, created_at = $3, last_step = 0
             WHERE authenticators.confirmed_at IS NULL")
        .bind(person)
        .bind(self.vault().await?.seal(Secret::Authenticator, person.uuid(), secret.as_bytes())?)
        .bind(self.now())
        .execute(self.store())
        .await?;
        if offered == 1 {
            Ok(secret)
        } else {
            Err(IdentityError::Conflict("an authenticator is in use already"))
        }
    }

    /// Confirms the offered secret by a code, and makes the recovery codes.
    pub(super) async fn confirm_authenticator(
        &self,
        person: PersonId,
        code: &str,
        visit: &Visit,
    ) -> Result<Vec<RecoveryCode>> {
        let Some((secret, false)) = self.authenticator(person).await? else {
            return Err(IdentityError::Conflict("there is no authenticator to confirm"));
        };
        let step = secret.matching_step(code, self.now()).ok_or(IdentityError::Wrong)?;
        let mut transaction = self.store().begin().await?;
        let confirmed = sql("UPDATE authenticators SET confirmed_at = $2, last_step = $3
             WHERE person_id = $1 AND confirmed_at IS NULL AND last_step < $3")
        .bind(person)
        .bind(self.now())
        .bind(step.number())
        .execute(&mut transaction)
        .await?;
        if confirmed != 1 {
            return Err(IdentityError::Wrong);
        }
        let codes = self.replace_recovery_codes(&mut transaction, person).await?;
        self.tell(&mut transaction, person, "authenticator-enrolled", visit).await?;
        transaction.commit().await?;
        Ok(codes)
    }

    /// Uses a code of the authenticator in use. The step is written down by the statement that takes it,
    /// so the same code is taken once, and no older one after it.
    pub(super) async fn use_code(&self, person: PersonId, code: &str) -> Result<bool> {
        let Some((secret, true)) = self.authenticator(person).await? else { return Ok(false) };
        let Some(step) = secret.matching_step(code, self.now()) else { return Ok(false) };
        self.use_step(person, step).await
    }

    async fn use_step(&self, person: PersonId, step: TimeStep) -> Result<bool> {
        let used = sql("UPDATE authenticators SET last_step = $2
             WHERE person_id = $1 AND confirmed_at IS NOT NULL AND last_step < $2")
        .bind(person)
        .bind(step.number())
        .execute(self.store())
        .await?;
        Ok(used == 1)
    }

    /// Uses a recovery code up.
    pub(super) async fn use_recovery_code(
        &self,
        person: PersonId,
        code: &RecoveryCode,
        visit: &Visit,
    ) -> Result<bool> {
        let mut transaction = self.store().begin().await?;
        let used = sql("UPDATE recovery_codes SET used_at = $3
             WHERE code_hash = $1 AND person_id = $2 AND used_at IS NULL")
        .bind(code.hash().as_bytes())
        .bind(person)
        .bind(self.now())
        .execute(&mut transaction)
        .await?;
        if used != 1 {
            return Ok(false);
        }
        self.tell(&mut transaction, person, "recovery-code-used", visit).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// What the person has enrolled.
    pub async fn second_factor_of(&self, person: PersonId) -> Result<SecondFactor> {
        let row = sql("SELECT a.confirmed_at,
                 (SELECT count(*) FROM recovery_codes r WHERE r.person_id = p.id AND r.used_at IS NULL) AS left_over
             FROM people p LEFT JOIN authenticators a ON a.person_id = p.id WHERE p.id = $1")
        .bind(person)
        .fetch_optional(self.store())
        .await?
        .ok_or(IdentityError::NotFound)?;
        Ok(SecondFactor {
            enrolled_at: row.optional_timestamp("confirmed_at")?,
            recovery_codes_left: row.integer("left_over")?,
        })
    }

    /// Offers an authenticator to somebody who is signed in and has none; the password is asked again.
    pub async fn enrol(&self, session: &SessionRow, password: &str, visit: &Visit) -> Result<TotpSecret> {
        self.prove_password(session, password, visit).await?;
        self.offer_authenticator(session.principal.person()).await
    }

    /// Confirms it. Every other session ends, since it was opened with less.
    pub async fn confirm_enrol(
        &self,
        session: &SessionRow,
        code: &str,
        visit: &Visit,
    ) -> Result<Vec<RecoveryCode>> {
        self.knock(visit)?;
        let person = session.principal.person();
        let codes = self.confirm_authenticator(person, code, visit).await?;
        let mut transaction = self.store().begin().await?;
        self.end_others(&mut transaction, person, Some(session.id), Ended::CredentialsChanged).await?;
        transaction.commit().await?;
        Ok(codes)
    }

    /// Makes new recovery codes, after the password and a code; the old ones are void.
    pub async fn renew_recovery_codes(
        &self,
        session: &SessionRow,
        password: &str,
        code: &str,
        visit: &Visit,
    ) -> Result<Vec<RecoveryCode>> {
        self.prove_both(session, password, code, visit).await?;
        let person = session.principal.person();
        let mut transaction = self.store().begin().await?;
        let codes = self.replace_recovery_codes(&mut transaction, person).await?;
        self.tell(&mut transaction, person, "recovery-codes-renewed", visit).await?;
        transaction.commit().await?;
        Ok(codes)
    }

    /// Takes the authenticator away, after the password and a code. Not from a privileged role, and not
    /// while the password is shorter than one that stands alone must be (CF-16).
    pub async fn remove_authenticator(
        &self,
        session: &SessionRow,
        password: &str,
        code: &str,
        visit: &Visit,
    ) -> Result<()> {
        let person = session.principal.person();
        let known = self.known_by_id(person).await?.ok_or(IdentityError::SignedOut)?;
        let roles: Vec<_> = known.roles.iter().map(|(_, role)| *role).collect();
        if self.settings().roles.any_with_second_factor(&roles) {
            return Err(IdentityError::Conflict("your role works with a second factor only"));
        }
        self.prove_both(session, password, code, visit).await?;
        let mut transaction = self.store().begin().await?;
        let removed = sql("DELETE FROM authenticators WHERE person_id = $1
             AND EXISTS (SELECT 1 FROM people WHERE people.id = $1 AND people.password_stands_alone)")
        .bind(person)
        .execute(&mut transaction)
        .await?;
        if removed != 1 {
            return Err(IdentityError::Conflict("first choose a password of at least 15 characters"));
        }
        sql("DELETE FROM recovery_codes WHERE person_id = $1").bind(person).execute(&mut transaction).await?;
        self.end_others(&mut transaction, person, Some(session.id), Ended::CredentialsChanged).await?;
        self.tell(&mut transaction, person, "authenticator-removed", visit).await?;
        Ok(transaction.commit().await?)
    }

    pub(super) async fn prove_both(
        &self,
        session: &SessionRow,
        password: &str,
        code: &str,
        visit: &Visit,
    ) -> Result<()> {
        self.prove_password(session, password, visit).await?;
        let person = session.principal.person();
        let known = self.known_by_id(person).await?.ok_or(IdentityError::SignedOut)?;
        let reserved = self.reserve(known.account, visit).await?;
        if !self.use_code(person, code).await? {
            return Err(self.failed(Some(person), reserved, "code", visit).await?);
        }
        self.give_back(known.account, visit).await
    }

    /// The secret, and whether it was confirmed.
    async fn authenticator(&self, person: PersonId) -> Result<Option<(TotpSecret, bool)>> {
        let row = sql("SELECT secret, confirmed_at FROM authenticators WHERE person_id = $1")
            .bind(person)
            .fetch_optional(self.store())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let secret = self.vault().await?.open(Secret::Authenticator, person.uuid(), row.bytes("secret")?)?;
        let confirmed = row.optional_timestamp("confirmed_at")?.is_some();
        Ok(Some((TotpSecret::from_bytes(secret.to_vec()), confirmed)))
    }

    async fn replace_recovery_codes(
        &self,
        transaction: &mut Transaction,
        person: PersonId,
    ) -> Result<Vec<RecoveryCode>> {
        sql("DELETE FROM recovery_codes WHERE person_id = $1")
            .bind(person)
            .execute(&mut *transaction)
            .await?;
        let codes: Vec<RecoveryCode> =
            (0..RECOVERY_CODES).map(|_| RecoveryCode::random()).collect::<Result<_, NoRandomness>>()?;
        for code in &codes {
            sql("INSERT INTO recovery_codes (code_hash, person_id, created_at) VALUES ($1, $2, $3)")
                .bind(code.hash().as_bytes())
                .bind(person)
                .bind(self.now())
                .execute(&mut *transaction)
                .await?;
        }
        Ok(codes)
    }

    /// A change of a person's own credentials, in the environment's log: they belong to no organisation.
    pub(super) async fn tell(
        &self,
        transaction: &mut Transaction,
        person: PersonId,
        note: &'static str,
        visit: &Visit,
    ) -> Result<()> {
        let context = self.context(visit, OrganisationId::ENVIRONMENT, Some(person), None);
        let event = Event::new(Action::Configure).entity("person").record(person).note(note);
        audit::append(transaction, &context, event).await?;
        Ok(())
    }
}
