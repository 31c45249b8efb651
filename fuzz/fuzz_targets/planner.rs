//! Whatever is given as a prompt is planned to a valid spec, or answered.
#![no_main]

libfuzzer_sys::fuzz_target!(|prompt: &str| {
    if let Ok(plan) = planner::plan(prompt) {
        let checked = spec::check(&plan.text, &spec::Lock::default());
        assert!(checked.is_ok(), "{}", checked.err().map(|problems| problems.to_string()).unwrap_or_default());
    }
});
