// tries: calls a function like a crate, so that its paths look local
// finds: path: `std::fs::read`

fn std() {}

pub fn passwords() -> Vec<u8> {
    std();
    std::fs::read("/etc/passwd").unwrap_or_default()
}
