//! The gate before a model.

use models_double::Told;
use planner::model::{PlannedBy, clear};
use serde_json::json;

use crate::scene::{Scene, WIRES, filled, outbound, spec, with};

/// A prompt as a founder writes one who pastes what lies before them.
const PASTED: &str = "A foot clinic. Nurses register patients with name and shoe size, such as patient Margarethe Winterbottom, \
    born 03/14/1961, SSN 536-90-4399, phone (415) 555-2671, margarethe.w@example.org, MRN 00482913. \
    Physicians write a note of each visit.";

const PLANTED: [&str; 6] =
    ["Winterbottom", "03/14/1961", "536-90-4399", "555-2671", "margarethe.w", "00482913"];

/// HC-6: with identifiers in it, a prompt is not sent; where they stand is told.
#[test]
fn a_prompt_that_identifies_somebody_stops() {
    let found = clear(PASTED, false).map(drop).unwrap_err();
    let words: Vec<&str> = found.findings.iter().map(|finding| &PASTED[finding.range.clone()]).collect();
    for planted in PLANTED {
        assert!(words.iter().any(|word| word.contains(planted)), "{planted}: {words:?}");
    }
    assert!(!found.to_string().contains("Winterbottom"));
}

/// HC-5, HC-6: of all bytes that leave, over all rounds and wires, none is of a planted identifier; in the plan, which stays
/// here, they stand again.
#[tokio::test]
async fn planted_identifiers_do_not_leave() {
    for wire in WIRES {
        let mut number = 0;
        let scene = Scene::new(wire, move |asked| {
            number += 1;
            // It repeats a placeholder, as a model does, and is wrong at first, so that there is a second round.
            let said = asked.body.to_string();
            let start = said.find("[name 1]").map_or("nobody", |_| "[name 1]");
            let spec = if number == 1 {
                with("/entities/visit/part of", json!("nobody"))
            } else {
                with("/about", json!(format!("Visits of patients such as {start}.")))
            };
            Told::fill(filled(&spec))
        })
        .await;
        let planned = scene.plan(PASTED).await;
        assert!(
            matches!(planned.by, Some(PlannedBy::Model { rounds: 2, .. })),
            "{wire}: {:?}",
            planned.without
        );
        let sent = outbound(&scene.double);
        let kept = serde_json::to_string(&scene.register.records()).unwrap();
        for planted in PLANTED {
            assert!(!sent.contains(planted), "{wire}: {planted} left");
            assert!(!kept.contains(planted), "{wire}: {planted} is on record");
        }
        assert!(planned.plan.unwrap().spec.about.contains("Winterbottom"), "{wire}");
    }
}

/// A placeholder that makes a name of what is none leaves the plan as it is.
#[tokio::test]
async fn a_placeholder_that_cannot_be_turned_back_stays() {
    let scene = Scene::new("openai", |_| Told::fill(filled(&spec()))).await;
    let planned = scene.plan(PASTED).await;
    assert!(planned.plan.is_ok());
}
