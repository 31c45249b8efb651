//! Construct 25, by the command line: an app that has records changes by a wish, and nothing is lost that was not given up by
//! name.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::exit::{command, project, run, text};
use crate::healthcoder::{Ended, ended};

fn change(dir: &Path, words: &[&str]) -> Ended {
    ended(&mut command(&[&["--json", "change", "--dir", text(dir)], words].concat()))
}

fn changed(dir: &Path, words: &[&str]) -> Value {
    let ended = change(dir, words);
    assert_eq!(ended.code, Some(0), "{words:?}: {}{}", ended.output, ended.errors);
    ended.json()
}

/// Serves until the app says its address, which is after its database was brought up to date.
fn serve_once(dir: &Path) {
    let mut run = command(&["run", "--dir", text(dir)]);
    // A group of its own, so that the app ends with it.
    let mut app = run.stdout(Stdio::piped()).process_group(0).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(app.stdout.take().expect("it is piped")).read_line(&mut line).expect("it speaks");
    assert!(line.starts_with("http"), "{line}");
    let ended = std::process::Command::new("kill").args(["-TERM", "--", &format!("-{}", app.id())]).status();
    assert!(ended.is_ok_and(|status| status.success()));
    app.wait().expect("it ends");
}

fn rows(dir: &Path, name: &str) -> Value {
    let to = dir.with_file_name(format!("{name}.zip"));
    run(&["export", "make", "--open", "--dir", text(dir), "--to", text(&to)]);
    run(&["--json", "export", "verify", text(&to)]).json()["rows"].clone()
}

#[test]
fn construct_25_an_app_with_records_changes_by_a_wish() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let clinic = project(&folder);
    let spec = || fs::read_to_string(clinic.join("app.yaml")).expect("the project has its spec");
    let before = rows(&clinic, "before");

    // Looking changes nothing.
    let (first, wish) = (spec(), "Add allergies to patients");
    let planned = changed(&clinic, &[wish, "--plan"]);
    assert_eq!(planned["changed"], false);
    assert!(planned["changes"][0].as_str().is_some_and(|said| said.contains("allergies")), "{planned}");
    assert_eq!(spec(), first);

    // An edit by hand outlives the change.
    let file = clinic.join("src/home.rs");
    let edited = format!("{}\n// Ours.\n", fs::read_to_string(&file).expect("there is a first page"));
    fs::write(&file, edited).expect("the folder is writable");
    let added = changed(&clinic, &[wish]);
    assert_eq!((&added["changed"], &added["loses"]), (&Value::Bool(true), &Value::Array(vec![])));
    assert!(
        spec().contains("allergies") && fs::read_to_string(&file).is_ok_and(|text| text.contains("// Ours."))
    );
    serve_once(&clinic);
    assert_eq!(rows(&clinic, "after"), before);

    // What deletes something is confirmed by the app's name; without it, nothing happens.
    let (second, remove) = (spec(), "remove pulse from readings");
    let refused = change(&clinic, &[remove]);
    assert_eq!(refused.code, Some(2), "{}", refused.output);
    assert!(
        refused.json()["error"].as_str().is_some_and(|said| said.contains("--confirm")),
        "{}",
        refused.output
    );
    assert_eq!(spec(), second);
    let name = added["spec"]["app"].as_str().expect("the app has a name");
    let removed = changed(&clinic, &[remove, "--confirm", name]);
    assert!(removed["loses"][0].as_str().is_some_and(|said| said.contains("Pulse")), "{removed}");
    let backup = removed["backup"].as_str().expect("a backup was taken");
    let passphrase = backup.replace(".zip", ".passphrase");
    let kept = run(&["--json", "export", "verify", backup, "--passphrase-file", &passphrase]).json();
    assert_eq!((&kept["verified"], &kept["rows"]), (&Value::Bool(true), &before));
    serve_once(&clinic);
    assert_eq!(rows(&clinic, "less"), before, "rows stay; a column went");

    // A migration that does not fit the records is found on a copy, and everything is as it was.
    let third = spec();
    let narrower =
        third.replace("systolic: clinical integer mmHg 50..300", "systolic: clinical integer mmHg 50..51");
    assert_ne!(narrower, third);
    let path = folder.path().join("narrower.yaml");
    fs::write(&path, narrower).expect("the folder is writable");
    let unfit = change(&clinic, &["--spec", text(&path)]);
    assert_eq!(unfit.code, Some(2), "{}{}", unfit.output, unfit.errors);
    assert_eq!(spec(), third);

    // Both changes are taken back, code and tables. What one of them deleted comes back as a place, and that is said before.
    let undo =
        |words: &[&str]| ended(&mut command(&[&["--json", "undo", "--dir", text(&clinic)], words].concat()));
    let planned = undo(&["--plan"]);
    assert_eq!(planned.code, Some(0), "{}", planned.errors);
    let planned = planned.json();
    assert_eq!((&planned["changed"], spec()), (&Value::Bool(false), third));
    let empty = planned["comes back empty"][0].as_str().expect("it says what does not come back");
    assert!(empty.contains("Pulse") && empty.contains("backups/before-"), "{empty}");
    let undone = undo(&[]);
    assert_eq!(undone.code, Some(0), "{}{}", undone.output, undone.errors);
    assert_eq!(spec(), second);
    serve_once(&clinic);
    assert_eq!(rows(&clinic, "back"), before);
    // To undo what was added is to delete it.
    assert_eq!(undo(&[]).code, Some(2));
    assert_eq!(undo(&["--confirm", name]).code, Some(0));
    assert_eq!(spec(), first);
    assert!(fs::read_to_string(&file).is_ok_and(|text| text.contains("// Ours.")), "an edit by hand stays");
    serve_once(&clinic);
    assert_eq!(rows(&clinic, "first"), before);
    let none = undo(&[]);
    assert!(none.code == Some(2) && none.output.contains("nothing to undo"), "{}", none.output);
    run(&["audit", "verify", text(&clinic)]);
}
