//! `/openapi.json`: the API's description (OpenAPI 3.1), made of the table that serves it.

use safeguards::axum::Json;
use schemars::Schema;
use serde_json::{Map, Value, json};

use super::doors::{Door, Route, Routes};

/// Adds the route that serves the description of every API route before it.
pub(super) fn route(routes: Routes) -> Routes {
    let document = document(routes.list());
    routes.get(Door::Public, "/openapi.json", "The API's description (OpenAPI 3.1)", move || {
        let document = document.clone();
        async move { Json(document) }
    })
}

/// The description of the routes that have a shape.
#[must_use]
pub(super) fn document(routes: &[Route]) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    let mut schemas: Map<String, Value> = Map::new();
    for route in routes.iter().filter(|route| route.shape.is_some()) {
        let entry = paths.entry(route.path).or_insert_with(|| json!({}));
        entry[route.method.to_ascii_lowercase()] = operation(route, &mut schemas);
    }
    schemas.insert("Problem".into(), problem());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Health Coder",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Projects, plans, builds and previews of an account. Tokens come from POST /identity/sign-in \
                and its steps; every refusal is a problem (RFC 9457). What belongs to another account is 404.",
        },
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } },
            "schemas": schemas,
        },
    })
}

fn operation(route: &Route, schemas: &mut Map<String, Value>) -> Value {
    let shape = route.shape.clone().unwrap_or_default();
    let mut operation = json!({
        "operationId": operation_id(route),
        "summary": route.about,
        "responses": {
            "default": {
                "description": "A problem",
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
            },
        },
    });
    let parameters: Vec<Value> = parameters(route.path)
        .map(|name| {
            let schema = if name == "kind" {
                json!({ "type": "string", "enum": ["preview", "production"] })
            } else {
                json!({ "type": "string", "format": "uuid" })
            };
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        })
        .collect();
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(takes) = shape.takes {
        let schema = reference(takes, schemas);
        operation["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    }
    let (status, answer) = match shape.answers {
        Some(answers) => {
            let schema = reference(answers, schemas);
            ("200", json!({ "description": "Done", "content": { "application/json": { "schema": schema } } }))
        }
        None if route.path.ends_with("/events") => {
            let content = json!({ "text/event-stream": { "schema": { "type": "string" } } });
            ("200", json!({ "description": "Events as they happen", "content": content }))
        }
        None => ("204", json!({ "description": "Done" })),
    };
    operation["responses"][status] = answer;
    operation
}

fn parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// Such as `get_projects_project_builds_build`.
fn operation_id(route: &Route) -> String {
    let words = route
        .path
        .split(['/', '-'])
        .map(|word| word.trim_matches(['{', '}']))
        .filter(|word| !word.is_empty());
    let words: Vec<&str> = words.filter(|word| *word != "api").collect();
    format!("{}_{}", route.method.to_ascii_lowercase(), words.join("_"))
}

/// Puts a schema and those that it names among the components, and says where it is.
fn reference(schema: Schema, schemas: &mut Map<String, Value>) -> Value {
    let mut schema = schema.to_value();
    if let Some(object) = schema.as_object_mut() {
        object.remove("$schema");
        if let Some(Value::Object(definitions)) = object.remove("$defs") {
            for (name, mut definition) in definitions {
                relocate(&mut definition);
                schemas.insert(name, definition);
            }
        }
    }
    relocate(&mut schema);
    match schema
        .get("title")
        .and_then(Value::as_str)
        .filter(|_| schema["type"] == "object")
        .map(str::to_owned)
    {
        Some(name) => {
            schemas.insert(name.clone(), schema);
            json!({ "$ref": format!("#/components/schemas/{name}") })
        }
        None => schema,
    }
}

fn relocate(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::String(to)) = object.get_mut("$ref") {
                *to = to.replace("#/$defs/", "#/components/schemas/");
            }
            object.values_mut().for_each(relocate);
        }
        Value::Array(items) => items.iter_mut().for_each(relocate),
        _ => {}
    }
}

fn problem() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "code"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "code": { "type": "string" },
            "detail": { "type": "string" },
            "instance": { "type": "string" },
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": { "pointer": { "type": "string" }, "detail": { "type": "string" } },
                },
            },
        },
    })
}
