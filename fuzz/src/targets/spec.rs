//! Whatever is given as a spec is judged: taken, or refused with reasons that can be printed.

/// What a run is given.
pub type Input = String;

/// One run; what must not be, panics.
pub fn run(text: Input) {
    let text = text.as_str();
    if let Err(problems) = spec::check(text, &spec::Lock::default()) {
        assert!(!problems.to_string().is_empty());
    }
}
