//! Whoever registers a record of their own is responsible for it from the start: it would be nobody's otherwise.

use serde_json::json;

use crate::client::Client;
use crate::project::Project;
use crate::prompts::is_sound;
use crate::serving::{Database, Place};

/// CL-1, CF-9: on both databases, what a therapist registers is theirs to see, to change and to add to, and no other's.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_registers_is_ones_own() {
    let project = Project::of_spec("own-patients");
    is_sound(&project, "own-patients");
    let program = project.build();
    for database in [Database::Sqlite, Database::postgres().await] {
        let place = Place::new(&program, database);
        let serving = place.serve();
        let [first, second] = [0, 1].map(|n| serving.sign_in(place.login("therapist", n)));
        let coordinator = serving.sign_in(place.login("coordinator", 0));

        let made = first.post("/api/clients", &json!({ "name": "Example Newcomer" }));
        assert_eq!(made.status, 201, "{made:?}");
        let client = made.json();
        let path = format!("/api/clients/{}", client["id"].as_str().expect("a record has an id"));
        assert_eq!(first.get(&path).json()["name"], "Example Newcomer");
        let body = json!({ "started_on": "2026-03-02", "version": client["version"] });
        let changed = first.send("PATCH", &path, Some(&body));
        assert_eq!(changed.status, 200, "{changed:?}");
        let note = json!({ "client_id": client["id"], "written_on": "2026-03-02", "note": "Example." });
        let added = first.post("/api/progress-notes", &note);
        assert_eq!(added.status, 201, "{added:?}");

        let hidden = |somebody: &Client| {
            let listed = somebody.get("/api/clients").body;
            somebody.get(&path).status == 404 && !listed.contains("Example Newcomer")
        };
        assert!(hidden(&second), "another therapist sees it");
        // Hidden and missing are refused alike.
        let mut nowhere = note.clone();
        nowhere["client_id"] = json!("00000000-0000-7000-8000-000000000001");
        let answers = [&note, &nowhere].map(|note| second.post("/api/progress-notes", note).status);
        assert_eq!(answers, [403, 403]);
        assert!(!coordinator.get(&path).body.contains("Example Newcomer"));
        assert_eq!(coordinator.post("/api/clients", &json!({ "name": "Example Other" })).status, 404);
    }
}
