//! HC-11, HC-12: a founder takes everything home and comes back, by the command line alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use safeguards::testing;
use tempfile::TempDir;

use crate::healthcoder::{Ended, ended, healthcoder};
use crate::project::{Project, cache};

/// `healthcoder`, with what is compiled for these tests as its cache.
pub(crate) fn command(words: &[&str]) -> Command {
    let mut command = healthcoder();
    command.args(words).env("HEALTHCODER_CACHE", cache()).env_remove("DATABASE_OWNER_URL");
    command
}

pub(crate) fn run(words: &[&str]) -> Ended {
    let ended = ended(&mut command(words));
    assert_eq!(ended.code, Some(0), "{words:?}: {}{}", ended.output, ended.errors);
    ended
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("the path is text")
}

/// A copy of a generated project in a place of its own, with made-up people in its database.
pub(crate) fn project(folder: &TempDir) -> PathBuf {
    let made = Project::of_prompt("home-bp");
    let program = made.build();
    let copy = folder.path().join("clinic");
    let status = Command::new("cp").arg("-r").arg(&made.folder).arg(&copy).status().expect("cp copies");
    assert!(status.success());
    drop(made);
    let seeded = ended(Command::new(program).arg("seed").current_dir(&copy));
    assert_eq!(seeded.code, Some(0), "{}", seeded.errors);
    copy
}

/// The whole way out and back: an archive of a real project, verified offline, restored into both kinds of database by
/// the binary that is built from it, under a log that verifies in each of its homes and in each archive.
#[tokio::test(flavor = "multi_thread")]
async fn hc_11_everything_is_taken_home_and_comes_back() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let clinic = project(&folder);
    let path = |name: &str| folder.path().join(name);
    let (archive, secret) = (path("home.zip"), path("home.passphrase"));
    run(&[
        "export",
        "make",
        "--dir",
        text(&clinic),
        "--to",
        text(&archive),
        "--new-passphrase-file",
        text(&secret),
    ]);

    let sealed = ended(&mut command(&["export", "verify", text(&archive)]));
    assert_eq!(sealed.code, Some(2), "it wants its passphrase: {}", sealed.errors);
    let opened = ["--passphrase-file", text(&secret)];
    let verified = run(&[&["--json", "export", "verify", text(&archive)], &opened[..]].concat()).json();
    assert_eq!(verified["verified"], true);
    let key = verified["signed_by"].as_str().expect("it names its key").to_owned();
    let told = run(&[&["export", "verify", text(&archive), "--key", &key], &opened[..]].concat());
    assert!(told.output.contains("as it was written") && told.output.contains(&key), "{}", told.output);

    // One byte, and it is refused; with --json the findings are data.
    let mut bytes = fs::read(&archive).expect("the archive is there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let edited = path("edited.zip");
    fs::write(&edited, bytes).expect("the folder is writable");
    let words = [&["--json", "export", "verify", text(&edited)], &opened[..]].concat();
    let edited = ended(&mut command(&words));
    assert_eq!(edited.code, Some(1));
    assert_eq!(edited.json()["verified"], false);

    // The log verifies in the project, in its data folder, and in the archive.
    for target in [clinic.clone(), clinic.join("data"), archive.clone()] {
        let words = [&["audit", "verify", text(&target)], &opened[..]].concat();
        run(&words);
    }

    let home = path("restored");
    run(&[&["export", "restore", text(&archive), "--dir", text(&home)], &opened[..]].concat());
    run(&["audit", "verify", text(&home)]);
    let again = [&["export", "restore", text(&archive), "--dir", text(&home)], &opened[..]].concat();
    assert_eq!(ended(&mut command(&again)).code, Some(2), "a folder that is not empty is refused");

    let database = testing::blank_postgres().await;
    let addresses = database.addresses.as_ref().expect("it is PostgreSQL");
    let elsewhere = path("elsewhere");
    let words = [
        &["export", "restore", text(&archive), "--dir", text(&elsewhere), "--database", "postgres"],
        &opened[..],
    ];
    let mut restore = command(&words.concat());
    restore.env("DATABASE_URL", addresses.app.reveal()).env("DATABASE_OWNER_URL", addresses.owner.reveal());
    let restored = ended(&mut restore);
    assert_eq!(restored.code, Some(0), "{}", restored.errors);
    let records = |dir: &Path, variables: &[(&str, &str)]| {
        let to = dir.with_extension("zip");
        let mut make = command(&["export", "make", "--open", "--dir", text(dir), "--to", text(&to)]);
        let made = ended(make.envs(variables.iter().copied()));
        assert_eq!(made.code, Some(0), "{}", made.errors);
        let verified = run(&["--json", "export", "verify", text(&to)]).json();
        (verified["rows"].clone(), verified["tables"].clone())
    };
    let variables =
        [("DATABASE_URL", addresses.app.reveal()), ("DATABASE_OWNER_URL", addresses.owner.reveal())];
    let expected = (verified["rows"].clone(), verified["tables"].clone());
    assert_eq!(records(&home, &[]), expected);
    assert_eq!(records(&elsewhere, &variables), expected);
}

/// CF-7, and that programs hear of it: a database from before some events, put back beside the witness that saw them.
#[test]
fn audit_verify_tells_people_and_programs_of_events_that_are_gone() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let clinic = project(&folder);
    let (database, before) = (clinic.join("data/app.db"), folder.path().join("before.db"));
    fs::copy(&database, &before).expect("the database is one file while nobody serves");
    let green = run(&["--json", "audit", "verify", text(&clinic)]).json();
    assert_eq!(green["verified"], true);
    assert!(green["events"].as_u64() > Some(0), "{green}");

    run(&["export", "make", "--open", "--dir", text(&clinic), "--to", text(&folder.path().join("home.zip"))]);
    fs::rename(&before, &database).expect("the folder is writable");
    let refuted = ended(&mut command(&["--json", "audit", "verify", text(&clinic)]));
    assert_eq!(refuted.code, Some(1), "{}", refuted.errors);
    let json = refuted.json();
    assert_eq!(json["verified"], false);
    assert!(json["findings"].as_array().is_some_and(|findings| !findings.is_empty()), "{json}");
    assert!(refuted.errors.contains("not as it was witnessed"), "{}", refuted.errors);
}
