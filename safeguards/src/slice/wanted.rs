//! What a list is asked for: filters, an order, a page.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::Result;
use super::list_filter::{self, ListFilter, Orders};
use crate::access::Search;
use crate::pages::{Direction, FIND, FormData, LAST_PAGE, Listing};
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

    /// What a program asked for in an address, if this list has it: open filters, an order, a page. A page for people falls
    /// back to what is usual; a program would take the answer for that to another question.
    ///
    /// # Errors
    /// 400: a name that the list does not have, or has twice in the address, or a value that it cannot read.
    pub fn asked(self, filters: &[ListFilter], orders: &[Orders]) -> Result<Self> {
        for (name, value) in self.terms.iter() {
            if self.terms.all(name).count() > 1 {
                return Err(malformed("A name stands twice in this address."));
            }
            self.known(name, value, filters.iter().filter(|filter| filter.open), orders)?;
        }
        Ok(self)
    }

    /// The same of what was sent in a body, which may name somebody.
    pub(super) fn asked_in_private(self, filters: &[ListFilter], orders: &[Orders]) -> Result<Self> {
        for (name, value) in self.terms.iter().chain(self.listing.terms().iter()) {
            self.known(name, value, filters.iter(), orders)?;
        }
        Ok(self)
    }

    fn known<'f>(
        &self,
        name: &str,
        value: &str,
        mut filters: impl Iterator<Item = &'f ListFilter>,
        orders: &[Orders],
    ) -> Result<()> {
        let page = |text: &str| text.parse().is_ok_and(|page| (1..=LAST_PAGE).contains(&page));
        let order = |text: &str| {
            let field = text.strip_prefix('-').unwrap_or(text);
            orders.iter().copied().flatten().any(|(known, _)| *known == field)
        };
        match name {
            "page" if page(value) => Ok(()),
            "page" => Err(malformed("Pages are numbered from 1 to 20000.")),
            "sort" if order(value) => Ok(()),
            "sort" => Err(malformed("This list has no such order.")),
            _ => match filters.find(|filter| filter.name == name) {
                Some(filter) if filter.reads(value) => Ok(()),
                Some(_) => Err(malformed("A filter of this list could not be read.")),
                None => Err(malformed("This list has no such filter.")),
            },
        }
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
        read(term).map(Some).ok_or_else(|| malformed("A filter of this list could not be read."))
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
        self.read(name, list_filter::boolean)
    }

    /// A calendar date.
    pub fn date(&self, name: &str) -> Result<Option<Date>> {
        self.read(name, list_filter::date)
    }

    /// A moment, RFC 3339.
    pub fn moment(&self, name: &str) -> Result<Option<OffsetDateTime>> {
        self.read(name, list_filter::moment)
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

fn malformed(detail: &'static str) -> Problem {
    Problem::new(Code::Malformed).detail(detail)
}

impl<S: Sync> FromRequestParts<S> for Wanted {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        Listing::from_request_parts(parts, state).await.map(|listing| Self::open(&listing))
    }
}
