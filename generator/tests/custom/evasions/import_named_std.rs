// tries: imports something harmless under a crate's name
// finds: path: is the name of a crate

use std::collections as core;

pub fn none() -> core::BTreeMap<u8, u8> {
    core::BTreeMap::new()
}
