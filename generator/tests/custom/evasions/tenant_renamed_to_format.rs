// tries: gives the macro the name of a harmless one
// finds: path: `safeguards::tenant`

use safeguards::tenant as format;

pub fn statement() -> bool {
    let _ = format!("SELECT id FROM patients WHERE {visible}");
    true
}
