//! Versions: what a prompt became, who approved it, and what came of it.
//!
//! A version is planned, then approved by a member who has seen the plan (the approval names the digest of
//! the spec and the custom code that were shown), then built. Nothing is built that nobody approved, and no model or planner
//! approves: its output is data.

use std::sync::Arc;

use safeguards::audit::{self, Action, Event};
use safeguards::store::Row;
use safeguards::{StoreError, Transaction, sql};
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};
use spec::{Lock, ValidatedSpec};
use time::OffsetDateTime;

use crate::Platform;
use crate::accounts::{Belongs, Owned};
use crate::custom::{self, Custom};
use crate::error::{Refusal, Result};
use crate::ids::{AccountId, ProjectId, PromptId, VersionId};
use crate::projects::Project;
use crate::prompts::{self, Prompt, PromptAnswer};
use crate::sealing::Column;
use crate::seams::Pending;

/// Where a version is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VersionState {
    /// It waits for somebody to read and approve it.
    Planned,
    /// It is being built, or will be.
    Approved,
    /// It compiled and came up at least once.
    Built,
    /// It could not be built.
    Failed,
    /// It was put aside.
    Withdrawn,
}

impl VersionState {
    /// The spelling in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Approved => "approved",
            Self::Built => "built",
            Self::Failed => "failed",
            Self::Withdrawn => "withdrawn",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        [Self::Planned, Self::Approved, Self::Built, Self::Failed, Self::Withdrawn]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| StoreError::Column { column: "state".into(), expected: "a state of a version" })
    }
}

/// One state of a project, without its spec.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Version {
    /// Its id.
    pub id: VersionId,
    /// Of which account.
    #[serde(skip)]
    pub account: AccountId,
    /// Of which project.
    pub project: ProjectId,
    /// Counted from 1 within its project.
    pub number: i64,
    /// From which prompt it was planned.
    pub prompt: Option<PromptId>,
    /// Where it is.
    pub state: VersionState,
    /// SHA-256 of its spec, in hexadecimal, or of spec and custom code where it has some: what an approval names.
    pub digest: String,
    /// SHA-256 of its custom code, in hexadecimal; none where it has none.
    pub custom_digest: Option<String>,
    /// When it was planned.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    pub created_at: OffsetDateTime,
    /// When it was approved.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schemars(with = "Option<String>")]
    pub approved_at: Option<OffsetDateTime>,
    /// Why it could not be built, in words for a founder.
    pub failure: Option<String>,
}

const BY_ID: &str = "SELECT id, account_id, project_id, number, prompt_id, state, spec_digest, custom_digest, \
                     created_at, approved_at, failure FROM versions \
                     WHERE account_id = $1 AND project_id = $2 AND id = $3";

impl Version {
    fn of(row: &Row) -> Result<Self, StoreError> {
        let custom = row.optional_bytes("custom_digest")?;
        Ok(Self {
            id: VersionId::new(row.uuid("id")?),
            account: AccountId::new(row.uuid("account_id")?),
            project: ProjectId::new(row.uuid("project_id")?),
            number: row.integer("number")?,
            prompt: row.optional_uuid("prompt_id")?.map(PromptId::new),
            state: VersionState::parse(&row.text("state")?)?,
            digest: hexadecimal(&custom::approved(&row.bytes("spec_digest")?, custom.as_deref())),
            custom_digest: custom.as_deref().map(hexadecimal),
            created_at: row.timestamp("created_at")?,
            approved_at: row.optional_timestamp("approved_at")?,
            failure: row.optional_text("failure")?,
        })
    }
}

impl Belongs for Version {
    type Id = (ProjectId, VersionId);

    fn find(platform: &Platform, account: AccountId, id: Self::Id) -> Pending<'_, Option<Self>, Refusal> {
        Box::pin(async move {
            let row = sql(BY_ID).bind(account).bind(id.0).bind(id.1).fetch_optional(&platform.store).await?;
            Ok(row.as_ref().map(Self::of).transpose()?)
        })
    }
}

/// What came of planning a prompt.
#[derive(Clone, Debug)]
pub enum Planned {
    /// A version, to be read and approved.
    Version(VersionId),
    /// Sentences that restrict something and were not understood: nothing is planned until each is answered
    /// (invariant 3: ignorance narrows).
    Blocked(Vec<String>),
    /// The text describes no app; why, and what to write instead.
    NotAnApp(String),
}

/// Plans a prompt; a plan is kept as the project's next version.
///
/// # Errors
/// The prompt was deleted, or the plan cannot be kept.
pub async fn plan(platform: &Platform, project: &Owned<Project>, prompt: &Owned<Prompt>) -> Result<Planned> {
    match think(platform, prompt).await? {
        Ok(plan) => keep_plan(platform, project, prompt.id, &plan).await,
        Err(not) => Ok(not),
    }
}

/// Keeps a plan that somebody else than [`plan`] made of a prompt.
pub(crate) async fn keep_plan(
    platform: &Platform,
    project: &Owned<Project>,
    prompt: PromptId,
    plan: &planner::Plan,
) -> Result<Planned> {
    let lock = last_lock(platform, project).await?;
    let spec = spec::check(&plan.text, &lock).map_err(|_| Refusal::Fault("the plan is not a valid spec"))?;
    keep(platform, project, Some(prompt), (&plan.text, spec), Custom::OfLast).await.map(Planned::Version)
}

/// Why there is no plan, as a founder is told; none where it is our own fault.
pub(crate) fn unplanned(why: planner::PlanError) -> Option<Planned> {
    match why {
        planner::PlanError::NotAnApp { why } => Some(Planned::NotAnApp(sentence(&why))),
        planner::PlanError::Blocked { sentences, .. } => Some(Planned::Blocked(sentences)),
        planner::PlanError::Invalid { .. } => None,
    }
}

/// Keeps a spec that somebody wrote themselves as the project's next version, to be read and approved like
/// any other. It has the custom code of the version before.
///
/// # Errors
/// What is wrong with it: all of it, each with its place.
pub async fn submit(platform: &Platform, project: &Owned<Project>, text: &str) -> Result<VersionId> {
    submit_with(platform, project, text, Custom::OfLast).await
}

/// The same with this custom code, which is read before anything is kept.
///
/// # Errors
/// What is wrong with spec or code: all of it, each with its place.
pub async fn submit_with(
    platform: &Platform,
    project: &Owned<Project>,
    text: &str,
    custom: Custom<'_>,
) -> Result<VersionId> {
    let lock = last_lock(platform, project).await?;
    let owned = text.to_owned();
    let checked = tokio::task::spawn_blocking(move || spec::check(&owned, &lock))
        .await
        .map_err(|_| Refusal::Fault("the check of a spec panicked"))?;
    let spec = checked.map_err(|problems| Refusal::invalid("spec", problems.to_string()))?;
    keep(platform, project, None, (text, spec), custom).await
}

/// Reads a prompt as the planner does, without keeping anything: a plan, or why there is none.
///
/// # Errors
/// The prompt was deleted, or cannot be opened.
pub(crate) async fn think(
    platform: &Platform,
    prompt: &Owned<Prompt>,
) -> Result<std::result::Result<planner::Plan, Planned>> {
    let Some((text, answers)) = prompts::read(platform, prompt).await? else {
        return Err(Refusal::Conflict("This prompt was deleted. Write a new one.".into()));
    };
    let answers: planner::Answers = answers
        .into_iter()
        .map(|(about, answer)| match answer {
            PromptAnswer::Drop => (about, planner::Answer::Drop),
            PromptAnswer::Rewrite(text) => (about, planner::Answer::Rewrite(text)),
        })
        .collect();
    // It takes a while, so it stands aside.
    let thought = tokio::task::spawn_blocking(move || planner::plan_answered(text.reveal(), &answers))
        .await
        .map_err(|_| Refusal::Fault("the planner panicked"))?;
    match thought {
        Ok(plan) => Ok(Ok(plan)),
        Err(why) => unplanned(why).map(Err).ok_or(Refusal::Fault("the plan is not a valid spec")),
    }
}

/// Keeps a valid spec as the project's next version. The project takes the app's name from its first.
async fn keep(
    platform: &Platform,
    project: &Owned<Project>,
    prompt: Option<PromptId>,
    (text, spec): (&str, ValidatedSpec),
    custom: Custom<'_>,
) -> Result<VersionId> {
    let member = project.member();
    let sent = matches!(custom, Custom::Sent(_));
    let spec = Arc::new(spec);
    let code = custom::chosen(platform, project, custom, text, &spec).await?;
    let id = VersionId::new(platform.ids.next());
    let (mut sealed_code, mut code_digest) = (None, None);
    if let Some((files, digest)) = custom::kept(&code)? {
        sealed_code = Some(platform.seal(member.account(), Column::VersionCustom, id, &files).await?);
        code_digest = Some(digest);
    }
    let sealed = platform.seal(member.account(), Column::VersionSpec, id, text).await?;
    let lock = platform.seal(member.account(), Column::VersionLock, id, &spec.lock().to_string()).await?;
    let mut transaction = platform.store.begin().await?;
    // Two who plan at once take turns by the project's row.
    sql("UPDATE projects SET name = name WHERE id = $1").bind(project.id).execute(&mut transaction).await?;
    let row = sql("SELECT COALESCE(MAX(number), 0) + 1 AS number FROM versions WHERE project_id = $1")
        .bind(project.id)
        .fetch_one(&mut transaction)
        .await?;
    let number = row.integer("number")?;
    sql(
        "INSERT INTO versions (id, account_id, project_id, number, prompt_id, state, spec, lock, spec_digest,
             custom, custom_digest, created_at, created_by_id)
         VALUES ($1, $2, $3, $4, $5, 'planned', $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(id)
    .bind(member.account())
    .bind(project.id)
    .bind(number)
    .bind(prompt)
    .bind(sealed)
    .bind(lock)
    .bind(digest(text))
    .bind(sealed_code)
    .bind(code_digest)
    .bind(platform.clock.now())
    .bind(member.person())
    .execute(&mut transaction)
    .await?;
    if number == 1 {
        let name: String = spec.model().app.chars().take(crate::projects::LONGEST_NAME).collect();
        // Nothing answers at its host names yet, so they may be named after it, too.
        sql("UPDATE projects SET name = $2, label = $3 WHERE id = $1 AND NOT EXISTS (
                 SELECT 1 FROM environments e WHERE e.project_id = projects.id)")
        .bind(project.id)
        .bind(&name)
        .bind(crate::projects::label(&name, project.id))
        .execute(&mut transaction)
        .await?;
    }
    let event = Event::new(Action::Create).entity("version").record(id);
    let event = if sent { event.note("custom code sent") } else { event };
    audit::append(&mut transaction, member.circumstances(), event).await?;
    transaction.commit().await?;
    Ok(id)
}

/// A project's versions, newest first.
///
/// # Errors
/// The database cannot be read.
pub async fn list(platform: &Platform, project: &Owned<Project>) -> Result<Vec<Version>> {
    let rows = sql(
        "SELECT id, account_id, project_id, number, prompt_id, state, spec_digest, custom_digest, created_at,
             approved_at, failure FROM versions WHERE project_id = $1 ORDER BY number DESC LIMIT 1000",
    )
    .bind(project.id)
    .fetch_all(&platform.store)
    .await?;
    Ok(rows.iter().map(Version::of).collect::<Result<_, _>>()?)
}

/// A version's spec: as written, and what it means. The look is audited.
///
/// # Errors
/// The value does not open, or an older program wrote what this one refuses.
pub async fn read(platform: &Platform, version: &Owned<Version>) -> Result<(String, Arc<ValidatedSpec>)> {
    let event = Event::new(Action::View).entity("version").record(version.id);
    platform.audit.read(version.member().circumstances(), event).await?;
    open(platform, version.account, version.id).await
}

/// The spec of a version, for work that its approval began.
pub(crate) async fn open(
    platform: &Platform,
    account: AccountId,
    version: VersionId,
) -> Result<(String, Arc<ValidatedSpec>)> {
    let row = sql("SELECT spec, lock FROM versions WHERE id = $1 AND account_id = $2")
        .bind(version)
        .bind(account)
        .fetch_optional(&platform.store)
        .await?
        .ok_or(Refusal::NotFound)?;
    let text = platform.open_sealed(account, Column::VersionSpec, version, row.bytes("spec")?).await?;
    let lock = open_lock(platform, account, version, row.optional_bytes("lock")?).await?;
    let spec = spec::check(&text, &lock).map_err(|problems| {
        let first = problems.into_iter().next().map(|problem| problem.to_string()).unwrap_or_default();
        Refusal::Conflict(format!(
            "This version was planned by an older release, and is refused now: {first}"
        ))
    })?;
    Ok((text, Arc::new(spec)))
}

/// The stable ids of the project's last version, so that a later one keeps them.
async fn last_lock(platform: &Platform, project: &Owned<Project>) -> Result<Lock> {
    let row = sql("SELECT id, lock FROM versions WHERE project_id = $1 ORDER BY number DESC LIMIT 1")
        .bind(project.id)
        .fetch_optional(&platform.store)
        .await?;
    match row {
        None => Ok(Lock::default()),
        Some(row) => {
            let version = VersionId::new(row.uuid("id")?);
            open_lock(platform, project.account, version, row.optional_bytes("lock")?).await
        }
    }
}

async fn open_lock(
    platform: &Platform,
    account: AccountId,
    version: VersionId,
    sealed: Option<Vec<u8>>,
) -> Result<Lock> {
    let Some(sealed) = sealed else { return Ok(Lock::default()) };
    let text = platform.open_sealed(account, Column::VersionLock, version, sealed).await?;
    text.parse().map_err(|_| Refusal::Fault("app.lock of a version cannot be read"))
}

/// A question of the plan that nothing is built before: a model's plan opens what the description may restrict.
pub(crate) fn stopped(spec: &ValidatedSpec) -> Option<&str> {
    spec.document().questions.iter().find(|question| question.blocks).map(|question| question.ask.as_str())
}

/// Marks a planned version as approved, in the caller's transaction. The digest is that of the plan which
/// the approver saw.
pub(crate) async fn approve(
    platform: &Platform,
    transaction: &mut Transaction,
    version: &Owned<Version>,
    seen: &str,
) -> Result<()> {
    if version.digest != seen {
        return Err(Refusal::Conflict(
            "This is not the plan that you read. Read it again before you approve.".into(),
        ));
    }
    let member = version.member();
    let (_, spec) = open(platform, version.account, version.id).await?;
    if let Some(ask) = stopped(&spec) {
        return Err(Refusal::Conflict(format!(
            "Decide this first, and take the question out of the plan: {ask}"
        )));
    }
    let approved =
        sql("UPDATE versions SET state = 'approved', approved_at = $2, approved_by_id = $3, failure = NULL
         WHERE id = $1 AND state = 'planned'")
        .bind(version.id)
        .bind(platform.clock.now())
        .bind(member.person())
        .execute(&mut *transaction)
        .await?;
    if approved != 1 {
        return Err(Refusal::Conflict("This version was approved or put aside already.".into()));
    }
    let event = Event::new(Action::Configure).entity("version").record(version.id).note("approved");
    Ok(audit::append(transaction, member.circumstances(), event).await?)
}

/// Puts a planned version aside.
///
/// # Errors
/// It is not planned any more.
pub async fn withdraw(platform: &Platform, version: &Owned<Version>) -> Result<()> {
    let mut transaction = platform.store.begin().await?;
    let changed = sql("UPDATE versions SET state = 'withdrawn' WHERE id = $1 AND state = 'planned'")
        .bind(version.id)
        .execute(&mut transaction)
        .await?;
    if changed != 1 {
        return Err(Refusal::Conflict("Only a version that waits for approval can be put aside.".into()));
    }
    let event = Event::new(Action::Configure).entity("version").record(version.id).note("withdrawn");
    audit::append(&mut transaction, version.member().circumstances(), event).await?;
    Ok(transaction.commit().await?)
}

fn digest(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}

/// Bytes as they are told and compared.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// With a capital letter and a full stop, as it stands alone.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let capital: String =
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    if capital.ends_with(['.', '?', '!']) { capital } else { capital + "." }
}
