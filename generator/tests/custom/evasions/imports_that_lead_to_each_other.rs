// tries: sends whoever follows it round in a circle
// finds: path: is neither defined here

mod a {
    pub use super::b::fs;
}
mod b {
    pub use super::a::fs;
}

pub fn passwords() -> bool {
    let _ = a::fs::read;
    true
}
