//! The resources of an app's API: entities of the model with the routes that its OpenAPI document declares for them.

use serde_json::{Map, Value, json};
use spec::Kind;
use spec::model::{Entity, EntityIndex, Field, FieldIndex, Model};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::clock;

/// An entity with its place in the API.
#[derive(Clone)]
pub(crate) struct Resource<'m> {
    pub(crate) index: EntityIndex,
    pub(crate) entity: &'m Entity,
    /// Such as `patients`.
    pub(crate) path: String,
}

/// Every entity that the API has a list of.
pub(crate) fn resources<'m>(model: &'m Model, api: &Value) -> Vec<Resource<'m>> {
    let found = model.entities().filter_map(|(index, entity)| {
        let plain = entity.table.trim_end_matches('_').replace('_', "-");
        let path = [plain.clone(), format!("{plain}-records")]
            .into_iter()
            .find(|path| api["paths"].get(format!("/api/{path}")).is_some())?;
        Some(Resource { index, entity, path })
    });
    found.collect()
}

impl Resource<'_> {
    /// The name in words.
    pub(crate) fn name(&self) -> String {
        self.entity.name.as_str().to_owned()
    }

    /// The path of one record, with what follows it.
    pub(crate) fn one(&self, id: &str, rest: &str) -> String {
        format!("/api/{}/{id}{rest}", self.path)
    }

    /// Whether the API has this operation on a record (`/{id}…`).
    pub(crate) fn has(&self, api: &Value, method: &str, rest: &str) -> bool {
        api["paths"][format!("/api/{}/{{id}}{rest}", self.path)].get(method).is_some()
    }

    /// Whether records are made by the API.
    pub(crate) fn creatable(&self, api: &Value) -> bool {
        api["paths"][format!("/api/{}", self.path)].get("post").is_some()
    }

    /// The field behind a name of JSON.
    pub(crate) fn field(&self, name: &str) -> Option<FieldIndex> {
        self.entity.fields().find(|(_, field)| spelling(field) == name).map(|(index, _)| index)
    }

    /// The column behind a name of JSON.
    pub(crate) fn column(&self, name: &str) -> Option<&str> {
        self.field(name).map(|field| self.entity[field].column.as_str())
    }

    /// The schema of the body that makes one.
    pub(crate) fn new_schema(&self, api: &Value) -> Value {
        body_schema(api, &api["paths"][format!("/api/{}", self.path)]["post"])
    }

    /// The schema of the body that changes one.
    pub(crate) fn change_schema(&self, api: &Value) -> Value {
        body_schema(api, &api["paths"][format!("/api/{}/{{id}}", self.path)]["patch"])
    }

    /// The names that a search takes.
    pub(crate) fn search_names(&self, api: &Value) -> Vec<String> {
        let search = &api["paths"][format!("/api/{}/search", self.path)]["post"];
        let schema = body_schema(api, search);
        schema["properties"].as_object().map(|names| names.keys().cloned().collect()).unwrap_or_default()
    }
}

/// How a field is called in JSON, in forms and in filters: a column that would be a word of SQL or of the code has an
/// underscore at its end, which nobody sees.
pub(crate) fn spelling(field: &Field) -> &str {
    field.column.trim_end_matches('_')
}

fn body_schema(api: &Value, operation: &Value) -> Value {
    resolved(api, &operation["requestBody"]["content"]["application/json"]["schema"])
}

/// A schema, or what it refers to.
pub(crate) fn resolved(api: &Value, schema: &Value) -> Value {
    match schema["$ref"].as_str().and_then(|path| path.strip_prefix("#")) {
        Some(pointer) => api.pointer(pointer).cloned().unwrap_or(Value::Null),
        None => schema.clone(),
    }
}

/// Values for the fields of a body: what is required, and every text, whose value is `word` so that it is found again.
/// None where something is required of which no example can be made.
pub(crate) fn sample(
    entity: &Entity,
    schema: &Value,
    word: &str,
    link: &dyn Fn(&str) -> Option<String>,
) -> Option<Map<String, Value>> {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut body = Map::new();
    for (name, property) in schema["properties"].as_object()? {
        let is_required = required.contains(&name.as_str());
        if property["format"] == "uuid" {
            if is_required {
                body.insert(name.clone(), json!(link(name)?));
            }
            continue;
        }
        let field = entity.fields.iter().find(|field| spelling(field) == name);
        let is_text = field.is_some_and(is_text);
        if !is_required && !is_text {
            continue;
        }
        match value(field, property, word) {
            Some(value) => drop(body.insert(name.clone(), value)),
            None if is_required => return None,
            None => {}
        }
    }
    Some(body)
}

/// Whether a field holds words that somebody chooses.
pub(crate) fn is_text(field: &Field) -> bool {
    matches!(field.kind, Kind::Text | Kind::LongText | Kind::PersonName | Kind::Address)
        && field.computed.is_none()
}

/// A lawful value for a field.
pub(crate) fn value(field: Option<&Field>, property: &Value, word: &str) -> Option<Value> {
    if let Some(choice) = property["enum"].as_array().and_then(|choices| choices.first()) {
        return Some(choice.clone());
    }
    let is = |kind: &str| is_of(property, kind);
    if is("array") {
        return Some(json!([value(field, &property["items"], word)?]));
    }
    if is("integer") || (is("number") && !is("string")) {
        let bound = |name: &str| property[name].as_f64();
        let (least, most) = (bound("minimum").unwrap_or(1.0), bound("maximum").unwrap_or(100.0));
        return Some(json!(((least + most) / 2.0).floor() as i64));
    }
    if is("boolean") {
        return Some(json!(true));
    }
    let kind = field.map(|field| &field.kind);
    Some(match (kind, property["format"].as_str()) {
        (_, Some("date")) => json!("1951-02-03"),
        (_, Some("date-time")) => json!(now()),
        (_, Some("time")) => json!("09:30"),
        (Some(Kind::Email), _) | (_, Some("email")) => json!(format!("{word}@example.org")),
        (Some(Kind::Phone), _) => json!("+1 212 555 0147"),
        (Some(Kind::Url), _) => json!(format!("https://example.org/{word}")),
        (Some(Kind::Mrn | Kind::MemberId), _) => json!("EX104729"),
        (Some(Kind::Decimal | Kind::Money), _) => json!("12.5"),
        (Some(Kind::Time), _) => json!("09:30"),
        (Some(Kind::Text | Kind::LongText | Kind::PersonName | Kind::Address), _) => json!(word),
        _ => return None,
    })
}

/// Whether a schema takes this kind of value, alone or beside others.
pub(crate) fn is_of(schema: &Value, kind: &str) -> bool {
    let kinds = &schema["type"];
    kinds == kind || kinds.as_array().is_some_and(|kinds| kinds.iter().any(|one| one == kind))
}

/// This moment, as RFC 3339 has it.
pub(crate) fn now() -> String {
    let moment = OffsetDateTime::from_unix_timestamp(clock::seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    moment.format(&Rfc3339).unwrap_or_default()
}
