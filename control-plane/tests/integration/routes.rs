//! Who passes which door: every route of the table, as a stranger, as another account's owner, as a builder
//! (ANCHORS: Lovable 2026, Base44 2025: ownership in one place, every route tested).

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use aws_lc_rs::signature::Ed25519KeyPair;
use control_plane::AccountId;
use control_plane::builds;
use control_plane::environments::Environment;
use control_plane::http::{self, Door, Route};
use control_plane::lifecycle::certificate::{Certificate, Signed};
use control_plane::lifecycle::{CopyWork, StepUp};
use control_plane::operations::Engine;
use control_plane::prompts::{self, PromptText};
use control_plane::seams::EnvironmentKind;
use control_plane::support::{self, Reason};
use control_plane::testing::{PASSWORD, TestPlatform, platforms};
use control_plane::versions;
use safeguards::axum::Router;
use safeguards::axum::body::{Body, to_bytes};
use safeguards::axum::http::{Request, StatusCode};
use safeguards::identity::totp::TotpSecret;
use safeguards::web::Trust;
use safeguards::{Clock as _, sql};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use uuid::Uuid;

const PROMPT: &str = "A home blood pressure app for a clinic. Patients log systolic and diastolic readings. \
    Nurses see the readings of the patients assigned to them. The clinic owner manages people.";

/// A platform with a project of one account, and people of two.
struct Town {
    router: Router,
    routes: Vec<Route>,
    owner: String,
    builder: String,
    stranger: String,
    /// What stands for `{project}`, `{version}` …
    ids: Vec<(&'static str, String)>,
}

impl Town {
    async fn on(platform: &TestPlatform) -> Self {
        let (site, host) = platform.site();
        let account = platform.account("Clinic").await;
        let owner = platform.person(account, "owner", "olga@example.org").await;
        let builder = platform.person(account, "builder", "bo@example.org").await;
        let other = platform.account("Another clinic").await;
        let stranger = platform.person(other, "owner", "sam@example.org").await;
        let (owner, builder, stranger) = (
            platform.sign_in(&owner).await,
            platform.sign_in(&builder).await,
            platform.sign_in(&stranger).await,
        );
        let member = platform.member(&owner).await;
        let text = PromptText::parse(PROMPT).unwrap();
        let (project, prompt) = prompts::begin(platform, &member, "Untitled app", &text).await.unwrap();
        let owned = member.owned(platform, project).await.unwrap();
        let planned = member.owned(platform, (project, prompt)).await.unwrap();
        versions::plan(platform, &owned, &planned).await.unwrap();
        let version = versions::list(platform, &owned).await.unwrap().remove(0);
        let digest = version.digest.clone();
        let version = member.owned(platform, (project, version.id)).await.unwrap();
        let build = builds::approve(platform, &owned, &version, &digest, None).await.unwrap();
        assert!(platform.builder(&host).drain().await.unwrap());
        let owner_of_it = member.owner().unwrap();
        let preview = owner_of_it.owned(platform, (project, EnvironmentKind::Preview)).await.unwrap();
        let reason = Reason::parse("a reading is missing").unwrap();
        let grant =
            support::grant(platform, &owner_of_it, &preview, &reason, 1, &StepUp::in_a_test()).await.unwrap();
        let copy = site.lifecycle.copy(&owner_of_it, &preview, &StepUp::in_a_test()).await.unwrap();
        let copying = Engine::new(platform.operations.clone(), platform.log.clone())
            .work(Arc::new(CopyWork(site.lifecycle.clone())));
        assert!(copying.drain().await.unwrap());
        let way = reached(platform, &preview).await;
        let provider = called(platform, &preview).await;
        let (departure, departed) = departed(platform, account, member.person().uuid()).await;
        Self {
            router: http::dashboard(&site, Trust::Peer).await.unwrap(),
            routes: http::routes(&site).list().to_vec(),
            owner,
            builder,
            stranger,
            ids: vec![
                ("{project}", project.to_string()),
                ("{prompt}", prompt.to_string()),
                ("{version}", version.id.to_string()),
                ("{build}", build.to_string()),
                ("{copy}", copy.to_string()),
                ("{grant}", grant.to_string()),
                ("{kind}", "preview".to_owned()),
                ("{way}", way.to_string()),
                ("{provider}", provider.to_string()),
                ("{name}", "baa".to_owned()),
                ("{file}", "terminate".to_owned()),
                ("{departure}", departure.to_string()),
                ("{environment}", departed.to_string()),
            ],
        }
    }

    fn path(&self, template: &str) -> String {
        let path = self.ids.iter().fold(template.to_owned(), |path, (name, id)| path.replace(name, id));
        assert!(!path.contains('{'), "a test knows no id for {template}");
        path
    }

    async fn ask(&self, route: &Route, token: Option<&str>) -> StatusCode {
        self.send(route.method, &self.path(route.path), token, "").await.0
    }

    async fn send(&self, method: &str, path: &str, token: Option<&str>, body: &str) -> (StatusCode, Value) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("accept", "application/json")
            .header("content-type", "application/json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        if response.headers().get("content-type").is_some_and(|kind| kind == "text/event-stream") {
            return (status, Value::Null);
        }
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }
}

/// A company that the preview may reach.
async fn reached(platform: &TestPlatform, preview: &Environment) -> Uuid {
    let way = Uuid::now_v7();
    sql("INSERT INTO outward_hosts (id, account_id, project_id, environment_id, processor, host, port, agreement,
             attested_at, attested_by_id) VALUES ($1, $2, $3, $4, 'models', 'api.models.example', 443, 'BAA 1', $5, $1)")
    .bind(way)
    .bind(preview.account)
    .bind(preview.project)
    .bind(preview.id)
    .bind(platform.clock.now())
    .execute(&platform.store)
    .await
    .unwrap();
    way
}

/// How the preview calls it.
async fn called(platform: &TestPlatform, preview: &Environment) -> Uuid {
    let provider = Uuid::now_v7();
    let settings = json!({
        "kind": "model", "processor": "models", "wire": "compatible", "address": "https://api.models.example",
        "model": "some-model-1", "input_price": "3", "output_price": "15",
    });
    sql("INSERT INTO app_providers (id, account_id, project_id, environment_id, processor, host, port, settings, set_at,
             set_by_id) VALUES ($1, $2, $3, $4, 'models', 'api.models.example', 443, $5, $6, $1)")
    .bind(provider)
    .bind(preview.account)
    .bind(preview.project)
    .bind(preview.id)
    .bind(settings.to_string())
    .bind(platform.clock.now())
    .execute(&platform.store)
    .await
    .unwrap();
    provider
}

/// Another project of the account, at its end: an archive that awaits its owner, and a certificate.
async fn departed(platform: &TestPlatform, account: AccountId, owner: Uuid) -> (Uuid, Uuid) {
    let [project, environment, departure] = std::array::from_fn(|_| platform.ids.next());
    let now = platform.clock.now();
    let told = Certificate {
        format: 1,
        id: departure,
        issued_at: "2026-11-26T09:00:00Z".into(),
        issued_by: "https://healthcoder.localhost".into(),
        account: account.uuid(),
        project,
        name: "Gone".into(),
        organisation: None,
        cancelled_at: "2026-10-27T09:00:00Z".into(),
        window_ended_at: "2026-11-26T09:00:00Z".into(),
        archives: Vec::new(),
        disabled: Vec::new(),
        deleted: Vec::new(),
        remains: Vec::new(),
        heads: Vec::new(),
    };
    let certificate = Signed::sign(&Ed25519KeyPair::generate().unwrap(), &told).json();
    sql("INSERT INTO projects (id, account_id, name, label, created_at, created_by_id) VALUES ($1, $2, 'Gone', 'gone', $3, $4)")
        .bind(project)
        .bind(account)
        .bind(now)
        .bind(owner)
        .execute(&platform.store)
        .await
        .unwrap();
    sql("INSERT INTO environments (id, account_id, project_id, kind, host_name, created_at)
         VALUES ($1, $2, $3, 'production', 'gone', $4)")
    .bind(environment)
    .bind(account)
    .bind(project)
    .bind(now)
    .execute(&platform.store)
    .await
    .unwrap();
    sql("INSERT INTO departures (id, account_id, project_id, state, cancelled_at, cancelled_by_id, window_ends_at, certificate)
         VALUES ($1, $2, $3, 'destroyed', $4, $5, $4, $6)")
    .bind(departure)
    .bind(account)
    .bind(project)
    .bind(now)
    .bind(owner)
    .bind(certificate)
    .execute(&platform.store)
    .await
    .unwrap();
    sql("INSERT INTO departure_archives (departure_id, environment_id, name, bytes, sha256, signed_by, made_at)
         VALUES ($1, $2, 'gone.zip', 4, '00', '00', $3)")
    .bind(departure)
    .bind(environment)
    .bind(now)
    .execute(&platform.store)
    .await
    .unwrap();
    let configuration = &platform.configuration;
    let secrets = configuration.keys_folder().join("archives");
    for (folder, name) in [(configuration.archives_folder(), "gone.zip"), (secrets, "gone.zip.passphrase")] {
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), "gone").unwrap();
    }
    (departure, environment)
}

#[tokio::test]
async fn no_route_lets_in_whom_its_door_keeps_out() {
    for platform in platforms().await {
        let town = Town::on(&platform).await;
        for route in &town.routes {
            let name = format!("{} {}", route.method, route.path);
            let anonymous = town.ask(route, None).await;
            if route.door == Door::Public {
                assert_ne!(anonymous, StatusCode::UNAUTHORIZED, "{name}");
                continue;
            }
            assert_eq!(anonymous, StatusCode::UNAUTHORIZED, "{name}, as nobody");
            if route.door.names_record() {
                let another = town.ask(route, Some(&town.stranger)).await;
                assert_eq!(another, StatusCode::NOT_FOUND, "{name}, as another account's owner");
            }
            if route.door.wants_owner() {
                let builder = town.ask(route, Some(&town.builder)).await;
                assert_eq!(builder, StatusCode::FORBIDDEN, "{name}, as a builder");
            }
        }
    }
}

/// What the doors keep out is there for whom they let in: a 404 above is no accident of a wrong path.
#[tokio::test]
async fn every_page_is_there_for_its_owner() {
    for platform in platforms().await {
        let town = Town::on(&platform).await;
        for route in town.routes.iter().filter(|route| route.method == "GET") {
            let status = town.ask(route, Some(&town.owner)).await;
            assert!(status.is_success() || status.is_redirection(), "{}: {status}", route.path);
        }
    }
}

/// A project's id in the path opens nothing of another project's, even of one's own account.
#[tokio::test]
async fn a_version_is_found_under_its_own_project_only() {
    for platform in platforms().await {
        let town = Town::on(&platform).await;
        let (status, made) = town
            .send("POST", "/api/projects", Some(&town.owner), &json!({ "prompt": PROMPT }).to_string())
            .await;
        assert_eq!(status, StatusCode::OK, "{made}");
        let (other, version) = (made["project"].as_str().unwrap(), town.path("{version}"));
        let (status, _) = town
            .send("GET", &format!("/api/projects/{other}/versions/{version}"), Some(&town.owner), "")
            .await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn the_api_plans_approves_and_tells() {
    for platform in platforms().await {
        let town = Town::on(&platform).await;
        let token = Some(town.owner.as_str());
        let (status, made) =
            town.send("POST", "/api/projects", token, &json!({ "prompt": PROMPT }).to_string()).await;
        assert_eq!(status, StatusCode::OK, "{made}");
        let (project, version) = (made["project"].as_str().unwrap(), made["version"].as_str().unwrap());
        let at = format!("/api/projects/{project}/versions/{version}");
        let (_, read) = town.send("GET", &at, token, "").await;
        assert!(read["spec"].as_str().unwrap().contains("entities"), "{read}");
        assert!(!read["plan"]["phi"].as_array().unwrap().is_empty());
        let digest = read["digest"].clone();
        let (status, begun) = town
            .send("POST", &format!("{at}/approve"), token, &json!({ "digest": digest }).to_string())
            .await;
        assert_eq!(status, StatusCode::OK, "{begun}");
        let (_, shown) = town.send("GET", &format!("/api/projects/{project}"), token, "").await;
        assert_eq!(shown["builds"][0]["state"], "waiting");
        let (status, problem) =
            town.send("POST", "/api/projects", token, &json!({ "prompt": "" }).to_string()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(problem["errors"][0]["pointer"], "/prompt");
        // A spec that turns a safeguard off is refused, with its place (invariant 2).
        let spec = json!({ "spec": "app: X\nroles: { owner: { privileged: true } }\nentities: {}\nsecurity: { audit: off }" });
        let (status, problem) =
            town.send("POST", &format!("/api/projects/{project}/versions"), token, &spec.to_string()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    }
}

/// The description is made of the table, so that it cannot lack a route; each thing that it names is there.
#[tokio::test]
async fn the_description_of_the_api_is_whole() {
    let [platform, _] = platforms().await;
    let town = Town::on(&platform).await;
    let (status, document) = town.send("GET", "/openapi.json", None, "").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for route in town.routes.iter().filter(|route| route.path.starts_with("/api/")) {
        let operation = &document["paths"][route.path][route.method.to_ascii_lowercase()];
        assert!(ids.insert(operation["operationId"].as_str().expect(route.path).to_owned()), "{operation}");
    }
    let text = document.to_string();
    let named = text.split("#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap());
    for name in named {
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
}

/// A page of a form that comes from elsewhere, or without the token of its session, changes nothing.
#[tokio::test]
async fn a_stolen_form_changes_nothing() {
    let [platform, _] = platforms().await;
    let town = Town::on(&platform).await;
    let request = Request::builder()
        .method("POST")
        .uri("/projects")
        .header("cookie", format!("session={}", "a".repeat(43)))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from("prompt=x"))
        .unwrap();
    let response = town.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
}

/// A stranger founds an account of their own: they sign in with a second factor or not at all, and the
/// projects of others are not there.
#[tokio::test]
async fn a_founder_signs_up_enrols_and_reaches_nobody_else() {
    for platform in platforms().await {
        let town = Town::on(&platform).await;
        let account =
            json!({ "email": "fay@example.org", "password": PASSWORD, "organisation": "Fay's practice" });
        let (status, _) = town.send("POST", "/identity/sign-up", None, &account.to_string()).await;
        assert_eq!(status, StatusCode::ACCEPTED);
        // Somebody else's attempt on the same address gets the same answer, and changes nothing.
        let again =
            json!({ "email": "fay@example.org", "password": "Otter-chalk-77-brim", "organisation": "X" });
        let (status, _) = town.send("POST", "/identity/sign-up", None, &again.to_string()).await;
        assert_eq!(status, StatusCode::ACCEPTED);

        let credentials = json!({ "email": "fay@example.org", "password": PASSWORD });
        let (_, step) = town.send("POST", "/identity/sign-in", None, &credentials.to_string()).await;
        assert_eq!(step["next"], "enrol", "an owner has a second factor: {step}");
        let ticket = json!({ "ticket": step["ticket"] });
        let (_, offer) =
            town.send("POST", "/identity/sign-in/authenticator", None, &ticket.to_string()).await;
        let secret = totp(offer["secret"].as_str().unwrap());
        let code = secret.code_at(platform.clock.now()).to_string();
        let confirm = json!({ "ticket": step["ticket"], "code": code });
        let (_, step) =
            town.send("POST", "/identity/sign-in/authenticator/confirm", None, &confirm.to_string()).await;
        assert_eq!(step["next"], "signed_in", "{step}");
        let token = step["access_token"].as_str();
        let (status, projects) = town.send("GET", "/api/projects", token, "").await;
        assert_eq!((status, projects), (StatusCode::OK, json!([])));
        let (status, _) = town.send("GET", &town.path("/api/projects/{project}"), token, "").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
}

/// The secret of an authenticator, from the text that a person types into it (RFC 4648, base 32).
fn totp(text: &str) -> TotpSecret {
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for letter in text.bytes().filter(u8::is_ascii_alphanumeric) {
        let digit = if letter.is_ascii_alphabetic() {
            letter.to_ascii_uppercase() - b'A'
        } else {
            letter - b'2' + 26
        };
        bits = (bits << 5) | u32::from(digit);
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    TotpSecret::from_bytes(bytes)
}

/// HC-7, CL-11: where records and root key of an environment lie is recorded when it is made, and shown to its founder,
/// on its project's page and in the API.
#[tokio::test]
async fn hc_7_where_data_lie_is_recorded_and_shown() {
    for platform in platforms().await {
        let town = Town::on(&platform).await;
        let (status, project) =
            town.send("GET", &town.path("/api/projects/{project}"), Some(&town.owner), "").await;
        assert_eq!(status, StatusCode::OK);
        let preview = project["environments"].as_array().unwrap().iter();
        let preview = preview.filter(|environment| environment["kind"] == "preview").next_back().unwrap();
        let told: Vec<_> = preview["residency"].as_array().unwrap().iter().collect();
        let lines = |what: &str| told.iter().find(|line| line["what"] == what).unwrap();
        assert_eq!(
            (&lines("records")["region"], &lines("keys")["by"]),
            (&json!("eu-central-1"), &json!("AWS KMS"))
        );
        assert_eq!(lines("keys")["region"], "eu-west-1");
        assert_eq!(lines("archives")["by"], "the platform's own machine", "where its copy waits");
        assert_eq!(told.len(), 3, "{told:?}");

        let page = Request::builder()
            .uri(town.path("/projects/{project}"))
            .header("accept", "text/html")
            .header("authorization", format!("Bearer {}", town.owner))
            .body(Body::empty())
            .unwrap();
        let page = town.router.clone().oneshot(page).await.unwrap();
        let page = to_bytes(page.into_body(), 1 << 20).await.unwrap();
        let page = String::from_utf8_lossy(&page);
        for said in ["Where its data lie", "AWS KMS", "eu-west-1", "eu-central-1"] {
            assert!(page.contains(said), "{}: {said}", platform.database);
        }
    }
}
