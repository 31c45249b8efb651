// tries: takes the keys from whoever acts
// finds: member: the keys

use safeguards::slice::prelude::*;

pub async fn ring(viewer: &Viewer) -> bool {
    viewer.keys.ring(viewer.principal.organisation().uuid()).await.is_ok()
}
