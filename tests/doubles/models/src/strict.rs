//! What a schema may hold where a provider holds the model to it: OpenAI's *Structured Outputs*, whose rules are the
//! narrowest of the three, and the pattern of keys in a tool of Anthropic's.

use serde_json::Value;

/// Deepest nesting of objects.
const DEEPEST: usize = 10;
/// Properties of all objects together.
const PROPERTIES: usize = 5_000;
/// Characters of names and words together.
const CHARACTERS: usize = 120_000;
/// Words of all enums together.
const WORDS: usize = 1_000;

const KEYWORDS: [&str; 9] = [
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "anyOf",
    "description",
    "$defs",
];

#[derive(Default)]
struct Count {
    properties: usize,
    characters: usize,
    words: usize,
}

/// What is wrong with a schema, if anything.
pub(crate) fn check(schema: &Value) -> Result<(), String> {
    if schema["type"] != "object" || schema.get("anyOf").is_some() {
        return Err("the root is to be an object".into());
    }
    let mut count = Count::default();
    node(schema, schema, &mut count, "#")?;
    for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
        count.characters += name.len();
        node(schema, definition, &mut count, &format!("#/$defs/{name}"))?;
    }
    let deepest = depth(schema, schema, &mut Vec::new());
    if deepest > DEEPEST {
        return Err(format!("objects are nested {deepest} deep"));
    }
    if count.properties > PROPERTIES || count.characters > CHARACTERS || count.words > WORDS {
        return Err("it is too large".into());
    }
    Ok(())
}

fn node(root: &Value, schema: &Value, count: &mut Count, at: &str) -> Result<(), String> {
    let object = schema.as_object().ok_or_else(|| format!("{at}: no schema"))?;
    if let Some(reference) = object.get("$ref") {
        let target =
            reference.as_str().and_then(|text| text.strip_prefix('#')).and_then(|path| root.pointer(path));
        if object.len() > 1 || target.is_none() {
            return Err(format!("{at}: a reference leads to a definition, and nothing stands beside it"));
        }
        return Ok(());
    }
    if let Some(keyword) = object.keys().find(|keyword| !KEYWORDS.contains(&keyword.as_str())) {
        return Err(format!("{at}: `{keyword}` is not permitted"));
    }
    if object.get("type").is_none() && object.get("anyOf").is_none() {
        return Err(format!("{at}: a schema has a type"));
    }
    if let Some(properties) = object.get("properties").and_then(Value::as_object) {
        if object.get("additionalProperties") != Some(&Value::Bool(false)) {
            return Err(format!("{at}: additionalProperties is to be false"));
        }
        let required: Vec<&str> = object
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        count.properties += properties.len();
        for (key, property) in properties {
            let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
            if !plain || key.is_empty() || key.len() > 64 {
                return Err(format!("{at}: `{key}` is no key"));
            }
            if !required.contains(&key.as_str()) {
                return Err(format!("{at}: `{key}` is to be required"));
            }
            count.characters += key.len();
            node(root, property, count, &format!("{at}/{key}"))?;
        }
    } else if types(schema).contains(&"object") {
        return Err(format!("{at}: an object says its properties"));
    }
    for word in object.get("enum").and_then(Value::as_array).into_iter().flatten() {
        count.words += 1;
        count.characters += word.as_str().map_or(4, str::len);
    }
    for branch in object.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
        node(root, branch, count, &format!("{at}/anyOf"))?;
    }
    match object.get("items") {
        Some(items) => node(root, items, count, &format!("{at}/items")),
        None if types(schema).contains(&"array") => Err(format!("{at}: a list says its items")),
        None => Ok(()),
    }
}

fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// How deep objects lie in objects; what refers to itself counts once.
fn depth<'s>(root: &'s Value, schema: &'s Value, within: &mut Vec<&'s str>) -> usize {
    if let Some(reference) = schema["$ref"].as_str() {
        if within.contains(&reference) {
            return 0;
        }
        within.push(reference);
        let deepest = reference
            .strip_prefix('#')
            .and_then(|path| root.pointer(path))
            .map_or(0, |target| depth(root, target, within));
        within.pop();
        return deepest;
    }
    let below = |schemas: Vec<&'s Value>, within: &mut Vec<&'s str>| {
        schemas.into_iter().map(|schema| depth(root, schema, within)).max().unwrap_or(0)
    };
    let properties = schema["properties"].as_object().into_iter().flat_map(|map| map.values()).collect();
    let others = schema["anyOf"].as_array().into_iter().flatten().chain(schema.get("items")).collect();
    let own = usize::from(schema.get("properties").is_some());
    (own + below(properties, within)).max(below(others, within))
}
