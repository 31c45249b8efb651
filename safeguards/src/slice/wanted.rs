//! What a list is asked for: filters, an order, a page.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use rust_decimal::Decimal;
use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::Result;
use crate::access::Search;
use crate::pages::{Direction, FIND, FormData, Listing};
use crate::web::{Code, Problem};

/// The wishes of one request for a list. A wish that cannot be read is an error and never dropped, since a
/// dropped filter would show more than was asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    listing: Listing,
    terms: FormData,
}

impl Wanted {
    /// The open filters of an address: they name nobody.
    pub fn open(listing: &Listing) -> Self {
        Self { terms: listing.terms().clone(), listing: listing.clone() }
    }

    /// Filters that were sent by POST, since they could name somebody.
    pub fn sent(path: &str, mut terms: FormData) -> Self {
        let place = |name: &str| terms.first(name).map(|value| format!("{name}={value}")).unwrap_or_default();
        let query = format!("{}&{}", place("page"), place("sort"));
        for own in ["page", "sort", "csrf"] {
            terms.clear(own);
        }
        Self { listing: Listing::new(path, &query), terms }
    }

    /// The same place in the list, narrowed by these terms, too.
    pub(super) fn searching(mut self, terms: &FormData) -> Self {
        for (name, value) in terms.iter() {
            self.terms.set(name, value);
        }
        self.terms.clear("search");
        self
    }

    /// What has to be opened before it can be compared: words to find in fields, or an order by one of them, which
    /// `orders` knows by the name that the address has. Nothing when the database can answer.
    pub fn sealed(
        &self,
        fields: &'static [&'static str],
        orders: &[(&'static str, &'static str)],
    ) -> Option<Search> {
        let words = self.term(FIND).filter(|_| !fields.is_empty());
        let names: Vec<&str> = orders.iter().map(|(name, _)| *name).collect();
        let order = self.listing.sort(&names).and_then(|(name, direction)| {
            let (_, field) = orders.iter().find(|(known, _)| *known == name)?;
            Some((*field, direction == Direction::Down))
        });
        if words.is_none() && order.is_none() {
            return None;
        }
        let search = words.map_or_else(Search::all, |words| Search::of(fields, words));
        let search = match order {
            Some((field, descending)) => search.by(field, descending),
            None => search,
        };
        let place = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
        Some(search.page(place(self.offset()), place(self.limit())))
    }

    /// Those of one record, at a place in their list.
    pub fn of(listing: &Listing, name: &str, id: Uuid) -> Self {
        let mut terms = listing.terms().clone();
        terms.set(name, id.to_string());
        Self { terms, listing: listing.clone() }
    }

    /// Those that one filter lets through.
    pub fn with(name: &str, value: impl ToString) -> Self {
        let mut terms = FormData::default();
        terms.set(name, value.to_string());
        Self { listing: Listing::new("/", ""), terms }
    }

    /// The same, let through by one more filter.
    #[must_use]
    pub fn and(mut self, name: &str, value: impl ToString) -> Self {
        self.terms.set(name, value.to_string());
        self
    }

    /// So many of them, in this order of the list.
    #[must_use]
    pub fn ordered(self, order: &str, rows: u64) -> Self {
        Self { listing: Listing::new("/", &format!("sort={order}")).rows(rows), ..self }
    }

    /// Refuses filters that the list does not have: one that was misspelt would show more than was asked for.
    pub fn knows(&self, names: &[&str]) -> Result<()> {
        let own = ["page", "sort"];
        let unknown = self.terms.iter().any(|(name, _)| !names.contains(&name) && !own.contains(&name));
        let refusal = || Problem::new(Code::Malformed).detail("This list has no such filter.");
        if unknown { Err(refusal()) } else { Ok(()) }
    }

    /// What was asked for, to fill a form of filters with.
    pub fn terms(&self) -> &FormData {
        &self.terms
    }

    /// Everything, so many rows.
    pub fn first(rows: u64) -> Self {
        Self { listing: Listing::new("/", "").rows(rows), terms: FormData::default() }
    }

    /// The place in the list.
    pub fn listing(&self) -> &Listing {
        &self.listing
    }

    /// `LIMIT` of the statement.
    pub fn limit(&self) -> i64 {
        self.listing.limit()
    }

    /// `OFFSET` of the statement.
    pub fn offset(&self) -> i64 {
        self.listing.offset()
    }

    /// How many there are in all, where a page of so many rows tells: a page that is not full is the last.
    pub fn total(&self, rows: usize) -> Option<i64> {
        let rows = i64::try_from(rows).ok()?;
        let last = rows < self.limit() && (rows > 0 || self.offset() == 0);
        last.then(|| self.offset() + rows)
    }

    /// Whether any of these filters is set.
    pub fn any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.term(name).is_some())
    }

    fn term(&self, name: &str) -> Option<&str> {
        self.terms.first(name).map(str::trim).filter(|term| !term.is_empty())
    }

    fn read<T>(&self, name: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
        let Some(term) = self.term(name) else { return Ok(None) };
        let wrong = || Problem::new(Code::Malformed).detail("A filter of this list could not be read.");
        read(term).map(Some).ok_or_else(wrong)
    }

    /// A text.
    pub fn text(&self, name: &str) -> Result<Option<String>> {
        self.read(name, |term| Some(term.to_owned()))
    }

    /// A whole number.
    pub fn integer(&self, name: &str) -> Result<Option<i64>> {
        self.read(name, |term| term.parse().ok())
    }

    /// A decimal number.
    pub fn decimal(&self, name: &str) -> Result<Option<Decimal>> {
        self.read(name, |term| term.parse().ok())
    }

    /// Yes or no.
    pub fn boolean(&self, name: &str) -> Result<Option<bool>> {
        self.read(name, |term| match term {
            "yes" | "true" => Some(true),
            "no" | "false" => Some(false),
            _ => None,
        })
    }

    /// A calendar date.
    pub fn date(&self, name: &str) -> Result<Option<Date>> {
        self.read(name, |term| Date::parse(term, &Iso8601::DATE).ok())
    }

    /// A moment, RFC 3339.
    pub fn moment(&self, name: &str) -> Result<Option<OffsetDateTime>> {
        self.read(name, |term| OffsetDateTime::parse(term, &Rfc3339).ok())
    }

    /// The id of a record.
    pub fn record(&self, name: &str) -> Result<Option<Uuid>> {
        self.read(name, |term| term.parse().ok())
    }

    /// The order asked for, as one of the statement's own.
    pub fn order(&self, orders: &[(&'static str, &'static str)], usual: &'static str) -> &'static str {
        let asked = self.listing.terms().first("sort").unwrap_or_default();
        orders.iter().find(|(name, _)| *name == asked).map_or(usual, |(_, order)| order)
    }
}

impl<S: Sync> FromRequestParts<S> for Wanted {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        Listing::from_request_parts(parts, state).await.map(|listing| Self::open(&listing))
    }
}
