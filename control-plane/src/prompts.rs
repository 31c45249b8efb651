//! What founders write. Some of them will paste a patient's name, so every prompt is treated as PHI (HC-6):
//! sealed under the account's own key, never logged, shown to the account's people only, deletable.

use std::collections::BTreeMap;
use std::fmt;

use safeguards::audit::{self, Action, Event};
use safeguards::store::Row;
use safeguards::{StoreError, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::Platform;
use crate::accounts::{Belongs, Member, Owned};
use crate::error::{Refusal, Result};
use crate::ids::{AccountId, ProjectId, PromptId};
use crate::projects::{self, Project};
use crate::sealing::Column;
use crate::seams::Pending;

/// The longest prompt, in characters.
pub const LONGEST: usize = 20_000;

/// The text of a prompt. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PromptText(String);

impl PromptText {
    /// Takes what somebody typed.
    ///
    /// # Errors
    /// It is empty or too long.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.replace("\r\n", "\n");
        let text = text.trim();
        if text.is_empty() {
            return Err(Refusal::invalid(
                "prompt",
                "Describe your app: who works with it, what they record, and who may see it",
            ));
        }
        if text.chars().count() > LONGEST {
            return Err(Refusal::invalid("prompt", "Shorten the description to 20,000 characters"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text itself, for the planner or for a page of its own account.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PromptText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PromptText([sealed])")
    }
}

/// What its author says about a sentence that was not understood.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PromptAnswer {
    /// Plan without it: it restricts nothing in this app.
    Drop,
    /// It is said again in other words.
    Rewrite(String),
}

impl fmt::Debug for PromptAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PromptAnswer([sealed])")
    }
}

/// Answers by the sentence that they are about.
pub type PromptAnswers = BTreeMap<String, PromptAnswer>;

/// A prompt without its text.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Prompt {
    /// Its id.
    pub id: PromptId,
    /// Of which account.
    #[serde(skip)]
    pub account: AccountId,
    /// Of which project.
    pub project: ProjectId,
    /// When it was written.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    pub created_at: OffsetDateTime,
    /// When its text was deleted.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schemars(with = "Option<String>")]
    pub deleted_at: Option<OffsetDateTime>,
}

impl Prompt {
    fn of(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: PromptId::new(row.uuid("id")?),
            account: AccountId::new(row.uuid("account_id")?),
            project: ProjectId::new(row.uuid("project_id")?),
            created_at: row.timestamp("created_at")?,
            deleted_at: row.optional_timestamp("deleted_at")?,
        })
    }
}

impl Belongs for Prompt {
    type Id = (ProjectId, PromptId);

    fn find(platform: &Platform, account: AccountId, id: Self::Id) -> Pending<'_, Option<Self>, Refusal> {
        Box::pin(async move {
            let row = sql("SELECT id, account_id, project_id, created_at, deleted_at FROM prompts
                 WHERE account_id = $1 AND project_id = $2 AND id = $3")
            .bind(account)
            .bind(id.0)
            .bind(id.1)
            .fetch_optional(&platform.store)
            .await?;
            Ok(row.as_ref().map(Self::of).transpose()?)
        })
    }
}

/// Begins a project by its first prompt.
///
/// # Errors
/// The text does not do, or it cannot be kept.
pub async fn begin(
    platform: &Platform,
    member: &Member,
    name: &str,
    text: &PromptText,
) -> Result<(ProjectId, PromptId)> {
    let id = PromptId::new(platform.ids.next());
    let sealed = platform.seal(member.account(), Column::PromptBody, id, text.reveal()).await?;
    let mut transaction = platform.store.begin().await?;
    let project = projects::create(platform, &mut transaction, member, name).await?;
    insert(platform, &mut transaction, member, (project, id), sealed).await?;
    transaction.commit().await?;
    Ok((project, id))
}

/// Keeps another prompt of a project.
///
/// # Errors
/// It cannot be kept.
pub async fn write(platform: &Platform, project: &Owned<Project>, text: &PromptText) -> Result<PromptId> {
    let member = project.member();
    let id = PromptId::new(platform.ids.next());
    let sealed = platform.seal(member.account(), Column::PromptBody, id, text.reveal()).await?;
    let mut transaction = platform.store.begin().await?;
    insert(platform, &mut transaction, member, (project.id, id), sealed).await?;
    transaction.commit().await?;
    Ok(id)
}

async fn insert(
    platform: &Platform,
    transaction: &mut safeguards::Transaction,
    member: &Member,
    (project, id): (ProjectId, PromptId),
    sealed: Vec<u8>,
) -> Result<()> {
    sql("INSERT INTO prompts (id, account_id, project_id, body, created_at, created_by_id)
         VALUES ($1, $2, $3, $4, $5, $6)")
    .bind(id)
    .bind(member.account())
    .bind(project)
    .bind(sealed)
    .bind(platform.clock.now())
    .bind(member.person())
    .execute(&mut *transaction)
    .await?;
    let event = Event::new(Action::Create).entity("prompt").record(id);
    Ok(audit::append(transaction, member.circumstances(), event).await?)
}

/// A project's prompts, newest first.
///
/// # Errors
/// The database cannot be read.
pub async fn list(platform: &Platform, project: &Owned<Project>) -> Result<Vec<Prompt>> {
    let rows = sql("SELECT id, account_id, project_id, created_at, deleted_at FROM prompts
         WHERE project_id = $1 ORDER BY id DESC LIMIT 1000")
    .bind(project.id)
    .fetch_all(&platform.store)
    .await?;
    Ok(rows.iter().map(Prompt::of).collect::<Result<_, _>>()?)
}

/// The text of a prompt and what was answered about it; none once it is deleted. The look is audited
/// before the text is released.
///
/// # Errors
/// The audit log cannot be written, or the value does not open.
pub async fn read(
    platform: &Platform,
    prompt: &Owned<Prompt>,
) -> Result<Option<(PromptText, PromptAnswers)>> {
    let row = sql("SELECT body, answers FROM prompts WHERE id = $1")
        .bind(prompt.id)
        .fetch_one(&platform.store)
        .await?;
    let Some(body) = row.optional_bytes("body")? else { return Ok(None) };
    let event = Event::new(Action::View).entity("prompt").record(prompt.id);
    platform.audit.read(prompt.member().circumstances(), event).await?;
    let text = platform.open_sealed(prompt.account, Column::PromptBody, prompt.id, body).await?;
    let answers = match row.optional_bytes("answers")? {
        None => PromptAnswers::new(),
        Some(sealed) => {
            let text = platform.open_sealed(prompt.account, Column::PromptAnswers, prompt.id, sealed).await?;
            serde_json::from_str(&text).map_err(|_| Refusal::Fault("answers of a prompt are no JSON"))?
        }
    };
    Ok(Some((PromptText(text), answers)))
}

/// Which kinds of the 18 Safe Harbor identifiers (45 CFR 164.514(b)(2)(i)) a text seems to hold, each once. A
/// founder is told, and decides; the text itself is nowhere in the answer.
#[must_use]
pub fn identifiers(text: &PromptText) -> Vec<&'static str> {
    let mut kinds: Vec<&'static str> =
        deidentify::scan(text.reveal()).into_iter().map(|finding| finding.kind.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// Keeps what its author answered.
///
/// # Errors
/// The prompt was deleted, or the answers cannot be kept.
pub async fn answer(platform: &Platform, prompt: &Owned<Prompt>, answers: &PromptAnswers) -> Result<()> {
    let text = serde_json::to_string(answers).map_err(|_| Refusal::Fault("answers are no JSON"))?;
    let sealed = platform.seal(prompt.account, Column::PromptAnswers, prompt.id, &text).await?;
    let mut transaction = platform.store.begin().await?;
    let kept = sql("UPDATE prompts SET answers = $2 WHERE id = $1 AND deleted_at IS NULL")
        .bind(prompt.id)
        .bind(sealed)
        .execute(&mut transaction)
        .await?;
    if kept != 1 {
        return Err(Refusal::Conflict("This prompt was deleted. Write a new one.".into()));
    }
    let event = Event::new(Action::Update).entity("prompt").record(prompt.id);
    audit::append(&mut transaction, prompt.member().circumstances(), event).await?;
    Ok(transaction.commit().await?)
}

/// Deletes the text of a prompt for good. Versions that were planned from it stay; that it was there stays.
///
/// # Errors
/// The database refuses.
pub async fn delete(platform: &Platform, prompt: &Owned<Prompt>) -> Result<()> {
    let mut transaction = platform.store.begin().await?;
    sql("UPDATE prompts SET body = NULL, answers = NULL, deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL")
        .bind(prompt.id)
        .bind(platform.clock.now())
        .execute(&mut transaction)
        .await?;
    let event = Event::new(Action::Delete).entity("prompt").record(prompt.id);
    audit::append(&mut transaction, prompt.member().circumstances(), event).await?;
    Ok(transaction.commit().await?)
}
