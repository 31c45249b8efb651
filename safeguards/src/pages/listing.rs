//! Where in a list the reader is: page, order and open filters, all in the address, so that they
//! survive going back. Nothing that identifies a person belongs there: such filters go by POST, and
//! the address keeps only the opaque id of the search.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use uuid::Uuid;

use super::FormData;

/// Rows on a page.
const ROWS: u64 = 50;
/// The last page that can be asked for; beyond it a filter is the better way.
pub(crate) const LAST_PAGE: u64 = 20_000;

/// Smallest first, or largest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Smallest, earliest, A first.
    Up,
    /// Largest, latest, Z first.
    Down,
}

/// The reader's place in a list, an extractor over the query of the address. What is malformed in it
/// counts as absent.
#[derive(Clone, Debug)]
pub struct Listing {
    pub(crate) path: String,
    pub(crate) parameters: FormData,
    rows: u64,
}

impl Listing {
    /// A place from a path and its query.
    #[must_use]
    pub fn new(path: impl Into<String>, query: &str) -> Self {
        Self { path: path.into(), parameters: FormData::parse(query.as_bytes()), rows: ROWS }
    }

    /// Another number of rows a page than 50.
    #[must_use]
    pub fn rows(mut self, rows: u64) -> Self {
        self.rows = rows.clamp(1, 1_000);
        self
    }

    /// Everything that the address asks for.
    #[must_use]
    pub fn terms(&self) -> &FormData {
        &self.parameters
    }

    /// The page, from 1.
    #[must_use]
    pub fn page(&self) -> u64 {
        let page = self.parameters.first("page").and_then(|page| page.parse().ok());
        page.unwrap_or(1).clamp(1, LAST_PAGE)
    }

    /// `LIMIT` of the statement.
    #[must_use]
    pub fn limit(&self) -> i64 {
        i64::try_from(self.rows).unwrap_or(i64::MAX)
    }

    /// `OFFSET` of the statement.
    #[must_use]
    pub fn offset(&self) -> i64 {
        i64::try_from((self.page() - 1) * self.rows).unwrap_or(i64::MAX)
    }

    /// The order asked for, if it is one of `columns`.
    #[must_use]
    pub fn sort<'a>(&self, columns: &[&'a str]) -> Option<(&'a str, Direction)> {
        let asked = self.parameters.first("sort")?;
        let (name, direction) = match asked.strip_prefix('-') {
            Some(name) => (name, Direction::Down),
            None => (asked, Direction::Up),
        };
        columns.iter().find(|column| **column == name).map(|column| (*column, direction))
    }

    /// An open filter, if it is set.
    #[must_use]
    pub fn filter(&self, name: &str) -> Option<&str> {
        self.parameters.first(name).filter(|value| !value.is_empty())
    }

    /// The id of a search whose terms were sent by POST.
    #[must_use]
    pub fn search(&self) -> Option<Uuid> {
        self.parameters.first("search").and_then(|id| id.parse().ok())
    }

    pub(crate) fn rows_a_page(&self) -> u64 {
        self.rows
    }

    /// An address with one parameter set anew; a new order starts at the first page again.
    pub(crate) fn address(&self, name: &str, value: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (known, kept) in self.parameters.iter() {
            if known != name && known != "page" && !kept.is_empty() {
                query.append_pair(known, kept);
            }
        }
        query.append_pair(name, value);
        format!("{}?{}", self.path, query.finish())
    }
}

impl<S: Sync> FromRequestParts<S> for Listing {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::new(parts.uri.path(), parts.uri.query().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_place_is_the_first_page() {
        for (query, page) in [("", 1), ("page=0", 1), ("page=-1", 1), ("page=x", 1), ("page=3", 3)] {
            assert_eq!(Listing::new("/p", query).page(), page, "{query}");
        }
        let last = Listing::new("/p", "page=99999999999").offset();
        assert_eq!(last, 999_950);
    }

    #[test]
    fn only_a_known_column_sorts() {
        let listing = Listing::new("/p", "sort=-taken_at&status=a+b%26");
        assert_eq!(listing.sort(&["name", "taken_at"]), Some(("taken_at", Direction::Down)));
        assert_eq!(listing.sort(&["name"]), None);
        assert_eq!(listing.address("page", "2"), "/p?sort=-taken_at&status=a+b%26&page=2");
    }
}
