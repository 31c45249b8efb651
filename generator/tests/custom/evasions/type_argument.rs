// tries: names a forbidden type as an argument of a harmless one
// finds: path: `std::fs::File`

pub fn none() -> Option<std::fs::File> {
    None
}
