//! A founder's own code, in an app that is built and served: where it joins in, and what is read before it is built.

use std::fs;

use generator::custom::Sources;
use serde_json::json;

use crate::healthcoder::{ended, healthcoder, root, run};
use crate::project::Project;
use crate::serving::{Database, Place};

/// As `src/custom/mod.rs` was before there were extensions: nobody touches it, and the app still builds.
const BEFORE: &str = "//! Mine.\n\nuse safeguards::slice::Routes;\n\n/// None.\npub fn routes() -> Routes {\n    Routes::new()\n}\n";

/// Honest code that has a module to itself; the rest spreads over files or wants another manifest.
const ELSEWHERE: [&str; 4] = ["decimals", "extensions", "modules", "scheduled"];

fn honest(name: &str) -> String {
    let path = root().join("generator/tests/custom/honest").join(name).with_extension("rs");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn app(name: &str, custom: &[(String, String)]) -> Project {
    let spec = root().join("generator/tests/specs/home-bp.yaml");
    let spec = fs::read_to_string(&spec).unwrap_or_else(|error| panic!("{}: {error}", spec.display()));
    let project = Project::written(&spec, name, |_| {});
    // The writer leaves this folder as it is; a founder does not.
    let folder = project.folder.join("src/custom");
    fs::remove_dir_all(&folder).expect("the folder is ours");
    fs::create_dir(&folder).expect("a folder can be made");
    for (path, text) in custom {
        fs::write(folder.join(path), text).expect("a file can be written");
    }
    project
}

#[test]
fn an_app_builds_with_custom_code_from_before_there_were_extensions() {
    let project = app("home-bp-before", &[("mod.rs".to_owned(), BEFORE.to_owned())]);
    let built = project.cargo(&["rustc", "--quiet", "--", "-D", "warnings"], &[]);
    assert_eq!(built.code, Some(0), "{}", built.errors);
}

/// CL-3: what custom code shows, derives and refuses passes the policy and the log like everything else. The honest code
/// that the lint leaves alone is code that compiles: otherwise it would prove nothing.
#[test]
fn custom_code_joins_in_where_the_app_writes_and_shows() {
    let folder = root().join("generator/tests/custom/honest");
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("the cases are there")
        .map(|entry| {
            entry.expect("a case").path().file_stem().expect("a name").to_string_lossy().into_owned()
        })
        .filter(|name| !ELSEWHERE.contains(&name.as_str()))
        .collect();
    names.sort();
    let modules: String = names.iter().map(|name| format!("#[allow(dead_code)]\nmod {name};\n")).collect();
    let mut files: Vec<(String, String)> =
        names.iter().map(|name| (format!("{name}.rs"), honest(name))).collect();
    files.push(("mod.rs".to_owned(), format!("{}\n{modules}", honest("extensions"))));
    let project = app("home-bp-custom", &files);
    let sources = Sources::read(&project.folder).expect("the project is read");
    assert_eq!(generator::custom::check(&sources), []);

    let place = Place::new(&project.build(), Database::Sqlite);
    let serving = place.serve();
    let nurse = serving.sign_in(place.login("nurse", 0));
    let wrong = json!({
        "name": "Test Person", "date_of_birth": "1980-03-13", "target_systolic": 90, "target_diastolic": 100,
    });
    let refused = nurse.post("/api/patients", &wrong);
    assert_eq!(refused.status, 409, "{refused:?}");
    assert!(refused.body.contains("The systolic target is above the diastolic one."), "{refused:?}");

    let patient = serving.sign_in(place.login("patient", 0));
    let own = patient.get("/api/patients").json()[0]["id"].clone();
    let reading = json!({ "patient_id": own, "systolic": 120, "diastolic": 90 });
    let made = patient.post("/api/readings", &reading);
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.json()["note"], "Mean pressure 100 mmHg", "{made:?}");

    let page = nurse.get(&format!("/patients/{}", own.as_str().expect("an id")));
    assert!(page.status == 200 && page.body.contains("Readings so far"), "{page:?}");
}

/// What custom code does by itself at its times reads and writes by the policy, as far as its schedule names, and once in its period.
#[tokio::test(flavor = "multi_thread")]
async fn custom_code_does_its_work_at_its_times() {
    let program = tokio::task::block_in_place(|| {
        let project = app("home-bp-scheduled", &[("mod.rs".to_owned(), honest("scheduled"))]);
        let sources = Sources::read(&project.folder).expect("the project is read");
        assert_eq!(generator::custom::check(&sources), []);
        project.build()
    });
    for database in [Database::Sqlite, Database::postgres().await] {
        tokio::task::block_in_place(|| {
            let place = Place::new(&program, database);
            let serving = place.serve();
            let nurse = serving.sign_in(place.login("nurse", 0));
            // Its first round begins with the app; each question gives it time.
            let patients = (0..2_000).find_map(|_| {
                let patients = nurse.get("/api/patients").json().as_array().cloned().unwrap_or_default();
                let done = !patients.is_empty() && patients.iter().all(|patient| patient["sex"] == "unknown");
                done.then_some(patients)
            });
            let patients = patients.expect("the day's period has begun");
            assert!(patients.iter().all(|patient| patient["version"] == 3), "once: {patients:?}");
        });
    }
}

/// Nothing is built that was not read; on one's own machine, one may say otherwise.
#[test]
fn what_custom_code_may_not_do_is_said_before_it_is_built() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let dir = folder.path().join("app");
    let dir = dir.to_str().expect("the path is text");
    let spec = root().join("generator/tests/specs/home-bp.yaml");
    let made = run(&["generate", "--spec", spec.to_str().expect("the path is text"), "--dir", dir]);
    assert_eq!(made.code, Some(0), "{}", made.errors);
    assert_eq!(run(&["--json", "lint", "--dir", dir]).json(), json!({ "findings": [] }));

    let reaching =
        "use safeguards::slice::Routes;\n\npub fn routes() -> Routes {\n    std::process::exit(1)\n}\n";
    fs::write(folder.path().join("app/src/custom/mod.rs"), reaching).expect("it is writable");
    let refused = run(&["--json", "lint", "--dir", dir]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    let finding = &refused.json()["findings"][0];
    assert_eq!(finding["file"], "src/custom/mod.rs");
    assert_eq!((finding["line"].as_u64(), finding["column"].as_u64()), (Some(4), Some(5)));
    assert_eq!(finding["rule"], "path");
    for field in ["message", "instead"] {
        assert!(finding[field].as_str().is_some_and(|words| words.len() > 10), "{finding}");
    }
    let cache = tempfile::tempdir().expect("a temporary folder can be made");
    let not_run = ended(healthcoder().args(["run", "--dir", dir]).env("HEALTHCODER_CACHE", cache.path()));
    assert_eq!(not_run.code, Some(2), "{not_run:?}");
    assert!(not_run.errors.contains("src/custom/mod.rs:4:5: `std::process::exit`"), "{not_run:?}");
    assert_eq!(fs::read_dir(cache.path()).expect("the folder is there").count(), 0, "nothing was built");
    assert_eq!(run(&["lint", "--dir", folder.path().to_str().expect("the path is text")]).code, Some(2));
}

/// What a founder's own code adds to a step.
const STEP: &str = "//! Mine.

use safeguards::slice::Routes;
use safeguards::slice::prelude::*;

use crate::extensions::Extensions;

/// Joins in where a note is signed.
pub struct Custom;

impl Extensions for Custom {
    async fn with_move_note(&self, _: &Viewer, _: Uuid, step: &str, answers: Answers) -> Result<Answers> {
        Ok(if step == \"sign\" { answers.with(\"severity\", \"mild\") } else { answers })
    }
}

/// None.
pub fn routes() -> Routes {
    Routes::new()
}
";

/// CF-10: what custom code adds to a step is written with the step or not at all: before the record locks, and at the version
/// that the person saw.
#[tokio::test(flavor = "multi_thread")]
async fn a_step_writes_what_belongs_to_it_in_its_own_transaction() {
    let program = tokio::task::block_in_place(|| {
        let project = Project::of_spec("scribe");
        let custom = project.folder.join("src/custom/mod.rs");
        let before = fs::read_to_string(&custom).expect("it was generated");
        fs::write(&custom, STEP).expect("a file can be written");
        let sources = Sources::read(&project.folder).expect("the project is read");
        assert_eq!(generator::custom::check(&sources), []);
        let built = project.build();
        // Nobody generates this folder anew, and the next test wants it as it was.
        fs::write(&custom, before).expect("a file can be written");
        built
    });
    for database in [Database::Sqlite, Database::postgres().await] {
        tokio::task::block_in_place(|| a_note_is_signed(&program, database));
    }
}

fn a_note_is_signed(program: &std::path::Path, database: Database) {
    let place = Place::new(program, database);
    let serving = place.serve();
    let clinician = serving.sign_in(place.login("clinician", 0));
    let notes = clinician.get("/api/notes").json();
    let draft = |note: &&serde_json::Value| note["status"] == "draft";
    let note = notes.as_array().into_iter().flatten().find(draft).expect("a draft");
    let path = format!("/api/notes/{}", note["id"].as_str().expect("an id"));
    let change = json!({ "version": note["version"], "severity": "severe" });
    let changed = clinician.send("PATCH", &path, Some(&change)).json();
    let late = clinician.post(&format!("{path}/sign?version={}", note["version"]), &json!({}));
    assert_eq!((late.status, clinician.get(&path).json()), (409, changed.clone()), "neither is written");
    let signed = clinician.post(&format!("{path}/sign?version={}", changed["version"]), &json!({})).json();
    assert_eq!((&signed["status"], &signed["severity"]), (&json!("signed"), &json!("mild")), "{signed}");
    let locked = json!({ "version": signed["version"], "severity": "severe" });
    assert_eq!(clinician.send("PATCH", &path, Some(&locked)).status, 409, "it is locked");
    let again = clinician.post(&format!("{path}/sign?version={}", signed["version"]), &json!({}));
    assert_eq!((again.status, clinician.get(&path).json()), (409, signed), "a step from another state");
}
