use super::KeyError;
use crate::store::{Kind, Value};
use rust_decimal::Decimal;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, UtcOffset};
use uuid::Uuid;
use zeroize::Zeroizing;

/// What is sealed for a value: one text for each meaning, so that a field's kind can be widened later without
/// guessing. Text is itself, numbers are plain decimals, dates and moments ISO 8601, JSON has its keys sorted, bytes are
/// themselves. NULL is not sealed, it is NULL in the row: `None`.
pub fn canonical(value: &Value) -> Option<Zeroizing<Vec<u8>>> {
    let text = match value {
        Value::Null(_) => return None,
        Value::Bytes(bytes) => return Some(Zeroizing::new(bytes.clone())),
        Value::Text(text) => text.clone(),
        Value::Bool(yes) => yes.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Decimal(number) => number.normalize().to_string(),
        Value::Uuid(id) => id.hyphenated().to_string(),
        Value::Date(date) => date.to_string(),
        Value::Timestamp(moment) => moment.to_offset(UtcOffset::UTC).format(&Rfc3339).ok()?,
        Value::Json(json) => json.to_string(),
    };
    Some(Zeroizing::new(text.into_bytes()))
}

/// The value of a kind that [`canonical`] made these bytes of. Anything else is [`KeyError::Kind`].
pub fn parse(kind: Kind, bytes: &[u8]) -> Result<Value, KeyError> {
    if kind == Kind::Bytes {
        return Ok(Value::Bytes(bytes.to_vec()));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| KeyError::Kind)?;
    let value = match kind {
        Kind::Text => Some(Value::Text(text.to_owned())),
        Kind::Bool => text.parse().ok().map(Value::Bool),
        Kind::Integer => text.parse().ok().map(Value::Integer),
        Kind::Decimal => text.parse::<Decimal>().ok().map(Value::Decimal),
        Kind::Uuid => Uuid::try_parse(text).ok().map(Value::Uuid),
        Kind::Date => Date::parse(text, format_description!("[year]-[month]-[day]")).ok().map(Value::Date),
        Kind::Timestamp => OffsetDateTime::parse(text, &Rfc3339).ok().map(Value::Timestamp),
        Kind::Json => serde_json::from_str(text).ok().map(Value::Json),
        Kind::Bytes => None,
    };
    value.ok_or(KeyError::Kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::{date, datetime};

    #[test]
    fn every_kind_comes_back() {
        let values = [
            Value::from("Ana Ruiz"),
            Value::from(true),
            Value::from(-42i64),
            Value::from("72.50".parse::<Decimal>().unwrap()),
            Value::from(Uuid::from_u128(7)),
            Value::from(date!(1980 - 03 - 13)),
            Value::from(datetime!(2026-11-23 11:18:03.123456 UTC)),
            Value::from(serde_json::json!({"b": [1, null], "a": "ä"})),
            Value::from(vec![0u8, 255]),
        ];
        for value in values {
            let bytes = canonical(&value).unwrap();
            let back = parse(value.kind(), &bytes).unwrap();
            // Not by `assert_eq!`: values do not print.
            assert!(back == value, "{value:?}");
        }
        assert!(canonical(&Value::Null(Kind::Text)).is_none());
        assert_eq!(&canonical(&Value::from("72.50".parse::<Decimal>().unwrap())).unwrap()[..], b"72.5");
        assert!(matches!(parse(Kind::Integer, b"72.5"), Err(KeyError::Kind)));
        assert!(matches!(parse(Kind::Text, &[0xff]), Err(KeyError::Kind)));
    }

    proptest! {
        #[test]
        fn text_and_numbers_come_back(text in any::<String>(), number in any::<i64>()) {
            for value in [Value::from(text.as_str()), Value::from(number)] {
                prop_assert!(parse(value.kind(), &canonical(&value).unwrap()).unwrap() == value);
            }
        }

        #[test]
        fn any_bytes_are_a_value_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            for kind in [Kind::Bool, Kind::Decimal, Kind::Date, Kind::Timestamp, Kind::Json, Kind::Uuid] {
                let _ = parse(kind, &bytes);
            }
        }
    }
}
