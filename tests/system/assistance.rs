//! AI inside an app, against a stand-in that speaks a provider's wire: whom it asks, when, and what it is told.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use models_double::{ModelsDouble, Price, Told};
use serde_json::{Value, json};

use crate::client::Client;
use crate::project::Project;
use crate::serving::{Database, Place, Serving};

/// What a clinician dictates: words by which it would be found again in what leaves, and in what is kept.
const DICTATED: &str =
    "Patient is tired since Monday, quillmark. Systolic 142. Severe. We will start zolmark.";

fn key_file(place: &Place, double: &ModelsDouble) -> std::path::PathBuf {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let path = place.folder().join("provider.key");
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path).unwrap();
    file.write_all(double.key().as_bytes()).unwrap();
    path
}

/// The stand-in, as whoever runs the app sets it up.
fn providers(place: &Place, double: &ModelsDouble, ceiling: &str) -> std::path::PathBuf {
    let path = place.folder().join("providers.yaml");
    let text = format!(
        "providers:\n  - name: model-vendor\n    wire: anthropic\n    model: some-model-1\n    address: {}\n    key: {{ file: {} }}\n    \
         price: {{ input: 3, output: 15 }}\nceiling: {{ dollars: {ceiling} }}\n",
        double.url(),
        key_file(place, double).display(),
    );
    fs::write(&path, text).unwrap();
    path
}

/// A draft that the clinician may change, and who that is.
fn a_draft(place: &Place, app: &Serving) -> (Client, String, Value) {
    for login in place.logins.iter().filter(|login| login.role == "clinician") {
        let client = app.sign_in(login);
        let notes = client.get("/api/notes").json();
        let draft = notes.as_array().into_iter().flatten().find(|note| note["status"] == "draft").cloned();
        if let Some(draft) = draft {
            return (client, draft["id"].as_str().unwrap().to_owned(), draft);
        }
    }
    panic!("no clinician has a draft");
}

/// CC-13, CF-10, CF-11, CF-23, HC-5: the provider that the spec names sees nothing before the organisation has attested it,
/// what it is asked then once, within the ceiling; what it says is data; and no word of either is in what the app keeps.
#[tokio::test(flavor = "multi_thread")]
async fn an_attested_provider_and_nobody_else() {
    let project = tokio::task::block_in_place(|| Project::of_spec("scribe"));
    let program = tokio::task::block_in_place(|| project.build());
    for database in [Database::Sqlite, Database::postgres().await] {
        // It says more than it was asked for, and what no field of it can hold.
        let said = json!({
            "subjective": "<script>alert(1)</script> tired", "plan": "start zolmark", "systolic": 142,
            "severity": "lethal", "weight": "much", "status": "signed", "follow_up": null,
        });
        let asked = std::sync::Arc::new(AtomicUsize::new(0));
        let counted = asked.clone();
        let price = Price { input: 3_000, output: 15_000 };
        let double = ModelsDouble::start(price, move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            Told::fill(said.clone())
        })
        .await
        .unwrap();
        tokio::task::block_in_place(|| try_it(&program, database, &double));
        assert_eq!(asked.load(Ordering::SeqCst), 1, "it was asked once, after the attestation");
        assert!(double.complaints().is_empty(), "{:?}", double.complaints());
        let sent = String::from_utf8_lossy(&double.outbound().concat()).into_owned();
        assert!(sent.contains("quillmark"), "{sent}");
    }
}

fn try_it(program: &std::path::Path, database: Database, double: &ModelsDouble) {
    let place = Place::new(program, database);
    let file = providers(&place, double, "0.50");
    let app = place.serve_with(&[("AI_PROVIDERS_FILE", file.to_str().unwrap())]);
    let (clinician, id, draft) = a_draft(&place, &app);
    let path = format!("/api/notes/{id}/ai/scribe");
    let dictated = json!({ "text": DICTATED });

    // Nobody has attested it: the app's own engine answers, and nothing leaves.
    let run = clinician.post(&path, &dictated).json();
    assert_eq!((&run["engine"], double.requests()), (&json!("embedded"), 0), "{run}");
    assert_eq!(run["proposals"][0]["values"]["systolic"], 142, "{run}");

    // The owner attests, and nobody else can.
    let owner = app.sign_in(place.login("owner", 0));
    let attested = json!({ "agreement": "BAA 7", "zero_retention": "Clause 3", "attested": true });
    assert_eq!(clinician.post("/api/compliance/ai/model-vendor", &attested).status, 404);
    let told = owner.post("/api/compliance/ai/model-vendor", &attested);
    assert_eq!(told.status, 204, "{told:?}");

    let run = clinician.post(&path, &dictated).json();
    let values = &run["proposals"][0]["values"];
    assert_eq!(run["engine"], "model-vendor", "{run}");
    // What fits a proposed field is proposed; a word that is no choice, a text that is no number and a field that was not
    // asked for are not.
    let expected =
        json!({ "subjective": "<script>alert(1)</script> tired", "plan": "start zolmark", "systolic": 142 });
    assert_eq!(values, &expected, "{run}");
    assert_eq!(
        clinician.get(&format!("/api/notes/{id}")).json()["version"],
        draft["version"],
        "nothing is written yet"
    );

    // A person applies it, and what the model wrote is shown as text.
    let mut body = values.clone();
    body["version"] = draft["version"].clone();
    let to = format!("{path}/{}/0", run["id"].as_str().unwrap());
    let applied = clinician.post(&to, &body);
    assert_eq!(applied.status, 200, "{applied:?}");
    let page = clinician.page(&format!("/notes/{id}"));
    assert!(page.body.contains("&lt;script&gt;") && !page.body.contains("<script>alert"), "{}", page.body);
    assert_eq!(clinician.post(&to, &body).status, 409, "once");

    // Signed meanwhile: the same proposal of another run is refused by the record's lock.
    let version = applied.json()["version"].clone();
    let withdrawn = owner.send("DELETE", "/api/compliance/ai/model-vendor", None);
    assert_eq!(withdrawn.status, 204, "{withdrawn:?}");
    let run = clinician.post(&path, &dictated).json();
    assert_eq!(
        (&run["engine"], double.requests()),
        (&json!("embedded"), 1),
        "withdrawn: nothing leaves any more"
    );
    let signed = clinician.post(&format!("/api/notes/{id}/sign?version={version}"), &json!({})).json();
    body["version"] = signed["version"].clone();
    let late = clinician.post(&format!("{path}/{}/0", run["id"].as_str().unwrap()), &body);
    assert_eq!(late.status, 409, "CF-10: {late:?}");

    // The register tells who, when, of whom and for how much, and no word of it.
    let register = owner.get("/api/compliance/ai");
    let lines = register.json();
    let line = lines
        .as_array()
        .unwrap()
        .iter()
        .find(|line| line["engine"] == "model-vendor")
        .expect("it is on record");
    assert_eq!(
        (&line["agreement"], &line["model"], &line["applied"]),
        (&json!("BAA 7"), &json!("some-model-1"), &json!(1))
    );
    assert!(line["tokens"].as_i64().is_some_and(|tokens| tokens > 0), "{line}");
    assert!(!register.body.contains("quillmark") && !register.body.contains("zolmark"), "{}", register.body);
    assert_eq!(clinician.get("/account/compliance/ai").status, 200);

    drop(app);
    for name in ["served.txt", "output.txt", "log.txt"] {
        let log = fs::read_to_string(place.folder().join(name)).unwrap_or_default();
        for word in ["quillmark", "zolmark", "BAA 7", double.key()] {
            assert!(!log.contains(word), "{name} has {word}");
        }
    }
}
