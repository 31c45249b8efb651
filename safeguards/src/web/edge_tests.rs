//! The edge over a real socket: what a caller sees and what the log keeps.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::Path;
use axum::routing::{get, post};
use axum::{Json, Router};
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::*;
use crate::clock::{ManualClock, SequentialIds};
use crate::pages::ENGLISH;
use crate::web::{Connections, Hsts, JsonLines, Rate, RateLimits, serve};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panicked").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Server {
    address: SocketAddr,
    lines: Lines,
    web: Arc<Web>,
    /// Whoever asks for `/held` is answered with each permit of it.
    gate: Arc<Semaphore>,
}

const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

fn web(lines: Lines) -> Web {
    let rate = Rate { burst: 1000, per_second: 1000 };
    Web {
        application: "Clinic".into(),
        words: &ENGLISH,
        clock: Arc::new(ManualClock::at(NOW)),
        ids: Arc::new(SequentialIds::default()),
        log: Arc::new(JsonLines::new(lines)),
        csrf: Csrf::new(&[3; 32]),
        rate: RateLimit::new(RateLimits { address: rate, session: rate }),
        limits: Limits { body: 1000, time: Duration::from_millis(300), ..Limits::default() },
        headers: SecurityHeaders::new(Hsts::Preload),
        trust: Trust::Peer,
        secure: true,
        cookie: "__Host-session",
        beside: Some("__Host-impersonation"),
        sign_in: Some("/sign-in"),
    }
}

async fn run(change: impl FnOnce(&mut Web)) -> Server {
    run_with(Connections::default(), change).await
}

async fn run_with(connections: Connections, change: impl FnOnce(&mut Web)) -> Server {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let lines = Lines::default();
    let mut web = web(lines.clone());
    change(&mut web);
    let web = Arc::new(web);
    let router = Router::new()
        .route("/patients/{id}", get(|Path(id): Path<String>| async move { id }).post(|| async { "written" }))
        .route("/json", post(|Json(body): Json<serde_json::Value>| async move { Json(body) }))
        .route("/closed", get(|| async { Problem::new(Code::Unauthenticated) }))
        .route("/broken", get(|| async { Problem::internal("constraint").detail("Something broke.") }))
        .route("/panics", get(panics))
        .route("/hangs", get(std::future::pending::<()>))
        .route("/healthz", get(|| async { "alive" }))
        .route("/large", get(|| async { "x".repeat(32 << 20) }))
        .route(
            "/held",
            get(move || {
                let held = Arc::clone(&held);
                async move {
                    let permit = held.acquire().await.expect("nobody closes it");
                    permit.forget();
                    "answered"
                }
            }),
        )
        .route("/token", get(|arrival: Arrival| async move { arrival.csrf.unwrap_or_default() }));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let guarded = Arc::clone(&web).guard(router);
    tokio::spawn(serve(listener, guarded, connections, std::future::pending()));
    Server { address, lines, web, gate }
}

async fn panics() -> &'static str {
    panic!("Ada Lovelace")
}

impl Server {
    /// Sends one request and returns the whole answer.
    async fn ask(&self, line: &str, headers: &[(&str, &str)], body: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        let mut text = format!("{line} HTTP/1.1\r\nhost: app.example\r\nconnection: close\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        stream.write_all(text.as_bytes()).await.expect("a connection");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer
    }

    fn logged(&self) -> String {
        String::from_utf8(self.lines.0.lock().expect("nobody panicked").clone()).expect("UTF-8")
    }
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const COOKIE: (&str, &str) = ("cookie", "theme=x; __Host-session=abc");
const BROWSER: (&str, &str) = ("accept", "text/html,*/*;q=0.8");

/// CF-18: each of the headers, on answers of every kind.
#[tokio::test]
async fn security_headers_are_on_every_answer() {
    let server = run(|_| {}).await;
    for line in ["GET /patients/1", "GET /missing", "GET /panics", "DELETE /json"] {
        let answer = server.ask(line, &[], "").await.to_lowercase();
        for header in [
            "content-security-policy: default-src 'none';",
            "frame-ancestors 'none'",
            "x-frame-options: deny",
            "x-content-type-options: nosniff",
            "referrer-policy: strict-origin-when-cross-origin",
            "permissions-policy: accelerometer=()",
            "strict-transport-security: max-age=63072000; includesubdomains; preload",
            "cross-origin-opener-policy: same-origin",
            "cross-origin-resource-policy: same-origin",
            "cache-control: no-store",
            "x-request-id: ",
        ] {
            assert!(answer.contains(header), "{line}: {header}\n{answer}");
        }
        assert!(
            !answer.contains("unsafe-inline") && !answer.contains("http://") && !answer.contains("https://")
        );
    }
}

#[tokio::test]
async fn a_problem_is_a_page_for_a_browser_and_json_for_a_program() {
    let server = run(|_| {}).await;
    let page = server.ask("GET /missing", &[BROWSER], "").await;
    assert!(page.starts_with("HTTP/1.1 404") && page.contains("<h1>Page not found</h1>"), "{page}");
    let json = server.ask("GET /missing", &[], "").await;
    assert!(json.contains("application/problem+json") && json.contains(r#""code":"not-found""#), "{json}");
    let refused = server.ask("POST /json", &[("content-type", "application/json")], "{broken").await;
    assert!(refused.starts_with("HTTP/1.1 400") && refused.contains(r#""code":"malformed""#), "{refused}");
    assert!(!refused.contains("column"), "the framework's own words leak: {refused}");
    let away = server.ask("GET /closed?name=Ada", &[BROWSER], "").await;
    assert!(away.contains("location: /sign-in?to=%2Fclosed\r\n"), "{away}");
    assert!(server.ask("GET /closed", &[], "").await.starts_with("HTTP/1.1 401"));
}

#[tokio::test]
async fn a_form_needs_the_token_of_its_own_session() {
    let server = run(|_| {}).await;
    let csrf = &server.web.csrf;
    let (own, other) = (csrf.token("abc").expect("randomness"), csrf.token("xyz").expect("randomness"));
    let with = |token: &str| format!("name=Ada&csrf={token}");
    let passes = async |headers: &[(&str, &str)], body: &str| {
        server.ask("POST /patients/1", headers, body).await.starts_with("HTTP/1.1 200")
    };
    assert!(passes(&[COOKIE, FORM], &with(&own)).await);
    assert!(!passes(&[COOKIE, FORM], &with(&other)).await);
    assert!(!passes(&[COOKIE, FORM], "name=Ada").await);
    assert!(passes(&[COOKIE, ("x-csrf-token", &own)], "").await);
    assert!(!passes(&[COOKIE, ("x-csrf-token", &other), FORM], &with(&own)).await);
    assert!(!passes(&[COOKIE, ("authorization", "Bearer x")], "").await);
    assert!(passes(&[("authorization", "Bearer x")], "").await);
    let elsewhere = ("sec-fetch-site", "cross-site");
    assert!(!passes(&[COOKIE, FORM, elsewhere], &with(&own)).await);
    assert!(!passes(&[FORM, ("origin", "https://evil.example")], "").await);
    assert!(passes(&[FORM, ("origin", "https://app.example")], "").await);
    let given = server.ask("GET /token", &[COOKIE], "").await;
    let given = given.rsplit("\r\n\r\n").next().expect("a body");
    assert!(csrf.is_valid(given, "abc"), "{given}");
}

#[tokio::test]
async fn bodies_time_and_rate_are_bounded() {
    let server = run(|web| {
        let rate = Rate { burst: 6, per_second: 1 };
        web.rate = RateLimit::new(RateLimits { address: rate, session: rate });
    })
    .await;
    let large = "x".repeat(1001);
    assert!(
        server
            .ask("POST /json", &[("content-type", "application/json")], &large)
            .await
            .starts_with("HTTP/1.1 413")
    );
    let chunked = format!(
        "POST /json HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n{large}\r\n0\r\n\r\n"
    );
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(chunked.as_bytes()).await.expect("a connection");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(server.ask("GET /hangs", &[], "").await.starts_with("HTTP/1.1 503"));
    for _ in 0..3 {
        assert!(server.ask("GET /patients/1", &[], "").await.starts_with("HTTP/1.1 200"));
    }
    let refused = server.ask("GET /patients/1", &[], "").await;
    assert!(refused.starts_with("HTTP/1.1 429") && refused.contains("retry-after: 1"), "{refused}");
}

/// Invariant 10: no path parameter, query, body or message reaches the log.
#[tokio::test]
async fn the_log_holds_the_route_and_never_what_was_in_it() {
    let server = run(|_| {}).await;
    server.ask("GET /patients/lovelace?q=secret", &[BROWSER], "").await;
    server.ask("GET /elsewhere/lovelace?q=secret", &[("referer", "https://a/secret")], "").await;
    server.ask("GET /panics", &[], "").await;
    let broken = server.ask("GET /broken", &[], "").await;
    assert!(!broken.contains("constraint") && broken.contains("Something broke."), "{broken}");
    let logged = server.logged();
    for word in ["lovelace", "Lovelace", "secret", "127.0.0.1"] {
        assert!(!logged.contains(word), "{word}: {logged}");
    }
    for part in [
        r#""route":"/patients/{id}","status":200"#,
        r#""route":"none","status":404"#,
        r#""route":"/panics","status":500"#,
        r#""cause":"constraint","at":"#,
    ] {
        assert!(logged.contains(part), "{part}: {logged}");
    }
}

#[tokio::test]
async fn the_gateway_s_last_word_on_the_address_is_taken_and_no_other() {
    let server = run(|web| {
        web.trust = Trust::Gateway;
        let rate = Rate { burst: 1, per_second: 1 };
        web.rate = RateLimit::new(RateLimits { address: rate, session: rate });
    })
    .await;
    let from = async |value| server.ask("GET /patients/1", &[("x-forwarded-for", value)], "").await;
    assert!(from("198.51.100.7, 192.0.2.1").await.starts_with("HTTP/1.1 200"));
    assert!(from("198.51.100.8, 192.0.2.1").await.starts_with("HTTP/1.1 429"));
    assert!(from("192.0.2.2").await.starts_with("HTTP/1.1 200"));
}

impl Server {
    /// Somebody who has sent so much, and sends no more for now.
    async fn slow(&self, sent: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        stream.write_all(sent.as_bytes()).await.expect("a connection");
        stream
    }
}

/// Beyond what is worked on at once, a caller hears at once when to come again, and what was let in is done. Whether the
/// app lives can be asked all the same.
#[tokio::test]
async fn too_many_at_once_are_told_when_to_come_again() {
    let change =
        |web: &mut Web| web.limits = Limits { at_once: 1, time: Duration::from_secs(600), ..web.limits };
    let server = Arc::new(run(change).await);
    let asking = Arc::clone(&server);
    let held = tokio::spawn(async move { asking.ask("GET /held", &[], "").await });
    // It is worked on as soon as somebody else finds no turn.
    let refused = loop {
        let answer = server.ask("GET /patients/1", &[], "").await;
        if !answer.starts_with("HTTP/1.1 200") {
            break answer;
        }
    };
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("retry-after: 2"), "{refused}");
    assert!(refused.contains("application/problem+json") && server.logged().contains("\"cause\":\"load\""));
    assert!(server.ask("GET /healthz", &[], "").await.starts_with("HTTP/1.1 200"));
    server.gate.add_permits(1);
    let answer = held.await.expect("it is answered");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("answered"), "{answer}");
    assert!(server.ask("GET /patients/1", &[], "").await.starts_with("HTTP/1.1 200"), "it has recovered");
}

/// A body that is still under way holds no turn.
#[tokio::test]
async fn who_sends_slowly_holds_up_nobody() {
    let change =
        |web: &mut Web| web.limits = Limits { at_once: 1, time: Duration::from_secs(600), ..web.limits };
    let server = run(change).await;
    let head =
        "POST /json HTTP/1.1\r\nhost: app.example\r\nconnection: close\r\ncontent-type: application/json\r\n";
    let mut slow = server.slow(&format!("{head}content-length: 7\r\n\r\n[1, ")).await;
    for _ in 0..3 {
        assert!(server.ask("GET /patients/1", &[], "").await.starts_with("HTTP/1.1 200"));
    }
    slow.write_all(b"22]").await.expect("it is read still");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("[1,22]"), "{answer}");
}

/// When all connections are taken by callers who only stand there (a head that does not end, a body that does not end, an
/// answer that is not read), one more is served all the same: whoever has stood longest goes.
#[tokio::test]
async fn slow_callers_cannot_keep_others_out() {
    let connections = Connections { most: 3, ..Connections::default() };
    let server = run_with(connections, |web| web.limits.time = Duration::from_secs(600)).await;
    let body = "POST /json HTTP/1.1\r\nhost: app.example\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n[";
    let slow =
        ["GET /patients/1 HTTP/1.1\r\nhost: ", body, "GET /large HTTP/1.1\r\nhost: app.example\r\n\r\n"];
    for round in 0..3 {
        let mut standing = Vec::new();
        for sent in slow.iter().chain(&slow) {
            standing.push(server.slow(sent).await);
            let answer = server.ask("GET /patients/1", &[], "").await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{round}: {answer}");
        }
        let mut rest = Vec::new();
        let ended = standing[0].read_to_end(&mut rest).await;
        assert!(ended.is_err() || rest.is_empty(), "the first of them had to go");
    }
}
