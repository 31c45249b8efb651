// tries: converts into a forbidden type that only a signature names
// finds: path: `std::path::PathBuf`

pub fn path(text: &str) -> bool {
    let path: std::path::PathBuf = text.into();
    path.exists()
}
