//! A model can no more lower the floor than a person can.

use models::Money;
use models_double::Told;
use planner::model::{PlannedBy, form};
use serde_json::{Value, json};

use crate::scene::{PROMPT, Scene, WIRES, filled, outbound, spec, with};

/// Answers under the floor, each with what is to be said about it.
fn under_the_floor() -> Vec<(Value, &'static str)> {
    vec![
        (filled(&with("/retention/audit", json!("1 year"))), "at least 6 years"),
        (filled(&with("/security/mfa", json!("off"))), "second factor cannot be turned off"),
        (filled(&with("/security/idle", json!("10 hours"))), "at most 60 idle minutes"),
        (filled(&with("/security/attempts", json!(1000))), "at most 8 failed attempts"),
        (filled(&with("/entities/patient/access/nurse", json!("view everywhere"))), "everywhere"),
        (filled(&with("/entities/patient/fields/ssn", json!("none text"))), "ssn"),
    ]
}

/// HC-5: an answer under the floor is refused in words, and never becomes a plan, however often it is given.
#[tokio::test]
async fn an_answer_under_the_floor_never_becomes_a_plan() {
    for wire in WIRES {
        for (answer, about) in under_the_floor() {
            let scene = Scene::new(wire, move |_| Told::fill(answer.clone())).await;
            let planned = scene.plan(PROMPT).await;
            assert_eq!(planned.by, Some(PlannedBy::Offline), "{wire}: {about}");
            assert_eq!(planned.charged, Money::ZERO, "{wire}: {about}");
            assert!(outbound(&scene.double).contains(about), "{wire}: {about}");
        }
    }
}

/// Switches that cannot be turned are not in the form, and one that comes all the same turns nothing.
#[tokio::test]
async fn switches_that_cannot_be_turned_are_not_in_the_form() {
    let security = form().schema()["$defs"]["Security"].to_string();
    assert!(!security.contains("encryption") && security.contains("mfa"), "{security}");
    for wire in WIRES {
        let mut answer = filled(&with("/security/mfa", json!("required")));
        for switch in ["audit", "encryption", "authentication"] {
            answer["security"][switch] = json!("off");
        }
        let scene = Scene::new(wire, move |_| Told::fill(answer.clone())).await;
        let planned = scene.plan(PROMPT).await;
        assert!(matches!(planned.by, Some(PlannedBy::Model { .. })), "{wire}: {:?}", planned.without);
        let text = planned.plan.unwrap().text;
        assert!(text.contains("mfa: required") && !text.contains("encryption"), "{wire}: {text}");
    }
}

/// What cannot be built yet is refused from a model as from a person.
#[tokio::test]
async fn what_cannot_be_built_is_no_plan() {
    let pages = json!({ "kiosk": { "for": ["nurse"], "shows": ["patient"], "entry": "public" } });
    let scene = Scene::new("openai", move |asked| {
        Told::fill(filled(&if asked.number == 0 { with("/pages", pages.clone()) } else { spec() }))
    })
    .await;
    let planned = scene.plan(PROMPT).await;
    assert!(matches!(planned.by, Some(PlannedBy::Model { rounds: 2, .. })), "{:?}", planned.without);
}
