// tries: gives a glob of its own a name like a crate
// finds: path: `std::fs::read`

#[allow(non_camel_case_types)]
pub enum Kind {
    std,
}

pub use Kind::*;

pub fn passwords() -> Vec<u8> {
    std::fs::read("/etc/passwd").unwrap_or_default()
}
