//! CF-19: live updates over a WebSocket. Who may open one, what is told on it, and when it ends.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use futures_util::{SinkExt as _, StreamExt as _};
use rust_decimal::Decimal;
use safeguards::access::{Action, Context, Entity};
use safeguards::identity::impersonation::Impersonate;
use safeguards::identity::totp::TotpSecret;
use safeguards::identity::{
    Credentials, Door, Identity, NewPerson, Next, Opened, Parts, PersonId, Role, Roles, Session, Settings,
    Visit,
};
use safeguards::live::{self, Live};
use safeguards::pages::ENGLISH;
use safeguards::web::{
    Connections, Csrf, Hsts, JsonLines, Limits, Rate, RateLimit, RateLimits, SecurityHeaders, Trust, Web,
};
use safeguards::{Clock as _, SystemIds, sql, tenant};
use serde_json::{Value, json};
use time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite};
use tower::ServiceExt as _;
use uuid::Uuid;

use super::world::{CLINIC, ELSEWHERE, PATIENT, READING, REMARK, World, people, worlds};

static ROLES: [Role; 5] = [
    Role::named("owner").privileged().administers(&["people"]),
    Role::named("provider"),
    Role::named("nurse"),
    Role::named("sales rep"),
    Role::named("patient").individual(),
];
static ENTITIES: [&Entity; 3] = [&PATIENT, &READING, &REMARK];
const PASSWORD: &str = "Wren-lamp-42-quill";

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A clinic that serves live updates on a real socket, behind the edge of an app.
struct Served {
    world: World,
    identity: Identity,
    live: Live,
    router: axum::Router,
    address: SocketAddr,
    lines: Lines,
    secret: TotpSecret,
}

type Socket = WebSocketStream<TcpStream>;

impl Served {
    async fn both() -> Vec<Self> {
        let mut served = Vec::new();
        for world in worlds().await {
            served.push(Self::over(world).await);
        }
        served
    }

    async fn over(world: World) -> Self {
        let clock = Arc::new(world.clock.clone());
        let parts = Parts {
            store: world.database.store.clone(),
            keys: world.keys.clone(),
            audit: world.audit.clone(),
            ids: Arc::new(SystemIds::new(clock.clone())),
            clock: clock.clone(),
        };
        let settings = Settings {
            impersonation: Some("owner"),
            ..Settings::new("Clinic", "https://clinic.example", Roles::new(&ROLES))
        };
        let identity = Identity::start(parts, settings).await.unwrap();
        for (id, name) in [(CLINIC, "Clinic"), (ELSEWHERE, "Elsewhere")] {
            let founded = sql("INSERT INTO organisations (id, name, created_at) VALUES ($1, $2, $3)");
            let founded = founded.bind(id).bind(name).bind(world.clock.now());
            founded.execute(&world.database.store).await.unwrap();
        }
        let (live, lines) = (Live::new(), Lines::default());
        let door =
            live::Door { identity: identity.clone(), live: live.clone(), secure: true, entities: &ENTITIES };
        let rate = Rate { burst: 1_000, per_second: 1_000 };
        let web = Web {
            application: "Clinic".into(),
            words: &ENGLISH,
            clock,
            ids: Arc::clone(identity.ids()),
            log: Arc::new(JsonLines::new(lines.clone())),
            csrf: Csrf::new(&[3; 32]),
            rate: RateLimit::new(RateLimits { address: rate, session: rate }),
            limits: Limits::default(),
            headers: SecurityHeaders::new(Hsts::Off),
            trust: Trust::Peer,
            secure: true,
            cookie: "__Host-session",
            beside: Some("__Host-impersonation"),
            sign_in: Some("/sign-in"),
        };
        let router = Arc::new(web).guard(live::routes(door));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving =
            safeguards::web::serve(listener, router.clone(), Connections::default(), std::future::pending());
        tokio::spawn(serving);
        let secret = TotpSecret::random().unwrap();
        Self { world, identity, live, router, address, lines, secret }
    }

    async fn person(&self, role: &'static str, organisation: Uuid) -> PersonId {
        let person = NewPerson {
            email: &format!("{}@{}.example", role.replace(' ', "."), organisation.simple()),
            name: "Somebody",
            role,
            place: None,
            password: PASSWORD,
            authenticator: (role == "owner").then(|| self.secret.clone()),
        };
        let organisation = safeguards::identity::OrganisationId::new(organisation);
        self.identity.create_person(organisation, &person).await.unwrap()
    }

    async fn sign_in(&self, role: &str, organisation: Uuid, door: Door) -> Opened {
        let email = format!("{}@{}.example", role.replace(' ', "."), organisation.simple());
        match self.identity.sign_in(&email, PASSWORD, door, &visit()).await.unwrap() {
            Next::SignedIn(opened) => *opened,
            Next::SecondFactor(ticket) => {
                self.world.clock.advance(Duration::seconds(30));
                let code = self.secret.code_at(self.world.clock.now());
                match self.identity.second_factor(&ticket, &code, &visit()).await.unwrap() {
                    Next::SignedIn(opened) => *opened,
                    other => panic!("signed in, not {other:?}"),
                }
            }
            other => panic!("signed in, not {other:?}"),
        }
    }

    /// Somebody new of this role who has signed in by the API.
    async fn somebody(&self, role: &'static str, organisation: Uuid) -> (PersonId, Opened) {
        let person = self.person(role, organisation).await;
        (person, self.sign_in(role, organisation, Door::Api).await)
    }

    async fn session(&self, opened: &Opened) -> Session {
        let mut headers = axum::http::HeaderMap::new();
        headers.insert("authorization", format!("Bearer {}", access(opened)).parse().unwrap());
        Session::authenticate(&self.identity, &headers, visit()).await.unwrap()
    }

    async fn answer(&self, request: Request<Body>) -> (StatusCode, axum::http::HeaderMap, Value) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        (head.status, head.headers, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    async fn token(&self, opened: &Opened) -> String {
        self.token_by(&[("authorization", &format!("Bearer {}", access(opened)))]).await
    }

    async fn token_by(&self, headers: &[(&str, &str)]) -> String {
        let request = Request::post("/api/live/token").header("host", "clinic.example");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let (status, _, body) = self.answer(request.body(Body::empty()).unwrap()).await;
        assert_eq!((status, &body["expires_in"]), (StatusCode::OK, &json!(30)), "{body}");
        body["token"].as_str().unwrap().to_owned()
    }

    async fn connect(&self, token: &str) -> Result<Socket, StatusCode> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        match client_async(format!("ws://clinic.example/api/live?token={token}"), stream).await {
            Ok((socket, _)) => Ok(socket),
            Err(tungstenite::Error::Http(response)) => Err(response.status()),
            Err(error) => panic!("{error}"),
        }
    }

    async fn listen(&self, opened: &Opened) -> Socket {
        self.connect(&self.token(opened).await).await.unwrap()
    }

    async fn change(&self, patient: Uuid, field: &'static str, value: impl Into<safeguards::store::Value>) {
        let version = sql("SELECT version FROM patients WHERE id = $1").bind(patient);
        let version = version.fetch_one(&self.world.database.owner).await.unwrap();
        tenant!("UPDATE patients SET {fields} WHERE id = {id} AND version = {version} AND {visible}")
            .field(field, value)
            .update(
                &self.world.owner(),
                &PATIENT,
                Action::Update,
                patient,
                version.integer("version").unwrap(),
            )
            .await
            .unwrap();
    }
}

fn access(opened: &Opened) -> &str {
    match &opened.credentials {
        Credentials::Api { access, .. } => access,
        Credentials::Browser(_) => panic!("an API session"),
    }
}

fn visit() -> Visit {
    Visit { address: [192, 0, 2, 7].into(), device: None, request: Uuid::nil() }
}

/// The next message, which is one that tells something.
async fn told(socket: &mut Socket) -> Value {
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) => {}
            other => panic!("something is told, not {other:?}"),
        }
    }
}

/// Nothing more is told: a ping is answered once all that was committed before it is told.
async fn nothing_more(socket: &mut Socket) {
    socket.send(Message::Ping(vec![7].into())).await.unwrap();
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Pong(_) => return,
            Message::Ping(_) => {}
            other => panic!("nothing is told, and {other:?}"),
        }
    }
}

/// How it ends, after nothing was told any more.
async fn end(socket: &mut Socket) -> Option<CloseCode> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code),
            Some(Ok(Message::Ping(_))) => {}
            None | Some(Err(_)) => return None,
            other => panic!("it ends, and {other:?}"),
        }
    }
}

fn of_patient(patient: Uuid) -> Value {
    json!({ "changed": "patients", "id": patient, "about": patient })
}

/// CF-19, CL-1: who is told is who may see the row at that moment, and something that was written of it; of another
/// organisation nobody hears anything, and nobody is written down as having looked.
#[tokio::test]
async fn each_hears_of_what_they_may_see() {
    for served in Served::both().await {
        let world = &served.world;
        let ana = world.ana().await;
        let (provider, by_provider) = served.somebody("provider", CLINIC).await;
        world.assign(ana, provider.uuid()).await;
        let (_, by_nurse) = served.somebody("nurse", CLINIC).await;
        let (_, by_rep) = served.somebody("sales rep", CLINIC).await;
        let (_, by_stranger) = served.somebody("owner", ELSEWHERE).await;
        let (mut assigned, mut nurse) = (served.listen(&by_provider).await, served.listen(&by_nurse).await);
        let (mut rep, mut stranger) = (served.listen(&by_rep).await, served.listen(&by_stranger).await);
        let looks = (world.events("view").await.len(), world.events("list").await.len());

        // The nurse sees the weight, and not the goals; the sales rep sees neither, but that there is a patient.
        served.change(ana, "goals", "sleep").await;
        assert_eq!(told(&mut assigned).await, of_patient(ana));
        served.change(ana, "weight", Decimal::new(731, 1)).await;
        assert_eq!(told(&mut assigned).await, of_patient(ana));
        assert_eq!(told(&mut nurse).await, of_patient(ana), "the weight, and nothing of the goals");

        // What is read by those who are assigned is told to them alone, and about whom.
        let reading = world.reading(&world.provider(), ana, 120).await.unwrap();
        let of_reading = json!({ "changed": "readings", "id": reading, "about": ana });
        assert_eq!(told(&mut assigned).await, of_reading);

        // What was not committed is not told.
        let stale =
            tenant!("UPDATE patients SET {fields} WHERE id = {id} AND version = {version} AND {visible}")
                .field("weight", Decimal::new(999, 1))
                .update(&world.owner(), &PATIENT, Action::Update, ana, 1)
                .await;
        assert!(stale.is_err());

        // A new patient: everybody may see the row, but those who are assigned to none of it and whoever is elsewhere.
        let new = world.admit("Bo Berg", None).await;
        assert_eq!(told(&mut nurse).await, of_patient(new));
        assert_eq!(told(&mut rep).await, of_patient(new), "the first that they hear");
        nothing_more(&mut assigned).await;
        world.assign(new, provider.uuid()).await;
        served.change(new, "status", "active").await;
        assert_eq!(told(&mut assigned).await, of_patient(new));

        let elsewhere =
            admitted_elsewhere(&world.in_organisation(ELSEWHERE, people::OWNER, &["owner"])).await;
        assert_eq!(told(&mut stranger).await, of_patient(elsewhere), "the first that they hear");
        served.change(ana, "weight", Decimal::new(732, 1)).await;
        assert_eq!(told(&mut assigned).await, of_patient(ana), "nothing of elsewhere in between");
        assert_eq!(told(&mut nurse).await, of_patient(new), "its status");
        assert_eq!(told(&mut nurse).await, of_patient(ana));
        for socket in [&mut assigned, &mut nurse, &mut rep, &mut stranger] {
            nothing_more(socket).await;
        }
        let now = (world.events("view").await.len(), world.events("list").await.len());
        assert_eq!(looks, now, "nobody has looked");
    }
}

async fn admitted_elsewhere(owner: &Context) -> Uuid {
    let insert = tenant!("INSERT INTO patients ({fields}) VALUES ({values})").field("name", "Cy Clark");
    insert.insert(owner, &PATIENT).await.unwrap()
}

/// CF-19: a fresh token of its own kind opens one connection, for a page of the app's own origin; what is refused is
/// refused before the protocol is switched, as a problem, and no token stands in the log.
#[tokio::test]
async fn a_signed_short_lived_query_token_opens_one_connection() {
    for served in Served::both().await {
        let (_, opened) = served.somebody("provider", CLINIC).await;
        let asked = |query: String, headers: Vec<(&'static str, String)>| {
            let request = Request::get(format!("/api/live{query}")).header("host", "clinic.example");
            let request =
                headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
            served.answer(request.body(Body::empty()).unwrap())
        };
        let token = served.token(&opened).await;
        let altered = |at: usize| {
            let mut text = token.clone().into_bytes();
            text[at] = if text[at] == b'A' { b'B' } else { b'A' };
            String::from_utf8(text).unwrap()
        };
        let claims = token.find('.').unwrap() + 5;
        let access_token = access(&opened).to_owned();
        let refused = [
            String::new(),
            "?token=".into(),
            format!("?token={}", altered(claims)),
            format!("?token={access_token}"),
        ];
        for query in refused {
            let (status, headers, problem) = asked(query.clone(), Vec::new()).await;
            assert_eq!(
                (status, &problem["code"]),
                (StatusCode::UNAUTHORIZED, &json!("unauthenticated")),
                "{query}"
            );
            assert_eq!(headers["content-type"], "application/problem+json");
        }
        // Nor does it serve as an access token.
        let as_access = Request::post("/api/live/token").header("authorization", format!("Bearer {token}"));
        assert_eq!(served.answer(as_access.body(Body::empty()).unwrap()).await.0, StatusCode::UNAUTHORIZED);

        let query = format!("?token={token}");
        for origin in ["https://evil.example", "null", "http://clinic.example"] {
            let (status, _, problem) = asked(query.clone(), vec![("origin", origin.into())]).await;
            assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("forbidden")), "{origin}");
        }
        let (status, headers, problem) =
            asked(query.clone(), vec![("origin", "https://clinic.example".into())]).await;
        assert_eq!((status, &problem["code"]), (StatusCode::UPGRADE_REQUIRED, &json!("upgrade-required")));
        assert_eq!(
            (&headers["upgrade"], &headers["sec-websocket-version"]),
            (&"websocket".parse().unwrap(), &"13".parse().unwrap())
        );

        // What was refused has used nothing up; what has opened a connection opens no other.
        let _open = served.connect(&token).await.unwrap();
        assert_eq!(served.connect(&token).await.err(), Some(StatusCode::UNAUTHORIZED));
        let late = served.token(&opened).await;
        served.world.clock.advance(Duration::seconds(30));
        assert_eq!(served.connect(&late).await.err(), Some(StatusCode::UNAUTHORIZED), "it has expired");

        let mut open = Vec::new();
        for _ in 0..7 {
            open.push(served.listen(&opened).await);
        }
        let ninth = served.token(&opened).await;
        assert_eq!(served.connect(&ninth).await.err(), Some(StatusCode::TOO_MANY_REQUESTS));
        served.identity.sign_out(served.session(&opened).await.row(), &visit()).await.unwrap();
        assert_eq!(
            served.connect(&ninth).await.err(),
            Some(StatusCode::UNAUTHORIZED),
            "the session has ended"
        );

        let lines = String::from_utf8(served.lines.0.lock().unwrap().clone()).unwrap();
        assert!(lines.contains("\"route\":\"/api/live\"") && lines.contains("\"status\":101"), "{lines}");
        assert!(!lines.contains("token=") && !lines.contains(&token) && !lines.contains(&access_token));
    }
}

/// CF-19: a connection ends with its session, whatever ends it, with the app, and when its caller says anything.
#[tokio::test]
async fn a_connection_ends_with_its_session() {
    for served in Served::both().await {
        served.person("provider", CLINIC).await;
        let owner = served.person("owner", CLINIC).await;
        let sign_in = || served.sign_in("provider", CLINIC, Door::Api);

        let out = sign_in().await;
        let mut socket = served.listen(&out).await;
        served.identity.sign_out(served.session(&out).await.row(), &visit()).await.unwrap();
        assert_eq!(end(&mut socket).await, Some(CloseCode::Policy), "signed out");

        let (revoked, other) = (sign_in().await, sign_in().await);
        let (mut gone, mut stays) = (served.listen(&revoked).await, served.listen(&other).await);
        let by = served.session(&other).await;
        served.identity.revoke(by.row(), revoked.session, &visit()).await.unwrap();
        assert_eq!(end(&mut gone).await, Some(CloseCode::Policy), "revoked from elsewhere");

        let office = served.sign_in("owner", CLINIC, Door::Api).await;
        let office = served.session(&office).await;
        assert_eq!(office.principal().person(), owner);
        served.identity.suspend(&office, other.person, true).await.unwrap();
        assert_eq!(end(&mut stays).await, Some(CloseCode::Policy), "suspended");
        served.identity.suspend(&office, other.person, false).await.unwrap();

        let talker = sign_in().await;
        let mut socket = served.listen(&talker).await;
        socket.send(Message::text("what is new?")).await.unwrap();
        assert_eq!(end(&mut socket).await, Some(CloseCode::Unsupported), "nothing is asked");
        let mut socket = served.listen(&talker).await;
        // Cut off in the middle of what is too long, or told so.
        let _cut = socket.send(Message::text("a".repeat(10_000))).await;
        assert!(!matches!(end(&mut socket).await, Some(CloseCode::Unsupported)), "it is not read to its end");

        let mut socket = served.listen(&talker).await;
        served.live.stop();
        assert_eq!(end(&mut socket).await, Some(CloseCode::Away), "the app stops");
        let late = served.token(&talker).await;
        assert_eq!(served.connect(&late).await.err(), Some(StatusCode::SERVICE_UNAVAILABLE));
        served.live.ended().await;
    }
}

/// CF-4, CF-19: an open connection, what is told on it and the tokens that it is opened by put off no end of a session.
#[tokio::test]
async fn an_open_connection_is_nobodys_presence() {
    for served in Served::both().await {
        let ana = served.world.ana().await;
        let (_, opened) = served.somebody("nurse", CLINIC).await;
        let mut socket = served.listen(&opened).await;
        for _ in 0..3 {
            // The access token outlives its five minutes no better: a session is what counts here.
            served.world.clock.advance(Duration::minutes(4));
            served.change(ana, "weight", Decimal::new(730, 1)).await;
            assert_eq!(told(&mut socket).await, of_patient(ana));
        }
        let seen = sql("SELECT seen_at, started_at FROM sessions WHERE id = $1").bind(opened.session);
        let seen = seen.fetch_one(&served.world.database.owner).await.unwrap();
        assert_eq!(seen.timestamp("seen_at").unwrap(), seen.timestamp("started_at").unwrap());
        served.world.clock.advance(Duration::minutes(4));
        served.change(ana, "weight", Decimal::new(731, 1)).await;
        assert_eq!(end(&mut socket).await, Some(CloseCode::Policy), "sixteen minutes without a request");

        // A page asks for its tokens by itself.
        let again = served.sign_in("nurse", CLINIC, Door::Api).await;
        served.world.clock.advance(Duration::minutes(4));
        let mut socket = served.listen(&again).await;
        served.world.clock.advance(Duration::minutes(12));
        served.change(ana, "weight", Decimal::new(732, 1)).await;
        assert_eq!(end(&mut socket).await, Some(CloseCode::Policy), "sixteen minutes since they signed in");
    }
}

/// CF-3, CF-19: whoever looks as a colleague hears what the colleague would, for as long as they look.
#[tokio::test]
async fn who_looks_as_a_colleague_hears_what_they_hear() {
    for served in Served::both().await {
        let world = &served.world;
        let ana = world.ana().await;
        served.person("owner", CLINIC).await;
        let provider = served.person("provider", CLINIC).await;
        let own = served.sign_in("owner", CLINIC, Door::Browser).await;
        let Credentials::Browser(cookie) = &own.credentials else { panic!("a browser's session") };
        let mut headers = axum::http::HeaderMap::new();
        headers.insert("cookie", format!("__Host-session={}", cookie.reveal()).parse().unwrap());
        let session = Session::authenticate(&served.identity, &headers, visit()).await.unwrap();
        let reason = "The pager fails, and a reading of this morning must be found";
        let wanted = Impersonate { colleague: provider, reason, minutes: 15 };
        let begun = served.identity.impersonate(&session, &wanted).await.unwrap();

        let (own, token) = (cookie.reveal(), begun.token.reveal());
        let form = Csrf::new(&[3; 32]).token(&format!("{own}|{token}")).unwrap();
        let cookies = format!("__Host-session={own}; __Host-impersonation={token}");
        let without =
            Request::post("/api/live/token").header("cookie", &cookies).body(Body::empty()).unwrap();
        assert_eq!(served.answer(without).await.0, StatusCode::FORBIDDEN, "a form of ours, or none");
        let token = served.token_by(&[("cookie", &cookies), ("x-csrf-token", &form)]).await;
        let mut socket = served.connect(&token).await.unwrap();

        served.change(ana, "weight", Decimal::new(730, 1)).await;
        nothing_more(&mut socket).await;
        world.assign(ana, provider.uuid()).await;
        served.change(ana, "weight", Decimal::new(731, 1)).await;
        assert_eq!(told(&mut socket).await, of_patient(ana), "once it is assigned to the colleague");
        headers.insert("cookie", cookies.parse().unwrap());
        served.identity.stop_impersonating(&session, &headers).await.unwrap();
        assert_eq!(end(&mut socket).await, Some(CloseCode::Policy), "they look no more");
    }
}
