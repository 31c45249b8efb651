//! The routes by which pages are opened to anybody and closed, and those of whoever comes.

use serde_json::{Map, Value, json};

use super::{answer, object, operation};
use crate::view::app::AppView;

const TAG: &str = "Pages without an account";

pub(super) fn routes(view: &AppView, paths: &mut Map<String, Value>) {
    if view.open_pages.is_empty() {
        return;
    }
    let text = || json!({ "type": "string" });
    let names: Vec<&str> = view.open_pages.iter().map(|page| page.path.as_str()).collect();
    let standing = object(
        json!({
            "page": { "type": "string", "enum": names }, "label": text(),
            "address": { "type": ["string", "null"] }, "opened_at": { "type": ["string", "null"], "format": "date-time" },
        }),
        &["page", "label", "address", "opened_at"],
    );
    let list = operation(
        "The pages that can be opened to anybody, and which are; for who administers people",
        TAG,
        [("200", json!({ "type": "array", "items": standing }))],
    );
    paths.insert("/api/open-pages".to_owned(), json!({ "get": list }));
    let open = operation(
        "Opens a page to anybody, at an address that nobody guesses; it wants a proof of the last ten minutes",
        TAG,
        [("201", object(json!({ "address": text() }), &["address"]))],
    );
    let close = answer(
        operation("Closes a page: its address leads nowhere from now on", TAG, []),
        "204",
        "Closed.",
        None,
    );
    let page = json!({ "name": "page", "in": "path", "required": true, "schema": { "type": "string", "enum": names } });
    paths.insert(
        "/api/open-pages/{page}".to_owned(),
        json!({ "post": open, "delete": close, "parameters": [page] }),
    );
    visits(view, paths);
}

/// What anybody calls, by an address that was given out: pages and their forms, and no JSON.
fn visits(view: &AppView, paths: &mut Map<String, Value>) {
    let html = || json!({ "text/html": { "schema": { "type": "string" } } });
    let by_anybody = |summary: &str| {
        let mut operation = operation(summary, TAG, []);
        operation["security"] = json!([]);
        operation["responses"]["404"] =
            json!({ "description": "No page is open at this address.", "content": html() });
        operation
    };
    let named = |name: &str, digits: usize| {
        json!({ "name": name, "in": "path", "required": true,
            "schema": { "type": "string", "pattern": format!("^[0-9a-f]{{{digits}}}$") } })
    };
    let page = |summary: &str| {
        let mut operation = by_anybody(summary);
        operation["responses"]["200"] = json!({ "description": "A page.", "content": html() });
        operation
    };
    let address = named("address", 32);
    let show = page("A page that is open to anybody, at the address that was given out");
    paths.insert("/p/{address}".to_owned(), json!({ "get": show, "parameters": [address] }));
    if !view.any_asked {
        return;
    }
    let received = page("That an answer was received: the same for whoever comes here");
    paths.insert("/p/{address}/received".to_owned(), json!({ "get": received, "parameters": [address] }));
    let mut send =
        by_anybody("One answer to the form that stands at the address, by the ticket of that form");
    send["requestBody"] = json!({ "required": true, "content": {
        "application/x-www-form-urlencoded": { "schema": { "type": "object" } } } });
    send["responses"]["303"] = json!({ "description": "Received." });
    send["responses"]["422"] =
        json!({ "description": "The form again, with what is wrong.", "content": html() });
    let mut back = by_anybody("Leads back to the form");
    back["responses"]["303"] = json!({ "description": "The form." });
    paths.insert(
        "/p/{address}/{ticket}".to_owned(),
        json!({ "get": back, "post": send, "parameters": [address, named("ticket", 112)] }),
    );
}
