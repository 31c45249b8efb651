//! The routes of the library by which people and places are administered.

use serde_json::{Map, Value, json};

use super::{answer, closed, object, of_one, operation, reference, uuid, with_body};
use crate::view::app::AppView;

const PEOPLE: &str = "People";
const PLACES: &str = "Places";

/// Who administers people calls these; everybody else is refused.
pub(super) fn routes(view: &AppView, paths: &mut Map<String, Value>, schemas: &mut Map<String, Value>) {
    schemas.extend(people_schemas());
    let place = json!({ "type": ["string", "null"], "format": "uuid" });
    let invitation =
        json!({ "email": { "type": "string", "format": "email" }, "role": role(view), "place": place });
    let role_at = json!({ "role": role(view), "place": place });
    let proof = json!({ "password": { "type": "string" }, "code": { "type": "string" } });
    let colleagues = json!({ "type": "array", "items": reference("Colleague") });
    let mut all = Map::new();
    all.insert(
        "get".into(),
        operation("Those whom I administer, and what they were invited to", PEOPLE, [("200", colleagues)]),
    );
    let invite = operation(
        "Invite somebody; nobody gives more than they hold. A privileged role wants a proof of the last ten minutes",
        PEOPLE,
        [("201", reference("Invitation"))],
    );
    all.insert("post".into(), with_body(invite, closed(object(invitation, &["email", "role"]))));
    paths.insert("/identity/people".into(), Value::Object(all));

    let done = |summary: &str| answer(operation(summary, PEOPLE, []), "204", "Done.", None);
    let mut add = |path: &str, operations: Vec<(&str, Value)>| {
        let operations = operations.into_iter().map(|(method, operation)| (method.to_owned(), operation));
        paths.insert(path.to_owned(), of_one(operations.collect()));
    };
    add(
        "/identity/people/{id}",
        vec![("delete", done("End a membership: every role goes, and the sessions die"))],
    );
    add("/identity/invitations/{id}", vec![("delete", done("Withdraw an invitation"))]);
    let give = with_body(done("Give a role; the person is signed out"), closed(object(role_at, &["role"])));
    add("/identity/people/{id}/roles", vec![("post", give)]);
    let mut take =
        of_one(Map::from_iter([("delete".to_owned(), done("Take a role; the person is signed out"))]));
    let membership = json!({ "name": "membership", "in": "path", "required": true, "schema": uuid() });
    if let Some(parameters) = take["parameters"].as_array_mut() {
        parameters.push(membership);
    }
    paths.insert("/identity/people/{id}/roles/{membership}".into(), take);
    let prove = with_body(
        done("Show anew who I am: the password, and a code of the authenticator where one is in use"),
        closed(object(proof, &["password"])),
    );
    paths.insert("/identity/session/proof".into(), json!({ "post": prove }));
    if !view.app.places.is_empty() {
        places(view, paths, schemas);
    }
    compliance(paths, schemas);
}

/// Who administers agreements reads this; to everybody else it is not there.
fn compliance(paths: &mut Map<String, Value>, schemas: &mut Map<String, Value>) {
    let text = json!({ "type": "string" });
    let standing = json!({ "type": "string", "enum": ["in force", "needs attention", "missing"] });
    let point = json!({ "group": text, "title": text, "source": text, "standing": standing, "found": text });
    let needed = ["group", "title", "source", "standing", "found"];
    schemas.insert("CompliancePoint".into(), object(point, &needed));
    let listed = json!({ "type": "array", "items": reference("CompliancePoint") });
    let read = operation("How the organisation's duties stand", "Compliance", [("200", listed)]);
    paths.insert("/api/compliance".into(), json!({ "get": read }));
    emergencies(paths, schemas);
}

/// The queue of reviews of emergency access.
fn emergencies(paths: &mut Map<String, Value>, schemas: &mut Map<String, Value>) {
    let moment = json!({ "type": "string", "format": "date-time" });
    let somebody = json!({ "type": ["string", "null"], "format": "uuid" });
    let one = json!({
        "id": uuid(), "kind": { "type": "string", "enum": ["impersonation", "break-glass"] }, "person": uuid(),
        "colleague": somebody, "starts_at": moment, "ends_at": moment, "review_due": moment, "reviewed_by": somebody,
        "verdict": { "type": ["string", "null"], "enum": ["justified", "not justified", null] },
    });
    let needed = ["id", "kind", "person", "starts_at", "ends_at", "review_due"];
    schemas.insert("EmergencyAccess".into(), object(one, &needed));
    let listed = json!({ "type": "array", "items": reference("EmergencyAccess") });
    let read = operation("Who looked beyond what is theirs in an emergency", "Compliance", [("200", listed)]);
    paths.insert("/api/compliance/emergencies".into(), json!({ "get": read }));
    let text = json!({ "type": "string" });
    let entry = json!({
        "at": moment, "action": text, "entity": { "type": ["string", "null"] },
        "records": { "type": "array", "items": text }, "fields": { "type": "array", "items": text },
        "changed": { "type": "boolean" }, "outcome": text,
    });
    let needed = ["at", "action", "records", "fields", "changed", "outcome"];
    schemas.insert("JournalEntry".into(), object(entry, &needed));
    let listed = json!({ "type": "array", "items": reference("JournalEntry") });
    let read = operation("What was looked at and changed in its course", "Compliance", [("200", listed)]);
    let journal = Map::from_iter([("get".to_owned(), read)]);
    paths.insert("/api/compliance/emergencies/{id}/journal".into(), of_one(journal));
    own_data(paths, schemas);
}

/// What is kept of whoever asks (45 CFR 164.524; GDPR, Article 20). Its sections are those of which there is anything.
fn own_data(paths: &mut Map<String, Value>, schemas: &mut Map<String, Value>) {
    let items = json!({ "type": "array", "items": { "type": "object" } });
    let kept = json!({ "type": "object", "additionalProperties": items });
    let moment = json!({ "type": "string", "format": "date-time" });
    let copy = json!({ "app": { "type": "string" }, "copied_at": moment, "kept": kept, "records": kept });
    schemas.insert("OwnData".into(), object(copy, &["app", "copied_at", "kept", "records"]));
    let summary = "All that is kept of me; it wants a proof of the last ten minutes";
    let read = operation(summary, "Account", [("200", reference("OwnData"))]);
    paths.insert("/api/account/data".into(), json!({ "get": read }));
}

fn places(view: &AppView, paths: &mut Map<String, Value>, schemas: &mut Map<String, Value>) {
    let kinds: Vec<&str> = view.app.places.iter().map(|place| place.name.as_str()).collect();
    let kind = json!({ "type": "string", "enum": kinds });
    let inside = json!({ "type": ["string", "null"], "format": "uuid" });
    let text = json!({ "type": "string", "minLength": 1, "maxLength": 100 });
    let moment = json!({ "type": ["string", "null"], "format": "date-time" });
    let place = json!({
        "id": uuid(), "kind": kind, "name": text, "inside": inside, "closed_at": moment,
        "mine": { "type": "boolean" },
    });
    schemas.insert("Place".into(), object(place, &["id", "kind", "name", "mine"]));
    let listed = json!({ "type": "array", "items": reference("Place") });
    let made = object(json!({ "id": uuid() }), &["id"]);
    let make = operation("Make a place", PLACES, [("201", made)]);
    let body = closed(object(json!({ "kind": kind, "name": text, "inside": inside }), &["kind", "name"]));
    let list = operation("The places that I administer, and those around them", PLACES, [("200", listed)]);
    paths.insert("/identity/places".into(), json!({ "get": list, "post": with_body(make, body) }));
    let done = |summary: &str| answer(operation(summary, PLACES, []), "204", "Done.", None);
    let rename = with_body(done("Rename a place"), closed(object(json!({ "name": text }), &["name"])));
    paths.insert("/identity/places/{id}".into(), of_one(Map::from_iter([("patch".to_owned(), rename)])));
    let closure = Map::from_iter([
        ("put".to_owned(), done("Close a place in which nobody has a role")),
        ("delete".to_owned(), done("Open it again")),
    ]);
    paths.insert("/identity/places/{id}/closure".into(), of_one(closure));
}

fn role(view: &AppView) -> Value {
    let names: Vec<&str> = view.roles.iter().map(|role| role.name.as_str()).collect();
    json!({ "type": "string", "enum": names })
}

fn people_schemas() -> Map<String, Value> {
    let place = json!({ "type": ["string", "null"], "format": "uuid" });
    let moment = json!({ "type": "string", "format": "date-time" });
    let text = json!({ "type": "string" });
    let held = object(json!({ "id": uuid(), "role": text, "place": place }), &["id", "role"]);
    let offered = object(
        json!({ "id": uuid(), "role": text, "place": place, "expires_at": moment }),
        &["id", "role", "expires_at"],
    );
    let colleague = json!({
        "id": uuid(), "email": { "type": "string", "format": "email" },
        "display_name": { "type": ["string", "null"] },
        "memberships": { "type": "array", "items": held },
        "invitations": { "type": "array", "items": offered },
        "second_factor": { "type": "boolean" }, "invited": { "type": "boolean" },
        "suspended_at": { "type": ["string", "null"], "format": "date-time" },
    });
    let invitation = object(
        json!({ "link": { "type": "string", "description": "A path of this app, shown once, for the invited person only." }, "expires_at": moment }),
        &["link", "expires_at"],
    );
    Map::from_iter([
        ("Colleague".to_owned(), object(colleague, &["id", "email", "memberships", "invitations"])),
        ("Invitation".to_owned(), invitation),
    ])
}
