//! A filled form, turned back; and a value, put into a form.

use serde_json::{Map, Value, json};

use super::{branches, of_values, resolved, types, word};

/// The branch that a value of this kind can only be meant for.
fn branch<'s>(original: &'s Value, branches: &'s [Value], value: &Value) -> Option<&'s Value> {
    branches.iter().find(|one| {
        let one = resolved(original, one);
        if let Some(inner) = super::branches(one) {
            return branch(original, inner, value).is_some();
        }
        let is_map = of_values(one).is_some();
        let kinds = types(one);
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

pub(super) struct Reader<'s> {
    pub(super) original: &'s Value,
    pub(super) dropped: Vec<String>,
}

impl Reader<'_> {
    pub(super) fn value(&mut self, value: Value, schema: &Value, at: &mut String) -> Value {
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

pub(super) struct Filler<'s> {
    pub(super) original: &'s Value,
}

impl Filler<'_> {
    pub(super) fn value(&self, value: &Value, schema: &Value) -> Value {
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
