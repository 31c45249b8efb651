//! The judge of what a model says: the validator, and what can be built.

use serde_json::Value;
use spec::{Lock, Problem, ValidatedSpec};

/// The spec that a value says, or everything that is wrong with it, in the order of the text.
pub(super) fn judged(value: &Value) -> Result<ValidatedSpec, Vec<String>> {
    let spec = spec::check(&value.to_string(), &Lock::default())
        .map_err(|problems| problems.iter().map(told).collect::<Vec<_>>())?;
    let unbuildable: Vec<String> = spec::buildable(&spec).iter().map(|wish| told(&wish.problem())).collect();
    if unbuildable.is_empty() { Ok(spec) } else { Err(unbuildable) }
}

fn told(problem: &Problem) -> String {
    let help = problem.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{}: {}{help}", problem.pointer, problem.message)
}
