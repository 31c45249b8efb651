// tries: spells the crate as a raw identifier
// finds: path: `std::fs::read`

pub fn passwords() -> Vec<u8> {
    r#std::r#fs::read("/etc/passwd").unwrap_or_default()
}
