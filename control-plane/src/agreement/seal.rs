//! A document that proves by itself who signed what: one line in it holds the statement and the platform's
//! signature over the statement and everything else in the file (Ed25519, RFC 8032).
//!
//! ```text
//! health-coder-agreement ed25519 KEY SIGNATURE {"agreement":…}
//!
//! signed message = "health coder agreement 1\n" | SHA-256 of the file without that line, in hexadecimal | "\n" | the statement
//! ```
//!
//! In HTML the line stands in a comment; in PDF it is one. Anybody can check it with `openssl`.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use super::statement::Statement;
use super::text::hexadecimal;

/// How the line begins; no signatory may have it in a name.
pub(super) const NAME: &str = "health-coder-agreement";
const MARK: &[u8] = b"health-coder-agreement ed25519 ";

/// What kind of file is sealed, which decides how the line is hidden from its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentKind {
    /// The line is a comment before the end of the page.
    Html,
    /// The line is a comment before `startxref`.
    Pdf,
}

/// The public half of the platform's agreement key: 32 bytes, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerifyingKey([u8; 32]);

impl VerifyingKey {
    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        bytes_of(text.trim()).map(Self)
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hexadecimal(&self.0))
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "VerifyingKey({self})")
    }
}

/// Why a document does not prove what it says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// There is no line of ours in it.
    #[error("there is no signature in this file: it is not a signed agreement, or its signature was cut out")]
    NoSignature,
    /// There is more than one line of ours in it.
    #[error("there are several signatures in this file, where one belongs: it was altered")]
    SeveralSignatures,
    /// The line cannot be read.
    #[error("the signature in this file cannot be read: it was altered")]
    Unreadable,
    /// The signature is not over this file.
    #[error("the signature does not belong to this file: a word of it was altered after it was signed")]
    Altered,
    /// Another key signed it than the one that was expected.
    #[error("the file is signed by the key {found}, and {expected} was expected")]
    OtherKey {
        /// The key in the file.
        found: VerifyingKey,
        /// The key that the reader trusts.
        expected: VerifyingKey,
    },
    /// The file has no place for the line.
    #[error("the document has no end to put a signature before")]
    NoPlace,
}

/// What a sealed document proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Who signed what, when and from where.
    pub statement: Statement,
    /// Whose signature holds. Unless it was given, the reader has yet to compare it with the published one.
    pub key: VerifyingKey,
}

/// The public half of `pair`.
pub(super) fn verifying_key(pair: &Ed25519KeyPair) -> VerifyingKey {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(pair.public_key().as_ref());
    VerifyingKey(bytes)
}

/// Puts the signed line into a document.
///
/// # Errors
/// [`SealError::NoPlace`] if the document has no end, [`SealError::SeveralSignatures`] if it has a line already.
pub(super) fn seal(
    document: &[u8],
    kind: DocumentKind,
    statement: &Statement,
    pair: &Ed25519KeyPair,
) -> Result<Vec<u8>, SealError> {
    if find(document, MARK).is_some() {
        return Err(SealError::SeveralSignatures);
    }
    let (before, open, close): (&[u8], _, _) = match kind {
        DocumentKind::Html => (b"</body>", "<!-- ", " -->"),
        DocumentKind::Pdf => (b"startxref\n", "% ", ""),
    };
    let place = find_last(document, before).ok_or(SealError::NoPlace)?;
    if place > 0 && document[place - 1] != b'\n' {
        return Err(SealError::NoPlace);
    }
    let text = statement.to_line();
    let signature = hexadecimal(pair.sign(&message(document, &text)).as_ref());
    let mark = String::from_utf8_lossy(MARK);
    let line = format!("{open}{mark}{} {signature} {text}{close}\n", verifying_key(pair));
    Ok([&document[..place], line.as_bytes(), &document[place..]].concat())
}

/// Checks a document, offline. With `trusted` the key must be that one; without it the caller must compare.
///
/// # Errors
/// [`SealError`] says in words what is wrong with the file.
pub fn verify(document: &[u8], trusted: Option<VerifyingKey>) -> Result<Verified, SealError> {
    let at = find(document, MARK).ok_or(SealError::NoSignature)?;
    if find(&document[at + 1..], MARK).is_some() {
        return Err(SealError::SeveralSignatures);
    }
    let start = document[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let length = document[at..].iter().position(|byte| *byte == b'\n').ok_or(SealError::Unreadable)?;
    let end = at + length + 1;
    // Only how a comment begins may stand before the mark, and only how it ends after the statement.
    let closing = match &document[start..at] {
        b"<!-- " => " -->",
        b"% " => "",
        _ => return Err(SealError::Unreadable),
    };
    let line = std::str::from_utf8(&document[at + MARK.len()..end - 1]).map_err(|_| SealError::Unreadable)?;
    let line = line.strip_suffix(closing).ok_or(SealError::Unreadable)?;
    let mut parts = line.splitn(3, ' ');
    let mut next = || parts.next().ok_or(SealError::Unreadable);
    let key = VerifyingKey(bytes_of(next()?).ok_or(SealError::Unreadable)?);
    let signature: [u8; 64] = bytes_of(next()?).ok_or(SealError::Unreadable)?;
    let text = next()?;
    if let Some(expected) = trusted.filter(|expected| *expected != key) {
        return Err(SealError::OtherKey { found: key, expected });
    }
    let rest = [&document[..start], &document[end..]].concat();
    UnparsedPublicKey::new(&ED25519, key.0)
        .verify(&message(&rest, text), &signature)
        .map_err(|_| SealError::Altered)?;
    let statement = Statement::from_line(text).ok_or(SealError::Unreadable)?;
    Ok(Verified { statement, key })
}

fn message(rest: &[u8], statement: &str) -> Vec<u8> {
    let hash = hexadecimal(digest(&SHA256, rest).as_ref());
    format!("health coder agreement 1\n{hash}\n{statement}").into_bytes()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn find_last(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).rposition(|window| window == wanted)
}

/// Exactly `N` bytes from hexadecimal digits in lower case.
fn bytes_of<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
#[path = "seal_tests.rs"]
mod tests;
