// tries: reaches a file in a second module
// finds: path: `std::fs::read`

mod dosing;
//@ src/custom/dosing.rs
pub fn passwords() -> Vec<u8> {
    std::fs::read("/etc/passwd").unwrap_or_default()
}
