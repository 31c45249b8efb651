//! A JSON Schema in the dialect that every provider takes, and back.
//!
//! Providers hold a model to a schema only where it stays within a small dialect: objects are closed and say all their
//! properties, what may be missing is `null` instead, keys are short words without spaces, and nothing has free keys.
//! So a [`Form`] is made of an ordinary schema (draft 2020-12): a map of names becomes a list of `{name, is}`, a space in
//! a key an underscore, an optional property one that may be null. [`Form::read`] turns an answer back; what stands in it
//! beside the form is dropped and said to be, and bounds and patterns are for the judge of the value, not for the form.

mod dialect;
mod reading;

use serde_json::{Map, Value};

use dialect::written;
use reading::{Filler, Reader};

/// A form for a model to fill in.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    name: String,
    about: String,
    original: Value,
    schema: Value,
}

/// A form that was filled in, in the words of the original schema.
#[derive(Clone, PartialEq)]
pub struct Filled {
    /// The value.
    pub value: Value,
    /// Where something stood that the form has no place for (RFC 6901); it was dropped.
    pub dropped: Vec<String>,
}

/// References lead to references at most so often.
const CHAIN: usize = 16;

impl Form {
    /// A form of this schema. `name` is a word of letters, digits and underscores; `about` says what it is for.
    pub fn new(name: &str, about: &str, original: Value) -> Self {
        let mut schema = written(&original);
        let mut known = Vec::new();
        let mut definitions = Map::new();
        referred(&schema, &mut known);
        let mut at = 0;
        while let Some(name) = known.get(at).cloned() {
            at += 1;
            let Some(definition) = original.pointer(&format!("/$defs/{name}")) else { continue };
            let definition = written(definition);
            referred(&definition, &mut known);
            definitions.insert(name, definition);
        }
        if let (Some(root), false) = (schema.as_object_mut(), definitions.is_empty()) {
            root.insert("$defs".into(), Value::Object(definitions));
        }
        Self { name: name.into(), about: about.into(), original, schema }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is for.
    pub fn about(&self) -> &str {
        &self.about
    }

    /// Its schema, in the dialect of providers.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// Turns a filled form into the words of the original schema. A value that fits nowhere stays as it is, for the judge
    /// to refuse.
    pub fn read(&self, filled: Value) -> Filled {
        let mut reader = Reader { original: &self.original, dropped: Vec::new() };
        let value = reader.value(filled, &self.original, &mut String::new());
        Filled { value, dropped: reader.dropped }
    }

    /// Fills the form with a value in the words of the original schema: what [`Form::read`] turns back.
    pub fn fill(&self, value: &Value) -> Value {
        Filler { original: &self.original }.value(value, &self.original)
    }
}

/// The word of a key in the form.
fn word(key: &str) -> String {
    key.replace([' ', '-'], "_")
}

/// Every definition that a schema refers to, in order, once.
fn referred(schema: &Value, known: &mut Vec<String>) {
    match schema {
        Value::Object(entries) => {
            if let Some(name) = entries.get("$ref").and_then(Value::as_str).and_then(definition)
                && !known.iter().any(|one| one == name)
            {
                known.push(name.to_owned());
            }
            entries.values().for_each(|value| referred(value, known));
        }
        Value::Array(items) => items.iter().for_each(|item| referred(item, known)),
        _ => {}
    }
}

fn definition(reference: &str) -> Option<&str> {
    reference.strip_prefix("#/$defs/")
}

/// What a schema says, once its references are followed.
fn resolved<'s>(original: &'s Value, mut schema: &'s Value) -> &'s Value {
    for _ in 0..CHAIN {
        let name = schema.get("$ref").and_then(Value::as_str).and_then(definition);
        match name.and_then(|name| original.pointer(&format!("/$defs/{name}"))) {
            Some(next) => schema = next,
            None => break,
        }
    }
    schema
}

fn branches(schema: &Value) -> Option<&Vec<Value>> {
    schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array)
}

/// The schema of the values of a map of names, if the schema is one.
fn of_values(schema: &Value) -> Option<&Value> {
    if schema.get("properties").is_some_and(|known| known.as_object().is_some_and(|known| !known.is_empty()))
    {
        return None;
    }
    let by_pattern =
        schema.get("patternProperties").and_then(Value::as_object).and_then(|map| map.values().next());
    by_pattern.or_else(|| schema.get("additionalProperties").filter(|values| values.is_object()))
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ if schema.get("enum").is_some() || schema.get("const").is_some() => vec!["string"],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn form() -> Form {
        let schema = json!({
            "type": "object",
            "description": "a product",
            "properties": {
                "app": { "type": "string", "description": "its name" },
                "time zone": { "type": ["string", "null"] },
                "entities": {
                    "type": "object",
                    "patternProperties": { "^[a-z]+$": { "$ref": "#/$defs/Entity" } },
                    "additionalProperties": false,
                },
                "language": { "enum": ["en", "es"], "description": "of its pages" },
                "tags": { "type": "array", "items": { "type": "string" } },
            },
            "required": ["app", "entities"],
            "additionalProperties": false,
            "$defs": {
                "Entity": { "anyOf": [
                    { "type": "string" },
                    {
                        "type": "object",
                        "properties": {
                            "part of": { "$ref": "#/$defs/Name", "description": "its owner" },
                            "fields": { "type": "object", "additionalProperties": { "type": "string" } },
                        },
                        "required": [],
                    },
                ] },
                "Name": { "type": "string", "pattern": "^[a-z]+$" },
                "Unused": { "type": "object", "properties": {} },
            },
        });
        Form::new("app", "a product", schema)
    }

    /// What a strict schema may hold: closed objects that require all they have, no free keys, no bounds.
    fn is_strict(schema: &Value) {
        match schema {
            Value::Object(object) => {
                for unknown in ["pattern", "patternProperties", "oneOf", "format", "minimum", "maximum"] {
                    assert!(
                        !object.contains_key(unknown) || object.contains_key("properties"),
                        "{unknown}: {schema}"
                    );
                }
                if object.contains_key("$ref") {
                    assert_eq!(object.len(), 1, "beside a reference: {schema}");
                }
                if let Some(properties) = object.get("properties").and_then(Value::as_object)
                    && object.get("additionalProperties") == Some(&Value::Bool(false))
                {
                    let keys: Vec<&String> = properties.keys().collect();
                    assert_eq!(json!(keys), object["required"]);
                    for key in keys {
                        assert!(key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{key}");
                    }
                }
                object.values().for_each(is_strict);
            }
            Value::Array(items) => items.iter().for_each(is_strict),
            _ => {}
        }
    }

    #[test]
    fn a_form_is_strict_and_holds_what_it_needs() {
        let form = form();
        is_strict(form.schema());
        let definitions: Vec<&String> = form.schema()["$defs"].as_object().unwrap().keys().collect();
        assert_eq!(definitions, ["Entity", "Name"]);
        assert_eq!(form.schema()["properties"]["language"]["enum"], json!(["en", "es", null]));
    }

    #[test]
    fn what_is_filled_in_is_read_again() {
        let form = form();
        let value = json!({
            "app": "Clinic",
            "time zone": "UTC",
            "entities": { "patient": { "fields": { "name": "identifier" } }, "visit": { "part of": "patient" }, "x": "y" },
            "tags": ["a"],
        });
        let filled = form.fill(&value);
        assert_eq!(filled["entities"][1]["is"]["part_of"], "patient");
        assert_eq!(filled["language"], Value::Null);
        let read = form.read(filled);
        assert_eq!(read.value, value);
        assert!(read.dropped.is_empty());
    }

    /// HC-5: text outside the schema is dropped.
    #[test]
    fn what_the_form_has_no_place_for_is_dropped_and_told() {
        let form = form();
        let read = form.read(json!({
            "app": "Clinic",
            "run": "rm -rf /",
            "entities": [
                { "name": "patient", "is": { "fields": [], "script": "<script>" } },
                { "name": "patient", "is": { "fields": [{ "name": "second", "is": "none" }] } },
                "loose words",
                { "is": "nameless" },
            ],
        }));
        assert_eq!(read.value, json!({ "app": "Clinic", "entities": { "patient": { "fields": {} } } }));
        assert_eq!(
            read.dropped,
            ["/run", "/entities/patient/script", "/entities/1", "/entities/2", "/entities/3"]
        );
    }

    #[test]
    fn an_answer_of_maps_is_read_as_well() {
        let form = form();
        let value =
            json!({ "app": "Clinic", "entities": { "patient": { "fields": { "name": "identifier" } } } });
        assert_eq!(form.read(value.clone()).value, value);
        assert_eq!(form.read(json!("nonsense")).value, json!("nonsense"));
    }
}
