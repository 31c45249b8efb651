// tries: answers for every path that nobody else has
// finds: member: `fallback`

use safeguards::slice::{Routes, get};

pub fn routes() -> Routes {
    Routes::new().fallback(get(async || "mine"))
}
