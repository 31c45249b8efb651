use proptest::prelude::*;
use time::macros::datetime;
use uuid::Uuid;

use super::super::statement::{AgreementName, Signatory};
use super::super::text::BAA;
use super::*;

const PAGE: &[u8] = b"<!doctype html>\n<html><body>\n<p>We agree.</p>\n</body>\n</html>\n";
const PRINT: &[u8] = b"%PDF-1.7\n%\xff\xff\n1 0 obj\nendobj\nstartxref\n9\n%%EOF";

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

fn statement_of(name: &str) -> Statement {
    Statement {
        agreement: AgreementName::BusinessAssociateAgreement,
        version: BAA[0].version.to_owned(),
        text_sha256: BAA[0].sha256(),
        id: Uuid::from_u128(1),
        account: Uuid::from_u128(2),
        customer: Signatory::new("Main St Clinic", name, "Owner").unwrap(),
        business_associate: Signatory::new("Health Coder", "Operations", "Operator").unwrap(),
        signed_at: datetime!(2026-11-26 15:00 UTC),
        signed_from: "203.0.113.7".parse().unwrap(),
    }
}

fn documents() -> [(Vec<u8>, DocumentKind); 2] {
    [(PAGE.to_vec(), DocumentKind::Html), (PRINT.to_vec(), DocumentKind::Pdf)]
}

/// HC-4: a signed document proves offline who signed what, and when.
#[test]
fn a_sealed_document_verifies() {
    for (document, kind) in documents() {
        let statement = statement_of("Ada Ruiz");
        let sealed = seal(&document, kind, &statement, &pair()).unwrap();
        let verified = verify(&sealed, Some(verifying_key(&pair()))).unwrap();
        assert_eq!(verified, Verified { statement, key: verifying_key(&pair()) });
        assert_eq!(verified.statement.text(), Some(&BAA[0]));
        assert!(verify(&sealed, None).is_ok());
    }
}

/// A name cannot end the comment it stands in, nor add a line.
#[test]
fn a_hostile_name_stays_in_its_line() {
    for name in ["--> <script>", "%%EOF startxref", "Ünal \u{1f600}"] {
        for (document, kind) in documents() {
            let statement = statement_of(name);
            let sealed = seal(&document, kind, &statement, &pair()).unwrap();
            assert_eq!(verify(&sealed, None).map(|verified| verified.statement), Ok(statement), "{name}");
            let lines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(lines(&sealed), lines(&document) + 1, "{name}");
        }
    }
}

/// Each way to tamper, and the word for it.
#[test]
fn each_tampering_is_named() {
    let other = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
    for (document, kind) in documents() {
        let sealed = seal(&document, kind, &statement_of("Ada"), &pair()).unwrap();
        let text = String::from_utf8_lossy(&sealed).into_owned();
        let line = text.lines().find(|line| line.contains("ed25519")).unwrap().to_owned();
        let verified = |bytes: &[u8]| verify(bytes, None).unwrap_err();
        assert_eq!(verified(&document), SealError::NoSignature);
        assert_eq!(seal(&sealed, kind, &statement_of("Eve"), &pair()), Err(SealError::SeveralSignatures));
        let at = find(&sealed, line.as_bytes()).unwrap();
        let twice = [&sealed[..at], line.as_bytes(), b"\n", &sealed[at..]].concat();
        assert_eq!(verified(&twice), SealError::SeveralSignatures);
        let renamed =
            [&sealed[..at], line.replace("Ada", "Eve").as_bytes(), &sealed[at + line.len()..]].concat();
        assert_eq!(verified(&renamed), SealError::Altered);
        let prefixed = [&sealed[..at], b"Note: ", &sealed[at..]].concat();
        assert_eq!(verified(&prefixed), SealError::Unreadable);
        let longer = [&sealed[..], b"\n"].concat();
        assert_eq!(verified(&longer), SealError::Altered);
        // Somebody else's key over the same words is whole, and not the one that is trusted.
        let forged = seal(&document, kind, &statement_of("Ada"), &other).unwrap();
        assert!(matches!(verify(&forged, Some(verifying_key(&pair()))), Err(SealError::OtherKey { .. })));
    }
    assert_eq!(seal(b"no end", DocumentKind::Html, &statement_of("Ada"), &pair()), Err(SealError::NoPlace));
}

proptest! {
    /// HC-4: whatever bit of the file changes, it no longer verifies under the platform's key.
    #[test]
    fn any_changed_bit_is_found(bit in any::<prop::sample::Index>(), print in any::<bool>()) {
        let (document, kind) = documents()[usize::from(print)].clone();
        let mut sealed = seal(&document, kind, &statement_of("Ada Ruiz"), &pair()).unwrap();
        let bit = bit.index(sealed.len() * 8);
        sealed[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify(&sealed, Some(verifying_key(&pair()))).is_err());
    }

    /// Bytes from anywhere never panic, and prove nothing.
    #[test]
    fn any_bytes_prove_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..200), marked in any::<bool>()) {
        let document = if marked { [MARK, &bytes].concat() } else { bytes };
        prop_assert!(verify(&document, None).is_err());
    }
}
