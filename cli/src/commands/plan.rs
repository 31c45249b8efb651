use planner::{Plan as Planned, PlanError};
use serde_json::{Value, json};

use super::models;
use super::source::prompt;
use crate::arguments::{Format, Models, Plan};
use crate::outcome::{Failure, Outcome};
use crate::progress::Progress;

/// Prints the spec that a prompt becomes. Where models were asked, the JSON says beside it what that cost.
pub(crate) fn run(arguments: &Plan, progress: Progress) -> Result<Outcome, Failure> {
    let (plan, account) = planned(&prompt(&arguments.prompt)?, &arguments.models, progress)?;
    let spec = plan.spec.to_json();
    let text = match arguments.format {
        Format::Yaml => plan.text,
        Format::Json => serde_json::to_string_pretty(&spec)?,
    };
    let json = match account {
        Some(account) => json!({ "spec": spec, "planning": account }),
        None => spec,
    };
    Ok(Outcome { text, json })
}

/// Plans, by the models that were named, or offline; with the account of the models, where some were. A prompt that is no
/// app, or that holds a restriction which was not understood, is a wrong input.
pub(crate) fn planned(
    prompt: &str,
    wanted: &Models,
    progress: Progress,
) -> Result<(Planned, Option<Value>), Failure> {
    match models::wanted(wanted)? {
        Some(file) => models::planned(prompt, file, wanted, progress),
        None => Ok((offline(prompt)?, None)),
    }
}

/// Plans on this machine, whatever models there are.
pub(crate) fn offline(prompt: &str) -> Result<Planned, Failure> {
    planner::plan(prompt).map_err(unplanned)
}

/// Why there is no plan, as the command line says it.
pub(super) fn unplanned(error: PlanError) -> Failure {
    match &error {
        PlanError::NotAnApp { why } => {
            Failure::Input { report: why.clone(), json: json!({ "error": why, "reason": "no app" }) }
        }
        PlanError::Blocked { sentences, questions } => {
            let asked: Vec<Value> = questions
                .iter()
                .map(|question| json!({ "about": question.about, "ask": question.ask }))
                .collect();
            Failure::Input {
                report: blocked(sentences),
                json: json!({ "error": error.to_string(), "reason": "blocked", "sentences": sentences, "questions": asked }),
            }
        }
        PlanError::Invalid { .. } => Failure::Failed(anyhow::anyhow!("{error}")),
    }
}

fn blocked(sentences: &[String]) -> String {
    let listed: Vec<_> = sentences.iter().map(|sentence| format!("  • {sentence}")).collect();
    format!(
        "Nothing was planned. These sentences restrict something, and were not understood:\n{}\n\
         Say them in other words (who may see or do what, and with which records), or take them out.",
        listed.join("\n")
    )
}
