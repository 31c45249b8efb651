//! What this app promises beyond who gets what: each promise tried on the app as it serves.

use std::collections::BTreeSet;

use safeguards::axum::http::{Method, StatusCode};
use safeguards::slice::trial::{Caller, Trial};
use safeguards::sql;
use serde_json::{Value, json};

use super::trial;
use crate::seed::PEOPLE;

/// What the JSON API has records of.
const KINDS: &[&str] = &["patients", "readings"];

/// Each sealed column: its name, and how its rows are read past the policy.
const SEALED: &[(&str, &str)] = &[
    ("name", "SELECT name FROM patients WHERE name IS NOT NULL"),
    ("date_of_birth", "SELECT date_of_birth FROM patients WHERE date_of_birth IS NOT NULL"),
    ("phone", "SELECT phone FROM patients WHERE phone IS NOT NULL"),
    ("sex", "SELECT sex FROM patients WHERE sex IS NOT NULL"),
    ("allergies", "SELECT allergies FROM patients WHERE allergies IS NOT NULL"),
    ("note", "SELECT note FROM readings WHERE note IS NOT NULL"),
];

/// The records of people who are cared for, and who sees who looked at those that are not their own.
const LOOKED_AT: &[(&str, &[&str])] = &[("patients", &["owner"])];

/// Everybody who signs in without an authenticator, or the first of all.
fn somebody() -> &'static str {
    PEOPLE.iter().find(|person| !person.authenticator).map_or(PEOPLE[0].email, |person| person.email)
}

/// The records that somebody sees, with who sees them.
async fn seen(trial: &Trial) -> Vec<(&'static str, String, Value)> {
    let mut seen = Vec::new();
    let mut known = BTreeSet::new();
    for kind in KINDS {
        for person in PEOPLE {
            let found = trial.get(Caller::Person(person.email), &format!("/api/{kind}")).await.json();
            for record in found.as_array().into_iter().flatten() {
                let id = record["id"].as_str().unwrap_or_default();
                if known.insert((*kind, id.to_owned())) {
                    seen.push((person.email, format!("/api/{kind}/{id}"), record.clone()));
                }
            }
        }
    }
    seen
}

/// CF-4: a session that was not used for 15 minutes is over.
#[test]
fn an_idle_session_ends() {
    trial("idle", async |trial| {
        let caller = Caller::Person(somebody());
        assert_eq!(trial.get(caller, "/identity/session").await.status, StatusCode::OK);
        let services = trial.services();
        let before = services.clock.now() - safeguards::slice::minutes(15 + 1);
        sql("UPDATE sessions SET seen_at = $1")
            .bind(before)
            .execute(&services.store)
            .await
            .expect("sessions can be written");
        assert_eq!(trial.get(caller, "/identity/session").await.status, StatusCode::UNAUTHORIZED);
    });
}

/// CF-14: where the operator names no identity provider, there is no way in by one.
#[test]
fn no_identity_provider_is_believed_unless_it_is_named() {
    trial("provider", async |trial| {
        for path in ["/sign-in/sso", "/sign-in/sso/return?code=any&state=any"] {
            let answer = trial.page(Caller::Anonymous, path).await;
            assert!(
                !answer.status.is_success() && answer.status != StatusCode::INTERNAL_SERVER_ERROR,
                "{path}: {}",
                answer.status
            );
        }
    });
}

/// CF-5: what is sealed lies in no column in the clear.
#[test]
fn sealed_columns_hold_no_text() {
    trial("sealed", async |trial| {
        for (column, statement) in SEALED {
            for row in
                sql(statement).fetch_all(&trial.services().store).await.expect("the column can be read")
            {
                let stored = row.bytes(column).expect("a sealed column holds bytes");
                let plain = stored.windows(7).any(|bytes| bytes == b"Example" || bytes == b"example");
                assert!(
                    !plain && stored.len() > 28,
                    "{column} holds {} bytes that were not sealed",
                    stored.len()
                );
            }
        }
    });
}

/// CL-4: the database file is encrypted as a whole: neither its format nor any word of it can be read.
#[test]
fn the_database_file_tells_nothing() {
    trial("file", async |trial| {
        for (path, bytes) in trial.files().expect("the folder can be read") {
            for word in ["SQLite format", "CREATE TABLE", "example.org"] {
                assert!(
                    !bytes.windows(word.len()).any(|found| found == word.as_bytes()),
                    "{word} in {}",
                    path.display()
                );
            }
        }
    });
}

/// CF-6, CF-9: each record that was written has its event, and says who wrote it last.
#[test]
fn every_write_is_in_the_audit_log() {
    trial("writes", async |trial| {
        for (_, path, record) in seen(trial).await {
            let id = record["id"].as_str().expect("a record has an id");
            assert!(trial.events("create", id).await.expect("the log can be read") > 0, "{path}");
            assert!(record["updated_by_id"].is_null() || record["updated_by_id"].is_string(), "{path}");
            assert!(record["version"].as_i64() > Some(0), "{path}");
        }
    });
}

/// CF-7: what is shown is in the audit log before it is shown, in a list as alone.
#[test]
fn every_read_is_in_the_audit_log() {
    trial("reads", async |trial| {
        for (email, path, record) in seen(trial).await {
            let id = record["id"].as_str().expect("a record has an id");
            assert!(trial.events("list", id).await.expect("the log can be read") > 0, "{path} was listed");
            if trial.get(Caller::Person(email), &path).await.status == StatusCode::OK {
                assert!(trial.events("view", id).await.expect("the log can be read") > 0, "{path} was shown");
            }
        }
    });
}

/// CL-3, CL-10: whose record it is, and who answers for the log, see who looked; nobody else does.
#[test]
fn who_looked_is_told_to_whose_record_it_is() {
    trial("looks", async |trial| {
        for (path, reviewers) in LOOKED_AT {
            for person in PEOPLE {
                let caller = Caller::Person(person.email);
                for record in trial
                    .get(caller, &format!("/api/{path}"))
                    .await
                    .json()
                    .as_array()
                    .into_iter()
                    .flatten()
                    .take(2)
                {
                    let id = record["id"].as_str().unwrap_or_default();
                    let looks = trial.get(caller, &format!("/api/{path}/{id}/who-looked")).await;
                    let page = trial.page(caller, &format!("/{path}/{id}/who-looked")).await;
                    assert_eq!(looks.status, page.status, "{} {path}", person.email);
                    if looks.status == StatusCode::OK {
                        let seen = looks.json()["looks"].as_array().cloned().unwrap_or_default();
                        assert!(
                            seen.iter().any(|look| look["who"] == person.name && look["action"] == "list"),
                            "{}",
                            looks.text
                        );
                    } else {
                        assert_eq!(looks.status, StatusCode::NOT_FOUND, "{}", looks.text);
                        assert!(!reviewers.contains(&person.role), "{} answers for the log", person.email);
                    }
                }
            }
        }
    });
}

/// CF-12: a refresh token is good once; who brings it again ends the session for both.
#[test]
fn a_reused_refresh_token_ends_the_session() {
    trial("refresh", async |trial| {
        let steps = trial.sign_in_anew(somebody()).await.expect("the person signs in");
        let first = steps.last().expect("signing in has an end").json();
        let body = json!({ "refresh_token": first["refresh_token"] });
        let second = trial.send(Caller::Anonymous, Method::POST, "/identity/refresh", &body).await;
        assert_eq!(second.status, StatusCode::OK, "{}", second.text);
        let again = trial.send(Caller::Anonymous, Method::POST, "/identity/refresh", &body).await;
        assert_eq!(again.status, StatusCode::UNAUTHORIZED);
        let body = json!({ "refresh_token": second.json()["refresh_token"] });
        let after = trial.send(Caller::Anonymous, Method::POST, "/identity/refresh", &body).await;
        assert_eq!(after.status, StatusCode::UNAUTHORIZED, "the whole family is over");
    });
}

/// CF-13: a password alone signs no privileged person in.
#[test]
fn a_privileged_role_needs_a_second_factor() {
    trial("factor", async |trial| {
        for person in PEOPLE.iter().filter(|person| {
            crate::access::ROLES.iter().any(|role| role.name == person.role && role.needs_second_factor())
        }) {
            let steps = trial.sign_in_anew(person.email).await.expect("the person signs in");
            assert_eq!(steps[0].json()["next"], "second_factor", "{}", person.email);
            assert!(steps[0].json()["access_token"].is_null(), "{}", person.email);
            assert_eq!(steps[1].json()["next"], "signed_in", "{}: {}", person.email, steps[1].text);
        }
    });
}

/// CF-16, HC-3: who administers people invites; a short password does not do; who administers nobody invites nobody.
#[test]
fn people_are_invited_by_who_administers_them_and_choose_a_good_password() {
    trial("people", async |trial| {
        for person in PEOPLE {
            let caller = Caller::Person(person.email);
            let Some(role) = crate::access::ROLES.iter().find(|role| role.name == person.role) else {
                continue;
            };
            let mut invitation = json!({ "email": "new.person@example.org", "role": role.name });
            if let Some(kind) = role.place {
                let places = trial.get(caller, "/identity/places").await.json();
                let place = places.as_array().and_then(|all| all.iter().find(|place| place["kind"] == kind));
                invitation["place"] = place.map_or(Value::Null, |place| place["id"].clone());
            }
            let made = trial.send(caller, Method::POST, "/identity/people", &invitation).await;
            if !role.administers_people() {
                assert!(
                    matches!(made.status, StatusCode::FORBIDDEN | StatusCode::UNPROCESSABLE_ENTITY),
                    "{}",
                    made.text
                );
                continue;
            }
            assert_eq!(made.status, StatusCode::CREATED, "{}: {}", person.email, made.text);
            let link =
                made.json()["link"].as_str().unwrap_or_default().trim_start_matches("/welcome/").to_owned();
            for (password, status) in [
                ("Short-1x", StatusCode::UNPROCESSABLE_ENTITY),
                ("Password1234!", StatusCode::UNPROCESSABLE_ENTITY),
                ("Kestrel-lamp-52-quill", StatusCode::NO_CONTENT),
            ] {
                let welcome = json!({ "token": link, "password": password });
                assert_eq!(
                    trial.send(Caller::Anonymous, Method::POST, "/identity/welcome", &welcome).await.status,
                    status,
                    "{password}"
                );
            }
            return;
        }
    });
}

/// CF-19: a live connection opens by a fresh, signed token of its own kind, for as long as its session lives.
#[test]
fn a_live_connection_wants_a_signed_token() {
    trial("live", async |trial| {
        let caller = Caller::Person(somebody());
        let issued = trial.send(caller, Method::POST, "/api/live/token", &json!({})).await;
        assert_eq!(issued.status, StatusCode::OK, "{}", issued.text);
        let issued = issued.json();
        let token = issued["token"].as_str().unwrap_or_default();
        let opened =
            async |query: &str| trial.get(Caller::Anonymous, &format!("/api/live{query}")).await.status;
        let unsigned = token.rsplit_once('.').map_or("", |(head, _)| head);
        for query in ["", "?token=", &format!("?token={unsigned}."), &format!("?token={token}A")] {
            assert_eq!(opened(query).await, StatusCode::UNAUTHORIZED, "{query}");
        }
        // What asks here speaks no WebSocket: a good token is told so, and any other is not.
        let good = format!("?token={token}");
        assert_eq!(opened(&good).await, StatusCode::UPGRADE_REQUIRED);
        trial.send(caller, Method::POST, "/identity/sign-out", &json!({})).await;
        assert_eq!(opened(&good).await, StatusCode::UNAUTHORIZED, "the session has ended");
    });
}

/// CF-18, CC-9: a page runs, shows and loads nothing from elsewhere, and stands in no frame.
#[test]
fn nothing_from_elsewhere_runs_on_a_page() {
    trial("headers", async |trial| {
        for page in ["/", "/sign-in", "/account"] {
            let answer = trial.page(Caller::Person(somebody()), page).await;
            let header = |name: &str| {
                answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
            };
            let policy = header("content-security-policy");
            assert!(
                policy.contains("default-src 'none'")
                    && !policy.contains("http")
                    && !policy.contains("unsafe"),
                "{page}: {policy}"
            );
            assert_eq!(header("x-frame-options"), "DENY", "{page}");
            assert_eq!(header("referrer-policy"), "strict-origin-when-cross-origin", "{page}");
            for elsewhere in ["src=\"http", "src=\"//", "href=\"http", "href=\"//", "url(http"] {
                assert!(!answer.text.contains(elsewhere), "{page} has {elsewhere}");
            }
        }
    });
}
