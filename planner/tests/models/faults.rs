//! Over a hundred runs with seeded random faults: the ceiling holds, and each run ends in a clear state.

use models::{Fallback, Money, Record};
use models_double::{Fault, Reply, Told};
use planner::model::{NotPlanned, PlannedBy};
use serde_json::{Value, json};

use crate::scene::{PROMPT, Scene, WIRES, filled, spec, with};

/// A reproducible stream of choices (SplitMix64).
struct Choices(u64);

impl Choices {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    fn at(&mut self) -> usize {
        usize::try_from(self.below(6_000)).unwrap()
    }

    fn reply(&mut self, answers: &[Value]) -> Reply {
        match self.below(8) {
            0 => Reply::Decline,
            1 => Reply::Prose("I would rather talk about the weather.".into()),
            2 => Reply::Text("{\"app\": \"half".into()),
            3 | 4 => Reply::Fill(answers[0].clone()),
            _ => Reply::Fill(answers[usize::try_from(self.below(answers.len() as u64)).unwrap()].clone()),
        }
    }

    fn fault(&mut self) -> Option<Fault> {
        let status = |status, kind| Fault::Status(status, vec![], kind);
        let fault = match self.below(24) {
            0 => Fault::Status(429, vec![("retry-after", self.below(90).to_string())], "rate_limit_error"),
            1 => status(429, "rate_limit_error"),
            2 => status(529, "overloaded_error"),
            3 => status(500 + u16::try_from(self.below(5)).unwrap(), "api_error"),
            4 => status(400, "invalid_request_error"),
            5 => status(401, "authentication_error"),
            6 | 7 => Fault::Cut(self.at(), true),
            8 | 9 => Fault::Cut(self.at(), false),
            10 => Fault::Hang,
            11 => Fault::HangAfter(self.at()),
            12 => Fault::Malformed,
            13 => Fault::NotText,
            14 => Fault::NotStreamed,
            15 => Fault::Broken("overloaded_error"),
            16 => Fault::Broken("api_error"),
            17 => Fault::Uncounted,
            _ => return None,
        };
        Some(fault)
    }
}

fn answers() -> Vec<Value> {
    vec![
        filled(&spec()),
        filled(&with("/retention/audit", json!("1 year"))),
        filled(&with("/entities/visit/part of", json!("nobody"))),
        filled(&with("/entities/patient/access/nurse", json!("view everywhere"))),
        json!({}),
        // Longer than was asked for.
        filled(&with("/about", json!("words ".repeat(30_000)))),
    ]
}

#[tokio::test]
async fn the_ceiling_holds_whatever_goes_wrong() {
    let answers = answers();
    let (mut by_model, mut offline, mut none) = (0, 0, 0);
    for seed in 0..150_u64 {
        let mut choices = Choices(seed);
        let wire = WIRES[usize::try_from(seed % 3).unwrap()];
        // From less than one call to some dozen.
        let cents = 5 + choices.below(1_000);
        let dollars = format!("{}.{:02}", cents / 100, cents % 100);
        let ceiling: Money = dollars.parse().unwrap();
        let fallback = if choices.below(4) == 0 { Fallback::None } else { Fallback::Offline };
        let answers = answers.clone();
        let script = move |_: &_| Told { reply: choices.reply(&answers), fault: choices.fault() };
        let mut scene = Scene::with(wire, &dollars, seed, script).await;
        scene.fallback = fallback;
        let planned = scene.plan(PROMPT).await;

        let shown = format!("seed {seed}, {wire}, {dollars}: {planned:?}");
        let billed = Money::from_nano(scene.double.bill());
        assert!(billed <= ceiling, "{shown}: billed {billed}");
        assert!(
            billed <= planned.spent.at_most() && planned.spent.at_most() <= ceiling,
            "{shown}: billed {billed}"
        );
        assert!(scene.double.complaints().is_empty(), "{shown}: {:?}", scene.double.complaints());
        assert!(scene.double.requests() <= 16, "{shown}");
        let records = scene.register.records();
        let began = records.iter().filter(|record| matches!(record, Record::Began { .. })).count();
        assert_eq!((records.len(), scene.double.requests()), (2 * began, began), "{shown}");
        match (&planned.by, &planned.plan) {
            (Some(PlannedBy::Model { .. }), Ok(plan)) => {
                by_model += 1;
                assert_eq!(planned.charged, planned.spent.at_most(), "{shown}");
                spec::check(&plan.text, &spec::Lock::default()).unwrap();
            }
            (Some(PlannedBy::Offline), Ok(_)) => {
                offline += 1;
                assert!(fallback == Fallback::Offline && planned.charged == Money::ZERO, "{shown}");
                assert_eq!(planned.without.len(), 1, "{shown}");
            }
            (None, Err(NotPlanned::Models(without))) => {
                none += 1;
                assert!(fallback == Fallback::None && planned.charged == Money::ZERO, "{shown}");
                assert_eq!(without.len(), 1, "{shown}");
            }
            other => panic!("{shown}: {other:?}"),
        }
    }
    // Each end was reached: a run that always ended alike would hold nothing.
    assert!(
        by_model > 20 && offline > 20 && none > 5,
        "{by_model} by a model, {offline} offline, {none} without"
    );
}
