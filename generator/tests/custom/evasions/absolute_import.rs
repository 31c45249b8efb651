// tries: begins an import outside of the crate
// finds: path: begins outside

use ::std::collections::BTreeMap;

pub fn none() -> BTreeMap<u8, u8> {
    BTreeMap::new()
}
