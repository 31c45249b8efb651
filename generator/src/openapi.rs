//! `openapi.json`: the JSON API of a project in OpenAPI 3.1, serialised from the same views that print its routes.
//!
//! A field that its reader may not see is left out of an answer, so no field of a record is required there.

mod ai_actions;
mod feeds;
mod lists;
mod live;
mod open_pages;
mod people;
mod sharing;

use serde_json::{Map, Value, json};

use self::lists::{filters, page_number, paging, terms};
use crate::view::app::{AppView, Facts};
use crate::view::entity::EntityView;
use crate::view::field::{DECIMAL, FieldView};

/// The whole document.
pub(crate) fn document(view: &AppView) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for entity in &view.entities {
        records(entity, &mut paths);
        schemas.insert(entity.pascal.clone(), record(entity));
        if entity.policy.creatable {
            schemas.insert(format!("New{}", entity.pascal), new_record(entity));
        }
        if entity.policy.updatable {
            schemas.insert(format!("{}Change", entity.pascal), change(entity));
        }
    }
    for list in &view.lists {
        let operation = operation(&list.label, &list.name, [("200", array_of(&view.entities[list.entity]))]);
        paths.insert(
            format!("/api/lists/{}", list.path),
            json!({ "get": with(operation, vec![page_number()]) }),
        );
    }
    for measure in &view.measures {
        let operation = operation(&measure.label, "measures", [("200", reference("Measured"))]);
        paths.insert(format!("/api/measures/{}", measure.path), json!({ "get": operation }));
    }
    feeds::routes(view, &mut paths, &mut schemas);
    ai_actions::routes(view, &mut paths, &mut schemas);
    live::routes(&mut paths, &mut schemas);
    people::routes(view, &mut paths, &mut schemas);
    sharing::routes(view, &mut paths);
    open_pages::routes(view, &mut paths);
    shared(&mut schemas);
    assemble(&view.app, paths, schemas)
}

fn assemble(app: &Facts, paths: Map<String, Value>, schemas: Map<String, Value>) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": app.title,
            "summary": app.about,
            "description": "Errors are problem details (RFC 9457). What is hidden from a person and what does not exist are the same 404. Tokens come from `/identity/sign-in`.",
            "version": "0.1.0",
        },
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
            },
            "schemas": schemas,
            "responses": { "problem": {
                "description": "Why nothing was done.",
                "content": { "application/problem+json": { "schema": reference("Problem") } },
            } },
        },
    })
}

/// The routes of one entity.
fn records(entity: &EntityView, paths: &mut Map<String, Value>) {
    let (tag, path) = (&entity.label_plural, &entity.path);
    let one = || reference(&entity.pascal);
    let mut all = Map::new();
    let listing = operation(&format!("{tag} within reach"), tag, [("200", array_of(entity))]);
    all.insert("get".into(), with(listing, [filters(entity), paging(entity)].concat()));
    if entity.policy.creatable {
        let create = operation(&format!("Make {}", entity.a_name), tag, [("201", made(entity))]);
        all.insert("post".into(), with_body(create, reference(&format!("New{}", entity.pascal))));
    }
    paths.insert(format!("/api/{path}"), Value::Object(all));

    if entity.private_filters {
        let search = operation(
            &format!("Search {tag}; the terms stay out of addresses"),
            tag,
            [("200", array_of(entity))],
        );
        paths.insert(format!("/api/{path}/search"), json!({ "post": with_body(search, terms(entity)) }));
    }

    let mut single = Map::new();
    single.insert("get".into(), operation(&format!("Show {}", entity.a_name), tag, [("200", one())]));
    if entity.policy.updatable {
        let summary = format!("Change {}; fields that are not sent stay", entity.a_name);
        let update = operation(&summary, tag, [("200", one())]);
        single.insert("patch".into(), with_body(update, reference(&format!("{}Change", entity.pascal))));
    }
    if entity.policy.deletable {
        let delete = operation(&format!("Remove {}", entity.a_name), tag, []);
        single.insert("delete".into(), with(answer(delete, "204", "Removed.", None), vec![version()]));
    }
    paths.insert(format!("/api/{path}/{{id}}"), of_one(single));
    looks(entity, paths);
    files(entity, paths);
    moves(entity, paths);
}

/// Who looked at a person's record.
fn looks(entity: &EntityView, paths: &mut Map<String, Value>) {
    if entity.banner.is_none() {
        return;
    }
    let summary = format!("Who looked at {}, and to whom it was disclosed", entity.a_name);
    let get = operation(&summary, &entity.label_plural, [("200", reference("Looks"))]);
    paths.insert(
        format!("/api/{}/{{id}}/who-looked", entity.path),
        of_one(Map::from_iter([("get".to_owned(), get)])),
    );
}

/// The routes of files, whose bodies are the files themselves.
fn files(entity: &EntityView, paths: &mut Map<String, Value>) {
    let (tag, path) = (&entity.label_plural, &entity.path);
    for field in &entity.fields {
        let Some(file) = &field.file else { continue };
        let bytes = || json!({ "*/*": { "schema": { "type": "string", "format": "binary" } } });
        let mut get = operation(&format!("Download {}", field.label), tag, []);
        get["responses"]["200"] = json!({ "description": "The file, as an attachment.", "content": bytes() });
        let put = operation(&file.add_label, tag, [("200", reference(&entity.pascal))]);
        let mut put = with(put, vec![version()]);
        put["requestBody"] = json!({
            "description": "A PDF, JPEG, PNG, WebP, HEIC, TIFF or DICOM of at most 25 MB. `Content-Disposition` names it.",
            "required": true, "content": bytes(),
        });
        let delete = operation(&file.remove_label, tag, [("200", reference(&entity.pascal))]);
        let delete = with(delete, vec![version()]);
        let operations = [("get", get), ("put", put), ("delete", delete)];
        let operations = operations.map(|(method, operation)| (method.to_owned(), operation));
        paths.insert(format!("/api/{path}/{{id}}/{}", file.path), of_one(Map::from_iter(operations)));
    }
}

/// The routes that change who is responsible, and the state.
fn moves(entity: &EntityView, paths: &mut Map<String, Value>) {
    let (tag, path) = (&entity.label_plural, &entity.path);
    if entity.policy.assignable {
        let assignees = json!({ "type": "array", "items": reference("Assignee") });
        let assign = operation(&format!("Assign {} to a person", entity.a_name), tag, [("200", assignees)]);
        let body = object(
            json!({
                "role": { "type": "string" }, "person_id": uuid(), "version": version_number(),
            }),
            &["role", "person_id", "version"],
        );
        let post = Map::from_iter([("post".to_owned(), with_body(assign, body))]);
        paths.insert(format!("/api/{path}/{{id}}/assign"), of_one(post));
    }
    if entity.assignment.as_ref().is_some_and(|assignment| assignment.claim) {
        let summary = format!("Take {} that is assigned to nobody", entity.a_name);
        let claim = operation(&summary, tag, [("200", reference(&entity.pascal))]);
        let post = Map::from_iter([("post".to_owned(), with(claim, vec![version()]))]);
        paths.insert(format!("/api/{path}/{{id}}/claim"), of_one(post));
    }
    if let Some(role) = &entity.policy.invited_as {
        let summary =
            format!("Invite the person of {} to sign in as {role}; the link is shown once", entity.a_name);
        let invite = operation(&summary, tag, [("201", reference("Invitation"))]);
        let body = object(
            json!({ "email": { "type": "string", "format": "email" }, "version": version_number() }),
            &["email", "version"],
        );
        let post = Map::from_iter([("post".to_owned(), with_body(invite, body))]);
        paths.insert(format!("/api/{path}/{{id}}/invite"), of_one(post));
    }
    for step in entity.lifecycle.iter().flat_map(|lifecycle| &lifecycle.moves) {
        let summary = format!("{}: from {} to {}", step.label, step.from.join(" or "), step.to);
        let mut operation = operation(&summary, tag, [("200", reference(&entity.pascal))]);
        if !step.asks.is_empty() {
            let asked = step
                .asks
                .iter()
                .map(|field| (field.json.clone(), described(nullable(&field.schema), &about(field))));
            operation = with_body(operation, closed(object(Value::Object(asked.collect()), &[])));
        }
        let post = Map::from_iter([("post".to_owned(), with(operation, vec![version()]))]);
        paths.insert(format!("/api/{path}/{{id}}/{}", step.path), of_one(post));
    }
}

/// A record as it is answered.
fn record(entity: &EntityView) -> Value {
    let mut properties = Map::new();
    properties.insert("id".into(), uuid());
    properties.insert("version".into(), json!({ "type": "integer" }));
    if entity.reference.is_some() {
        properties.insert("reference".into(), json!({ "type": "string" }));
    }
    for moment in ["created_at", "updated_at"] {
        properties.insert(moment.into(), json!({ "type": "string", "format": "date-time" }));
    }
    for person in ["created_by_id", "updated_by_id"] {
        properties.insert(person.into(), uuid());
    }
    for link in &entity.own_links {
        properties.insert(
            link.column.clone(),
            described(json!({ "type": ["string", "null"], "format": "uuid" }), &link.label),
        );
    }
    if entity.form_version.is_some() {
        let version = json!({ "type": "integer" });
        properties
            .insert("form_version".into(), described(version, "The version of the form that was answered."));
    }
    for field in &entity.fields {
        properties.insert(field.json.clone(), described(nullable(&field.schema), &about(field)));
    }
    object(Value::Object(properties), &["id", "version"])
}

/// The body that makes one.
fn new_record(entity: &EntityView) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    if let Some(parent) = &entity.parent {
        properties.insert(parent.column.clone(), described(uuid(), &parent.label));
        required.push(parent.column.as_str());
    }
    if entity.has_place {
        properties.insert("place_id".into(), uuid());
        required.push("place_id");
    }
    if !entity.signers.is_empty() {
        let version = described(version_number(), "The version of the record that is signed.");
        properties.insert("version".into(), version);
        required.push("version");
    }
    for field in written(entity) {
        properties.insert(field.json.clone(), described(sent(field), &about(field)));
        if field.required && field.default.is_none() {
            required.push(&field.json);
        }
    }
    closed(object(Value::Object(properties), &required))
}

/// The body that changes one.
fn change(entity: &EntityView) -> Value {
    let mut properties = Map::new();
    properties.insert("version".into(), described(version_number(), "The version that was changed."));
    for field in written(entity) {
        properties.insert(field.json.clone(), described(sent(field), &about(field)));
    }
    closed(object(Value::Object(properties), &["version"]))
}

fn written(entity: &EntityView) -> impl Iterator<Item = &FieldView> {
    entity.fields.iter().filter(|field| field.form.is_some())
}

/// A value as it may be sent: a decimal number also as a number of JSON, and null to leave empty what may be.
fn sent(field: &FieldView) -> Value {
    let mut schema = field.schema.clone();
    let one = if schema["type"] == "array" { &mut schema["items"] } else { &mut schema };
    if one["pattern"] == DECIMAL {
        one["type"] = json!(["string", "number"]);
    }
    if field.required { schema } else { nullable(&schema) }
}

fn about(field: &FieldView) -> String {
    let unit = field.unit.as_ref().map(|unit| format!(", in {unit}")).unwrap_or_default();
    format!("{}{unit}. PHI class: {}.", field.label, field.class)
}

fn version() -> Value {
    json!({ "name": "version", "in": "query", "required": true, "schema": version_number(), "description": "The version that the person saw." })
}

/// Versions count from 1.
fn version_number() -> Value {
    json!({ "type": "integer", "format": "int64", "minimum": 1, "maximum": i64::MAX })
}

/// What is told of a new record: all that its maker may see of it, which may be no more than its id.
fn made(entity: &EntityView) -> Value {
    let id = closed(object(json!({ "id": uuid() }), &["id"]));
    json!({ "anyOf": [reference(&entity.pascal), id] })
}

/// What several routes share.
fn shared(schemas: &mut Map<String, Value>) {
    let text = || json!({ "type": "string" });
    let field_problem = object(json!({ "pointer": text(), "detail": text() }), &["pointer", "detail"]);
    schemas.insert(
        "Problem".into(),
        object(
            json!({
                "type": text(), "title": text(), "status": { "type": "integer" }, "detail": text(),
                "code": text(), "instance": text(),
                "errors": { "type": "array", "items": field_problem },
            }),
            &["type", "title", "status"],
        ),
    );
    schemas.insert(
        "Assignee".into(),
        object(
            json!({ "person_id": uuid(), "role": text(), "since": { "type": "string", "format": "date-time" } }),
            &["person_id", "role", "since"],
        ),
    );
    let look = object(
        json!({
            "at": { "type": "string", "format": "date-time" }, "who": text(), "action": text(),
            "entity": { "type": ["string", "null"] }, "purpose": text(), "outcome": text(),
        }),
        &["at", "who", "action", "purpose", "outcome"],
    );
    let disclosure = object(
        json!({
            "at": { "type": "string", "format": "date-time" }, "recipient": text(),
            "entity": { "type": ["string", "null"] }, "fields": { "type": "array", "items": { "type": "integer" } },
            "purpose": text(), "basis": { "type": ["string", "null"] },
        }),
        &["at", "recipient", "purpose"],
    );
    let list = |items: Value| json!({ "type": "array", "items": items });
    schemas.insert(
        "Looks".into(),
        object(json!({ "looks": list(look), "disclosures": list(disclosure) }), &["looks", "disclosures"]),
    );
    let cell = object(json!({ "cell": text(), "value": { "type": ["string", "null"] } }), &["cell", "value"]);
    schemas.insert(
        "Measured".into(),
        object(
            json!({ "cells": { "type": "array", "items": cell }, "hidden_under": { "type": "integer" } }),
            &["cells", "hidden_under"],
        ),
    );
}

/// An operation with its good answers, and the ways in which every operation may end otherwise.
fn operation<const N: usize>(summary: &str, tag: &str, good: [(&str, Value); N]) -> Value {
    let mut operation = json!({ "summary": summary, "tags": [tag], "responses": {} });
    for status in ["400", "401", "403", "404", "408", "409", "413", "415", "422", "429", "500", "503"] {
        operation["responses"][status] = json!({ "$ref": "#/components/responses/problem" });
    }
    for (status, schema) in good {
        operation = answer(operation, status, "Done.", Some(schema));
    }
    operation
}

fn answer(mut operation: Value, status: &str, description: &str, schema: Option<Value>) -> Value {
    let content = schema.map(|schema| json!({ "application/json": { "schema": schema } }));
    operation["responses"][status] = match content {
        Some(content) => json!({ "description": description, "content": content }),
        None => json!({ "description": description }),
    };
    operation
}

fn with(mut operation: Value, parameters: Vec<Value>) -> Value {
    operation["parameters"] = Value::Array(parameters);
    operation
}

fn with_body(mut operation: Value, schema: Value) -> Value {
    operation["requestBody"] =
        json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    operation
}

/// A path that names one record.
fn of_one(mut operations: Map<String, Value>) -> Value {
    operations.insert(
        "parameters".into(),
        json!([{ "name": "id", "in": "path", "required": true, "schema": uuid() }]),
    );
    Value::Object(operations)
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required })
}

fn closed(mut object: Value) -> Value {
    object["additionalProperties"] = Value::Bool(false);
    object
}

fn described(mut schema: Value, text: &str) -> Value {
    schema["description"] = Value::String(text.to_owned());
    schema
}

fn nullable(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(kind) = schema.get_mut("type") {
        match kind {
            Value::Array(kinds) => kinds.push(json!("null")),
            one => *one = json!([one.take(), "null"]),
        }
    }
    if let Some(choices) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        choices.push(Value::Null);
    }
    schema
}

fn array_of(entity: &EntityView) -> Value {
    json!({ "type": "array", "items": reference(&entity.pascal) })
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn uuid() -> Value {
    json!({ "type": "string", "format": "uuid" })
}
