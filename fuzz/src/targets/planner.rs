//! Whatever is given as a prompt is planned to a valid spec, or answered.

/// What a run is given.
pub type Input = String;

/// One run; what must not be, panics.
pub fn run(prompt: Input) {
    let prompt = prompt.as_str();
    if let Ok(plan) = planner::plan(prompt) {
        let checked = spec::check(&plan.text, &spec::Lock::default());
        assert!(
            checked.is_ok(),
            "{}",
            checked.err().map(|problems| problems.to_string()).unwrap_or_default()
        );
    }
}
