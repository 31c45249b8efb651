//! Who vouches for an archive: an Ed25519 signature (RFC 8032) over the digest of its manifest.
//!
//! The key is the one that signs the heads of the environment's audit log. It lies in the archive, so that
//! the archive can be verified alone; whoever could replace the whole archive could replace the key too, so
//! compare it with the one that was told elsewhere (the dashboard, a receipt, a certificate).

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::cell::hexadecimal;

/// The signature's path in every archive; it is the last file.
pub const SIGNATURE: &str = "signature.json";

/// Keeps a signature of an archive from passing for a signature of anything else.
const LABEL: &str = "healthcoder.archive.2\n";

/// A signature over the digest of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Always `Ed25519`.
    pub algorithm: String,
    /// The public key, 64 hexadecimal digits.
    pub public_key: String,
    /// The signature, 128 hexadecimal digits.
    pub signature: String,
}

impl Signature {
    /// Signs the digest of a manifest (64 hexadecimal digits of SHA-256).
    #[must_use]
    pub fn sign(pair: &Ed25519KeyPair, digest: &str) -> Self {
        Self {
            algorithm: "Ed25519".into(),
            public_key: hexadecimal(pair.public_key().as_ref()),
            signature: hexadecimal(pair.sign(message(digest).as_bytes()).as_ref()),
        }
    }

    /// Whether it is a signature of this digest by the key that it names.
    pub(crate) fn verifies(&self, digest: &str) -> bool {
        let (Some(key), Some(signature)) = (bytes(&self.public_key), bytes(&self.signature)) else {
            return false;
        };
        let key = UnparsedPublicKey::new(&ED25519, key);
        self.algorithm == "Ed25519" && key.verify(message(digest).as_bytes(), &signature).is_ok()
    }
}

fn message(digest: &str) -> String {
    format!("{LABEL}{digest}")
}

/// Lower-case digits only, so that one signature has one spelling.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair.first()?)? * 16 + digit(pair.get(1)?)?)).collect()
}
