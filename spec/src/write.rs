//! A document as YAML that a person would have written: sections as blocks, short things on one line.

use crate::document::AppSpec;
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// The widest line that a short thing may fill.
const WIDTH: usize = 110;

impl AppSpec {
    /// The text of `app.yaml`. Reading it gives this document again.
    pub fn to_yaml(&self) -> String {
        let value = serde_json::to_value(self)
            .expect("a document is maps with text keys, lists, texts, numbers and booleans");
        let mut out = String::new();
        if let Value::Object(sections) = value {
            block(&mut out, &sections, 0);
        }
        out
    }

    /// The document as JSON, in the order in which it was written.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self)
            .expect("a document is maps with text keys, lists, texts, numbers and booleans")
    }
}

fn block(out: &mut String, map: &Map<String, Value>, depth: usize) {
    for (key, value) in map {
        let indent = "  ".repeat(depth);
        let key = scalar(key, false);
        let line = flow(value);
        // What has entries of its own reads better as a block; what is one thing stays on its line.
        let is_short = indent.len() + key.len() + 2 + line.len() <= WIDTH;
        match value {
            Value::Object(entries)
                if !entries.is_empty() && (depth < 2 || has_maps(entries) || !is_short) =>
            {
                let _ = writeln!(out, "{indent}{key}:");
                block(out, entries, depth + 1);
            }
            Value::Array(items) if !is_short || items.iter().any(Value::is_object) => {
                let _ = writeln!(out, "{indent}{key}:");
                for item in items {
                    let _ = writeln!(out, "{indent}  - {}", flow(item));
                }
            }
            Value::String(text) => {
                let _ = writeln!(out, "{indent}{key}: {}", scalar(text, false));
            }
            _ => {
                let _ = writeln!(out, "{indent}{key}: {line}");
            }
        }
    }
}

fn has_maps(entries: &Map<String, Value>) -> bool {
    entries.values().any(|value| value.as_object().is_some_and(|map| !map.is_empty()))
}

fn flow(value: &Value) -> String {
    match value {
        Value::Object(entries) if entries.is_empty() => "{}".into(),
        Value::Object(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", scalar(key, true), flow(value)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::String(text) => scalar(text, true),
        other => other.to_string(),
    }
}

/// A text without quotes where YAML reads it as that text, else in double quotes.
fn scalar(text: &str, in_flow: bool) -> String {
    let first_is_plain = text.starts_with(|c: char| c.is_alphanumeric());
    let inner_is_plain = text
        .chars()
        .all(|c| c.is_alphanumeric() || " -_./()|;>=<!+*'%µ°".contains(c) || (!in_flow && c == ','));
    let is_word = matches!(text, "null" | "~" | "true" | "false" | "yes" | "no");
    if first_is_plain && inner_is_plain && !is_word && !text.ends_with(' ') {
        return text.to_owned();
    }
    Value::String(text.to_owned()).to_string()
}
