//! A row of an archive as values for this database, whichever kind of database the archive came from.
//!
//! The archive says what a value *was*, this database what it is to be: PostgreSQL's `boolean` is SQLite's 0 or
//! 1, its `jsonb` is text there, and the other way round. What does not fit is an error, never bent.

use exporter::ColumnKind;
use serde_json::{Map, Value as Json};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::AppError;
use super::export::Rings;
use super::tables::{ExportColumn, ExportTable};
use crate::crypto::{KeyError, canonical};
use crate::store::{Kind, Value};

/// What a row is made of and by which keys it is sealed.
pub(super) struct Restorer<'a> {
    pub(super) table: &'a ExportTable,
    pub(super) shape: &'a exporter::Table,
    pub(super) rings: &'a Rings,
    pub(super) environment: Uuid,
}

impl Restorer<'_> {
    /// The values of a row, in the order of [`ExportTable::insert`]. `line` is its place in the archive.
    pub(super) fn values(&self, row: &Map<String, Json>, line: u64) -> Result<Vec<Value>, AppError> {
        let mut values = Vec::with_capacity(self.table.columns.len());
        let mut indexes = Vec::new();
        for column in &self.table.columns {
            let wrong = |what: &str| {
                let table = &self.table.name;
                AppError::Restore(format!("line {line} of data/{table}.ndjson: `{}` {what}", column.name))
            };
            let value = match (self.kind(&column.name), row.get(&column.name)) {
                (Some(was), Some(json)) => {
                    value(column.kind, was, json).ok_or_else(|| wrong("does not fit its column here"))?
                }
                _ => Value::Null(column.kind),
            };
            let (stored, index) =
                self.sealed(column, value, row)?.ok_or_else(|| wrong("cannot be sealed without `id`"))?;
            values.push(stored);
            indexes.extend(column.lookup.map(|_| index));
        }
        values.append(&mut indexes);
        Ok(values)
    }

    fn kind(&self, column: &str) -> Option<ColumnKind> {
        self.shape.columns.iter().find(|known| known.name == column).map(|known| known.kind)
    }

    /// The value as it is stored, and its blind index. None if the row does not say where it stands.
    fn sealed(
        &self,
        column: &ExportColumn,
        value: Value,
        row: &Map<String, Json>,
    ) -> Result<Option<(Value, Value)>, AppError> {
        const NOTHING: Value = Value::Null(Kind::Bytes);
        let Some(place) = column.sealed else { return Ok(Some((value, NOTHING))) };
        let Some(plain) = canonical(&value) else { return Ok(Some((NOTHING, NOTHING))) };
        let id = |name: &str| row.get(name)?.as_str().and_then(|text| Uuid::try_parse(text).ok());
        let organisation = if place.by_environment { Some(Uuid::nil()) } else { id("organisation_id") };
        let (Some(organisation), Some(id)) = (organisation, id("id")) else { return Ok(None) };
        let ring = self.rings.get(&organisation).ok_or(KeyError::Missing)?;
        let binding = place.binding(self.environment, organisation, id);
        let sealed = ring.seal(place.purpose, &binding, &plain)?.into_bytes();
        let text = std::str::from_utf8(&plain).ok();
        let index = match column.lookup.zip(text).and_then(|(lookup, text)| lookup.normalised(text)) {
            Some(normal) => {
                let index = ring.blind_index(place.entity, place.field, &normal)?;
                index.as_bytes().as_slice().into()
            }
            None => NOTHING,
        };
        Ok(Some((sealed.into(), index)))
    }
}

/// A value that was of one kind, as another; `None` where it has none.
fn value(to: Kind, was: ColumnKind, json: &Json) -> Option<Value> {
    if json.is_null() && was != ColumnKind::Json {
        return Some(Value::Null(to));
    }
    let text = json.as_str();
    Some(match to {
        Kind::Bool => match json {
            Json::Bool(yes) => Value::Bool(*yes),
            _ => Value::Bool(match json.as_i64()? {
                0 => false,
                1 => true,
                _ => return None,
            }),
        },
        Kind::Integer => match json {
            Json::Bool(yes) => Value::Integer(i64::from(*yes)),
            _ => Value::Integer(json.as_i64()?),
        },
        Kind::Decimal => Value::Decimal(match text {
            Some(text) => text.parse().ok()?,
            None => json.to_string().parse().ok()?,
        }),
        Kind::Text if was == ColumnKind::Json && json.is_null() => Value::Null(Kind::Text),
        Kind::Text => match text.filter(|_| was != ColumnKind::Json) {
            Some(text) => Value::Text(text.to_owned()),
            None => Value::Text(json.to_string()),
        },
        Kind::Bytes => Value::Bytes(base16(text?)?),
        Kind::Uuid => Value::Uuid(Uuid::try_parse(text?).ok()?),
        Kind::Timestamp => Value::Timestamp(OffsetDateTime::parse(text?, &Rfc3339).ok()?),
        Kind::Date => Value::Date(Date::parse(text?, format_description!("[year]-[month]-[day]")).ok()?),
        Kind::Json if was == ColumnKind::Json && json.is_null() => Value::Null(Kind::Json),
        Kind::Json if was == ColumnKind::Json => Value::Json(json.clone()),
        Kind::Json => Value::Json(serde_json::from_str(text?).ok()?),
    })
}

fn base16(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// HC-12: what the two databases write differently means the same after a move, in either direction.
    #[test]
    fn a_value_moves_between_the_databases() {
        let moved = [
            (Kind::Integer, ColumnKind::Boolean, json!(true), Value::Integer(1)),
            (Kind::Bool, ColumnKind::Integer, json!(0), Value::Bool(false)),
            (Kind::Text, ColumnKind::Json, json!({ "a": 1 }), Value::from("{\"a\":1}")),
            (Kind::Json, ColumnKind::Text, json!("{\"a\":1}"), Value::Json(json!({ "a": 1 }))),
            (Kind::Json, ColumnKind::Json, json!("a"), Value::Json(json!("a"))),
            (Kind::Bytes, ColumnKind::Bytes, json!("00ff"), Value::Bytes(vec![0, 255])),
            (Kind::Decimal, ColumnKind::Decimal, json!("72.5"), Value::Decimal("72.5".parse().unwrap())),
            (Kind::Uuid, ColumnKind::Text, json!(Uuid::from_u128(7)), Value::Uuid(Uuid::from_u128(7))),
            (Kind::Timestamp, ColumnKind::Text, Json::Null, Value::Null(Kind::Timestamp)),
        ];
        for (to, was, json, expected) in moved {
            // Not by `assert_eq!`: values do not print.
            assert!(value(to, was, &json) == Some(expected), "{was:?} to {to:?}: {json}");
        }
        for (to, json) in [(Kind::Bool, json!(2)), (Kind::Integer, json!("x")), (Kind::Bytes, json!("0g"))] {
            assert!(value(to, ColumnKind::Text, &json).is_none(), "{json} is no {to:?}");
        }
    }
}
