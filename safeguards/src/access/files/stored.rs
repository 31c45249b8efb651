//! What a record says of a file.

use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

use super::FileKind;
use crate::access::FromValue;
use crate::store::{self, Value};

/// A file that was kept: its name, type, size and hash. Its content is read by [`Context::file_content`].
///
/// [`Context::file_content`]: crate::access::Context::file_content
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct StoredFile {
    /// Under which its pieces lie; of no use to whoever calls the app, and so not told.
    pub(super) id: Uuid,
    /// What its sender called it: it may name a patient.
    pub name: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: FileKind,
    /// Its bytes.
    pub size: u64,
    /// How many pieces it lies in.
    pub(super) pieces: u32,
    /// The SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

impl StoredFile {
    /// As its record keeps it.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "id": self.id, "name": self.name, "type": self.kind, "size": self.size, "pieces": self.pieces,
            "sha256": self.sha256,
        })
    }

    /// Its size as people say it: `1.2 MB`.
    #[must_use]
    pub fn size_in_words(&self) -> String {
        match self.size {
            bytes @ 0..1_000 => format!("{bytes} bytes"),
            bytes @ 1_000..1_000_000 => format!("{} KB", bytes.div_ceil(1_000)),
            bytes => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
        }
    }
}

/// As an answer of the API tells it: name, type, size and hash.
impl Serialize for StoredFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let told = serde_json::json!({
            "name": self.name, "type": self.kind, "size": self.size, "sha256": self.sha256,
        });
        told.serialize(serializer)
    }
}

/// A file's name may be a patient's.
impl std::fmt::Debug for StoredFile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[sealed]")
    }
}

impl FromValue for StoredFile {
    const KIND: store::Kind = store::Kind::Json;

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Json(json) => serde_json::from_value(json).ok(),
            _ => None,
        }
    }
}
