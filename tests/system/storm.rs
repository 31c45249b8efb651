//! An app that is asked for more than it can do, and by callers who only pretend to ask.
//!
//! It does as much as it can and tells the rest when to come again. What it answered is done, once, and in the log; what it
//! refused was not begun; whoever was signed in still is; and when the storm is over it serves as before.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::client::{Client, Reply};
use crate::project::Project;
use crate::serving::{Database, Place, Serving};

/// How many requests are worked on at once in these tests.
const AT_ONCE: usize = 4;
/// Four times as many ask all the time.
const CALLERS: usize = 4 * AT_ONCE;
/// What each of them writes.
const READINGS: usize = 12;
/// How many connections there are at once in these tests.
const CONNECTIONS: usize = 24;

fn place(project: &Project, database: Database) -> Place {
    let limits = [("REQUESTS_AT_ONCE", AT_ONCE), ("CONNECTIONS_AT_ONCE", CONNECTIONS)];
    let limits = limits.map(|(name, number)| (name.to_owned(), number.to_string()));
    Place::with(&project.build(), database, limits.into())
}

/// A reading that no other is like.
fn reading(patient: &Value, number: usize) -> Value {
    let (high, low) = (number / 100, number % 100);
    json!({ "patient_id": patient, "systolic": 150 + low, "diastolic": 40 + high, "taken_at": "2026-03-13T14:05:00Z" })
}

/// Asks until there is an answer that is none of *come again*, and counts those.
fn insisting(client: &Client, path: &str, body: &Value, refused: &AtomicUsize) -> Reply {
    loop {
        let reply = client.post(path, body);
        if reply.status != 503 {
            return reply;
        }
        let again: Option<u32> = reply.header("retry-after").and_then(|seconds| seconds.parse().ok());
        assert!(again.is_some_and(|seconds| seconds > 0), "a 503 says when to come again: {reply:?}");
        refused.fetch_add(1, Ordering::Relaxed);
    }
}

/// All readings that somebody may list, by their two numbers.
fn listed(client: &Client) -> BTreeMap<(i64, i64), usize> {
    let mut found = BTreeMap::new();
    for page in 1.. {
        let reply = client.get(&format!("/api/readings?page={page}"));
        assert_eq!(reply.status, 200, "{reply:?}");
        let rows = reply.json();
        let rows = rows.as_array().expect("a list");
        for row in rows {
            let number = |name: &str| row[name].as_i64().unwrap_or_default();
            *found.entry((number("systolic"), number("diastolic"))).or_default() += 1;
        }
        if rows.is_empty() {
            break;
        }
    }
    found
}

/// Four times as many callers as are worked on at once, each with writes of their own, until some were refused; then the
/// reckoning.
fn withstands_a_storm(database: Database) {
    let project = Project::of_prompt("home-bp");
    let place = place(&project, database);
    let serving = place.serve();
    let clients: Vec<Client> = (0..4).map(|n| serving.sign_in(place.login("patient", n))).collect();
    let patients: Vec<Value> =
        clients.iter().map(|one| one.get("/api/patients").json()[0]["id"].clone()).collect();
    let before: usize = clients.iter().map(|one| listed(one).values().sum::<usize>()).sum();

    let (refused, written) = (AtomicUsize::new(0), AtomicUsize::new(0));
    // How much there must be for the app to be busy is the machine's affair, so it blows until it was felt.
    for round in 0.. {
        std::thread::scope(|scope| {
            for caller in 0..CALLERS {
                let (client, patient) = (&clients[caller % 4], &patients[caller % 4]);
                let (refused, written) = (&refused, &written);
                scope.spawn(move || {
                    for number in 0..READINGS {
                        let number = (round * CALLERS + caller) * READINGS + number;
                        let reply = insisting(client, "/api/readings", &reading(patient, number), refused);
                        assert_eq!(reply.status, 201, "{reply:?}");
                        written.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        if refused.load(Ordering::Relaxed) > 0 {
            break;
        }
        assert!(round < 20, "nobody was ever refused");
    }
    let (refused, written) = (refused.into_inner(), written.into_inner());
    eprintln!("{written} written, {refused} told to come again");

    // Everybody is signed in still, and is served at once.
    let after: Vec<_> = clients.iter().map(listed).collect();
    for number in 0..written {
        let mark = (150 + (number % 100) as i64, 40 + (number / 100) as i64);
        let times: usize = after.iter().filter_map(|found| found.get(&mark)).sum();
        assert!(times >= 1, "what was answered is there: {mark:?}");
    }
    let total: usize = after.iter().flat_map(BTreeMap::values).sum();
    assert_eq!(total, before + written, "each once, and nothing of what was refused");
    for client in &clients {
        assert_eq!(client.get("/identity/session").status, 200);
    }
    drop(serving);
    // It fails where there is a finding.
    place.run("verify-audit");
}

#[test]
fn more_than_it_can_do_on_sqlite() {
    withstands_a_storm(Database::Sqlite);
}

#[tokio::test]
async fn more_than_it_can_do_on_postgresql() {
    let database = Database::postgres().await;
    let storm = tokio::task::spawn_blocking(|| withstands_a_storm(database));
    storm.await.expect("it withstands");
}

/// What somebody sends who holds a connection and nothing else: a head that does not end, a body that does not end, and
/// questions whose answers nobody reads.
fn pretences() -> [String; 3] {
    let head = "POST /identity/sign-in HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let question = "GET /sign-in HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\n\r\n";
    [
        "GET /sign-in HTTP/1.1\r\nhost: ".to_owned(),
        format!("{head}content-length: 1000\r\n\r\n{{\"email\":"),
        question.repeat(400),
    ]
}

/// A caller who sends as much as the app takes without waiting for it.
fn pretender(serving: &Serving, sent: &str) -> TcpStream {
    let mut stream = TcpStream::connect(serving.address()).expect("the app listens");
    stream.set_nonblocking(true).expect("a socket can be told not to wait");
    // More than its buffers hold is as good as all.
    let _ = stream.write(sent.as_bytes());
    stream
}

/// Three times as many pretenders as there are connections, and more all the time: whoever asks in earnest is served.
#[test]
fn slow_callers_starve_nobody() {
    let project = Project::of_prompt("home-bp");
    let place = place(&project, Database::Sqlite);
    let serving = place.serve();
    let client = serving.sign_in(place.login("patient", 0));
    let patient = client.get("/api/patients").json()[0]["id"].clone();
    let mut standing = Vec::new();
    for number in 0..3 * CONNECTIONS {
        standing.push(pretender(&serving, &pretences()[number % 3]));
    }
    let refused = AtomicUsize::new(0);
    for number in 0..30 {
        standing.extend(pretences().iter().map(|sent| pretender(&serving, sent)));
        let reply = insisting(&client, "/api/readings", &reading(&patient, number), &refused);
        assert_eq!(reply.status, 201, "{reply:?}");
    }
    drop(standing);
    assert_eq!(client.get("/api/readings").status, 200);
    drop(serving);
    place.run("verify-audit");
}
