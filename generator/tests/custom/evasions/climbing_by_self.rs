// tries: hides the climb behind self
// finds: path: leads out of src/custom

use self::super::http;

pub fn front() -> bool {
    let _ = http::routes;
    true
}
