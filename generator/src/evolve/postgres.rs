//! PostgreSQL changes tables in place. The second fence looks at columns that may be renamed or gone, so it is taken down
//! first and put up anew last, in the same transaction: nobody ever meets a table without it.

use std::fmt::Write;

use super::{Change, Error, Pair, assignments, fence, missing, of_entity};
use crate::doors::comment;
use crate::view::app::AppView;
use crate::view::entity::EntityView;
use crate::view::schema::{ExclusionView, IndexView, KeyView};

/// The migration, if any table or any policy differs.
pub(super) fn text(change: &Change<'_>) -> Result<Option<String>, Error> {
    let mut text = String::new();
    for pair in change.pairs.iter().filter(|pair| pair.is_renamed()) {
        text.push_str(&renamed(pair));
    }
    for pair in &change.pairs {
        text.push_str(&without_keys(pair));
    }
    for entity in change.removed() {
        text.push_str(&removed(entity));
    }
    for pair in &change.pairs {
        text.push_str(&cleared(pair));
    }
    for entity in &change.after.entities {
        match change.pairs.iter().find(|pair| pair.after.id == entity.id) {
            Some(pair) => text.push_str(&filled(change, *pair)?),
            None => {
                text.push('\n');
                text.push_str(&of_entity(change.after, entity, "postgres", "entity", &entity.table)?);
            }
        }
    }
    for pair in &change.pairs {
        let keys = missing(&pair.after.schema.foreign_keys, &pair.before.schema.foreign_keys);
        text.push_str(&keys.into_iter().map(|key| keyed(&pair.after.table, key)).collect::<String>());
    }
    let (before, after) = (&change.before.fence, &change.after.fence);
    if text.is_empty() && before.views == after.views && before.policies == after.policies {
        return Ok(None);
    }
    let fence = fence(change.after)?;
    Ok(Some(format!("{}{text}\n{fence}", without_fence(change.before))))
}

/// Takes down every policy and every view of the fence.
fn without_fence(before: &AppView) -> String {
    let mut text = String::from(
        "-- A change of app.yaml. The second fence is taken down first and put up anew below.\n",
    );
    for policies in &before.fence.policies {
        for line in policies.lines() {
            let Some(rest) = line.strip_prefix("CREATE POLICY ") else { continue };
            let mut parts = rest.split_whitespace();
            if let (Some(name), Some("ON"), Some(table)) = (parts.next(), parts.next(), parts.next()) {
                let _ = writeln!(text, "DROP POLICY {name} ON {table};");
            }
        }
    }
    for view in before.fence.views.iter().rev() {
        let name = view.strip_prefix("CREATE VIEW ").and_then(|rest| rest.split_whitespace().next());
        let _ = name.map(|name| writeln!(text, "DROP VIEW {name};"));
    }
    text
}

fn renamed(pair: &Pair<'_>) -> String {
    let (old, new) = (&pair.before.table, &pair.after.table);
    let mut text = format!("\n-- {}\nALTER TABLE {old} RENAME TO {new};\n", comment(&pair.about()));
    for constraint in ["pkey", "organisation_id_fkey"] {
        let _ =
            writeln!(text, "ALTER TABLE {new} RENAME CONSTRAINT {old}_{constraint} TO {new}_{constraint};");
    }
    text
}

fn dropped(table: &str, constraint: &str) -> String {
    format!("ALTER TABLE {table} DROP CONSTRAINT {constraint};\n")
}

/// Foreign keys first: what they name may change or go.
fn without_keys(pair: &Pair<'_>) -> String {
    let gone = missing(&pair.before.schema.foreign_keys, &pair.after.schema.foreign_keys);
    gone.into_iter().map(|key| dropped(&pair.after.table, &key.name)).collect()
}

fn removed(entity: &EntityView) -> String {
    let mut text = format!("\n-- {} are kept no longer.\n", comment(&entity.label_plural));
    let assignments = entity.assignment.as_ref().map(|assignment| &assignment.table);
    for table in assignments.into_iter().chain([&entity.table]) {
        let _ = writeln!(text, "DROP TABLE {table};");
    }
    for trigger in entity.schema.triggers.iter().filter(|trigger| !trigger.sqlite_only) {
        let _ = writeln!(text, "DROP FUNCTION {}();", trigger.name);
    }
    text
}

/// Takes out of a table what it has no longer.
fn cleared(pair: &Pair<'_>) -> String {
    let (before, after, table) = (&pair.before.schema, &pair.after.schema, &pair.after.table);
    let mut text = String::new();
    let constraints = missing(&before.exclusions, &after.exclusions)
        .into_iter()
        .map(|each| &each.name)
        .chain(missing(&before.uniques, &after.uniques).into_iter().map(|each| &each.name))
        .chain(missing(&before.checks, &after.checks).into_iter().map(|each| &each.name));
    text.extend(constraints.map(|name| dropped(table, name)));
    text.extend(
        missing(&before.indexes, &after.indexes)
            .into_iter()
            .map(|index| format!("DROP INDEX {};\n", index.name)),
    );
    if before.triggers != after.triggers {
        for trigger in before.triggers.iter().filter(|trigger| !trigger.sqlite_only) {
            let _ = writeln!(text, "DROP TRIGGER {0} ON {table};\nDROP FUNCTION {0}();", trigger.name);
        }
    }
    text.extend(
        pair.removed_columns().map(|column| format!("ALTER TABLE {table} DROP COLUMN {};\n", column.name)),
    );
    for column in &after.columns {
        if let Some(was) = pair.was(column).filter(|was| was.name != column.name) {
            let _ = writeln!(text, "ALTER TABLE {table} RENAME COLUMN {} TO {};", was.name, column.name);
        }
    }
    text
}

/// Puts into a table what is new.
fn filled(change: &Change<'_>, pair: Pair<'_>) -> Result<String, Error> {
    let (before, after, table) = (&pair.before.schema, &pair.after.schema, &pair.after.table);
    let mut text = String::new();
    for column in &after.columns {
        let (name, about) = (&column.name, comment(&column.comment));
        match pair.was(column) {
            None => {
                let _ =
                    writeln!(text, "ALTER TABLE {table} ADD COLUMN {name} {}; -- {about}", column.postgres);
            }
            Some(was) if default(&was.postgres) != default(&column.postgres) => {
                let now = default(&column.postgres);
                let now = now.map_or("DROP DEFAULT".to_owned(), |value| format!("SET DEFAULT {value}"));
                let _ = writeln!(text, "ALTER TABLE {table} ALTER COLUMN {name} {now};");
            }
            Some(_) => {}
        }
    }
    let added = |name: &str, rule: String| format!("ALTER TABLE {table} ADD CONSTRAINT {name} {rule};\n");
    text.extend(
        missing(&after.uniques, &before.uniques)
            .into_iter()
            .map(|unique| added(&unique.name, format!("UNIQUE ({})", unique.columns))),
    );
    text.extend(
        missing(&after.checks, &before.checks)
            .into_iter()
            .map(|check| added(&check.name, format!("CHECK ({})", check.condition))),
    );
    text.extend(missing(&after.exclusions, &before.exclusions).into_iter().map(|one| excluded(table, one)));
    text.extend(missing(&after.indexes, &before.indexes).into_iter().map(|index| indexed(table, index)));
    text.push_str(&assignments(change, pair, "postgres")?);
    if before.triggers != after.triggers {
        text.push_str(&of_entity(change.after, pair.after, "postgres", "triggers", table)?);
    }
    Ok(if text.is_empty() { text } else { format!("\n-- {}\n{text}", comment(&pair.about())) })
}

/// The default of a column, out of `text NOT NULL DEFAULT 'draft'`.
fn default(definition: &str) -> Option<&str> {
    definition.split_once(" DEFAULT ").map(|(_, value)| value)
}

fn keyed(table: &str, key: &KeyView) -> String {
    let cascade = if key.cascades { " ON DELETE CASCADE" } else { "" };
    format!(
        "ALTER TABLE {table} ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({}){cascade};\n",
        key.name, key.column, key.table, key.references
    )
}

fn excluded(table: &str, exclusion: &ExclusionView) -> String {
    let filter =
        if exclusion.filter.is_empty() { String::new() } else { format!(" WHERE ({})", exclusion.filter) };
    format!(
        "CREATE EXTENSION IF NOT EXISTS btree_gist;\nALTER TABLE {table} ADD CONSTRAINT {}\n    EXCLUDE USING gist ({}){filter};\n",
        exclusion.name, exclusion.elements
    )
}

fn indexed(table: &str, index: &IndexView) -> String {
    format!("CREATE INDEX {} ON {table} ({}); -- {}\n", index.name, index.columns, comment(&index.why))
}
