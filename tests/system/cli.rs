//! The command line's contract: names, exit codes, and what goes where. Scripts rely on it.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::healthcoder::{Ended, ended, healthcoder, root, run, run_with};

const SPEC: &str = "app: Clinic
roles:
  owner: { privileged: true, administers: [people] }
  nurse: {}
entities:
  patient:
    title: [name]
    fields:
      name: identifier name, required
      date of birth: identifier date
    access:
      nurse: view, create, update in organisation
";

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the path is text")
}

fn written(folder: &TempDir, name: &str, content: &str) -> String {
    let path = folder.path().join(name);
    fs::write(&path, content).expect("the folder is writable");
    text(&path).to_owned()
}

/// With `--json`, standard output holds one document and nothing else, whatever the outcome.
fn with_json(words: &[&str]) -> (Option<i32>, Value) {
    let ended = run(&[&["--json"], words].concat());
    (ended.code, ended.json())
}

/// Exit code 0 with a result on standard output; 2 where the input is wrong, with nothing there but with `--json`.
#[test]
fn exit_codes_and_streams() {
    let folder = folder();
    let good = written(&folder, "app.yaml", SPEC);
    let unknown_key = written(&folder, "unknown.yaml", &SPEC.replace("title:", "tittle:"));
    let no_text = folder.path().join("binary");
    fs::write(&no_text, [0xff, 0xfe, 0x00]).expect("the folder is writable");
    let missing = text(&folder.path().join("missing.yaml")).to_owned();
    let out = folder.path().join("out");
    let prompt = "An app for nurses who record the blood pressure of their patients";
    let cases: &[(&[&str], i32)] = &[
        (&["schema"], 0),
        (&["plan", prompt], 0),
        (&["plan", prompt, "--format", "json"], 0),
        (&["check", &good], 0),
        (&["completions", "bash"], 0),
        (&["check", &unknown_key], 2),
        (&["check", &missing], 2),
        (&["check", text(&no_text)], 2),
        (&["plan", ""], 2),
        (&["plan", "what is the capital of France?"], 2),
        (&["plan", "--prompt-file", &missing], 2),
        (&["generate", "--spec", &unknown_key, "--dir", text(&out)], 2),
        (&["new", prompt, "--database", "oracle"], 2),
        (&["plan"], 2),
        (&["no-such-command"], 2),
        (&["run", "--dir", text(folder.path())], 1),
    ];
    for (words, code) in cases {
        let ended = run(words);
        assert_eq!(ended.code, Some(*code), "{words:?}: {ended:?}");
        assert_eq!(ended.output.is_empty(), *code != 0, "results, and nothing else: {words:?}: {ended:?}");
        if *code != 0 {
            assert!(!ended.errors.trim().is_empty(), "{words:?} says why");
        }
    }
    assert!(!out.exists(), "what is refused leaves nothing behind");
}

#[test]
fn json_everywhere() {
    let folder = folder();
    let good = written(&folder, "app.yaml", SPEC);
    let wrong = written(
        &folder,
        "wrong.yaml",
        &SPEC.replace("nurse: view", "nobody: view").replace("title:", "tittle:"),
    );
    let (code, schema) = with_json(&["schema"]);
    assert!(code == Some(0) && schema["$schema"].is_string() && schema["properties"].is_object(), "{schema}");
    let (code, valid) = with_json(&["check", &good]);
    assert_eq!((code, &valid["valid"]), (Some(0), &Value::Bool(true)), "{valid}");
    let (code, problems) = with_json(&["check", &wrong]);
    assert_eq!(code, Some(2));
    let listed = problems["problems"].as_array().expect("every problem at once");
    assert!(listed.len() >= 2, "{problems}");
    for (words, code) in [
        (["plan", "remote blood pressure monitoring: patients log readings, nurse sees all"].as_slice(), 0),
        (&["plan", "hello"], 2),
        (&["run", "--dir", text(folder.path())], 1),
    ] {
        let (ended, document) = with_json(words);
        assert_eq!(ended, Some(code), "{document}");
        assert_eq!(document["error"].is_string(), code != 0, "{document}");
    }
}

/// What narrows and is not understood stops the plan: nothing wider than the prompt is ever made.
#[test]
fn a_restriction_that_is_not_understood_stops_everything() {
    let folder = folder();
    let target = folder.path().join("app");
    let prompt = "A clinic app where nurses record patients and visits. \
                  Nobody except glimworthy brackensmiths may ever frobnicate a patient's name on odd fortnights.";
    let ended = run(&["new", prompt, "--yes", "--dir", text(&target)]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.errors.contains("brackensmiths"), "it names the sentence: {ended:?}");
    assert!(ended.output.is_empty() && !target.exists());
    let (_, document) = with_json(&["plan", prompt]);
    assert_eq!(document["reason"], "blocked", "{document}");
}

/// 200 KB that are no prompt get a clear answer.
#[test]
fn noise_is_answered() {
    let folder = folder();
    let mut state = 1_u32;
    let noise: String = (0..200_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b" abcdefghijklmnopqrstuvwxyz.,\n"[(state >> 16) as usize % 30])
        })
        .collect();
    let file = written(&folder, "noise.txt", &noise);
    // What it costs is a figure of `cargo xtask bench`; that it ends at all, nextest sees to.
    let ended = run(&["plan", "--prompt-file", &file]);
    assert_eq!(ended.code, Some(2), "{}", ended.errors);
    assert!(ended.errors.len() < 4_000, "an answer, not an echo");
}

/// The three products written by hand can be said and built whole; what a spec says that cannot be built is named, and never
/// left out.
#[test]
fn the_seed_specs_are_valid_and_what_cannot_be_built_is_named() {
    for product in ["chartcoder", "clinicflow", "peptide-clinic"] {
        let spec = root().join("examples").join(product).join("app.yaml");
        let (code, checked) = with_json(&["check", text(&spec)]);
        assert_eq!((code, &checked["valid"]), (Some(0), &Value::Bool(true)), "{product}: {checked}");
        let wishes = checked["not yet"].as_array().expect("a list");
        assert!(product == "chartcoder" || wishes.is_empty(), "{product}: {checked}");
        if !wishes.is_empty() {
            names_what_it_refuses(&spec, wishes);
        }
    }
    let folder = folder();
    let spec = folder.path().join("app.yaml");
    let whole = root().join("generator/tests/specs/home-bp.yaml");
    let whole = std::fs::read_to_string(whole).expect("the spec is there");
    std::fs::write(&spec, format!("{whole}\nlanguage: es\nsecurity: {{ sso: saml }}\n"))
        .expect("it is writable");
    let (_, checked) = with_json(&["check", text(&spec)]);
    names_what_it_refuses(&spec, checked["not yet"].as_array().unwrap_or_else(|| panic!("{checked}")));
}

/// `generate` says each of the wishes, and writes nothing.
fn names_what_it_refuses(spec: &Path, wishes: &[Value]) {
    assert!(!wishes.is_empty(), "{}", spec.display());
    let folder = folder();
    let target = folder.path().join("app");
    let refused = run(&["generate", "--spec", text(spec), "--dir", text(&target)]);
    assert_eq!(refused.code, Some(2), "{}: {refused:?}", spec.display());
    assert!(!target.exists(), "{}", spec.display());
    for wish in wishes {
        let pointer = wish["pointer"].as_str().expect("a pointer");
        assert!(refused.errors.contains(pointer), "{pointer} is not named in {}", refused.errors);
    }
}

fn generate(spec: &str, target: &Path) -> Ended {
    run(&["generate", "--spec", spec, "--dir", text(target)])
}

/// Every file of a folder, by its path there.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in
            fs::read_dir(&next).expect("the folder can be read").map(|entry| entry.expect("an entry").path())
        {
            if entry.is_dir() {
                open.push(entry);
            } else {
                let name = text(entry.strip_prefix(folder).expect("it lies there")).to_owned();
                found.push((name, fs::read(&entry).expect("a file can be read")));
            }
        }
    }
    found.sort();
    found
}

/// Invariant: the same spec gives the same bytes; a foreign folder is refused; an edited file is named and kept.
#[test]
fn generation_is_deterministic_and_spares_what_is_not_its_own() {
    let folder = folder();
    let spec = written(&folder, "app.yaml", SPEC);
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    for target in [&one, &two, &one] {
        let ended = generate(&spec, target);
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    let first = contents(&one);
    assert!(first.len() > 20, "{} files", first.len());
    assert!(first == contents(&two), "two generations differ");

    let access = one.join("src/access.rs");
    let edited = fs::read_to_string(&access).expect("it was generated") + "// by hand\n";
    fs::write(&access, &edited).expect("it is writable");
    let refused = generate(&spec, &one);
    assert!(refused.code != Some(0) && refused.errors.contains("src/access.rs"), "{refused:?}");
    assert_eq!(fs::read_to_string(&access).expect("it is kept"), edited);

    let foreign = folder.path().join("foreign");
    fs::create_dir(&foreign).expect("a folder can be made");
    fs::write(foreign.join("thesis.txt"), "years of work").expect("it is writable");
    let refused = generate(&spec, &foreign);
    assert!(refused.code != Some(0) && refused.errors.contains("not generated by"), "{refused:?}");
    assert_eq!(contents(&foreign), vec![("thesis.txt".to_owned(), b"years of work".to_vec())]);
}

/// `new` without `--yes`, away from a terminal, asks for it where there are questions, and `--yes` goes on.
#[test]
fn new_makes_a_project_and_says_what_is_next() {
    let folder = folder();
    let prompt = root().join("planner/fixtures/home-bp/prompt.md");
    let target = folder.path().join("app");
    let words = ["new", "--prompt-file", text(&prompt), "--dir", text(&target)];
    let asked = run(&words);
    assert!(asked.code == Some(2) && asked.errors.contains("--yes") && !target.exists(), "{asked:?}");
    let made = ended(healthcoder().args(words).arg("--yes"));
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(made.output.contains("healthcoder run --dir"), "{made:?}");
    assert!(made.errors.contains("nurse"), "the summary is progress: {made:?}");
    for file in ["app.yaml", "app.lock", "src/access.rs", "docs/COMPLIANCE.md", "Dockerfile", "Cargo.lock"] {
        assert!(target.join(file).is_file(), "{file}");
    }
}

/// HC-6: the gate says what it found and where, so that a person can take it out.
#[test]
fn the_gate_shows_what_identifies_somebody() {
    let text = "Ñandú: call Maria Garcia at 212-555-0143.";
    let ended = run_with(&["phi", "scan", "--json"], text);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(
        ended.json(),
        serde_json::json!({ "findings": [
            { "kind": "name", "text": "Maria Garcia", "start": 12, "end": 24 },
            { "kind": "phone", "text": "212-555-0143", "start": 28, "end": 40 },
        ]})
    );
    let clean = run_with(&["phi", "scan", "--json"], "Nurses log blood pressures over 160/100.");
    assert_eq!(clean.json(), serde_json::json!({ "findings": [] }));
}
