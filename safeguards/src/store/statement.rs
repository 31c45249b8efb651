//! A statement: a literal and its values.

use std::pin::Pin;

use super::text::Text;
use super::{Result, Row, Store, StoreError, Transaction, Value};

/// What a store answers, later. Boxed here, so that generated code compiles fast.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// A statement of literal text and bound values.
///
/// Parameters are `$1`, `$2`, … on both databases, and may be used more than once:
/// `sql("SELECT id FROM people WHERE ($2 IS NULL OR status = $2) AND id = $1").bind(id).bind(None::<String>)`.
#[derive(Clone, Debug)]
#[must_use = "a statement does nothing until it is executed or fetched"]
pub struct Statement {
    pub(super) text: Text,
    pub(super) values: Vec<Value>,
}

/// Begins a statement.
pub const fn sql(text: &'static str) -> Statement {
    Statement { text: Text::literal(text), values: Vec::new() }
}

impl Statement {
    /// A statement whose text this crate composed from literals; see [`Text`].
    pub(crate) fn composed(text: Text, values: Vec<Value>) -> Self {
        Self { text, values }
    }

    /// Binds the next parameter.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Runs the statement and tells how many rows it changed.
    pub fn execute<'a>(self, on: impl Into<Target<'a>>) -> Pending<'a, u64> {
        let target = on.into();
        Box::pin(async move { Ok(run(self, target, Wanted::Count).await?.changed) })
    }

    /// Runs the statement and reads all of its rows.
    pub fn fetch_all<'a>(self, on: impl Into<Target<'a>>) -> Pending<'a, Vec<Row>> {
        let target = on.into();
        Box::pin(async move { Ok(run(self, target, Wanted::Rows).await?.rows) })
    }

    /// Runs the statement and reads its first row, if there is one.
    pub fn fetch_optional<'a>(self, on: impl Into<Target<'a>>) -> Pending<'a, Option<Row>> {
        let target = on.into();
        Box::pin(async move { Ok(run(self, target, Wanted::Rows).await?.rows.into_iter().next()) })
    }

    /// Runs the statement and reads its first row; none is [`StoreError::NoRow`].
    pub fn fetch_one<'a>(self, on: impl Into<Target<'a>>) -> Pending<'a, Row> {
        let row = self.fetch_optional(on);
        Box::pin(async move { row.await?.ok_or(StoreError::NoRow) })
    }

    /// Runs the statement and hands over its rows one by one, so that memory stays flat however many they
    /// are. What `each` answers as an error ends it.
    pub fn fetch_each<'a>(
        self,
        transaction: &'a mut Transaction,
        each: &'a mut (dyn FnMut(Row) -> Result<()> + Send),
    ) -> Pending<'a, ()> {
        Box::pin(async move {
            self.check_parameters()?;
            transaction.run_each(self, each).await
        })
    }

    /// Whether this only reads, by its first word. SQLite sends what reads to its read-only pool,
    /// where a wrong guess fails and never writes.
    pub(super) fn reads(&self) -> bool {
        let text = self.text.as_str().trim_start();
        let word = text.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or_default();
        match word.to_ascii_uppercase().as_str() {
            "SELECT" | "EXPLAIN" | "VALUES" => true,
            "WITH" => {
                let text = text.to_ascii_uppercase();
                !["INSERT ", "UPDATE ", "DELETE "].iter().any(|verb| text.contains(verb))
            }
            _ => false,
        }
    }

    /// SQLite would read a forgotten parameter as NULL; a forgotten parameter is a fault on both.
    pub(super) fn check_parameters(&self) -> Result<()> {
        let wanted = parameters(self.text.as_str());
        if wanted == self.values.len() {
            return Ok(());
        }
        let bound = self.values.len();
        Err(StoreError::Statement { reason: format!("it has {wanted} parameters, and {bound} are bound") })
    }
}

/// The highest `$n` outside of quotes.
fn parameters(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut highest, mut quoted, mut at) = (0, false, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\'' => quoted = !quoted,
            b'$' if !quoted => {
                let digits = bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                highest = highest.max(text[at + 1..at + 1 + digits].parse().unwrap_or(0));
                at += digits;
            }
            _ => {}
        }
        at += 1;
    }
    highest
}

/// Where a statement runs: on a store, by itself, or within an open transaction.
#[derive(Debug)]
pub enum Target<'a> {
    /// By itself: it commits, if it writes, before it answers.
    Store(&'a Store),
    /// Within a transaction.
    Transaction(&'a mut Transaction),
}

impl<'a> From<&'a Store> for Target<'a> {
    fn from(store: &'a Store) -> Self {
        Self::Store(store)
    }
}

impl<'a> From<&'a mut Transaction> for Target<'a> {
    fn from(transaction: &'a mut Transaction) -> Self {
        Self::Transaction(transaction)
    }
}

/// What the caller wants back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Count,
    Rows,
}

/// What a statement did.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) changed: u64,
    pub(super) rows: Vec<Row>,
}

async fn run(statement: Statement, target: Target<'_>, wanted: Wanted) -> Result<Outcome> {
    statement.check_parameters()?;
    #[cfg(feature = "testing")]
    crate::work::statement(statement.text.as_str());
    match target {
        Target::Store(Store::Sqlite(store)) => store.run(statement, wanted).await,
        Target::Store(Store::Postgres(store)) => store.run(statement, wanted).await,
        Target::Transaction(transaction) => transaction.run(statement, wanted).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_goes_to_the_readers() {
        for (text, reads) in [
            ("SELECT 1", true),
            ("  select(1)", true),
            ("WITH a AS (SELECT 1) SELECT * FROM a", true),
            ("WITH a AS (SELECT 1) INSERT INTO b SELECT * FROM a", false),
            ("INSERT INTO a VALUES (1) RETURNING id", false),
            ("PRAGMA user_version", false),
        ] {
            assert_eq!(sql(text).reads(), reads, "{text}");
        }
    }

    #[test]
    fn a_parameter_in_quotes_is_text() {
        assert_eq!(parameters("SELECT '$9', $2, $10 WHERE a = $1"), 10);
        assert_eq!(parameters("SELECT 'it''s $3' , $1"), 1);
    }
}
