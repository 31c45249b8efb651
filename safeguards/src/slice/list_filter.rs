//! What a list can be asked for by a program: filters by name and kind, and whether they may stand in an address.

use rust_decimal::Decimal;
use serde_json::Value;
use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// Orders of a list by name, each with what orders it. The name with a hyphen before it is the other way round.
pub type Orders = &'static [(&'static str, &'static str)];

/// One filter of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListFilter {
    pub(super) name: &'static str,
    kind: Kind,
    pub(super) open: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    Decimal,
    Boolean,
    Date,
    Moment,
    Record,
}

impl ListFilter {
    const fn of(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, open: false }
    }

    /// A text.
    pub const fn text(name: &'static str) -> Self {
        Self::of(name, Kind::Text)
    }

    /// A whole number.
    pub const fn integer(name: &'static str) -> Self {
        Self::of(name, Kind::Integer)
    }

    /// A decimal number: in JSON a number, or a string where digits must not be lost.
    pub const fn decimal(name: &'static str) -> Self {
        Self::of(name, Kind::Decimal)
    }

    /// Yes or no.
    pub const fn boolean(name: &'static str) -> Self {
        Self::of(name, Kind::Boolean)
    }

    /// A calendar date, ISO 8601.
    pub const fn date(name: &'static str) -> Self {
        Self::of(name, Kind::Date)
    }

    /// A moment, RFC 3339.
    pub const fn moment(name: &'static str) -> Self {
        Self::of(name, Kind::Moment)
    }

    /// The id of a record.
    pub const fn record(name: &'static str) -> Self {
        Self::of(name, Kind::Record)
    }

    /// It names nobody, so it may stand in an address.
    #[must_use]
    pub const fn open(self) -> Self {
        Self { open: true, ..self }
    }

    /// Whether a text of an address can be read as this.
    pub(super) fn reads(&self, text: &str) -> bool {
        match self.kind {
            Kind::Text => true,
            Kind::Integer => text.parse::<i64>().is_ok(),
            Kind::Decimal => text.parse::<Decimal>().is_ok(),
            Kind::Boolean => boolean(text).is_some(),
            Kind::Date => date(text).is_some(),
            Kind::Moment => moment(text).is_some(),
            Kind::Record => Uuid::try_parse(text).is_ok(),
        }
    }

    /// A JSON value of this kind as the text of an address; or what it must be.
    pub(super) fn text_of(&self, value: &Value) -> Result<String, &'static str> {
        match (self.kind, value) {
            (Kind::Integer, Value::Number(number)) => {
                whole(number).map(|number| number.to_string()).ok_or("must be a whole number")
            }
            (Kind::Decimal, Value::Number(number)) => Ok(number.to_string()),
            (Kind::Boolean, Value::Bool(flag)) => Ok(flag.to_string()),
            (Kind::Integer, _) => Err("must be a whole number"),
            (Kind::Boolean, _) => Err("must be true or false"),
            (_, Value::String(text)) => Ok(text.replace('\0', "")),
            (Kind::Decimal, _) => Err("must be a decimal number, as a string or a number"),
            _ => Err("must be text"),
        }
    }
}

pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "yes" | "true" => Some(true),
        "no" | "false" => Some(false),
        _ => None,
    }
}

pub(super) fn date(text: &str) -> Option<Date> {
    Date::parse(text, &Iso8601::DATE).ok()
}

pub(super) fn moment(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// A whole number in JSON: `3`, and `3.0`, which JSON Schema takes for the same (draft 2020-12, section 4.2.3).
pub(super) fn whole(number: &serde_json::Number) -> Option<i64> {
    /// Beyond it, a binary fraction no longer tells whole numbers apart.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    number.as_i64().or_else(|| {
        let number = number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < EXACT)?;
        Some(number as i64)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_json_value_is_of_the_kind_that_the_document_says() {
        let filters = [
            (ListFilter::integer("a"), json!(3.0), json!("3")),
            (ListFilter::decimal("a"), json!("72.5"), json!(true)),
            (ListFilter::boolean("a"), json!(false), json!("no")),
            (ListFilter::date("a"), json!("2026-03-13"), json!(20_260_313)),
            (ListFilter::text("a"), json!("word"), json!(["word"])),
        ];
        for (filter, right, wrong) in filters {
            let text = filter.text_of(&right).expect("it is of this kind");
            assert!(filter.reads(&text), "{filter:?} {text}");
            assert!(filter.text_of(&wrong).is_err(), "{filter:?} {wrong}");
        }
        assert!(!ListFilter::record("a").reads("x") && !ListFilter::moment("a").reads("2026-03-13"));
        assert_eq!(whole(&serde_json::Number::from_f64(2.5).expect("finite")), None);
        assert_eq!(whole(&serde_json::Number::from_f64(1e300).expect("finite")), None);
    }
}
