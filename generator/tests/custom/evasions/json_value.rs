// tries: reaches the environment from a value of JSON
// finds: path: `std::env::var`

use serde_json::{Value, json};

pub fn told() -> Value {
    json!({ "all": [1, { "path": std::env::var("PATH").ok() }] })
}
