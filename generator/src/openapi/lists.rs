//! What a list can be asked for: filters, an order, a page.

use serde_json::{Value, json};

use super::{closed, object, uuid};
use crate::view::entity::EntityView;
use crate::view::field::DECIMAL;

/// The open filters, as parameters of an address.
pub(super) fn filters(entity: &EntityView) -> Vec<Value> {
    let open = entity.filters.iter().filter(|filter| filter.open);
    open.map(|filter| json!({ "name": filter.parameter, "in": "query", "schema": term(filter.reads, false) }))
        .collect()
}

/// The body of a search.
pub(super) fn terms(entity: &EntityView) -> Value {
    let find = (!entity.searched.is_empty()).then(|| ("find".to_owned(), term("text", true)));
    let filters = entity.filters.iter().map(|filter| (filter.parameter.clone(), term(filter.reads, true)));
    let place = [("page", Some(page())), ("sort", orders(entity))];
    let place = place.into_iter().filter_map(|(name, schema)| Some((name.to_owned(), schema?)));
    closed(object(Value::Object(find.into_iter().chain(filters).chain(place).collect()), &[]))
}

/// A value to filter by, in a body of JSON or in an address, where it is read by the same letters.
fn term(reads: &str, in_body: bool) -> Value {
    match reads {
        "integer" => json!({ "type": "integer", "minimum": i64::MIN, "maximum": i64::MAX }),
        "decimal" if in_body => json!({ "type": ["string", "number"], "pattern": DECIMAL }),
        "decimal" => json!({ "type": "string", "pattern": DECIMAL }),
        "boolean" => json!({ "type": "boolean" }),
        "date" => json!({ "type": "string", "format": "date" }),
        "moment" => json!({ "type": "string", "format": "date-time" }),
        "record" => uuid(),
        _ => json!({ "type": "string" }),
    }
}

fn page() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": 20_000 })
}

/// The orders that the list can be asked for; none where it has but its own.
fn orders(entity: &EntityView) -> Option<Value> {
    let names = entity.sorts.iter().chain(&entity.sealed_sorts).map(|sort| &sort.name);
    let both: Vec<String> = names.flat_map(|name| [name.clone(), format!("-{name}")]).collect();
    (!both.is_empty()).then(|| json!({ "type": "string", "enum": both }))
}

pub(super) fn page_number() -> Value {
    json!({ "name": "page", "in": "query", "schema": page() })
}

pub(super) fn paging(entity: &EntityView) -> Vec<Value> {
    let sort = orders(entity).map(|orders| {
        json!({ "name": "sort", "in": "query", "schema": orders, "description": "A field; with a hyphen before it, the greatest first." })
    });
    [page_number()].into_iter().chain(sort).collect()
}
