//! A SHA-256 value, and the one way to make it: every input is preceded by what it is for and by its
//! length, so that no two meanings ever share bytes.

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A SHA-256 value (FIPS 180-4), written as 64 lower case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// What stands before the first event of a lane, and in place of an absent part.
    pub const ZERO: Self = Self([0; 32]);

    /// The digest of `text` under the label `purpose`.
    #[must_use]
    pub fn of(purpose: &str, text: &[u8]) -> Self {
        let mut hasher = Hasher::new(purpose);
        hasher.part(Some(text));
        hasher.finish()
    }

    /// The digest that `bytes` holds, if they are 32.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The digest that 64 hexadecimal digits spell.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::from_bytes(&decode_hex(text)?)
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&encode_hex(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Digest({self})")
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&encode_hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not 64 hexadecimal digits"))
    }
}

/// Hashes parts with their lengths. An absent part and an empty one differ.
pub(super) struct Hasher(Context);

impl Hasher {
    pub(super) fn new(purpose: &str) -> Self {
        let mut hasher = Self(Context::new(&SHA256));
        hasher.part(Some(purpose.as_bytes()));
        hasher
    }

    pub(super) fn part(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            None => self.0.update(&[0]),
            Some(bytes) => {
                self.0.update(&[1]);
                self.0.update(&(bytes.len() as u64).to_be_bytes());
                self.0.update(bytes);
            }
        }
    }

    pub(super) fn finish(self) -> Digest {
        Digest::from_bytes(self.0.finish().as_ref()).expect("SHA-256 yields 32 bytes")
    }
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Lower case hexadecimal digits of `bytes`.
pub(super) fn encode_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// The bytes that lower case hexadecimal digits spell; anything else is `None`, so that one value has
/// one spelling.
pub(super) fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(value(*high)? << 4 | value(*low)?)).collect()
}

/// Bytes as hexadecimal text in JSON.
pub(super) mod hex {
    use super::{Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::encode_hex(bytes))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        super::decode_hex(&text).ok_or_else(|| serde::de::Error::custom("not hexadecimal"))
    }
}

/// Bytes that may be absent, as hexadecimal text in JSON.
pub(super) mod optional_hex {
    use super::{Deserialize, Deserializer, Serialize, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(
        bytes: &Option<Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        bytes.as_deref().map(super::encode_hex).serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let decode = |text: String| {
            super::decode_hex(&text).ok_or_else(|| serde::de::Error::custom("not hexadecimal"))
        };
        text.map(decode).transpose()
    }
}
