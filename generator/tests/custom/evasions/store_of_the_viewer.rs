// tries: takes the database from whoever acts
// finds: member: the database itself

use safeguards::slice::prelude::*;

pub async fn count(viewer: &Viewer) -> bool {
    let database = &viewer.store;
    database.is_postgres()
}
