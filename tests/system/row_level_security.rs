//! With the app's own policy patched to TRUE, PostgreSQL still shows and changes only what the grants reach.
//!
//! On SQLite, which has no such fence, the same patched app shows everything to everybody: so the patch is one.

use generator::Project as Files;
use serde_json::{Value, json};

use crate::client::Client;
use crate::project::{Project, package};
use crate::serving::{Database, Place, Serving};

/// Gives every role every action on all rows, in `access.rs` alone; the migrations stay as they are.
fn patch_out(files: &mut Files) {
    let access = files.files.get_mut("src/access.rs").expect("the policy is there");
    let everything: String = ["patient", "nurse", "physician", "owner"]
        .map(|role| {
            format!(
                "Grant::to({role:?}, &[Action::View, Action::List, Action::Create, Action::Update, Action::Move(\"assign\")]),"
            )
        })
        .concat();
    let patched = access.replace("grants: &[", &format!("grants: &[{everything}"));
    assert_ne!(*access, patched, "there is nothing to patch");
    *access = patched;
    // Its own package, so that the app as it should be is not built anew.
    let name = package(&files.files["Cargo.toml"]).to_owned();
    for file in ["Cargo.toml", "Cargo.lock"] {
        let text = files.files.get_mut(file).expect("a project has it");
        *text = text.replace(&format!("name = \"{name}\""), &format!("name = \"{name}-unfenced\""));
    }
}

/// The ids that somebody is shown of a path.
fn ids(client: &Client, path: &str) -> Vec<String> {
    let reply = client.get(path);
    assert_eq!(reply.status, 200, "{path}: {reply:?}");
    let rows = reply.json();
    let rows = rows.as_array().unwrap_or_else(|| panic!("{path}: {rows}"));
    rows.iter().map(|row| row["id"].as_str().expect("a record has an id").to_owned()).collect()
}

/// What each of the made-up people gets of the records of all.
struct Seen {
    serving: Serving,
    all: Vec<String>,
    people: Vec<(&'static str, Client)>,
}

fn seen(place: &Place) -> Seen {
    let serving = place.serve();
    let nurse = serving.sign_in(place.login("nurse", 0));
    let all = ids(&nurse, "/api/patients");
    assert!(all.len() >= 4, "the made-up people have records: {all:?}");
    let people = [("patient", 0), ("physician", 0), ("physician", 1), ("owner", 0)]
        .map(|(role, n)| (role, serving.sign_in(place.login(role, n))));
    Seen { serving, all, people: people.into() }
}

fn unfenced() -> std::path::PathBuf {
    Project::changed("home-bp", "home-bp-unfenced", patch_out).build()
}

/// CL-1: the row cases hold on PostgreSQL by the second fence alone.
#[tokio::test(flavor = "multi_thread")]
async fn postgresql_shows_only_what_grants_reach() {
    let place = Place::new(&unfenced(), Database::postgres().await);
    let Seen { serving, all, people } = seen(&place);
    let mut of_physicians = Vec::new();
    for (role, client) in &people {
        let own = ids(client, "/api/patients");
        match *role {
            "owner" => assert!(own.is_empty(), "an owner has no grant for patients: {own:?}"),
            "patient" => assert_eq!(own.len(), 1, "a patient has one record"),
            _ => {
                assert!(!own.is_empty() && own.len() < all.len(), "a physician has those assigned: {own:?}");
                of_physicians.extend(own.clone());
            }
        }
        let readings = ids(client, "/api/readings");
        assert_eq!(readings.is_empty(), *role == "owner", "{role}: {readings:?}");
        for id in &all {
            let within = own.contains(id);
            let path = format!("/api/patients/{id}");
            assert_eq!(client.get(&path).status == 200, within, "{role} and {path}");
            if !within {
                assert_eq!(client.get(&path).status, 404, "hidden is as if it were not there");
                assert_changes_nothing(client, id);
            }
        }
    }
    of_physicians.sort();
    let count = of_physicians.len();
    of_physicians.dedup();
    assert_eq!(of_physicians.len(), count, "nobody is assigned to two physicians");
    drop(serving);
}

/// A change of a row out of reach is refused, and the row stays as it was: its version says so to who may see it.
fn assert_changes_nothing(client: &Client, id: &str) {
    let change = json!({ "version": 1, "target_systolic": 199 });
    let reply = client.send("PATCH", &format!("/api/patients/{id}"), Some(&change));
    assert!(matches!(reply.status, 403 | 404 | 409), "{reply:?}");
}

/// The control: on SQLite the patched app hides nothing of an organisation from anybody in it.
#[test]
fn sqlite_shows_what_the_patched_policy_lets_through() {
    let place = Place::new(&unfenced(), Database::Sqlite);
    let Seen { serving, mut all, people } = seen(&place);
    all.sort();
    for (role, client) in &people {
        let mut own = ids(client, "/api/patients");
        own.sort();
        assert_eq!(own, all, "{role}");
        let found: Value = client.get(&format!("/api/patients/{}", all[0])).json();
        assert_eq!(found["id"].as_str(), Some(all[0].as_str()), "{role}");
    }
    drop(serving);
}
