//! What is imported: a file as the body, and what it did as the answer.

use serde_json::{Map, Value, json};

use super::{object, operation, reference, with};
use crate::view::app::AppView;

pub(super) fn routes(view: &AppView, paths: &mut Map<String, Value>, schemas: &mut Map<String, Value>) {
    for feed in &view.feeds {
        let post = operation(&feed.label, &feed.entity.label_plural, [("200", reference("Imported"))]);
        let preview = json!({
            "name": "preview", "in": "query", "schema": { "type": "boolean" },
            "description": "Whether to say only what the file would do.",
        });
        let mut post = with(post, vec![preview]);
        post["requestBody"] = json!({
            "description": "A table of comma-separated values in UTF-8, of at most a thousand lines and 1 MB; its first line names the columns.",
            "required": true, "content": { "text/csv": { "schema": { "type": "string" } } },
        });
        paths.insert(format!("/api/feeds/{}", feed.path), json!({ "post": post }));
    }
    if !view.feeds.is_empty() {
        let count = || json!({ "type": "integer", "minimum": 0 });
        let refused = json!({
            "line": count(), "column": { "type": ["string", "null"] }, "detail": { "type": "string" },
        });
        let refused = object(refused, &["line", "column", "detail"]);
        let imported = json!({
            "made": count(), "changed": count(), "same": count(),
            "refused": { "type": "array", "items": refused },
        });
        schemas.insert("Imported".into(), object(imported, &["made", "changed", "same", "refused"]));
    }
}
