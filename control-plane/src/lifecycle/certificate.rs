//! The certificate of destruction: what was disabled, what was deleted, what remains, and when, over the platform's
//! signature (HC-12; 45 CFR 164.310(d)(2)(i), NIST SP 800-88 Rev. 1).
//!
//! It is one text (JSON) and its Ed25519 signature, as a file for programs and as a page for people. The page holds
//! the signed text, and is a function of it: verification makes the page anew and compares every byte, so
//! that no word of the readable part can be changed either. A certificate holds no health information and no
//! name of a patient.

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::page;

/// Keeps a signature of a certificate from passing for a signature of anything else.
const LABEL: &str = "healthcoder.certificate-of-destruction.1\n";

/// What was destroyed, and what is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The version of this layout: 1.
    pub format: u32,
    /// The certificate's own id.
    pub id: Uuid,
    /// When it was issued (RFC 3339, UTC).
    pub issued_at: String,
    /// By which platform: the origin of its dashboard.
    pub issued_by: String,
    /// Whose it was.
    pub account: Uuid,
    /// The app.
    pub project: Uuid,
    /// The app's name.
    pub name: String,
    /// The one organisation that was destroyed, or none where everything was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Uuid>,
    /// When it was cancelled.
    pub cancelled_at: String,
    /// Until when everything could be taken home.
    pub window_ended_at: String,
    /// The archive, and whether it was taken home.
    pub archives: Vec<Taken>,
    /// What cannot be used any more, though its bytes may exist for a time (a key in its waiting period).
    pub disabled: Vec<Item>,
    /// What is gone.
    pub deleted: Vec<Item>,
    /// What is kept, and why.
    pub remains: Vec<Item>,
    /// The end of each audit log, by which an archive of it can be held against this certificate for ever.
    pub heads: Vec<Head>,
}

/// Something, when, and how or why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// What.
    pub what: String,
    /// When (RFC 3339, UTC).
    pub at: String,
    /// How it was done, or why it is kept.
    pub how: String,
}

/// An archive, as it was made and taken home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taken {
    /// Of which environment.
    pub environment: Uuid,
    /// SHA-256 of the sealed file.
    pub sha256: String,
    /// The key that signed what is in it.
    pub signed_by: String,
    /// When it was made.
    pub made_at: String,
    /// When it was last downloaded; none if it never was.
    pub fetched_at: Option<String>,
    /// When its owner confirmed that they hold it; none if they never did.
    pub confirmed_at: Option<String>,
}

/// The end of an audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Of which environment.
    pub environment: Uuid,
    /// The signer's public key.
    pub public_key: String,
    /// The last line of its witness, signed.
    pub line: String,
}

/// A certificate with its signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// The certificate, as text: what is signed.
    pub signed: String,
    /// The platform's public key, 64 hexadecimal digits.
    pub public_key: String,
    /// The signature, 128 hexadecimal digits.
    pub signature: String,
}

/// Why a file is no certificate, or not as it was issued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// It cannot be read as one.
    #[error("this is no certificate of destruction, or it was cut")]
    Unreadable,
    /// The signature is not of this text.
    #[error("the certificate was changed after it was signed")]
    Altered,
    /// The page tells something else than what was signed.
    #[error("the page was changed: what it tells is not what was signed")]
    PageAltered,
    /// Another key signed it than the one expected.
    #[error("the certificate is signed by another key: {0}")]
    OtherKey(String),
}

impl Signed {
    /// Signs a certificate.
    #[must_use]
    pub fn sign(pair: &Ed25519KeyPair, certificate: &Certificate) -> Self {
        let signed = serde_json::to_string_pretty(certificate).expect("a certificate is text, ids and lists");
        let signature = pair.sign(format!("{LABEL}{signed}").as_bytes());
        Self { public_key: hex(pair.public_key().as_ref()), signature: hex(signature.as_ref()), signed }
    }

    /// The certificate, if the signature is of it by the key that is named, and that key is `expected` if one is.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn certificate(&self, expected: Option<&str>) -> Result<Certificate, CertificateError> {
        let unreadable = CertificateError::Unreadable;
        let key = bytes(&self.public_key).filter(|key| key.len() == 32).ok_or(unreadable.clone())?;
        let signature = bytes(&self.signature).ok_or(unreadable.clone())?;
        UnparsedPublicKey::new(&ED25519, key)
            .verify(format!("{LABEL}{}", self.signed).as_bytes(), &signature)
            .map_err(|_| CertificateError::Altered)?;
        if expected.is_some_and(|expected| !expected.trim().eq_ignore_ascii_case(&self.public_key)) {
            return Err(CertificateError::OtherKey(self.public_key.clone()));
        }
        serde_json::from_str(&self.signed).map_err(|_| unreadable)
    }

    /// As a file for programs.
    #[must_use]
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("three texts are JSON");
        text.push('\n');
        text
    }

    /// As a page for people.
    ///
    /// # Errors
    /// As [`Signed::certificate`].
    pub fn html(&self) -> Result<String, CertificateError> {
        Ok(page::of(&self.certificate(None)?, self))
    }
}

/// Reads and verifies a certificate, the file or the page.
///
/// # Errors
/// What is wrong with it.
pub fn verify(file: &str, expected: Option<&str>) -> Result<(Certificate, Signed), CertificateError> {
    if let Ok(signed) = serde_json::from_str::<Signed>(file) {
        return Ok((signed.certificate(expected)?, signed));
    }
    let embedded = page::embedded(file).ok_or(CertificateError::Unreadable)?;
    let signed: Signed = serde_json::from_str(&embedded).map_err(|_| CertificateError::Unreadable)?;
    let certificate = signed.certificate(expected)?;
    if page::of(&certificate, &signed) != file {
        return Err(CertificateError::PageAltered);
    }
    Ok((certificate, signed))
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Certificate of destruction {}", self.id)?;
        writeln!(f, "  of        {} (project {}, account {})", self.name, self.project, self.account)?;
        if let Some(organisation) = self.organisation {
            writeln!(f, "  its       organisation {organisation}")?;
        }
        writeln!(f, "  issued    {} by {}", self.issued_at, self.issued_by)?;
        writeln!(f, "  cancelled {}; window until {}", self.cancelled_at, self.window_ended_at)?;
        for (title, items) in
            [("disabled", &self.disabled), ("deleted", &self.deleted), ("remains", &self.remains)]
        {
            for Item { what, at, how } in items {
                writeln!(f, "  {title:9} {what}: {how} ({at})")?;
            }
        }
        for taken in &self.archives {
            writeln!(f, "  archive   {}: {}", taken.sha256, taken.told())?;
        }
        Ok(())
    }
}

impl Taken {
    /// Whether it was taken home, in a sentence.
    #[must_use]
    pub fn told(&self) -> String {
        match (&self.fetched_at, &self.confirmed_at) {
            (_, Some(at)) => format!("its owner confirmed on {at} that they hold it"),
            (Some(at), None) => format!("it was downloaded on {at}, and its owner confirmed nothing"),
            (None, None) => "it was never fetched; it was kept sealed until the window ended".to_owned(),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let pairs = digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair.get(1)?).ok());
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("32 bytes are a seed")
    }

    fn sample() -> Certificate {
        let item = |what: &str, how: &str| Item {
            what: what.into(),
            at: "2026-12-26T09:00:05Z".into(),
            how: how.into(),
        };
        let environment = Uuid::from_u128(3);
        Certificate {
            format: 1,
            id: Uuid::from_u128(1),
            issued_at: "2026-12-26T09:00:09Z".into(),
            issued_by: "https://healthcoder.example".into(),
            account: Uuid::from_u128(2),
            project: Uuid::from_u128(4),
            name: "Peptide <clinic> & friends".into(),
            organisation: None,
            cancelled_at: "2026-11-26T09:00:00Z".into(),
            window_ended_at: "2026-12-26T09:00:00Z".into(),
            archives: vec![Taken {
                environment,
                sha256: "ab".repeat(32),
                signed_by: "cd".repeat(32),
                made_at: "2026-11-26T09:01:00Z".into(),
                fetched_at: None,
                confirmed_at: None,
            }],
            disabled: vec![item("root key of production", "erased from the key store")],
            deleted: vec![item("database of production", "removed"), item("archives", "removed")],
            remains: vec![item("this certificate", "so that it can be shown")],
            heads: vec![Head {
                environment, public_key: "ef".repeat(32), line: "{\"signed\":\"…\"}".into()
            }],
        }
    }

    /// HC-12: a certificate verifies offline, as a file and as a page, and says who signed it.
    #[test]
    fn hc_12_a_certificate_verifies_as_a_file_and_as_a_page() {
        let signed = Signed::sign(&key(1), &sample());
        for file in [signed.json(), signed.html().unwrap()] {
            let (certificate, by) = verify(&file, Some(&signed.public_key.to_uppercase())).unwrap();
            assert_eq!((certificate, by), (sample(), signed.clone()));
            let other = verify(&file, Some(&"0".repeat(64)));
            assert_eq!(other.unwrap_err(), CertificateError::OtherKey(signed.public_key.clone()));
        }
    }

    /// HC-12: whatever character of it is changed, it no longer verifies.
    #[test]
    fn hc_12_every_character_of_a_certificate_counts() {
        let signed = Signed::sign(&key(1), &sample());
        for file in [signed.json(), signed.html().unwrap()] {
            for (at, letter) in file.char_indices() {
                let other = if letter == 'x' { 'y' } else { 'x' };
                let altered = format!("{}{other}{}", &file[..at], &file[at + letter.len_utf8()..]);
                let verified = verify(&altered, Some(&signed.public_key));
                // White space between the parts of a JSON file says nothing.
                let same = verified.as_ref().is_ok_and(|(found, _)| *found == sample());
                assert!(verified.is_err() || (same && letter.is_whitespace()), "{at}: {letter:?}");
            }
        }
    }

    /// What nobody fetched is told as such, and a name cannot break out of the page.
    #[test]
    fn hc_12_the_page_tells_it_all_to_people() {
        let html = Signed::sign(&key(1), &sample()).html().unwrap();
        for told in ["never fetched", "root key of production", "Peptide &lt;clinic&gt; &amp; friends"] {
            assert!(html.contains(told), "{told}");
        }
        assert!(!html.contains("<clinic>") && !html.contains("<script") && !html.contains("http-equiv"));
        assert!(html.contains("lang=\"en\"") && html.contains("<h1"));
    }
}
