//! HC-5, HC-13, CF-23: how an app calls whom it may reach is its owner's to set; its key is sealed, laid before the app, and shown
//! to nobody.

use control_plane::Secret;
use control_plane::accounts::{Owned, Owner};
use control_plane::builds;
use control_plane::environments::Environment;
use control_plane::http;
use control_plane::lifecycle::StepUp;
use control_plane::outward::{self, NewHost};
use control_plane::providers::{self, Settings};
use control_plane::seams::{EnvironmentKind, HostError};
use control_plane::testing::{TestPlatform, platforms};
use control_plane::versions;
use safeguards::axum::Router;
use safeguards::axum::body::{Body, to_bytes};
use safeguards::axum::http::{Request, StatusCode};
use safeguards::web::Trust;
use safeguards::{Clock as _, audit, sql};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::builds::begun;

const SPEC: &str = include_str!("../../../tests/system/specs/scribe.yaml");
const SSO: &str = "\nsecurity: { sso: oidc }\n";
/// Words by which they would be found again.
const KEY: &str = "sk-quillmark-0123456789";
const OTHER_KEY: &str = "sk-zolmark-9876543210";

/// A preview of an app that has a provider of models and an identity provider, and its owner.
struct House<'a> {
    platform: &'a TestPlatform,
    host: std::sync::Arc<control_plane::testing::ScriptedHost>,
    owner: Owner,
    preview: Owned<Environment>,
    router: Router,
    /// Access tokens.
    owner_token: String,
    builder_token: String,
}

impl<'a> House<'a> {
    async fn on(platform: &'a TestPlatform) -> Self {
        let begun = begun(platform, "olga@example.org").await;
        let project = begun.project(platform).await;
        versions::submit(platform, &project, &format!("{SPEC}{SSO}")).await.unwrap();
        let version = begun.version(platform).await;
        let digest = version.digest.clone();
        builds::approve(platform, &project, &version, &digest, None).await.unwrap();
        let (site, host) = platform.site();
        assert!(platform.builder(&host).drain().await.unwrap());
        let owner = begun.member.owner().unwrap();
        let preview = owner.owned(platform, (begun.project, EnvironmentKind::Preview)).await.unwrap();
        let another = platform.person(owner.account(), "owner", "ona@example.org").await;
        let builder = platform.person(owner.account(), "builder", "bo@example.org").await;
        let builder_token = platform.sign_in(&builder).await;
        let owner_token = platform.sign_in(&another).await;
        let router = http::dashboard(&site, Trust::Peer).await.unwrap();
        Self { platform, host, owner, preview, router, owner_token, builder_token }
    }

    async fn attest(&self, processor: &str, address: &str) {
        let new = NewHost { processor, address, agreement: "BAA 1" };
        outward::attest(self.platform, &*self.host, &self.owner, &self.preview, &new, &StepUp::in_a_test())
            .await
            .unwrap();
    }

    async fn set(&self, settings: Value, key: &str) -> Result<(), String> {
        let settings: Settings = serde_json::from_value(settings).map_err(|wrong| wrong.to_string())?;
        let (key, proof) = (Secret::new(key), StepUp::in_a_test());
        let set = providers::set(
            self.platform,
            &*self.host,
            &self.owner,
            &self.preview,
            &settings,
            Some(&key),
            &proof,
        );
        set.await.map(drop).map_err(|refused| refused.to_string())
    }

    fn laid(&self, name: &str) -> Option<String> {
        self.host.provided().text(name).map(|text| text.expose().to_owned())
    }

    fn names(&self) -> Vec<String> {
        self.host.provided().names().map(str::to_owned).collect()
    }

    async fn notes(&self) -> Vec<String> {
        let account = self.owner.account().uuid();
        let seen = audit::activity(&self.platform.store, account, None, None, 1_000).await.unwrap();
        let notes = seen.into_iter().filter_map(|seen| match seen.detail {
            Some(audit::Detail::Note(note)) if note.starts_with("provider ") => Some(note),
            _ => None,
        });
        let mut notes: Vec<String> = notes.collect();
        notes.sort();
        notes
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: (&str, String),
    ) -> (StatusCode, String) {
        let accept = if path.starts_with("/api/") { "application/json" } else { "text/html" };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("accept", accept)
            .header("content-type", body.0)
            .header("authorization", format!("Bearer {token}"))
            .body(Body::from(body.1))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn api(&self, method: &str, more: &str, token: &str, body: Value) -> (StatusCode, String) {
        let path = format!("/api/projects/{}/environments/preview/providers{more}", self.preview.project);
        self.send(method, &path, token, ("application/json", body.to_string())).await
    }
}

fn model() -> Value {
    json!({
        "kind": "model", "processor": "model vendor", "wire": "anthropic", "address": "https://api.models.example/v1/",
        "model": "some-model-1", "input_price": "3.00", "output_price": 15,
    })
}

fn sign_in() -> Value {
    json!({
        "kind": "sign-in", "issuer": "https://idp.example/tenant", "client_id": "app",
        "roles": "doctors=clinician, managers=owner",
    })
}

fn with(mut settings: Value, field: &str, value: impl Into<Value>) -> Value {
    settings[field] = value.into();
    settings
}

#[tokio::test]
async fn a_provider_is_told_to_the_app_in_the_form_that_it_reads() {
    for platform in platforms().await {
        let house = House::on(&platform).await;
        house.attest("model vendor", "api.models.example").await;
        house.attest("sign-in", "idp.example").await;
        house.set(model(), KEY).await.unwrap();
        house.set(sign_in(), OTHER_KEY).await.unwrap();
        assert_eq!(house.names(), ["ai.yaml", "model-model-vendor.key", "sign-in.env"]);
        assert_eq!(house.laid("model-model-vendor.key").as_deref(), Some(KEY));
        let read = models::Providers::read(&house.laid("ai.yaml").unwrap()).unwrap();
        let entry = &read.providers[0];
        assert_eq!((entry.name.as_str(), entry.wire.as_str()), ("model-vendor", "anthropic"));
        assert_eq!(entry.address().to_string(), "https://api.models.example/v1");
        assert!(entry.attestation.is_none(), "that is each organisation's own");
        assert!(matches!(&entry.key, Some(models::KeySource::File(path))
            if path == std::path::Path::new("/run/providers/model-model-vendor.key")));
        let lines = house.laid("sign-in.env").unwrap();
        let lines: Vec<&str> = lines.lines().collect();
        let secret = format!("OIDC_CLIENT_SECRET={OTHER_KEY}");
        assert_eq!(
            lines,
            [
                "OIDC_ISSUER=https://idp.example/tenant",
                "OIDC_CLIENT_ID=app",
                &secret,
                "OIDC_ROLES=doctors=clinician, managers=owner"
            ]
        );
    }
}

#[tokio::test]
async fn what_an_app_could_not_work_with_is_not_set() {
    for platform in platforms().await {
        let house = House::on(&platform).await;
        let refused = house.set(model(), KEY).await.unwrap_err();
        assert!(refused.contains("none yet"), "its host is not attested: {refused}");
        house.attest("model vendor", "api.models.example").await;
        house.attest("sign-in", "idp.example").await;
        let before = house.host.asked().len();
        for (wrong, key, why) in [
            (with(model(), "processor", "some friend"), KEY, "they name: model vendor"),
            (with(model(), "processor", "sign-in"), KEY, "they name: model vendor"),
            (with(model(), "address", "https://evil.example"), KEY, "api.models.example:443"),
            (with(model(), "address", "https://api.models.example:8443"), KEY, "api.models.example:443"),
            (with(model(), "address", "https://idp.example"), KEY, "api.models.example:443"),
            (with(model(), "address", "http://127.0.0.1:8080"), KEY, "begins with https://"),
            (with(model(), "model", "some model"), KEY, "without spaces"),
            (with(model(), "authority", "no certificate"), KEY, "BEGIN CERTIFICATE"),
            (model(), " ", "Give the key"),
            (model(), "two words", "characters that no key has"),
            (with(sign_in(), "issuer", "https://elsewhere.example"), KEY, "idp.example:443"),
            (with(sign_in(), "issuer", "http://idp.example"), KEY, "begins with https://"),
            (with(sign_in(), "issuer", "https://idp.example/?a=b"), KEY, "begins with https://"),
            (with(sign_in(), "roles", "doctors=king"), KEY, "clinician"),
            (with(sign_in(), "roles", "doctors"), KEY, "GROUP=ROLE"),
            (with(sign_in(), "client_id", "app\nOIDC_ROLES=all=owner"), KEY, "one line"),
            (with(sign_in(), "name", "Clinic\nDATA_DIR=/"), KEY, "one line"),
            (sign_in(), "two\nlines", "one line"),
        ] {
            let refused = house.set(wrong.clone(), key).await.unwrap_err();
            assert!(refused.contains(why), "{wrong}: {refused}");
        }
        assert!(
            house.set(with(model(), "key", KEY), KEY).await.is_err(),
            "what is not understood is not ignored"
        );
        assert_eq!(house.host.asked().len(), before, "the host heard of none");
        assert!(providers::list(&platform, house.preview.id).await.unwrap().is_empty());

        // A host that does not take it leaves everything as it was.
        house.set(model(), KEY).await.unwrap();
        house.host.fail("outward", HostError::Version("the app did not start".into()));
        assert!(house.set(with(model(), "model", "other-model"), OTHER_KEY).await.is_err());
        assert_eq!(house.laid("model-model-vendor.key").as_deref(), Some(KEY));
        let kept = providers::list(&platform, house.preview.id).await.unwrap();
        assert!(matches!(&kept[0].settings, Settings::Model(model) if model.model == "some-model-1"));
        assert_eq!(house.notes().await, ["provider set"]);
    }
}

#[tokio::test]
async fn a_key_is_sealed_replaced_and_erased() {
    for platform in platforms().await {
        let house = House::on(&platform).await;
        house.attest("model vendor", "api.models.example").await;
        house.attest("sign-in", "idp.example").await;
        house.set(model(), KEY).await.unwrap();
        house.set(sign_in(), KEY).await.unwrap();
        house.set(with(model(), "wire", "openai"), OTHER_KEY).await.unwrap();
        assert_eq!(house.laid("model-model-vendor.key").as_deref(), Some(OTHER_KEY));

        // No row holds it in the clear, and what was replaced holds none at all.
        let rows = sql("SELECT settings, secret, withdrawn_at FROM app_providers")
            .fetch_all(&platform.store)
            .await
            .unwrap();
        assert_eq!(rows.len(), 3);
        for row in &rows {
            let sealed = row.optional_bytes("secret").unwrap();
            assert_eq!(sealed.is_some(), row.optional_timestamp("withdrawn_at").unwrap().is_none());
            let bytes = [row.text("settings").unwrap().into_bytes(), sealed.unwrap_or_default()].concat();
            for key in [KEY, OTHER_KEY] {
                assert!(
                    !bytes.windows(key.len()).any(|part| part == key.as_bytes()),
                    "{}",
                    platform.database
                );
            }
        }

        // Withdrawn by itself, and with its host; a host that is away keeps it.
        let all = providers::list(&platform, house.preview.id).await.unwrap();
        let of = |name: &str| all.iter().find(|provider| provider.processor == name).unwrap().id;
        let withdraw = async |name: &str| {
            let proof = StepUp::in_a_test();
            providers::withdraw(&platform, &*house.host, &house.owner, &house.preview, of(name), &proof).await
        };
        house.host.fail("outward", HostError::Unavailable("The host is away.".into()));
        assert!(withdraw("sign-in").await.is_err());
        assert_eq!(providers::list(&platform, house.preview.id).await.unwrap().len(), 2);
        withdraw("sign-in").await.unwrap();
        assert!(withdraw("sign-in").await.is_err(), "it is withdrawn");
        assert_eq!(house.names(), ["ai.yaml", "model-model-vendor.key"]);
        outward::tell_all(&platform, &*house.host).await.unwrap();
        assert_eq!(house.names(), ["ai.yaml", "model-model-vendor.key"]);
        let ways = outward::list(&platform, house.preview.id).await.unwrap();
        let way = ways.iter().find(|way| way.processor == "model vendor").unwrap().id;
        outward::withdraw(&platform, &*house.host, &house.owner, &house.preview, way, &StepUp::in_a_test())
            .await
            .unwrap();
        assert_eq!(house.names(), Vec::<String>::new());
        assert!(providers::list(&platform, house.preview.id).await.unwrap().is_empty());
        let left = sql("SELECT count(*) AS n FROM app_providers WHERE secret IS NOT NULL");
        assert_eq!(left.fetch_one(&platform.store).await.unwrap().integer("n").unwrap(), 0);

        assert_eq!(
            house.notes().await,
            ["provider replaced", "provider set", "provider set", "provider withdrawn", "provider withdrawn"]
        );
        let log = platform.log.all().join("\n");
        assert!(!log.contains("mark-"), "{log}");
    }
}

/// By the API and by the pages: for an owner who has just shown that it is them; and no answer holds a key.
#[tokio::test]
async fn no_answer_holds_a_key_and_nobody_but_an_owner_sets_one() {
    for platform in platforms().await {
        let house = House::on(&platform).await;
        house.attest("model vendor", "api.models.example").await;
        house.attest("sign-in", "idp.example").await;
        let owner = house.owner_token.clone();
        let new = with(model(), "key", KEY);
        let mut answers = Vec::new();

        let (status, _) = house.api("POST", "", &house.builder_token, new.clone()).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        let (status, said) = house.api("POST", "", &owner, with(new.clone(), "pin", 7)).await;
        assert!(status.is_client_error(), "an unknown field is none: {said}");
        let (status, said) = house.api("POST", "", &owner, with(new.clone(), "model", "some model")).await;
        assert!(status == StatusCode::UNPROCESSABLE_ENTITY && said.contains("\"/model\""), "{said}");
        answers.push(said);
        let (status, said) = house.api("POST", "", &owner, new.clone()).await;
        assert_eq!(status, StatusCode::OK, "{said}");
        assert_eq!(house.laid("model-model-vendor.key").as_deref(), Some(KEY));
        let id: Value = serde_json::from_str(&said).unwrap();
        let (status, said) = house.api("GET", "", &owner, Value::Null).await;
        let listed: Value = serde_json::from_str(&said).unwrap();
        assert_eq!((status, &listed[0]["id"]), (StatusCode::OK, &id["provider"]));
        assert_eq!(
            (&listed[0]["to"], &listed[0]["has_key"]),
            (&json!("api.models.example:443"), &json!(true))
        );
        assert_eq!(listed[0]["settings"]["model"], "some-model-1");
        answers.push(said);

        // The pages: a mistake shows what was typed, but the key.
        let at = format!("/projects/{}/environments/preview/providers", house.preview.project);
        let form = |model: &str| {
            format!(
                "processor=model+vendor&wire=openai&address=https%3A%2F%2Fapi.models.example&model={model}&input_price=3\
                 &output_price=15&key={OTHER_KEY}&authority="
            )
        };
        let kind = "application/x-www-form-urlencoded";
        let (status, said) =
            house.send("POST", &format!("{at}/model"), &owner, (kind, form("some+model"))).await;
        assert!(
            status == StatusCode::UNPROCESSABLE_ENTITY && said.contains("without spaces"),
            "{status} {said}"
        );
        answers.push(said);
        let (status, said) = house.send("POST", &format!("{at}/model"), &owner, (kind, form("other"))).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{said}");
        assert_eq!(house.laid("model-model-vendor.key").as_deref(), Some(OTHER_KEY));
        let sso = "issuer=https%3A%2F%2Fidp.example&client_id=app&key=&roles=doctors%3Dclinician&roles_claim=&name=&authority=";
        let (status, said) =
            house.send("POST", &format!("{at}/sign-in"), &owner, (kind, sso.to_owned())).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{said}");
        for page in ["", "/model", "/sign-in"] {
            let (status, said) =
                house.send("GET", &format!("{at}{page}"), &owner, (kind, String::new())).await;
            assert_eq!(status, StatusCode::OK, "{page}");
            answers.push(said);
        }
        assert!(answers.iter().any(|said| said.contains("openai, other")), "it is told how");
        for said in &answers {
            assert!(!said.contains(KEY) && !said.contains(OTHER_KEY), "{said}");
        }

        // Not lately: asked who they are first, and nothing changes.
        sql("UPDATE sessions SET proved_at = NULL").execute(&platform.store).await.unwrap();
        let (status, said) = house.api("POST", "", &owner, new).await;
        assert!(status.is_client_error() && said.contains("prove-again"), "{status} {said}");
        let (_, said) = house.api("GET", "", &owner, Value::Null).await;
        let listed: Value = serde_json::from_str(&said).unwrap();
        let gone = format!("/{}", listed[0]["id"].as_str().unwrap());
        let (status, _) = house.api("DELETE", &gone, &owner, Value::Null).await;
        assert!(status.is_client_error());
        assert_eq!(providers::list(&platform, house.preview.id).await.unwrap().len(), 2);
        let (status, _) = house.api("DELETE", &gone, &house.builder_token, Value::Null).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
    }
}

/// By the API, too, whom the app may reach is said by an owner who has just shown that it is them, and by nobody else.
#[tokio::test]
async fn whom_an_app_may_reach_is_attested_by_the_api() {
    for platform in platforms().await {
        let house = House::on(&platform).await;
        let at = format!("/api/projects/{}/environments/preview/outward", house.preview.project);
        let ask = async |method: &str, more: &str, token: &str, body: Value| {
            let (status, said) = house
                .send(method, &format!("{at}{more}"), token, ("application/json", body.to_string()))
                .await;
            (status, serde_json::from_str::<Value>(&said).unwrap_or(Value::Null))
        };
        let owner = house.owner_token.clone();
        let new =
            json!({ "processor": "model vendor", "address": "API.models.example", "agreement": "BAA 1" });
        let (status, _) = ask("POST", "", &house.builder_token, new.clone()).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        for (field, value) in [("processor", "some friend"), ("address", "10.0.0.1"), ("agreement", " ")] {
            let (status, said) = ask("POST", "", &owner, with(new.clone(), field, value)).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
            assert_eq!(said["errors"][0]["pointer"], format!("/{field}"), "{said}");
        }
        let (status, said) = ask("POST", "", &owner, with(new.clone(), "since", "yesterday")).await;
        assert!(status.is_client_error(), "an unknown field is none: {said}");
        let told = || house.host.asked().into_iter().filter(|asked| asked.starts_with("outward")).count();
        assert_eq!(told(), 0, "nobody was told of anybody");

        let (status, made) = ask("POST", "", &owner, new.clone()).await;
        assert_eq!(status, StatusCode::OK, "{made}");
        let (_, again) = ask("POST", "", &owner, new.clone()).await;
        assert_eq!(made, again, "twice, it is one");
        let other = with(new.clone(), "processor", "sign-in");
        let (status, said) = ask("POST", "", &owner, other).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(said.to_string().contains("attested for model vendor"), "{said}");
        let (_, listed) = ask("GET", "", &owner, Value::Null).await;
        let listed = listed.as_array().unwrap();
        assert_eq!((listed.len(), &listed[0]["id"]), (1, &made["way"]));
        assert_eq!(
            (&listed[0]["to"], &listed[0]["agreement"]),
            (&json!("api.models.example:443"), &json!("BAA 1"))
        );

        // Not lately: asked who they are first, and nothing changes.
        let gone = format!("/{}", made["way"].as_str().unwrap());
        sql("UPDATE sessions SET proved_at = NULL").execute(&platform.store).await.unwrap();
        for (method, more, body) in [("POST", "", new), ("DELETE", gone.as_str(), Value::Null)] {
            let (status, said) = ask(method, more, &owner, body).await;
            assert!(status.is_client_error() && said["code"] == "prove-again", "{status} {said}");
        }
        assert_eq!(outward::list(&platform, house.preview.id).await.unwrap().len(), 1);
        sql("UPDATE sessions SET proved_at = $1")
            .bind(platform.clock.now())
            .execute(&platform.store)
            .await
            .unwrap();
        let (status, _) = ask("DELETE", &gone, &owner, Value::Null).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
        let (status, _) = ask("DELETE", &gone, &owner, Value::Null).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "it is withdrawn");
        assert_eq!(house.host.asked().last().map(String::as_str), Some("outward []"));
    }
}
