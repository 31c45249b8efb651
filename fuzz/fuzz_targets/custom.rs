//! Whatever stands in a founder's folder is judged: the lint neither falls nor hangs.
#![no_main]

use generator::custom::{Sources, check};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let found = check(&Sources::of([("src/custom/mod.rs", text), ("Cargo.toml", text)]));
    assert!(found.iter().all(|finding| finding.message != "it could not be read"), "{found:?}");
});
