//! A schema, said in the dialect of providers.

use serde_json::{Map, Value, json};

use super::{branches, of_values, types, word};

/// A schema in the dialect.
pub(super) fn written(schema: &Value) -> Value {
    let mut out = if let Some(reference) = schema.get("$ref") {
        // Nothing may stand beside a reference.
        return json!({ "$ref": reference });
    } else if let Some(branches) = branches(schema) {
        let branches: Vec<Value> = branches.iter().map(written).collect();
        json!({ "anyOf": branches })
    } else if let Some(values) = of_values(schema) {
        let entry =
            closed(vec![("name".into(), json!({ "type": "string" })), ("is".into(), written(values))]);
        let list = json!({ "type": "array", "items": entry });
        if types(schema).contains(&"null") { nullable(list) } else { list }
    } else {
        plain(schema)
    };
    if let (Some(about), Some(object)) = (schema.get("description"), out.as_object_mut()) {
        object.insert("description".into(), about.clone());
    }
    out
}

fn plain(schema: &Value) -> Value {
    let kinds = types(schema);
    let values: Vec<&str> = kinds.iter().copied().filter(|kind| *kind != "null").collect();
    let out = match values.as_slice() {
        ["object"] => object(schema),
        ["array"] => {
            let items = schema.get("items").map_or_else(|| json!({ "type": "string" }), written);
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

fn object(schema: &Value) -> Value {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let known = schema.get("properties").and_then(Value::as_object);
    let properties = known.into_iter().flatten().map(|(key, property)| {
        let mut out = written(property);
        if !required.contains(&key.as_str()) {
            out = nullable(out);
            // A reference can say what it is for once it is wrapped.
            if let (Some(about), Some(object)) = (property.get("description"), out.as_object_mut()) {
                object.insert("description".into(), about.clone());
            }
        }
        (word(key), out)
    });
    closed(properties.collect())
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
