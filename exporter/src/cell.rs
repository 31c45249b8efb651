use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// A table as the archive describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// The table's name in the database.
    pub name: String,
    /// Its columns, in the order of every row.
    pub columns: Vec<Column>,
}

/// One column of a [`Table`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// The column's name in the database.
    pub name: String,
    /// What its values are.
    pub kind: ColumnKind,
    /// Whether a value may be missing.
    pub nullable: bool,
}

/// What a column holds, after sealed values have been opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// `true` or `false`.
    Boolean,
    /// A 64-bit whole number.
    Integer,
    /// A decimal number, kept as its digits.
    Decimal,
    /// Text in UTF-8.
    Text,
    /// A UUID (RFC 9562).
    Uuid,
    /// A day, `2026-11-23`.
    Date,
    /// A moment in UTC, `2026-11-23T11:18:03.123456Z` (RFC 3339).
    Timestamp,
    /// Bytes, in base 16 where the format knows no bytes.
    Bytes,
    /// A JSON document.
    Json,
}

/// One value. Its `Debug` shows no content: a cell may be PHI.
#[derive(Clone, PartialEq)]
pub enum Cell {
    /// No value.
    Null,
    /// For [`ColumnKind::Boolean`].
    Boolean(bool),
    /// For [`ColumnKind::Integer`].
    Integer(i64),
    /// For every kind whose value is written as text: decimal, text, UUID, date, timestamp.
    Text(String),
    /// For [`ColumnKind::Bytes`].
    Bytes(Vec<u8>),
    /// For [`ColumnKind::Json`].
    Json(Json),
}

impl std::fmt::Debug for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Boolean(_) => "Boolean([sealed])",
            Self::Integer(_) => "Integer([sealed])",
            Self::Text(_) => "Text([sealed])",
            Self::Bytes(_) => "Bytes([sealed])",
            Self::Json(_) => "Json([sealed])",
        })
    }
}

impl Cell {
    /// The cell as JSON: bytes in base 16, decimals as text so that no digit is lost.
    pub(crate) fn json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Boolean(value) => Json::Bool(*value),
            Self::Integer(value) => Json::from(*value),
            Self::Text(value) => Json::from(value.as_str()),
            Self::Bytes(value) => Json::from(hexadecimal(value)),
            Self::Json(value) => value.clone(),
        }
    }
}

/// Bytes in lower-case base 16 (RFC 4648, section 8).
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
