//! What comes in is bounded, and errors tell nothing.

use std::time::Duration;

use serde_json::json;

use crate::check::{Check, Group::Edge, Needs};
use crate::clock;
use crate::instance::{Place, Storage, Under};
use crate::outcome::{Outcome, Sight};
use crate::trial::Trial;
use crate::trouble::Result;
use crate::wire::{Reply, Wire};

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "unknown-methods",
        &["HG-4"],
        "Methods that nobody offers do nothing",
        Edge,
        Needs::Address,
        unknown_methods,
    ),
    Check::new(
        "method-override",
        &["HG-4"],
        "No header turns one method into another",
        Edge,
        Needs::Address,
        method_override,
    ),
    Check::new(
        "body-limit",
        &["HG-4"],
        "A body that is announced too large is refused",
        Edge,
        Needs::Address,
        body_limit,
    ),
    Check::new(
        "body-limit-unannounced",
        &["HG-4"],
        "A body that grows too large is refused",
        Edge,
        Needs::Address,
        body_limit_unannounced,
    ),
    Check::new(
        "content-types",
        &["HG-4"],
        "Only the format that a route reads is read",
        Edge,
        Needs::Address,
        content_types,
    ),
    Check::new(
        "error-shape",
        &["HG-4"],
        "Every refusal is a problem document that says its status",
        Edge,
        Needs::Address,
        error_shape,
    ),
    Check::new(
        "error-silent",
        &["CL-1", "HG-4"],
        "No error tells of queries, paths, code or versions",
        Edge,
        Needs::Address,
        error_silent,
    ),
    Check::new(
        "error-no-echo",
        &["CL-1"],
        "No error repeats what was sent",
        Edge,
        Needs::Address,
        error_no_echo,
    ),
    Check::new(
        "source-not-served",
        &["CL-6"],
        "Neither source nor data nor keys are served",
        Edge,
        Needs::Address,
        source_not_served,
    ),
    Check::new(
        "health-silent",
        &["HG-4"],
        "The health routes say that, and nothing else",
        Edge,
        Needs::Address,
        health_silent,
    ),
    Check::new(
        "host-not-trusted",
        &["HG-4"],
        "A forged host name leads nobody elsewhere",
        Edge,
        Needs::Address,
        host_not_trusted,
    ),
    Check::new(
        "redirects-stay-here",
        &["HG-4"],
        "Signing in sends nobody to another site",
        Edge,
        Needs::Address,
        redirects_stay_here,
    ),
    Check::new(
        "rate-limit",
        &["HG-4"],
        "Who asks too often is told when to come again",
        Edge,
        Needs::Instance,
        rate_limit,
    ),
    Check::new(
        "forwarded-not-trusted",
        &["CF-15", "HG-4"],
        "A caller's word on its own address is not taken",
        Edge,
        Needs::Instance,
        forwarded_not_trusted,
    ),
];

fn unknown_methods(trial: &Trial) -> Result<Outcome> {
    let wire = trial.wire();
    let mut sight = Sight::new("sent TRACE, CONNECT, PROPFIND, BREW and others");
    for method in ["TRACE", "CONNECT", "PROPFIND", "BREW", "DEBUG", "TRACK", "get"] {
        for path in ["/", "/sign-in", "/identity/sign-in"] {
            let bytes = wire.raw(&wire.request(method, path).header("x-canary", "kwzqtrace").bytes())?;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let status = Reply::parse(&bytes).map_or(0, |reply| reply.status);
            sight.expect(!(200..300).contains(&status), || format!("{method} {path} answers {status}"));
            sight.expect(!text.contains("kwzqtrace"), || format!("{method} {path} sends the request back"));
        }
    }
    sight.end("a refusal that repeats nothing")
}

fn method_override(trial: &Trial) -> Result<Outcome> {
    let person = trial.somebody()?;
    let mut sight = Sight::new("asked for one's session by GET, with headers that say DELETE and POST");
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        for method in ["DELETE", "POST"] {
            let path = if method == "DELETE" { "/identity/devices" } else { "/identity/sign-out" };
            let asked = person.request("GET", path)?.header(name, method).send()?;
            sight.expect(asked.status != 204, || format!("{name}: {method} on {path} answers 204"));
        }
    }
    let still = person.get("/identity/session")?;
    sight.expect(still.status == 200, || "the session has ended by it".to_owned());
    sight.end("a GET that stays one")
}

/// A route that reads JSON from anybody.
const OPEN: &str = "/identity/sign-in";

fn body_limit(trial: &Trial) -> Result<Outcome> {
    let wire = trial.wire();
    let mut sight = Sight::new("announced bodies of 2 MB, 1 GB and more than a number holds");
    for length in ["2097152", "1073741824", "18446744073709551615", "99999999999999999999999"] {
        let request =
            wire.post(OPEN).header("content-type", "application/json").header("content-length", length);
        let reply = Reply::parse(&wire.raw(&request.bytes())?);
        let status = reply.map_or(400, |reply| reply.status);
        sight.expect([400, 413, 431].contains(&status), || format!("{length} bytes are answered {status}"));
    }
    sight.end("413 before the body is read")
}

fn body_limit_unannounced(trial: &Trial) -> Result<Outcome> {
    let wire = trial.wire();
    let mut sight = Sight::new("sent a body of 3 MB in pieces, without saying how long it is");
    let mut bytes = wire
        .post(OPEN)
        .header("content-type", "application/json")
        .header("transfer-encoding", "chunked")
        .bytes();
    let piece = vec![b' '; 64 << 10];
    for _ in 0..48 {
        bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        bytes.extend_from_slice(&piece);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    let status = Reply::parse(&wire.raw(&bytes)?).map_or(413, |reply| reply.status);
    sight.expect(status == 413, || format!("it is answered {status}"));
    sight.end("413")
}

fn content_types(trial: &Trial) -> Result<Outcome> {
    let wire = trial.wire();
    let body = json!({ "email": "nobody@example.org", "password": "x" }).to_string();
    let mut sight = Sight::new("sent JSON under other names to a route that reads JSON");
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", ""]
    {
        let reply = wire.post(OPEN).body(kind, body.clone()).send()?;
        sight.expect([400, 415].contains(&reply.status), || format!("{kind:?} is answered {}", reply.status));
    }
    sight.end("415: a page of another site can send text/plain, but no JSON")
}

/// Requests that are refused, each for another reason.
fn refusals(trial: &Trial) -> Result<Vec<(String, Reply)>> {
    let wire = trial.wire();
    let mut refused = Vec::new();
    let mut keep = |name: &str, reply: Reply| refused.push((name.to_owned(), reply));
    keep("not there", wire.get("/api/kwzqnowhere").send()?);
    keep("a wrong method", wire.request("DELETE", OPEN).send()?);
    keep("half a JSON", wire.post(OPEN).body("application/json", "{\"email\":").send()?);
    keep("a wrong type", wire.post(OPEN).json(&json!({ "email": 7, "password": ["kwzq"] })).send()?);
    keep(
        "an unknown field",
        wire.post(OPEN).json(&json!({ "email": "a@b.example", "password": "x", "kwzq": 1 })).send()?,
    );
    keep("a wrong format", wire.post(OPEN).body("text/kwzq", "kwzqbody").send()?);
    keep("nobody signed in", wire.get("/identity/session").send()?);
    keep("a token that is none", wire.get("/identity/session").bearer("kwzq").send()?);
    keep(
        "a link that is none",
        wire.post("/identity/welcome").json(&json!({ "token": "kwzq", "password": "x" })).send()?,
    );
    if let Ok(person) = trial.somebody() {
        keep("an id that is none", person.get("/identity/people/kwzq%27--")?);
        for resource in trial.resources().unwrap_or_default() {
            keep("a record's id that is none", person.get(format!("/api/{}/kwzq%27", resource.path))?);
            keep("a filter that is none", person.get(format!("/api/{}?kwzq=1%27", resource.path))?);
            keep("a page that is none", person.get(format!("/api/{}?page=kwzq", resource.path))?);
            keep("an order that is none", person.get(format!("/api/{}?sort=kwzq;--", resource.path))?);
            if resource.creatable(trial.api()?) {
                let body = json!({ "kwzq": "'; DROP TABLE patients; --" });
                keep("a body that is none", person.post(format!("/api/{}", resource.path), &body)?);
            }
        }
    }
    refused.retain(|(_, reply)| !reply.is_success());
    Ok(refused)
}

fn error_shape(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("provoked refusals of every kind");
    for (name, reply) in refusals(trial)? {
        let body = reply.json();
        let kind = reply.header("content-type").unwrap_or_default();
        let says = body["status"] == json!(reply.status) && body["title"].is_string();
        sight.expect(kind.starts_with("application/problem+json") && says, || {
            format!("{name}: {} as {kind}", reply.status)
        });
        sight.expect(reply.status < 500, || format!("{name} is answered {}", reply.status));
    }
    sight.end("`application/problem+json` with its status (RFC 9457), and no 5xx")
}

fn error_silent(trial: &Trial) -> Result<Outcome> {
    const TELLING: [&str; 22] = [
        "select ",
        "insert into",
        "sqlite",
        "postgres",
        "sqlx",
        "pg_",
        "syntax error",
        "constraint",
        ".rs:",
        "src/",
        "/home/",
        "/root/",
        "/tmp/",
        "panicked",
        "backtrace",
        "stack",
        "unwrap",
        "axum",
        "hyper",
        "tokio",
        "serde",
        "line 1",
    ];
    let mut sight =
        Sight::new("read the bodies of refusals of every kind for what only a developer should see");
    for (name, reply) in refusals(trial)? {
        let text = reply.text().to_lowercase();
        let found = TELLING.iter().find(|word| text.contains(*word));
        sight.expect(found.is_none(), || format!("{name} tells {found:?}"));
    }
    sight.end("no query, path, type or version in any of them")
}

fn error_no_echo(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("sent a word that stands nowhere else in paths, queries, bodies and headers");
    for (name, reply) in refusals(trial)? {
        let text = reply.text();
        // A field that is not known is told by its name, so that a typing error can be found; never a value.
        let told_name = text.contains("\"pointer\":\"/kwzq\"");
        let count = text.matches("kwzq").count();
        sight.expect(count == usize::from(told_name), || format!("{name} repeats it"));
    }
    sight.end("no value comes back")
}

fn source_not_served(trial: &Trial) -> Result<Outcome> {
    const PATHS: [&str; 18] = [
        "/.env",
        "/.git/config",
        "/app.yaml",
        "/app.lock",
        "/Cargo.toml",
        "/src/main.rs",
        "/data/app.db",
        "/data/keys/root.key",
        "/keys/root.key",
        "/migrations/sqlite/0001_patients.sql",
        "/openapi.json",
        "/metrics",
        "/debug",
        "/admin",
        "/server-status",
        "/swagger",
        "/graphql",
        "/backup.zip",
    ];
    let wire = trial.wire();
    let mut sight = Sight::new("asked for source, data, keys and for what other software leaves open");
    for path in PATHS {
        let reply = wire.get(path).send()?;
        sight.expect(matches!(reply.status, 401 | 403 | 404), || {
            format!("{path} is answered {}", reply.status)
        });
    }
    sight.end("nothing there")
}

fn health_silent(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("read what the health routes say");
    for path in ["/healthz", "/readyz"] {
        let reply = trial.wire().get(path).send()?;
        let text = reply.text();
        sight.expect(reply.status == 200 && text.len() < 20 && !text.contains(char::is_numeric), || {
            format!("{path}: {} {text:?}", reply.status)
        });
    }
    sight.end("a word: no version, no host, no count")
}

fn host_not_trusted(trial: &Trial) -> Result<Outcome> {
    let wire = trial.wire();
    let mut sight = Sight::new("asked under a forged host name");
    for path in ["/", "/sign-in", "/account"] {
        let forged =
            wire.get(path).page().header("host", "evil.example").header("x-forwarded-host", "evil.example");
        let bytes = wire.raw(&forged.bytes())?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        sight.expect(!text.contains("evil.example"), || format!("{path} names the forged host"));
    }
    sight.end("the forged name stands nowhere in the answer")
}

fn redirects_stay_here(trial: &Trial) -> Result<Outcome> {
    let wire = trial.wire();
    let mut sight = Sight::new("asked to be sent elsewhere after signing in");
    for to in [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/%09/evil.example",
        "javascript:alert(1)",
    ] {
        let page = wire.get(format!("/sign-in?to={to}")).page().send()?;
        let (text, leads) = (page.text(), page.header("location").unwrap_or_default());
        sight.expect(
            !text.contains("evil.example") && !text.contains("javascript:") && !leads.contains("evil"),
            || format!("{to} stands in the page"),
        );
    }
    sight.end("only a path of this app is kept")
}

/// An instance beside the one that is verified, which only answers.
pub(super) fn beside(trial: &Trial) -> Result<Place> {
    Place::new(&trial.stand()?.place.program, Storage::Sqlite)
}

/// Asks `count` times from one address; says the statuses.
fn burst(wire: &Wire, count: usize, forwarded: bool) -> Result<Vec<Reply>> {
    let mut replies = Vec::new();
    for number in 0..count {
        let mut request = wire.get("/sign-in");
        if forwarded {
            let address = format!("203.0.113.{}", number % 250);
            request = request.header("x-forwarded-for", &address).header("x-real-ip", address.clone());
            request = request.header("forwarded", format!("for={address}"));
        }
        replies.push(request.send()?);
    }
    Ok(replies)
}

fn limited(trial: &Trial, forwarded: bool) -> Result<Vec<Reply>> {
    let place = beside(trial)?;
    let mut command = place.command(&["serve"], Under::Cores);
    command.env("RATE_PER_ADDRESS", "5").env("RATE_PER_SESSION", "5");
    let serving = place.serve_as(command)?;
    burst(&serving.wire(), 60, forwarded)
}

fn rate_limit(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("sent 60 requests at once to an instance that allows 5 a second");
    let replies = limited(trial, false)?;
    let refused: Vec<&Reply> = replies.iter().filter(|reply| reply.status == 429).collect();
    sight.expect(refused.len() > 20, || format!("{} of 60 were refused", refused.len()));
    let says_when = |reply: &&Reply| {
        reply.header("retry-after").and_then(|after| after.parse::<u32>().ok()).is_some_and(|after| after > 0)
    };
    sight.expect(refused.iter().all(says_when), || "no `retry-after`".to_owned());
    sight.end("429 with `retry-after` for most of them")
}

fn forwarded_not_trusted(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("sent the same, each request claiming another address in its headers");
    let refused = limited(trial, true)?.iter().filter(|reply| reply.status == 429).count();
    sight.expect(refused > 20, || format!("{refused} of 60 were refused"));
    sight.end("the claims change nothing: 429 for most of them")
}

/// How long the patient wait between two looks at something that has to happen by itself.
pub(super) const PAUSE: Duration = Duration::from_millis(200);

/// Waits until something holds, for so many pauses at most.
pub(super) fn wait(most: u32, holds: impl Fn() -> Result<bool>) -> Result<bool> {
    for _ in 0..most {
        if holds()? {
            return Ok(true);
        }
        clock::pass(PAUSE);
    }
    holds()
}
