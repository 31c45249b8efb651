//! Search and sort over sealed fields: by decrypting what the principal may see anyway, up to a limit.

use super::context::Context;
use super::descriptor::Action;
use super::error::{Error, Result};
use super::expand::{SEARCH_LIMIT, wrong};
use super::read::Opened;
use super::row::Record;
use super::statement::Statement;
use super::trail;
use crate::store::{Row, Value};
use std::cmp::Ordering;

/// What is searched for, and how what is found is ordered.
#[derive(Clone, Debug, Default)]
pub struct Search {
    fields: Vec<&'static str>,
    words: Vec<String>,
    order: Option<(&'static str, bool)>,
    offset: usize,
    limit: usize,
}

impl Search {
    /// Everything within reach, 50 at a time.
    pub fn all() -> Self {
        Self { limit: 50, ..Self::default() }
    }

    /// Rows in which each word of `term` stands in one of these fields; case and accents do not matter.
    pub fn of(fields: &[&'static str], term: &str) -> Self {
        let words = fold(term).split_whitespace().map(str::to_owned).collect();
        Self { fields: fields.to_vec(), words, ..Self::all() }
    }

    /// Ordered by a field; empty values last.
    pub fn by(mut self, field: &'static str, descending: bool) -> Self {
        self.order = Some((field, descending));
        self
    }

    /// One page of it.
    pub fn page(mut self, offset: usize, limit: usize) -> Self {
        (self.offset, self.limit) = (offset, limit);
        self
    }
}

/// A page of what was found.
#[derive(Debug)]
pub struct Found<R> {
    /// The records of the page.
    pub records: Vec<R>,
    /// How many were found in all.
    pub total: usize,
    /// More would have to be looked through than can be: a second criterion is wanted.
    pub beyond: bool,
}

impl<R> Found<R> {
    /// What the database found by itself.
    pub fn of(records: Vec<R>, total: i64) -> Self {
        Self { records, total: usize::try_from(total).unwrap_or(0), beyond: false }
    }

    /// Nothing, and that there is too much to look through; any other error stays one.
    ///
    /// # Errors
    /// The error, unless it is [`Error::TooManyToSearch`].
    pub fn beyond(error: Error) -> Result<Self> {
        match error {
            Error::TooManyToSearch { .. } => Ok(Self { records: Vec::new(), total: 0, beyond: true }),
            other => Err(other),
        }
    }
}

impl Statement {
    /// Searches and sorts over sealed fields, within what the principal may list. The statement ends in `LIMIT {cap}`; more
    /// rows than can be searched are [`Error::TooManyToSearch`]. Only rows in which all fields of the search may be seen
    /// are looked at, and only the page is named in the audit log, since only the page is shown.
    pub async fn search<R: Record>(mut self, context: &Context, search: &Search) -> Result<Found<R>> {
        let entity = R::ENTITY;
        self.using.extend(search.fields.iter().chain(search.order.iter().map(|(field, _)| field)));
        let expanded = self.expanded(context, entity, Action::List)?;
        if !expanded.reaches || !expanded.capped {
            return Err(wrong("what searches selects {reach} and ends in LIMIT {cap}"));
        }
        let rows = self.fetch(context, entity, &expanded, Action::List).await?;
        if rows.len() > SEARCH_LIMIT {
            return Err(Error::TooManyToSearch { limit: SEARCH_LIMIT });
        }
        let opened = Opened { context, entity, expanded: &expanded, rows: &rows };
        let mut found = opened
            .with_ring(|ring| {
                let mut found = Vec::new();
                for (position, row) in rows.iter().enumerate() {
                    let row = opened.unsealed(row, ring);
                    let texts = search.fields.iter().map(|field| row.open(field).map(|value| text(&value)));
                    if matches(&search.words, &texts.collect::<Result<Vec<_>>>()?) {
                        let key = search.order.map(|(field, _)| row.open(field)).transpose()?;
                        found.push((position, key));
                    }
                }
                Ok(found)
            })
            .await?;
        if let Some((_, descending)) = search.order {
            found.sort_by(|(_, a), (_, b)| order(a.as_ref(), b.as_ref(), descending));
        }
        let total = found.len();
        let mut rows: Vec<Option<Row>> = rows.into_iter().map(Some).collect();
        let page: Vec<Row> = found
            .into_iter()
            .skip(search.offset)
            .take(search.limit)
            .filter_map(|(position, _)| rows[position].take())
            .collect();
        let opened = Opened { context, entity, expanded: &expanded, rows: &page };
        let release = opened.release(self.recipient, self.basis)?;
        let records = opened.read(R::read).await?;
        trail::released(context, entity, Action::List, release).await?;
        Ok(Found { records, total, beyond: false })
    }
}

fn matches(words: &[String], texts: &[String]) -> bool {
    words.iter().all(|word| texts.iter().any(|text| text.contains(word.as_str())))
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => fold(text),
        Value::Integer(number) => number.to_string(),
        Value::Decimal(number) => number.normalize().to_string(),
        Value::Date(date) => date.to_string(),
        _ => String::new(),
    }
}

/// NULL comes last in either direction, and so does what cannot be compared.
fn order(a: Option<&Value>, b: Option<&Value>, descending: bool) -> Ordering {
    let turn = |ordering: Ordering| if descending { ordering.reverse() } else { ordering };
    match (a, b) {
        (Some(Value::Null(_)) | None, Some(Value::Null(_)) | None) => Ordering::Equal,
        (Some(Value::Null(_)) | None, _) => Ordering::Greater,
        (_, Some(Value::Null(_)) | None) => Ordering::Less,
        (Some(Value::Text(a)), Some(Value::Text(b))) => turn(fold(a).cmp(&fold(b))),
        (Some(Value::Integer(a)), Some(Value::Integer(b))) => turn(a.cmp(b)),
        (Some(Value::Decimal(a)), Some(Value::Decimal(b))) => turn(a.cmp(b)),
        (Some(Value::Date(a)), Some(Value::Date(b))) => turn(a.cmp(b)),
        (Some(Value::Timestamp(a)), Some(Value::Timestamp(b))) => turn(a.cmp(b)),
        (Some(Value::Bool(a)), Some(Value::Bool(b))) => turn(a.cmp(b)),
        _ => Ordering::Equal,
    }
}

/// Letters without case and accents, as people type names into a search box.
fn fold(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    use unicode_normalization::char::is_combining_mark;
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_as_they_are_typed() {
        let names = ["José Núñez", "Ana Ruiz", "Zoë Müller"].map(|name| text(&Value::from(name)));
        let found = |term: &str| {
            let search = Search::of(&["name"], term);
            names.iter().filter(|name| matches(&search.words, std::slice::from_ref(name))).count()
        };
        assert_eq!(
            (found("nunez"), found("NÚÑEZ jose"), found("zoe"), found("ana lopez"), found("")),
            (1, 1, 1, 0, 3)
        );
    }

    #[test]
    fn empty_values_come_last_in_both_directions() {
        let null = Value::Null(crate::store::Kind::Text);
        let [a, b] = ["Álvarez", "Brown"].map(Value::from);
        assert_eq!(order(Some(&a), Some(&b), false), Ordering::Less);
        assert_eq!(order(Some(&a), Some(&b), true), Ordering::Greater);
        for descending in [false, true] {
            assert_eq!(order(Some(&null), Some(&b), descending), Ordering::Greater);
        }
    }
}
