// tries: spells the crate with a letter that looks alike
// finds: path: is neither defined here

pub fn passwords() -> Vec<u8> {
    ѕtd::fs::read("/etc/passwd").unwrap_or_default()
}
