//! A regular expression and what it finds, with the group that is the identifier.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::{Finding, Kind};

/// A pattern that is compiled once. Patterns are literals of this crate, and each is tried by the corpus.
pub(crate) type Pattern = LazyLock<Regex>;

/// Compiles a literal.
pub(crate) fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("patterns are literals, and all are compiled by the tests")
}

/// The identifier in a match: the group `id` with the `rest` of its groups, or all of it.
pub(crate) fn identifier(captures: &Captures<'_>) -> Range<usize> {
    let id = captures.name("id").or_else(|| captures.get(0)).map(|found| found.range()).unwrap_or_default();
    match captures.name("rest") {
        Some(rest) if rest.start() == id.end => id.start..rest.end(),
        _ => id,
    }
}

/// Adds what the pattern finds and the condition keeps.
pub(crate) fn add(
    text: &str,
    pattern: &Regex,
    kind: Kind,
    found: &mut Vec<Finding>,
    keep: impl Fn(&str, &Range<usize>) -> bool,
) {
    for captures in pattern.captures_iter(text) {
        let range = identifier(&captures);
        if keep(&text[range.clone()], &range) {
            found.push(Finding { kind, range });
        }
    }
}

/// At most so many bytes before a place, cut at a character and at the line.
pub(crate) fn before(text: &str, at: usize, most: usize) -> &str {
    let mut start = at.saturating_sub(most);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let before = &text[start..at];
    before.rfind('\n').map_or(before, |line| &before[line + 1..])
}

/// At most so many bytes after a place, cut at a character and at the line.
pub(crate) fn after(text: &str, at: usize, most: usize) -> &str {
    let mut end = text.len().min(at + most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let after = &text[at..end];
    after.find('\n').map_or(after, |line| &after[..line])
}
