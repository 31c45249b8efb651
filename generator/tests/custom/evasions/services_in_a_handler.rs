// tries: takes the services of the app, which hold the store, without anybody signed in
// finds: path: `safeguards::Services`

use safeguards::Services;
use safeguards::slice::{Routes, get};

pub fn routes() -> Routes {
    Routes::new().route("/open", get(open))
}

async fn open(services: Services) -> &'static str {
    let _ = services;
    "open"
}
