//! What a browser sent, and the names it sends it under.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};

use super::{Answer, Field, Kind};
use crate::pages::content::clock_time;

pub(crate) const VERSION: &str = "form.version";
pub(crate) const STEP: &str = "form.step";
pub(crate) const BACK: &str = "form.back";
pub(crate) const CHANGE: &str = "form.change";
pub(crate) const CHECKING: &str = "form.checking";
pub(crate) const CONFIRMED: &str = "form.confirmed";
pub(crate) const ADD: &str = "form.add";
pub(crate) const REMOVE: &str = "form.remove";

/// The pairs of a submitted form, an extractor for `application/x-www-form-urlencoded` bodies.
/// Its `Debug` shows names only: what was typed may be health data.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FormData {
    pairs: Vec<(String, String)>,
}

impl FormData {
    /// The name under which a form carries the version of the record that it was filled with.
    pub(crate) const VERSION: &'static str = VERSION;

    /// Reads an urlencoded body or query. Whatever comes is read: what is not UTF-8 is replaced, and
    /// NUL, which PostgreSQL cannot store, is dropped.
    #[must_use]
    pub fn parse(encoded: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(encoded);
        Self { pairs: pairs.map(|(name, value)| (name.into_owned(), value.replace('\0', ""))).collect() }
    }

    /// The first value under a name.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All values under a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.clear(name);
        self.pairs.push((name.to_owned(), value.into()));
    }

    pub(crate) fn clear(&mut self, name: &str) {
        self.pairs.retain(|(known, _)| known != name);
    }

    /// The pairs of one field: its own name and what lies below it (`birth.day`, `codes.0`).
    pub(crate) fn of<'a>(&'a self, field: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.iter().filter(move |(name, _)| {
            name.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    /// How many items of a list were sent.
    pub(crate) fn items(&self, list: &str) -> usize {
        let index = |name: &str| {
            let rest = name.strip_prefix(list)?.strip_prefix('.')?;
            rest.split('.').next()?.parse::<usize>().ok()
        };
        let last = self.pairs.iter().filter_map(|(name, _)| index(name)).max();
        last.map_or(0, |last| (last + 1).min(MOST_ITEMS))
    }

    /// Takes one item out of a list; those after it move up.
    pub(crate) fn remove_item(&mut self, list: &str, index: usize) {
        let moved = std::mem::take(&mut self.pairs);
        for (name, value) in moved {
            let place = name.strip_prefix(list).and_then(|rest| rest.strip_prefix('.')).map(|rest| {
                let (number, below) =
                    rest.split_once('.').map_or((rest, ""), |(number, below)| (number, below));
                (number.parse::<usize>().unwrap_or(usize::MAX), below.to_owned())
            });
            match place {
                Some((number, _)) if number == index => {}
                Some((number, below)) if number > index => {
                    let gap = if below.is_empty() { "" } else { "." };
                    self.pairs.push((format!("{list}.{}{gap}{below}", number - 1), value));
                }
                _ => self.pairs.push((name, value)),
            }
        }
    }

    /// Writes an answer the way the browser would send it.
    pub(crate) fn put(&mut self, field: &Field, name: &str, answer: &Answer) {
        match (&field.kind, answer) {
            (Kind::List { of, .. }, Answer::Many(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.put(of, &format!("{name}.{index}"), item);
                }
            }
            (_, Answer::Many(items)) => {
                self.clear(name);
                for item in items {
                    self.pairs.push((name.to_owned(), item.typed()));
                }
            }
            (_, Answer::Date(date)) => self.put_date(name, *date),
            (_, Answer::Moment(moment)) => {
                self.put_date(name, moment.date());
                let time = moment.time();
                self.set(&format!("{name}.time"), clock_time(time));
            }
            (Kind::Decimal { places, .. }, Answer::Decimal(number)) if field.all_places => {
                let mut number = *number;
                number.rescale(*places);
                self.set(name, number.to_string());
            }
            (_, Answer::Empty) => self.clear(name),
            _ => self.set(name, answer.typed()),
        }
    }

    fn put_date(&mut self, name: &str, date: time::Date) {
        self.set(&format!("{name}.day"), date.day().to_string());
        self.set(&format!("{name}.month"), u8::from(date.month()).to_string());
        self.set(&format!("{name}.year"), format!("{:04}", date.year()));
    }
}

/// No list of a form is longer: a number in a field's name is not trusted to size anything.
const MOST_ITEMS: usize = 200;

impl std::fmt::Debug for FormData {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.pairs.iter().map(|(name, _)| name);
        formatter.write_str("FormData ")?;
        formatter.debug_set().entries(names).finish()
    }
}

impl<S: Send + Sync> FromRequest<S> for FormData {
    type Rejection = StatusCode;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
        if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")) {
            return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
        let body = Bytes::from_request(request, state).await.map_err(|refused| refused.status())?;
        Ok(Self::parse(&body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removing_an_item_moves_the_later_ones_up() {
        let mut data = FormData::parse(b"codes.0=a&codes.1=b&codes.2.day=c&codesx.1=kept");
        data.remove_item("codes", 1);
        assert_eq!(data, FormData::parse(b"codes.0=a&codes.1.day=c&codesx.1=kept"));
        assert_eq!(data.items("codes"), 2);
    }

    #[test]
    fn a_number_in_a_name_sizes_nothing() {
        assert_eq!(FormData::parse(b"codes.4000000000=a").items("codes"), MOST_ITEMS);
        assert_eq!(FormData::parse(b"codes.99999999999999999999999=a").items("codes"), 0);
    }

    #[test]
    fn debug_shows_no_values() {
        let shown = format!("{:?}", FormData::parse(b"name=Ada+Lovelace"));
        assert_eq!(shown, "FormData {\"name\"}");
    }
}
