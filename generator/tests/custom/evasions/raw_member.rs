// tries: spells the field as a raw identifier
// finds: member: the database itself

use safeguards::slice::prelude::*;

pub fn held(viewer: &Viewer) -> bool {
    viewer.r#store.is_postgres()
}
