//! What can go wrong with a store, without a word of what was stored.
//!
//! The databases' own messages may quote values (`Key (email)=(…) already exists`), so none of them
//! passes: what passes is which rule was broken and the code to look it up by.

use std::borrow::Cow;

use sqlx::error::{DatabaseError, ErrorKind};

/// A closed list of what a caller can do something about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The row exists already. `constraint` is named as PostgreSQL would name it by default
    /// (`people_email_index_key`, `people_pkey`), or as the index is named.
    #[error("the row exists already ({constraint})")]
    Unique {
        /// The broken constraint.
        constraint: String,
    },
    /// A row that is referred to is missing, or one that is still referred to was to go.
    #[error("a row that this one belongs to is missing, or still in use")]
    ForeignKey {
        /// The broken constraint; SQLite does not tell.
        constraint: Option<String>,
    },
    /// A check of the schema refused the row.
    #[error("a rule of the schema refused the row ({constraint})")]
    Check {
        /// The broken constraint.
        constraint: String,
    },
    /// A value is required.
    #[error("a value is required ({column})")]
    NotNull {
        /// The column, with its table.
        column: String,
    },
    /// Two transactions stood in each other's way; the same one may be tried again.
    #[error("another change came in between; try again")]
    Conflict,
    /// The database did not get to it in time; the same may be tried again.
    #[error("the database is busy; try again")]
    Busy,
    /// The database's own policy or grants refused.
    #[error("the database refused: not permitted")]
    Forbidden,
    /// The transaction had failed before; nothing of it was kept.
    #[error("the transaction had failed before and was rolled back")]
    Aborted,
    /// A row was expected and none came.
    #[error("no such row")]
    NoRow,
    /// A value does not fit the database's types.
    #[error("a value is out of the database's range")]
    OutOfRange,
    /// A column is missing or holds something else than was asked for.
    #[error("column {column} does not hold {expected}")]
    Column {
        /// The column.
        column: String,
        /// What was asked for.
        expected: &'static str,
    },
    /// A fault of the program: the statement does not fit the schema, or its values do not fit it.
    #[error("the statement is wrong: {reason}")]
    Statement {
        /// Why; never holds a value.
        reason: String,
    },
    /// The key does not open the file, or the file is not a database.
    #[error("the key does not open the database")]
    Sealed,
    /// The database cannot be reached.
    #[error("the database cannot be reached: {reason}")]
    Unavailable {
        /// Why; never holds a value or a password.
        reason: String,
    },
    /// A migration that was applied has changed since, or cannot be applied.
    #[error("migration {name}: {reason}")]
    Migration {
        /// Its number.
        version: i64,
        /// Its name.
        name: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// Anything else, by the database's own code (SQLSTATE, or SQLite's extended result code).
    #[error("the database failed (code {code})")]
    Database {
        /// The code.
        code: String,
    },
}

impl StoreError {
    /// Whether the same transaction may succeed when it is tried again.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Conflict | Self::Busy)
    }

    /// Whether SQLite may have ended the whole transaction, not just the statement
    /// (<https://www.sqlite.org/lang_transaction.html>, "response to errors within a transaction").
    pub(super) fn ends_transaction(&self) -> bool {
        !matches!(
            self,
            Self::Unique { .. }
                | Self::ForeignKey { .. }
                | Self::Check { .. }
                | Self::NotNull { .. }
                | Self::Statement { .. }
                | Self::OutOfRange
                | Self::Column { .. }
                // A write to records that are only read is refused before it begins.
                | Self::Forbidden
        )
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => from_database(&*error),
            sqlx::Error::RowNotFound => Self::NoRow,
            sqlx::Error::PoolTimedOut => Self::Busy,
            sqlx::Error::Io(error) => Self::Unavailable { reason: error.kind().to_string() },
            sqlx::Error::Tls(_) => Self::Unavailable { reason: "the TLS handshake failed".into() },
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::Unavailable { reason: "the store is closed".into() }
            }
            sqlx::Error::Configuration(_) => {
                Self::Unavailable { reason: "its address or options are not valid".into() }
            }
            sqlx::Error::ColumnNotFound(column) => Self::Column { column, expected: "anything" },
            sqlx::Error::Encode(_) => Self::OutOfRange,
            sqlx::Error::BeginFailed => Self::Conflict,
            // The remaining ones may quote what they choked on.
            _ => Self::Database { code: "driver".into() },
        }
    }
}

fn from_database(error: &dyn DatabaseError) -> StoreError {
    let code = error.code().unwrap_or(Cow::Borrowed("unknown"));
    if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
        from_sqlite(error, &code)
    } else {
        from_postgres(error, &code)
    }
}

fn from_postgres(error: &dyn DatabaseError, code: &str) -> StoreError {
    let constraint = || error.constraint().unwrap_or_default().to_owned();
    match error.kind() {
        ErrorKind::UniqueViolation | ErrorKind::ExclusionViolation => {
            return StoreError::Unique { constraint: constraint() };
        }
        ErrorKind::ForeignKeyViolation => {
            return StoreError::ForeignKey { constraint: error.constraint().map(Into::into) };
        }
        ErrorKind::CheckViolation => return StoreError::Check { constraint: constraint() },
        ErrorKind::NotNullViolation => {
            let column = error
                .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
                .map(|error| format!("{}.{}", error.table().unwrap_or("?"), error.column().unwrap_or("?")))
                .unwrap_or_default();
            return StoreError::NotNull { column };
        }
        _ => {}
    }
    match code {
        "40001" | "40P01" => StoreError::Conflict,
        "55P03" | "57014" | "53300" => StoreError::Busy,
        // Row-level security reports a refused row by the same code as a missing grant.
        "42501" => StoreError::Forbidden,
        "25P02" => StoreError::Aborted,
        "25006" => StoreError::Forbidden,
        "57P01" | "57P02" | "57P03" | "3D000" | "28P01" | "28000" => {
            StoreError::Unavailable { reason: format!("PostgreSQL said {code}") }
        }
        // Class 53 is a full disk or too little memory, 58 a failure of the system beneath.
        code if code.starts_with("53") || code.starts_with("58") => {
            StoreError::Unavailable { reason: format!("PostgreSQL said {code}") }
        }
        code if code.starts_with("22") => StoreError::OutOfRange,
        // Class 42 speaks of names in the statement, which is a literal of ours; values are bound.
        code if code.starts_with("42") => StoreError::Statement { reason: error.message().to_owned() },
        code => StoreError::Database { code: code.to_owned() },
    }
}

fn from_sqlite(error: &dyn DatabaseError, code: &str) -> StoreError {
    let code: i32 = code.parse().unwrap_or_default();
    let message = error.message();
    let tail = || message.split_once("failed: ").map_or("", |(_, tail)| tail).to_owned();
    match (code & 0xff, code) {
        (19, 2067 | 1555 | 2579) => StoreError::Unique { constraint: unique_name(&tail(), code == 1555) },
        (19, 787) => StoreError::ForeignKey { constraint: None },
        (19, 275) => StoreError::Check { constraint: tail() },
        (19, 1299) => StoreError::NotNull { column: tail() },
        (19, 3091) => StoreError::OutOfRange,
        // RAISE(ABORT, '…') in one of our own triggers; its message is a literal.
        (19, _) => StoreError::Check { constraint: message.to_owned() },
        (5, 517) => StoreError::Conflict,
        (5 | 6 | 9, _) => StoreError::Busy,
        (8, _) => StoreError::Forbidden,
        (26, _) => StoreError::Sealed,
        (10, _) => StoreError::Unavailable { reason: "the disk cannot be read or written".into() },
        (13, _) => StoreError::Unavailable { reason: "the disk is full".into() },
        (14, _) => StoreError::Unavailable { reason: "the file cannot be opened".into() },
        (18 | 20 | 25, _) => StoreError::OutOfRange,
        // Class 1 speaks of names in the statement, which is a literal of ours; values are bound.
        (1, _) => StoreError::Statement { reason: message.to_owned() },
        _ => StoreError::Database { code: code.to_string() },
    }
}

/// SQLite names the columns of a broken constraint (`people.organisation_id, people.email`), or the
/// index if it stands on an expression (`index 'name'`). We answer with PostgreSQL's default name.
fn unique_name(columns: &str, primary: bool) -> String {
    if let Some(name) = columns.strip_prefix("index '") {
        return name.trim_end_matches('\'').to_owned();
    }
    let mut columns = columns.split(", ").filter_map(|column| column.split_once('.'));
    let Some((table, first)) = columns.next() else { return String::new() };
    if primary {
        return format!("{table}_pkey");
    }
    columns.fold(format!("{table}_{first}"), |name, (_, column)| format!("{name}_{column}")) + "_key"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unique_constraint_has_one_name_on_both_databases() {
        assert_eq!(unique_name("people.email_index", false), "people_email_index_key");
        assert_eq!(unique_name("a.x, a.y", false), "a_x_y_key");
        assert_eq!(unique_name("people.id", true), "people_pkey");
        assert_eq!(unique_name("index 'people_lower_name'", false), "people_lower_name");
    }
}
