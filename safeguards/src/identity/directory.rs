//! What people and organisations are called, for pages of people of the same organisation.

use uuid::Uuid;

use super::email::EmailAddress;
use super::error::Result;
use super::names::{OrganisationId, PersonId};
use super::service::{Identity, Secret};
use crate::store::{Row, sql};

impl Identity {
    /// What a member of this organisation is called, or was called while they were one: their own name, or the
    /// part of their address before the `@`.
    pub async fn colleague_name(
        &self,
        organisation: OrganisationId,
        person: PersonId,
    ) -> Result<Option<String>> {
        let row = sql(
            "SELECT p.id, p.email, p.display_name FROM people p
             WHERE p.id = $1 AND EXISTS (SELECT 1 FROM memberships m WHERE m.person_id = p.id AND m.organisation_id = $2)",
        )
        .bind(person)
        .bind(organisation)
        .fetch_optional(self.store())
        .await?;
        match row {
            Some(row) => self.named(&row).await.map(|(_, name)| Some(name)),
            None => Ok(None),
        }
    }

    /// The members of this organisation who have a role at a place that is wanted, at most 500, in the order of their
    /// joining.
    pub async fn colleagues_in(
        &self,
        organisation: OrganisationId,
        role: &str,
        wanted: &(dyn Fn(Option<Uuid>) -> bool + Sync),
    ) -> Result<Vec<(PersonId, String)>> {
        let rows = sql("SELECT p.id, p.email, p.display_name, m.place_id
             FROM memberships m JOIN people p ON p.id = m.person_id
             WHERE m.organisation_id = $1 AND m.role = $2 AND p.suspended_at IS NULL ORDER BY p.id LIMIT 20000")
        .bind(organisation)
        .bind(role)
        .fetch_all(self.store())
        .await?;
        let mut people: Vec<(PersonId, String)> = Vec::new();
        for row in &rows {
            let known = people.last().map(|(last, _)| last.uuid());
            if known != Some(row.uuid("id")?) && wanted(row.optional_uuid("place_id")?) {
                people.push(self.named(row).await?);
            }
            if people.len() == 500 {
                break;
            }
        }
        Ok(people)
    }

    /// The addresses of the members of this organisation who have a role, at most 100, in the order of their joining:
    /// to whom the system itself writes.
    pub async fn addresses_in(&self, organisation: OrganisationId, role: &str) -> Result<Vec<EmailAddress>> {
        let rows = sql("SELECT p.id, p.email FROM people p
             WHERE p.suspended_at IS NULL AND EXISTS (SELECT 1 FROM memberships m
                 WHERE m.person_id = p.id AND m.organisation_id = $1 AND m.role = $2)
             ORDER BY p.id LIMIT 100")
        .bind(organisation)
        .bind(role)
        .fetch_all(self.store())
        .await?;
        let vault = self.vault().await?;
        rows.iter().map(|row| vault.open_email(PersonId::new(row.uuid("id")?), row.bytes("email")?)).collect()
    }

    /// The name of an organisation.
    pub async fn organisation_name(&self, organisation: OrganisationId) -> Result<String> {
        let row = sql("SELECT name FROM organisations WHERE id = $1")
            .bind(organisation)
            .fetch_one(self.store())
            .await?;
        Ok(row.text("name")?)
    }

    async fn named(&self, row: &Row) -> Result<(PersonId, String)> {
        let id = PersonId::new(row.uuid("id")?);
        let vault = self.vault().await?;
        if let Some(sealed) = row.optional_bytes("display_name")? {
            return Ok((id, vault.open_text(Secret::DisplayName, id.uuid(), sealed)?));
        }
        let email = vault.open_email(id, row.bytes("email")?)?;
        let local = email.as_str().split('@').next().unwrap_or_default();
        Ok((id, local.to_owned()))
    }
}
