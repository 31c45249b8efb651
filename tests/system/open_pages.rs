//! Pages that anybody may come to (construct 24, public): a clinic's door to the street, on both databases.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::browser::{CHROMIUM, in_browser};
use crate::client::Client;
use crate::healthcoder::root;
use crate::project::Project;
use crate::prompts::is_sound;
use crate::serving::{Database, Place, Serving};

/// What somebody without an account gets: by a program that sends what a browser would.
struct Stranger {
    origin: String,
}

struct Got {
    status: u16,
    head: String,
    body: String,
}

impl Stranger {
    fn at(serving: &Serving) -> Self {
        Self { origin: serving.origin() }
    }

    fn asks(&self, path: &str, more: &[&str]) -> Got {
        let output = Command::new("curl")
            .args(["--silent", "--include", "--header", "accept: text/html"])
            .args(more)
            .arg(format!("{}{path}", self.origin))
            .output()
            .expect("curl is installed");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{path}: {text}"));
        let status =
            head.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("an answer has a status");
        Got { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    fn page(&self, path: &str) -> Got {
        self.asks(path, &[])
    }

    fn sends(&self, path: &str, form: &[(&str, &str)], more: &[&str]) -> Got {
        let pairs: Vec<String> = form.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut arguments: Vec<&str> = more.to_vec();
        for pair in &pairs {
            arguments.extend(["--data-urlencode", pair]);
        }
        self.asks(path, &arguments)
    }

    /// Where the form of a page is sent, with its ticket.
    fn form(&self, path: &str) -> String {
        let page = self.page(path).body;
        let after = page.split_once("action=\"/p/").unwrap_or_else(|| panic!("no form: {page}")).1;
        format!("/p/{}", after.split('"').next().unwrap_or_default())
    }
}

const ANSWER: [(&str, &str); 4] = [
    ("name", "Example Newcomer"),
    ("phone", "(555) 010-0134"),
    ("kind", "first"),
    ("reason", "Example cough"),
];

/// Opens a page, and says its path.
fn opened(owner: &Client, page: &str) -> String {
    let answer = owner.post(&format!("/api/open-pages/{page}"), &json!({}));
    assert_eq!(answer.status, 201, "{answer:?}");
    let address = answer.json()["address"].as_str().expect("an address is text").to_owned();
    format!("/p/{}", address.rsplit('/').next().unwrap_or_default())
}

/// CL-1, CF-6: anybody asks, reception reads it and is told to call back, and nobody else learns a word of it.
#[tokio::test(flavor = "multi_thread")]
async fn anybody_asks_and_the_clinic_answers() {
    let project = Project::of_spec("front-door");
    is_sound(&project, "front-door");
    let program = project.build();
    for database in [Database::Sqlite, Database::postgres().await] {
        let place = Place::new(&program, database);
        let serving = place.serve();
        let (owner, reception) =
            (serving.sign_in(place.login("owner", 0)), serving.sign_in(place.login("reception", 0)));
        let physician = serving.sign_in(place.login("physician", 0));
        let stranger = Stranger::at(&serving);

        // Closed, until somebody answers for it.
        assert_eq!(physician.post("/api/open-pages/ask-for-an-appointment", &json!({})).status, 404);
        let path = opened(&owner, "ask-for-an-appointment");
        let shown = stranger.page(&path);
        assert_eq!(shown.status, 200, "{}", shown.body);
        assert!(shown.head.contains("cache-control: no-store"), "{}", shown.head);
        assert!(!shown.head.contains("set-cookie"), "a stranger is given a cookie: {}", shown.head);
        assert!(shown.body.contains("Service"), "{}", shown.body);
        assert!(!shown.body.to_lowercase().contains("internal note"), "a field that the page does not name");
        assert!(!shown.body.contains("Note"), "a field that it does not ask");

        let before = tasks(&reception);
        let form = stranger.form(&path);
        let mut answer = ANSWER.to_vec();
        answer.extend([("note", "Example forged"), ("status", "closed")]);
        let sent = stranger.sends(&form, &answer, &[]);
        assert_eq!(sent.status, 303, "{}", sent.body);
        let received = stranger.page(&format!("{path}/received"));
        assert!(
            received.body.contains("was received") && !received.body.contains("Newcomer"),
            "{}",
            received.body
        );

        let requests = reception.get("/api/requests").json();
        let [request] = newcomers(&requests)[..] else { panic!("{requests}") };
        assert_eq!((&request["status"], &request["note"]), (&json!("sent"), &Value::Null), "{request}");
        assert_eq!(tasks(&reception), before + 1, "nobody is told to call back");
        assert_eq!(physician.get("/api/requests").status, 404);
        let id = request["id"].as_str().expect("a record has an id");
        let page = reception.page(&format!("/requests/{id}")).body;
        assert!(page.contains("Somebody without an account") && !page.contains("mailto:"), "{page}");

        refusals(&stranger, &path);
        flood(&place, serving, &path, &owner);
    }
}

fn newcomers(requests: &Value) -> Vec<&Value> {
    requests
        .as_array()
        .into_iter()
        .flatten()
        .filter(|request| request["name"] == "Example Newcomer")
        .collect()
}

fn tasks(reception: &Client) -> usize {
    reception.get("/api/call-back-tasks").json().as_array().map_or(0, Vec::len)
}

/// CF-6: a form of another place, a ticket of another page, and what no program would send by mistake.
fn refusals(stranger: &Stranger, path: &str) {
    let form = stranger.form(path);
    for elsewhere in ["origin: https://evil.example", "sec-fetch-site: cross-site"] {
        let refused = stranger.sends(&form, &ANSWER, &["--header", elsewhere]);
        assert_eq!(refused.status, 403, "{elsewhere}");
    }
    let forged = format!("{path}/{}", "a".repeat(112));
    assert_eq!(stranger.sends(&forged, &ANSWER, &[]).status, 403);
    for (method, path) in [("GET", "/api/requests"), ("POST", "/api/requests"), ("GET", "/api/services")] {
        // A browser is led to where one signs in.
        let refused = stranger.asks(path, &["--request", method]);
        assert!(matches!(refused.status, 303 | 401 | 403 | 405), "{method} {path}: {}", refused.status);
        assert!(!refused.body.contains("Example"), "{method} {path}: {}", refused.body);
    }
}

/// CF-15: a flood of one network ends at ten an hour, and a restart forgives none; a page that is closed takes nothing.
fn flood(place: &Place, serving: Serving, path: &str, owner: &Client) {
    let stranger = Stranger::at(&serving);
    let mut last = 0;
    for _ in 0..12 {
        last = stranger.sends(&format!("{path}/x"), &ANSWER, &[]).status;
    }
    assert_eq!(last, 429);
    drop(serving);
    let serving = place.serve();
    let stranger = Stranger::at(&serving);
    let form = stranger.form(path);
    let refused = stranger.sends(&form, &ANSWER, &[]);
    assert_eq!(refused.status, 429, "a restart forgives");
    assert!(refused.head.contains("retry-after: "), "{}", refused.head);
    let owner = serving.again(owner);
    let requests = owner.get("/api/requests").json();
    assert_eq!(newcomers(&requests).len(), 1, "{requests}");
    assert_eq!(owner.send("DELETE", "/api/open-pages/ask-for-an-appointment", None).status, 204);
    let [closed, never] =
        [path.to_owned(), format!("/p/{}", "0".repeat(32))].map(|path| stranger.page(&path));
    assert_eq!((closed.status, closed.body), (404, never.body));
    assert_eq!(stranger.sends(&form, &ANSWER, &[]).status, 404);
}

/// HG-5: a stranger with a telephone and a keyboard fills the form in; no page has a violation of accessibility.
#[test]
fn a_stranger_fills_the_form_in_by_keyboard() {
    let project = Project::of_spec("front-door");
    let binary = project.build();
    drop(project);
    let data = tempfile::tempdir().expect("a temporary folder can be made");
    let pictures = root().join("target/browser/pictures/front-door");
    fs::create_dir_all(&pictures).expect("the target folder is writable");
    let given = json!({
        "binary": binary,
        "data": data.path(),
        "modules": root().join("target/browser/node_modules"),
        "chromium": CHROMIUM,
        "opener": "owner",
        "page": "ask-for-an-appointment",
        "shots": pictures,
        "fill": { "name": "Example Newcomer", "phone": "(555) 010-0134", "reason": "Example cough" },
        "choose": { "kind": "first" },
    });
    let report = in_browser("street.mjs", &given);
    assert_eq!(report["errors"], json!([]), "{report}");
    assert_eq!(report["violations"], json!([]), "{report}");
    assert_eq!(report["wrong"], "Error: ", "{report}");
    assert_eq!((&report["received"], &report["back"]), (&json!(true), &json!(false)), "{report}");
}
