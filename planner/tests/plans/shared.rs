//! The shared prompts against their readings.

use crate::{
    expected::{all, read},
    score::{Count, Score, score},
};
use planner::{PlanError, plan};

/// Spanish waits for the planner's own issue: it gets a clear answer and no plan.
const LATER: &[&str] = &["spanish"];

fn scored() -> Vec<(String, Score)> {
    all()
        .into_iter()
        .filter(|name| !LATER.contains(&name.as_str()))
        .map(|name| {
            let expected = read(&name);
            let plan = plan(&expected.prompt).unwrap_or_else(|error| panic!("{name} has no plan: {error}"));
            let wishes: Vec<u32> = plan.not_yet.iter().filter_map(|wish| wish.construct).collect();
            let score = score(&expected, &plan.spec, &wishes);
            (expected.name, score)
        })
        .collect()
}

/// The two zeros: no PHI field planned as non-PHI, no access wider than the prompt says.
#[test]
fn nothing_leaks_and_nothing_is_wider_than_said() {
    let mut wrong = Vec::new();
    for (name, score) in scored() {
        wrong.extend(score.leaks.iter().map(|leak| format!("{name}: PHI as non-PHI: {leak}")));
        wrong.extend(score.wider.iter().map(|wider| format!("{name}: wider than said: {wider}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Prints precision and recall: `cargo nextest run -p planner scores --no-capture`.
#[test]
#[allow(clippy::print_stderr, reason = "a score is for reading")]
fn scores() {
    let mut sum = Score::default();
    let row = |name: &str, score: &Score| {
        let cell =
            |count: Count| format!("{:>4.0}/{:<4.0}", count.recall() * 100.0, count.precision() * 100.0);
        eprintln!(
            "{name:<18} {} {} {} {:>4.0} {} {:>4.0} {:>4.0} {:>3} {:>3}",
            cell(score.roles),
            cell(score.entities),
            cell(score.fields),
            score.relations.recall() * 100.0,
            cell(score.access),
            score.lifecycles.recall() * 100.0,
            score.features.recall() * 100.0,
            score.leaks.len(),
            score.wider.len()
        );
    };
    eprintln!(
        "recall/precision in % roles     records   fields  relations access lifecycles features leaks wider"
    );
    for (name, score) in scored() {
        row(&name, &score);
        for missed in &score.missed {
            eprintln!("    {missed}");
        }
        sum.roles.add(score.roles);
        sum.entities.add(score.entities);
        sum.fields.add(score.fields);
        sum.relations.add(score.relations);
        sum.access.add(score.access);
        sum.lifecycles.add(score.lifecycles);
        sum.features.add(score.features);
        sum.leaks.extend(score.leaks);
        sum.wider.extend(score.wider);
    }
    row("all", &sum);
    for (what, count, least) in [
        ("roles", sum.roles, 0.95),
        ("records", sum.entities, 0.9),
        ("fields", sum.fields, 0.9),
        ("access", sum.access, 0.85),
    ] {
        assert!(count.recall() >= least, "recall of {what} fell to {:.2}", count.recall());
        assert!(count.precision() >= least, "precision of {what} fell to {:.2}", count.precision());
    }
}

/// The same words give the same plan.
#[test]
fn a_plan_is_a_pure_function_of_the_prompt() {
    for name in all() {
        let prompt = read(&name).prompt;
        let text = |result: Result<planner::Plan, PlanError>| {
            result.map_or_else(|error| error.to_string(), |plan| plan.text)
        };
        assert_eq!(text(plan(&prompt)), text(plan(&prompt)), "{name}");
    }
}

/// A prompt of another language gets a clear answer and no half plan.
#[test]
fn spanish_waits() {
    for name in LATER {
        assert!(
            matches!(plan(&read(name).prompt), Err(PlanError::NotAnApp { .. } | PlanError::Blocked { .. })),
            "{name}"
        );
    }
}

/// The four words of `vague.md` give a small clinic, with assumptions and questions.
#[test]
fn a_vague_prompt_is_assumed_and_asked_about() {
    let plan = plan(&read("vague").prompt).expect("a small clinic");
    assert!(plan.assumed.len() >= 4 && !plan.questions.is_empty(), "{:?} {:?}", plan.assumed, plan.questions);
    assert_eq!(plan.spec.assumed, plan.assumed, "the spec says what was assumed");
}
