//! A JSON Schema in the dialect that every provider takes, and back.
//!
//! Providers hold a model to a schema only where it stays within a small dialect: objects are closed and say all their
//! properties, what may be missing is `null` instead, keys are short words without spaces, and nothing has free keys.
//! So a [`Form`] is made of an ordinary schema (draft 2020-12): a map of names becomes a list of `{name, is}`, a space in
//! a key an underscore, an optional property one that may be null. [`Form::read`] turns an answer back; what stands in it
//! beside the form is dropped and said to be, and bounds and patterns are for the judge of the value, not for the form.

use serde_json::{Map, Value, json};

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
        let writer = Writer { original: &original };
        let mut schema = writer.schema(&original);
        let mut known = Vec::new();
        let mut definitions = Map::new();
        referred(&schema, &mut known);
        let mut at = 0;
        while let Some(name) = known.get(at).cloned() {
            at += 1;
            let Some(definition) = original.pointer(&format!("/$defs/{name}")) else { continue };
            let definition = writer.schema(definition);
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

struct Writer<'s> {
    original: &'s Value,
}

impl Writer<'_> {
    fn schema(&self, schema: &Value) -> Value {
        let mut out = if let Some(reference) = schema.get("$ref") {
            // Nothing may stand beside a reference.
            return json!({ "$ref": reference });
        } else if let Some(branches) = branches(schema) {
            let branches: Vec<Value> = branches.iter().map(|branch| self.schema(branch)).collect();
            json!({ "anyOf": branches })
        } else if let Some(values) = of_values(schema) {
            let entry = closed(vec![
                ("name".into(), json!({ "type": "string" })),
                ("is".into(), self.schema(values)),
            ]);
            let list = json!({ "type": "array", "items": entry });
            if types(schema).contains(&"null") { nullable(list) } else { list }
        } else {
            self.plain(schema)
        };
        if let (Some(about), Some(object)) = (schema.get("description"), out.as_object_mut()) {
            object.insert("description".into(), about.clone());
        }
        out
    }

    fn plain(&self, schema: &Value) -> Value {
        let kinds = types(schema);
        let values: Vec<&str> = kinds.iter().copied().filter(|kind| *kind != "null").collect();
        let out = match values.as_slice() {
            ["object"] => self.object(schema),
            ["array"] => {
                let items = schema
                    .get("items")
                    .map_or_else(|| json!({ "type": "string" }), |items| self.schema(items));
                json!({ "type": "array", "items": items })
            }
            [one] => {
                let mut out = json!({ "type": one });
                if let (Some(words), Some(object)) = (schema.get("enum"), out.as_object_mut()) {
                    object.insert("enum".into(), words.clone());
                }
                if let (Some(word), Some(object)) = (schema.get("const"), out.as_object_mut()) {
                    object.insert("enum".into(), json!([word]));
                }
                out
            }
            [] => json!({ "type": "string" }),
            several => {
                json!({ "anyOf": several.iter().map(|kind| json!({ "type": kind })).collect::<Vec<_>>() })
            }
        };
        if kinds.contains(&"null") && !values.is_empty() { nullable(out) } else { out }
    }

    fn object(&self, schema: &Value) -> Value {
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let known = schema.get("properties").and_then(Value::as_object);
        let properties = known.into_iter().flatten().map(|(key, property)| {
            let mut written = self.schema(property);
            if !required.contains(&key.as_str()) {
                written = nullable(written);
                // A reference can say what it is for once it is wrapped.
                if let (Some(about), Some(object)) = (property.get("description"), written.as_object_mut()) {
                    object.insert("description".into(), about.clone());
                }
            }
            (word(key), written)
        });
        closed(properties.collect())
    }
}

fn closed(properties: Vec<(String, Value)>) -> Value {
    let required: Vec<String> = properties.iter().map(|(key, _)| key.clone()).collect();
    let properties: Map<String, Value> = properties.into_iter().collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// A schema that takes null, too.
fn nullable(schema: Value) -> Value {
    let Value::Object(mut object) = schema else { return schema };
    if let Some(Value::Array(branches)) = object.get_mut("anyOf") {
        if !branches.iter().any(|branch| branch["type"] == "null") {
            branches.push(json!({ "type": "null" }));
        }
        return Value::Object(object);
    }
    if object.contains_key("$ref") {
        return json!({ "anyOf": [object, { "type": "null" }] });
    }
    if let Some(Value::String(kind)) = object.get("type").cloned() {
        object.insert("type".into(), json!([kind, "null"]));
        if let Some(Value::Array(words)) = object.get_mut("enum") {
            words.push(Value::Null);
        }
    }
    Value::Object(object)
}

/// The branch that a value of this kind can only be meant for.
fn branch<'s>(original: &'s Value, branches: &'s [Value], value: &Value) -> Option<&'s Value> {
    branches.iter().find(|branch| {
        let branch = resolved(original, branch);
        let inner = self::branches(branch);
        if let Some(inner) = inner {
            return self::branch(original, inner, value).is_some();
        }
        let is_map = of_values(branch).is_some();
        let kinds = types(branch);
        match value {
            Value::Null => kinds.contains(&"null"),
            Value::Bool(_) => kinds.contains(&"boolean"),
            Value::Number(_) => kinds.iter().any(|kind| matches!(*kind, "integer" | "number")),
            Value::String(_) => kinds.contains(&"string"),
            Value::Array(_) => is_map || kinds.contains(&"array"),
            Value::Object(_) => is_map || kinds.contains(&"object"),
        }
    })
}

struct Reader<'s> {
    original: &'s Value,
    dropped: Vec<String>,
}

impl Reader<'_> {
    fn value(&mut self, value: Value, schema: &Value, at: &mut String) -> Value {
        let original = self.original;
        let schema = resolved(original, schema);
        if let Some(branches) = branches(schema) {
            return match branch(original, branches, &value) {
                Some(branch) => self.value(value, branch, at),
                None => value,
            };
        }
        match (value, of_values(schema)) {
            (Value::Array(entries), Some(values)) => self.entries(entries, values, at),
            (Value::Object(entries), Some(values)) => {
                let read = entries.into_iter().map(|(name, value)| {
                    let value = self.below(at, &name, |reader, at| reader.value(value, values, at));
                    (name, value)
                });
                Value::Object(read.collect())
            }
            (Value::Object(entries), None) if schema.get("properties").is_some() => {
                self.properties(entries, schema, at)
            }
            (Value::Array(items), None) if types(schema).contains(&"array") => {
                let Some(of_items) = schema.get("items") else { return Value::Array(items) };
                let read = items.into_iter().enumerate().map(|(index, item)| {
                    self.below(at, &index.to_string(), |reader, at| reader.value(item, of_items, at))
                });
                Value::Array(read.collect())
            }
            (value, _) => value,
        }
    }

    /// A list of `{name, is}`; the first of two that have one name counts.
    fn entries(&mut self, entries: Vec<Value>, values: &Value, at: &mut String) -> Value {
        let mut map = Map::new();
        for (index, entry) in entries.into_iter().enumerate() {
            let Value::Object(mut entry) = entry else {
                self.drop(at, &index.to_string());
                continue;
            };
            let (name, value) = (entry.remove("name"), entry.remove("is").unwrap_or(Value::Null));
            match name {
                Some(Value::String(name)) if !map.contains_key(&name) => {
                    let value = self.below(at, &name, |reader, at| reader.value(value, values, at));
                    map.insert(name, value);
                }
                _ => self.drop(at, &index.to_string()),
            }
        }
        Value::Object(map)
    }

    fn properties(&mut self, entries: Map<String, Value>, schema: &Value, at: &mut String) -> Value {
        let known = schema.get("properties").and_then(Value::as_object);
        let mut out = Map::new();
        for (key, value) in entries {
            let property =
                known.and_then(|known| known.iter().find(|(name, _)| **name == key || word(name) == key));
            match property {
                // Null stands for what is not said.
                Some(_) if value.is_null() => {}
                Some((name, property)) => {
                    let value = self.below(at, name, |reader, at| reader.value(value, property, at));
                    out.insert(name.clone(), value);
                }
                None => self.drop(at, &key),
            }
        }
        Value::Object(out)
    }

    fn below<T>(&mut self, at: &mut String, step: &str, work: impl FnOnce(&mut Self, &mut String) -> T) -> T {
        let length = at.len();
        at.push('/');
        at.push_str(&step.replace('~', "~0").replace('/', "~1"));
        let done = work(self, at);
        at.truncate(length);
        done
    }

    fn drop(&mut self, at: &str, step: &str) {
        const MOST: usize = 50;
        if self.dropped.len() < MOST {
            self.dropped.push(format!("{at}/{}", crate::clean::shown(step, 60)));
        }
    }
}

struct Filler<'s> {
    original: &'s Value,
}

impl Filler<'_> {
    fn value(&self, value: &Value, schema: &Value) -> Value {
        let schema = resolved(self.original, schema);
        if let Some(branches) = branches(schema) {
            return branch(self.original, branches, value)
                .map_or_else(|| value.clone(), |branch| self.value(value, branch));
        }
        match (value, of_values(schema)) {
            (Value::Object(entries), Some(values)) => Value::Array(
                entries
                    .iter()
                    .map(|(name, value)| json!({ "name": name, "is": self.value(value, values) }))
                    .collect(),
            ),
            (Value::Object(entries), None) => {
                let Some(known) = schema.get("properties").and_then(Value::as_object) else {
                    return value.clone();
                };
                let filled = known.iter().map(|(key, property)| {
                    let value = entries.get(key).map_or(Value::Null, |value| self.value(value, property));
                    (word(key), value)
                });
                Value::Object(filled.collect())
            }
            (Value::Array(items), None) => match schema.get("items") {
                Some(of_items) => Value::Array(items.iter().map(|item| self.value(item, of_items)).collect()),
                None => value.clone(),
            },
            _ => value.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    pub(super) fn is_strict(schema: &Value) {
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
