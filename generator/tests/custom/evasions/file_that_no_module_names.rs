// tries: lies ready in a file that no module names yet
// finds: path: `std::fs::read`

pub fn fine() {}
//@ src/custom/spare/later.rs
pub fn passwords() -> Vec<u8> {
    std::fs::read("/etc/passwd").unwrap_or_default()
}
