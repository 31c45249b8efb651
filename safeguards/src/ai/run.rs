//! A run: the text through the gate, the register, then the engine, and what comes back as data.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use models::{
    Ask, Attested, Behind, Billed, Budget, Caller, Ceiling, NotAnswered, Record, Register, Seal, Turn,
};
use uuid::Uuid;

use super::assistance::Engine;
use super::proposal::{Item, Proposal, instructions, read, schema};
use super::register::{Beginning, Ending, cached, hash};
use super::{AiAction, Assistance, Reads, Run, engine, gate};
use crate::pages::Form;
use crate::slice::{Body, Result, Viewer};
use crate::web::{FieldProblem, Problem};

/// The longest text, in characters: some thirty pages.
pub(super) const LONGEST: usize = 60_000;
/// How much of the beginning is kept, where the person says so (CC-4).
const PREVIEW: usize = 200;
/// The longest answer, in tokens.
const MOST_OUTPUT: u32 = 4_000;
/// How long a person waits for a provider, retries included.
const PATIENCE: Duration = Duration::from_secs(120);

/// The record on whose page an action stands, as far as the viewer may see it: it was found by its slice, and that it was
/// read is in the audit log.
pub struct Subject {
    /// Its id.
    pub id: Uuid,
    /// Who made it, if the viewer may know.
    pub author: Option<Uuid>,
    /// What is recorded there to be read.
    pub text: Option<String>,
}

impl Subject {
    /// Refuses whoever does not apply what the action proposes: to them, it is not there.
    pub(super) fn may(&self, viewer: &Viewer, action: &AiAction) -> Result<()> {
        let write = if action.parts { crate::access::Action::Create } else { crate::access::Action::Update };
        let named = viewer.is(action.applied_by) && viewer.may(action.entity, write);
        let by_author = !action.author_only || self.author == Some(viewer.principal.person().uuid());
        if named && by_author { Ok(()) } else { Err(Problem::not_found()) }
    }
}

/// What a person gives a run. It may be about a patient, so it cannot be printed.
#[derive(Clone, Default)]
pub struct Given {
    /// The text, where the action reads none that is recorded.
    pub text: Option<String>,
    /// That the text names nobody, said for this run.
    pub confirmed: bool,
    /// That the beginning of the text is kept, said for this run.
    pub keep_preview: bool,
}

/// What a program gives: `text`, `confirmed`, `keep_preview`, each only where the action takes it.
///
/// # Errors
/// 422 for a name that the action does not take.
pub fn given(viewer: &Viewer, action: &'static AiAction, body: &Body) -> Result<Given> {
    let answers = body.answers(&viewer.view, super::pages::form(action, ""), &[])?;
    Ok(super::pages::answered(&answers))
}

/// Runs an action: reads, asks, and says what is proposed. Nothing is changed by it.
///
/// # Errors
/// 404 for who does not apply it; 409 where there is nothing to read, or an attestation lapsed; 422 where the text is too
/// long, names somebody, or was not confirmed; 503 where the provider has no answer.
pub async fn run(
    viewer: &Viewer,
    assistance: &Assistance,
    action: &'static AiAction,
    subject: &Subject,
    form: &Form,
    given: Given,
) -> Result<Run> {
    subject.may(viewer, action)?;
    let text = text(action, subject, &given)?;
    if action.de_identified {
        if !given.confirmed {
            return Err(wrong("confirmed", "must be confirmed anew for each run"));
        }
        // To look through thirty pages takes a while, and others wait for this thread.
        let looked = text.clone();
        let cleared = tokio::task::spawn_blocking(move || gate::cleared(&looked)).await;
        cleared.map_err(|_| Problem::internal("gate"))??;
    }
    let engine = assistance.engine(viewer, action).await?;
    let name = match &engine {
        Engine::Embedded => "embedded".to_owned(),
        Engine::Provider { attested, .. } => attested.entry().name.clone(),
    };
    let model = match &engine {
        Engine::Embedded => None,
        Engine::Provider { attested, .. } => Some(attested.entry().model.clone()),
    };
    let asked =
        hash(viewer, action, &format!("{name} {}", model.as_deref().unwrap_or_default()), &text).await?;
    let before = if action.cached { cached(viewer, action, &asked).await? } else { None };
    let id = viewer.ids.next();
    let preview =
        (action.keeps_preview && given.keep_preview).then(|| text.chars().take(PREVIEW).collect::<String>());
    let agreement = match &engine {
        Engine::Provider { agreement, .. } if before.is_none() => Some(agreement.as_str()),
        _ => None,
    };
    let beginning = Beginning {
        id,
        action,
        record: subject.id,
        engine: if before.is_some() { "cache" } else { &name },
        model: model.as_deref().filter(|_| before.is_none()),
        agreement,
        asked,
        characters: text.chars().count(),
        confirmed: given.confirmed && action.de_identified,
        preview: preview.as_deref(),
    };
    beginning.write(viewer).await?;
    let shown = beginning.engine.to_owned();
    let items = match (before, engine) {
        (Some(items), _) => ended(viewer, action, id, items, Called::default()).await?,
        (None, Engine::Embedded) => {
            let items = read(action, form, &viewer.view, engine::draft(action, form, &text));
            ended(viewer, action, id, items, Called::default()).await?
        }
        (None, Engine::Provider { attested, ceiling, door, .. }) => {
            called(viewer, action, id, form, (&attested, ceiling, door), text).await?
        }
    };
    let proposals = (0_i64..).zip(items).map(|(item, values)| Proposal { item, values }).collect();
    Ok(Run { id, engine: shown, proposals })
}

/// What is read, within its bounds.
fn text(action: &AiAction, subject: &Subject, given: &Given) -> Result<String> {
    let text = match action.reads {
        Reads::Recorded => subject.text.clone(),
        Reads::Given => given.text.clone(),
    };
    let text = text.filter(|text| !text.trim().is_empty());
    match (text, action.reads) {
        (Some(text), _) if text.chars().count() > LONGEST => {
            Err(wrong("text", "must have at most 60,000 characters"))
        }
        (Some(text), _) => Ok(text),
        (None, Reads::Given) => Err(wrong("text", "must be given")),
        (None, Reads::Recorded) => Err(Problem::conflict()
            .rule(format!("{} is empty: there is nothing to read yet.", action.input_label))),
    }
}

fn wrong(name: &str, detail: &str) -> Problem {
    Problem::invalid(vec![FieldProblem { pointer: format!("/{name}"), detail: detail.to_owned() }])
}

/// What a call took.
#[derive(Default)]
struct Called {
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    cost: Option<i64>,
}

async fn ended(
    viewer: &Viewer,
    action: &AiAction,
    id: Uuid,
    items: Vec<Item>,
    called: Called,
) -> Result<Vec<Item>> {
    let outcome = if items.is_empty() { "nothing" } else { "proposed" };
    let Called { input_tokens, output_tokens, cost } = called;
    let ending = Ending { outcome, fault: None, input_tokens, output_tokens, cost, items: &items };
    ending.write(viewer, action, id).await?;
    Ok(items)
}

/// Keeps the lines of one run, whose own row of the register is written already.
#[derive(Default)]
struct Lines(Mutex<Vec<Record>>);

impl Register for Lines {
    fn record(&self, record: &Record) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(record.clone());
        Ok(())
    }
}

/// Asks a provider, within its ceiling and our patience.
async fn called(
    viewer: &Viewer,
    action: &'static AiAction,
    id: Uuid,
    form: &Form,
    (attested, ceiling, door): (&Attested, Ceiling, Option<PathBuf>),
    text: String,
) -> Result<Vec<Item>> {
    let asked = models::Form::new("proposal", action.label, schema(action, form));
    let ask = Ask {
        purpose: "assist",
        instructions: instructions(action),
        turns: vec![Turn::Said(text)],
        form: asked,
        most_output: MOST_OUTPUT.min(attested.entry().most_output),
    };
    let lines = Arc::new(Lines::default());
    let mut key = [0; 32];
    aws_lc_rs::rand::fill(&mut key).map_err(|_| Problem::unavailable("randomness"))?;
    // These hashes are thrown away with the lines; the register's own is under the organisation's key.
    let caller =
        Caller::new(Arc::new(Behind(door)), Arc::clone(&lines) as Arc<dyn Register>, Seal::new(&key));
    let budget = Budget::new(ceiling);
    let mut unseen = |_| {};
    let answer = tokio::time::timeout(PATIENCE, caller.ask(attested, &ask, &budget, &mut unseen)).await;
    let called = took(&lines, &budget);
    let (fault, problem) = match answer {
        Ok(Ok(answer)) => {
            let value = ask.form.read(answer.value).value;
            let items = read(action, form, &viewer.view, value);
            debug_assert!(answer.billed != Billed::Nothing, "who answers bills");
            return ended(viewer, action, id, items, called).await;
        }
        Err(_elapsed) => ("too slow", Problem::unavailable("provider is slow").retry_after(60)),
        Ok(Err(NotAnswered::NotAttested(why))) => {
            ("not attested", Problem::conflict().rule(format!("{why}.")))
        }
        Ok(Err(NotAnswered::PastCeiling(_))) => (
            "past the ceiling",
            Problem::conflict()
                .detail("It could cost more than the ceiling that whoever runs this app has set."),
        ),
        Ok(Err(NotAnswered::NotRecorded(_))) => ("not recorded", Problem::unavailable("register")),
        Ok(Err(NotAnswered::Fault { fault, .. })) => {
            (fault.word(), Problem::unavailable("provider").retry_after(30))
        }
    };
    let Called { input_tokens, output_tokens, cost } = called;
    let ending =
        Ending { outcome: "failed", fault: Some(fault), input_tokens, output_tokens, cost, items: &[] };
    ending.write(viewer, action, id).await?;
    Err(problem)
}

/// Tokens and money of all tries; what is uncertain counts as its worst.
fn took(lines: &Lines, budget: &Budget) -> Called {
    let records = lines.0.lock().unwrap_or_else(PoisonError::into_inner);
    let mut tokens = (0_u64, 0_u64);
    for record in records.iter() {
        if let Record::Ended { input_tokens, output_tokens, .. } = record {
            tokens.0 = tokens.0.saturating_add(input_tokens.unwrap_or(0));
            tokens.1 = tokens.1.saturating_add(output_tokens.unwrap_or(0));
        }
    }
    let whole = |number: u64| Some(i64::try_from(number).unwrap_or(i64::MAX));
    Called {
        input_tokens: whole(tokens.0),
        output_tokens: whole(tokens.1),
        cost: whole(budget.spent().at_most().nano()),
    }
}
