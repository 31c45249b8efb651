// tries: renames the whole library
// finds: path: `std`

use std as s;

pub fn passwords() -> Vec<u8> {
    s::fs::read("/etc/passwd").unwrap_or_default()
}
