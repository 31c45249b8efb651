// tries: calls the macro by its path
// finds: macro: `safeguards::tenant!`

pub fn statement() -> bool {
    let _ = safeguards::tenant!("SELECT id FROM patients WHERE {visible}");
    true
}
