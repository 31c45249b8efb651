// tries: takes the prelude through a glob of its own
// finds: path: SQL past the policy

mod shelf {
    pub use safeguards::slice::prelude::*;
}

pub fn begin() -> bool {
    let _ = shelf::sql("SELECT 1");
    true
}
