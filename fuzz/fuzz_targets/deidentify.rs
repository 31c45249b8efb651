//! Whatever text is scanned, findings lie within it, on the boundaries of characters, in order, none over another.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut end = 0;
    for finding in deidentify::scan(text) {
        assert!(finding.range.start >= end && !finding.range.is_empty());
        assert!(text.get(finding.range.clone()).is_some());
        end = finding.range.end;
    }
});
