//! What an archive keeps: every row in three forms, sealed, signed, and evident when altered.

mod forged;

use std::io::{Cursor, Read};
use std::process::Command;

use aws_lc_rs::signature::Ed25519KeyPair;
use exporter::{
    Archive, ArchiveError, ArchiveWriter, Cell, Column, ColumnKind, Form, Passphrase, Seal, Signature,
    StreamTarget, Subject, Table, verify,
};
use proptest::prelude::*;

const NAME: &str = "Zzyzx Testperson";

fn subject() -> Subject {
    Subject {
        app: "Home BP".into(),
        version: "1.2.3".into(),
        environment: "018f0000-0000-7000-8000-000000000001".into(),
        organisation: None,
        exported_at: "2026-11-23T11:18:03Z".into(),
    }
}

fn patients() -> Table {
    let column = |name: &str, kind, nullable| Column { name: name.into(), kind, nullable };
    Table {
        name: "patients".into(),
        columns: vec![
            column("id", ColumnKind::Uuid, false),
            column("name", ColumnKind::Text, false),
            column("weight", ColumnKind::Decimal, true),
            column("active", ColumnKind::Boolean, false),
            column("photo", ColumnKind::Bytes, true),
            column("extra", ColumnKind::Json, true),
        ],
    }
}

fn key(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("32 bytes are a seed")
}

fn archive(seal: Seal, names: &[String]) -> Vec<u8> {
    let table = patients();
    let mut archive = ArchiveWriter::new(Vec::new(), seal, subject());
    for form in Form::ALL {
        let mut part = archive.table(&table, form).expect("the table begins");
        for name in names {
            let id = Cell::Text("018f0000-0000-7000-8000-000000000000".into());
            let extra = Cell::Json(serde_json::json!({ "said": "it's \\ fine" }));
            let name = Cell::Text(name.clone());
            let row = [id, name, Cell::Null, Cell::Boolean(true), Cell::Bytes(vec![0, 255]), extra];
            part.row(&row).expect("the row fits");
        }
        assert_eq!(part.end().expect("the table ends"), names.len() as u64);
    }
    signed(archive)
}

fn signed(archive: ArchiveWriter<StreamTarget<Vec<u8>>>) -> Vec<u8> {
    let unsigned = archive.end().expect("it lacks a signature only");
    let signature = Signature::sign(&key(1), unsigned.digest());
    unsigned.finish(&signature).expect("the archive ends")
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.into())
}

fn sealed() -> Vec<u8> {
    archive(Seal::Passphrase(passphrase("correct horse")), &[NAME.into()])
}

#[test]
fn hc_12_an_archive_verifies_offline_counts_its_rows_and_names_its_key() {
    for (bytes, secret) in
        [(archive(Seal::Open, &[NAME.into()]), None), (sealed(), Some(passphrase("correct horse")))]
    {
        let verified = verify(Cursor::new(bytes), secret, None).expect("an untouched archive verifies");
        // Schema, three forms, a script for each database, and the readme.
        assert_eq!((verified.files, verified.tables, verified.rows), (7, 1, 1));
        assert_eq!(verified.subject, subject());
        assert_eq!(verified.signed_by.len(), 64);
    }
}

#[test]
fn hc_8_a_sealed_archive_shows_nothing_and_opens_with_its_passphrase_only() {
    let bytes = sealed();
    assert!(!bytes.windows(NAME.len()).any(|window| window == NAME.as_bytes()));
    for wrong in [None, Some(passphrase("wrong"))] {
        assert!(matches!(Archive::open(Cursor::new(&bytes), wrong).err(), Some(ArchiveError::Passphrase)));
    }
}

fn text(archive: &mut Archive<Cursor<Vec<u8>>>, path: &str) -> String {
    let mut text = String::new();
    archive.file(path).expect("the file is there").read_to_string(&mut text).expect("it is text");
    text
}

#[test]
fn hc_12_every_row_stands_in_json_and_in_sql_for_both_databases() {
    let mut archive =
        Archive::open(Cursor::new(archive(Seal::Open, &["O'Hara".into()])), None).expect("it opens");
    assert!(text(&mut archive, "data/patients.ndjson").contains(r#""name":"O'Hara","weight":null"#));
    for database in ["postgres", "sqlite"] {
        let sql = text(&mut archive, &format!("sql/{database}/patients.sql"));
        assert!(sql.contains("CREATE TABLE \"patients\"") && sql.contains("'O''Hara', NULL"), "{sql}");
    }
    let table = archive.manifest().tables[0].clone();
    let rows: Vec<_> =
        archive.rows(&table).expect("the table is there").collect::<Result<_, _>>().expect("rows");
    assert_eq!(rows[0]["photo"], "00ff");
}

/// The schema describes what stands beside it: each property of each row, and no other.
#[test]
fn hc_12_the_schema_names_every_value_of_every_row() {
    let mut archive =
        Archive::open(Cursor::new(archive(Seal::Open, &[NAME.into()])), None).expect("it opens");
    let schema: serde_json::Value =
        serde_json::from_str(&text(&mut archive, "data/patients.schema.json")).expect("it is JSON");
    let row: serde_json::Value =
        serde_json::from_str(text(&mut archive, "data/patients.ndjson").trim()).expect("it is JSON");
    let names = |value: &serde_json::Value| {
        value.as_object().expect("an object").keys().cloned().collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(names(&row), names(&schema["properties"]));
    assert_eq!(schema["properties"]["weight"]["type"], serde_json::json!(["string", "null"]));
    assert_eq!(schema["properties"]["id"]["format"], "uuid");
}

/// A person who is no engineer finds what each folder is, and a warning.
#[test]
fn hc_12_the_readme_says_what_is_in_the_archive() {
    let mut archive =
        Archive::open(Cursor::new(archive(Seal::Open, &[NAME.into()])), None).expect("it opens");
    let readme = text(&mut archive, "README.txt");
    for part in ["Home BP", "data/", "sql/", "HEALTH RECORDS", "patients  1", "healthcoder export restore"] {
        assert!(readme.contains(part), "{part} in {readme}");
    }
    assert!(!readme.contains("agreements/"), "it names no folder that is not there");
    assert!(readme.lines().all(|line| line.chars().count() <= 80), "{readme}");
}

/// `sqlite3` itself loads the archive, by the script that the readme names.
#[test]
fn hc_12_sqlite3_loads_what_the_readme_says() {
    let names = ["O'Hara \\ \"x\"\nsecond line".to_owned(), NAME.to_owned()];
    let mut archive = Archive::open(Cursor::new(archive(Seal::Open, &names)), None).expect("it opens");
    let folder = tempfile::tempdir().expect("a folder");
    let limits = exporter::Limits { files: 10, bytes: 1_000_000 };
    archive.unpack("sql/sqlite/", folder.path(), limits).expect("it unpacks");
    let run = |words: &[&str]| {
        let output = Command::new("sqlite3").args(words).current_dir(&folder).output();
        let output = output.expect("these tests need sqlite3 (Debian: apt-get install sqlite3)");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("it prints text")
    };
    run(&["records.db", ".read all.sql"]);
    let told = run(&["records.db", "SELECT count(*), hex(min(photo)), min(name) FROM patients"]);
    assert_eq!(told, "2|00FF|O'Hara \\ \"x\"\nsecond line\n");
}

#[test]
fn a_path_cannot_leave_the_archive() {
    let mut archive = ArchiveWriter::new(Vec::new(), Seal::Open, subject());
    let wrong = [
        "../x",
        "/etc/passwd",
        "a//b",
        "a\\b",
        "c:x",
        "a/../b",
        "",
        "manifest.json",
        "signature.json",
        "a'b",
    ];
    for path in wrong {
        assert!(matches!(archive.file(path).err(), Some(ArchiveError::Path { .. })), "{path}");
    }
}

#[test]
fn a_row_that_does_not_fit_is_refused() {
    let table = patients();
    let mut archive = ArchiveWriter::new(Vec::new(), Seal::Open, subject());
    let mut part = archive.table(&table, Form::Json).expect("the table begins");
    assert!(matches!(part.row(&[Cell::Null]), Err(ArchiveError::Row { found: 1, expected: 6, .. })));
}

/// What would fill a disk is refused before its first byte is written.
#[test]
fn unpacking_stops_at_its_limits() {
    let mut archive =
        Archive::open(Cursor::new(archive(Seal::Open, &[NAME.into()])), None).expect("it opens");
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().join("out");
    for limits in [exporter::Limits { files: 1, bytes: 1_000_000 }, exporter::Limits { files: 10, bytes: 10 }]
    {
        assert!(matches!(archive.unpack("sql/", &to, limits), Err(ArchiveError::TooLarge { .. })));
        assert!(!to.exists());
    }
}

/// HC-12: cut off at any byte, an archive is refused.
#[test]
fn hc_12_an_archive_cut_off_anywhere_is_refused() {
    for (whole, secret) in
        [(archive(Seal::Open, &[NAME.into()]), None), (sealed(), Some(passphrase("correct horse")))]
    {
        for length in 0..whole.len() {
            let cut = Cursor::new(&whole[..length]);
            assert!(verify(cut, secret.clone(), None).is_err(), "cut at {length} of {}", whole.len());
        }
    }
}

/// An archive of many gigabytes passes through little memory, both ways, and needs zip64.
#[test]
fn hc_12_an_archive_of_more_than_four_gigabytes_passes_through_flat_memory() {
    const CHUNK: usize = 1 << 20;
    const CHUNKS: u64 = 4_200;
    let chunk = "0000000000 a line of a very long table 0000000000\n".repeat(CHUNK / 50);
    let mut archive = ArchiveWriter::new(Vec::new(), Seal::Open, subject());
    let before = most_memory();
    let mut part = archive.file("files/long.txt").expect("it begins");
    for _ in 0..CHUNKS {
        part.push(chunk.as_bytes()).expect("it takes more");
    }
    part.end();
    let bytes = signed(archive);
    let packed = bytes.len() as u64;
    let verified = verify(Cursor::new(bytes), None, None).expect("it verifies");
    assert!(verified.bytes > u64::from(u32::MAX), "it is beyond what a plain zip can say");
    // The packed archive itself lies in memory here, twice while its vector grows.
    let grown = most_memory() - before;
    assert!(grown < 64 * 1024 * 1024 + 3 * packed, "memory grew by {grown} bytes");
}

/// The most memory this process ever held, in bytes.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("it tells the peak");
    line.split_whitespace().nth(1).and_then(|number| number.parse::<u64>().ok()).expect("a number") * 1024
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// HC-12: whatever byte is flipped, verification finds it, or the flip changed nothing that is read
    /// (a zip says some things that nobody asks for, such as the system it was made on).
    #[test]
    fn a_flipped_byte_never_passes_as_other_content(position in any::<prop::sample::Index>(), bit in 0u8..8) {
        let names: Vec<String> = (0..20).map(|n| format!("{NAME} {n}")).collect();
        let original = archive(Seal::Open, &names);
        let mut altered = original.clone();
        let at = position.index(altered.len());
        altered[at] ^= 1 << bit;
        if verify(Cursor::new(&altered), None, None).is_ok() {
            prop_assert_eq!(forged::entries(&altered), forged::entries(&original));
        }
    }

    /// Bytes from anywhere are refused and never panic.
    #[test]
    fn any_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(verify(Cursor::new(bytes), None, None).is_err());
    }
}
