// tries: begins outside of the crate
// finds: path: begins outside

pub fn passwords() -> Vec<u8> {
    ::std::fs::read("/etc/passwd").unwrap_or_default()
}
