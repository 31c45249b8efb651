// tries: hides a path three macros deep
// finds: path: `std::fs::read`

pub fn shown() -> bool {
    assert!(!vec![format!("{:?}", matches!(std::fs::read("/etc/passwd"), Ok(_)))].is_empty());
    true
}
