// tries: takes a statement out of a draft
// finds: member: `draft_invitation`

use safeguards::slice::prelude::*;

pub async fn invited(viewer: &Viewer) -> bool {
    viewer.draft_invitation("owner", None, "me@example.org").await.is_ok()
}
