//! What it costs, and what it cannot cost.

use models::testing::InMemory;
use models::{Fault, Money, NotAnswered};
use models_double::{Fault as Happens, Told};

use crate::scene::{Scene, WIRES, fault, filled};

/// A call whose worst case passes the ceiling is not made, and the ceiling is told.
#[tokio::test]
async fn a_call_past_the_ceiling_is_not_made() {
    for wire in WIRES {
        let scene = Scene::with(wire, "0.001", InMemory::default(), |_| Told::fill(filled())).await;
        let Err(error @ NotAnswered::PastCeiling(past)) = scene.ask().await else { panic!("{wire}") };
        assert!(past.worst > past.left);
        assert!(error.to_string().contains(&past.left.to_string()), "{error}");
        assert_eq!((scene.double.requests(), scene.register.records().len()), (0, 0), "{wire}");
    }
}

/// Tries go on until the next one could pass the ceiling, and what was cut off counts as its worst.
#[tokio::test]
async fn tries_stop_at_the_ceiling() {
    for wire in WIRES {
        // Room for two calls at their worst, of about 0.04 dollars each.
        let cut = || Told::fill(filled()).but(Happens::Cut(60, false));
        let scene = Scene::with(wire, "0.1", InMemory::default(), move |_| cut()).await;
        assert!(matches!(scene.ask().await, Err(NotAnswered::PastCeiling(_))), "{wire}");
        assert_eq!(scene.double.requests(), 2, "{wire}");
        let spent = scene.budget.spent();
        assert!(Money::from_nano(scene.double.bill()) <= spent.at_most(), "{wire}");
        assert!(spent.at_most() <= "0.1".parse().unwrap() && spent.uncertain > Money::ZERO, "{wire}");
    }
}

/// Numbers that a server does not give are not taken for nothing.
#[tokio::test]
async fn an_answer_without_numbers_counts_as_its_worst() {
    for wire in WIRES {
        let scene = Scene::new(wire, |_| Told::fill(filled()).but(Happens::Uncounted)).await;
        assert_eq!(scene.ask().await.unwrap().value, filled(), "{wire}");
        let spent = scene.budget.spent();
        assert!(
            spent.money == Money::ZERO && spent.uncertain >= Money::from_nano(scene.double.bill()),
            "{wire}"
        );
    }
}

/// What was refused by a status costs nothing; what was cut at its longest costs what it says.
#[tokio::test]
async fn each_end_costs_what_the_provider_bills() {
    for wire in WIRES {
        let busy = || Happens::Status(529, vec![], "overloaded_error");
        let scene = Scene::new(wire, move |_| Told::fill(filled()).but(busy())).await;
        assert!(matches!(fault(scene.ask().await), Fault::Busy { status: 529, .. }), "{wire}");
        assert_eq!((scene.double.requests(), scene.budget.spent().at_most()), (4, Money::ZERO), "{wire}");

        let long = "x".repeat(50_000);
        let scene = Scene::new(wire, move |_| Told::fill(serde_json::json!({ "app": long }))).await;
        assert_eq!(fault(scene.ask().await), Fault::TooLong(2_000), "{wire}");
        assert_eq!(scene.budget.spent().money, Money::from_nano(scene.double.bill()), "{wire}");
    }
}

/// Whoever goes away in the middle of an answer has paid for it.
#[tokio::test]
async fn a_call_that_is_dropped_counts_as_its_worst() {
    let scene = Scene::new("anthropic", |_| Told::fill(filled()).but(Happens::Hang)).await;
    let mut hung = scene.double.hung();
    {
        // No deadline comes before this does: it waits for the same moment and is asked first.
        let asking = scene.ask();
        tokio::select! {
            biased;
            _ = hung.wait_for(|count| *count > 0) => {}
            _ = asking => {}
        }
    }
    let spent = scene.budget.spent();
    assert!(spent.uncertain >= Money::from_nano(scene.double.bill()) && spent.uncertain > Money::ZERO);
}
