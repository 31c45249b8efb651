//! What an archive keeps: every row in three forms, sealed, and evident when altered.

use std::io::{Cursor, Read};

use exporter::{
    Archive, ArchiveError, ArchiveWriter, Cell, Column, ColumnKind, Form, Passphrase, Seal, Table, verify,
};
use proptest::prelude::*;

const NAME: &str = "Zzyzx Testperson";

fn patients() -> Table {
    let column = |name: &str, kind, nullable| Column { name: name.into(), kind, nullable };
    Table {
        name: "patients".into(),
        columns: vec![
            column("id", ColumnKind::Uuid, false),
            column("name", ColumnKind::Text, false),
            column("weight", ColumnKind::Decimal, true),
        ],
    }
}

fn archive(seal: Seal, names: &[String]) -> Vec<u8> {
    let table = patients();
    let mut archive = ArchiveWriter::new(Cursor::new(Vec::new()), seal, "Home BP", "2026-11-23T11:18:03Z");
    for form in Form::ALL {
        let mut part = archive.table(&table, form).expect("the table begins");
        for name in names {
            let id = "018f0000-0000-7000-8000-000000000000";
            part.row(&[Cell::Text(id.into()), Cell::Text(name.clone()), Cell::Null]).expect("the row fits");
        }
        assert_eq!(part.end().expect("the table ends"), names.len() as u64);
    }
    archive.finish().expect("the archive ends").into_inner()
}

fn sealed() -> Vec<u8> {
    archive(Seal::Passphrase(Passphrase::new("correct horse".into())), &[NAME.into()])
}

#[test]
fn hc_12_an_archive_verifies_offline_and_counts_its_rows() {
    let verified = verify(Cursor::new(sealed()), Some(Passphrase::new("correct horse".into())))
        .expect("an untouched archive verifies");
    assert_eq!((verified.files, verified.tables, verified.rows), (3, 1, 1));
}

#[test]
fn hc_8_a_sealed_archive_shows_nothing_and_opens_with_its_passphrase_only() {
    let bytes = sealed();
    assert!(!bytes.windows(NAME.len()).any(|window| window == NAME.as_bytes()));
    for wrong in [None, Some(Passphrase::new("wrong".into()))] {
        assert!(matches!(Archive::open(Cursor::new(&bytes), wrong).err(), Some(ArchiveError::Passphrase)));
    }
}

#[test]
fn hc_12_every_row_stands_in_json_and_in_sql_for_both_databases() {
    let bytes = archive(Seal::Open, &["O'Hara".into()]);
    let mut archive = Archive::open(Cursor::new(bytes), None).expect("it opens");
    let mut text = |path: &str| {
        let mut text = String::new();
        archive.file(path).expect("the file is there").read_to_string(&mut text).expect("it is text");
        text
    };
    assert!(text("data/patients.ndjson").contains(r#""name":"O'Hara","weight":null}"#));
    for database in ["postgres", "sqlite"] {
        let sql = text(&format!("sql/{database}/patients.sql"));
        assert!(sql.contains("CREATE TABLE \"patients\"") && sql.contains("'O''Hara', NULL);"), "{sql}");
    }
}

#[test]
fn a_path_cannot_leave_the_archive() {
    let mut archive = ArchiveWriter::new(Cursor::new(Vec::new()), Seal::Open, "a", "2026-11-23T00:00:00Z");
    for path in ["../x", "/etc/passwd", "a//b", "a\\b", "c:x", "a/../b", "", "manifest.json"] {
        assert!(matches!(archive.file(path).err(), Some(ArchiveError::Path { .. })), "{path}");
    }
}

#[test]
fn a_row_that_does_not_fit_is_refused() {
    let table = patients();
    let mut archive = ArchiveWriter::new(Cursor::new(Vec::new()), Seal::Open, "a", "2026-11-23T00:00:00Z");
    let mut part = archive.table(&table, Form::Json).expect("the table begins");
    assert!(matches!(part.row(&[Cell::Null]), Err(ArchiveError::Row { found: 1, expected: 3, .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// HC-12: whatever byte is flipped, verification finds it, or the flip changed nothing that is read
    /// (a zip repeats names and sizes in its local headers).
    #[test]
    fn a_flipped_byte_never_passes_as_other_content(position in any::<prop::sample::Index>(), bit in 0u8..8) {
        let names: Vec<String> = (0..20).map(|n| format!("{NAME} {n}")).collect();
        let original = archive(Seal::Open, &names);
        let mut altered = original.clone();
        let at = position.index(altered.len());
        altered[at] ^= 1 << bit;
        if verify(Cursor::new(&altered), None).is_ok() {
            prop_assert_eq!(content(&altered), content(&original));
        }
    }
}

fn content(bytes: &[u8]) -> Vec<String> {
    let mut archive = Archive::open(Cursor::new(bytes), None).expect("it verified");
    let paths: Vec<String> = archive.manifest().files.keys().cloned().collect();
    paths
        .iter()
        .map(|path| {
            let mut text = String::new();
            archive.file(path).expect("it verified").read_to_string(&mut text).expect("it is text");
            text
        })
        .collect()
}
