// does: greets whoever is signed in: the example of the generated file

use safeguards::slice::prelude::*;
use safeguards::slice::{Routes, get};

pub fn routes() -> Routes {
    Routes::new().route("/hello", get(hello))
}

/// `GET /hello`: greets whoever is signed in.
async fn hello(viewer: Viewer) -> Result<Page> {
    Ok(viewer.page(format!("Hello, {}", viewer.roles().join(", "))))
}
