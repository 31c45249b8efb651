//! Rows as SQL that `psql` and `sqlite3` load: the one door through which names and values become SQL text.

use crate::cell::{Cell, ColumnKind, Table, hexadecimal};

/// The database that a piece of SQL is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL 15 and later.
    Postgres,
    /// SQLite 3.38 and later.
    Sqlite,
}

/// A quoted identifier. Both databases double a quotation mark inside one.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A literal of the column's kind. Quotation marks are doubled; PostgreSQL text with a backslash is written
/// as `E'…'`, so that it means the same whatever `standard_conforming_strings` says. A NUL character, which
/// neither database can hold in text, becomes U+FFFD.
pub fn literal(dialect: Dialect, kind: ColumnKind, cell: &Cell) -> String {
    match cell {
        Cell::Null => "NULL".into(),
        Cell::Boolean(value) => match dialect {
            Dialect::Postgres => value.to_string(),
            Dialect::Sqlite => i32::from(*value).to_string(),
        },
        // The lowest number has no positive twin, so its literal would overflow before the minus is applied.
        Cell::Integer(i64::MIN) => format!("({} - 1)", i64::MIN + 1),
        Cell::Integer(value) => value.to_string(),
        Cell::Text(value) => quoted(dialect, value),
        Cell::Bytes(value) => match dialect {
            Dialect::Postgres => format!("'\\x{}'::bytea", hexadecimal(value)),
            Dialect::Sqlite => format!("x'{}'", hexadecimal(value)),
        },
        Cell::Json(value) => {
            let text = quoted(dialect, &value.to_string());
            match (dialect, kind) {
                (Dialect::Postgres, ColumnKind::Json) => format!("{text}::jsonb"),
                _ => text,
            }
        }
    }
}

fn quoted(dialect: Dialect, text: &str) -> String {
    let text = text.replace('\0', "\u{FFFD}").replace('\'', "''");
    match dialect {
        Dialect::Postgres if text.contains('\\') => format!("E'{}'", text.replace('\\', "\\\\")),
        _ => format!("'{text}'"),
    }
}

/// `CREATE TABLE` for an empty database of either kind.
pub(crate) fn create_table(dialect: Dialect, table: &Table) -> String {
    let columns: Vec<_> = table
        .columns
        .iter()
        .map(|column| {
            let null = if column.nullable { "" } else { " NOT NULL" };
            format!("    {} {}{null}", identifier(&column.name), column_type(dialect, column.kind))
        })
        .collect();
    format!("CREATE TABLE {} (\n{}\n);\n", identifier(&table.name), columns.join(",\n"))
}

/// One `INSERT`, ending in a newline.
pub(crate) fn insert(dialect: Dialect, table: &Table, row: &[Cell]) -> String {
    let names: Vec<_> = table.columns.iter().map(|column| identifier(&column.name)).collect();
    let values: Vec<_> =
        table.columns.iter().zip(row).map(|(column, cell)| literal(dialect, column.kind, cell)).collect();
    format!(
        "INSERT INTO {} ({}) VALUES ({});\n",
        identifier(&table.name),
        names.join(", "),
        values.join(", ")
    )
}

const fn column_type(dialect: Dialect, kind: ColumnKind) -> &'static str {
    match (dialect, kind) {
        (Dialect::Postgres, ColumnKind::Boolean) => "boolean",
        (Dialect::Postgres, ColumnKind::Integer) => "bigint",
        (Dialect::Postgres, ColumnKind::Decimal) => "numeric",
        (Dialect::Postgres, ColumnKind::Uuid) => "uuid",
        (Dialect::Postgres, ColumnKind::Date) => "date",
        (Dialect::Postgres, ColumnKind::Timestamp) => "timestamptz",
        (Dialect::Postgres, ColumnKind::Bytes) => "bytea",
        (Dialect::Postgres, ColumnKind::Json) => "jsonb",
        (Dialect::Sqlite, ColumnKind::Boolean | ColumnKind::Integer) => "INTEGER",
        (Dialect::Sqlite, ColumnKind::Bytes) => "BLOB",
        (Dialect::Postgres, ColumnKind::Text) => "text",
        (Dialect::Sqlite, _) => "TEXT",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_inside_its_literal() {
        let bobby = Cell::Text("Robert'); DROP TABLE patients;--\\'".into());
        assert_eq!(
            literal(Dialect::Postgres, ColumnKind::Text, &bobby),
            r"E'Robert''); DROP TABLE patients;--\\'''"
        );
        assert_eq!(
            literal(Dialect::Sqlite, ColumnKind::Text, &bobby),
            r"'Robert''); DROP TABLE patients;--\'''"
        );
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
    }

    #[test]
    fn the_lowest_number_loads() {
        assert_eq!(
            literal(Dialect::Postgres, ColumnKind::Integer, &Cell::Integer(i64::MIN)),
            "(-9223372036854775807 - 1)"
        );
    }
}
