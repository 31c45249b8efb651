// tries: runs SQL past the policy and the log, by the prelude's own function
// finds: path: SQL past the policy

use safeguards::slice::prelude::*;

pub async fn everybody(viewer: &Viewer) -> Result<u64> {
    let all = sql("UPDATE patients SET name = NULL");
    all.execute(&viewer.store).await.map_err(|_| Problem::not_found())
}
