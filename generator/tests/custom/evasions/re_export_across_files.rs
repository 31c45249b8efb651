// tries: re-exports in one file and takes it in another
// finds: path: `std::env`

mod words;

pub fn secrets() -> usize {
    words::world::vars().count()
}
//@ src/custom/words/mod.rs
pub use std::env as world;
