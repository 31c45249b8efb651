//! Lists: whatever order or search is asked for, nobody is shown more than the plain list shows them.

use std::collections::BTreeSet;

use safeguards::axum::http::{Method, StatusCode};
use safeguards::slice::trial::{Caller, Trial};
use serde_json::json;

use super::trial;
use crate::seed::PEOPLE;

/// A list: its path, the names that order it, and the field whose words are sought in it, if any are.
struct List {
    path: &'static str,
    orders: &'static [&'static str],
    searched: Option<&'static str>,
}

const LISTS: &[List] = &[
    List {
        path: "patients",
        orders: &["target_systolic", "target_diastolic", "name", "date_of_birth", "phone", "sex"],
        searched: Some("name"),
    },
    List { path: "readings", orders: &["systolic", "diastolic", "pulse", "taken_at"], searched: None },
];

/// What somebody sees of a list that fits on its first page.
async fn whole(trial: &Trial, caller: Caller, list: &List) -> Option<Vec<serde_json::Value>> {
    let listed = trial.get(caller, &format!("/api/{}", list.path)).await;
    let records = listed.json().as_array().cloned()?;
    (!records.is_empty() && records.len() < 50).then_some(records)
}

fn ids(records: &[serde_json::Value]) -> BTreeSet<String> {
    records.iter().filter_map(|record| record["id"].as_str().map(str::to_owned)).collect()
}

/// CL-1: an order drops what its reader may not compare, and adds nothing.
#[test]
fn an_order_shows_nothing_more() {
    trial("orders", async |trial| {
        for list in LISTS {
            for person in PEOPLE {
                let caller = Caller::Person(person.email);
                let Some(records) = whole(trial, caller, list).await else { continue };
                for order in list.orders {
                    let turned = format!("-{order}");
                    for sort in [*order, turned.as_str()] {
                        let path = format!("/api/{}?sort={sort}", list.path);
                        let sorted = trial.get(caller, &path).await;
                        assert_eq!(sorted.status, StatusCode::OK, "{} {path}: {}", person.email, sorted.text);
                        let sorted: BTreeSet<String> = sorted.ids().into_iter().collect();
                        assert!(sorted.is_subset(&ids(&records)), "{} {path}", person.email);
                    }
                }
            }
        }
    });
}

/// CL-1: a search by name finds who is meant among those whom its reader may see, and nobody else.
#[test]
fn a_name_is_found_within_reach_only() {
    trial("names", async |trial| {
        for list in LISTS {
            let Some(field) = list.searched else { continue };
            for person in PEOPLE {
                let caller = Caller::Person(person.email);
                let Some(records) = whole(trial, caller, list).await else { continue };
                let Some(wanted) = records.iter().find(|record| record[field].as_str().is_some()) else {
                    continue;
                };
                let (id, name) =
                    (wanted["id"].as_str().unwrap_or_default(), wanted[field].as_str().unwrap_or_default());
                let path = format!("/api/{}/search", list.path);
                let found =
                    trial.send(caller, Method::POST, &path, &json!({ "find": name.to_uppercase() })).await;
                assert_eq!(found.status, StatusCode::OK, "{} {path}: {}", person.email, found.text);
                let found: BTreeSet<String> = found.ids().into_iter().collect();
                assert!(
                    found.contains(id) && found.is_subset(&ids(&records)),
                    "{} {path}: {name}",
                    person.email
                );
                // On pages the terms are kept out of the address, which is of use to whoever searched.
                let kept = trial.submit(caller, &format!("/{}/search", list.path), &[("find", name)]).await;
                let address = kept.location.unwrap_or_default();
                assert!(
                    address.contains("?search=") && !address.contains(name),
                    "{} {address}",
                    person.email
                );
                let page = trial.page(caller, &address).await;
                assert!(
                    page.status == StatusCode::OK && page.text.contains(id),
                    "{} {address}",
                    person.email
                );
                for other in PEOPLE.iter().filter(|other| other.email != person.email) {
                    let page = trial.page(Caller::Person(other.email), &address).await;
                    assert_eq!(page.status, StatusCode::NOT_FOUND, "{} {address}", other.email);
                }
                let nobody =
                    trial.send(caller, Method::POST, &path, &json!({ "find": "Nobody Is Called So" })).await;
                assert!(nobody.ids().is_empty(), "{} {path}", person.email);
            }
        }
    });
}
