// tries: reads a file when it is built
// finds: macro: `include_str!` reads a file

pub const KEY: &str = include_str!("../../root.key");
