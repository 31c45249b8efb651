// tries: gives the crate itself another name
// finds: path: leads out of src/custom

use crate as app;

pub fn again() -> bool {
    let _ = app::seed::seed;
    true
}
