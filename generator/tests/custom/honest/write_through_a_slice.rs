// does: writes through a slice, whose policy and log apply

use safeguards::slice::prelude::*;
use safeguards::slice::{Routes, post};

pub fn routes() -> Routes {
    Routes::new().route("/patients/{id}/raise-target", post(raise))
}

async fn raise(viewer: Viewer, Id(id): Id, Query(Version { version }): Query<Version>, body: Body) -> Result<Response> {
    let patient = crate::patients::find(&viewer, id).await?;
    let form = crate::patients::filled(&viewer.view, &Links::any(), &patient);
    let target = patient.target_systolic.known().unwrap_or(140) + 5;
    let answers = body.changes(&viewer.view, form)?.with("target_systolic", target);
    crate::patients::update(&viewer, id, version, &answers).await?;
    Ok(go(format!("/patients/{id}")))
}
