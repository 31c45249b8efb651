//! The register of runs: who asked for what, when, of whom, on which terms, for how much, and how it ended (CC-14, CF-24).
//!
//! A row is committed before anybody is asked, so that nothing is asked that is not on record. What was read stands in it
//! as HMAC-SHA-256 under the organisation's key (CC-6): a plain hash of a short note could be guessed back.

use time::OffsetDateTime;
use uuid::Uuid;

use super::proposal::{Item, Proposal};
use super::run::Subject;
use super::{AI, ASKED, AiAction, OUTPUT, PREVIEW, Run};
use crate::access::{self, Context, Error};
use crate::audit::{self, Event};
use crate::crypto::{Binding, Purpose, Sealed};
use crate::slice::{Result, Viewer};
use crate::store::{self, Transaction, sql};
use crate::web::Problem;

/// A run that is about to begin.
pub(super) struct Beginning<'a> {
    pub(super) id: Uuid,
    pub(super) action: &'static AiAction,
    pub(super) record: Uuid,
    pub(super) engine: &'a str,
    pub(super) model: Option<&'a str>,
    pub(super) agreement: Option<&'a str>,
    pub(super) asked: Vec<u8>,
    pub(super) characters: usize,
    pub(super) confirmed: bool,
    pub(super) preview: Option<&'a str>,
}

/// How a run ended.
pub(super) struct Ending<'a> {
    pub(super) outcome: &'static str,
    pub(super) fault: Option<&'static str>,
    pub(super) input_tokens: Option<i64>,
    pub(super) output_tokens: Option<i64>,
    pub(super) cost: Option<i64>,
    pub(super) items: &'a [Item],
}

/// The keyed hash of what an action reads. The action's own shape is in it: another question has another answer.
pub(super) async fn hash(context: &Context, action: &AiAction, engine: &str, text: &str) -> Result<Vec<u8>> {
    let ring = context.keys.ring(context.principal.organisation().uuid()).await.map_err(Error::from)?;
    let fields = action.fields.join(",");
    // NUL stands in no text that is stored, so that no two questions look alike.
    let whole = format!("{}\0{fields}\0{engine}\0{text}", action.name);
    Ok(ring.blind_index(AI, ASKED, &whole).map_err(Error::from)?.as_bytes().to_vec())
}

/// A transaction that acts for the viewer's organisation.
pub(super) async fn begin(context: &Context) -> Result<Transaction> {
    let acting = context.policy(access::Action::Update);
    Ok(context.store.begin_as(&acting).await.map_err(Error::from)?)
}

/// Writes the event, then commits.
pub(super) async fn finish(context: &Context, mut transaction: Transaction, event: Event) -> Result<()> {
    audit::append(&mut transaction, &context.circumstances, event).await.map_err(Error::AuditUnavailable)?;
    Ok(transaction.commit().await.map_err(Error::from)?)
}

impl Beginning<'_> {
    /// Puts the run on record, and with it the event. What cannot be recorded is not asked.
    pub(super) async fn write(&self, context: &Context) -> Result<()> {
        let preview = match self.preview {
            Some(text) => Some(seal(context, PREVIEW, self.id, text.as_bytes()).await?),
            None => None,
        };
        let now = context.clock.now();
        let mut transaction = begin(context).await?;
        sql("INSERT INTO ai_invocations (id, organisation_id, action, entity, record_id, person_id, began_at, engine, model,
                 agreement, asked, characters, confirmed_at, items, preview)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $14)")
        .bind(self.id)
        .bind(context.principal.organisation())
        .bind(self.action.name)
        .bind(self.action.on.name)
        .bind(self.record)
        .bind(context.principal.person())
        .bind(now)
        .bind(self.engine)
        .bind(self.model)
        .bind(self.agreement)
        .bind(self.asked.clone())
        .bind(i64::try_from(self.characters).unwrap_or(i64::MAX))
        .bind(self.confirmed.then_some(now))
        .bind(preview)
        .execute(&mut transaction)
        .await
        .map_err(Error::from)?;
        let note = if self.agreement.is_some() { "a provider is asked" } else { "proposed here" };
        let event =
            Event::new(audit::Action::Assist).entity(self.action.on.name).record(self.record).note(note);
        finish(context, transaction, event).await
    }
}

impl Ending<'_> {
    /// Writes how it ended, and what the spec keeps of it.
    pub(super) async fn write(&self, context: &Context, action: &AiAction, id: Uuid) -> Result<()> {
        let output = match action.keeps_output && !self.items.is_empty() {
            true => {
                let text = serde_json::to_vec(self.items).map_err(|_| Problem::internal("proposal"))?;
                Some(seal(context, OUTPUT, id, &text).await?)
            }
            false => None,
        };
        let mut transaction = begin(context).await?;
        sql("UPDATE ai_invocations SET ended_at = $3, outcome = $4, fault = $5, input_tokens = $6, output_tokens = $7,
                 cost = $8, items = $9, output = $10
             WHERE id = $1 AND organisation_id = $2")
        .bind(id)
        .bind(context.principal.organisation())
        .bind(context.clock.now())
        .bind(self.outcome)
        .bind(self.fault)
        .bind(self.input_tokens)
        .bind(self.output_tokens)
        .bind(self.cost)
        .bind(i64::try_from(self.items.len()).unwrap_or(i64::MAX))
        .bind(output)
        .execute(&mut transaction)
        .await
        .map_err(Error::from)?;
        Ok(transaction.commit().await.map_err(Error::from)?)
    }
}

/// What was proposed to an identical text before, if it was kept (CC-6).
pub(super) async fn cached(context: &Context, action: &AiAction, asked: &[u8]) -> Result<Option<Vec<Item>>> {
    let mut reading = begin(context).await?;
    let found = sql("SELECT id, output FROM ai_invocations
         WHERE organisation_id = $1 AND action = $2 AND asked = $3 AND outcome = 'proposed' AND output IS NOT NULL
         ORDER BY began_at DESC LIMIT 1")
    .bind(context.principal.organisation())
    .bind(action.name)
    .bind(asked.to_vec())
    .fetch_optional(&mut reading)
    .await
    .map_err(Error::from)?;
    reading.rollback().await.map_err(Error::from)?;
    let Some(row) = found else { return Ok(None) };
    let (id, output) = (row.uuid("id").map_err(Error::from)?, row.bytes("output").map_err(Error::from)?);
    items(context, id, output).await.map(Some)
}

/// What a run proposed and nobody has decided yet, to whoever may apply it: where the spec keeps it.
///
/// # Errors
/// 404 where there is no such run of this action on this record, or nothing of it is kept.
pub async fn kept(viewer: &Viewer, action: &'static AiAction, subject: &Subject, id: Uuid) -> Result<Run> {
    subject.may(viewer, action)?;
    let found = find(viewer, action, subject.id, id).await?;
    let output = found.output.ok_or_else(Problem::not_found)?;
    let looked = Event::new(audit::Action::View).entity("ai-invocation").record(id);
    viewer.audit.record(&viewer.circumstances, looked).await.map_err(Error::AuditUnavailable)?;
    let items = items(viewer, id, output).await?;
    let decided = decided(viewer, id).await?;
    let numbered = (0_i64..).zip(items).filter(|(item, _)| !decided.contains(item));
    let proposals = numbered.map(|(item, values)| Proposal { item, values }).collect();
    Ok(Run { id, engine: found.engine, proposals })
}

/// A run as a decision needs it.
pub(super) struct Invocation {
    pub(super) items: i64,
    engine: String,
    output: Option<Vec<u8>>,
}

/// A run of this action on this record that ended with proposals.
pub(super) async fn find(context: &Context, action: &AiAction, record: Uuid, id: Uuid) -> Result<Invocation> {
    let mut reading = begin(context).await?;
    let found = sql("SELECT engine, items, output FROM ai_invocations
         WHERE id = $1 AND organisation_id = $2 AND action = $3 AND entity = $4 AND record_id = $5
           AND outcome = 'proposed'")
    .bind(id)
    .bind(context.principal.organisation())
    .bind(action.name)
    .bind(action.on.name)
    .bind(record)
    .fetch_optional(&mut reading)
    .await
    .map_err(Error::from)?;
    reading.rollback().await.map_err(Error::from)?;
    let row = found.ok_or_else(Problem::not_found)?;
    let read = || {
        Ok(Invocation {
            items: row.integer("items")?,
            engine: row.text("engine")?,
            output: row.optional_bytes("output")?,
        })
    };
    read().map_err(Error::Store).map_err(Problem::from)
}

/// Which proposals of a run were decided.
pub(super) async fn decided(context: &Context, id: Uuid) -> Result<Vec<i64>> {
    let mut reading = begin(context).await?;
    let rows = sql("SELECT item FROM ai_applications WHERE invocation_id = $1 AND organisation_id = $2")
        .bind(id)
        .bind(context.principal.organisation())
        .fetch_all(&mut reading)
        .await
        .map_err(Error::from)?;
    reading.rollback().await.map_err(Error::from)?;
    Ok(rows.iter().map(|row| row.integer("item")).collect::<store::Result<_>>().map_err(Error::Store)?)
}

/// A line of the register, as the privacy officer reads it.
pub(super) struct Line {
    pub(super) id: Uuid,
    pub(super) action: String,
    pub(super) person: Uuid,
    pub(super) began_at: OffsetDateTime,
    pub(super) engine: String,
    pub(super) model: Option<String>,
    pub(super) agreement: Option<String>,
    pub(super) characters: i64,
    pub(super) outcome: Option<String>,
    pub(super) fault: Option<String>,
    pub(super) tokens: Option<i64>,
    pub(super) cost: Option<i64>,
    pub(super) items: i64,
    pub(super) applied: i64,
    pub(super) discarded: i64,
    pub(super) confirmed: bool,
}

/// The latest runs of the organisation, or of one person in it.
pub(super) async fn latest(context: &Context, of: Option<Uuid>) -> Result<Vec<Line>> {
    let mut reading = begin(context).await?;
    let rows = sql("SELECT i.id, i.action, i.person_id, i.began_at, i.engine, i.model, i.agreement, i.characters, i.outcome,
             i.fault, i.input_tokens, i.output_tokens, i.cost, i.items, i.confirmed_at,
             (SELECT count(*) FROM ai_applications a WHERE a.invocation_id = i.id AND a.verdict = 'applied') AS applied,
             (SELECT count(*) FROM ai_applications a WHERE a.invocation_id = i.id AND a.verdict = 'discarded') AS discarded
         FROM ai_invocations i WHERE i.organisation_id = $1 AND ($2 OR i.person_id = $3)
         ORDER BY i.began_at DESC, i.id LIMIT 200")
    .bind(context.principal.organisation())
    .bind(of.is_none())
    .bind(of.unwrap_or_default())
    .fetch_all(&mut reading)
    .await
    .map_err(Error::from)?;
    reading.rollback().await.map_err(Error::from)?;
    Ok(rows.iter().map(line).collect::<store::Result<_>>().map_err(Error::Store)?)
}

fn line(row: &store::Row) -> store::Result<Line> {
    let tokens = match (row.optional_integer("input_tokens")?, row.optional_integer("output_tokens")?) {
        (None, None) => None,
        (read, written) => Some(read.unwrap_or(0).saturating_add(written.unwrap_or(0))),
    };
    Ok(Line {
        id: row.uuid("id")?,
        action: row.text("action")?,
        person: row.uuid("person_id")?,
        began_at: row.timestamp("began_at")?,
        engine: row.text("engine")?,
        model: row.optional_text("model")?,
        agreement: row.optional_text("agreement")?,
        characters: row.integer("characters")?,
        outcome: row.optional_text("outcome")?,
        fault: row.optional_text("fault")?,
        tokens,
        cost: row.optional_integer("cost")?,
        items: row.integer("items")?,
        applied: row.integer("applied")?,
        discarded: row.integer("discarded")?,
        confirmed: !row.is_null("confirmed_at")?,
    })
}

/// How a record's removal takes along what was kept of the runs on its page: their register stays, without a word (CC-10).
pub fn forgotten(context: &Context, record: Uuid) -> store::Statement {
    sql("UPDATE ai_invocations SET output = NULL, preview = NULL
         WHERE organisation_id = $1 AND record_id = $2 AND (output IS NOT NULL OR preview IS NOT NULL)")
    .bind(context.principal.organisation())
    .bind(record)
}

async fn items(context: &Context, id: Uuid, output: Vec<u8>) -> Result<Vec<Item>> {
    let organisation = context.principal.organisation().uuid();
    let ring = context.keys.ring(organisation).await.map_err(Error::from)?;
    let place = place(context.keys.environment(), organisation, OUTPUT, id);
    let plain = ring.open(Purpose::Field, &place, &Sealed::from_bytes(output)).map_err(Error::from)?;
    serde_json::from_slice(&plain).map_err(|_| Problem::internal("kept proposal"))
}

async fn seal(context: &Context, column: u32, row: Uuid, plain: &[u8]) -> Result<Vec<u8>> {
    let organisation = context.principal.organisation().uuid();
    let ring = context.keys.ring(organisation).await.map_err(Error::from)?;
    let place = place(context.keys.environment(), organisation, column, row);
    Ok(ring.seal(Purpose::Field, &place, plain).map_err(Error::from)?.into_bytes())
}

fn place(environment: Uuid, organisation: Uuid, field: u32, row: Uuid) -> Binding {
    Binding { environment, organisation, entity: AI, field, row }
}
