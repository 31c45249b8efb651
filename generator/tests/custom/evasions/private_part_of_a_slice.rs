// tries: names a private function of a slice
// finds: path: `crate::patients::one`

use safeguards::slice::prelude::*;

pub fn statement(id: Uuid) -> bool {
    let _ = crate::patients::one(id);
    true
}
