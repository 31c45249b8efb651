// does: answers with JSON that is written in place

use safeguards::slice::prelude::*;
use serde_json::{Value, json};

pub async fn summary(viewer: Viewer) -> Result<Json<Value>> {
    let patients = crate::patients::count(&viewer, &Wanted::first(1)).await?;
    let roles = viewer.roles();
    Ok(Json(json!({
        "patients": patients,
        "roles": roles,
        "of": { "kind": "summary", "parts": [1, 2, { "three": null }] },
        "negative": -1,
    })))
}
