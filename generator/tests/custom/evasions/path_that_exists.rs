// tries: asks whether a file exists
// finds: path: `std::path::Path::new` reaches files

pub fn there() -> bool {
    std::path::Path::new("/etc/passwd").exists()
}
