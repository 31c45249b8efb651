//! What people may ask of the app about themselves: all that is kept of them, a copy of it, an end of their account; and erasure
//! by whoever answers for the organisation.

use safeguards::axum::http::StatusCode;
use safeguards::slice::seed::{PASSWORD, Person};
use safeguards::slice::trial::{Caller, Trial};
use safeguards::sql;

use super::trial;
use crate::access::{ENTITIES, ROLES};
use crate::seed::PEOPLE;

/// Kinds of records of people who are cared for, and are called by a reference: the path of each, and how one is counted.
const CARED_FOR: &[(&str, &str)] = &[("patients", "SELECT count(*) AS n FROM patients WHERE id = $1")];

/// Makes all that is about them as old as it must be to go.
const AGED: &[&str] = &["UPDATE patients SET updated_at = $1", "UPDATE readings SET updated_at = $1"];

/// Somebody who is not trusted with the organisation, and signs in by a password alone: a patient, where there are any.
fn somebody() -> Option<&'static Person> {
    let role = |person: &&Person| ROLES.iter().find(|role| role.name == person.role);
    let plain = |person: &&Person| role(person).is_some_and(|role| !role.needs_second_factor());
    PEOPLE.iter().rev().filter(|person| !person.authenticator).find(plain)
}

/// Who answers for the organisation's agreements.
fn answers(person: &&Person) -> bool {
    ROLES.iter().any(|role| role.name == person.role && role.administers.contains(&"agreements"))
}

/// Whether a role may do anything with what others than its own person are.
fn sees_others(role: &str) -> bool {
    ENTITIES.iter().any(|entity| {
        let others =
            entity.grants.iter().any(|grant| grant.role == role && !entity.own.contains(&grant.rows));
        entity.has_phi() && others
    })
}

async fn id_of(trial: &Trial, person: &Person) -> String {
    let who = trial.get(Caller::Person(person.email), "/identity/session").await.json();
    who["person"].as_str().unwrap_or_default().to_owned()
}

async fn count(trial: &Trial, statement: &'static str, id: &str) -> i64 {
    let row =
        sql(statement).bind(id.to_owned()).fetch_one(&trial.services().store).await.expect("it is counted");
    row.integer("n").expect("a number")
}

/// Makes the proof of everybody's sessions as old as a forgotten screen.
async fn leave_the_screen(trial: &Trial) {
    let services = trial.services();
    sql("UPDATE sessions SET proved_at = $1")
        .bind(services.clock.now() - safeguards::slice::minutes(11))
        .execute(&services.store)
        .await
        .expect("sessions can be changed");
}

/// CC-11, CL-10, HG-1: everybody sees and takes home all that is kept of them, and nothing of anybody else; each copy is in the
/// log as a download, and wants a fresh proof of who asks.
#[test]
fn everybody_has_a_copy_of_what_is_kept_of_them() {
    trial("copy", async |trial| {
        for person in PEOPLE {
            let caller = Caller::Person(person.email);
            let page = trial.page(caller, "/account/data").await;
            assert_eq!(page.status, StatusCode::OK, "{}: {}", person.email, page.text);
            assert!(page.text.contains(person.email), "{} sees their address", person.email);
            let copy = trial.get(caller, "/api/account/data").await;
            assert_eq!(copy.status, StatusCode::OK, "{}: {}", person.email, copy.text);
            let kept = &copy.json()["kept"];
            assert_eq!(kept["account"][0]["e_mail"], person.email);
            assert!(kept["where_you_are_signed_in"].as_array().is_some_and(|all| !all.is_empty()));
            // One address can end as another does.
            let of_others = copy.text.replace(person.email, "");
            for other in PEOPLE.iter().filter(|other| other.email != person.email) {
                assert!(!of_others.contains(other.email), "{} learns of {}", person.email, other.email);
            }
            for entity in ENTITIES.iter().filter(|entity| entity.own.is_empty()) {
                let records = copy.json()["records"][entity.table].clone();
                assert!(records.is_null(), "{} has {}, which is nobody's own", person.email, entity.table);
            }
            let zip = trial.submit(caller, "/account/data/copy", &[]).await;
            assert_eq!(zip.status, StatusCode::OK, "{}", person.email);
            assert_eq!(zip.headers["content-type"], "application/zip");
            let me = id_of(trial, person).await;
            let taken = "SELECT count(*) AS n FROM audit_log WHERE action = 'download' AND actor = $1";
            assert!(count(trial, taken, &me).await >= 2, "{}: each copy is on record", person.email);
        }
        leave_the_screen(trial).await;
        let caller = Caller::Person(PEOPLE[0].email);
        assert_eq!(trial.get(caller, "/api/account/data").await.status, StatusCode::FORBIDDEN);
        let asked = trial.submit(caller, "/account/data/copy", &[]).await;
        assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text);
        assert!(
            asked.location.is_some_and(|to| to.starts_with("/account/proof?to=")),
            "who asks shows who they are"
        );
        assert_eq!(trial.page(Caller::Anonymous, "/account/data").await.status, StatusCode::SEE_OTHER);
    });
}

/// CC-10, CF-8: an account is deleted by whose it is, after what stays was said; nobody signs in by it again, what was theirs
/// alone is gone, and the log names them no more, unless they saw records of others, and still verifies.
#[test]
fn an_account_is_deleted_by_whose_it_is() {
    trial("delete", async |trial| {
        let Some(person) = somebody() else { return };
        let caller = Caller::Person(person.email);
        let me = id_of(trial, person).await;
        let told = trial.page(caller, "/account/delete").await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.text);
        assert!(
            told.text.contains("What goes, and what stays") && told.text.contains("Stays"),
            "{}",
            told.text
        );
        let wrong = [("understood", "yes"), ("password", "Wrong-Kettle-58-Harbour")];
        let refused = trial.submit(caller, "/account/delete", &wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
        let unread = trial.submit(caller, "/account/delete", &[("password", PASSWORD)]).await;
        assert_eq!(unread.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", unread.text);
        let gone =
            trial.submit(caller, "/account/delete", &[("understood", "yes"), ("password", PASSWORD)]).await;
        assert_eq!(gone.status, StatusCode::OK, "{}", gone.text);
        assert!(gone.text.contains("Your account is deleted"), "{}", gone.text);
        assert_eq!(
            trial.get(caller, "/identity/session").await.status,
            StatusCode::UNAUTHORIZED,
            "the session has ended"
        );
        for statement in [
            "SELECT count(*) AS n FROM sessions WHERE CAST(person_id AS text) = $1",
            "SELECT count(*) AS n FROM memberships WHERE CAST(person_id AS text) = $1",
            "SELECT count(*) AS n FROM people WHERE CAST(id AS text) = $1 AND password_hash IS NOT NULL",
        ] {
            assert_eq!(count(trial, statement, &me).await, 0, "{statement}");
        }
        trial.swept().await.expect("what was ordered is carried out");
        let named = "SELECT count(*) AS n FROM audit_log WHERE actor = $1 OR subject = $1 OR record = $1";
        let empty = "SELECT count(*) AS n FROM people WHERE CAST(id AS text) = $1 AND erased_at IS NOT NULL";
        if sees_others(person.role) {
            assert_eq!(count(trial, empty, &me).await, 0, "whoever saw others stays answerable by name");
        } else {
            assert_eq!(count(trial, empty, &me).await, 1, "name and address are gone");
            assert_eq!(count(trial, named, &me).await, 0, "the log names them no more");
        }
        assert_eq!(trial.log_findings().await.expect("the log is read"), "", "the log verifies");
    });
}

/// CC-10: an organisation is never left without whoever administers its people.
#[test]
fn the_last_who_administers_people_stays() {
    trial("last", async |trial| {
        let administers =
            |person: &&Person| ROLES.iter().any(|role| role.name == person.role && role.administers_people());
        let all: Vec<&Person> = PEOPLE.iter().filter(administers).collect();
        let [only] = all.as_slice() else { return };
        let page = trial.page(Caller::Person(only.email), "/account/delete").await;
        assert!(page.text.contains("You are the last who administers people"), "{}", page.text);
        assert!(!page.text.contains("name=\"password\""), "there is nothing to send: {}", page.text);
    });
}

/// CF-8: whoever answers for the organisation erases somebody; what stays is said before, it is typed, and nobody else may.
#[test]
fn whoever_answers_for_it_erases_somebody() {
    trial("erase", async |trial| {
        let Some(officer) = PEOPLE.iter().find(answers) else { return };
        let Some(person) = somebody().filter(|person| person.email != officer.email) else { return };
        let (list, new) = ("/account/compliance/erasures", "/account/compliance/erasures/new");
        for other in PEOPLE.iter().filter(|other| !answers(other)) {
            for path in [list, new] {
                let status = trial.page(Caller::Person(other.email), path).await.status;
                assert_eq!(status, StatusCode::NOT_FOUND, "{}: {path}", other.email);
            }
        }
        let caller = Caller::Person(officer.email);
        let nobody = trial.submit(caller, new, &[("whom", "nobody@example.org")]).await;
        assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", nobody.text);
        let me = id_of(trial, person).await;
        let found = trial.submit(caller, new, &[("whom", person.email)]).await;
        let to = found.location.unwrap_or_default();
        assert_eq!(to, format!("{list}/account/{me}"), "{}", found.text);
        let told = trial.page(caller, &to).await;
        assert!(told.text.contains("What goes, and what stays"), "{}", told.text);
        let careless = trial.submit(caller, &to, &[("words", "Asked by letter"), ("typed", "yes")]).await;
        assert_eq!(careless.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", careless.text);
        let erased =
            trial.submit(caller, &to, &[("words", "Asked by letter"), ("typed", person.email)]).await;
        assert_eq!(erased.status, StatusCode::SEE_OTHER, "{}", erased.text);
        assert_eq!(
            trial.get(Caller::Person(person.email), "/identity/session").await.status,
            StatusCode::UNAUTHORIZED
        );
        trial.swept().await.expect("what was ordered is carried out");
        let shown = trial.page(caller, list).await;
        let standing = if sees_others(person.role) { "must be kept still" } else { "carried out" };
        assert!(shown.text.contains(standing), "{}", shown.text);
        assert!(!shown.text.contains(person.email), "an entry does not tell whom it meant");
        assert_eq!(trial.log_findings().await.expect("the log is read"), "", "the log verifies");
        leave_the_screen(trial).await;
        let asked = trial.page(caller, &format!("{list}/account/{}", id_of(trial, officer).await)).await;
        assert_eq!(
            asked.status,
            StatusCode::SEE_OTHER,
            "a screen that was left open erases nobody: {}",
            asked.text
        );
    });
}

/// CF-8: a record stays for as long as it must be kept and while a legal hold stands; then it goes with all that is about it, and
/// the log names it no more.
#[test]
fn a_record_goes_once_it_need_not_be_kept() {
    trial("erase_record", async |trial| {
        let (Some(officer), Some((path, counted))) = (PEOPLE.iter().find(answers), CARED_FOR.first()) else {
            return;
        };
        let mut found = None;
        for person in PEOPLE {
            let listed = trial.get(Caller::Person(person.email), &format!("/api/{path}")).await.json();
            let all = listed.as_array().into_iter().flatten();
            found = found.or_else(|| all.cloned().find(|record| record["reference"].is_string()));
        }
        let Some(record) = found else { return };
        let (id, reference) =
            (record["id"].as_str().unwrap_or_default(), record["reference"].as_str().unwrap_or_default());
        let caller = Caller::Person(officer.email);
        let asked = trial.submit(caller, "/account/compliance/erasures/new", &[("whom", reference)]).await;
        assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text);
        let to = asked.location.unwrap_or_default();
        let told = trial.page(caller, &to).await;
        assert!(told.text.contains("Kept for "), "{}", told.text);
        let ordered = trial.submit(caller, &to, &[("words", "Asked by letter"), ("typed", reference)]).await;
        assert_eq!(ordered.status, StatusCode::SEE_OTHER, "{}", ordered.text);
        trial.swept().await.expect("what was ordered is looked at");
        let shown = trial.page(caller, "/account/compliance/erasures").await;
        assert!(shown.text.contains("must be kept still"), "{}", shown.text);
        let services = trial.services();
        if services.store.is_postgres() {
            return; // The rest makes records older, as nobody but the owner of a database can.
        }
        assert_eq!(count(trial, counted, id).await, 1, "it must be kept");
        let now = services.clock.now();
        for statement in AGED {
            let aged = sql(statement)
                .bind(now - safeguards::slice::minutes(8 * 366 * 24 * 60))
                .execute(&services.store);
            if aged.await.is_err() {
                return; // What is signed is not made older.
            }
        }
        let held = "INSERT INTO audit_retention (organisation_id, years, held_at) SELECT id, 7, $1 FROM organisations";
        let due = "UPDATE erasures SET due_at = $1";
        for statement in [held, due] {
            sql(statement).bind(now).execute(&services.store).await.expect("the file is the app's own");
        }
        trial.swept().await.expect("a hold is no failure");
        assert_eq!(count(trial, counted, id).await, 1, "a legal hold stands");
        sql("UPDATE audit_retention SET held_at = NULL")
            .execute(&services.store)
            .await
            .expect("the hold ends");
        trial.swept().await.expect("it is carried out");
        assert_eq!(count(trial, counted, id).await, 0, "it is gone");
        let named = "SELECT count(*) AS n FROM audit_log WHERE subject = $1 OR record = $1";
        assert_eq!(count(trial, named, id).await, 0, "the log names it no more");
        assert_eq!(trial.log_findings().await.expect("the log is read"), "", "the log verifies");
    });
}

/// HG-4: a page that is not for somebody's role is a refusal in the log, by its route and without what was asked for.
#[test]
fn what_is_refused_is_on_record() {
    trial("denied", async |trial| {
        let Some(person) = PEOPLE.iter().find(|person| !answers(person)) else { return };
        let me = id_of(trial, person).await;
        let path = "/account/compliance/erasures";
        assert_eq!(trial.page(Caller::Person(person.email), path).await.status, StatusCode::NOT_FOUND);
        let refused =
            "SELECT count(*) AS n FROM audit_log WHERE action = 'denied' AND entity = 'route' AND actor = $1
             AND body LIKE '%GET /account/compliance/erasures%'";
        assert_eq!(count(trial, refused, &me).await, 1);
    });
}
