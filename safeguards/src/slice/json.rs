//! How values stand in JSON where serde's own forms would not do: RFC 3339, ISO 8601, decimals as strings.

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{Date, OffsetDateTime};

use crate::access::Shown;

/// `2026-03-13T14:05:00Z`
pub fn moment<S: Serializer>(
    value: &Shown<Option<OffsetDateTime>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    shown(value, serializer, |moment| moment.format(&Rfc3339).ok())
}

/// The moment in a text of RFC 3339.
pub fn read_moment(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// A moment as a text of RFC 3339.
pub fn write_moment(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}

/// `2026-03-13`
pub fn date<S: Serializer>(value: &Shown<Option<Date>>, serializer: S) -> Result<S::Ok, S::Error> {
    shown(value, serializer, |date| date.format(&Iso8601::DATE).ok())
}

/// `"72.5"`: a number in JSON may be read as a binary fraction.
pub fn decimal<S: Serializer>(value: &Shown<Option<Decimal>>, serializer: S) -> Result<S::Ok, S::Error> {
    shown(value, serializer, |number| Some(number.normalize().to_string()))
}

/// `"980.00"`: an amount of money has its cents.
pub fn money<S: Serializer>(value: &Shown<Option<Decimal>>, serializer: S) -> Result<S::Ok, S::Error> {
    shown(value, serializer, |mut number| {
        number.rescale(2);
        Some(number.to_string())
    })
}

fn shown<T: Copy, S: Serializer>(
    value: &Shown<Option<T>>,
    serializer: S,
    text: impl Fn(T) -> Option<String>,
) -> Result<S::Ok, S::Error> {
    let texts = match value {
        Shown::Value(value) => Shown::Value(value.and_then(text)),
        Shown::Hidden => Shown::Hidden,
    };
    texts.serialize(serializer)
}
