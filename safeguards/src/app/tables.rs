//! Which tables an archive holds, and how a row of each becomes cells.
//!
//! Tables are read off the database itself, so that nothing is left behind: a table that the founder
//! added is exported as it stands. Of the library's own tables only those are, that say something about
//! an organisation: the others hold secrets of sign-in, wrapped keys, and the audit log, which has a
//! form of its own.

use exporter::{Cell, ColumnKind};
use uuid::Uuid;

use super::AppError;
use super::export::Rings;
use crate::access::{Entity, Storage};
use crate::crypto::{Binding, Purpose, Sealed, parse};
use crate::store::{
    Kind, MigrationSet, Row, SYSTEM_MIGRATIONS, Statement, Text, Transaction, Value, sql, timestamp_text,
};

/// A table as it is exported.
#[derive(Debug)]
pub(super) struct ExportTable {
    pub(super) name: String,
    pub(super) columns: Vec<ExportColumn>,
    /// Of one organisation, which rows: `$1` is its id. None where a table cannot tell.
    of_organisation: Option<String>,
    order: &'static str,
}

/// A column as it is exported.
#[derive(Debug)]
pub(super) struct ExportColumn {
    pub(super) name: String,
    /// What it holds, once it is opened.
    pub(super) kind: Kind,
    pub(super) nullable: bool,
    pub(super) sealed: Option<SealedAs>,
}

/// How to open a sealed column.
#[derive(Clone, Copy, Debug)]
pub(super) struct SealedAs {
    purpose: Purpose,
    entity: u32,
    field: u32,
    /// The environment's own ring opens it, not the organisation's.
    by_environment: bool,
}

/// One column as the database tells of it.
struct Found {
    table: String,
    column: String,
    kind: Kind,
    nullable: bool,
}

const OF_POSTGRES: &str = "SELECT CAST(c.table_name AS text) AS t, CAST(c.column_name AS text) AS c, \
     CAST(c.data_type AS text) AS kind, c.is_nullable = 'YES' AS nullable \
     FROM information_schema.columns c JOIN information_schema.tables t \
       ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE' \
     WHERE c.table_schema = 'public' ORDER BY c.table_name, c.ordinal_position";

const OF_SQLITE: &str = "SELECT m.name AS t, c.name AS c, c.type AS kind, c.\"notnull\" = 0 AS nullable \
     FROM sqlite_master m JOIN pragma_table_info(m.name) c \
     WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.name, c.cid";

/// People, opened by the environment's ring; identity seals an address and a name under these ids.
const PEOPLE: u32 = u32::MAX - 10;
/// The library's own tables that an archive holds, and which rows of each belong to organisation `$1`.
const OWN: [(&str, &str); 4] = [
    ("organisations", "id = $1"),
    ("places", "organisation_id = $1"),
    ("memberships", "organisation_id = $1"),
    (
        "people",
        "EXISTS (SELECT 1 FROM memberships m WHERE m.person_id = people.id AND m.organisation_id = $1)",
    ),
];
/// Columns of people that only signing in needs.
const NOT_OF_PEOPLE: [&str; 4] =
    ["email_index", "password_hash", "password_changed_at", "password_stands_alone"];

/// The tables of an archive, in the order of their names.
pub(super) async fn tables(
    snapshot: &mut Transaction,
    entities: &[&'static Entity],
    organisation: Option<Uuid>,
) -> Result<Vec<ExportTable>, AppError> {
    let query = if snapshot.is_postgres() { OF_POSTGRES } else { OF_SQLITE };
    let mut tables: Vec<ExportTable> = Vec::new();
    let library = library_tables(&SYSTEM_MIGRATIONS);
    for row in sql(query).fetch_all(snapshot).await? {
        let found = Found {
            kind: kind_of(&row.text("kind")?),
            table: row.text("t")?,
            column: row.text("c")?,
            nullable: row.boolean("nullable")?,
        };
        let own = OWN.iter().find(|(name, _)| *name == found.table);
        if own.is_none() && library.contains(&found.table.as_str()) {
            continue;
        }
        let entity = entities.iter().find(|entity| entity.table == found.table).copied();
        if tables.last().is_none_or(|table| table.name != found.table) {
            tables.push(ExportTable {
                name: found.table.clone(),
                columns: Vec::new(),
                of_organisation: own.map(|(_, rows)| (*rows).to_owned()),
                order: "",
            });
        }
        let Some(table) = tables.last_mut() else { continue };
        if found.column == "organisation_id" && table.of_organisation.is_none() {
            table.of_organisation = Some("organisation_id = $1".to_owned());
        }
        if found.column == "id" {
            table.order = " ORDER BY id";
        }
        let column = match (entity, own.is_some()) {
            (Some(entity), _) => of_entity(entity, found),
            (None, true) => of_library(found),
            (None, false) => Some(plain(found)),
        };
        table.columns.extend(column);
    }
    // A table that cannot tell whose its rows are is no part of one organisation's archive.
    tables.retain(|table| organisation.is_none() || table.of_organisation.is_some());
    Ok(tables)
}

/// The names of tables that the library's migrations make, `schema_migrations` among them.
fn library_tables(set: &MigrationSet) -> Vec<&'static str> {
    let statements = set.sqlite.iter().flat_map(|migration| migration.sql.split("CREATE TABLE ").skip(1));
    let names = statements
        .filter_map(|rest| rest.trim_start_matches("IF NOT EXISTS ").split([' ', '(', '\n']).next());
    names.chain(["schema_migrations"]).collect()
}

fn of_entity(entity: &'static Entity, found: Found) -> Option<ExportColumn> {
    let is_index = |field: &crate::access::Field| matches!(field.storage, Storage::Sealed { lookup: Some(index) } if index == found.column);
    if entity.fields.iter().any(is_index) {
        return None;
    }
    let Some(field) = entity.fields.iter().find(|field| field.column == found.column) else {
        return Some(library_kind(found));
    };
    let sealed = matches!(field.storage, Storage::Sealed { .. }).then_some(SealedAs {
        purpose: Purpose::Field,
        entity: entity.id,
        field: field.id,
        by_environment: false,
    });
    Some(ExportColumn { name: found.column, kind: field.kind.stored(), nullable: found.nullable, sealed })
}

fn of_library(found: Found) -> Option<ExportColumn> {
    if found.table != "people" {
        return Some(library_kind(found));
    }
    if NOT_OF_PEOPLE.contains(&found.column.as_str()) {
        return None;
    }
    let field = match found.column.as_str() {
        "email" => 1,
        "display_name" => 2,
        _ => return Some(library_kind(found)),
    };
    let sealed = Some(SealedAs { purpose: Purpose::Identity, entity: PEOPLE, field, by_environment: true });
    Some(ExportColumn { name: found.column, kind: Kind::Text, nullable: found.nullable, sealed })
}

/// In tables whose shape the library decides, a column's name tells its kind, which SQLite's TEXT does not.
fn library_kind(found: Found) -> ExportColumn {
    let kind = match found.column.as_str() {
        name if name == "id" || name.ends_with("_id") => Kind::Uuid,
        name if name.ends_with("_at") => Kind::Timestamp,
        _ => found.kind,
    };
    ExportColumn { name: found.column, kind, nullable: found.nullable, sealed: None }
}

fn plain(found: Found) -> ExportColumn {
    ExportColumn { name: found.column, kind: found.kind, nullable: found.nullable, sealed: None }
}

fn kind_of(data_type: &str) -> Kind {
    match data_type.to_ascii_lowercase().as_str() {
        "boolean" => Kind::Bool,
        "smallint" | "integer" | "bigint" | "int" => Kind::Integer,
        "real" | "double precision" => Kind::Decimal,
        "uuid" => Kind::Uuid,
        "date" => Kind::Date,
        "timestamp with time zone" => Kind::Timestamp,
        "bytea" | "blob" => Kind::Bytes,
        "json" | "jsonb" => Kind::Json,
        _ => Kind::Text,
    }
}

impl ExportTable {
    /// The statement that reads the rows, of one organisation or of all.
    pub(super) fn select(&self, organisation: Option<Uuid>) -> Statement {
        let quoted: Vec<String> =
            self.columns.iter().map(|column| exporter::identifier(&column.name)).collect();
        let columns = quoted.join(", ");
        let table = exporter::identifier(&self.name);
        match (organisation, &self.of_organisation) {
            (Some(id), Some(rows)) => {
                let text = format!("SELECT {columns} FROM {table} WHERE {rows}{}", self.order);
                Statement::composed(Text::composed(text), vec![id.into()])
            }
            _ => Statement::composed(
                Text::composed(format!("SELECT {columns} FROM {table}{}", self.order)),
                Vec::new(),
            ),
        }
    }

    /// The cells of a row, opened. Where the organisation's keys are no more, a sealed field is NULL.
    pub(super) fn cells(&self, row: &Row, rings: &Rings, environment: Uuid) -> Result<Vec<Cell>, AppError> {
        self.columns.iter().map(|column| column.cell(row, rings, environment)).collect()
    }
}

impl ExportColumn {
    fn cell(&self, row: &Row, rings: &Rings, environment: Uuid) -> Result<Cell, AppError> {
        let Some(sealed) = self.sealed else { return cell(row.value(&self.name, self.kind)?) };
        let Some(bytes) = row.optional_bytes(&self.name)? else { return Ok(Cell::Null) };
        let organisation = if sealed.by_environment { Uuid::nil() } else { row.uuid("organisation_id")? };
        let Some(ring) = rings.get(&organisation) else { return Ok(Cell::Null) };
        let binding = Binding {
            environment,
            organisation,
            entity: sealed.entity,
            field: sealed.field,
            row: row.uuid("id")?,
        };
        let plain = ring.open(sealed.purpose, &binding, &Sealed::from_bytes(bytes))?;
        cell(parse(self.kind, &plain)?)
    }
}

fn cell(value: Value) -> Result<Cell, AppError> {
    Ok(match value {
        Value::Null(_) => Cell::Null,
        Value::Bool(value) => Cell::Boolean(value),
        Value::Integer(value) => Cell::Integer(value),
        Value::Decimal(value) => Cell::Text(value.to_string()),
        Value::Text(value) => Cell::Text(value),
        Value::Bytes(value) => Cell::Bytes(value),
        Value::Uuid(value) => Cell::Text(value.to_string()),
        Value::Timestamp(value) => Cell::Text(timestamp_text(value)?),
        Value::Date(value) => Cell::Text(value.to_string()),
        Value::Json(value) => Cell::Json(value),
    })
}

pub(super) fn column_kind(kind: Kind) -> ColumnKind {
    match kind {
        Kind::Bool => ColumnKind::Boolean,
        Kind::Integer => ColumnKind::Integer,
        Kind::Decimal => ColumnKind::Decimal,
        Kind::Text => ColumnKind::Text,
        Kind::Bytes => ColumnKind::Bytes,
        Kind::Uuid => ColumnKind::Uuid,
        Kind::Timestamp => ColumnKind::Timestamp,
        Kind::Date => ColumnKind::Date,
        Kind::Json => ColumnKind::Json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What signing in and the keys need never leaves by an archive, whatever the library adds later.
    #[test]
    fn the_librarys_tables_are_known_by_its_migrations() {
        let names = library_tables(&SYSTEM_MIGRATIONS);
        for name in ["organisations", "places", "organisation_keys", "audit_events", "schema_migrations"] {
            assert!(names.contains(&name), "{name} in {names:?}");
        }
    }
}
