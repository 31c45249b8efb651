// tries: gives the derive another crate to stand on
// finds: attribute: `#[serde]`

use serde::Serialize;

#[derive(Serialize)]
#[serde(crate = "crate::custom::mine")]
pub struct Told {
    pub path: String,
}
