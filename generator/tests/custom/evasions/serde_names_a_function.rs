// tries: names a function in a text that a derive makes code of
// finds: path: `std::fs::read`

use serde::Serialize;

#[derive(Serialize)]
pub struct Told {
    #[serde(serialize_with = "std::fs::read")]
    pub path: String,
}
