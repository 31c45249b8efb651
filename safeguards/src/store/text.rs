//! The one door through which text that is not a literal becomes SQL.
//!
//! A statement is written as a literal. Two things are composed at run time, both by this crate and
//! from parts that no request can reach: a tenant statement with its policy, and the settings that
//! open a transaction on PostgreSQL. `AssertSqlSafe` stands in this file and in no other.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

/// The text of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(Source);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    Literal(&'static str),
    Composed(Arc<str>),
}

impl Text {
    /// A literal of the program.
    pub const fn literal(text: &'static str) -> Self {
        Self(Source::Literal(text))
    }

    /// Text that this crate put together from literals: a policy in its slot, a quoted setting.
    /// No value of a request may ever be part of it.
    pub(crate) fn composed(text: impl Into<Arc<str>>) -> Self {
        Self(Source::Composed(text.into()))
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Source::Literal(text) => text,
            Source::Composed(text) => text,
        }
    }

    pub(crate) fn into_sql(self) -> SqlStr {
        match self.0 {
            Source::Literal(text) => text.into_sql_str(),
            Source::Composed(text) => AssertSqlSafe(text).into_sql_str(),
        }
    }
}

/// A literal by PostgreSQL's own rule (`PQescapeLiteral`): quotes are doubled, and a backslash asks
/// for the `E''` form, which reads the same whatever `standard_conforming_strings` says.
pub(super) fn quoted_literal(value: &str) -> String {
    let body = value.replace('\0', "").replace('\'', "''");
    if body.contains('\\') { format!(" E'{}'", body.replace('\\', "\\\\")) } else { format!("'{body}'") }
}

/// An identifier by PostgreSQL's own rule (`PQescapeIdentifier`).
pub(super) fn quoted_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('\0', "").replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_leaves_no_way_out() {
        assert_eq!(quoted_literal("provider"), "'provider'");
        assert_eq!(quoted_literal("o'; DROP TABLE x; --"), "'o''; DROP TABLE x; --'");
        assert_eq!(quoted_literal("\\'"), " E'\\\\'''");
        assert_eq!(quoted_identifier("a\"b"), "\"a\"\"b\"");
    }
}
