// tries: writes a statement of its own, policy and all
// finds: macro: makes SQL of its own

use safeguards::slice::prelude::*;

pub async fn names(viewer: &Viewer) -> Result<Vec<crate::patients::Patient>> {
    Ok(tenant!("SELECT id, version, name, {reach} FROM patients WHERE {visible}").list(viewer).await?)
}
