//! An app under attack by a tool that knows nothing of it but its OpenAPI document, and believes every word of that.
//!
//! schemathesis makes requests of the document, right ones and wrong ones, one at a time and one after another's answer,
//! and holds every answer against it: no 5xx, no status, header or body that is not documented, nothing wrong accepted and
//! nothing right refused, nothing told to who is not signed in. It attacks as a person of each role in turn.

use std::path::PathBuf;
use std::process::Command;

use crate::healthcoder::{Ended, ended, root};
use crate::project::Project;
use crate::serving::{Database, Place};

/// The tool, as `cargo xtask test` installs it.
fn schemathesis() -> PathBuf {
    let program = root().join("target/schemathesis/python/bin/schemathesis");
    assert!(program.is_file(), "{} is missing: `cargo xtask test` installs it", program.display());
    program
}

/// Attacks the app of a prompt, with so many made-up requests for each operation and role beside those that the bounds of
/// the document suggest.
fn withstands(prompt: &str, database: Database, examples: u32) {
    let project = Project::of_prompt(prompt);
    let place = Place::new(&project.build(), database);
    let serving = place.serve();
    let mut roles: Vec<&str> = place.logins.iter().map(|login| login.role.as_str()).collect();
    roles.dedup();
    let mut findings = Vec::new();
    for role in roles {
        let login = place.login(role, 0);
        let attacked = attack(&project, &serving.origin(), &serving.refresh_token(login), examples);
        // What it says must be of a run that took place: at least ten requests for each role.
        let cases = attacked.output.lines().find_map(|line| line.trim().split_once(" generated"));
        let cases: u32 = cases.and_then(|(number, _)| number.parse().ok()).unwrap_or_default();
        eprintln!("{prompt} as {role}: {cases} requests");
        if attacked.code != Some(0) || cases < 10 {
            findings.push(format!("{prompt} as {role}:\n{}\n{}", attacked.output, attacked.errors));
        }
    }
    assert!(findings.is_empty(), "{}", findings.join("\n\n"));
}

fn attack(project: &Project, origin: &str, token: &str, examples: u32) -> Ended {
    let folder = root().join("tests/schemathesis");
    let scratch = tempfile::tempdir().expect("a temporary folder can be made");
    let mut command = Command::new(schemathesis());
    command
        .arg("--config-file")
        .arg(folder.join("schemathesis.toml"))
        .args(["run", "--no-color", "--checks", "all", "--url", origin])
        .args(["--max-examples", &examples.to_string()])
        .arg(project.folder.join("openapi.json"))
        .current_dir(scratch.path())
        .env("PYTHONPATH", &folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("ORIGIN", origin)
        .env("REFRESH_TOKEN", token);
    ended(&mut command)
}

#[test]
fn home_blood_pressure() {
    withstands("home-bp", Database::Sqlite, 4);
}

#[test]
fn peptide_clinic() {
    withstands("peptide-clinic", Database::Sqlite, 3);
}

/// The other database has other limits: of numbers, of dates, of what a text may hold.
#[tokio::test]
async fn on_postgresql() {
    let database = Database::postgres().await;
    let attacked = tokio::task::spawn_blocking(|| withstands("home-bp", database, 4));
    attacked.await.expect("it withstands");
}

/// The other shared prompts, with more examples: run by name.
mod others {
    use super::{Database, withstands};

    macro_rules! prompts {
        ($($test:ident: $prompt:literal,)*) => {
            $(
                #[test]
                fn $test() {
                    withstands($prompt, Database::Sqlite, 10);
                }
            )*
        };
    }

    prompts! {
        dental_scheduling: "dental",
        chartcoder: "chartcoder",
        clinicflow: "clinicflow",
        telehealth_intake: "telehealth-intake",
        a_vague_prompt: "vague",
        in_spanish: "spanish",
    }
}
