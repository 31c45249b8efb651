// tries: hides an import in a group of harmless ones
// finds: path: `std::fs::File`

use std::{collections::{BTreeMap, HashMap}, fmt::{self, Display}, fs::File as Sheet};

pub fn open(_: &BTreeMap<u8, HashMap<u8, u8>>, _: &dyn Display, _: fmt::Error) -> bool {
    Sheet::open("/etc/passwd").is_ok()
}
