//! What a prompt restricts is not a model's to open.

use models_double::Told;
use planner::{Plan, stops};
use serde_json::{Value, json};

use crate::scene::{Scene, filled, spec, with};

async fn plan(prompt: &str, document: Value) -> Plan {
    let answer = filled(&document);
    let scene = Scene::new("anthropic", move |_| Told::fill(answer.clone())).await;
    let planned = scene.plan(prompt).await;
    assert!(planned.by.is_some(), "{:?}", planned.without);
    planned.plan.unwrap()
}

const RESTRICTED: &str = "A foot clinic. Nurses register patients with name and shoe size. Physicians write a note of each \
    visit. Nurses must not see visits.";

/// Where the prompt restricts and the model opens, a person is asked, and the safe answer is to stop.
#[tokio::test]
async fn what_the_prompt_restricts_and_the_model_opens_is_asked() {
    let opened = with("/entities/visit/access/nurse", json!("view in organisation"));
    let plan = plan(RESTRICTED, opened).await;
    let asked: Vec<_> = plan.questions.iter().filter(|question| stops(question)).collect();
    assert!(
        asked.iter().any(|question| question.ask.contains("nurse sees note of visit")),
        "{:?}",
        plan.questions
    );
    assert!(plan.spec.questions.iter().any(|question| question.blocks), "{}", plan.text);
}

/// Where the model keeps it, nobody is asked.
#[tokio::test]
async fn what_the_model_keeps_is_not_asked() {
    let plan = plan(RESTRICTED, spec()).await;
    assert!(!plan.questions.iter().any(stops), "{:?}", plan.questions);
}

/// What stops the offline planner stops a model's plan, too: a fluent answer is no answer to it.
#[tokio::test]
async fn a_restriction_that_was_not_understood_is_asked() {
    let sentence = "Nobody outside the moon cabal may flurb the records.";
    let prompt = format!("{RESTRICTED} {sentence}");
    assert!(
        matches!(planner::plan(&prompt), Err(planner::PlanError::Blocked { .. })),
        "the sentence is understood"
    );
    let plan = plan(&prompt, spec()).await;
    assert!(
        plan.questions.iter().any(|question| stops(question) && question.about.contains("moon cabal")),
        "{:?}",
        plan.questions
    );
}

/// A model's own questions are at most as many as a person is asked, and push none out that stops.
#[tokio::test]
async fn questions_that_stop_come_first() {
    let mut document = with("/entities/visit/access/nurse", json!("view in organisation"));
    document["questions"] =
        (0..9).map(|number| json!({ "ask": format!("Question {number}?"), "default": "yes" })).collect();
    let plan = plan(RESTRICTED, document).await;
    assert_eq!(plan.questions.len(), 5);
    assert!(stops(&plan.questions[0]), "{:?}", plan.questions);
}

/// Whatever a prompt is made of, the plan is text that the validator reads again.
#[tokio::test]
async fn a_prompt_that_is_quoted_leaves_the_plan_readable() {
    let long = "on a Tuesday ".repeat(2_000);
    for sentence in [
        "Nobody outside the moon\u{202e} cabal may\u{7} flurb the records.".to_owned(),
        format!("Nobody outside the moon cabal may flurb the records {long}."),
        "Only \"the\" nurse: never #1 {of} - them sees shoe size.".to_owned(),
    ] {
        let plan = plan(&format!("{RESTRICTED} {sentence}"), spec()).await;
        spec::check(&plan.text, &spec::Lock::default())
            .unwrap_or_else(|problems| panic!("{problems}\n{}", plan.text));
    }
}
