//! CF-26, CL-13: `healthcoder verify` is green on an app as it is generated, on both databases, and red on one that
//! lost a safeguard.

use std::fs;
use std::path::Path;

use safeguards::testing;
use serde_json::Value;

use crate::exit::{command, run, text};
use crate::healthcoder::{Ended, ended};
use crate::project::Project;
use crate::serving::{Database, Place};

/// Verifies a project by its own program.
fn verified(project: &Project, program: &Path, words: &[&str]) -> Ended {
    let all = ["--json", "verify", text(&project.folder), "--program", text(program)];
    ended(&mut command(&[&all[..], words].concat()))
}

/// The checks that ended so.
fn with_outcome<'r>(report: &'r Value, outcome: &str) -> Vec<&'r str> {
    let checks = report["checks"].as_array().expect("a report has checks").iter();
    let found = checks.filter(|check| check["result"]["outcome"] == outcome);
    found.map(|check| check["id"].as_str().expect("a check has a name")).collect()
}

fn is_green(ended: &Ended) -> Value {
    let report = ended.json();
    assert_eq!(with_outcome(&report, "broken"), [""; 0], "{report:#}");
    assert_eq!(with_outcome(&report, "undecided"), [""; 0], "{report:#}");
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    report
}

/// Verifies the app of a shared prompt on both databases: once built, it is the same program.
fn is_verified(prompt: &str) {
    let administrator = testing::postgres_administrator();
    let mut project = Project::of_prompt(prompt);
    let program = project.built();
    is_green(&verified(&project, &program, &[]));
    is_green(&verified(&project, &program, &["--database-url", administrator.reveal()]));
}

macro_rules! prompts {
    ($($test:ident: $prompt:literal,)*) => {
        $(
            #[test]
            fn $test() {
                is_verified($prompt);
            }
        )*
    };
}

// A test each, so that one that fails hides no other. The app of `home-bp` is below, where more is asked of it.
prompts! {
    the_app_of_dental_scheduling_is_verified: "dental",
    the_app_of_chartcoder_is_verified: "chartcoder",
    the_app_of_clinicflow_is_verified: "clinicflow",
    the_app_of_the_peptide_clinic_is_verified: "peptide-clinic",
    the_app_of_telehealth_intake_is_verified: "telehealth-intake",
    the_app_of_a_vague_prompt_is_verified: "vague",
    the_app_of_a_prompt_in_spanish_is_verified: "spanish",
}

#[test]
fn an_app_is_verified_on_sqlite() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (page, xml) = (folder.path().join("page.html"), folder.path().join("report.xml"));
    let mut project = Project::of_prompt("home-bp");
    let program = project.built();
    let report = is_green(&verified(&project, &program, &["--html", text(&page), "--junit", text(&xml)]));
    assert!(with_outcome(&report, "kept").len() >= 120, "{}", with_outcome(&report, "kept").len());
    let page = fs::read_to_string(page).expect("there is a page");
    assert!(page.contains("every promise that was tried was kept") && !page.contains("<script"));
    let xml = fs::read_to_string(xml).expect("there is a report");
    assert!(xml.contains("failures=\"0\"") && xml.contains("errors=\"0\""));
}

#[test]
fn an_app_is_verified_on_postgresql() {
    let administrator = testing::postgres_administrator();
    let mut project = Project::of_prompt("home-bp");
    let program = project.built();
    let report = is_green(&verified(&project, &program, &["--database-url", administrator.reveal()]));
    let kept = with_outcome(&report, "kept");
    for check in ["swapped-rows-do-not-open", "tamper-recompute", "audit-refused-by-the-database"] {
        assert!(kept.contains(&check), "{check} was not tried: {kept:?}");
    }
}

/// A verifier that cannot fail is worth nothing: the least scope of one query is gone, and it says which check saw it.
#[test]
fn an_app_that_lost_a_scope_is_refuted() {
    let mut project = Project::changed("home-bp", "home-bp-unscoped", |files| {
        let policy = files.files.get_mut("src/access.rs").expect("an app has a policy");
        let narrow =
            "Grant::to(\"physician\", &[Action::View, Action::List]).rows(PATIENTS_ASSIGNED_PHYSICIAN)";
        assert!(policy.contains(narrow));
        *policy = policy.replace(narrow, "Grant::to(\"physician\", &[Action::View, Action::List])");
    });
    let program = project.built();
    let ended = verified(&project, &program, &["--only", "access-list", "--only", "access-show"]);
    assert_eq!(ended.code, Some(1), "{}", ended.errors);
    let report = ended.json();
    assert_eq!(with_outcome(&report, "broken"), ["access-list-oracle", "access-show-oracle"], "{report:#}");
}

/// An app in use is only read: by a token that works once, in a session that ends with it.
#[test]
fn an_app_in_use_is_only_read() {
    let project = Project::of_prompt("home-bp");
    let place = Place::new(&project.build(), Database::Sqlite);
    let serving = place.serve();
    let nurse = serving.sign_in(place.login("nurse", 0));
    let seen = || ["patients", "readings"].map(|list| nurse.get(&format!("/api/{list}")).json());
    let before = seen();
    let lent = serving.sign_in(place.login("owner", 0));
    let token = lent.refresh_token().to_owned();
    let verify = |token: &str| {
        let words =
            ["--json", "verify", &serving.origin(), "--token", token, "--project", text(&project.folder)];
        ended(&mut command(&words))
    };
    let report = is_green(&verify(&token));
    assert!(with_outcome(&report, "kept").len() >= 20, "{:?}", with_outcome(&report, "kept"));
    let tried =
        |check: &&Value| check["needs"] != "address" && check["result"]["outcome"] != "not-applicable";
    let more: Vec<_> = report["checks"].as_array().into_iter().flatten().filter(tried).collect();
    assert!(more.is_empty(), "{more:#?}");

    assert_eq!(seen(), before, "nothing was changed");
    assert_eq!(lent.get("/api/patients").status, 401, "the lent session has ended");
    let again = verify(&token);
    assert_eq!(again.code, Some(2), "a token works once: {}", again.errors);
}

#[test]
fn the_checks_are_listed_with_their_promises() {
    let listed = run(&["--json", "verify", "--list"]).json();
    let checks = listed["checks"].as_array().expect("a list").clone();
    assert!(checks.len() >= 120, "{}", checks.len());
    let cites = |check: &Value| check["promises"].as_array().is_some_and(|promises| !promises.is_empty());
    assert!(checks.iter().all(cites));
    let nowhere = ended(&mut command(&["verify", text(Path::new("/nowhere"))]));
    assert_eq!(nowhere.code, Some(2), "{}", nowhere.errors);
}
