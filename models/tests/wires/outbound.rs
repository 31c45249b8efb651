//! What leaves, and what is kept of it.

use models::{Ask, Money, Record, Turn};
use models_double::Told;
use serde_json::{Value, json};

use crate::scene::{Scene, WIRES, ask, filled};

/// HC-6: on each wire, a request has the published shape and the flags that turn storage off, and the answer comes whole.
#[tokio::test]
async fn each_wire_is_spoken_as_it_is_published() {
    for wire in WIRES {
        let scene = Scene::new(wire, |_| Told::fill(filled())).await;
        let answer = scene.ask().await.unwrap_or_else(|error| panic!("{wire}: {error}"));
        assert_eq!(answer.value, filled(), "{wire}");
        assert!(scene.double.complaints().is_empty(), "{wire}: {:?}", scene.double.complaints());
        let spent = scene.budget.spent();
        assert_eq!(spent.money, Money::from_nano(scene.double.bill()), "{wire}");
        assert_eq!((spent.tokens, spent.uncertain), (scene.double.tokens(), Money::ZERO), "{wire}");
    }
}

/// HC-6: nothing that would be kept on the other side is asked for.
#[tokio::test]
async fn storage_is_turned_off_on_every_call() {
    for wire in WIRES {
        let scene = Scene::new(wire, |_| Told::fill(filled())).await;
        scene.ask().await.unwrap();
        let sent = String::from_utf8(scene.double.outbound().remove(0)).unwrap();
        let body: Value = serde_json::from_str(sent.split_once("\n\n").unwrap().1).unwrap();
        if wire != "anthropic" {
            assert_eq!(body["store"], false, "{wire}");
        }
        for kept in [
            "user",
            "metadata",
            "cache_control",
            "previous_response_id",
            "conversation",
            "container",
            "safety_identifier",
        ] {
            assert!(!sent.contains(&format!("\"{kept}\":")), "{wire}: {kept}");
        }
    }
}

/// A second round shows the form that was filled in before and what is wrong with it, in the words of each wire.
#[tokio::test]
async fn a_form_can_be_given_back() {
    for wire in WIRES {
        let scene = Scene::new(wire, |_| Told::fill(filled())).await;
        let turns = vec![
            Turn::Said("A clinic.".into()),
            Turn::Filled(json!({ "app": "x", "time_zone": null, "roles": [] })),
            Turn::Problems("/roles: nobody works with it".into()),
        ];
        scene.asked(&Ask { turns, ..ask() }).await.unwrap();
        assert!(scene.double.complaints().is_empty(), "{wire}: {:?}", scene.double.complaints());
    }
}

/// HG-5, HC-6: each call is on record before it is sent and when it is over, with keyed hashes in the stead of the text.
#[tokio::test]
async fn a_call_is_on_record_and_its_text_is_not() {
    let scene = Scene::new("anthropic", |_| Told::fill(filled())).await;
    scene.ask().await.unwrap();
    let records = scene.register.records();
    let [
        Record::Began { call, asked, reserved, provider, bytes, .. },
        Record::Ended { call: ended, cost, answered, .. },
    ] = records.as_slice()
    else {
        panic!("{records:?}")
    };
    assert_eq!((call, provider.as_str()), (ended, "double"));
    assert!(*bytes > 100 && cost < reserved);
    assert_eq!((asked.len(), answered.as_ref().map(String::len)), (64, Some(64)));
    let lines = serde_json::to_string(&records).unwrap();
    for text in ["naïve", "Café", "clinic", "Fill in", "sk-test"] {
        assert!(!lines.contains(text), "{text}: {lines}");
    }
    assert!(lines.contains(r#""agreement":"BAA 2026-0041""#), "{lines}");
}

/// What cannot be recorded is not sent.
#[tokio::test]
async fn nothing_is_sent_past_a_register_that_fails() {
    use models::NotAnswered;
    use models::testing::InMemory;
    let scene = Scene::with("openai", "10", InMemory::with_room(0), |_| Told::fill(filled())).await;
    assert!(matches!(scene.ask().await, Err(NotAnswered::NotRecorded(_))));
    assert_eq!((scene.double.requests(), scene.budget.spent().at_most()), (0, Money::ZERO));
    // An answer whose end cannot be recorded is not used; it was paid for.
    let scene = Scene::with("openai", "10", InMemory::with_room(1), |_| Told::fill(filled())).await;
    assert!(matches!(scene.ask().await, Err(NotAnswered::NotRecorded(_))));
    assert_eq!(scene.budget.spent().money, Money::from_nano(scene.double.bill()));
}

/// The register in a file can be read by its owner alone, and a line is whole.
#[test]
fn a_register_in_a_file() {
    use models::{JsonLines, Outcome, Register, Seal};
    use std::os::unix::fs::PermissionsExt;
    use time::macros::datetime;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.jsonl");
    let ended = Record::Ended {
        at: datetime!(2026-11-02 12:00 UTC),
        call: "0f".into(),
        outcome: Outcome::Fault("busy"),
        input_tokens: None,
        output_tokens: None,
        cost: Money::ZERO,
        is_certain: true,
        answered: None,
    };
    for _ in 0..2 {
        JsonLines::open(&path).unwrap().record(&ended).unwrap();
    }
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (&lines[0]["event"], &lines[0]["outcome"], &lines[0]["cost"]),
        (&json!("ended"), &json!("busy"), &json!("0.000000000"))
    );
    let key = folder.path().join("register.key");
    let made = Seal::kept_in(&key).unwrap().of(b"text");
    assert_eq!(made, Seal::kept_in(&key).unwrap().of(b"text"));
    assert_ne!(made, Seal::new(&[0; 32]).of(b"text"));
}
