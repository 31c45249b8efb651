//! The routes by which AI is asked for proposals, and by which a person applies one.

use serde_json::{Map, Value, json};

use super::{answer, closed, nullable, object, of_one, operation, reference, uuid, with_body};
use crate::view::app::{AiActionView, AppView};

pub(super) fn routes(view: &AppView, paths: &mut Map<String, Value>, schemas: &mut Map<String, Value>) {
    if view.ai_actions.is_empty() {
        return;
    }
    schemas.insert("ProposedRun".into(), run());
    register(view, paths);
    for action in &view.ai_actions {
        let tag = &action.label;
        let path = format!("/api/{}/{{id}}/ai/{}", action.on.path, action.path);
        let summary = format!("{}: asks for proposals; nothing is changed", action.label);
        let ask = with_body(operation(&summary, tag, [("200", reference("ProposedRun"))]), given(action));
        paths.insert(path.clone(), of_one(Map::from_iter([("post".to_owned(), ask)])));

        let summary = format!("Apply a proposal of {}, as a person decides", action.label);
        let (status, made) = match action.parts {
            true => ("201", object(json!({ "id": uuid() }), &["id"])),
            false => ("200", reference(&action.of.pascal)),
        };
        let apply = with_body(operation(&summary, tag, [(status, made)]), values(view, action));
        paths.insert(format!("{path}/{{run}}/{{item}}"), of_proposal("post", apply));

        let discard = operation(&format!("Put a proposal of {} aside", action.label), tag, []);
        let discard = answer(discard, "204", "Put aside.", None);
        paths.insert(format!("{path}/{{run}}/{{item}}/discard"), of_proposal("post", discard));
    }
}

/// The register, and the attestations without which no company is called.
fn register(view: &AppView, paths: &mut Map<String, Value>) {
    let line = object(
        json!({ "id": uuid(), "action": { "type": "string" }, "engine": { "type": "string" } }),
        &["id"],
    );
    let summary = "Runs of AI: those of the organisation for who answers for it, to others their own";
    let runs = json!({ "type": "array", "items": line });
    paths.insert(
        "/api/compliance/ai".into(),
        json!({ "get": operation(summary, "Compliance", [("200", runs)]) }),
    );
    for company in &view.sub_processors {
        let text = || json!({ "type": "string" });
        let body =
            json!({ "agreement": text(), "zero_retention": text(), "attested": { "type": "boolean" } });
        let summary =
            format!("Attest the agreement with {}; wants a proof of the last ten minutes", company.name);
        let attest = answer(operation(&summary, "Compliance", []), "204", "Attested.", None);
        let attest = with_body(attest, closed(object(body, &["zero_retention", "attested"])));
        let withdraw = operation(&format!("Withdraw the attestation of {}", company.name), "Compliance", []);
        let withdraw = answer(withdraw, "204", "Withdrawn.", None);
        paths.insert(
            format!("/api/compliance/ai/{}", company.path),
            json!({ "post": attest, "delete": withdraw }),
        );
    }
}

fn of_proposal(method: &str, operation: Value) -> Value {
    let mut path = of_one(Map::from_iter([(method.to_owned(), operation)]));
    if let Some(parameters) = path["parameters"].as_array_mut() {
        parameters.push(json!({ "name": "run", "in": "path", "required": true, "schema": uuid() }));
        let item = json!({ "type": "integer", "minimum": 0 });
        parameters.push(json!({ "name": "item", "in": "path", "required": true, "schema": item }));
    }
    path
}

/// What a run is given.
fn given(action: &AiActionView) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    if !action.recorded {
        properties.insert(
            "text".into(),
            json!({ "type": "string", "maxLength": 60_000, "description": format!("{}; it is not stored.", action.input_label) }),
        );
        required.push("text");
    }
    if action.de_identified {
        properties.insert(
            "confirmed".into(),
            json!({ "type": "boolean", "description": "That the text names nobody, confirmed for this run." }),
        );
        required.push("confirmed");
    }
    if action.keeps_preview {
        properties.insert("keep_preview".into(), json!({ "type": "boolean" }));
    }
    closed(object(Value::Object(properties), &required))
}

/// What a person applies.
fn values(view: &AppView, action: &AiActionView) -> Value {
    let mut properties = Map::new();
    let entity = view.entities.iter().find(|entity| entity.module == action.of.module);
    for field in
        entity.iter().flat_map(|entity| &entity.fields).filter(|field| action.form.contains(&field.json))
    {
        properties.insert(field.json.clone(), nullable(&field.schema));
    }
    if action.parts {
        return closed(object(Value::Object(properties), &[]));
    }
    properties.insert(
        "version".into(),
        json!({ "type": "integer", "description": "The version that the person saw." }),
    );
    closed(object(Value::Object(properties), &["version"]))
}

fn run() -> Value {
    let proposal =
        object(json!({ "item": { "type": "integer" }, "values": { "type": "object" } }), &["item", "values"]);
    let engine = json!({
        "type": "string",
        "description": "`embedded`: the app's own engine; `cache`: an identical text was read before; else the provider.",
    });
    object(
        json!({ "id": uuid(), "engine": engine, "proposals": { "type": "array", "items": proposal } }),
        &["id", "engine", "proposals"],
    )
}
