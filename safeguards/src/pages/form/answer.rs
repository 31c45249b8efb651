//! Typed answers.

use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime, Time};
use uuid::Uuid;

use super::data::{FormData, VERSION};
use crate::pages::content::{clock_time, iso_date};

/// One answer.
#[derive(Clone, PartialEq)]
pub enum Answer {
    /// Left empty.
    Empty,
    /// Text, a choice or a code.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A decimal number.
    Decimal(Decimal),
    /// Yes or no.
    Boolean(bool),
    /// A calendar date.
    Date(Date),
    /// A time of day.
    Time(Time),
    /// A moment; what `parse` returns is UTC.
    Moment(OffsetDateTime),
    /// Another record.
    Record(Uuid),
    /// Several.
    Many(Vec<Answer>),
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[sealed]")
    }
}

impl Answer {
    /// As it would be typed into one input.
    pub(crate) fn typed(&self) -> String {
        match self {
            Self::Empty | Self::Many(_) => String::new(),
            Self::Text(text) => text.clone(),
            Self::Integer(number) => number.to_string(),
            Self::Decimal(number) => number.to_string(),
            Self::Boolean(true) => "yes".to_owned(),
            Self::Boolean(false) => "no".to_owned(),
            Self::Date(date) => iso_date(*date),
            Self::Time(time) => clock_time(*time),
            Self::Moment(moment) => moment.format(&Rfc3339).unwrap_or_default(),
            Self::Record(id) => id.to_string(),
        }
    }

    /// The answer as JSON: dates ISO 8601, moments RFC 3339, decimals as strings.
    #[must_use]
    pub fn json(&self) -> Json {
        match self {
            Self::Empty => Json::Null,
            Self::Integer(number) => Json::from(*number),
            Self::Boolean(flag) => Json::from(*flag),
            Self::Many(items) => items.iter().map(Self::json).collect(),
            _ => Json::from(self.typed()),
        }
    }
}

macro_rules! answer_from {
    ($($kind:ty => $variant:ident;)+) => {
        $(impl From<$kind> for Answer {
            fn from(value: $kind) -> Self {
                Self::$variant(value)
            }
        })+
    };
}

answer_from! {
    String => Text;
    i64 => Integer;
    Decimal => Decimal;
    bool => Boolean;
    Date => Date;
    Time => Time;
    OffsetDateTime => Moment;
    Uuid => Record;
}

impl From<&str> for Answer {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl<T: Into<Self>> From<Option<T>> for Answer {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Answer {
    fn from(values: Vec<T>) -> Self {
        Self::Many(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Clone + Into<Self>> From<&T> for Answer {
    fn from(value: &T) -> Self {
        value.clone().into()
    }
}

/// All answers of a form that has no mistakes, by name.
#[derive(Clone, Debug)]
pub struct Answers {
    pub(crate) answers: Vec<(String, Answer)>,
    pub(crate) data: FormData,
}

/// A form and the struct that should hold its answers do not fit; which is a defect of the app, and
/// names no value.
#[derive(Debug, thiserror::Error)]
#[error("the answers do not fit the type they are decoded into")]
pub struct UnexpectedAnswer;

impl Answers {
    /// The answer of a field; [`Answer::Empty`] for one that the form does not have.
    #[must_use]
    pub fn answer(&self, name: &str) -> &Answer {
        self.answers.iter().find(|(known, _)| known == name).map_or(&Answer::Empty, |(_, answer)| answer)
    }

    /// The same with another answer of this name, as if it had been typed.
    #[must_use]
    pub fn with(mut self, name: &str, answer: impl Into<Answer>) -> Self {
        let answer = answer.into();
        match self.answers.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = answer,
            None => self.answers.push((name.to_owned(), answer)),
        }
        self
    }

    /// All answers, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Answer)> {
        self.answers.iter().map(|(name, answer)| (name.as_str(), answer))
    }

    /// Whether a field was asked and answered, be it by emptying it.
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        self.answers.iter().any(|(known, _)| known == name)
    }

    /// The answer of a field, where it says something else than what is known already.
    #[must_use]
    pub fn news(&self, name: &str, known: impl Into<Answer>) -> Option<&Answer> {
        let answer = self.answer(name);
        let none = matches!(answer, Answer::Many(items) if items.is_empty());
        (!none && *answer != Answer::Empty && *answer != known.into()).then_some(answer)
    }

    /// Text, a choice or a code.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.answer(name) {
            Answer::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.answer(name) {
            Answer::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// A decimal number.
    #[must_use]
    pub fn decimal(&self, name: &str) -> Option<Decimal> {
        match self.answer(name) {
            Answer::Decimal(number) => Some(*number),
            _ => None,
        }
    }

    /// Yes or no.
    #[must_use]
    pub fn boolean(&self, name: &str) -> Option<bool> {
        match self.answer(name) {
            Answer::Boolean(flag) => Some(*flag),
            _ => None,
        }
    }

    /// A calendar date.
    #[must_use]
    pub fn date(&self, name: &str) -> Option<Date> {
        match self.answer(name) {
            Answer::Date(date) => Some(*date),
            _ => None,
        }
    }

    /// A time of day.
    #[must_use]
    pub fn time(&self, name: &str) -> Option<Time> {
        match self.answer(name) {
            Answer::Time(time) => Some(*time),
            _ => None,
        }
    }

    /// A moment, in UTC.
    #[must_use]
    pub fn moment(&self, name: &str) -> Option<OffsetDateTime> {
        match self.answer(name) {
            Answer::Moment(moment) => Some(*moment),
            _ => None,
        }
    }

    /// The id of another record.
    #[must_use]
    pub fn record(&self, name: &str) -> Option<Uuid> {
        match self.answer(name) {
            Answer::Record(id) => Some(*id),
            _ => None,
        }
    }

    /// Several texts, choices or codes.
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<&str> {
        let Answer::Many(items) = self.answer(name) else { return Vec::new() };
        fn text(item: &Answer) -> Option<&str> {
            let Answer::Text(text) = item else { return None };
            Some(text)
        }
        items.iter().filter_map(text).collect()
    }

    /// The version of the record that the reader saw, see [`super::Form::version`].
    #[must_use]
    pub fn version(&self) -> Option<i64> {
        self.data.first(VERSION).and_then(|version| version.parse().ok())
    }

    /// All answers as a JSON object.
    #[must_use]
    pub fn json(&self) -> Json {
        Json::Object(self.answers.iter().map(|(name, answer)| (name.clone(), answer.json())).collect())
    }

    /// The answers as a type of the app, the same that its JSON API takes.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, UnexpectedAnswer> {
        // The decoder's own message may quote a value.
        serde_json::from_value(self.json()).map_err(|_| UnexpectedAnswer)
    }
}
