//! The routes by which a record is sent by a link, and by which what was sent is revoked.

use serde_json::{Map, Value, json};

use super::{answer, object, of_one, operation, uuid};
use crate::view::app::AppView;

pub(super) fn routes(view: &AppView, paths: &mut Map<String, Value>) {
    for document in &view.sharing.documents {
        let tag = &document.label;
        let path = format!("/api/{}/{{id}}/documents/{}", document.on.path, document.path);
        let moment = || json!({ "type": "string", "format": "date-time" });
        let sent = object(
            json!({
                "id": uuid(),
                "sent_at": moment(),
                "until": moment(),
                "opens": { "type": "boolean" },
                "revoked": { "type": "boolean" },
                "opened": { "type": "integer" },
            }),
            &["id", "sent_at", "until", "opens", "revoked", "opened"],
        );
        let list = operation(
            &format!("{}: what was sent of the record", document.label),
            tag,
            [("200", json!({ "type": "array", "items": sent }))],
        );
        let send = operation(
            &format!(
                "{}: sends the record as it stands, by a link that opens for {}",
                document.label, document.link
            ),
            tag,
            [("201", object(json!({ "id": uuid() }), &["id"]))],
        );
        paths.insert(
            path.clone(),
            of_one(Map::from_iter([("get".to_owned(), list), ("post".to_owned(), send)])),
        );
        let revoke = operation(&format!("{}: its link opens nothing from now on", document.label), tag, []);
        let revoke = answer(revoke, "204", "Revoked.", None);
        let mut one = of_one(Map::from_iter([("delete".to_owned(), revoke)]));
        if let Some(parameters) = one["parameters"].as_array_mut() {
            parameters.push(json!({ "name": "packet", "in": "path", "required": true, "schema": uuid() }));
        }
        paths.insert(format!("{path}/{{packet}}"), one);
    }
}
