//! Whatever is given as a spec is judged: taken, or refused with reasons that can be printed.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Err(problems) = spec::check(text, &spec::Lock::default()) {
        assert!(!problems.to_string().is_empty());
    }
});
