//! Planning through a model: it fills the spec in by the schema, and everything that it says is data.
//!
//! ```text
//! prompt ──clear──▶ Cleared ──plan──▶ model fills the form ──▶ spec::check ──▶ second reading ──▶ Plan
//!            │                             ▲                      │
//!     identifiers: stop,                   └── what is wrong ◀────┘   at most a few rounds
//!     or placeholders
//! ```
//!
//! 1. [`clear`] lets a text out of the house (HC-6): with identifiers in it, it stops or puts placeholders.
//! 2. The model fills in the form that the spec's own schema makes, without what cannot be built. What stands beside the
//!    form is dropped. The judge is `spec::check`, the same as for a person's `app.yaml`: a model can no more lower the
//!    floor than a person can.
//! 3. What is wrong goes back, in words with pointers. Two rounds that fail alike are enough.
//! 4. The offline planner reads the same prompt. A restriction that it did not understand, and what the model opens
//!    beyond its reading where the prompt restricts, are asked of a person before anything is built.
//! 5. When no model has a plan, the offline planner has, unless it is turned off.

mod clearance;
mod instructions;
mod judge;
mod second_reading;

use models::{Answer, Ask, Attested, Budget, Caller, Fallback, Form, Money, NotAnswered, Seen, Spent, Turn};
use spec::ValidatedSpec;

use crate::{Plan, PlanError, gate};
pub use clearance::{Cleared, Identifies, clear};
pub use instructions::form;
use judge::judged;

/// How often one model is asked to put right what is wrong, the first answer included.
const ROUNDS: u32 = 4;

/// With whom, and for how much at most.
pub struct Planning<'a> {
    /// Asks.
    pub caller: &'a Caller,
    /// Whom, the first first.
    pub providers: &'a [Attested],
    /// For how much.
    pub budget: &'a Budget,
    /// Whether the offline planner is last.
    pub fallback: Fallback,
}

/// What is going on, for whoever waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Telling<'a> {
    /// A model is asked.
    Asking {
        /// Which provider, by its entry's name.
        provider: &'a str,
        /// Which round, from 1.
        round: u32,
        /// The worst that it can cost.
        worst: Money,
    },
    /// An answer comes; so many bytes of it are here.
    Answering(usize),
    /// So many things are wrong with it, and go back.
    Wrong(usize),
    /// A provider has no plan.
    Without {
        /// Which provider.
        provider: &'a str,
        /// Why.
        why: &'a str,
    },
    /// The offline planner reads.
    Offline,
}

/// Who made a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlannedBy {
    /// The offline planner.
    Offline,
    /// A model.
    Model {
        /// Of which provider, by its entry's name.
        provider: String,
        /// Which one.
        model: String,
        /// How many rounds it took.
        rounds: u32,
    },
}

/// A provider that has no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Without {
    /// Which provider.
    pub provider: String,
    /// Why.
    pub why: String,
}

/// How planning ended.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The plan, or why there is none.
    pub plan: Result<Plan, NotPlanned>,
    /// Who made it, if there is one.
    pub by: Option<PlannedBy>,
    /// What the providers have been paid.
    pub spent: Spent,
    /// What of it is the founder's: nothing where no model has a plan.
    pub charged: Money,
    /// Providers that had no plan, in the order in which they were asked.
    pub without: Vec<Without>,
}

/// Why there is no plan.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotPlanned {
    /// The offline planner has none.
    #[error(transparent)]
    Offline(#[from] PlanError),
    /// No model has one, and the offline planner is turned off.
    #[error("no model has a plan, and the offline planner is turned off: {}", shown(.0))]
    Models(Vec<Without>),
}

fn shown(without: &[Without]) -> String {
    let each: Vec<String> = without.iter().map(|one| format!("{}: {}", one.provider, one.why)).collect();
    each.join("; ")
}

/// Why one model has no plan.
#[derive(Debug, thiserror::Error)]
enum NoSpec {
    #[error(transparent)]
    NotAnswered(#[from] NotAnswered),
    #[error("it gave the same wrong answer twice: {0}")]
    Alike(String),
    #[error("its answer was still wrong after {ROUNDS} rounds: {0}")]
    StillWrong(String),
}

/// Plans a prompt with the models that there are, then offline.
pub async fn plan(
    prompt: &Cleared,
    planning: &Planning<'_>,
    tell: &mut (dyn FnMut(Telling<'_>) + Send),
) -> Planned {
    let mut without = Vec::new();
    if let Some(why) = gate::refuse_text(prompt.original()) {
        let plan = Err(NotPlanned::Offline(PlanError::NotAnApp { why }));
        return Planned { plan, by: None, spent: planning.budget.spent(), charged: Money::ZERO, without };
    }
    for provider in planning.providers {
        match filled(prompt, planning, provider, tell).await {
            Ok((spec, rounds)) => {
                let entry = provider.entry();
                let by =
                    PlannedBy::Model { provider: entry.name.clone(), model: entry.model.clone(), rounds };
                let plan = second_reading::plan(prompt, &spec, &by, &without);
                let spent = planning.budget.spent();
                return Planned { plan: Ok(plan), by: Some(by), spent, charged: spent.at_most(), without };
            }
            Err(error) => {
                let (provider, why) = (provider.entry().name.clone(), error.to_string());
                tell(Telling::Without { provider: &provider, why: &why });
                without.push(Without { provider, why });
                // Nobody else could be put on record either.
                if matches!(error, NoSpec::NotAnswered(NotAnswered::NotRecorded(_))) {
                    break;
                }
            }
        }
    }
    let spent = planning.budget.spent();
    if planning.fallback == Fallback::None {
        let plan = Err(NotPlanned::Models(without.clone()));
        return Planned { plan, by: None, spent, charged: Money::ZERO, without };
    }
    tell(Telling::Offline);
    let plan = crate::plan(prompt.original()).map_err(NotPlanned::Offline);
    let by = plan.is_ok().then_some(PlannedBy::Offline);
    Planned { plan, by, spent, charged: Money::ZERO, without }
}

/// What the first answer can cost at most, whoever gives it.
pub fn worst(prompt: &Cleared, planning: &Planning<'_>) -> Money {
    let form = instructions::form();
    let first = planning.providers.iter().map(|provider| {
        let said = vec![Turn::Said(prompt.text().to_owned())];
        planning.caller.worst(provider, &ask(said, &form, provider))
    });
    first.max().unwrap_or_default()
}

fn ask(turns: Vec<Turn>, form: &Form, provider: &Attested) -> Ask {
    Ask {
        purpose: "plan",
        instructions: instructions::TEXT.to_owned(),
        turns,
        form: form.clone(),
        most_output: provider.entry().most_output,
    }
}

/// One model's spec, with the number of rounds that it took.
async fn filled(
    prompt: &Cleared,
    planning: &Planning<'_>,
    provider: &Attested,
    tell: &mut (dyn FnMut(Telling<'_>) + Send),
) -> Result<(ValidatedSpec, u32), NoSpec> {
    let form = instructions::form();
    let said = || Turn::Said(prompt.text().to_owned());
    let mut turns = vec![said()];
    let mut before: Option<Vec<String>> = None;
    let name = provider.entry().name.as_str();
    let mut first = String::new();
    for round in 1..=ROUNDS {
        let ask = ask(turns, &form, provider);
        tell(Telling::Asking { provider: name, round, worst: planning.caller.worst(provider, &ask) });
        let mut seen = |seen: Seen| {
            if let Seen::Answering { bytes } = seen {
                tell(Telling::Answering(bytes));
            }
        };
        let Answer { value, .. } = planning.caller.ask(provider, &ask, planning.budget, &mut seen).await?;
        let problems = match judged(&form.read(value.clone()).value) {
            Ok(spec) => return Ok((spec, round)),
            Err(problems) => problems,
        };
        first = problems.first().cloned().unwrap_or_default();
        if before.as_ref() == Some(&problems) {
            return Err(NoSpec::Alike(first));
        }
        tell(Telling::Wrong(problems.len()));
        // A form that is no form at all cannot be given back as one.
        let value = if value.is_object() { value } else { serde_json::json!({}) };
        turns = vec![said(), Turn::Filled(value), Turn::Problems(instructions::wrong(&problems))];
        before = Some(problems);
    }
    Err(NoSpec::StillWrong(first))
}
