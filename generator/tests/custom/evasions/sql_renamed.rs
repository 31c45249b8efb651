// tries: imports it under another name
// finds: path: `safeguards::store::sql`

use safeguards::store::sql as rule;

pub fn begin() -> bool {
    let _ = rule("DELETE FROM patients");
    true
}
