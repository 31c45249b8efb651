// tries: holds what is no Rust
// finds: syntax: no Rust that can be read

pub fn broken( {
