//! What can be bound to a statement, and how each database writes it.

use std::fmt;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use sqlx::Arguments;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use time::format_description::FormatItem;
use time::macros::format_description;
use time::{Date, OffsetDateTime, UtcOffset};
use uuid::Uuid;

use super::StoreError;

/// The shape of a value. A NULL has one too, since PostgreSQL types its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// True or false. SQLite: INTEGER 0 or 1.
    Bool,
    /// A whole number of 64 bits.
    Integer,
    /// A decimal number, stored as a double on both databases.
    Decimal,
    /// Text in UTF-8.
    Text,
    /// Bytes; a sealed field is of this kind.
    Bytes,
    /// A UUID. SQLite: TEXT of 36 characters.
    Uuid,
    /// A moment in UTC, to the microsecond. SQLite: TEXT of fixed width, which sorts as time does.
    Timestamp,
    /// A calendar date. SQLite: TEXT, ISO 8601.
    Date,
    /// A JSON document. PostgreSQL: jsonb.
    Json,
}

/// One parameter of a statement. `Debug` tells the kind and never the value: it may be PHI.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// No value, of a kind.
    Null(Kind),
    /// See [`Kind::Bool`].
    Bool(bool),
    /// See [`Kind::Integer`].
    Integer(i64),
    /// See [`Kind::Decimal`].
    Decimal(Decimal),
    /// See [`Kind::Text`].
    Text(String),
    /// See [`Kind::Bytes`].
    Bytes(Vec<u8>),
    /// See [`Kind::Uuid`].
    Uuid(Uuid),
    /// See [`Kind::Timestamp`].
    Timestamp(OffsetDateTime),
    /// See [`Kind::Date`].
    Date(Date),
    /// See [`Kind::Json`].
    Json(serde_json::Value),
}

impl Value {
    /// The kind of this value.
    pub fn kind(&self) -> Kind {
        match self {
            Value::Null(kind) => *kind,
            Value::Bool(_) => Kind::Bool,
            Value::Integer(_) => Kind::Integer,
            Value::Decimal(_) => Kind::Decimal,
            Value::Text(_) => Kind::Text,
            Value::Bytes(_) => Kind::Bytes,
            Value::Uuid(_) => Kind::Uuid,
            Value::Timestamp(_) => Kind::Timestamp,
            Value::Date(_) => Kind::Date,
            Value::Json(_) => Kind::Json,
        }
    }

    /// Whether this is a NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null(_))
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null(kind) => write!(formatter, "Null({kind:?})"),
            value => write!(formatter, "{:?}([sealed])", value.kind()),
        }
    }
}

/// A type whose values have one kind, so that `Option` of it becomes a typed NULL.
pub trait Typed: Into<Value> {
    /// The kind of every value of this type.
    const KIND: Kind;
}

impl<T: Typed> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null(T::KIND), Into::into)
    }
}

macro_rules! typed {
    ($($type:ty, $kind:ident, |$value:ident| $convert:expr;)*) => {$(
        impl Typed for $type {
            const KIND: Kind = Kind::$kind;
        }
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                Value::$kind($convert)
            }
        }
    )*};
}

typed! {
    bool, Bool, |value| value;
    i64, Integer, |value| value;
    i32, Integer, |value| value.into();
    u32, Integer, |value| value.into();
    Decimal, Decimal, |value| value;
    String, Text, |value| value;
    &String, Text, |value| value.clone();
    &str, Text, |value| value.to_owned();
    Vec<u8>, Bytes, |value| value;
    &[u8], Bytes, |value| value.to_vec();
    Uuid, Uuid, |value| value;
    OffsetDateTime, Timestamp, |value| to_microseconds(value);
    Date, Date, |value| value;
    serde_json::Value, Json, |value| value;
}

/// Both databases keep microseconds; cutting here makes what was written equal to what is read.
fn to_microseconds(moment: OffsetDateTime) -> OffsetDateTime {
    let moment = moment.to_offset(UtcOffset::UTC);
    moment.replace_microsecond(moment.microsecond()).unwrap_or(moment)
}

const TIMESTAMP: &[FormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
const DATE: &[FormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// The text of a moment in SQLite, such as `2026-11-23T11:18:03.123456Z`.
pub(crate) fn timestamp_text(moment: OffsetDateTime) -> Result<String, StoreError> {
    let moment = moment.to_offset(UtcOffset::UTC);
    if !(0..=9999).contains(&moment.year()) {
        return Err(StoreError::OutOfRange);
    }
    moment.format(TIMESTAMP).map_err(|_| StoreError::OutOfRange)
}

/// The text of a date in SQLite, such as `2026-11-23`.
pub(crate) fn date_text(date: Date) -> Result<String, StoreError> {
    if !(0..=9999).contains(&date.year()) {
        return Err(StoreError::OutOfRange);
    }
    date.format(DATE).map_err(|_| StoreError::OutOfRange)
}

pub(super) fn timestamp_from_text(text: &str) -> Option<OffsetDateTime> {
    time::PrimitiveDateTime::parse(text, TIMESTAMP).ok().map(time::PrimitiveDateTime::assume_utc)
}

pub(super) fn date_from_text(text: &str) -> Option<Date> {
    Date::parse(text, DATE).ok()
}

pub(super) fn sqlite_arguments(values: Vec<Value>) -> Result<SqliteArguments, StoreError> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        match value {
            Value::Null(_) => arguments.add(None::<i64>),
            Value::Bool(value) => arguments.add(i64::from(value)),
            Value::Integer(value) => arguments.add(value),
            Value::Decimal(value) => arguments.add(double(value)?),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
            Value::Uuid(value) => arguments.add(value.hyphenated().to_string()),
            Value::Timestamp(value) => arguments.add(timestamp_text(value)?),
            Value::Date(value) => arguments.add(date_text(value)?),
            Value::Json(value) => arguments.add(value.to_string()),
        }
        .map_err(|_| StoreError::OutOfRange)?;
    }
    Ok(arguments)
}

pub(super) fn postgres_arguments(values: Vec<Value>) -> Result<PgArguments, StoreError> {
    let mut arguments = PgArguments::default();
    for value in values {
        match value {
            Value::Null(kind) => match kind {
                Kind::Bool => arguments.add(None::<bool>),
                Kind::Integer => arguments.add(None::<i64>),
                Kind::Decimal => arguments.add(None::<f64>),
                Kind::Text => arguments.add(None::<String>),
                Kind::Bytes => arguments.add(None::<Vec<u8>>),
                Kind::Uuid => arguments.add(None::<Uuid>),
                Kind::Timestamp => arguments.add(None::<OffsetDateTime>),
                Kind::Date => arguments.add(None::<Date>),
                Kind::Json => arguments.add(None::<serde_json::Value>),
            },
            Value::Bool(value) => arguments.add(value),
            Value::Integer(value) => arguments.add(value),
            Value::Decimal(value) => arguments.add(double(value)?),
            // PostgreSQL has no NUL in text; its own message would quote the value.
            Value::Text(value) if value.contains('\0') => return Err(StoreError::OutOfRange),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
            Value::Uuid(value) => arguments.add(value),
            Value::Timestamp(value) => arguments.add(value),
            Value::Date(value) => arguments.add(value),
            Value::Json(value) => arguments.add(value),
        }
        .map_err(|_| StoreError::OutOfRange)?;
    }
    Ok(arguments)
}

fn double(value: Decimal) -> Result<f64, StoreError> {
    value.to_f64().ok_or(StoreError::OutOfRange)
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    /// STORE: the text of a moment in SQLite has one width, so that its order is the order of time.
    #[test]
    fn moments_are_text_of_one_width() {
        let moment = datetime!(2026-11-23 12:18:03.123456789 +1);
        let Value::Timestamp(moment) = Value::from(moment) else { panic!("a moment is a timestamp") };
        assert_eq!(timestamp_text(moment).unwrap(), "2026-11-23T11:18:03.123456Z");
        assert_eq!(timestamp_from_text("2026-11-23T11:18:03.123456Z"), Some(moment));
        assert_eq!(date_text(date!(0980 - 03 - 13)).unwrap(), "0980-03-13");
    }

    #[test]
    fn debug_never_tells_a_value() {
        let shown = format!("{:?} {:?}", Value::from("Ada Lovelace"), Value::from(None::<Uuid>));
        assert_eq!(shown, "Text([sealed]) Null(Uuid)");
    }
}
