//! Hostile text stays text, and a hostile name is refused or can be read.
#![no_main]

#[path = "../../generator/tests/hostile/oracle.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|text: &str| {
    oracle::assert_same_program(text);
    oracle::assert_sound_name(text);
});
