//! Every shared prompt, through each wire.

use models::{Money, Record};
use models_double::Told;
use planner::model::PlannedBy;

use crate::scene::{PROMPT, Scene, WIRES, filled, outbound, prompt, spec};

const SHARED: [&str; 8] = [
    "chartcoder",
    "clinicflow",
    "dental",
    "home-bp",
    "peptide-clinic",
    "spanish",
    "telehealth-intake",
    "vague",
];

/// A model's plan of each shared prompt comes back valid over each wire; what left has the published shape, what it cost
/// is what was billed, and the plan says who made it.
#[tokio::test]
async fn every_shared_prompt_goes_through_each_wire() {
    for name in SHARED {
        let prompt = prompt(name);
        let document = planner::plan(&prompt).map_or_else(|_| spec(), |plan| plan.spec.to_json());
        for wire in WIRES {
            let answer = filled(&document);
            let scene = Scene::new(wire, move |_| Told::fill(answer.clone())).await;
            let planned = scene.plan(&prompt).await;
            let shown =
                format!("{name} through {wire}: {:?}, {:?}", planned.without, scene.double.complaints());
            let plan = planned.plan.unwrap_or_else(|error| panic!("{shown}: {error}"));
            let by = PlannedBy::Model { provider: "double".into(), model: "some-model-1".into(), rounds: 1 };
            assert_eq!(planned.by, Some(by), "{shown}");
            assert!(scene.double.complaints().is_empty(), "{shown}");
            assert_eq!(planned.spent.money, Money::from_nano(scene.double.bill()), "{shown}");
            assert_eq!(planned.charged, planned.spent.money, "{shown}");
            assert!(plan.text.contains("some-model-1 of double"), "{shown}\n{}", plan.text);
            spec::check(&plan.text, &spec::Lock::default())
                .unwrap_or_else(|problems| panic!("{shown}: {problems}"));
            let began =
                scene.register.records().iter().filter(|one| matches!(one, Record::Began { .. })).count();
            assert_eq!((began, scene.double.requests()), (1, 1), "{shown}");
        }
    }
}

/// HC-6: what leaves is the prompt, the form and our own words. Nothing of the machine is in it.
#[tokio::test]
async fn nothing_but_the_prompt_and_the_form_leaves() {
    let scene = Scene::new("openai", |_| Told::fill(filled(&spec()))).await;
    scene.plan(PROMPT).await.plan.unwrap();
    let sent = outbound(&scene.double);
    assert!(sent.contains("shoe size"));
    for own in ["HOME", "USER", "HOSTNAME"] {
        if let Some(value) = std::env::var(own).ok().filter(|value| value.len() > 4) {
            assert!(!sent.contains(&value), "{own}");
        }
    }
}

/// An empty prompt, or one of many pages, costs nothing.
#[tokio::test]
async fn what_is_no_prompt_is_not_sent() {
    let scene = Scene::new("openai", |_| Told::fill(filled(&spec()))).await;
    for nothing in [String::new(), "  \n".into(), "word ".repeat(20_000)] {
        let planned = scene.plan(&nothing).await;
        assert!(planned.plan.is_err() && planned.by.is_none());
    }
    assert_eq!(scene.double.requests(), 0);
}
