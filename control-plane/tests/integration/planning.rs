//! How a plan is made and changed: through a model whose provider is attested, in words, in the matrix, as text.

use std::fs;
use std::path::{Path, PathBuf};

use control_plane::http;
use control_plane::testing::{TestPlatform, platform_told, platforms};
use models_double::{ModelsDouble, Price, Told};
use safeguards::axum::Router;
use safeguards::axum::body::{Body, to_bytes};
use safeguards::axum::http::{Request, StatusCode, header};
use safeguards::web::Trust;
use serde_json::{Value, json};
use tower::ServiceExt as _;

const PROMPT: &str = "A home blood pressure app for a clinic. Patients log systolic and diastolic readings. \
    Nurses see the readings of the patients assigned to them. The clinic owner manages people.";

/// Somebody at the dashboard.
struct Founder {
    router: Router,
    token: String,
}

/// An answer: its status, where it leads, and its page.
struct Answer {
    status: StatusCode,
    to: String,
    page: String,
}

impl Founder {
    async fn of(platform: &TestPlatform) -> Self {
        let (site, _) = platform.site();
        let account = platform.account("Clinic").await;
        let owner = platform.person(account, "owner", "olga@example.org").await;
        Self {
            router: http::dashboard(&site, Trust::Peer).await.unwrap(),
            token: platform.sign_in(&owner).await,
        }
    }

    async fn ask(&self, method: &str, path: &str, body: String) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::ACCEPT, "text/html")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .body(Body::from(body))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let to = response.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        let bytes = to_bytes(response.into_body(), 4 << 20).await.unwrap();
        Answer { status, to: to.unwrap_or_default(), page: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// As a program calls the API.
    async fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .body(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) })
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let bytes = to_bytes(response.into_body(), 4 << 20).await.unwrap();
        serde_json::from_slice(&bytes).unwrap_or(Value::Null)
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, String::new()).await
    }

    async fn send(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        // What a form sends, by the rules of a form.
        let escaped = |text: &str| -> String {
            let byte = |byte: u8| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
                b' ' => "+".to_owned(),
                other => format!("%{other:02X}"),
            };
            text.bytes().map(byte).collect()
        };
        let pairs: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
        self.ask("POST", path, pairs.join("&")).await
    }
}

/// One provider, on this machine.
fn providers(folder: &Path, double: &ModelsDouble) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let key = folder.join("provider.key");
    fs::write(&key, double.key()).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let file = folder.join("models.yaml");
    let text = format!(
        "providers:\n  - name: double\n    wire: anthropic\n    model: some-model-1\n    address: {}\n    key: {{ file: {} }}\n    \
         price: {{ input: 3, output: 15 }}\n    attestation: {{ agreement: BAA 1, zero retention: Amendment 2, attested by: Ana \
         Ruiz, on: 2020-01-01, until: 2999-12-31 }}\nceiling: {{ dollars: 2.50 }}\n",
        double.url(),
        key.display()
    );
    fs::write(&file, text).unwrap();
    file
}

/// HC-5, HC-6: nothing leaves before somebody has said so, nothing that names anybody but by placeholders; what it may cost is
/// said before and what it cost after, and what comes back is a plan like any other.
#[tokio::test(flavor = "multi_thread")]
async fn a_model_plans_what_may_leave() {
    for kind in ["sqlite", "postgres"] {
        let plan = planner::plan(PROMPT).unwrap().spec.to_json();
        let answer = planner::model::form().fill(&plan);
        let price = Price { input: 3_000, output: 15_000 };
        let double = ModelsDouble::start(price, move |_| Told::fill(answer.clone())).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = providers(folder.path(), &double);
        let platform = platform_told(kind, |configuration| configuration.models = Some(file)).await;
        let founder = Founder::of(&platform).await;

        let begun = founder.send("/projects", &[("prompt", PROMPT)]).await;
        assert!(begun.status == StatusCode::SEE_OTHER && begun.to.ends_with("/planning"), "{}", begun.to);
        let asked = founder.get(&begun.to).await;
        assert!(asked.page.contains("$2.50") && double.requests() == 0, "the ceiling first: {}", asked.page);
        let sent = founder.send(&begun.to, &[("way", "models")]).await;
        assert_eq!((sent.status, &sent.to), (StatusCode::SEE_OTHER, &begun.to), "{}", sent.page);
        let events = founder.get(&format!("{}/events", begun.to)).await;
        assert!(
            events.page.contains("event: phase") && events.page.contains("event: over"),
            "{}",
            events.page
        );
        let ended = founder.get(&begun.to).await;
        assert!(ended.page.contains("Planned by the model some-model-1 of double"), "{}", ended.page);
        assert!(
            ended.page.contains("Spent: $0.") && ended.page.contains("of at most $2.50"),
            "{}",
            ended.page
        );
        let link = ended.page.split("href=\"").find(|rest| rest.contains("/versions/")).unwrap();
        let version = founder.get(link.split('"').next().unwrap()).await;
        assert!(version.page.contains("this plan was made by the model some-model-1"), "{}", version.page);

        let before = double.requests();
        let named = format!("{PROMPT} Such as Mrs. Margarethe Winterbottom, SSN 536-90-4399.");
        let begun = founder.send("/projects", &[("prompt", &named)]).await;
        let asked = founder.get(&begun.to).await;
        assert!(
            asked.page.contains("Nothing was sent") && asked.page.contains("536-90-4399"),
            "{}",
            asked.page
        );
        let refused = founder.send(&begun.to, &[("way", "models")]).await;
        assert_eq!((refused.status, double.requests()), (StatusCode::OK, before), "it names somebody");
        founder.send(&begun.to, &[("way", "placeholders")]).await;
        founder.get(&format!("{}/events", begun.to)).await;
        let sent = String::from_utf8_lossy(&double.outbound().concat()).into_owned();
        assert!(
            double.requests() > before && !sent.contains("Winterbottom") && !sent.contains("536-90-4399")
        );
        let offline = founder.send(&begun.to, &[("way", "offline")]).await;
        assert_eq!(offline.status, StatusCode::SEE_OTHER, "{}", offline.page);

        let register = platform.configuration.data.join("models/register.jsonl");
        let lines = fs::read_to_string(register).unwrap();
        assert!(
            lines.lines().count() >= 4 && !lines.contains("blood pressure") && !lines.contains(double.key())
        );
        assert!(double.complaints().is_empty(), "{:?}", double.complaints());
    }
}

/// The API plans as the dashboard does: by whom its caller says, and by nobody outside unless they say so.
#[tokio::test(flavor = "multi_thread")]
async fn the_api_plans_in_the_way_that_it_is_told() {
    for kind in ["sqlite", "postgres"] {
        let plan = planner::plan(PROMPT).unwrap().spec.to_json();
        let answer = planner::model::form().fill(&plan);
        let price = Price { input: 3_000, output: 15_000 };
        let double = ModelsDouble::start(price, move |_| Told::fill(answer.clone())).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = providers(folder.path(), &double);
        let platform = platform_told(kind, |configuration| configuration.models = Some(file)).await;
        let founder = Founder::of(&platform).await;
        let begin = async |body: Value| founder.call("POST", "/api/projects", &body).await;

        let offline = begin(json!({ "prompt": PROMPT })).await;
        assert!(
            offline["version"].is_string() && double.requests() == 0,
            "nothing leaves unasked: {offline}"
        );

        let begun = begin(json!({ "prompt": PROMPT, "way": "models" })).await;
        let at = format!(
            "/api/projects/{}/prompts/{}",
            begun["project"].as_str().unwrap(),
            begun["prompt"].as_str().unwrap()
        );
        let mut came = founder.call("GET", &at, &Value::Null).await;
        while came["planning"].is_object() {
            tokio::task::yield_now().await;
            came = founder.call("GET", &at, &Value::Null).await;
        }
        assert!(came["version"].is_string() && double.requests() > 0, "{came}");
        assert!(came["account"].as_str().unwrap().contains("Planned by the model some-model-1"), "{came}");

        let before = double.requests();
        let named = format!("{PROMPT} Such as Mrs. Margarethe Winterbottom, SSN 536-90-4399.");
        let refused = begin(json!({ "prompt": named, "way": "models" })).await;
        let found = refused["identifies"].as_array().unwrap();
        assert!(!found.is_empty() && refused["version"].is_null(), "{refused}");
        assert_eq!(double.requests(), before, "it names somebody");
        assert!(!refused.to_string().contains("Winterbottom"), "what was found is not repeated");
    }
}

/// Where nobody is named who plans, a model that is asked for is no silent offline plan.
#[tokio::test]
async fn a_model_that_is_not_there_is_not_replaced() {
    for platform in platforms().await {
        let founder = Founder::of(&platform).await;
        let body = json!({ "prompt": PROMPT, "way": "models" });
        let refused = founder.call("POST", "/api/projects", &body).await;
        assert!(refused.to_string().contains("named no provider"), "{refused}");
    }
}

/// A plan says all that its spec says: what happens by itself and what leaves the app, too.
#[tokio::test]
async fn a_plan_shows_what_happens_by_itself() {
    for platform in platforms().await {
        let founder = Founder::of(&platform).await;
        let begun = founder.send("/projects", &[("prompt", PROMPT)]).await;
        let spec = founder.get(&format!("{}/spec", begun.to)).await.page;
        let rules = "rules:\n  high: { of: reading, when: \"systolic > 180\", do: [call back] }\n\
                     tasks:\n  call back: { owner: nurse, due: 4 hours, else: clinic owner }\n";
        let mut document = spec::read(&spec).document;
        let reading = document.entities.iter_mut().find(|(name, _)| name.as_str() == "reading");
        let access =
            reading.and_then(|(_, reading)| reading.access.as_mut()).expect("it says who may do what");
        access.insert("clinic owner".parse().unwrap(), "view in organisation".parse().unwrap());
        let spec = document.to_yaml() + rules;
        let made = founder.send(&format!("{}/edit/text", begun.to), &[("spec", &spec)]).await;
        assert!(made.to.contains("/versions/"), "{}", made.page);
        let page = founder.get(&made.to).await.page;
        for words in [
            "What happens by itself",
            "systolic &gt; 180",
            "call back",
            "due: 4 hours",
            "What changes",
            "Compared with version 1",
        ] {
            assert!(page.contains(words), "{words}: {page}");
        }
    }
}

/// A plan is changed in words, in the matrix and as text, each time into a version of its own; what is wrong is said where it
/// was written, and makes none.
#[tokio::test]
async fn a_plan_is_changed_in_words_in_the_matrix_and_as_text() {
    for platform in platforms().await {
        let founder = Founder::of(&platform).await;
        let begun = founder.send("/projects", &[("prompt", PROMPT)]).await;
        assert!(begun.to.contains("/versions/"), "{} {}", begun.status, begun.page);
        let edit = format!("{}/edit", begun.to);
        let forms = founder.get(&edit).await;
        assert!(forms.page.contains("entities:"), "the text is there: {}", forms.page);

        let made = founder.send(&format!("{edit}/words"), &[("words", "rename systolic to upper")]).await;
        assert!(made.to.contains("/versions/") && made.to != begun.to, "{}", made.page);
        assert!(founder.get(&format!("{}/spec", made.to)).await.page.contains("upper"));
        let not = founder.send(&format!("{edit}/words"), &[("words", "gibberish of nothing")]).await;
        assert!(not.to.is_empty(), "nothing is changed by what is not understood");

        let access = format!("{edit}/access");
        let pairs = [("role", "nurse"), ("entity", "reading"), ("may", "")];
        let made = founder.send(&access, &pairs).await;
        assert!(made.to.contains("/versions/"), "{}", made.page);
        let wrong = [("role", "nurse"), ("entity", "reading"), ("may", "devour everything")];
        let not = founder.send(&access, &wrong).await;
        assert!(not.to.is_empty() && not.status == StatusCode::UNPROCESSABLE_ENTITY, "{}", not.status);

        let spec = founder.get(&format!("{}/spec", begun.to)).await.page;
        let other = spec.replacen("app:", "# read by hand\napp:", 1);
        let made = founder.send(&format!("{edit}/text"), &[("spec", &other)]).await;
        assert!(made.to.contains("/versions/"), "{}", made.page);
        let not =
            founder.send(&format!("{edit}/text"), &[("spec", "app: X\nsecurity: { audit: off }")]).await;
        assert!(not.to.is_empty() && not.page.contains("audit"), "the floor holds: {}", not.page);
    }
}
