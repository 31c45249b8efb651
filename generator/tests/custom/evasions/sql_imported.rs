// tries: imports the function that begins a statement
// finds: path: `safeguards::sql`

use safeguards::sql;

pub fn begin() -> bool {
    let _ = sql("SELECT 1");
    true
}
