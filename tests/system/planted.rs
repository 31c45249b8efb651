//! What is sealed is nowhere in the clear: not in a file, not in what the app says, not after a crash.
//!
//! Values are planted through the app's own API and then sought in every form that a file could hold them in. That the
//! search finds what is there is shown beside it, with the same values in an unsealed file, in an unsealed table
//! and in the memory of a process that crashes with core files on.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use safeguards::sql;
use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions, Connection};

use crate::project::Project;
use crate::serving::{Database, Place, crash, with_cores};

const COUNT: usize = 200;

/// A made-up name: words that stand nowhere else, with letters beyond ASCII and a blank.
fn planted(number: usize) -> String {
    let word = |seed: usize| -> String {
        // SplitMix64, so that the words differ in every letter.
        let mut state = (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (0..7).map(|at| char::from(b'a' + ((state >> (at * 8)) % 26) as u8)).collect()
    };
    format!("Ü{} {}é", word(2 * number + 1), word(2 * number + 2))
}

fn all_planted() -> Vec<String> {
    (0..COUNT).map(planted).collect()
}

/// Every form in which a value could stand in a file.
fn forms(value: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = value.as_bytes();
    let hex = |upper: bool| -> String {
        bytes.iter().map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") }).collect()
    };
    let url = |blank: &str, upper: bool| -> String {
        let escaped = |byte: &u8| match byte {
            b' ' => blank.to_owned(),
            byte if byte.is_ascii_alphanumeric() => char::from(*byte).to_string(),
            byte if upper => format!("%{byte:02X}"),
            byte => format!("%{byte:02x}"),
        };
        bytes.iter().map(escaped).collect()
    };
    let mut forms = vec![
        ("raw", bytes.to_vec()),
        ("hex", hex(false).into_bytes()),
        ("hex", hex(true).into_bytes()),
        ("URL encoding", url("%20", true).into_bytes()),
        ("URL encoding", url("%20", false).into_bytes()),
        ("URL encoding", url("+", true).into_bytes()),
        ("URL encoding", url("+", false).into_bytes()),
        ("UTF-16LE", value.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("UTF-16BE", value.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ("JSON escapes", escaped_json(value).into_bytes()),
    ];
    for before in 0..3 {
        // In the middle of something longer a value starts at any of three places of a group of four letters.
        let shifted = [vec![0; before], bytes.to_vec()].concat();
        for engine in [&STANDARD, &URL_SAFE] {
            let text = engine.encode(&shifted);
            let whole = shifted.len() / 3 * 4;
            forms.push(("base64", text.as_bytes()[(before * 8).div_ceil(6)..whole].to_vec()));
        }
    }
    forms
}

fn escaped_json(value: &str) -> String {
    let units = value.chars().map(|letter| match letter.is_ascii() {
        true => letter.to_string(),
        false => format!("\\u{:04x}", u32::from(letter)),
    });
    units.collect()
}

/// Seeks the planted values in files.
struct Search {
    automaton: AhoCorasick,
    names: Vec<String>,
}

impl Search {
    fn new() -> Self {
        let (mut patterns, mut names) = (Vec::new(), Vec::new());
        for (number, value) in all_planted().iter().enumerate() {
            for (form, bytes) in forms(value) {
                patterns.push(bytes);
                names.push(format!("value {number} in {form}"));
            }
        }
        let automaton = AhoCorasick::new(patterns).expect("the patterns fit into memory");
        Self { automaton, names }
    }

    fn of_bytes(&self, place: &Path, bytes: &[u8]) -> Vec<String> {
        let hits = self.automaton.find_iter(bytes);
        hits.map(|hit| format!("{}: {}", place.display(), self.names[hit.pattern().as_usize()])).collect()
    }

    /// What is found in a folder, and how many files there are.
    fn of_folder(&self, folder: &Path) -> (Vec<String>, usize) {
        let files = files(folder);
        let hits = files.iter().flat_map(|file| {
            // A file that the database server removed meanwhile holds nothing.
            fs::read(file).map(|bytes| self.of_bytes(file, &bytes)).unwrap_or_default()
        });
        (hits.collect(), files.len())
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries.map_while(Result::ok) {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(&entry.path())),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found
}

fn core_files(folder: &Path) -> Vec<PathBuf> {
    let is_core = |file: &PathBuf| {
        file.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("core"))
    };
    files(folder).into_iter().filter(is_core).collect()
}

/// Plants the values as an owner does who registers patients, reads them back as a nurse, and crashes the app.
fn plant_and_crash(place: &Place) {
    let serving = place.serve();
    let [owner, nurse] = ["owner", "nurse"].map(|role| serving.sign_in(place.login(role, 0)));
    for name in all_planted() {
        let made = owner.post("/api/patients", &json!({ "name": name, "date_of_birth": "1951-02-03" }));
        assert_eq!(made.status, 201, "{made:?}");
        let id = made.json()["id"].as_str().expect("a record has an id").to_owned();
        let read = nurse.get(&format!("/api/patients/{id}"));
        assert!(read.status == 200 && read.body.contains(&name), "{read:?}");
    }
    // What goes wrong is told without what was sent, too.
    let wrong = owner.post("/api/patients", &json!({ "name": planted(0), "date_of_birth": planted(1) }));
    assert_eq!(wrong.status, 422, "{wrong:?}");
    let searched = nurse.get(&format!("/patients/{}", planted(2).replace(' ', "%20")));
    assert!(searched.status >= 400, "{searched:?}");
    serving.crash();
}

fn home_blood_pressure() -> PathBuf {
    Project::of_prompt("home-bp").build()
}

/// CF-5, CF-6: on SQLite, in database file, log-ahead file, temporary files, logs and output; no core file.
#[test]
fn nothing_sealed_is_in_the_clear_beside_sqlite() {
    let place = Place::new(&home_blood_pressure(), Database::Sqlite);
    plant_and_crash(&place);
    let (hits, searched) = Search::new().of_folder(place.folder());
    assert_eq!(hits, Vec::<String>::new());
    let database = fs::metadata(place.folder().join("data/app.db")).expect("there is a database").len();
    let ahead = fs::metadata(place.folder().join("data/app.db-wal")).map_or(0, |file| file.len());
    assert!(database + ahead > 200_000 && searched > 5, "{database} and {ahead} bytes in {searched} files");
    assert_eq!(core_files(place.folder()), Vec::<PathBuf>::new());
}

/// CF-5, CF-6: on PostgreSQL, in the server's files as well, though the server itself encrypts nothing.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_sealed_is_in_the_clear_beside_postgresql() {
    let place = Place::new(&home_blood_pressure(), Database::postgres().await);
    let search = Search::new();
    plant_and_crash(&place);
    let (hits, _) = search.of_folder(place.folder());
    assert_eq!(hits, Vec::<String>::new());
    assert_eq!(core_files(place.folder()), Vec::<PathBuf>::new());

    let Database::Postgres(database) = &place.database else { unreachable!("it was made on PostgreSQL") };
    let server = server_files(database).await;
    let (hits, searched) = search.of_folder(&server.records);
    assert_eq!(hits, Vec::<String>::new());
    assert!(searched > 100, "{searched} files");
    for folder in [&server.ahead, &server.temporary] {
        assert_eq!(search.of_folder(folder).0, Vec::<String>::new());
    }
    let log = safeguards::testing::postgres_log();
    assert_eq!(search.of_bytes(Path::new("the server's log"), log.as_bytes()), Vec::<String>::new());

    // The search looks where the records are: unsealed, they are found there.
    sql("CREATE TABLE unsealed (words text)").execute(&database.owner).await.expect("the owner may");
    for value in all_planted() {
        let written = sql("INSERT INTO unsealed (words) VALUES ($1)").bind(value);
        written.execute(&database.owner).await.expect("the owner may");
    }
    let server = server_files(database).await;
    let (in_records, in_ahead) = (search.of_folder(&server.records).0, search.of_folder(&server.ahead).0);
    assert!(in_records.len() >= COUNT, "{}", in_records.len());
    // A value may lie across two pages of the log of changes, where it is not found in one piece.
    assert!(in_ahead.len() >= COUNT - COUNT / 20, "{}", in_ahead.len());
}

/// Where the test server keeps one database.
struct ServerFiles {
    records: PathBuf,
    ahead: PathBuf,
    temporary: PathBuf,
}

/// Has the server write what it holds in memory, and says where.
async fn server_files(database: &safeguards::testing::TestDatabase) -> ServerFiles {
    let administrator = safeguards::testing::postgres_administrator();
    let options = safeguards::store::PostgresOptions::new(administrator.clone());
    let store = safeguards::Store::open_postgres(options).await.expect("the server takes connections");
    sql("CHECKPOINT").execute(&store).await.expect("the superuser may");
    store.close().await;
    let number = sql("SELECT oid::bigint AS n FROM pg_database WHERE datname = current_database()");
    let number =
        number.fetch_one(&database.owner).await.and_then(|row| row.integer("n")).expect("it has a number");
    let (_, folder) = administrator.reveal().split_once("?host=").expect("the server listens on a socket");
    let data = Path::new(folder).join("data");
    ServerFiles {
        records: data.join("base").join(number.to_string()),
        ahead: data.join("pg_wal"),
        temporary: data.join("base/pgsql_tmp"),
    }
}

/// The control: the same values, unsealed, in an SQLite file and in the memory of a process that crashes, are found.
#[test]
fn what_is_not_sealed_is_found() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let this = std::env::current_exe().expect("this program has a path");
    let mut child = with_cores(&this)
        .args(["planted::unsealed_control", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .current_dir(folder.path())
        .env("CONTROL", "yes")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("this program can be started");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("written")), "the control ended early");
    crash(&mut child);
    let search = Search::new();
    for file in ["plain.db", "plain.db-wal"] {
        let bytes = fs::read(folder.path().join(file)).unwrap_or_default();
        let hits = search.of_bytes(Path::new(file), &bytes);
        assert!(file == "plain.db" || hits.len() >= COUNT, "{} hits in {file}", hits.len());
    }
    let cores = core_files(folder.path());
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap_or_default();
    assert_eq!(
        cores.len(),
        1,
        "a crash leaves its core file elsewhere on this machine, so that nobody can see whether an app leaves none: \
         `sysctl kernel.core_pattern=core` (it is {})",
        pattern.trim()
    );
    let bytes = fs::read(&cores[0]).expect("the core file can be read");
    assert!(search.of_bytes(&cores[0], &bytes).len() >= COUNT);
    // Each form is found, not only the raw one.
    for (form, bytes) in forms(&planted(7)) {
        let hits = search.of_bytes(Path::new(form), &[b"<<".as_slice(), &bytes, b">>"].concat());
        assert_eq!(hits.len(), 1, "{form}: {hits:?}");
    }
}

/// Not a test of its own: the unsealed process that the control starts.
#[tokio::test]
#[ignore = "the process that the control starts"]
async fn unsealed_control() {
    if std::env::var_os("CONTROL").is_none() {
        return;
    }
    let values = all_planted();
    let options = SqliteConnectOptions::new()
        .filename("plain.db")
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .log_statements("off".parse().expect("a level"));
    let mut connection = options.connect().await.expect("a file can be made");
    sqlx::query("CREATE TABLE patients (name TEXT)")
        .execute(&mut connection)
        .await
        .expect("a table can be made");
    for value in &values {
        let insert = sqlx::query("INSERT INTO patients (name) VALUES (?1)").bind(value);
        insert.execute(&mut connection).await.expect("a row can be written");
    }
    connection.ping().await.expect("the file is open");
    announce();
    // Whoever started this ends it; until then it holds the values.
    let _ = std::io::stdin().lines().next();
    drop((values, connection));
}

#[expect(clippy::print_stdout, reason = "the process that waits reads it")]
fn announce() {
    println!("\nwritten");
}
