// tries: asks for the session, which holds the store
// finds: member: `session`

use safeguards::slice::prelude::*;

pub fn held(viewer: &Viewer) -> bool {
    let session = viewer.session();
    session.store.is_postgres()
}
