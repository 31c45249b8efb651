//! The routes of the library on which it is told what has changed.

use serde_json::{Map, Value, json};

use super::{closed, object, operation, reference};

const LIVE: &str = "Live updates";

/// Everybody who is signed in calls the first; the second is opened by what the first answers, and by nothing else.
pub(super) fn routes(paths: &mut Map<String, Value>, schemas: &mut Map<String, Value>) {
    let text = json!({ "type": "string" });
    let token = json!({ "token": text, "expires_in": { "type": "integer", "description": "Seconds." } });
    schemas.insert("LiveToken".into(), closed(object(token, &["token", "expires_in"])));
    let issue = operation(
        "A token that opens one WebSocket within 30 seconds; asking for it puts off no sign-out",
        LIVE,
        [("200", reference("LiveToken"))],
    );
    paths.insert("/api/live/token".into(), json!({ "post": issue }));

    let mut open = operation("A WebSocket on which it is told which records have changed", LIVE, []);
    open["description"] = json!(
        "Each message is JSON: `changed` and `id` name a record that the session may view or list, and `about` the patient, \
         where that may be known; `{\"reload\":true}` says that some were missed. Nothing is to be said on it."
    );
    open["parameters"] = json!([{
        "name": "token", "in": "query", "required": true, "schema": text,
        "description": "From `/api/live/token`.",
    }]);
    open["responses"]["101"] = json!({ "description": "The protocol is switched (RFC 6455)." });
    open["responses"]["426"] = json!({ "$ref": "#/components/responses/problem" });
    paths.insert("/api/live".into(), json!({ "get": open }));
}
