// tries: imports it under another name
// finds: path: reads without a policy of its own

use crate::patients::assignees as people;
use safeguards::slice::prelude::*;

pub async fn who(viewer: &Viewer, id: Uuid) -> Result<usize> {
    Ok(people(viewer, id).await?.len())
}
