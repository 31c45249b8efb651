//! An app for the tests of the host: small, on the real runtime, and partly hostile. It is not shipped.
//!
//! `clinic key-agent FOLDER` is the key agent of a host whose folder that is; everything else is the app. Its version
//! is what stands at the end of its own file, so that a test makes another version by appending to a copy.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use control_plane::host::Folders;
use control_plane::host::key_agent::{Agent, Bounds, FileRootKeys, run_key_agent};
use safeguards::app::{Pending, Services};
use safeguards::axum::body::Body;
use safeguards::axum::extract::{Path as Segment, Request};
use safeguards::axum::http::{HeaderMap, StatusCode, header};
use safeguards::axum::response::{IntoResponse, Response};
use safeguards::axum::routing::get;
use safeguards::axum::{Router, extract::State};
use safeguards::clock::SystemClock;
use safeguards::identity::Role;
use safeguards::store::{Migration, MigrationSet, sql};
use safeguards::{App, StoreError};

const TABLES: MigrationSet = MigrationSet {
    name: "app",
    sqlite: &[Migration {
        version: 1,
        name: "0001_patients",
        sql: "CREATE TABLE patients (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT) STRICT;",
    }],
    postgres: &[Migration {
        version: 1,
        name: "0001_patients",
        sql: "CREATE TABLE patients (id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, name text);",
    }],
};

static ROLES: [Role; 1] = [Role::named("owner").privileged().administers(&["people"])];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, folder] = arguments.as_slice()
        && word == "key-agent"
    {
        return key_agent(Path::new(folder));
    }
    if version().contains("broken") {
        eprintln!("this version does not start");
        return ExitCode::from(3);
    }
    App::new("Clinic", "1.0.0").migrations(TABLES).roles(&ROLES).routes(routes).seed(seed).run()
}

fn key_agent(folder: &Path) -> ExitCode {
    let run = async {
        let folders = Folders::open(folder)?;
        let roots = Arc::new(FileRootKeys(folders.clone()));
        run_key_agent(Agent { roots, folders, bounds: Bounds::default(), clock: Arc::new(SystemClock) }).await
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let ended = runtime.and_then(|runtime| {
        let ended = runtime.block_on(run);
        runtime.shutdown_background();
        ended
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("key agent: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What a test appended to this file.
fn version() -> String {
    let bytes = fs::read("/proc/self/exe").unwrap_or_default();
    let tail = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(64)..]).into_owned();
    tail.rsplit_once("VERSION=").map_or_else(|| "first".to_owned(), |(_, version)| version.to_owned())
}

fn routes(services: Services) -> Router {
    Router::new()
        .route("/version", get(async || version()))
        .route("/headers", get(headers).post(headers))
        .route("/patients", get(count))
        .route("/insert", get(insert))
        .route("/attempt", get(attempt))
        .route("/write-files", get(write_files))
        .route("/slow/{milliseconds}", get(slow))
        .route("/events", get(events))
        .route("/echo", get(echo))
        .route("/cookies", get(cookies))
        .route("/crash", get(crash))
        .with_state(services)
}

fn seed(services: &Services) -> Pending<'_, ()> {
    Box::pin(async move {
        sql("INSERT INTO patients (name) VALUES ('made up')").execute(&services.store).await?;
        Ok(())
    })
}

/// Every field of the request, one a line.
async fn headers(headers: HeaderMap) -> String {
    let line = |(name, value): (&header::HeaderName, &header::HeaderValue)| {
        format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()))
    };
    headers.iter().map(line).collect()
}

async fn count(State(services): State<Services>) -> Result<String, String> {
    let row = sql("SELECT count(*) AS n FROM patients").fetch_one(&services.store).await;
    row.and_then(|row| row.integer("n")).map(|count| count.to_string()).map_err(|error| error.to_string())
}

/// A write with the app's own credential, past every check of the library.
async fn insert(State(services): State<Services>) -> Response {
    told(sql("INSERT INTO patients (name) VALUES ('new')").execute(&services.store).await)
}

/// A write to what stays writable.
async fn attempt(State(services): State<Services>) -> Response {
    let key = services.ids.next().as_bytes().to_vec();
    let attempt = sql("INSERT INTO sign_in_attempts (key, failures, last_at) VALUES ($1, 1, $2)").bind(key);
    told(attempt.bind(services.clock.now()).execute(&services.store).await)
}

fn told(result: Result<u64, StoreError>) -> Response {
    match result {
        Ok(_) => (StatusCode::OK, "written".to_owned()).into_response(),
        Err(StoreError::Forbidden) => (StatusCode::FORBIDDEN, "refused".to_owned()).into_response(),
        Err(error) => (StatusCode::CONFLICT, error.to_string()).into_response(),
    }
}

/// What the app's process can do to its database file, past the database.
async fn write_files() -> String {
    let file = Path::new("/data/app.db");
    let attempts: [(&str, std::io::Result<()>); 7] = [
        ("open", fs::OpenOptions::new().write(true).open(file).map(drop)),
        ("append", fs::OpenOptions::new().append(true).open(file).and_then(|mut file| file.write_all(b"x"))),
        ("truncate", fs::OpenOptions::new().write(true).truncate(true).open(file).map(drop)),
        ("rename", fs::rename(file, "/data/moved.db")),
        ("remove", fs::remove_file(file)),
        ("link", fs::hard_link(file, "/data/linked.db")),
        ("replace", fs::write("/data/other.db", "x").and_then(|()| fs::rename("/data/other.db", file))),
    ];
    let line = |(name, result): (&str, std::io::Result<()>)| {
        format!("{name}: {}\n", if result.is_ok() { "done" } else { "refused" })
    };
    attempts.into_iter().map(line).collect()
}

async fn slow(Segment(milliseconds): Segment<u64>) -> String {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    format!("after {milliseconds} by {}", version())
}

/// Two events, some time apart.
async fn events() -> Response {
    let (mut sender, receiver) = tokio::io::duplex(256);
    tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        for number in 1..=2 {
            let event = format!("id: {number}\ndata: event {number}\n\n");
            if sender.write_all(event.as_bytes()).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::new(Pipe(receiver))).into_response()
}

/// A pipe as a body.
struct Pipe(tokio::io::DuplexStream);

impl hyper::body::Body for Pipe {
    type Data = hyper::body::Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
        use std::task::Poll;
        let mut space = [0; 256];
        let mut buffer = tokio::io::ReadBuf::new(&mut space);
        match tokio::io::AsyncRead::poll_read(std::pin::Pin::new(&mut self.0), context, &mut buffer) {
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => Poll::Ready(None),
            Poll::Ready(Ok(())) => {
                Poll::Ready(Some(Ok(hyper::body::Frame::data(buffer.filled().to_vec().into()))))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Some(Err(error))),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Becomes a connection that answers every byte with itself.
async fn echo(mut request: Request) -> Response {
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        if let Ok(upgraded) = upgraded.await {
            let stream = hyper_util::rt::TokioIo::new(upgraded);
            let (mut from, mut to) = tokio::io::split(stream);
            let _ = tokio::io::copy(&mut from, &mut to).await;
        }
    });
    let switch = [(header::UPGRADE, "websocket"), (header::CONNECTION, "upgrade")];
    (StatusCode::SWITCHING_PROTOCOLS, switch).into_response()
}

/// Cookies and fields that reach for other hosts.
async fn cookies() -> Response {
    let fields = [
        (header::SET_COOKIE, "stolen=1; Domain=example; Path=/; Secure"),
        (header::ALT_SVC, "h3=\":4433\""),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=0"),
    ];
    (fields, "set").into_response()
}

async fn crash() -> String {
    eprintln!("about to fall over");
    std::process::abort()
}
