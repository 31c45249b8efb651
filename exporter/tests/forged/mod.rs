//! Archives that somebody tampered with: each is made from a good one, and each must be found out.

use std::io::{Cursor, Read, Write};

use exporter::{ArchiveError, Finding, Seal, Signature, verify};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{NAME, archive, key};

type Entries = Vec<(String, Vec<u8>)>;

/// Names and contents, in the order of the directory.
pub(super) fn entries(bytes: &[u8]) -> Entries {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).expect("it is a zip");
    (0..zip.len())
        .map(|index| {
            let mut entry = zip.by_index(index).expect("it can be read");
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("it unpacks");
            (entry.name().expect("it has a name").into_owned(), content)
        })
        .collect()
}

fn zipped(entries: &Entries) -> Vec<u8> {
    let mut zip = ZipWriter::new_stream(Vec::new());
    let options =
        SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).large_file(true);
    for (name, content) in entries {
        zip.start_file(name.as_str(), options).expect("it begins");
        zip.write_all(content).expect("it is written");
    }
    zip.finish().expect("it ends").into_inner()
}

fn good() -> Vec<u8> {
    archive(Seal::Open, &[NAME.into(), "Another Testperson".into()])
}

fn content<'a>(entries: &'a mut Entries, name: &str) -> &'a mut Vec<u8> {
    &mut entries.iter_mut().find(|(found, _)| found == name).expect("it is there").1
}

/// The manifest, edited as text, and signed anew by `signer`.
fn manifest(entries: &mut Entries, signer: Option<u8>, edit: impl FnOnce(&str) -> String) {
    let text = String::from_utf8(content(entries, "manifest.json").clone()).expect("it is text");
    let edited = edit(&text);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, edited.as_bytes());
    let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    *content(entries, "manifest.json") = edited.into_bytes();
    if let Some(signer) = signer {
        let signature = Signature::sign(&key(signer), &digest);
        *content(entries, "signature.json") = serde_json::to_vec(&signature).expect("it is JSON");
    }
}

fn findings(bytes: &[u8]) -> Vec<Finding> {
    match verify(Cursor::new(bytes), None, None) {
        Err(ArchiveError::Altered(findings)) => findings,
        Err(other) => panic!("it can be read: {other}"),
        Ok(_) => panic!("a forged archive verified"),
    }
}

fn expect(finding: Finding, forge: impl FnOnce(&mut Entries)) {
    let mut made = entries(&good());
    forge(&mut made);
    let found = findings(&zipped(&made));
    assert!(found.contains(&finding), "{finding:?} in {found:?}");
}

fn path(text: &str) -> String {
    text.to_owned()
}

#[test]
fn an_archive_packed_anew_without_a_change_verifies() {
    // The control: what follows is found for what was done, not for having been packed anew.
    verify(Cursor::new(zipped(&entries(&good()))), None, None).expect("nothing was changed");
}

#[test]
fn hc_12_each_tampering_is_found_and_named() {
    let patients = "data/patients.ndjson";
    expect(Finding::Edited { path: path(patients) }, |entries| content(entries, patients).push(b' '));
    expect(Finding::Edited { path: path(patients) }, |entries| content(entries, patients).clear());
    expect(Finding::Missing { path: path(patients) }, |entries| entries.retain(|(name, _)| name != patients));
    expect(Finding::Added { path: path("data/more.txt") }, |entries| {
        entries.insert(1, ("data/more.txt".into(), b"more".to_vec()));
    });
    expect(Finding::Moved { path: path(patients) }, |entries| entries.swap(0, 1));
    expect(Finding::Unsafe { path: path("../../etc/cron.d/x") }, |entries| {
        entries.insert(0, ("../../etc/cron.d/x".into(), b"x".to_vec()));
    });
    expect(Finding::NotSigned, |entries| entries.retain(|(name, _)| name != "signature.json"));
    expect(Finding::NotSigned, |entries| *content(entries, "signature.json") = b"{}".to_vec());
    expect(Finding::WrongSignature, |entries| {
        manifest(entries, None, |text| text.replace("Home BP", "Home PB"));
    });
    // Who signs a name that leads out of the folder is found as well.
    expect(Finding::Unsafe { path: path("data/../../x") }, |entries| {
        entries.iter_mut().for_each(|(name, _)| {
            if name == patients {
                *name = "data/../../x".into();
            }
        });
        manifest(entries, Some(1), |text| text.replace(patients, "data/../../x"));
    });
}

#[test]
fn hc_12_what_promises_to_unpack_without_end_is_not_unpacked() {
    expect(Finding::Bomb { path: path("data/patients.ndjson") }, |entries| {
        manifest(entries, Some(1), |text| {
            let (before, after) =
                text.split_once("\"path\": \"data/patients.ndjson\",").expect("it is listed");
            let (_, rest) = after.split_once(',').expect("its length comes first");
            format!(
                "{before}\"path\": \"data/patients.ndjson\",\n      \"bytes\": 9000000000000000000,{rest}"
            )
        });
    });
    // A file that unpacks to more than it says is read one byte too far, and no further.
    expect(Finding::Edited { path: path("data/patients.ndjson") }, |entries| {
        *content(entries, "data/patients.ndjson") = vec![b'0'; 64 << 20];
    });
}

/// Somebody who writes the whole archive anew, signature and all, has another key.
#[test]
fn hc_12_an_archive_written_anew_is_told_by_its_key() {
    let mut made = entries(&good());
    manifest(&mut made, Some(2), |text| text.replace("Home BP", "Home PB"));
    let forged = zipped(&made);
    let expected = verify(Cursor::new(good()), None, None).expect("it verifies").signed_by;
    let by = verify(Cursor::new(&forged), None, None).expect("it is whole in itself").signed_by;
    assert_ne!(by, expected);
    let refused = verify(Cursor::new(&forged), None, Some(&expected));
    assert!(matches!(refused, Err(ArchiveError::Altered(found)) if found == [Finding::OtherKey { key: by }]));
    verify(Cursor::new(good()), None, Some(&expected.to_uppercase())).expect("the key is as expected");
}

/// Bytes that no entry owns: before the first file, between two, after the directory.
#[test]
fn hc_12_nothing_can_be_hidden_between_the_files() {
    let good = good();
    let prepended = [b"hidden".as_slice(), &good].concat();
    let appended = [&good, b"hidden".as_slice()].concat();
    for forged in [prepended, appended] {
        assert!(verify(Cursor::new(&forged), None, None).is_err());
    }
    // A file that the directory no longer lists still lies there.
    let mut made = entries(&good);
    made.insert(1, ("data/ghost.ndjson".into(), b"ghost".to_vec()));
    let mut forged = zipped(&made);
    unlist(&mut forged, "data/ghost.ndjson");
    let found = findings(&forged);
    assert!(found.iter().any(|finding| matches!(finding, Finding::Hidden { .. })), "{found:?}");
}

/// Two entries of one name: which of them is read depends on the program, so neither may be.
#[test]
fn hc_12_a_name_stands_once() {
    let mut made = entries(&good());
    let mut second = content(&mut made, "data/patients.ndjson").clone();
    second.extend_from_slice(b"{}\n");
    made.insert(2, ("data/patients.ndjsoX".into(), second));
    let mut forged = zipped(&made);
    for at in places(&forged, b"data/patients.ndjsoX") {
        forged[at + 19] = b'n';
    }
    assert!(verify(Cursor::new(&forged), None, None).is_err());
    // Likewise a name that only one of the two headers has.
    let mut forged = zipped(&entries(&good()));
    let at = places(&forged, b"data/patients.ndjson")[0];
    forged[at + 19] = b'X';
    let found = findings(&forged);
    assert!(found.iter().any(|finding| matches!(finding, Finding::Hidden { .. })), "{found:?}");
}

/// Takes an entry out of the directory, and leaves its bytes.
fn unlist(bytes: &mut Vec<u8>, name: &str) {
    let at = *places(bytes, name.as_bytes()).last().expect("it is listed") - 46;
    let number = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let length = 46 + number(at + 28) + number(at + 30) + number(at + 32);
    bytes.drain(at..at + length);
    // The end of the directory says how many entries it has, and how long it is.
    let end = places(bytes, b"PK\x05\x06")[0];
    for count in [end + 8, end + 10] {
        bytes[count] -= 1;
    }
    let size = u32::from_le_bytes(bytes[end + 12..end + 16].try_into().expect("four bytes"));
    let size = size - u32::try_from(length).expect("an entry is short");
    bytes[end + 12..end + 16].copy_from_slice(&size.to_le_bytes());
}

fn places(bytes: &[u8], text: &[u8]) -> Vec<usize> {
    bytes.windows(text.len()).enumerate().filter(|(_, window)| *window == text).map(|(at, _)| at).collect()
}
