//! HC-10: support is shown records by the founder's leave, and the log of whose they are says so first.

use std::process::Stdio;

use safeguards::store::sql;
use serde_json::{Value, json};

use crate::app::{PHONE, finish};
use crate::archives::{Home, opened, read};

const GRANT: &str = "0193574c-5d7e-7000-8000-0000000000aa";
const SUPPORT: &str = "Kim Doe, support desk";
const REASON: &str = "the second reading of Zebulon is missing";

/// What support asks for, by a grant that ends at this moment.
fn asked(record: Option<&str>, until: &str) -> Value {
    json!({
        "grant": GRANT, "support": SUPPORT, "reason": REASON, "until": until, "entity": "patient", "record": record,
    })
}

const FAR: &str = "2999-01-01T00:00:00Z";

/// What was shown, or why nothing was.
fn look(home: &Home, asked: &Value, variables: &[(&str, &str)]) -> Result<Value, String> {
    let mut command = home.command("support-look");
    command.env("SUPPORT_LOOK", asked.to_string()).envs(variables.iter().copied()).stdout(Stdio::piped());
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    // The test harness around the app prints words of its own, on the same line, too.
    let shown = said.find("{\"entity\"").and_then(|at| said[at..].lines().next());
    if output.status.success() {
        return Ok(serde_json::from_str(shown.expect(&said)).unwrap());
    }
    assert_eq!(shown, None, "nothing is printed by a look that fails");
    Err(String::from_utf8(output.stderr).unwrap())
}

/// The events of support in the log, as an archive has them.
fn events(home: &Home, archive: &str) -> Vec<Value> {
    let text = read(&mut opened(&home.export(archive)), "audit/events.ndjson");
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.filter(|event| event.to_string().contains("system:platform-support")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn hc_10_a_look_is_in_the_log_and_a_list_opens_nothing() {
    for home in Home::both().await {
        let home = home.seeded();
        let listed = look(&home, &asked(None, FAR), &[]).unwrap();
        let records = listed["records"].as_array().unwrap();
        assert_eq!(records.len(), 2);
        assert_eq!(listed["withheld"], json!(["phone", "weight"]), "{listed}");
        assert!(!listed.to_string().contains("72.5") && !listed.to_string().contains(PHONE), "{listed}");

        let newest = records[0]["id"].as_str().unwrap();
        let shown = look(&home, &asked(Some(newest), FAR), &[]).unwrap();
        assert_eq!(shown["records"].as_array().unwrap().len(), 1);
        assert_eq!(shown["records"][0]["phone"], format!("{PHONE}2"), "{shown}");

        let nobody = look(&home, &asked(Some(GRANT), FAR), &[]).unwrap();
        assert_eq!(nobody["records"], json!([]));

        // One event for each organisation of the list, one of the record, one of the look that found nothing.
        let events = events(&home, "looked.zip");
        assert_eq!(events.len(), 4, "{events:#?}");
        for event in &events {
            let event = event.to_string();
            let told = [SUPPORT, GRANT, REASON].iter().all(|word| event.contains(word));
            assert!(told && event.contains("\\\"purpose\\\":\\\"support\\\""), "{event}");
        }
        assert_eq!(
            events.iter().filter(|event| event.to_string().contains(newest)).count(),
            2,
            "{events:#?}"
        );
        let said = home.run("verify-audit");
        assert!(said.contains("0 findings"), "{said}");
    }
}

/// The log first: where it cannot be written, no record is told.
#[tokio::test(flavor = "multi_thread")]
async fn hc_10_without_a_log_support_is_shown_nothing() {
    for home in Home::both().await {
        let home = home.seeded();
        match &home.database {
            Some(database) => {
                let breaking = "ALTER TABLE audit_identities ADD CONSTRAINT broken CHECK (false) NOT VALID";
                sql(breaking).execute(&database.owner).await.unwrap();
            }
            None => {
                let mut breaking = home.command("seed");
                breaking.env("BREAK_LOG", "1");
                let (broken, said) = finish(breaking);
                assert!(broken, "{said}");
            }
        }
        let refused = look(&home, &asked(None, FAR), &[]).unwrap_err();
        assert!(refused.contains("the audit log cannot be written"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hc_10_a_grant_that_has_ended_shows_nothing() {
    for home in Home::both().await {
        let home = home.seeded();
        let refused = look(&home, &asked(None, "2020-01-01T00:00:00Z"), &[]).unwrap_err();
        assert!(refused.contains("nothing was shown: the grant has ended"), "{refused}");
        let mut other = asked(None, FAR);
        other["entity"] = json!("people");
        let refused = look(&home, &other, &[]).unwrap_err();
        assert!(refused.contains("this app keeps: patient"), "{refused}");
        assert!(look(&home, &Value::Null, &[]).unwrap_err().contains("SUPPORT_LOOK"));
        assert_eq!(events(&home, "refused.zip"), Vec::<Value>::new());
    }
}

/// HC-12: in the export window records are only read, and looks are logged all the same.
#[test]
fn hc_10_a_look_at_records_that_are_only_read_is_logged_too() {
    let home = Home::sqlite().seeded();
    let listed = look(&home, &asked(None, FAR), &[("READ_ONLY", "true")]).unwrap();
    assert_eq!(listed["records"].as_array().unwrap().len(), 2);
    assert!(home.path("data/app.db.interim").exists(), "it was written beside the records");
    assert_eq!(events(&home, "later.zip").len(), 2, "and joined to them");
}
