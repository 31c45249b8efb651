//! SQLite changes a table by making it anew: the new table beside the old one, the rows moved, the name taken over
//! (<https://www.sqlite.org/lang_altertable.html>, "Making Other Kinds Of Table Schema Changes"). Foreign keys are off while a
//! migration runs, and checked before it commits.

use super::{Change, Error, Pair, assignments, missing, of_entity};
use crate::doors::comment;
use crate::view::schema::IndexView;

/// Columns that every table has.
const ALWAYS: &str = "id, organisation_id, version, created_at, created_by_id, updated_at, updated_by_id";

/// The migration, if any table differs.
pub(super) fn text(change: &Change<'_>) -> Result<Option<String>, Error> {
    let mut text = String::new();
    for pair in &change.pairs {
        text.push_str(&table(change, *pair)?);
    }
    for entity in change.removed() {
        text.push_str(&format!("\n-- {} are kept no longer.\n", comment(&entity.label_plural)));
        if let Some(assignment) = &entity.assignment {
            text.push_str(&format!("DROP TABLE {};\n", assignment.table));
        }
        text.push_str(&format!("DROP TABLE {};\n", entity.table));
    }
    for entity in change.added() {
        text.push('\n');
        text.push_str(&of_entity(change.after, entity, "sqlite", "entity", &entity.table)?);
    }
    if text.is_empty() {
        return Ok(None);
    }
    Ok(Some(format!(
        "-- A change of app.yaml. A table is rebuilt beside the old one, so what else names it must not follow the old one\n\
         -- while that is on its way out.\nPRAGMA legacy_alter_table = ON;\n{text}\nPRAGMA legacy_alter_table = OFF;\n"
    )))
}

fn table(change: &Change<'_>, pair: Pair<'_>) -> Result<String, Error> {
    let (before, after) = (&pair.before.schema, &pair.after.schema);
    let table = &pair.after.table;
    let triggers = || of_entity(change.after, pair.after, "sqlite", "triggers", table);
    let mut text = String::new();
    if is_rebuilt(&pair) {
        text.push_str(&rebuilt(change, pair)?);
        text.push_str(&after.indexes.iter().map(|index| made(table, index)).collect::<String>());
        text.push_str(&assignments(change, pair, "sqlite")?);
        text.push_str(&triggers()?);
    } else {
        for column in after.columns.iter().filter(|column| pair.was(column).is_none()) {
            let about = comment(&column.comment);
            text.push_str(&format!(
                "ALTER TABLE {table} ADD COLUMN {} {}; -- {about}\n",
                column.name, column.sqlite
            ));
        }
        for gone in missing(&before.indexes, &after.indexes) {
            text.push_str(&format!("DROP INDEX {};\n", gone.name));
        }
        text.push_str(
            &missing(&after.indexes, &before.indexes)
                .into_iter()
                .map(|index| made(table, index))
                .collect::<String>(),
        );
        text.push_str(&assignments(change, pair, "sqlite")?);
        if before.triggers != after.triggers {
            text.push_str(
                &before
                    .triggers
                    .iter()
                    .map(|trigger| format!("DROP TRIGGER {};\n", trigger.name))
                    .collect::<String>(),
            );
            text.push_str(&triggers()?);
        }
    }
    Ok(if text.is_empty() { text } else { format!("\n-- {}\n{text}", comment(&pair.about())) })
}

/// Whether more changes than a column that is added at the end.
fn is_rebuilt(pair: &Pair<'_>) -> bool {
    let (before, after) = (&pair.before.schema, &pair.after.schema);
    let same = |column: &crate::view::schema::ColumnView| {
        pair.was(column).is_none_or(|was| was.name == column.name && was.sqlite == column.sqlite)
    };
    pair.is_renamed()
        || before.foreign_keys != after.foreign_keys
        || before.uniques != after.uniques
        || before.checks != after.checks
        || !after.columns.iter().all(same)
        || pair.removed_columns().next().is_some()
}

fn rebuilt(change: &Change<'_>, pair: Pair<'_>) -> Result<String, Error> {
    let (old, table) = (&pair.before.table, &pair.after.table);
    let new = format!("{table}_new");
    let create = of_entity(change.after, pair.after, "sqlite", "table", &new)?;
    let moved: Vec<_> =
        pair.after.schema.columns.iter().filter_map(|column| Some((column, pair.was(column)?))).collect();
    let list = |names: Vec<&str>| std::iter::once(ALWAYS).chain(names).collect::<Vec<_>>().join(", ");
    let into = list(moved.iter().map(|(column, _)| column.name.as_str()).collect());
    let from = list(moved.iter().map(|(_, was)| was.name.as_str()).collect());
    // Its triggers go with the old table. Those of others that look into it find the new one under the same name.
    Ok(format!(
        "{create}INSERT INTO {new} ({into})\n    SELECT {from} FROM {old};\nDROP TABLE {old};\nALTER TABLE {new} RENAME TO {table};\n"
    ))
}

fn made(table: &str, index: &IndexView) -> String {
    format!("CREATE INDEX {} ON {table} ({}); -- {}\n", index.name, index.columns, comment(&index.why))
}
