// tries: reads a file
// finds: path: `std::fs::read_to_string` reaches files

pub fn passwords() -> String {
    std::fs::read_to_string("/etc/passwd").unwrap_or_default()
}
