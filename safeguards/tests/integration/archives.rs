//! HC-11, HC-12: everything is taken home, and comes back: by the app's own binary, on both databases.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use exporter::{Archive, ArchiveError, Limits, Passphrase, Verified};
use safeguards::audit::verify_in;
use safeguards::testing::{self, TestDatabase};
use serde_json::Value;
use tempfile::TempDir;

use crate::app::{PHONE, app, finish, start};

/// A file of an archive, as text.
pub(crate) fn read(archive: &mut Archive<File>, path: &str) -> String {
    let mut text = String::new();
    archive.file(path).unwrap().read_to_string(&mut text).unwrap();
    text
}

pub(crate) fn opened(path: &Path) -> Archive<File> {
    Archive::open(File::open(path).unwrap(), None).unwrap()
}

/// An app's folder, with a database of either kind.
pub(crate) struct Home {
    pub(crate) folder: TempDir,
    pub(crate) database: Option<TestDatabase>,
}

impl Home {
    /// One of each kind, empty.
    pub(crate) async fn both() -> [Self; 2] {
        [Self::sqlite(), Self::postgres().await]
    }

    pub(crate) fn sqlite() -> Self {
        Self { folder: TempDir::new().unwrap(), database: None }
    }

    async fn postgres() -> Self {
        Self { folder: TempDir::new().unwrap(), database: Some(testing::blank_postgres().await) }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = app(self.folder.path(), arguments, &[]);
        if let Some(database) = &self.database {
            let addresses = database.addresses.as_ref().unwrap();
            command.env("DATABASE_URL", addresses.app.reveal());
            command.env("DATABASE_OWNER_URL", addresses.owner.reveal());
        }
        command
    }

    fn try_run(&self, arguments: &str) -> (bool, String) {
        finish(self.command(arguments))
    }

    pub(crate) fn run(&self, arguments: &str) -> String {
        let (done, said) = self.try_run(arguments);
        assert!(done, "{arguments}: {said}");
        said
    }

    pub(crate) fn seeded(self) -> Self {
        self.run("migrate");
        self.run("seed");
        self
    }

    /// Everything, open, without the source.
    pub(crate) fn export(&self, name: &str) -> PathBuf {
        let to = self.path(name);
        self.run(&format!("export --open --without-project --to {}", to.display()));
        to
    }
}

/// CF-6, DSN 7: the archive holds everything, opened, and nothing that only the machine needs; on both databases.
#[tokio::test(flavor = "multi_thread")]
async fn an_archive_holds_everything_and_no_secret() {
    for home in Home::both().await {
        let home = home.seeded();
        let mut archive = opened(&home.export("all.zip"));
        let Verified { tables, signed_by, .. } = archive.verify(None).expect("it is as it was written");
        assert_eq!(tables, 30);
        let names: Vec<_> = archive.manifest().tables.iter().map(|entry| entry.table.name.clone()).collect();
        let all = [
            "ai_applications",
            "ai_attestations",
            "ai_invocations",
            "audit_retention",
            "compliance_entries",
            "compliance_officers",
            "compliance_reviews",
            "conversation_reads",
            "document_acceptances",
            "emergency_accesses",
            "emergency_notices",
            "episode_tasks",
            "erasures",
            "file_chunks",
            "incidents",
            "limit_tiers",
            "limit_usage",
            "memberships",
            "notes",
            "open_page_addresses",
            "organisations",
            "outbox_messages",
            "patients",
            "people",
            "places",
            "rights_requests",
            "rule_episodes",
            "sent_packets",
            "trainings",
            "visits",
        ];
        assert_eq!(names, all);
        let patients = read(&mut archive, "data/patients.ndjson");
        assert!(patients.contains(&format!("{PHONE}1")) && patients.contains(&format!("{PHONE}2")));
        assert!(
            read(&mut archive, "data/incidents.ndjson").contains("A lost phone"),
            "the library's own is opened"
        );
        let emergencies = read(&mut archive, "data/emergency_accesses.ndjson");
        assert!(
            emergencies.contains("The pager fails") && !emergencies.contains("token"),
            "CF-3: {emergencies}"
        );
        assert!(patients.contains("72.5") && !patients.contains("phone_index"), "{patients}");
        let people = read(&mut archive, "data/people.ndjson");
        assert!(people.contains("owner1@clinic.example") && !people.contains("password"), "{people}");
        let events = read(&mut archive, "audit/events.ndjson");
        assert_eq!(events.lines().filter(|line| line.contains("\"action\":\"export\"")).count(), 2);
        // The log verifies without us, by what lies in the archive, the archive's own event included; and the
        // archive is signed by the key that signs the log.
        let report = verify_in(&mut archive).unwrap();
        assert!(report.is_green() && report.unwitnessed == 0 && report.events > 2, "{report}");
        assert_eq!(read(&mut archive, "audit/public-key").trim(), signed_by);

        // An archive is never written over another.
        let again = format!("export --open --without-project --to {}", home.path("all.zip").display());
        let (again, said) = home.try_run(&again);
        assert!(!again && said.contains("all.zip"), "{said}");
    }
}

/// Beside an app that runs, an archive is one moment: its log and its rows agree, and it is signed all the same.
#[tokio::test(flavor = "multi_thread")]
async fn an_archive_is_made_beside_an_app_that_runs() {
    for home in Home::both().await {
        let home = home.seeded();
        let running = start(home.command("serve"));
        assert!(running.get("/notes").ends_with("\r\n1"));
        let mut archive = opened(&home.export("all.zip"));
        archive.verify(None).expect("it is signed and whole");
        assert!(verify_in(&mut archive).unwrap().is_green());
        assert_eq!(running.terminate().code(), Some(0));
    }
}

/// One organisation's archive tells nothing of another's, and sealed it opens by its passphrase only.
#[test]
fn an_archive_of_one_organisation_holds_no_others() {
    let home = Home::sqlite().seeded();
    let mut archive = opened(&home.export("all.zip"));
    let organisations = read(&mut archive, "data/organisations.ndjson");
    let first: Value = serde_json::from_str(organisations.lines().next().unwrap()).unwrap();
    let first = first["id"].as_str().unwrap();

    // A passphrase of 256 bits is made for it, and told in a file of its own.
    let (secret, one) = (home.path("passphrase"), home.path("one.zip"));
    let flags = format!("--new-passphrase-file {} --organisation {first}", secret.display());
    home.run(&format!("export --without-project {flags} --to {}", one.display()));
    let passphrase = fs::read_to_string(&secret).unwrap().trim().to_owned();
    assert_eq!(passphrase.len(), 64 + 7);
    assert!(Archive::open(File::open(&one).unwrap(), None).is_err());
    let open = || Some(Passphrase::new(passphrase.clone()));
    let mut archive = Archive::open(File::open(&one).unwrap(), open()).unwrap();
    archive.verify(None).expect("it is as it was written");
    let mut whole = String::new();
    for file in archive.manifest().files.clone() {
        whole.push_str(&read(&mut archive, &file.path));
    }
    assert!(whole.contains(&format!("{PHONE}1")) && whole.contains("owner1@clinic.example"));
    let others = ["owner2@clinic.example", "Clinic 2", "made up"];
    for others in others.into_iter().chain([format!("{PHONE}2").as_str()]) {
        assert!(!whole.contains(others), "{others}");
    }
    let wrong = Some(Passphrase::new("wrong horse battery staple".into()));
    assert!(matches!(Archive::open(File::open(&one).unwrap(), wrong), Err(ArchiveError::Passphrase)));
    let (unsealed, said) =
        home.try_run(&format!("export --without-project --to {}", home.path("none.zip").display()));
    assert!(!unsealed && said.contains("--passphrase-file"), "{said}");
}

/// HC-11: the source and the agreements go along; keys, data and passwords beside them do not.
#[test]
fn the_source_and_the_agreements_go_along() {
    let home = Home::sqlite().seeded();
    let project = home.path("project");
    fs::create_dir_all(project.join("src")).unwrap();
    fs::create_dir_all(home.path("agreements")).unwrap();
    for (path, text) in [
        ("project/app.yaml", "app: Test clinic"),
        ("project/src/main.rs", "fn main() {}"),
        ("project/.env", "DATABASE_URL=secret"),
        ("agreements/baa-1.0.html", "signed"),
    ] {
        fs::write(home.path(path), text).unwrap();
    }
    let flags = format!("--project {} --agreements {}", project.display(), home.path("agreements").display());
    home.run(&format!("export --open {flags} --to {}", home.path("all.zip").display()));
    let mut archive = opened(&home.path("all.zip"));
    archive.verify(None).expect("it is as it was written");
    let files: Vec<_> = archive.manifest().files.iter().map(|file| file.path.clone()).collect();
    let of = |folder: &str| files.iter().filter(|path| path.starts_with(folder)).cloned().collect::<Vec<_>>();
    assert_eq!(of("project/"), ["project/app.yaml", "project/src/main.rs"]);
    assert_eq!(of("agreements/"), ["agreements/baa-1.0.html"]);
    assert!(read(&mut archive, "README.txt").contains("agreements/"));
    let (done, said) = home.try_run(&format!("export --open --to {}", home.path("b.zip").display()));
    assert!(!done && said.contains("--without-project"), "{said}");
}

/// An archive can be piped to whatever seals it, and nothing else is written to that pipe.
#[test]
fn an_archive_goes_through_a_pipe() {
    let home = Home::sqlite().seeded();
    let output =
        home.command("export --open --without-project --to -").stdout(Stdio::piped()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // The test harness around the app prints a line of its own first.
    let begin = output.stdout.windows(4).position(|bytes| bytes == b"PK\x03\x04").expect("it holds a zip");
    let archive = std::io::Cursor::new(output.stdout[begin..].to_vec());
    exporter::verify(archive, None, None).expect("it is as it was written");
}

/// HC-12: the SQL in the archive loads by the databases' own programs, all of it.
#[tokio::test(flavor = "multi_thread")]
async fn the_sql_loads_with_psql_and_with_sqlite3() {
    for home in Home::both().await {
        let home = home.seeded();
        let mut archive = opened(&home.export("all.zip"));
        let sql = home.path("sql");
        archive.unpack("sql/", &sql, Limits { files: 100, bytes: 10_000_000 }).unwrap();
        let blank = testing::blank_postgres().await;
        let address = blank.addresses.as_ref().unwrap().owner.reveal().to_owned();
        let run = |command: &mut Command| {
            let output = command.output().expect("psql and sqlite3 are installed");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        let psql = |words: &[&str]| {
            run(Command::new("psql")
                .args(["-q", "-A", "-t", "-d", &address])
                .args(words)
                .current_dir(sql.join("postgres")))
        };
        let sqlite = |words: &[&str]| {
            run(Command::new("sqlite3").arg("records.db").args(words).current_dir(sql.join("sqlite")))
        };
        psql(&["-f", "all.sql"]);
        sqlite(&[".read all.sql"]);
        for entry in &archive.manifest().tables.clone() {
            let count = format!("SELECT count(*) FROM {}", entry.table.name);
            assert_eq!(psql(&["-c", &count]), entry.rows.to_string(), "{}", entry.table.name);
            assert_eq!(sqlite(&[&count]), entry.rows.to_string(), "{}", entry.table.name);
        }
        let phones = "SELECT phone FROM patients ORDER BY phone";
        assert_eq!(psql(&["-c", phones]), sqlite(&[phones]));
        assert!(psql(&["-c", phones]).contains(PHONE));
    }
}

/// The rows of every table in an archive, by table and id, with what the two databases write differently made
/// equal: booleans and JSON documents.
fn rows(path: &Path) -> BTreeMap<String, Vec<String>> {
    let mut archive = opened(path);
    let mut all = BTreeMap::new();
    for entry in archive.manifest().tables.clone() {
        let rows = archive.rows(&entry).unwrap().map(|row| same(Value::Object(row.unwrap())));
        let mut lines: Vec<String> = rows.map(|row| row.to_string()).collect();
        lines.sort();
        all.insert(entry.table.name, lines);
    }
    all
}

fn same(value: Value) -> Value {
    match value {
        Value::Bool(yes) => Value::from(i64::from(yes)),
        Value::String(text) if text.starts_with('{') => same(serde_json::from_str(&text).unwrap()),
        // A document's keys have no order; here they get one.
        Value::Object(fields) => {
            let sorted: BTreeMap<_, _> =
                fields.into_iter().map(|(name, value)| (name, same(value))).collect();
            Value::Object(sorted.into_iter().collect())
        }
        Value::Array(values) => values.into_iter().map(same).collect(),
        other => other,
    }
}

/// HC-12: from either database into either, row by row the same, found by the same look-ups, and under a log
/// that goes on: nothing of it is lost, and it verifies against the witnesses of both homes.
#[tokio::test(flavor = "multi_thread")]
async fn an_archive_restores_into_either_database() {
    for source in Home::both().await {
        let source = source.seeded();
        let archive = source.export("all.zip");
        for target in Home::both().await {
            let said = target.run(&format!("restore --from {}", archive.display()));
            assert!(said.contains("restored") && said.contains("create-owner"), "{said}");
            let green = target.run("verify-audit");
            assert!(green.contains("0 findings"), "{green}");
            let back = target.export("back.zip");
            assert_eq!(rows(&back), rows(&archive));
            let events = |path: &Path| read(&mut opened(path), "audit/events.ndjson");
            let (before, after) = (events(&archive), events(&back));
            let after: std::collections::BTreeSet<&str> = after.lines().collect();
            assert!(before.lines().all(|line| after.contains(line)), "no event is lost or changed");
            assert!(after.iter().any(|line| line.contains("\"action\":\"restore\"")));
            let report = verify_in(&mut opened(&back)).unwrap();
            assert!(report.is_green() && report.heads > 1, "{report}");

            let running = start(target.command("serve"));
            assert!(running.get("/found").ends_with("\r\n2"), "each person is found by their phone");
            assert_eq!(running.terminate().code(), Some(0));
            // A second time it would mix with what is there.
            let (again, said) = target.try_run(&format!("restore --from {}", archive.display()));
            assert!(!again && said.contains("is not empty"), "{said}");
        }
    }
}

/// What was restored can be taken home and restored again, and the witness of each home is still there.
#[test]
fn a_log_moves_more_than_once() {
    let mut archive = Home::sqlite().seeded().export_and_keep();
    for _ in 0..2 {
        let next = Home::sqlite();
        next.run(&format!("restore --from {}", archive.1.display()));
        archive = next.export_and_keep();
    }
    let report = verify_in(&mut opened(&archive.1)).unwrap();
    assert!(report.is_green(), "{report}");
    // Without the first home's witness, the chain of witnesses is broken, and that is found.
    let home = archive.0;
    let witness = home.path("data/witness/before/before/witness.ndjson");
    fs::rename(&witness, home.path("elsewhere")).unwrap();
    let (green, said) = home.try_run("verify-audit");
    assert!(!green && said.contains("the log moved"), "{said}");
    // Put back but edited, it is found as well.
    let text = fs::read_to_string(home.path("elsewhere")).unwrap();
    fs::write(&witness, text.replace("head", "haed")).unwrap();
    let (green, said) = home.try_run("verify-audit");
    assert!(!green && said.contains("findings"), "{said}");
}

impl Home {
    fn export_and_keep(self) -> (Self, PathBuf) {
        let path = self.export("moved.zip");
        (self, path)
    }
}

/// HC-12: a restore that is killed half-way leaves nothing half-restored, and is simply begun again.
#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_is_killed_leaves_nothing_behind() {
    let source = Home::sqlite().seeded();
    let archive = source.export("all.zip");
    for target in Home::both().await {
        target.run("migrate");
        // The app tells of each table on standard error; a pipe that is full holds it there, within its
        // transaction, with the first tables written.
        let (_reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(&[b'.'; 65_536]).unwrap();
        let mut command = target.command(&format!("restore --from {}", archive.display()));
        let mut child = command.stderr(Stdio::from(writer)).spawn().unwrap();
        let begun = target.path("data/witness/before/witness.ndjson");
        while !(begun.exists() && is_held(child.id())) {
            assert!(child.try_wait().unwrap().is_none(), "it waits at its first word");
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();

        // It refuses whatever is not empty, so that it goes through shows that nothing was kept. On PostgreSQL
        // it is begun from a new folder, as after a loss of the first.
        let again = match target.database {
            Some(_) => Home { folder: TempDir::new().unwrap(), ..target },
            None => target,
        };
        again.run(&format!("restore --from {}", archive.display()));
        assert_eq!(rows(&again.export("back.zip")), rows(&archive));
        assert!(again.run("verify-audit").contains("0 findings"));
    }
}

/// Whether every thread of a process waits; asked twice, since a thread may just be between two waits.
fn is_held(process: u32) -> bool {
    let waits = || {
        let tasks = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
        let stats = tasks.map(|task| fs::read_to_string(task.path().join("stat")).unwrap_or_default());
        let states: Vec<_> =
            stats.map(|stat| stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next())).collect();
        !states.is_empty() && states.iter().all(|state| *state == Some('S'))
    };
    waits() && waits()
}

/// An archive of another app, or signed by another key, or of a log that was tampered with, changes nothing.
#[test]
fn what_does_not_fit_is_refused_before_anything_is_written() {
    let source = Home::sqlite().seeded();
    let archive = source.export("all.zip");
    let target = Home::sqlite();
    let other = "0".repeat(64);
    let (done, said) = target.try_run(&format!("restore --key {other} --from {}", archive.display()));
    assert!(!done && said.contains("signed by another key"), "{said}");
    let mut bytes = fs::read(&archive).unwrap();
    // Behind the name in its local header and what follows it there, in what the file says.
    let name = b"data/patients.ndjson";
    let header = bytes.windows(name.len()).position(|found| found == name).expect("the table is in it");
    bytes[header + name.len() + 64] ^= 1;
    fs::write(target.path("edited.zip"), bytes).unwrap();
    let (done, said) = target.try_run(&format!("restore --from {}", target.path("edited.zip").display()));
    assert!(!done && said.contains("archive"), "{said}");
    target.run(&format!("restore --from {}", archive.display()));
}

/// HC-12: memory stays flat however much there is.
#[test]
fn a_large_export_takes_little_memory() {
    let home = Home::sqlite();
    let mut seed = home.command("seed");
    seed.env("NOTES", "400000");
    let (seeded, said) = finish(seed);
    assert!(seeded, "{said}");
    let to = home.path("all.zip");
    let mut command = home.command(&format!("export --open --without-project --to {}", to.display()));
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        most = most.max(memory(child.id()));
        std::thread::yield_now();
    }
    let verified = opened(&to).verify(None).unwrap();
    assert!(verified.rows > 400_000 && verified.bytes > 500_000_000, "{verified:?}");
    assert!(most > 0 && most < 150_000_000, "it held {most} bytes");
}

/// The most memory that a process held so far, in bytes.
fn memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or_default() * 1024
}

/// CL-9: one organisation leaves, keys first; the others go on as if nothing had happened.
#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_is_destroyed_and_the_others_go_on() {
    for home in Home::both().await {
        let home = home.seeded();
        let before = home.export("before.zip");
        let first = read(&mut opened(&before), "data/organisations.ndjson");
        let first = first.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let first = first.into_iter().find(|row| row["name"] == "Clinic 1").unwrap();
        let id = first["id"].as_str().unwrap().to_owned();
        let said = home.run(&format!("destroy-organisation --organisation {id}"));
        assert!(said.contains("is destroyed"), "{said}");
        let after = home.export("after.zip");
        let mut archive = opened(&after);
        for (table, gone, stays) in [
            ("patients", format!("{PHONE}1"), format!("{PHONE}2")),
            ("people", "owner1@clinic.example".into(), "owner2@clinic.example".into()),
        ] {
            let rows = read(&mut archive, &format!("data/{table}.ndjson"));
            assert!(!rows.contains(&gone) && rows.contains(&stays), "{rows}");
        }
        let visits = |path: &Path| rows(path)["visits"].iter().filter(|row| row.contains(&id)).count();
        assert_eq!((visits(&before), visits(&after)), (2, 0));
        let organisations = read(&mut archive, "data/organisations.ndjson");
        assert!(organisations.contains("Clinic 1"), "that there was one is on record");
        assert!(home.run("verify-audit").contains("0 findings"));
        home.run(&format!("destroy-organisation --organisation {id}"));
    }
}
