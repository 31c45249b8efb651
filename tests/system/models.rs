//! Planning through a model from the command line, against a stand-in that speaks a provider's wire.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use models_double::{Fault, ModelsDouble, Price, Told};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::healthcoder::{Ended, ended, healthcoder};

const PROMPT: &str = "An app for nurses who record the blood pressure of their patients";

struct Desk {
    folder: TempDir,
    double: ModelsDouble,
}

impl Desk {
    async fn new(told: impl Fn(Value) -> Told + Send + 'static) -> Self {
        let plan = planner::plan(PROMPT).unwrap().spec.to_json();
        let answer = planner::model::form().fill(&plan);
        let price = Price { input: 3_000, output: 15_000 };
        let double = ModelsDouble::start(price, move |_| told(answer.clone())).await.unwrap();
        Self { folder: tempfile::tempdir().unwrap(), double }
    }

    /// A file of one provider: the stand-in, on this machine.
    fn file(&self, attestation: &str) -> PathBuf {
        let path = self.folder.path().join("models.yaml");
        let text = format!(
            "providers:\n  - name: double\n    wire: anthropic\n    model: some-model-1\n    address: {}\n    key: {{ environment: \
             DOUBLE_KEY }}\n    price: {{ input: 3, output: 15 }}\n{attestation}",
            self.double.url()
        );
        fs::write(&path, text).unwrap();
        path
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn run(&self, file: &Path, words: &[&str]) -> Ended {
        let mut command = healthcoder();
        command.args(words).env("HEALTHCODER_MODELS", file).env("HEALTHCODER_STATE", self.state());
        command.env("DOUBLE_KEY", self.double.key());
        tokio::task::block_in_place(|| ended(&mut command))
    }
}

const ATTESTED: &str = "    attestation: { agreement: BAA 1, zero retention: Amendment 2, attested by: Ana Ruiz, on: 2020-01-01, until: 2999-12-31 }\n";

/// A model's plan, with its ceiling before and its cost after; on record without its text.
#[tokio::test(flavor = "multi_thread")]
async fn a_model_plans() {
    let desk = Desk::new(Told::fill).await;
    let file = desk.file(ATTESTED);
    let told = desk.run(&file, &["plan", PROMPT, "--ceiling", "2.50"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.output.contains("some-model-1 of double"), "{told:?}");
    for said in ["Ceiling: $2.50", "round 1", "Planned by the model some-model-1", "Spent: $0."] {
        assert!(told.errors.contains(said), "{said}: {told:?}");
    }
    let told = desk.run(&file, &["plan", PROMPT, "--json"]);
    let json = told.json();
    assert_eq!(json["planning"]["by"]["planner"], "model", "{told:?}");
    assert_eq!(json["planning"]["spent"]["dollars"], json["planning"]["charged"], "{told:?}");
    assert!(json["spec"]["app"].is_string(), "{told:?}");
    let register = desk.state().join("models/register.jsonl");
    let lines = fs::read_to_string(&register).unwrap();
    assert_eq!(lines.lines().count(), 4, "{lines}");
    assert!(!lines.contains("blood pressure") && !lines.contains(desk.double.key()), "{lines}");
    assert_eq!(fs::metadata(&register).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(desk.double.complaints().is_empty(), "{:?}", desk.double.complaints());
}

/// Nothing leaves that may not: of a provider that nobody attested, of a prompt that identifies somebody, past the ceiling,
/// and with `--offline`.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_that_may_not() {
    let desk = Desk::new(Told::fill).await;
    let (file, unattested) = (desk.file(ATTESTED), desk.folder.path().join("unattested.yaml"));
    fs::write(&unattested, fs::read_to_string(&file).unwrap().replace(ATTESTED, "")).unwrap();

    let told = desk.run(&unattested, &["plan", PROMPT, "--json"]);
    assert_eq!((told.code, &told.json()["reason"]), (Some(2), &json!("not attested")), "{told:?}");

    let named = format!("{PROMPT}, such as patient Margarethe Winterbottom, SSN 536-90-4399");
    let told = desk.run(&file, &["plan", &named, "--json"]);
    assert_eq!((told.code, &told.json()["reason"]), (Some(2), &json!("identifiers")), "{told:?}");
    assert!(told.json()["findings"].as_array().is_some_and(|found| !found.is_empty()), "{told:?}");

    let told = desk.run(&file, &["plan", PROMPT, "--ceiling", "0.0001"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.errors.contains("Planned offline"), "{told:?}");

    let told = desk.run(&file, &["plan", PROMPT, "--offline", "--json"]);
    assert!(told.code == Some(0) && told.json()["app"].is_string(), "{told:?}");
    assert_eq!(desk.double.requests(), 0);

    let told = desk.run(&file, &["plan", &named, "--placeholders"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    let sent = String::from_utf8_lossy(&desk.double.outbound().concat()).into_owned();
    assert!(desk.double.requests() > 0 && !sent.contains("Winterbottom") && !sent.contains("536-90-4399"));
}

/// Without a plan of a model, the offline planner plans and nothing is charged; with `fallback: none`, the command fails.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_refuses_costs_nothing() {
    let refused = |answer| Told::fill(answer).but(Fault::Status(401, vec![], "authentication_error"));
    let desk = Desk::new(refused).await;
    let file = desk.file(ATTESTED);
    let told = desk.run(&file, &["plan", PROMPT, "--json"]);
    let planning = &told.json()["planning"];
    assert_eq!((told.code, &planning["by"]["planner"]), (Some(0), &json!("offline")), "{told:?}");
    assert_eq!(planning["charged"], "0.000000000");
    assert!(
        planning["without"][0]["why"].as_str().is_some_and(|why| why.contains("does not take the key")),
        "{told:?}"
    );

    let file = desk.file(&format!("{ATTESTED}fallback: none\n"));
    let told = desk.run(&file, &["plan", PROMPT, "--json"]);
    assert_eq!((told.code, &told.json()["reason"]), (Some(1), &json!("no model")), "{told:?}");
}
