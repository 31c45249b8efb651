//! Whatever stands in a founder's folder is judged: the lint neither falls nor hangs.

use generator::custom::{Sources, check};

/// What a run is given.
pub type Input = String;

/// One run; what must not be, panics.
pub fn run(text: Input) {
    let text = text.as_str();
    let found = check(&Sources::of([("src/custom/mod.rs", text), ("Cargo.toml", text)]));
    assert!(found.iter().all(|finding| finding.message != "it could not be read"), "{found:?}");
}
