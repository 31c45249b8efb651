//! Each role finishes its tasks in a real browser: by keyboard alone, in a window of 360 pixels, with no
//! violation of accessibility on any page, and nothing else can be done.
//!
//! What is done stands in `planner/fixtures/<prompt>/tasks.yaml`; who does it is `tests/browser/run.mjs`, a
//! person with a keyboard. Tasks that need what cannot be built yet are counted, not tried.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use saphyr::{LoadableYamlNode, ScalarOwned, YamlOwned};
use serde_json::{Map, Value, json};

use crate::healthcoder::root;
use crate::project::Project;

pub(crate) const CHROMIUM: &str = "/usr/bin/chromium";

/// CL-1: a patient logs, a nurse sees who needs a call, a physician sets a target, and nobody sees more.
#[test]
fn every_role_of_home_bp_finishes_its_tasks() {
    finishes("home-bp");
}

/// CL-1: a front desk registers and books, a clinician writes a visit, and the other clinician sees nothing of it.
#[test]
fn every_role_of_a_vague_clinic_finishes_its_tasks() {
    finishes("vague");
}

/// CL-1: a front desk books and sees what is owed, a dentist plans and notes, and the notes stay among clinicians.
#[test]
fn every_role_of_a_dental_office_finishes_its_tasks() {
    finishes("dental");
}

/// CL-1: a patient fills in a form and corrects it, a nurse assigns, and only that doctor reads it.
#[test]
fn every_role_of_a_telehealth_practice_finishes_its_tasks() {
    finishes("telehealth-intake");
}

/// CF-10: the desk books and checks in, a clinician writes, signs and locks a note, and the other clinic sees nothing.
#[test]
fn every_role_of_clinicflow_finishes_its_tasks() {
    finishes("clinicflow");
}

/// CL-1, CL-2: providers see their own patients, owners their own clinic, everybody else a reference or nothing.
#[test]
fn every_role_of_a_peptide_clinic_finishes_its_tasks() {
    finishes("peptide-clinic");
}

/// CC-5: coders keep histories of their own, which no administrator sees.
#[test]
fn every_role_of_chartcoder_finishes_its_tasks() {
    finishes("chartcoder");
}

/// CF-19: a nurse who has the readings open is told of one that a patient logs, and is led to it by the keyboard.
#[test]
fn who_reads_a_list_is_told_of_what_is_new() {
    let project = Project::of_prompt("home-bp");
    let binary = project.build();
    drop(project);
    let data = tempfile::tempdir().expect("a temporary folder can be made");
    let given = json!({
        "binary": binary,
        "data": data.path(),
        "modules": root().join("target/browser/node_modules"),
        "chromium": CHROMIUM,
        "reader": "nurse",
        "writer": "patient",
        "list": "/readings",
        "record": { "systolic": 124, "diastolic": 79, "pulse": 66, "taken_at": "today" },
        "of": { "path": "/patients", "field": "patient_id" },
    });
    let report = in_browser("live.mjs", &given);
    assert_eq!(report["errors"], json!([]), "{report}");
    assert_eq!(report["switched"], 101, "{report}");
    assert_eq!(report["announced"], "There is something new. Show it", "{report}");
    assert_eq!(report["focusKept"], true, "{report}");
    assert_eq!((&report["shownAlready"], &report["shown"]), (&json!(false), &json!(true)), "{report}");
}

fn finishes(prompt: &str) {
    let project = Project::of_prompt(prompt);
    let (binary, folder) = (project.build(), project.folder.clone());
    drop(project); // Others may build while this one is looked at.
    let data = tempfile::tempdir().expect("a temporary folder can be made");
    let fixtures = root().join("planner/fixtures").join(prompt);
    let given = json!({
        "tasks": read(&fixtures.join("tasks.yaml")),
        "expected": read(&fixtures.join("expected.yaml")),
        "spec": read(&folder.join("app.yaml")),
        "project": folder,
        "binary": binary,
        "data": data.path(),
        "modules": root().join("target/browser/node_modules"),
        "chromium": CHROMIUM,
        "shots": root().join("target/browser/pictures").join(prompt),
    });
    let report = in_browser("run.mjs", &given);
    let failures = report["failures"].as_array().expect("a report has failures");
    let told: Vec<&str> = failures.iter().filter_map(Value::as_str).collect();
    assert!(told.is_empty(), "{prompt}: {} failures\n{}", told.len(), told.join("\n"));
    assert!(report["passed"].as_u64() > Some(0), "{prompt}: no task was carried out");
}

/// Runs a script of `tests/browser` on what it is given, and reads its report; what it says meanwhile goes to this test's
/// own output.
pub(crate) fn in_browser(script: &str, given: &Value) -> Value {
    let mut node = Command::new("node")
        .arg(root().join("tests/browser").join(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is installed: cargo xtask test brings it");
    let mut input = node.stdin.take().expect("it is piped");
    input.write_all(given.to_string().as_bytes()).expect("node reads its input");
    drop(input);
    let output = node.wait_with_output().expect("node ends");
    serde_json::from_slice(&output.stdout).expect("the runner writes a report")
}

fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let documents =
        YamlOwned::load_from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    value(documents.first().expect("a file holds one document"))
}

fn value(node: &YamlOwned) -> Value {
    match node {
        YamlOwned::Value(ScalarOwned::Boolean(flag)) => Value::Bool(*flag),
        YamlOwned::Value(ScalarOwned::Integer(number)) => Value::from(*number),
        YamlOwned::Value(ScalarOwned::FloatingPoint(number)) => Value::from(number.into_inner()),
        YamlOwned::Value(ScalarOwned::String(text)) => Value::String(text.clone()),
        YamlOwned::Sequence(items) => items.iter().map(value).collect(),
        YamlOwned::Mapping(entries) => {
            let entries = entries.iter().map(|(name, held)| (key(name), value(held)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        _ => Value::Null,
    }
}

fn key(node: &YamlOwned) -> String {
    match value(node) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
