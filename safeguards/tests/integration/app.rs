//! An app as a process of its own: started, asked, and ended from outside.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use exporter::Archive;
use safeguards::access::{self, Entity, Field, Kind};
use safeguards::app::{AppError, Pending, Services};
use safeguards::crypto::{Binding, KeyRing, Purpose, Sealed};
use safeguards::identity::{NewPerson, Role};
use safeguards::store::{Migration, MigrationSet, PolicyContext, sql};
use safeguards::web::Problem;
use safeguards::{App, Transaction, testing};
use tempfile::TempDir;
use uuid::Uuid;

use crate::archives::read;

const TABLES: MigrationSet = MigrationSet {
    name: "app",
    sqlite: &[Migration {
        version: 1,
        name: "0001_patients",
        sql: "CREATE TABLE notes (words TEXT) STRICT;
              CREATE TABLE patients (
                  id TEXT PRIMARY KEY, organisation_id TEXT NOT NULL REFERENCES organisations (id),
                  phone BLOB, phone_index BLOB, weight REAL,
                  version INTEGER NOT NULL, created_at TEXT NOT NULL) STRICT;
              CREATE TABLE visits (
                  id TEXT PRIMARY KEY, organisation_id TEXT NOT NULL, patient_id TEXT NOT NULL REFERENCES patients (id),
                  next_visit_id TEXT REFERENCES visits (id), done INTEGER NOT NULL, extra TEXT, fee TEXT, photo BLOB)
                  STRICT;
              CREATE TRIGGER visits_begin_open BEFORE INSERT ON visits FOR EACH ROW WHEN NEW.done = 1
              BEGIN SELECT RAISE(ABORT, 'visits_begin_open'); END;",
    }],
    postgres: &[Migration {
        version: 1,
        name: "0001_patients",
        sql: "CREATE TABLE notes (words text);
              CREATE TABLE patients (
                  id uuid PRIMARY KEY, organisation_id uuid NOT NULL REFERENCES organisations (id),
                  phone bytea, phone_index bytea, weight double precision,
                  version bigint NOT NULL, created_at timestamptz NOT NULL);
              CREATE TABLE visits (
                  id uuid PRIMARY KEY, organisation_id uuid NOT NULL, patient_id uuid NOT NULL REFERENCES patients (id),
                  next_visit_id uuid REFERENCES visits (id), done boolean NOT NULL, extra jsonb, fee numeric(10, 2),
                  photo bytea);
              CREATE FUNCTION visits_begin_open() RETURNS trigger LANGUAGE plpgsql AS $$
              BEGIN
                  IF NEW.done THEN RAISE EXCEPTION 'visits_begin_open'; END IF;
                  RETURN NEW;
              END $$;
              CREATE TRIGGER visits_begin_open BEFORE INSERT ON visits
                  FOR EACH ROW EXECUTE FUNCTION visits_begin_open();",
    }],
};

static PATIENT: Entity = Entity {
    subject: Some("id"),
    fields: &[
        Field::identifier("phone", 1, Kind::Phone).lookup("phone_index"),
        Field::clinical("weight", 2, Kind::Decimal).queryable(),
    ],
    ..Entity::named("patient", 1, "patients")
};

static ENTITIES: [&Entity; 1] = [&PATIENT];

static ROLES: [Role; 1] = [Role::named("owner").privileged().administers(&["people"])];

pub(crate) const PHONE: &str = "+12025550143";

fn routes(services: Services) -> Router {
    let looking = services.clone();
    let writing = services.store.clone();
    let count = async move || {
        let row = sql("SELECT count(*) AS n FROM notes").fetch_one(&services.store).await.unwrap();
        row.integer("n").unwrap().to_string()
    };
    let found = async move || {
        let mut found = 0;
        for number in 1..=2 {
            let organisations = sql("SELECT id FROM organisations").fetch_all(&looking.store).await.unwrap();
            for organisation in organisations {
                let ring = looking.keys.ring(organisation.uuid("id").unwrap()).await.unwrap();
                let index = ring.blind_index(1, 1, &format!("{PHONE}{number}")).unwrap();
                let row = sql("SELECT count(*) AS n FROM patients WHERE phone_index = $1")
                    .bind(index.as_bytes().as_slice())
                    .fetch_one(&looking.store);
                found += row.await.unwrap().integer("n").unwrap();
            }
        }
        found.to_string()
    };
    let write = async move || {
        let written = sql("INSERT INTO notes (words) VALUES ('new')").execute(&writing).await;
        written.map(|rows| rows.to_string()).map_err(|error| Problem::from(access::Error::from(error)))
    };
    let slow = async || {
        tokio::time::sleep(std::time::Duration::from_millis(700)).await;
        "slow but whole"
    };
    Router::new()
        .route("/notes", get(count).post(write))
        .route("/found", get(found))
        .route("/slow", get(slow))
}

/// Two organisations with an owner and a patient each, whose phone ends in the organisation's number.
fn seed(services: &Services) -> Pending<'_, ()> {
    Box::pin(async move {
        if std::env::var_os("BREAK_LOG").is_some() {
            sql("CREATE TRIGGER broken BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'full'); END")
                .execute(&services.store)
                .await?;
            return Ok(());
        }
        sql("INSERT INTO notes (words) VALUES ('made up')").execute(&services.store).await?;
        if let Some(many) = std::env::var("NOTES").ok().and_then(|many| many.parse::<i64>().ok()) {
            sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
                 INSERT INTO notes (words) SELECT $2 || CAST(i AS text) FROM n")
            .bind(many)
            .bind("a note that is as long as notes are ".repeat(12))
            .execute(&services.store)
            .await?;
        }
        for number in 1..=2 {
            let organisation = services.identity.create_organisation(&format!("Clinic {number}")).await?;
            let address = format!("owner{number}@clinic.example");
            let owner = NewPerson {
                email: &address,
                name: "Made Up",
                role: "owner",
                place: None,
                password: "Plum-orbit-91-lantern",
                authenticator: None,
            };
            services.identity.create_person(organisation, &owner).await?;
            let (row, organisation) = (services.ids.next(), organisation.uuid());
            let ring = services.keys.ring(organisation).await?;
            let binding =
                Binding { environment: services.environment, organisation, entity: 1, field: 1, row };
            let phone = ring.seal(Purpose::Field, &binding, format!("{PHONE}{number}").as_bytes())?;
            sql("INSERT INTO patients (id, organisation_id, phone, phone_index, weight, version, created_at)
                 VALUES ($1, $2, $3, $4, 72.5, 1, $5)")
            .bind(row)
            .bind(organisation)
            .bind(phone.into_bytes())
            .bind(ring.blind_index(1, 1, &format!("{PHONE}{number}"))?.as_bytes().as_slice())
            .bind(services.clock.now())
            .execute(&services.store)
            .await?;
            visits(services, organisation, row).await?;
            duties(services, organisation, &ring).await?;
        }
        Ok(())
    })
}

/// Two visits: the first is done, which no visit is from its beginning, and names the second, which comes later.
async fn visits(services: &Services, organisation: Uuid, patient: Uuid) -> Result<(), AppError> {
    let insert = if services.store.is_postgres() {
        "INSERT INTO visits (id, organisation_id, patient_id, next_visit_id, done, extra, fee, photo)
         VALUES ($1, $2, $3, NULL, FALSE, CAST($4 AS jsonb), 12.50, $5)"
    } else {
        "INSERT INTO visits (id, organisation_id, patient_id, next_visit_id, done, extra, fee, photo)
         VALUES ($1, $2, $3, NULL, FALSE, $4, '12.50', $5)"
    };
    let (first, second) = (services.ids.next(), services.ids.next());
    for id in [second, first] {
        sql(insert)
            .bind(id)
            .bind(organisation)
            .bind(patient)
            .bind("{\"said\": \"it's \\\\ fine\", \"list\": [1, null]}")
            .bind(vec![0_u8, 255, 10])
            .execute(&services.store)
            .await?;
    }
    sql("UPDATE visits SET done = TRUE, next_visit_id = $1 WHERE id = $2")
        .bind(second)
        .bind(first)
        .execute(&services.store)
        .await?;
    Ok(())
}

/// What the library itself keeps sealed: an incident, a review, and why somebody looked in an emergency.
async fn duties(services: &Services, organisation: Uuid, ring: &KeyRing) -> Result<(), AppError> {
    const COMPLIANCE: u32 = u32::MAX - 40;
    let sealed = |row: Uuid, field: u32, words: &str| {
        let place =
            Binding { environment: services.environment, organisation, entity: COMPLIANCE, field, row };
        ring.seal(Purpose::Field, &place, words.as_bytes()).map(Sealed::into_bytes)
    };
    let context = PolicyContext {
        person: None,
        organisation: Some(organisation),
        roles: Vec::new(),
        action: "update",
        now: services.clock.now(),
    };
    let (incident, review) = (services.ids.next(), services.ids.next());
    let mut transaction = services.store.begin_as(&context).await?;
    sql("INSERT INTO incidents
             (id, organisation_id, version, reported_at, reported_by_id, discovered_at, title, standing)
         VALUES ($1, $2, 1, $3, $1, $3, $4, 'reported')")
    .bind(incident)
    .bind(organisation)
    .bind(services.clock.now())
    .bind(sealed(incident, 3, "A lost phone")?)
    .execute(&mut transaction)
    .await?;
    sql("INSERT INTO compliance_reviews
             (id, organisation_id, kind, conducted_on, recorded_at, recorded_by_id, findings)
         VALUES ($1, $2, 'risk analysis', $3, $4, $1, $5)")
    .bind(review)
    .bind(organisation)
    .bind(services.clock.now().date())
    .bind(services.clock.now())
    .bind(sealed(review, 5, "Nothing new")?)
    .execute(&mut transaction)
    .await?;
    emergency(services, organisation, ring, &mut transaction).await?;
    Ok(transaction.commit().await?)
}

async fn emergency(
    services: &Services,
    organisation: Uuid,
    ring: &KeyRing,
    transaction: &mut Transaction,
) -> Result<(), AppError> {
    const EMERGENCY: u32 = u32::MAX - 41;
    let (id, now) = (services.ids.next(), services.clock.now());
    let place =
        Binding { environment: services.environment, organisation, entity: EMERGENCY, field: 1, row: id };
    let reason = ring.seal(Purpose::Field, &place, b"The pager fails")?.into_bytes();
    sql("INSERT INTO emergency_accesses (id, organisation_id, kind, person_id, colleague_id, session_id, token_hash,
             reason, starts_at, ends_at)
         VALUES ($1, $2, 'impersonation', $1, $2, $1, $3, $4, $5, $5)")
    .bind(id)
    .bind(organisation)
    .bind(organisation.as_bytes().to_vec())
    .bind(reason)
    .bind(now)
    .execute(&mut *transaction)
    .await?;
    sql("INSERT INTO emergency_notices (id, organisation_id, emergency_id, person_id) VALUES ($1, $2, $1, $2)")
        .bind(id)
        .bind(organisation)
        .execute(transaction)
        .await?;
    Ok(())
}

/// Not a test of its own: the process that the other tests start, which is this very program.
#[test]
#[ignore = "the app that other tests start"]
fn the_app() {
    let mut arguments = std::env::var("APP_ARGUMENTS").unwrap_or_default();
    // So the app starts itself as its signer; see `program`.
    if std::env::args().next_back().is_some_and(|last| last == "signer") {
        arguments = "signer".to_owned();
    }
    let arguments = std::iter::once("app").chain(arguments.split_whitespace()).map(Into::into).collect();
    let app = App::new("Test clinic", "1.2.3")
        .migrations(TABLES)
        .roles(&ROLES)
        .entities(&ENTITIES)
        .routes(routes)
        .seed(seed)
        .program(program);
    let code = match app.run_with(arguments) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("refused: {error}");
            assert!(!matches!(error, AppError::Own(_)));
            7
        }
    };
    std::process::exit(code);
}

/// An app's process and folder; it is ended by its process id when this is dropped.
pub(crate) struct Running {
    child: Child,
    address: SocketAddr,
}

impl Running {
    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        exchange(&mut stream, path)
    }

    pub(crate) fn terminate(mut self) -> ExitStatus {
        signal(&self.child, "TERM");
        self.child.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

fn exchange(stream: &mut (impl Read + Write), path: &str) -> String {
    send(stream, &format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"))
}

fn send(stream: &mut (impl Read + Write), request: &str) -> String {
    // Whoever refuses to listen may close before all is said: then the answer is what came until then.
    let _ = stream.write_all(request.as_bytes());
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

/// This very program, told to be the app.
fn program() -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["app::the_app", "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    Ok(command)
}

pub(crate) fn app(folder: &Path, arguments: &str, variables: &[(&str, &str)]) -> Command {
    let mut command = program().unwrap();
    command
        .env("APP_ARGUMENTS", arguments)
        .env("DATA_DIR", folder.join("data"))
        .env("LISTEN", "127.0.0.1:0")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

/// Starts an app and waits until it says where it answers.
pub(crate) fn start(mut command: Command) -> Running {
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let told =
        lines.by_ref().map(Result::unwrap).find(|line| line.contains("answers on")).expect("it starts");
    let address = told.rsplit(' ').next().unwrap().parse().unwrap_or_else(|_| SocketAddr::from(([0; 4], 0)));
    // What it says later is read too, so that it never waits for a reader.
    std::thread::spawn(move || lines.for_each(drop));
    Running { child, address }
}

/// Runs a command to its end: whether it succeeded, and what it said.
pub(crate) fn finish(mut command: Command) -> (bool, String) {
    let output = command.output().unwrap();
    (output.status.success(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn an_app_starts_from_nothing_answers_and_ends_when_asked() {
    let folder = TempDir::new().unwrap();
    let running = start(app(folder.path(), "", &[]));
    assert!(running.get("/healthz").starts_with("HTTP/1.1 200"));
    assert!(running.get("/readyz").ends_with("ready\n"));
    assert!(running.get("/notes").ends_with("\r\n0"));

    // Invariant 10: a crash leaves no records in a file.
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", running.child.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    for file in ["app.db", "app.db.key", "environment-id", "keys/root.key"] {
        let mode = std::fs::metadata(folder.path().join("data").join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file}");
    }
    assert_eq!(running.terminate().code(), Some(0));

    // The same folder opens again, under the same keys.
    let (seeded, said) = finish(app(folder.path(), "seed", &[]));
    assert!(seeded, "{said}");
    let running = start(app(folder.path(), "serve", &[]));
    assert!(running.get("/notes").ends_with("\r\n1"));
}

/// HC-3: the first owner comes by a link that the binary prints once; through the real edge it opens a page,
/// and a page for those signed in sends a stranger's browser to sign in.
#[test]
fn the_first_owner_is_made_by_the_binary() {
    let folder = TempDir::new().unwrap();
    let mut command = app(folder.path(), "create-owner --email olga@example.org --organisation Clinic", &[]);
    let output = command.stdout(Stdio::piped()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let link = said.split_whitespace().find(|word| word.contains("/welcome/")).expect(&said);
    let path = &link[link.find("/welcome/").unwrap()..];
    let running = start(app(folder.path(), "", &[]));
    let page = running.get(path);
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("olga@example.org"), "{page}");
    assert!(page.contains("cache-control: no-store"));
    let other = running.get(&format!("/welcome/{}", "0".repeat(64)));
    assert!(other.starts_with("HTTP/1.1 404"), "{other}");
    assert!(running.get("/sign-in").contains("<form"));
    let mut stream = TcpStream::connect(running.address).unwrap();
    stream
        .write_all(b"GET /account HTTP/1.1\r\nhost: x\r\naccept: text/html\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 303") && answer.contains("location: /sign-in"), "{answer}");
}

/// HC-12: where records are only read, whoever tries to change one is told why, in a page and in JSON, and every page says
/// so before anybody tries. Nobody hears that their role does not allow it.
#[test]
fn an_app_whose_records_are_only_read_says_why() {
    let folder = TempDir::new().unwrap();
    assert!(finish(app(folder.path(), "seed", &[])).0);
    let cases = [
        (None, "whoever runs it has set it so"),
        (Some("standing"), "plan or agreement"),
        (Some("ending"), "about to end"),
    ];
    for (because, words) in cases {
        let because = because.map(|because| ("READ_ONLY_BECAUSE", because));
        let settings: Vec<_> = [("READ_ONLY", "true")].into_iter().chain(because).collect();
        let running = start(app(folder.path(), "", &settings));
        let post = |accept: &str| {
            let mut stream = TcpStream::connect(running.address).unwrap();
            let head = format!("POST /notes HTTP/1.1\r\nhost: localhost\r\naccept: {accept}\r\n");
            send(&mut stream, &format!("{head}content-length: 0\r\nconnection: close\r\n\r\n"))
        };
        let json = post("application/json");
        assert!(json.starts_with("HTTP/1.1 403") && json.contains("application/problem+json"), "{json}");
        assert!(json.contains("\"code\":\"read-only\"") && json.contains(words), "{json}");
        let page = post("text/html");
        assert!(page.starts_with("HTTP/1.1 403") && page.contains(words), "{page}");
        assert!(page.contains("What you entered was not kept") && !page.contains("Your role"), "{page}");
        let read = running.get("/sign-in");
        assert!(read.contains("class=\"environment\"") && read.contains(words), "{read}");
        assert!(running.get("/notes").ends_with("\r\n1"), "reading goes on");
    }
    let running = start(app(folder.path(), "", &[]));
    assert!(!running.get("/sign-in").contains("class=\"environment\""));
}

#[test]
fn an_answer_under_way_is_finished_before_the_end() {
    let folder = TempDir::new().unwrap();
    let running = start(app(folder.path(), "serve", &[]));
    let address = running.address;
    let mut stream = TcpStream::connect(address).unwrap();
    // The first answer comes back on the same connection, so the second request is surely being served.
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).unwrap();
    stream.write_all(b"GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    // Once this newer one is answered, the app has read the older one.
    assert!(running.get("/notes").starts_with("HTTP/1.1 200"));
    let mut child = running;
    signal(&child.child, "TERM");
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with("slow but whole"), "{rest}");
    assert_eq!(child.child.wait().unwrap().code(), Some(0));
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_lost_root_key_is_told_and_never_replaced() {
    let folder = TempDir::new().unwrap();
    assert_eq!(start(app(folder.path(), "", &[])).terminate().code(), Some(0));
    let key = folder.path().join("data/keys/root.key");
    std::fs::rename(&key, folder.path().join("elsewhere")).unwrap();
    let (started, said) = finish(app(folder.path(), "serve", &[]));
    assert!(!started && said.contains("root.key is missing"), "{said}");
    assert!(!key.exists());
}

#[test]
fn everything_that_is_wrong_with_the_settings_is_told_at_once() {
    let folder = TempDir::new().unwrap();
    let wrong = [("LISTEN", "0.0.0.0:8080"), ("PUBLIC_URL", "ftp://x"), ("DATABASE_URL", "oracle")];
    let (started, said) = finish(app(folder.path(), "", &wrong));
    assert!(!started);
    for name in ["LISTEN: an address that other machines reach wants TLS", "PUBLIC_URL:", "DATABASE_URL:"] {
        assert!(said.contains(name), "{name} in {said}");
    }
    assert!(!folder.path().join("data").exists(), "nothing is made before the settings are right");
}

/// CF-17: TLS 1.2 and 1.3, and nothing in the clear on the same port.
#[tokio::test(flavor = "multi_thread")]
async fn tls_is_spoken_in_its_two_good_versions() {
    let folder = TempDir::new().unwrap();
    let issued = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, issued.cert.pem()).unwrap();
    std::fs::write(&key, issued.signing_key.serialize_pem()).unwrap();
    let paths = [("TLS_CERTIFICATE", certificate.to_str().unwrap()), ("TLS_KEY", key.to_str().unwrap())];
    let running = start(app(folder.path(), "serve", &paths));
    let address = running.address;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(issued.cert.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut session =
            rustls::ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
        let mut socket = TcpStream::connect(address).unwrap();
        let answer = exchange(&mut rustls::Stream::new(&mut session, &mut socket), "/readyz");
        assert!(answer.starts_with("HTTP/1.1 200"), "{version:?}: {answer}");
    }
    assert!(!running.get("/readyz").starts_with("HTTP/1.1 2"));
}

/// A supervisor keeps the socket and hands it over, as sd_listen_fds(3) says.
#[test]
fn a_socket_that_is_handed_over_is_used() {
    let folder = TempDir::new().unwrap();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let program = app(folder.path(), "serve", &[]);
    let mut command = Command::new("sh");
    command
        .args(["-c", r#"exec 3<&0 0</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@""#, "sh"])
        .arg(program.get_program())
        .args(program.get_args())
        .envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .stdin(Stdio::from(OwnedFd::from(socket)))
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let running = start(command);
    assert_eq!(running.address, address);
    assert!(running.get("/readyz").ends_with("ready\n"));
}

#[test]
fn a_gateway_comes_by_a_unix_socket() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("app.sock");
    // What a process that was killed has left behind does not hinder the next.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let listen = format!("unix:{}", path.display());
    let settings = [("LISTEN", listen.as_str()), ("PUBLIC_URL", "https://clinic.example")];
    let _running = start(app(folder.path(), "serve", &settings));
    let mut stream = std::os::unix::net::UnixStream::connect(&path).unwrap();
    assert!(exchange(&mut stream, "/readyz").ends_with("ready\n"));
}

/// On PostgreSQL the app cannot change its schema: it says what to do, and the owner does it.
#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_the_owner_migrates_and_the_app_serves() {
    let folder = TempDir::new().unwrap();
    let database = testing::blank_postgres().await;
    let addresses = database.addresses.as_ref().unwrap();
    let app_only = [("DATABASE_URL", addresses.app.reveal())];
    let both = [app_only[0], ("DATABASE_OWNER_URL", addresses.owner.reveal())];
    let (started, said) = finish(app(folder.path(), "serve", &app_only));
    assert!(!started && said.contains("run the subcommand `migrate`"), "{said}");
    let (migrated, said) = finish(app(folder.path(), "migrate", &app_only));
    assert!(!migrated && said.contains("DATABASE_OWNER_URL"), "{said}");
    let (migrated, said) = finish(app(folder.path(), "migrate", &both));
    assert!(migrated && said.contains("app/0001_patients"), "{said}");
    let running = start(app(folder.path(), "serve", &app_only));
    assert!(running.get("/notes").ends_with("\r\n0"));
    assert_eq!(running.terminate().code(), Some(0));
}

/// Keys are a ring: after a rotation everything still opens, by new keys under a new root.
#[test]
fn rotated_keys_open_what_was_there() {
    let folder = TempDir::new().unwrap();
    let run = |arguments: &str| finish(app(folder.path(), arguments, &[]));
    assert!(run("seed").0);
    let root = || std::fs::read(folder.path().join("data/keys/root.key")).unwrap();
    let file = || std::fs::read(folder.path().join("data/app.db.key")).unwrap();
    let (old_root, old_file) = (root(), file());
    let (done, said) = run("rotate-keys");
    assert!(done && said.contains("3 organisations, the environment among them"), "{said}");
    assert!(root() != old_root && file() != old_file);
    let to = folder.path().join("all.zip");
    assert!(run(&format!("export --open --without-project --to {}", to.display())).0);
    let mut archive = Archive::open(File::open(&to).unwrap(), None).unwrap();
    assert!(read(&mut archive, "data/patients.ndjson").contains(PHONE));
    let running = start(app(folder.path(), "serve", &[]));
    assert!(running.get("/notes").ends_with("\r\n1"));
}

/// A child of a process, by what the kernel says of every process.
fn child_of(parent: u32) -> Option<u32> {
    std::fs::read_dir("/proc").unwrap().flatten().find_map(|entry| {
        let process: u32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        let after_name = stat.rsplit_once(") ")?.1;
        (after_name.split(' ').nth(1)?.parse() == Ok(parent)).then_some(process)
    })
}

/// Invariant 6: the app has its log witnessed by a process of its own, which ends with it, and what was
/// witnessed cannot be taken back.
#[test]
fn the_log_is_witnessed_by_another_process_and_verified_against_it() {
    let folder = TempDir::new().unwrap();
    let run = |arguments: &str| finish(app(folder.path(), arguments, &[]));
    assert!(run("seed").0);
    let running = start(app(folder.path(), "serve", &[]));
    let process = running.child.id();
    // Each question gives the app time to start its signer.
    let signer = (0..2000).find_map(|_| {
        running.get("/healthz");
        child_of(process)
    });
    let signer = signer.expect("a signer runs");
    assert_eq!(running.terminate().code(), Some(0));
    assert!(!Path::new(&format!("/proc/{signer}")).exists(), "the signer ends with the app");

    let (green, said) = run("verify-audit");
    assert!(green && said.contains("0 findings") && said.contains("last witnessed"), "{said}");
    assert!(!said.contains("0 events in"), "{said}");
    let witness = folder.path().join("data/witness/witness.ndjson");
    let whole = std::fs::read_to_string(&witness).unwrap();
    let (cut, _) = whole.trim_end().rsplit_once('\n').unwrap_or_default();
    std::fs::write(&witness, cut).unwrap();
    let (green, said) = run("verify-audit");
    assert!(!green && said.contains("the audit log is not as it was witnessed"), "{said}");
}
