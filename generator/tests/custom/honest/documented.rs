// does: has attributes, documentation and lints as code has

//! Documented code.
#![allow(dead_code)]

/// Adds.
///
/// ```ignore
/// std::fs::read("this is documentation, and no code");
/// ```
#[inline]
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
pub fn added(a: u64, b: u64) -> u8 {
    // std::process::exit(1) is a comment.
    let text = "std::fs::read(\"/etc/passwd\") and unsafe { } are text";
    (a + b + text.len() as u64) as u8
}

#[rustfmt::skip]
const MATRIX: [[i8; 2]; 2] = [
    [1, 0],
    [0, 1],
];

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Side {
    #[default]
    Left,
    Right,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "one")]
    fn fails() {
        assert_ne!(added(1, 0), added(1, 0), "one");
        debug_assert!(matches!(Side::default(), Side::Left | Side::Right));
    }
}
