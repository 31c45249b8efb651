// tries: calls another macro by the name of one that is allowed
// finds: path: `safeguards::tenant`

use safeguards::tenant as html;

pub fn statement() -> bool {
    let _ = html!("SELECT id FROM patients WHERE {visible}");
    true
}
