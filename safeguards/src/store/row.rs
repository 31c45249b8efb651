//! A row that was read, by column name and kind.

use std::fmt;

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Column, Row as _, TypeInfo, ValueRef};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::value::{Kind, Value, date_from_text, timestamp_from_text};
use super::{Result, StoreError};

/// One row. `Debug` tells the columns and never what they hold.
pub struct Row(pub(super) Source);

pub(super) enum Source {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident, $optional:ident -> $type:ty, $expected:literal;)*) => {$(
        $(#[$doc])*
        pub fn $name(&self, column: &str) -> Result<$type> {
            self.$optional(column)?.ok_or_else(|| wrong(column, $expected))
        }
    )*};
}

impl Row {
    columns! {
        /// Text that is not NULL.
        text, optional_text -> String, "text";
        /// A whole number that is not NULL.
        integer, optional_integer -> i64, "a whole number";
        /// A decimal number that is not NULL.
        decimal, optional_decimal -> Decimal, "a decimal number";
        /// True or false, not NULL.
        boolean, optional_boolean -> bool, "true or false";
        /// A UUID that is not NULL.
        uuid, optional_uuid -> Uuid, "a UUID";
        /// A moment that is not NULL, in UTC.
        timestamp, optional_timestamp -> OffsetDateTime, "a moment";
        /// A calendar date that is not NULL.
        date, optional_date -> Date, "a date";
        /// Bytes that are not NULL.
        bytes, optional_bytes -> Vec<u8>, "bytes";
        /// A JSON document that is not NULL.
        json, optional_json -> serde_json::Value, "JSON";
    }

    /// Text, or NULL.
    pub fn optional_text(&self, column: &str) -> Result<Option<String>> {
        match &self.0 {
            Source::Sqlite(row) => row.try_get(column).map_err(|_| wrong(column, "text")),
            Source::Postgres(row) => row.try_get(column).map_err(|_| wrong(column, "text")),
        }
    }

    /// A whole number of any width, or NULL.
    pub fn optional_integer(&self, column: &str) -> Result<Option<i64>> {
        match &self.0 {
            Source::Sqlite(row) => row.try_get(column).map_err(|_| wrong(column, "a whole number")),
            Source::Postgres(row) => match postgres_type(row, column)?.as_str() {
                "INT2" => row.try_get::<Option<i16>, _>(column).map(|value| value.map(i64::from)),
                "INT4" => row.try_get::<Option<i32>, _>(column).map(|value| value.map(i64::from)),
                _ => row.try_get(column),
            }
            .map_err(|_| wrong(column, "a whole number")),
        }
    }

    /// A decimal number, or NULL. Doubles carry 15 digits, so more are cut.
    pub fn optional_decimal(&self, column: &str) -> Result<Option<Decimal>> {
        let double = match &self.0 {
            Source::Sqlite(row) => {
                let raw = row.try_get_raw(column).map_err(|_| wrong(column, "a decimal number"))?;
                if raw.type_info().name() == "INTEGER" {
                    return Ok(self.optional_integer(column)?.map(Decimal::from));
                }
                row.try_get::<Option<f64>, _>(column).map_err(|_| wrong(column, "a decimal number"))?
            }
            Source::Postgres(row) => match postgres_type(row, column)?.as_str() {
                "INT2" | "INT4" | "INT8" => return Ok(self.optional_integer(column)?.map(Decimal::from)),
                "FLOAT4" => row.try_get::<Option<f32>, _>(column).map(|value| value.map(f64::from)),
                _ => row.try_get(column),
            }
            .map_err(|_| wrong(column, "a decimal number"))?,
        };
        double
            .map(|double| Decimal::from_f64(double).ok_or_else(|| wrong(column, "a decimal number")))
            .transpose()
    }

    /// True, false or NULL.
    pub fn optional_boolean(&self, column: &str) -> Result<Option<bool>> {
        match &self.0 {
            Source::Sqlite(_) => match self.optional_integer(column)? {
                None => Ok(None),
                Some(0) => Ok(Some(false)),
                Some(1) => Ok(Some(true)),
                Some(_) => Err(wrong(column, "true or false")),
            },
            Source::Postgres(row) => row.try_get(column).map_err(|_| wrong(column, "true or false")),
        }
    }

    /// A UUID, or NULL.
    pub fn optional_uuid(&self, column: &str) -> Result<Option<Uuid>> {
        match &self.0 {
            Source::Sqlite(_) => self.parsed(column, "a UUID", |text| Uuid::try_parse(text).ok()),
            Source::Postgres(row) => row.try_get(column).map_err(|_| wrong(column, "a UUID")),
        }
    }

    /// A moment in UTC, or NULL.
    pub fn optional_timestamp(&self, column: &str) -> Result<Option<OffsetDateTime>> {
        match &self.0 {
            Source::Sqlite(_) => self.parsed(column, "a moment", timestamp_from_text),
            Source::Postgres(row) => row.try_get(column).map_err(|_| wrong(column, "a moment")),
        }
    }

    /// A calendar date, or NULL.
    pub fn optional_date(&self, column: &str) -> Result<Option<Date>> {
        match &self.0 {
            Source::Sqlite(_) => self.parsed(column, "a date", date_from_text),
            Source::Postgres(row) => row.try_get(column).map_err(|_| wrong(column, "a date")),
        }
    }

    /// Bytes, or NULL.
    pub fn optional_bytes(&self, column: &str) -> Result<Option<Vec<u8>>> {
        match &self.0 {
            Source::Sqlite(row) => row.try_get(column).map_err(|_| wrong(column, "bytes")),
            Source::Postgres(row) => row.try_get(column).map_err(|_| wrong(column, "bytes")),
        }
    }

    /// A JSON document, or NULL.
    pub fn optional_json(&self, column: &str) -> Result<Option<serde_json::Value>> {
        match &self.0 {
            Source::Sqlite(_) => self.parsed(column, "JSON", |text| serde_json::from_str(text).ok()),
            Source::Postgres(row) => row.try_get(column).map_err(|_| wrong(column, "JSON")),
        }
    }

    /// The value of a column as the given kind: what an export or the audit needs.
    pub fn value(&self, column: &str, kind: Kind) -> Result<Value> {
        Ok(match kind {
            Kind::Bool => self.optional_boolean(column)?.into(),
            Kind::Integer => self.optional_integer(column)?.into(),
            Kind::Decimal => self.optional_decimal(column)?.into(),
            Kind::Text => self.optional_text(column)?.into(),
            Kind::Bytes => self.optional_bytes(column)?.into(),
            Kind::Uuid => self.optional_uuid(column)?.into(),
            Kind::Timestamp => self.optional_timestamp(column)?.into(),
            Kind::Date => self.optional_date(column)?.into(),
            Kind::Json => self.optional_json(column)?.into(),
        })
    }

    /// The names of the columns, in their order.
    pub fn columns(&self) -> Vec<String> {
        match &self.0 {
            Source::Sqlite(row) => row.columns().iter().map(|column| column.name().to_owned()).collect(),
            Source::Postgres(row) => row.columns().iter().map(|column| column.name().to_owned()).collect(),
        }
    }

    /// Whether the column holds NULL.
    pub fn is_null(&self, column: &str) -> Result<bool> {
        match &self.0 {
            Source::Sqlite(row) => row.try_get_raw(column).map(|raw| raw.is_null()),
            Source::Postgres(row) => row.try_get_raw(column).map(|raw| raw.is_null()),
        }
        .map_err(|_| wrong(column, "anything"))
    }

    fn parsed<T>(
        &self,
        column: &str,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>> {
        let Some(text) = self.optional_text(column)? else { return Ok(None) };
        parse(&text).map(Some).ok_or_else(|| wrong(column, expected))
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Row").field("columns", &self.columns()).finish_non_exhaustive()
    }
}

fn wrong(column: &str, expected: &'static str) -> StoreError {
    StoreError::Column { column: column.to_owned(), expected }
}

fn postgres_type(row: &PgRow, column: &str) -> Result<String> {
    let raw = row.try_get_raw(column).map_err(|_| wrong(column, "anything"))?;
    Ok(raw.type_info().name().to_owned())
}
