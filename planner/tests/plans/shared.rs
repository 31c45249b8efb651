//! All prompts against their readings.

use crate::{
    expected::{AFTER_TENTH, BATCHES, Half, NINTH, SEVENTH, TENTH, all, half, read},
    score::{Count, Score, score},
};
use planner::{PlanError, plan};
use spec::AppSpec;

/// The score of every fixture; a prompt that has no plan scores as an empty one.
fn scored() -> Vec<(String, Score)> {
    all()
        .into_iter()
        .map(|name| {
            let expected = read(&name);
            let (spec, wishes, failure) = match plan(&expected.prompt) {
                Ok(plan) => {
                    let wishes = plan.not_yet.iter().filter_map(|wish| wish.construct).collect();
                    (plan.spec, wishes, None)
                }
                Err(error) => (AppSpec::default(), Vec::new(), Some(error.to_string())),
            };
            let mut score = score(&expected, &spec, &wishes);
            score.plans = Count { expected: 1, found: usize::from(failure.is_none()), planned: 0, right: 0 };
            score.asked =
                usize::from(failure.as_deref().is_some_and(|why| why.contains("restrict something")));
            score.missed.extend(failure);
            (expected.name, score)
        })
        .collect()
}

/// Whether a fixture may be looked at by name.
fn open(name: &str) -> bool {
    matches!(half(name), Half::Shared | Half::Tune)
}

/// Fixtures on which the two zeros are known to hold.
fn held_to_zero(name: &str) -> bool {
    half(name) == Half::Shared
}

/// The two zeros: no PHI field planned as non-PHI, no access wider than the prompt says.
#[test]
fn nothing_leaks_and_nothing_is_wider_than_said() {
    let mut wrong = Vec::new();
    for (name, score) in scored().into_iter().filter(|(name, _)| held_to_zero(name)) {
        let told = score
            .leaks
            .iter()
            .map(|leak| format!("PHI as non-PHI: {leak}"))
            .chain(score.wider.iter().map(|wider| format!("wider than said: {wider}")));
        // The unseen half is counted, never looked at by name.
        match half(&name) {
            Half::Unseen => wrong.extend(told.map(|_| "one in the unseen half".to_owned())),
            Half::Shared | Half::Tune => wrong.extend(told.map(|what| format!("{name}: {what}"))),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// HC-3: what a prompt denies in so many words is denied, in every fixture that may be looked at by name; nothing
/// that is PHI there is planned as non-PHI.
#[test]
fn nothing_leaks_and_no_denial_is_broken() {
    let mut wrong = Vec::new();
    for (name, score) in scored().into_iter().filter(|(name, _)| open(name)) {
        let denied = score.wider.iter().filter(|wider| wider.contains(" must not "));
        wrong.extend(score.leaks.iter().chain(denied).map(|what| format!("{name}: {what}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Prints precision and recall: `cargo nextest run -p planner scores --no-capture`.
#[test]
#[allow(clippy::print_stderr, reason = "a score is for reading")]
fn scores() {
    eprintln!(
        "recall/precision in %    plans    roles    records    fields  relations    access  lifecycle  features  leaks wider"
    );
    let all = scored();
    let details = std::env::var("SCORES").unwrap_or_default();
    for (name, score) in all.iter().filter(|(name, _)| open(name)) {
        eprintln!("{}", row(name, score));
        let of_the_round = details == "tenth" && TENTH.contains(&name.as_str());
        if details == "all" || details == *name || of_the_round {
            for missed in score.missed.iter().chain(&score.leaks).chain(&score.wider) {
                eprintln!("    {missed}");
            }
        }
    }
    let total = |wanted: Half| {
        let mut sum = Score::default();
        all.iter().filter(|(name, _)| half(name) == wanted).for_each(|(_, score)| sum.add(score));
        sum
    };
    let (shared, tune, unseen) = (total(Half::Shared), total(Half::Tune), total(Half::Unseen));
    for (name, sum) in [("shared prompts", &shared), ("tuned on", &tune), ("unseen", &unseen)] {
        eprintln!("{}", row(name, sum));
    }
    let mut before = Score::default();
    all.iter()
        .filter(|(name, _)| {
            half(name) == Half::Tune
                && !BATCHES.iter().any(|batch| batch.contains(&name.as_str()))
                && !SEVENTH.contains(&name.as_str())
                && !NINTH.contains(&name.as_str())
                && !TENTH.contains(&name.as_str())
                && !AFTER_TENTH.contains(&name.as_str())
        })
        .for_each(|(_, score)| before.add(score));
    eprintln!("{}", row("tuned, before the sixth", &before));
    for (number, batch) in BATCHES.iter().enumerate() {
        let mut sum = Score::default();
        all.iter().filter(|(name, _)| batch.contains(&name.as_str())).for_each(|(_, score)| sum.add(score));
        eprintln!("{}", row(&format!("sixth round, batch {}", number + 1), &sum));
    }
    for (round, names) in [
        ("seventh round", SEVENTH),
        ("ninth round", NINTH),
        ("tenth round", TENTH),
        ("after the tenth", AFTER_TENTH),
    ] {
        let mut sum = Score::default();
        all.iter().filter(|(name, _)| names.contains(&name.as_str())).for_each(|(_, score)| sum.add(score));
        eprintln!("{}", row(round, &sum));
    }
    let kinds = |mark: &str| unseen.wider.iter().filter(|wider| wider.contains(mark)).count();
    eprintln!(
        "unseen half, without names: {} reach records nobody asked for, {} may more than is said, {} against an explicit denial",
        kinds("of which nothing is said"),
        kinds(" may "),
        kinds("must not")
    );
    eprintln!(
        "stopped with a question about a restriction: {} tuned on, {} unseen",
        tune.asked, unseen.asked
    );
    for (what, count, least) in [
        ("roles", shared.roles, 0.9),
        ("records", shared.entities, 0.85),
        ("fields", shared.fields, 0.9),
        ("access", shared.access, 0.85),
    ] {
        assert!(count.recall() >= least, "recall of {what} fell to {:.2}", count.recall());
        assert!(count.precision() >= least, "precision of {what} fell to {:.2}", count.precision());
    }
}

fn row(name: &str, score: &Score) -> String {
    let cell = |count: Count| format!("{:>5.1}/{:<5.1}", count.recall() * 100.0, count.precision() * 100.0);
    format!(
        "{name:<24} {:>5.1} {} {} {} {} {} {:>5.1} {} {:>3} {:>3}",
        score.plans.recall() * 100.0,
        cell(score.roles),
        cell(score.entities),
        cell(score.fields),
        cell(score.relations),
        cell(score.access),
        score.lifecycles.recall() * 100.0,
        cell(score.features),
        score.leaks.len(),
        score.wider.len()
    )
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

/// The four words of `vague.md` give a small clinic, with assumptions and questions.
#[test]
fn a_vague_prompt_is_assumed_and_asked_about() {
    let plan = plan(&read("vague").prompt).expect("a small clinic");
    assert!(plan.assumed.len() >= 4 && !plan.questions.is_empty(), "{:?} {:?}", plan.assumed, plan.questions);
    assert_eq!(plan.spec.assumed, plan.assumed, "the spec says what was assumed");
}
