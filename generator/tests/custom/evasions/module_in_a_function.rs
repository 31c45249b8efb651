// tries: hides a module in a function
// finds: syntax: a module within a function

pub fn passwords() -> usize {
    mod inner {
        pub use std::fs;
    }
    inner::fs::read("/etc/passwd").map_or(0, |bytes| bytes.len())
}
