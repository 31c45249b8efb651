// tries: takes everything of a slice
// finds: path: takes everything

use crate::patients::*;
use safeguards::slice::prelude::Viewer;

pub async fn who(viewer: &Viewer) -> bool {
    assignees(viewer, todo()).await.is_ok()
}

fn todo() -> uuid::Uuid {
    uuid::Uuid::nil()
}
