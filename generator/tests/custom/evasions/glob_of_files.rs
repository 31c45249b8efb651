// tries: takes everything of the module of files
// finds: path: takes everything

use std::fs::*;

pub fn passwords() -> Vec<u8> {
    read("/etc/passwd").unwrap_or_default()
}
