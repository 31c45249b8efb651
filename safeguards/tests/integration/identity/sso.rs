//! CF-14: what an identity provider says is believed for as long as every part of it is as it must be.

mod proof;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::KeyPair;
use safeguards::Clock as _;
use safeguards::identity::oidc::ProviderSettings;
use safeguards::identity::{self, Identity, Roles, Settings};
use safeguards::sql;
use serde_json::{Value, json};
use time::Duration;
use tower::ServiceExt as _;
use zeroize::Zeroizing;

use super::{Clinic, OWNER, PATIENT, ROLES, start_with};

const ISSUER: &str = "https://clinic.example";

/// A key of the provider, and what it publishes of it.
struct Key {
    pair: KeyPair,
    id: &'static str,
}

impl Key {
    fn new(id: &'static str) -> Self {
        Self { pair: KeyPair::generate().unwrap(), id }
    }

    fn published(&self) -> Value {
        let point = self.pair.public_key_raw();
        let [x, y] = [&point[1..33], &point[33..65]].map(|half| URL_SAFE_NO_PAD.encode(half));
        json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": self.id, "use": "sig", "alg": "ES256" })
    }

    fn signed(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.id.into()), ..Header::new(Algorithm::ES256) };
        self.signed_with(&header, claims)
    }

    fn signed_with(&self, header: &Header, claims: &Value) -> String {
        let key = EncodingKey::from_ec_der(&self.pair.serialize_der());
        jsonwebtoken::encode(header, claims, &key).unwrap()
    }
}

/// What the provider says next.
#[derive(Clone, Default)]
struct Said {
    keys: Vec<Value>,
    token: String,
    /// What it was asked with: the form, and `Authorization`.
    asked: String,
    /// Instead of its own.
    document: Option<Value>,
    status: Option<StatusCode>,
}

/// A provider on loopback that says what a test tells it to.
#[derive(Clone)]
struct Liar {
    said: Arc<Mutex<Said>>,
    address: SocketAddr,
}

impl Liar {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let liar = Self { said: Arc::default(), address: listener.local_addr().unwrap() };
        let app = Router::new()
            .route("/.well-known/openid-configuration", get(document))
            .route(
                "/keys",
                get(|State(liar): State<Self>| async move {
                    Json(json!({ "keys": liar.said.lock().unwrap().keys }))
                }),
            )
            .route("/token", post(token))
            .with_state(liar.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        liar
    }

    fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    fn says(&self, change: impl FnOnce(&mut Said)) {
        change(&mut self.said.lock().unwrap());
    }

    fn settings(&self) -> ProviderSettings {
        let role = |group: &str, role: &str| (group.to_owned(), role.to_owned());
        ProviderSettings {
            name: "Directory".into(),
            issuer: self.issuer(),
            client_id: "app".into(),
            client_secret: Some(Zeroizing::new("a secret/+".into())),
            roles_claim: "groups".into(),
            roles: vec![role("coders", "coder"), role("patients", "patient"), role("owners", "owner")],
            authority: None,
            door: None,
        }
    }
}

async fn document(State(liar): State<Liar>) -> Json<Value> {
    let issuer = liar.issuer();
    let usual = json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"), "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"), "authorization_response_iss_parameter_supported": true,
    });
    Json(liar.said.lock().unwrap().document.clone().unwrap_or(usual))
}

async fn token(State(liar): State<Liar>, request: Request<Body>) -> (StatusCode, Json<Value>) {
    let authorization = request.headers()[header::AUTHORIZATION].to_str().unwrap().to_owned();
    let form = axum::body::to_bytes(request.into_body(), 1 << 16).await.unwrap();
    let mut said = liar.said.lock().unwrap();
    said.asked = format!("{authorization} {}", String::from_utf8_lossy(&form));
    let status = said.status.unwrap_or(StatusCode::OK);
    (status, Json(json!({ "access_token": "of no use", "token_type": "Bearer", "id_token": said.token })))
}

/// A clinic whose people sign in there.
struct Directory {
    clinic: Clinic,
    identity: Identity,
    liar: Liar,
    key: Key,
}

/// A way to the provider that a browser began.
struct Begun {
    state: String,
    nonce: String,
    cookie: String,
}

/// Where somebody came to.
#[derive(Debug)]
struct Came {
    status: StatusCode,
    to: String,
    signed_in: bool,
    /// The session's cookie, as it is sent back.
    session: String,
    says: String,
}

impl Directory {
    async fn both() -> Vec<Self> {
        let mut directories = Vec::new();
        for clinic in Clinic::both().await {
            let (liar, key) = (Liar::start().await, Key::new("first"));
            liar.says(|said| said.keys = vec![json!({ "kty": "unheard of" }), key.published()]);
            let settings = Settings {
                provider: Some(liar.settings()),
                ..Settings::new("Peptide Clinic", ISSUER, Roles::new(&ROLES))
            };
            let identity = start_with(&clinic.database, &clinic.key, &clinic.clock, settings).await;
            directories.push(Self { clinic, identity, liar, key });
        }
        directories
    }

    async fn ask(&self, path: &str, cookie: &str) -> axum::response::Response {
        // One address each second would be held up otherwise.
        self.clinic.clock.advance(Duration::seconds(3));
        let request = Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap();
        identity::routes(self.identity.clone()).oneshot(request).await.unwrap()
    }

    async fn begin(&self) -> Begun {
        self.begin_at("/sign-in/sso?to=/chart", "").await.0
    }

    /// Begins here, with this cookie; with the address that the browser is sent to.
    async fn begin_at(&self, path: &str, cookie: &str) -> (Begun, String) {
        let answer = self.ask(path, cookie).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let to = answer.headers()[header::LOCATION].to_str().unwrap();
        let given = |name: &str| {
            let query = to.split_once('?').unwrap().1;
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs.find(|(key, _)| key == name).unwrap_or_else(|| panic!("{name} in {to}")).1.into_owned()
        };
        assert_eq!(given("redirect_uri"), format!("{ISSUER}/sign-in/sso/return"));
        assert_eq!((given("response_type"), given("code_challenge_method")), ("code".into(), "S256".into()));
        let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
        assert!(cookie.contains("HttpOnly; SameSite=Lax") && cookie.contains("Secure"), "{cookie}");
        let cookie = cookie.split(';').next().unwrap().to_owned();
        (Begun { state: given("state"), nonce: given("nonce"), cookie }, to.to_owned())
    }

    fn claims(&self, begun: &Begun) -> Value {
        let now = self.clinic.clock.now().unix_timestamp();
        json!({
            "iss": self.liar.issuer(), "aud": "app", "sub": "subject-1", "iat": now, "exp": now + 300, "nonce": begun.nonce,
            "email": "newcomer@example.org", "email_verified": true, "name": "New Comer", "groups": ["coders"], "sid": "there-1",
        })
    }

    async fn come_back(&self, begun: &Begun, token: String) -> Came {
        self.liar.says(|said| said.token = token);
        let issuer = form_urlencoded::byte_serialize(self.liar.issuer().as_bytes()).collect::<String>();
        self.came(&format!("/sign-in/sso/return?code=code&state={}&iss={issuer}", begun.state), &begun.cookie)
            .await
    }

    async fn came(&self, path: &str, cookie: &str) -> Came {
        let answer = self.ask(path, cookie).await;
        let header = |name| {
            answer.headers().get(name).map(|value: &header::HeaderValue| value.to_str().unwrap().to_owned())
        };
        let to = header(header::LOCATION).unwrap_or_default();
        let cookies = answer.headers().get_all(header::SET_COOKIE).iter();
        let session = cookies
            .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
            .find(|cookie| cookie.starts_with("__Host-session=") && *cookie != "__Host-session=");
        let session = session.unwrap_or_default().to_owned();
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        let says = String::from_utf8_lossy(&body).into_owned();
        Came { status, to, signed_in: !session.is_empty(), session, says }
    }

    /// Signs in with these claims in the place of the usual ones.
    async fn enter(&self, changes: Value) -> Came {
        let begun = self.begin().await;
        let mut claims = self.claims(&begun);
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        self.come_back(&begun, self.key.signed(&claims)).await
    }

    /// Sends a form, as whom this cookie says.
    async fn send(&self, path: &str, form: &str, cookie: &str) -> axum::response::Response {
        self.clinic.clock.advance(Duration::seconds(3));
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, cookie)
            .body(Body::from(form.to_owned()))
            .unwrap();
        identity::routes(self.identity.clone()).oneshot(request).await.unwrap()
    }

    /// The provider says by this token that somebody is signed out there.
    async fn told(&self, token: &str) -> StatusCode {
        self.send("/sign-in/sso/ended", &format!("logout_token={token}"), "").await.status()
    }

    async fn people(&self) -> i64 {
        self.clinic.count(sql("SELECT count(*) AS n FROM people")).await
    }
}

/// CF-14: by code, with PKCE, state and nonce; who comes for the first time has an account from then on, with the roles of their
/// groups, and goes on to where they wanted.
#[tokio::test]
async fn who_comes_for_the_first_time_is_made_once() {
    for directory in Directory::both().await {
        for _ in 0..2 {
            let came = directory.enter(json!({})).await;
            assert!(came.signed_in && came.to == "/chart", "{came:?}");
        }
        assert_eq!(directory.people().await, 1);
        let asked = directory.liar.said.lock().unwrap().asked.clone();
        let pair = STANDARD.encode("app:a+secret%2F%2B");
        assert!(
            asked.starts_with(&format!("Basic {pair} grant_type=authorization_code&code=code")),
            "{asked}"
        );
        assert!(asked.contains("code_verifier="), "{asked}");
        assert_eq!(directory.clinic.events("login").await.len(), 2);
    }
}

/// CF-14: the state is good once, in the browser that began, for ten minutes.
#[tokio::test]
async fn a_way_is_gone_once_by_whoever_began_it() {
    for directory in Directory::both().await {
        let signed = |begun: &Begun| directory.key.signed(&directory.claims(begun));
        let (mine, theirs) = (directory.begin().await, directory.begin().await);
        let stolen =
            Begun { cookie: theirs.cookie.clone(), state: mine.state.clone(), nonce: mine.nonce.clone() };
        assert!(!directory.come_back(&stolen, signed(&mine)).await.signed_in, "another browser");
        let bare = Begun { cookie: String::new(), state: mine.state.clone(), nonce: mine.nonce.clone() };
        assert!(!directory.come_back(&bare, signed(&mine)).await.signed_in, "no browser");
        assert!(directory.come_back(&mine, signed(&mine)).await.signed_in);
        assert!(!directory.come_back(&mine, signed(&mine)).await.signed_in, "a second time");
        directory.clinic.clock.advance(Duration::minutes(10));
        assert!(!directory.come_back(&theirs, signed(&theirs)).await.signed_in, "too late");
        let refused = directory.begin().await;
        let answer = format!("/sign-in/sso/return?error=access_denied&state={}", refused.state);
        let came = directory.came(&answer, &refused.cookie).await;
        assert!(!came.signed_in, "{came:?}");
    }
}

/// CF-14: a token that is not for this app, from this provider, of this sign-in and of now is not believed, and nobody is made.
#[tokio::test]
async fn a_token_that_is_wrong_in_any_part_is_refused() {
    for directory in Directory::both().await {
        let now = directory.clinic.clock.now().unix_timestamp();
        for changes in [
            json!({ "iss": "https://elsewhere.example" }),
            json!({ "aud": "another app" }),
            json!({ "aud": ["app", "another app"] }),
            json!({ "aud": ["app", "another app"], "azp": "another app" }),
            json!({ "azp": "another app" }),
            json!({ "nonce": "another" }),
            json!({ "nonce": null }),
            json!({ "exp": now - 120 }),
            json!({ "iat": now + 3_600 }),
            json!({ "exp": null }),
            json!({ "sub": "" }),
            json!({ "email_verified": false }),
            json!({ "email_verified": null }),
            json!({ "email": null }),
            json!({ "groups": [] }),
            json!({ "groups": ["coder"] }),
            json!({ "groups": { "coders": true } }),
        ] {
            let came = directory.enter(changes.clone()).await;
            assert!(!came.signed_in && came.status == StatusCode::FORBIDDEN, "{changes}: {came:?}");
        }
        assert_eq!(directory.people().await, 0);
        let denied = directory.clinic.events("login-failed").await;
        assert!(denied.len() >= 17, "each is in the log: {}", denied.len());
    }
}

/// CF-14, CF-12: neither `none` nor a shared secret signs, no key comes with the token, and what is signed is what is read.
#[tokio::test]
async fn a_token_that_another_key_signed_is_refused() {
    for directory in Directory::both().await {
        let other = Key::new("first");
        for attack in 0..7 {
            let begun = directory.begin().await;
            let claims = directory.claims(&begun);
            let good = directory.key.signed(&claims);
            let parts: Vec<&str> = good.split('.').collect();
            let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let token = match attack {
                0 => other.signed(&claims),
                1 => format!("{}.{}.", part(json!({ "alg": "none", "kid": "first" })), parts[1]),
                2 => {
                    let public = serde_json::to_vec(&directory.key.published()).unwrap();
                    let header = Header { kid: Some("first".into()), ..Header::new(Algorithm::HS256) };
                    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&public)).unwrap()
                }
                3 => {
                    let jwk = serde_json::from_value(other.published()).unwrap();
                    let header =
                        Header { kid: Some("first".into()), jwk: Some(jwk), ..Header::new(Algorithm::ES256) };
                    other.signed_with(&header, &claims)
                }
                4 => {
                    let mut changed = claims.clone();
                    changed["groups"] = json!(["owners"]);
                    format!("{}.{}.{}", parts[0], part(changed), parts[2])
                }
                5 => format!("{}.{}", parts[0], parts[1]),
                _ => format!("{good}{}", "A".repeat(70_000)),
            };
            let came = directory.come_back(&begun, token).await;
            assert!(!came.signed_in, "attack {attack}: {came:?}");
        }
        assert_eq!(directory.people().await, 0);
    }
}

/// CF-14: a key that the provider brings in is taken within seconds, and one that it takes away is believed no more.
#[tokio::test]
async fn the_providers_keys_are_those_that_it_publishes() {
    for directory in Directory::both().await {
        assert!(directory.enter(json!({})).await.signed_in);
        let next = Key::new("second");
        directory.liar.says(|said| said.keys = vec![next.published()]);
        directory.clinic.clock.advance(Duration::seconds(10));
        let begun = directory.begin().await;
        assert!(directory.come_back(&begun, next.signed(&directory.claims(&begun))).await.signed_in);
        assert!(!directory.enter(json!({})).await.signed_in, "the key that was taken away");
    }
}

/// CF-14: a provider that does not answer, refuses, or answers with another's documents signs nobody in, and says so in words.
#[tokio::test]
async fn a_provider_that_fails_is_told_of_in_words() {
    for directory in Directory::both().await {
        for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::BAD_REQUEST, StatusCode::FOUND] {
            directory.liar.says(|said| said.status = Some(status));
            let came = directory.enter(json!({})).await;
            assert!(!came.signed_in && came.says.contains("identity provider"), "{status}: {came:?}");
        }
        directory.liar.says(|said| {
            said.status = None;
            said.document = Some(json!({
                "issuer": "https://elsewhere.example", "authorization_endpoint": "https://elsewhere.example/a",
                "token_endpoint": "https://elsewhere.example/t", "jwks_uri": "https://elsewhere.example/k",
            }));
        });
        directory.clinic.clock.advance(Duration::hours(2));
        let came = directory.came("/sign-in/sso", "").await;
        assert!(came.to.is_empty() && came.says.contains("cannot be believed"), "{came:?}");
        // A password opens as before.
        directory.clinic.patient().await;
        directory.clinic.open(PATIENT, identity::Door::Browser).await;
    }
}

/// CF-14, CL-1: an account that is there is entered by its verified address only where it belongs to this organisation alone;
/// one that is suspended stays so.
#[tokio::test]
async fn a_known_account_is_entered_where_it_is_this_organisations_alone() {
    for directory in Directory::both().await {
        let person = directory.clinic.patient().await;
        let came = directory.enter(json!({ "email": PATIENT, "groups": ["patients"] })).await;
        assert!(came.signed_in, "{came:?}");
        assert_eq!(directory.people().await, 1);

        let elsewhere = directory.identity.create_organisation("Another clinic").await.unwrap();
        let other = safeguards::identity::NewPerson {
            email: "both@example.org",
            name: "Somebody",
            role: "coder",
            place: None,
            password: super::PASSWORD,
            authenticator: None,
        };
        directory.identity.create_person(elsewhere, &other).await.unwrap();
        let came = directory.enter(json!({ "sub": "subject-2", "email": "both@example.org" })).await;
        assert!(!came.signed_in && came.says.contains("several organisations"), "{came:?}");

        sql("UPDATE people SET suspended_at = created_at WHERE id = $1")
            .bind(person.uuid())
            .execute(&directory.clinic.database.owner)
            .await
            .unwrap();
        assert!(!directory.enter(json!({ "email": PATIENT, "groups": ["patients"] })).await.signed_in);
    }
}

/// HC-4, CF-13: a privileged role wants a second factor from there, too, unless the provider says that it has asked for one.
#[tokio::test]
async fn a_privileged_role_wants_a_second_factor_from_there_too() {
    for directory in Directory::both().await {
        let came = directory.enter(json!({ "email": OWNER, "groups": ["owners"] })).await;
        assert!(!came.signed_in && came.to.starts_with("/sign-in/enrol"), "{came:?}");
        for amr in [json!(["pwd"]), json!(["otp"])] {
            assert!(
                !directory.enter(json!({ "email": OWNER, "groups": ["owners"], "amr": amr })).await.signed_in
            );
        }
        let came =
            directory.enter(json!({ "email": OWNER, "groups": ["owners"], "amr": ["pwd", "mfa"] })).await;
        assert!(came.signed_in, "{came:?}");
    }
}

/// CF-14, HC-3: roles are those of the groups at each sign-in; what an administrator gave by hand stays.
#[tokio::test]
async fn roles_come_and_go_with_the_groups() {
    for directory in Directory::both().await {
        let roles = async || -> Vec<String> {
            let rows = sql("SELECT role FROM memberships ORDER BY role")
                .fetch_all(&directory.clinic.database.owner)
                .await;
            rows.unwrap().iter().map(|row| row.text("role").unwrap()).collect()
        };
        directory.enter(json!({ "groups": ["coders", "patients"] })).await;
        assert_eq!(roles().await, ["coder", "patient"]);
        directory.enter(json!({ "groups": "patients" })).await;
        assert_eq!(roles().await, ["patient"]);
        sql("DELETE FROM sso_memberships").execute(&directory.clinic.database.owner).await.unwrap();
        directory.enter(json!({ "groups": ["coders"] })).await;
        assert_eq!(roles().await, ["coder", "patient"], "the role given by hand");
        let ended = directory
            .clinic
            .count(sql("SELECT count(*) AS n FROM sessions WHERE ended_because = 'rights-changed'"));
        assert_eq!(ended.await, 2, "whose rights change is signed out elsewhere");
    }
}

/// CF-14: single sign-out. Only a logout token that the provider signed for this app ends sessions, and only those that it names.
#[tokio::test]
async fn who_is_signed_out_there_is_signed_out_here() {
    for directory in Directory::both().await {
        assert!(directory.enter(json!({})).await.signed_in);
        assert!(
            directory
                .enter(json!({ "sub": "subject-2", "email": "other@example.org", "sid": "there-2" }))
                .await
                .signed_in
        );
        let open = async || {
            directory.clinic.count(sql("SELECT count(*) AS n FROM sessions WHERE ended_at IS NULL")).await
        };
        let now = directory.clinic.clock.now().unix_timestamp();
        let usual = json!({
            "iss": directory.liar.issuer(), "aud": "app", "iat": now, "exp": now + 120, "jti": "one", "sub": "subject-1", "sid": "there-1",
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        let tell = async |token: String| directory.told(&token).await;
        for changes in [
            json!({ "nonce": "an ID token" }),
            json!({ "events": {} }),
            json!({ "aud": "another app" }),
            json!({ "exp": now - 120 }),
            json!({ "sub": null, "sid": null }),
        ] {
            let mut claims = usual.clone();
            for (name, value) in changes.as_object().unwrap() {
                claims[name] = value.clone();
            }
            assert_eq!(tell(directory.key.signed(&claims)).await, StatusCode::BAD_REQUEST, "{changes}");
        }
        assert_eq!(tell(Key::new("first").signed(&usual)).await, StatusCode::BAD_REQUEST);
        assert_eq!(open().await, 2);
        assert_eq!(tell(directory.key.signed(&usual)).await, StatusCode::OK);
        assert_eq!(open().await, 1);
        let all = json!({
            "iss": usual["iss"], "aud": "app", "iat": now, "exp": now + 120, "jti": "two", "sub": "subject-2", "events": usual["events"],
        });
        assert_eq!(tell(directory.key.signed(&all)).await, StatusCode::OK);
        assert_eq!(open().await, 0);
    }
}

/// HC-6, CC-7: what is kept of the provider's people names nobody.
#[tokio::test]
async fn what_is_kept_of_a_subject_names_nobody() {
    for directory in Directory::both().await {
        directory.enter(json!({ "sub": "newcomer@example.org" })).await;
        let rows = sql("SELECT subject FROM sso_identities")
            .fetch_all(&directory.clinic.database.owner)
            .await
            .unwrap();
        for row in rows {
            assert!(!row.bytes("subject").unwrap().windows(8).any(|bytes| bytes == b"newcomer"));
        }
    }
}
