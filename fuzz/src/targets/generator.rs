//! Hostile text stays text, and a hostile name is refused or can be read.

#[path = "../../../generator/tests/hostile/oracle.rs"]
mod oracle;

/// What a run is given.
pub type Input = String;

/// One run; what must not be, panics.
pub fn run(text: Input) {
    let text = text.as_str();
    oracle::assert_same_program(text);
    oracle::assert_sound_name(text);
}
