// tries: asks who looked at a record that the viewer may not see
// finds: member: `looks`

use safeguards::slice::prelude::*;

pub async fn who(viewer: &Viewer, id: Uuid) -> Result<usize> {
    Ok(viewer.looks(&crate::access::PATIENT, id).await?.looks.len())
}
