// tries: takes the store out of the context by a pattern
// finds: path: `safeguards::access::Context`

use safeguards::access::Context;
use safeguards::slice::prelude::*;

pub fn held(viewer: &Viewer) -> bool {
    let Context { store: mine, .. } = &**viewer;
    mine.is_postgres()
}
