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
use crate::access::{Entity, PIECE, Storage};
use crate::crypto::{Binding, Normal, Purpose, Sealed, parse};
use crate::identity::EmailAddress;
use crate::store::{
    Kind, MigrationSet, Row, SYSTEM_MIGRATIONS, Statement, Text, Transaction, Value, sql, timestamp_text,
};
use crate::{ai, compliance, sharing};

/// A table as it is exported.
#[derive(Debug)]
pub(crate) struct ExportTable {
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
    /// What finds it again, where it is sealed and can be looked up.
    pub(super) lookup: Option<Lookup>,
    /// The database's own name of a kind that the library does not know, which passes as text.
    cast: Option<String>,
}

/// A blind index that stands beside a sealed column.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lookup {
    /// Of a field, in this column, normalised by this rule.
    Field(&'static str, Normal),
    /// Of a person's e-mail address.
    Email,
}

/// How to open a sealed column.
#[derive(Clone, Copy, Debug)]
pub(super) struct SealedAs {
    pub(super) purpose: Purpose,
    pub(super) entity: u32,
    pub(super) field: u32,
    /// The environment's own ring opens it, not the organisation's.
    pub(super) by_environment: bool,
}

/// One column as the database tells of it.
struct Found {
    table: String,
    column: String,
    kind: Kind,
    /// The database's own name of the kind, where that is none of ours.
    cast: Option<String>,
    nullable: bool,
}

/// Columns that the database computes are left out: they come back by themselves.
const OF_POSTGRES: &str = "SELECT CAST(t.relname AS text) AS t, CAST(c.attname AS text) AS c, \
     format_type(c.atttypid, c.atttypmod) AS kind, NOT c.attnotnull AS nullable \
     FROM pg_class t JOIN pg_attribute c ON c.attrelid = t.oid \
     WHERE t.relnamespace = CAST('public' AS regnamespace) AND t.relkind IN ('r', 'p') \
       AND NOT t.relispartition AND c.attnum > 0 AND NOT c.attisdropped AND c.attgenerated = '' \
     ORDER BY t.relname, c.attnum";

/// Where records are only read, they stand in a second, attached file; the list shows both.
const OF_SQLITE: &str = "SELECT DISTINCT m.name AS t, c.name AS c, c.type AS kind, c.\"notnull\" = 0 AS nullable, \
     c.cid FROM pragma_table_list m JOIN pragma_table_info(m.name) c \
     WHERE m.type = 'table' AND m.schema <> 'temp' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
       AND m.name NOT LIKE 'safeguards\\_interim%' ESCAPE '\\' ORDER BY m.name, c.cid";

/// People, opened by the environment's ring; identity seals an address and a name under these ids.
const PEOPLE: u32 = u32::MAX - 10;
/// The library's own tables that an archive holds, and which rows of each belong to organisation `$1`.
const OWN: [(&str, &str); 27] = [
    ("ai_applications", "organisation_id = $1"),
    ("ai_attestations", "organisation_id = $1"),
    ("ai_invocations", "organisation_id = $1"),
    ("audit_retention", "organisation_id = $1"),
    ("compliance_entries", "organisation_id = $1"),
    ("compliance_officers", "organisation_id = $1"),
    ("compliance_reviews", "organisation_id = $1"),
    ("conversation_reads", "organisation_id = $1"),
    ("document_acceptances", "organisation_id = $1"),
    ("emergency_accesses", "organisation_id = $1"),
    ("emergency_notices", "organisation_id = $1"),
    ("episode_tasks", "organisation_id = $1"),
    ("erasures", "organisation_id = $1"),
    ("file_chunks", "organisation_id = $1"),
    ("incidents", "organisation_id = $1"),
    ("limit_tiers", "organisation_id = $1"),
    ("limit_usage", "organisation_id = $1"),
    ("open_page_addresses", "organisation_id = $1"),
    ("organisations", "id = $1"),
    ("outbox_messages", "organisation_id = $1"),
    ("places", "organisation_id = $1"),
    ("rights_requests", "organisation_id = $1"),
    ("rule_episodes", "organisation_id = $1"),
    ("sent_packets", "organisation_id = $1"),
    ("trainings", "organisation_id = $1"),
    ("memberships", "organisation_id = $1"),
    (
        "people",
        "EXISTS (SELECT 1 FROM memberships m WHERE m.person_id = people.id AND m.organisation_id = $1)",
    ),
];
/// The column in which a look says whom a row is about.
pub(super) const SUBJECT: &str = "look_subject";
/// What stays of an organisation that is destroyed: that there was one, and how long its audit log is kept.
const KEPT: [&str; 3] = ["organisations", "audit_retention", "people"];
/// Columns of people that only signing in needs.
const NOT_OF_PEOPLE: [&str; 4] =
    ["email_index", "password_hash", "password_changed_at", "password_stands_alone"];

/// The tables of an archive, in the order of their names.
pub(crate) async fn tables(
    snapshot: &mut Transaction,
    entities: &[&'static Entity],
    organisation: Option<Uuid>,
) -> Result<Vec<ExportTable>, AppError> {
    let query = if snapshot.is_postgres() { OF_POSTGRES } else { OF_SQLITE };
    let mut tables: Vec<ExportTable> = Vec::new();
    let library = library_tables(&SYSTEM_MIGRATIONS);
    let postgres = snapshot.is_postgres();
    for row in sql(query).fetch_all(snapshot).await? {
        let declared = row.text("kind")?;
        let found = Found {
            kind: kind_of(&declared),
            cast: (postgres && !is_known(&declared)).then_some(declared),
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
    let lookup = match field.storage {
        Storage::Sealed { lookup: Some(index) } => {
            field.kind.normal().map(|normal| Lookup::Field(index, normal))
        }
        _ => None,
    };
    let kind = field.kind.stored();
    Some(ExportColumn { name: found.column, kind, nullable: found.nullable, sealed, lookup, cast: None })
}

fn of_library(found: Found) -> Option<ExportColumn> {
    if found.table == "file_chunks" && found.column == "content" {
        let (entity, field) = PIECE;
        let sealed = Some(SealedAs { purpose: Purpose::Field, entity, field, by_environment: false });
        return Some(ExportColumn { sealed, kind: Kind::Bytes, ..plain(found) });
    }
    // What opened an impersonation opens nothing elsewhere, and a hash under this environment's key finds nobody there.
    let only_here = [("emergency_accesses", "token_hash"), ("erasures", "fingerprint")];
    if only_here.contains(&(&*found.table, &*found.column)) {
        return None;
    }
    if sharing::SECRETS.contains(&(&*found.table, &*found.column)) {
        return None;
    }
    let sealed = compliance::SEALED
        .iter()
        .chain(&ai::SEALED)
        .chain(&sharing::SEALED)
        .find(|(table, column, _)| (*table, *column) == (&*found.table, &*found.column));
    if let Some((_, _, (entity, field))) = sealed {
        let (entity, field, kind) = (*entity, *field, Kind::Text);
        let sealed = Some(SealedAs { purpose: Purpose::Field, entity, field, by_environment: false });
        return Some(ExportColumn { sealed, kind, ..plain(found) });
    }
    if (&*found.table, &*found.column) == ("compliance_reviews", "conducted_on") {
        return Some(ExportColumn { kind: Kind::Date, ..plain(found) });
    }
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
    let lookup = (field == 1).then_some(Lookup::Email);
    let kind = Kind::Text;
    Some(ExportColumn { name: found.column, kind, nullable: found.nullable, sealed, lookup, cast: None })
}

/// In tables whose shape the library decides, a column's name tells its kind, which SQLite's TEXT does not.
fn library_kind(found: Found) -> ExportColumn {
    let kind = match found.column.as_str() {
        name if name == "id" || name.ends_with("_id") => Kind::Uuid,
        name if name.ends_with("_at") => Kind::Timestamp,
        _ => found.kind,
    };
    ExportColumn { kind, ..plain(found) }
}

fn plain(found: Found) -> ExportColumn {
    let Found { column, kind, cast, nullable, .. } = found;
    ExportColumn { name: column, kind, nullable, sealed: None, lookup: None, cast }
}

fn is_known(data_type: &str) -> bool {
    kind_of(data_type) != Kind::Text || data_type == "text" || data_type.starts_with("character varying")
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
    /// The columns, as a statement reads them.
    fn read(&self) -> String {
        let read = self.columns.iter().map(|column| {
            let name = exporter::identifier(&column.name);
            match column.cast {
                Some(_) => format!("CAST({name} AS text) AS {name}"),
                None => name,
            }
        });
        read.collect::<Vec<_>>().join(", ")
    }

    /// The statement that reads one row, or the newest ones: ids tell when they were made. Whom a row is about stands
    /// beside it, in [`SUBJECT`], where the entity says how that is found.
    pub(super) fn look(&self, subject: Option<&'static str>, one: Option<Uuid>, most: i64) -> Statement {
        let table = exporter::identifier(&self.name);
        let subject = match subject {
            None => String::new(),
            Some(query) if query.starts_with('(') => format!(", {query} AS {SUBJECT}"),
            Some(column) => format!(", {table}.{} AS {SUBJECT}", exporter::identifier(column)),
        };
        let columns = self.read();
        let (rows, value) = match one {
            Some(id) => ("WHERE id = $1", id.into()),
            None => ("ORDER BY id DESC LIMIT $1", most.into()),
        };
        Statement::composed(
            Text::composed(format!("SELECT {columns}{subject} FROM {table} {rows}")),
            vec![value],
        )
    }

    /// The statement that reads the rows, of one organisation or of all.
    pub(super) fn select(&self, organisation: Option<Uuid>) -> Statement {
        let columns = self.read();
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

    /// The statement that removes the rows of an organisation; none where the table cannot tell whose they are,
    /// or where they are what the rest stands on.
    pub(super) fn remove(&self, organisation: Uuid) -> Option<Statement> {
        let rows = self.of_organisation.as_ref().filter(|_| !KEPT.contains(&self.name.as_str()))?;
        let table = exporter::identifier(&self.name);
        let text = format!("DELETE FROM {table} WHERE {rows}");
        Some(Statement::composed(Text::composed(text), vec![organisation.into()]))
    }

    /// The statement that counts the rows.
    pub(super) fn count(&self) -> Statement {
        let table = exporter::identifier(&self.name);
        Statement::composed(Text::composed(format!("SELECT count(*) AS n FROM {table}")), Vec::new())
    }

    /// The statement that writes a row of the columns and, behind them, of the blind indexes.
    pub(super) fn insert(&self, values: Vec<Value>) -> Statement {
        let columns = self.columns.iter().map(|column| (column.name.as_str(), column.cast.as_deref()));
        let indexes = self.columns.iter().filter_map(|column| Some((column.lookup?.column(), None)));
        let (names, places): (Vec<_>, Vec<_>) = columns
            .chain(indexes)
            .enumerate()
            .map(|(at, (name, cast))| {
                let place = format!("${}", at + 1);
                let place = cast.map_or(place.clone(), |cast| format!("CAST({place} AS {cast})"));
                (exporter::identifier(name), place)
            })
            .unzip();
        let (table, names, places) = (exporter::identifier(&self.name), names.join(", "), places.join(", "));
        let text = format!("INSERT INTO {table} ({names}) VALUES ({places})");
        Statement::composed(Text::composed(text), values)
    }

    /// The cells of a row, opened. Where the organisation's keys are no more, a sealed field is NULL.
    pub(super) fn cells(&self, row: &Row, rings: &Rings, environment: Uuid) -> Result<Vec<Cell>, AppError> {
        self.columns.iter().map(|column| column.cell(row, rings, environment)).collect()
    }
}

impl Lookup {
    fn column(self) -> &'static str {
        match self {
            Self::Field(column, _) => column,
            Self::Email => "email_index",
        }
    }

    /// The value in the one form that is indexed.
    pub(super) fn normalised(self, value: &str) -> Option<String> {
        match self {
            Self::Field(_, normal) => normal.apply(value),
            Self::Email => EmailAddress::parse(value).ok().map(|email| email.as_str().to_owned()),
        }
    }
}

impl SealedAs {
    /// The place that a value of this column in `row` is bound to.
    pub(super) fn binding(&self, environment: Uuid, organisation: Uuid, row: Uuid) -> Binding {
        Binding { environment, organisation, entity: self.entity, field: self.field, row }
    }
}

impl ExportColumn {
    /// The cell of a row, opened.
    pub(super) fn cell(&self, row: &Row, rings: &Rings, environment: Uuid) -> Result<Cell, AppError> {
        let Some(sealed) = self.sealed else { return cell(row.value(&self.name, self.kind)?) };
        let Some(bytes) = row.optional_bytes(&self.name)? else { return Ok(Cell::Null) };
        let organisation = if sealed.by_environment { Uuid::nil() } else { row.uuid("organisation_id")? };
        let Some(ring) = rings.get(&organisation) else { return Ok(Cell::Null) };
        let binding = sealed.binding(environment, organisation, row.uuid("id")?);
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
