//! Planning through models from the command line: who is asked, what it may cost, what it cost.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use models::{
    ApiKey, Attested, Budget, Caller, Ceiling, JsonLines, Machine, Money, Providers, Seal, Surroundings,
};
use planner::Plan;
use planner::model::{Cleared, Identifies, NotPlanned, Planned, PlannedBy, Planning, Telling, clear};
use serde_json::{Value, json};

use super::phi::shown;
use super::plan::unplanned;
use super::source::read;
use crate::arguments::Models;
use crate::outcome::Failure;
use crate::progress::{Progress, Step};

/// The file of providers, if models are to plan.
pub(crate) fn wanted(arguments: &Models) -> Result<Option<&Path>, Failure> {
    match &arguments.models {
        Some(file) if !arguments.offline && !file.as_os_str().is_empty() => Ok(Some(file)),
        None if arguments.ceiling.is_some() || arguments.placeholders => Err(Failure::input(
            "--ceiling and --placeholders are about models: name the file of providers with --models, or in HEALTHCODER_MODELS",
        )),
        _ => Ok(None),
    }
}

/// Plans through the file's providers, then offline, and gives an account of it.
pub(crate) fn planned(
    prompt: &str,
    file: &Path,
    wanted: &Models,
    progress: Progress,
) -> Result<(Plan, Option<Value>), Failure> {
    let providers = Providers::read(&read(file)?)
        .map_err(|error| Failure::input(format!("{}: {error}", file.display())))?;
    let mut ceiling = Ceiling::from(providers.ceiling);
    if let Some(money) = wanted.ceiling {
        ceiling.money = money;
    }
    let fallback = providers.fallback;
    let attested = attested(providers, file, progress)?;
    let cleared = clear(prompt, wanted.placeholders).map_err(|found| identified(prompt, found))?;
    if cleared.placeholders() > 0 {
        progress
            .say(&format!("{} values have placeholders; they stay on this machine.", cleared.placeholders()));
    }
    let caller = caller()?;
    let budget = Budget::new(ceiling);
    let planning = Planning { caller: &caller, providers: &attested, budget: &budget, fallback };
    progress.say(&format!(
        "Ceiling: {} and {} tokens. One answer can cost at most {}.",
        ceiling.money,
        ceiling.tokens,
        planner::model::worst(&cleared, &planning),
    ));
    let outcome = watched(&cleared, &planning, progress)?;
    progress.say(&told(&outcome, ceiling.money));
    let account = account(&outcome, ceiling);
    match outcome.plan {
        Ok(plan) => Ok((plan, Some(account))),
        Err(NotPlanned::Offline(error)) => Err(unplanned(error)),
        Err(error @ NotPlanned::Models(_)) => {
            let report = error.to_string();
            Err(Failure::Refuted {
                json: json!({ "error": report, "reason": "no model", "planning": account }),
                report,
            })
        }
    }
}

/// The providers that may be asked; each of the others is told with its reason.
fn attested(providers: Providers, file: &Path, progress: Progress) -> Result<Vec<Attested>, Failure> {
    let now = Machine.now();
    let (mut attested, mut refused) = (Vec::new(), Vec::new());
    for entry in providers.providers {
        let key = entry
            .key
            .as_ref()
            .map(|source| ApiKey::find(&entry.name, source, |name| std::env::var(name).ok()));
        match key.transpose() {
            Ok(key) => match entry.attest(key, now) {
                Ok(provider) => attested.push(provider),
                Err(error) => refused.push(error.to_string()),
            },
            Err(error) => refused.push(error.to_string()),
        }
    }
    if attested.is_empty() {
        let report = format!("{}: nobody in it may be asked.\n{}", file.display(), refused.join("\n"));
        return Err(Failure::Input {
            json: json!({ "error": report, "reason": "not attested", "refused": refused }),
            report,
        });
    }
    for reason in refused {
        progress.say(&format!("Not asked: {reason}"));
    }
    Ok(attested)
}

/// What stops a prompt at the gate.
fn identified(prompt: &str, found: Identifies) -> Failure {
    let why = found.to_string();
    let (lines, findings) = shown(prompt, found.findings);
    let report = format!(
        "{why}:\n{}\nTake it out, or run it again with --placeholders: then placeholders are sent, and turned back here.",
        lines.join("\n")
    );
    Failure::Input { json: json!({ "error": why, "reason": "identifiers", "findings": findings }), report }
}

/// A caller whose register and key lie in this user's own folder.
fn caller() -> anyhow::Result<Caller> {
    let folder = folder()?;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .with_context(|| format!("{} cannot be made", folder.display()))?;
    let register = folder.join("register.jsonl");
    let kept =
        JsonLines::open(&register).with_context(|| format!("{} cannot be written", register.display()))?;
    let key = folder.join("register.key");
    let seal = Seal::kept_in(&key).with_context(|| format!("{} cannot be read", key.display()))?;
    Ok(Caller::new(Arc::new(Machine), Arc::new(kept), seal))
}

fn folder() -> anyhow::Result<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = variable("HEALTHCODER_STATE")
        .or_else(|| variable("XDG_STATE_HOME").map(|folder| folder.join("healthcoder")))
        .or_else(|| variable("HOME").map(|folder| folder.join(".local/state/healthcoder")))
        .context("no folder for the register of calls: set HEALTHCODER_STATE to one")?;
    Ok(state.join("models"))
}

fn watched(cleared: &Cleared, planning: &Planning<'_>, progress: Progress) -> anyhow::Result<Planned> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut step: Option<Step> = None;
    let mut tell = |telling: Telling<'_>| match telling {
        Telling::Asking { provider, round, worst } => {
            step = Some(progress.step(&format!("{provider}, round {round}, at most {worst}")));
        }
        Telling::Answering(bytes) => {
            if let Some(step) = &step {
                step.note(&format!("{:.1} kB of the plan", kilobytes(bytes)));
            }
        }
        Telling::Wrong(count) => {
            if let Some(step) = step.take() {
                step.done(&format!("{count} things are wrong with its plan, and go back to it"));
            }
        }
        Telling::Without { provider, why } => {
            if let Some(step) = step.take() {
                step.failed();
            }
            progress.say(&format!("No plan of {provider}: {why}"));
        }
        Telling::Offline => progress.say("Planning offline."),
    };
    let outcome = runtime.block_on(planner::model::plan(cleared, planning, &mut tell));
    if let Some(step) = step.take() {
        step.done("the plan is whole, and valid");
    }
    Ok(outcome)
}

#[allow(clippy::cast_precision_loss, reason = "a figure for people")]
fn kilobytes(bytes: usize) -> f64 {
    bytes as f64 / 1000.0
}

fn told(outcome: &Planned, ceiling: Money) -> String {
    let by = match &outcome.by {
        Some(PlannedBy::Model { provider, model, rounds }) => {
            let rounds = if *rounds == 1 { "one round".into() } else { format!("{rounds} rounds") };
            format!("Planned by the model {model} of {provider} in {rounds}.")
        }
        Some(PlannedBy::Offline) => "Planned offline: no model had a plan.".into(),
        None => "Nobody had a plan.".into(),
    };
    format!("{by} Spent: {}, of a ceiling of {ceiling}. Charged: {}.", outcome.spent, outcome.charged)
}

/// The account of the models, for programs. Dollars are texts, exact.
fn account(outcome: &Planned, ceiling: Ceiling) -> Value {
    let by = match &outcome.by {
        Some(PlannedBy::Model { provider, model, rounds }) => {
            json!({ "planner": "model", "provider": provider, "model": model, "rounds": rounds })
        }
        Some(PlannedBy::Offline) => json!({ "planner": "offline" }),
        None => Value::Null,
    };
    let without: Vec<Value> =
        outcome.without.iter().map(|one| json!({ "provider": one.provider, "why": one.why })).collect();
    let spent = outcome.spent;
    json!({
        "by": by,
        "ceiling": { "dollars": ceiling.money, "tokens": ceiling.tokens },
        "spent": {
            "dollars": spent.money,
            "at most": spent.at_most(),
            "tokens": spent.tokens,
            "tokens at most": spent.tokens + spent.uncertain_tokens,
        },
        "charged": outcome.charged,
        "without": without,
    })
}
