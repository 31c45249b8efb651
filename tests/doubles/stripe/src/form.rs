//! Form bodies with names in brackets: `line_items[0][price]=price_1`.

use serde_json::{Map, Value};

/// Reads a form or a query into nested objects; what is numbered becomes a list.
pub(crate) fn parse(text: &[u8]) -> Value {
    let mut tree = Map::new();
    for (name, value) in form_urlencoded::parse(text) {
        let mut parts = name.split('[').map(|part| part.trim_end_matches(']'));
        let Some(first) = parts.next() else { continue };
        let rest: Vec<&str> = parts.collect();
        put(tree.entry(first).or_insert(Value::Null), &rest, &value);
    }
    listed(Value::Object(tree))
}

fn put(place: &mut Value, path: &[&str], value: &str) {
    match path {
        [] => *place = Value::String(value.to_owned()),
        [next, rest @ ..] => {
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            let object = place.as_object_mut().expect("it was made one just now");
            // `a[]=1&a[]=2` numbers itself.
            let key = if next.is_empty() { object.len().to_string() } else { (*next).to_owned() };
            put(object.entry(key).or_insert(Value::Null), rest, value);
        }
    }
}

fn listed(value: Value) -> Value {
    let Value::Object(object) = value else { return value };
    let numbered = !object.is_empty() && object.keys().all(|key| key.parse::<usize>().is_ok());
    if numbered {
        let mut items: Vec<_> = object.into_iter().collect();
        items.sort_by_key(|(key, _)| key.parse::<usize>().unwrap_or_default());
        Value::Array(items.into_iter().map(|(_, item)| listed(item)).collect())
    } else {
        Value::Object(object.into_iter().map(|(key, item)| (key, listed(item))).collect())
    }
}

/// A text among parameters, by its path; empty counts as not given.
pub(crate) fn text<'a>(params: &'a Value, path: &[&str]) -> Option<&'a str> {
    let found = path.iter().try_fold(params, |value, part| match value {
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        value => value.get(part),
    })?;
    found.as_str().filter(|text| !text.is_empty())
}

/// The metadata of a request: texts by name.
pub(crate) fn metadata(params: &Value) -> Value {
    params
        .get("metadata")
        .filter(|value| value.is_object())
        .cloned()
        .unwrap_or_else(|| Value::Object(Map::new()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_in_brackets_become_a_tree() {
        let form =
            b"mode=subscription&line_items[0][price]=p&line_items[0][quantity]=1&line_items[1][price]=q\
                     &metadata[account]=a%20b&expand[]=x&expand[]=y";
        assert_eq!(
            parse(form),
            json!({
                "mode": "subscription",
                "line_items": [{ "price": "p", "quantity": "1" }, { "price": "q" }],
                "metadata": { "account": "a b" },
                "expand": ["x", "y"],
            })
        );
        assert_eq!(text(&parse(form), &["line_items", "1", "price"]), Some("q"));
    }
}
