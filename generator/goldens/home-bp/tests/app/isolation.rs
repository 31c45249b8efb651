//! Who gets what: each record under each route, called by nobody, by the wrong role, by the wrong owner, and by
//! somebody of another organisation.

use std::collections::BTreeSet;

use safeguards::axum::http::StatusCode;
use safeguards::slice::trial::{Caller, Trial};

use super::trial;
use crate::seed::PEOPLE;

/// A kind of record: its path, and the roles that may list it.
struct Case {
    path: &'static str,
    readers: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case { path: "patients", readers: &["owner", "nurse", "physician", "patient"] },
    Case { path: "readings", readers: &["nurse", "physician", "patient"] },
];

/// Pages that no record names.
const PAGES: &[&str] = &[
    "/",
    "/patients",
    "/patients/new",
    "/readings",
    "/pages/diary",
    "/lists/high-readings",
    "/lists/silent",
    "/measures",
];

/// Every record of a kind that anybody may list, with one of those who may.
async fn known(trial: &Trial, path: &str) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for person in PEOPLE {
        known.extend(trial.get(Caller::Person(person.email), &format!("/api/{path}")).await.ids());
    }
    known
}

/// CF-2: who is not signed in gets nothing, not even a hint.
#[test]
fn nobody_gets_in_without_signing_in() {
    trial("anonymous", async |trial| {
        for case in CASES {
            let nothing = "00000000-0000-7000-8000-000000000000".to_owned();
            let id = known(trial, case.path).await.into_iter().next().unwrap_or(nothing);
            for path in [format!("/api/{}", case.path), format!("/api/{}/{id}", case.path)] {
                let answer = trial.get(Caller::Anonymous, &path).await;
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
            }
        }
        for page in PAGES {
            assert_eq!(trial.page(Caller::Anonymous, page).await.status, StatusCode::SEE_OTHER, "{page}");
        }
    });
}

/// CL-1: another organisation has nothing of this one, whatever the role.
#[test]
fn another_organisation_gets_nothing() {
    trial("organisation", async |trial| {
        for case in CASES {
            let ids = known(trial, case.path).await;
            for person in PEOPLE {
                let stranger = Caller::Stranger(person.role);
                let listed = trial.get(stranger, &format!("/api/{}", case.path)).await;
                assert!(listed.ids().is_empty(), "{} lists {} of others", person.role, case.path);
                for id in ids.iter().take(2) {
                    let path = format!("/api/{}/{id}", case.path);
                    assert_eq!(
                        trial.get(stranger, &path).await.status,
                        StatusCode::NOT_FOUND,
                        "{} {path}",
                        person.role
                    );
                }
            }
        }
    });
}

/// CL-1: what a role has no grant for is not there: no list, no page, not even an empty one.
#[test]
fn a_role_without_a_grant_finds_no_door() {
    trial("door", async |trial| {
        for case in CASES {
            for person in PEOPLE.iter().filter(|person| !case.readers.contains(&person.role)) {
                for path in [format!("/api/{}", case.path), format!("/{}", case.path)] {
                    let listed = trial.page(Caller::Person(person.email), &path).await;
                    assert_eq!(listed.status, StatusCode::NOT_FOUND, "{} {path}", person.email);
                }
            }
        }
    });
}

/// CL-1: a role without a grant gets nothing, and what is hidden is as if it were missing.
#[test]
fn a_role_without_a_grant_gets_nothing() {
    trial("role", async |trial| {
        for case in CASES {
            let ids = known(trial, case.path).await;
            for person in PEOPLE.iter().filter(|person| !case.readers.contains(&person.role)) {
                let caller = Caller::Person(person.email);
                let listed = trial.get(caller, &format!("/api/{}", case.path)).await;
                let nothing = listed.status == StatusCode::NOT_FOUND || listed.ids().is_empty();
                assert!(nothing, "{} lists {}", person.email, case.path);
                for id in ids.iter().take(2) {
                    let path = format!("/api/{}/{id}", case.path);
                    assert_eq!(
                        trial.get(caller, &path).await.status,
                        StatusCode::NOT_FOUND,
                        "{} {path}",
                        person.email
                    );
                }
            }
        }
    });
}

/// CL-1: what a list does not show to somebody, they do not open by its id either; nor does a page of it.
#[test]
fn what_is_not_listed_is_not_opened() {
    trial("owner", async |trial| {
        for case in CASES {
            let ids = known(trial, case.path).await;
            for person in PEOPLE {
                let caller = Caller::Person(person.email);
                let listed: BTreeSet<String> =
                    trial.get(caller, &format!("/api/{}", case.path)).await.ids().into_iter().collect();
                if listed.len() >= 50 {
                    continue; // The list has more pages than the first.
                }
                for id in ids.difference(&listed).take(3) {
                    for path in [format!("/api/{}/{id}", case.path), format!("/{}/{id}", case.path)] {
                        assert_eq!(
                            trial.get(caller, &path).await.status,
                            StatusCode::NOT_FOUND,
                            "{} {path}",
                            person.email
                        );
                    }
                }
            }
        }
    });
}

/// Every page answers everybody, with what they may see or with a refusal; the program itself never fails.
#[test]
fn every_page_answers() {
    trial("pages", async |trial| {
        for person in PEOPLE {
            let caller = Caller::Person(person.email);
            for page in PAGES {
                let answer = trial.page(caller, page).await;
                let expected = [StatusCode::OK, StatusCode::NOT_FOUND, StatusCode::FORBIDDEN];
                assert!(expected.contains(&answer.status), "{} {page}: {}", person.email, answer.status);
            }
            for case in CASES {
                let listed = trial.get(caller, &format!("/api/{}", case.path)).await;
                for id in listed.ids().iter().take(3) {
                    let page = format!("/{}/{id}", case.path);
                    assert_eq!(
                        trial.page(caller, &page).await.status,
                        StatusCode::OK,
                        "{} {page}",
                        person.email
                    );
                }
            }
        }
    });
}
