//! Bytes that no client sends.

use std::io::{Read, Write};
use std::time::Duration;

use serde_json::json;

use crate::check::{Check, Group::Edge, Needs};
use crate::clock;
use crate::outcome::{Outcome, Sight};
use crate::trial::Trial;
use crate::trouble::Result;
use crate::wire::{Reply, Wire};

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "malformed-json",
        &["HG-4"],
        "Malformed JSON is refused, and breaks nothing",
        Edge,
        Needs::Address,
        malformed_json,
    ),
    Check::new(
        "malformed-utf-8",
        &["HG-4"],
        "Bytes that are no text are refused, and break nothing",
        Edge,
        Needs::Address,
        malformed_utf_8,
    ),
    Check::new(
        "deep-json",
        &["HG-4"],
        "JSON a hundred thousand levels deep breaks nothing",
        Edge,
        Needs::Address,
        deep_json,
    ),
    Check::new(
        "path-traversal",
        &["HG-4", "HC-8"],
        "No path leads out to the machine's files",
        Edge,
        Needs::Address,
        path_traversal,
    ),
    Check::new(
        "hostile-paths",
        &["HG-4"],
        "Hostile paths and queries are refused, and break nothing",
        Edge,
        Needs::Address,
        hostile_paths,
    ),
    Check::new(
        "oversize-headers",
        &["HG-4"],
        "Headers without end are refused",
        Edge,
        Needs::Address,
        oversize_headers,
    ),
    Check::new(
        "smuggled-request",
        &["HG-4"],
        "A request cannot hide within another",
        Edge,
        Needs::Address,
        smuggled_request,
    ),
    Check::new(
        "ambiguous-length",
        &["HG-4"],
        "A body of two lengths is refused",
        Edge,
        Needs::Address,
        ambiguous_length,
    ),
    Check::new(
        "header-injection",
        &["HG-4"],
        "Nothing that is sent becomes a header of the answer",
        Edge,
        Needs::Address,
        header_injection,
    ),
    Check::new(
        "slow-heads",
        &["HG-4"],
        "Who dribbles its headers is cut off",
        Edge,
        Needs::Instance,
        slow_heads,
    ),
    Check::new(
        "slow-clients-block-nobody",
        &["HG-4"],
        "A hundred slow clients keep nobody waiting",
        Edge,
        Needs::Instance,
        slow_clients,
    ),
];

const OPEN: &str = "/identity/sign-in";

/// The status of a request that is sent as it is; 0 where the line is closed without a word.
fn status(wire: &Wire, bytes: &[u8]) -> Result<u16> {
    Ok(Reply::parse(&wire.raw(bytes)?).map_or(0, |reply| reply.status))
}

fn refused(status: u16) -> bool {
    status == 0 || (400..500).contains(&status)
}

fn malformed_json(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("sent JSON that is cut, doubled, of wrong kinds and of numbers without end");
    let wire = trial.wire();
    let long = "9".repeat(400);
    let bodies = [
        "",
        "{",
        "}",
        "[]",
        "null",
        "true",
        "\"x\"",
        "{\"email\":}",
        "{\"email\":\"a\",}",
        "{'email':'a'}",
        "NaN",
        "{\"a\":1e999999}",
        "{\"email\":\"a\",\"email\":\"b\",\"password\":\"x\"}",
        "\u{feff}{}",
        "{}{}",
        "{\"email\":null,\"password\":null}",
    ];
    for body in bodies.into_iter().chain([long.as_str()]) {
        let reply = wire.elsewhere().post(OPEN).body("application/json", body).send()?;
        sight.expect(refused(reply.status), || {
            format!("{:?} is answered {}", body.get(..20).unwrap_or(body), reply.status)
        });
    }
    sight.end("4xx, never 5xx")
}

fn malformed_utf_8(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("sent bytes that are no UTF-8 in bodies, forms and paths");
    let wire = trial.wire();
    let bad = b"{\"email\":\"\xff\xfe\xc0\xaf\",\"password\":\"\xed\xa0\x80\"}".to_vec();
    let json = wire.post(OPEN).body("application/json", bad).send()?;
    sight.expect(refused(json.status), || format!("in JSON it is answered {}", json.status));
    let form = b"email=%ff%fe&password=\xff".to_vec();
    let form = wire.post("/sign-in").body("application/x-www-form-urlencoded", form).send()?;
    sight.expect(form.status < 500, || format!("in a form it is answered {}", form.status));
    for path in ["/%ff%fe", "/welcome/%c0%af", "/sign-in?to=%ff"] {
        let reply = wire.get(path).send()?;
        sight.expect(reply.status < 500, || format!("{path} is answered {}", reply.status));
    }
    let raw = status(&wire, b"GET /\xff\xfe HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")?;
    sight.expect(raw < 500, || format!("a raw path is answered {raw}"));
    sight.end("no 5xx")
}

fn deep_json(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("sent arrays and objects within each other, a hundred thousand levels deep");
    let wire = trial.wire();
    for body in ["[".repeat(100_000), "{\"a\":".repeat(100_000)] {
        let reply = wire.post(OPEN).body("application/json", body).send()?;
        sight.expect(refused(reply.status), || format!("it is answered {}", reply.status));
    }
    let alive = wire.get("/healthz").send()?;
    sight.expect(alive.status == 200, || "the app is gone".to_owned());
    sight.end("refused, and the app goes on")
}

fn path_traversal(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("asked for the machine's files by every spelling of `..`");
    let wire = trial.wire();
    for up in ["..", "%2e%2e", "..%2f", "%2e%2e%2f", "..\\", "..%5c", "....//", "%252e%252e", "..;"] {
        for prefix in ["/", "/assets/", "/welcome/"] {
            let path = format!("{prefix}{}/etc/passwd", [up; 6].join("/"));
            let reply = wire.get(path.as_str()).send()?;
            let leaked = reply.text().contains("root:");
            sight.expect(!leaked && !reply.is_success(), || format!("{path} is answered {}", reply.status));
        }
    }
    sight.end("nothing there")
}

fn hostile_paths(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("sent paths and queries of every unpleasant kind");
    let wire = trial.wire();
    let long = format!("/{}", "a".repeat(8_000));
    let many = format!("/sign-in?{}", "a=1&".repeat(2_000));
    let paths = [
        "//",
        "/%00",
        "/sign-in%00.html",
        "/;/",
        "/?",
        "/#",
        "/%",
        "/%zz",
        "/*",
        "/sign-in?to=%00%0d%0a",
        "/sign-in?page=-1&page=1",
        "/account/people/' OR 1=1 --",
        "/welcome/<script>",
        "http://evil.example/",
        "/\u{202e}",
    ];
    for path in paths.into_iter().chain([long.as_str(), many.as_str()]) {
        let encoded = path.replace(' ', "%20");
        let found = status(&wire, &wire.get(encoded).bytes())?;
        let told: String = path.chars().take(30).collect();
        sight.expect(found < 500, || format!("{told:?} is answered {found}"));
    }
    sight.end("no 5xx")
}

fn oversize_headers(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("sent a header of a megabyte, ten thousand headers, and a line without end");
    let wire = trial.wire();
    let one = format!("GET / HTTP/1.1\r\nhost: x\r\nx-a: {}\r\n\r\n", "a".repeat(1 << 20));
    let many = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "x-a: b\r\n".repeat(10_000));
    let endless = format!("GET /{}", "a".repeat(1 << 20));
    for (name, bytes) in [("one header", one), ("many headers", many), ("an endless line", endless)] {
        let found = status(&wire, bytes.as_bytes())?;
        sight.expect(refused(found), || format!("{name}: {found}"));
    }
    let alive = wire.get("/healthz").send()?;
    sight.expect(alive.status == 200, || "the app is gone".to_owned());
    sight.end("refused, or cut off")
}

/// How many answers come for bytes that hold one request, and within it what could be taken for a second.
fn answers(wire: &Wire, bytes: &[u8]) -> Result<usize> {
    let mut stream = wire.connect()?;
    let _cut = stream.write_all(bytes);
    let _cut = stream.flush();
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    let began = clock::instant();
    while began.elapsed() < Duration::from_secs(3) {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(read) => all.extend_from_slice(&buffer[..read]),
        }
    }
    Ok(String::from_utf8_lossy(&all).matches("HTTP/1.1 ").count())
}

fn smuggled_request(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("hid a second request behind two ways of saying where the first one ends");
    let wire = trial.wire();
    let hidden = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let heads = [
        (
            "a length and chunks",
            format!("content-length: {}\r\ntransfer-encoding: chunked\r\n", hidden.len() + 5),
        ),
        ("chunks under a mangled name", "transfer-encoding : chunked\r\n".to_owned()),
        ("chunks twice", "transfer-encoding: chunked, identity\r\n".to_owned()),
        ("chunks with a tab", "transfer-encoding:\tchunked\r\ncontent-length: 5\r\n".to_owned()),
    ];
    for (name, head) in heads {
        let bytes = format!(
            "POST {OPEN} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\n{head}\r\n0\r\n\r\n{hidden}"
        );
        let count = answers(&wire, bytes.as_bytes())?;
        sight.expect(count <= 1, || format!("{name}: {count} answers to one request"));
    }
    sight.end("one answer, or none")
}

fn ambiguous_length(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("sent two lengths, and lengths that are no number");
    let wire = trial.wire();
    let body = json!({ "email": "a@b.example", "password": "x" }).to_string();
    let lengths = [
        format!("content-length: {}\r\ncontent-length: 5\r\n", body.len()),
        format!("content-length: +{}\r\n", body.len()),
        "content-length: -1\r\n".to_owned(),
        "content-length: 0x10\r\n".to_owned(),
        format!("content-length: {}, 5\r\n", body.len()),
    ];
    for length in lengths {
        let bytes = format!(
            "POST {OPEN} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\n{length}\r\n{body}"
        );
        let found = status(&wire, bytes.as_bytes())?;
        sight.expect(found == 0 || found == 400, || format!("{:?} is answered {found}", length.trim()));
    }
    sight.end("400")
}

fn header_injection(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("sent line ends where they could become headers of the answer");
    let wire = trial.wire();
    for path in [
        "/%0d%0ax-injected:%20yes",
        "/sign-in?to=/%0d%0ax-injected:%20yes",
        "/welcome/a%0d%0ax-injected:%20yes",
    ] {
        let reply = wire.get(path).page().send()?;
        sight.expect(reply.header("x-injected").is_none(), || format!("{path} makes a header"));
    }
    sight.end("no such header")
}

fn slow_heads(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("sent the head of a request one line a second");
    let wire = trial.wire();
    let mut stream = wire.connect()?;
    let mut cut_after = None;
    let began = clock::instant();
    let _begun = stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n");
    for number in 0..20 {
        clock::pass(Duration::from_secs(1));
        let sent = stream.write_all(format!("x-{number}: a\r\n").as_bytes()).and_then(|()| stream.flush());
        if sent.is_err() {
            cut_after = Some(began.elapsed().as_secs());
            break;
        }
    }
    sight.expect(cut_after.is_some(), || "after 20 s the line is still open".to_owned());
    sight.end_saying(format!("cut off after {} s", cut_after.unwrap_or_default()), "cut off within 20 s")
}

fn slow_clients(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("held a hundred connections open with half a request, and asked beside them");
    let wire = trial.wire();
    let mut held = Vec::new();
    for _ in 0..100 {
        let mut stream = wire.connect()?;
        let _begun =
            stream.write_all(b"POST /identity/sign-in HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{");
        held.push(stream);
    }
    let began = clock::instant();
    for _ in 0..5 {
        let reply = wire.get("/sign-in").send()?;
        sight.expect(reply.status == 200, || format!("the page is answered {}", reply.status));
    }
    let took = began.elapsed();
    sight.expect(took < Duration::from_secs(10), || format!("five pages took {} s", took.as_secs()));
    drop(held);
    sight.end_saying(format!("five pages in {} ms", took.as_millis()), "answers as if nobody else were there")
}
