// tries: imports within a function
// finds: path: `std::fs::read`

pub fn passwords() -> Vec<u8> {
    use std::fs::read;
    read("/etc/passwd").unwrap_or_default()
}
