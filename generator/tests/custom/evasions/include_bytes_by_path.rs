// tries: reads a file by the macro's path
// finds: macro: `std::include_bytes!`

pub const KEY: &[u8] = std::include_bytes!("../../root.key");
