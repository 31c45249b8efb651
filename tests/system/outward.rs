//! What comes in from elsewhere and goes between people: files that are imported, and what people write to each other.

use serde_json::{Value, json};

use crate::client::Client;
use crate::project::Project;
use crate::serving::{Database, Place, Serving};

/// A nurse to whom patients are assigned, and the reference and the id of the first.
fn a_nurse(place: &Place, app: &Serving) -> (Client, String, Value) {
    for login in place.logins.iter().filter(|login| login.role == "nurse") {
        let nurse = app.sign_in(login);
        let patients = nurse.get("/api/patients").json();
        if let Some(patient) = patients.as_array().into_iter().flatten().next() {
            let reference = patient["reference"].as_str().expect("a patient has a reference").to_owned();
            return (nurse, reference, patient["id"].clone());
        }
    }
    panic!("no nurse has a patient");
}

fn counts(report: &Value) -> (i64, i64, i64, usize) {
    let count = |name: &str| report[name].as_i64().unwrap_or(-1);
    (count("made"), count("changed"), count("same"), report["refused"].as_array().map_or(0, Vec::len))
}

/// CL-1, CF-6, CF-10: a file is shown before it is meant; it is told line by line what is wrong; sent twice, it changes nothing;
/// what is out of reach or closed is refused, and the other lines stand.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_imported_once() {
    let project = tokio::task::block_in_place(|| Project::of_spec("open-door"));
    let program = tokio::task::block_in_place(|| project.build());
    for database in [Database::Sqlite, Database::postgres().await] {
        tokio::task::block_in_place(|| imports(&program, database));
    }
}

fn imports(program: &std::path::Path, database: Database) {
    let place = Place::new(program, database);
    let app = place.serve();
    let (nurse, reference, patient) = a_nurse(&place, &app);
    let mine = |client: &Client| {
        let readings = client.get(&format!("/api/readings?patient_id={}", patient.as_str().unwrap())).json();
        let readings = readings.as_array().cloned().unwrap_or_default();
        readings.into_iter().filter(|reading| reading["device"] == "cuff-1").collect::<Vec<_>>()
    };
    let table = format!(
        "patient,device,taken at,SYS,comment\n{reference},cuff-1,2026-03-01 08:00,131,\"after \"\"rest\"\", sitting\"\n\
         {reference},cuff-1,2026-03-02 08:00,high,\nPT-ZZZZZZ,cuff-1,2026-03-03 08:00,120,\n{reference},cuff-1,2026-03-01 08:00,140,\n"
    );

    let shown = nurse.post_csv("/api/feeds/device-readings?preview=true", &table).json();
    assert_eq!(counts(&shown), (1, 0, 0, 3), "{shown}");
    assert!(mine(&nurse).is_empty(), "it was only shown");
    let told: Vec<(i64, Option<&str>)> = shown["refused"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|wrong| (wrong["line"].as_i64().unwrap(), wrong["column"].as_str()))
        .collect();
    assert_eq!(told, [(3, Some("SYS")), (4, None), (5, None)], "{shown}");

    let done = nurse.post_csv("/api/feeds/device-readings", &table).json();
    assert_eq!(counts(&done), (1, 0, 0, 3), "{done}");
    let made = mine(&nurse);
    assert_eq!(
        (made.len(), &made[0]["systolic"], &made[0]["comment"]),
        (1, &json!(131), &json!("after \"rest\", sitting"))
    );
    let again = nurse.post_csv("/api/feeds/device-readings", &table).json();
    assert_eq!(counts(&again), (0, 0, 1, 3), "{again}");
    let changed = nurse.post_csv("/api/feeds/device-readings", &table.replace(",131,", ",133,")).json();
    assert_eq!(counts(&changed), (0, 1, 0, 3), "{changed}");
    let now = mine(&nurse);
    assert_eq!((now.len(), &now[0]["systolic"], &now[0]["version"]), (1, &json!(133), &json!(2)));

    // Nobody else imports, and no other patient is reached.
    let owner = app.sign_in(place.login("owner", 0));
    assert_eq!(owner.post_csv("/api/feeds/device-readings", &table).status, 404);

    // A sealed key finds its record, and what is closed stays as it is.
    let result = |value: &str| format!("patient;sample;value\n{reference};S-1;{value}\n");
    let made = nurse.post_csv("/api/feeds/laboratory", &result("4.2")).json();
    assert_eq!(counts(&made), (1, 0, 0, 0), "{made}");
    let found = nurse.get("/api/results").json();
    let found =
        found.as_array().into_iter().flatten().find(|result| result["sample"] == "S-1").cloned().unwrap();
    let release =
        format!("/api/results/{}/release?version={}", found["id"].as_str().unwrap(), found["version"]);
    assert_eq!(nurse.post(&release, &json!({})).status, 200);
    assert_eq!(counts(&nurse.post_csv("/api/feeds/laboratory", &result("4.2")).json()), (0, 0, 1, 0));
    let refused = nurse.post_csv("/api/feeds/laboratory", &result("9.9")).json();
    assert_eq!(counts(&refused), (0, 0, 0, 1), "{refused}");
}

/// CL-1: what a patient writes is new to whom the patient is assigned to, until it was read, and to nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_waits_until_it_is_read() {
    let project = tokio::task::block_in_place(|| Project::of_spec("open-door"));
    let program = tokio::task::block_in_place(|| project.build());
    for database in [Database::Sqlite, Database::postgres().await] {
        tokio::task::block_in_place(|| writes(&program, database));
    }
}

fn writes(program: &std::path::Path, database: Database) {
    let place = Place::new(program, database);
    let app = place.serve();
    let (nurse, reference, about) = a_nurse(&place, &app);
    let id = about.as_str().unwrap();
    let patient = place.logins.iter().filter(|login| login.role == "patient").find_map(|login| {
        let client = app.sign_in(login);
        let own = client.get("/api/patients").json();
        (own[0]["id"] == about).then_some(client)
    });
    let patient = patient.expect("the patient signs in");
    let thread = format!("/patients/{id}/questions-messages");
    let sent = patient
        .post("/api/questions-messages", &json!({ "patient_id": about, "text": "Since when, quillmark?" }));
    assert_eq!(sent.status, 201, "{sent:?}");

    assert!(nurse.page("/").body.contains("1 new message"), "it waits for the nurse of {reference}");
    assert!(!patient.page("/").body.contains("new message"), "what one wrote is not new to oneself");
    let read = nurse.page(&thread);
    assert!(read.status == 200 && read.body.contains("quillmark"), "{read:?}");
    assert!(!nurse.page("/").body.contains("new message"), "it was read");

    let owner = app.sign_in(place.login("owner", 0));
    assert_eq!(owner.get("/api/patients").status, 200);
    assert_eq!(owner.page(&thread).status, 404, "who administers takes no part");
    assert!(!owner.page("/").body.contains("new message"));
    assert_eq!(
        owner.get(&format!("/api/questions-messages/{}", sent.json()["id"].as_str().unwrap())).status,
        404
    );
}
