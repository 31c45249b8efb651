// tries: goes to the library through what a slice imports
// finds: path: `crate::patients::sql`

pub fn begin() -> bool {
    let _ = crate::patients::sql("SELECT 1");
    true
}
