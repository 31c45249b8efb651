//! Whatever text is scanned, findings lie within it, on the boundaries of characters, in order, none over another.

/// What a run is given.
pub type Input = String;

/// One run; what must not be, panics.
pub fn run(text: Input) {
    let text = text.as_str();
    let mut end = 0;
    for finding in deidentify::scan(text) {
        assert!(finding.range.start >= end && !finding.range.is_empty());
        assert!(text.get(finding.range.clone()).is_some());
        end = finding.range.end;
    }
}
