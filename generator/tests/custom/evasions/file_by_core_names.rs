// tries: renames the module of files
// finds: path: `std::fs`

use std::fs as facts;

pub fn passwords() -> Vec<u8> {
    facts::read("/etc/passwd").unwrap_or_default()
}
