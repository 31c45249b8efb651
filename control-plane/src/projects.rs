//! Projects: the apps that an account makes.

use safeguards::audit::{self, Action, Event};
use safeguards::store::Row;
use safeguards::{StoreError, Transaction, sql};
use schemars::JsonSchema;
use serde::Serialize;
use time::OffsetDateTime;

use crate::Platform;
use crate::accounts::{Belongs, Member, Owned};
use crate::error::{Refusal, Result};
use crate::ids::{AccountId, ProjectId};
use crate::seams::Pending;

/// The longest name of a project, in characters.
pub const LONGEST_NAME: usize = 80;

/// What a project is called until its first plan names it.
pub const UNTITLED: &str = "Untitled app";

/// One app that a founder makes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Whose it is.
    #[serde(skip)]
    pub account: AccountId,
    /// What people call it.
    pub name: String,
    /// The first label of its host names.
    pub label: String,
    /// When it was begun.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    pub created_at: OffsetDateTime,
}

impl Project {
    fn of(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: ProjectId::new(row.uuid("id")?),
            account: AccountId::new(row.uuid("account_id")?),
            name: row.text("name")?,
            label: row.text("label")?,
            created_at: row.timestamp("created_at")?,
        })
    }
}

impl Belongs for Project {
    type Id = ProjectId;

    fn find(platform: &Platform, account: AccountId, id: ProjectId) -> Pending<'_, Option<Self>, Refusal> {
        Box::pin(async move {
            let row = sql("SELECT id, account_id, name, label, created_at FROM projects
                 WHERE account_id = $1 AND id = $2 AND closed_at IS NULL")
            .bind(account)
            .bind(id)
            .fetch_optional(&platform.store)
            .await?;
            Ok(row.as_ref().map(Self::of).transpose()?)
        })
    }
}

/// Begins a project, in the caller's transaction.
pub(crate) async fn create(
    platform: &Platform,
    transaction: &mut Transaction,
    member: &Member,
    name: &str,
) -> Result<ProjectId> {
    let name = lawful_name(name)?;
    let id = ProjectId::new(platform.ids.next());
    sql("INSERT INTO projects (id, account_id, name, label, created_at, created_by_id)
         VALUES ($1, $2, $3, $4, $5, $6)")
    .bind(id)
    .bind(member.account())
    .bind(name)
    .bind(label(name, id))
    .bind(platform.clock.now())
    .bind(member.person())
    .execute(&mut *transaction)
    .await?;
    let event = Event::new(Action::Create).entity("project").record(id);
    audit::append(transaction, member.circumstances(), event).await?;
    Ok(id)
}

/// The account's projects, newest first.
///
/// # Errors
/// The database cannot be read.
pub async fn list(platform: &Platform, member: &Member) -> Result<Vec<Project>> {
    let rows = sql("SELECT id, account_id, name, label, created_at FROM projects
         WHERE account_id = $1 AND closed_at IS NULL ORDER BY id DESC LIMIT 1000")
    .bind(member.account())
    .fetch_all(&platform.store)
    .await?;
    Ok(rows.iter().map(Project::of).collect::<Result<_, _>>()?)
}

/// The name of an account's project, also of one that has ended.
///
/// # Errors
/// There is none; the database cannot be read.
pub async fn name(platform: &Platform, account: AccountId, project: ProjectId) -> Result<String> {
    let row = sql("SELECT name FROM projects WHERE id = $1 AND account_id = $2")
        .bind(project)
        .bind(account)
        .fetch_optional(&platform.store)
        .await?;
    Ok(row.ok_or(Refusal::NotFound)?.text("name")?)
}

/// Gives a project another name. Its host names stay.
///
/// # Errors
/// The name does not do.
pub async fn rename(platform: &Platform, project: &Owned<Project>, name: &str) -> Result<()> {
    let name = lawful_name(name)?;
    let mut transaction = platform.store.begin().await?;
    sql("UPDATE projects SET name = $2 WHERE id = $1")
        .bind(project.id)
        .bind(name)
        .execute(&mut transaction)
        .await?;
    let event = Event::new(Action::Update).entity("project").record(project.id);
    audit::append(&mut transaction, project.member().circumstances(), event).await?;
    Ok(transaction.commit().await?)
}

fn lawful_name(text: &str) -> Result<&str> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(Refusal::invalid("name", "Give the app a name of at most 80 characters"));
    }
    Ok(name)
}

/// A host name's first label: words of the name, and six digits of the id so that nobody can be taken for
/// another, nor guess a neighbour.
pub(crate) fn label(name: &str, id: ProjectId) -> String {
    let words: Vec<&str> =
        name.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let mut text = words.join("-").to_ascii_lowercase();
    text.truncate(32);
    let text = text.trim_matches('-');
    let digits = id.uuid().simple().to_string();
    let end = &digits[digits.len() - 6..];
    if text.is_empty() { format!("app-{end}") } else { format!("{text}-{end}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_label_is_a_lawful_part_of_a_host_name() {
        let id = ProjectId::new(Uuid::from_u128(0x00ab_cdef));
        for (name, expected) in [
            ("Home BP", "home-bp-abcdef"),
            ("  Peptide // Clinic!", "peptide-clinic-abcdef"),
            ("عيادة", "app-abcdef"),
            ("-", "app-abcdef"),
            (&"a".repeat(80), &format!("{}-abcdef", "a".repeat(32))),
        ] {
            assert_eq!(label(name, id), expected);
        }
    }
}
