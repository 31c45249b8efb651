// tries: re-exports it in one module and takes it in another
// finds: path: `std::fs`

mod words {
    pub use std::fs as text;
}

pub fn passwords() -> Vec<u8> {
    words::text::read("/etc/passwd").unwrap_or_default()
}
