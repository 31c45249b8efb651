//! The JSON Schema of a table's rows, for whoever reads `data/<table>.ndjson` without this crate.

use serde_json::{Value as Json, json};

use crate::cell::{ColumnKind, Table};

/// A schema of one row (JSON Schema, draft 2020-12).
pub(crate) fn of(table: &Table) -> Json {
    let properties: serde_json::Map<String, Json> = table
        .columns
        .iter()
        .map(|column| (column.name.clone(), value(column.kind, column.nullable)))
        .collect();
    let names: Vec<_> = table.columns.iter().map(|column| column.name.as_str()).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": table.name,
        "description": format!("One line of data/{}.ndjson: one row of the table.", table.name),
        "type": "object",
        "properties": properties,
        "required": names,
        "additionalProperties": false,
    })
}

fn value(kind: ColumnKind, nullable: bool) -> Json {
    let text = |mut schema: Json| {
        schema["type"] = if nullable { json!(["string", "null"]) } else { json!("string") };
        schema
    };
    let plain =
        |name: &str| if nullable { json!({ "type": [name, "null"] }) } else { json!({ "type": name }) };
    match kind {
        ColumnKind::Boolean => plain("boolean"),
        ColumnKind::Integer => plain("integer"),
        ColumnKind::Decimal => {
            text(json!({ "pattern": "^-?[0-9]+(\\.[0-9]+)?$", "description": "a decimal number" }))
        }
        ColumnKind::Text => text(json!({})),
        ColumnKind::Uuid => text(json!({ "format": "uuid" })),
        ColumnKind::Date => text(json!({ "format": "date" })),
        ColumnKind::Timestamp => text(json!({ "format": "date-time" })),
        ColumnKind::Bytes => text(json!({ "contentEncoding": "base16" })),
        // Any document, `null` among them.
        ColumnKind::Json => json!({}),
    }
}
