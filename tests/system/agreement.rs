//! HC-4, CL-9: a customer checks the signed agreement at home, with nothing but the file and the published key.

use std::fs;

use control_plane::agreement::{AgreementName, BAA, CountersigningKey, Signatory, Statement, html};
use tempfile::TempDir;
use time::macros::datetime;
use uuid::Uuid;

use crate::healthcoder::run;

/// A folder with a signed file, and the key that signed it.
fn signed() -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let key = CountersigningKey::open(folder.path()).expect("a key can be made");
    let statement = Statement {
        agreement: AgreementName::BusinessAssociateAgreement,
        version: BAA[0].version.to_owned(),
        text_sha256: BAA[0].sha256(),
        id: Uuid::from_u128(1),
        account: Uuid::from_u128(2),
        customer: Signatory::new("Main St Clinic LLC", "Ada Ruiz", "Owner").expect("lawful names"),
        business_associate: Signatory::new("Health Coder", "Operations", "Operator").expect("lawful names"),
        signed_at: datetime!(2026-11-26 15:00:07 UTC),
        signed_from: "203.0.113.7".parse().expect("an address"),
    };
    let file = html(&BAA[0], &statement, &key).expect("it can be sealed");
    fs::write(folder.path().join("agreement.html"), file).expect("the folder is writable");
    (folder, key.verifying_key().to_string())
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().expect("the path is text").to_owned()
}

#[test]
fn a_signed_agreement_is_verified_offline_and_an_altered_one_is_refused() {
    let (folder, key) = signed();
    let file = path(&folder, "agreement.html");
    let verified = run(&["agreement", "verify", &file, "--key", &key]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    for said in [
        "not a letter was changed",
        "Main St Clinic LLC",
        "Ada Ruiz, Owner",
        "26 Nov 2026, 15:00:07 UTC, from 203.0.113.7",
        "version 1.0, word for word as it was published",
        "the key is the one you gave",
    ] {
        assert!(verified.output.contains(said), "{said}: {}", verified.output);
    }
    let without_key = run(&["agreement", "verify", &file]);
    assert!(without_key.output.contains("compare this key"), "{without_key:?}");
    let json = run(&["--json", "agreement", "verify", &file, "--key", &key]).json();
    assert_eq!(
        (&json["verified"], &json["key_was_given"], &json["text_is_known"]),
        (&true.into(), &true.into(), &true.into())
    );
    assert_eq!(json["statement"]["customer"]["name"], "Ada Ruiz");

    let text = fs::read_to_string(&file).expect("it is text");
    let altered = path(&folder, "altered.html");
    for (change, words) in [
        (text.replace("30 calendar days", "90 calendar days"), "a word of it was altered"),
        (text.replace("<!-- health-coder", "<!-- nothing"), "its signature was cut out"),
        (format!("{text}\n"), "a word of it was altered"),
    ] {
        assert_ne!(change, text);
        fs::write(&altered, change).expect("the folder is writable");
        let refused = run(&["agreement", "verify", &altered, "--key", &key]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.errors.contains(words), "{words}: {refused:?}");
    }
    let other = "0".repeat(64);
    let refused = run(&["agreement", "verify", &file, "--key", &other]);
    assert!(refused.code == Some(2) && refused.errors.contains("was expected"), "{refused:?}");
    let refused = run(&["agreement", "verify", &file, "--key", "abc"]);
    assert!(refused.code == Some(2) && refused.errors.contains("64 hexadecimal digits"), "{refused:?}");
    let missing = run(&["agreement", "verify", &path(&folder, "none.html")]);
    assert_eq!(missing.code, Some(1), "{missing:?}");
}

#[test]
fn a_grant_wants_a_platform_an_account_and_a_day_to_come() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let data = folder.path().to_str().expect("the path is text");
    let account = "0199f0a0-0000-7000-8000-000000000001";
    let refused = run(&["plan-grant", account, "--data", data]);
    assert!(
        refused.code == Some(2) && refused.errors.contains("is not the data folder of a platform"),
        "{refused:?}"
    );
    let refused = run(&["plan-grant", account, "--data", data, "--until", "soon"]);
    assert!(refused.code == Some(2) && refused.errors.contains("write it as 2027-03-31"), "{refused:?}");
    let refused = run(&["plan-grant", "clinic", "--data", data]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
}
