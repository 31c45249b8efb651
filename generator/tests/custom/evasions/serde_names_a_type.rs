// tries: has the derive convert through another type
// finds: attribute: `#[serde]`

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(from = "std::path::PathBuf")]
pub struct Told(String);
