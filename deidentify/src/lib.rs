//! Finds the 18 Safe Harbor identifiers of 45 CFR 164.514(b)(2)(i) in text.
//!
//! It is the gate before a model: of the platform's prompts (HC-6) and of the actions of apps that are marked
//! *de-identified only* (CC-2). One piece of code serves both. It is pure: no I/O, no clock, no model.
//!
//! Structured kinds are found by their shape, their checksum and the words beside them; names by lists and cues. It
//! errs toward finding: what is shown to a person costs a click, what is missed leaves the house. It is no expert
//! determination (45 CFR 164.514(b)(1)), and a text in which nothing is found is not thereby de-identified.

mod contact;
mod dates;
mod folded;
mod kind;
mod names;
mod numbers;
mod pattern;
mod placeholder;
mod places;
mod rows;

use std::ops::Range;

pub use kind::Kind;
pub use placeholder::{Placeholders, replace};

use folded::Folded;

/// Where an identifier stands, and of which kind it is. The text itself is not kept: whoever shows it has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which of the eighteen.
    pub kind: Kind,
    /// Bytes of the scanned text, on character boundaries.
    pub range: Range<usize>,
}

/// Every identifier that is found, in the order of the text; none overlaps another.
pub fn scan(text: &str) -> Vec<Finding> {
    let folded = Folded::new(text);
    let mut found = Vec::new();
    contact::find(&folded, &mut found);
    numbers::find(&folded, &mut found);
    dates::find(&folded, &mut found);
    places::find(&folded, &mut found);
    names::find(&folded, &mut found);
    rows::find(&folded, &mut found);
    let mut found = disjoint(found);
    for finding in &mut found {
        finding.range = folded.original(finding.range.clone());
    }
    found
}

/// Of findings that overlap the one that begins first, and of those the longest, stays.
fn disjoint(mut found: Vec<Finding>) -> Vec<Finding> {
    found.sort_by_key(|finding| (finding.range.start, usize::MAX - finding.range.end));
    let mut kept: Vec<Finding> = Vec::new();
    for finding in found {
        match kept.last_mut() {
            // What begins within another and ends after it is an identifier as far as it reaches.
            Some(last) if finding.range.start < last.range.end => {
                last.range.end = last.range.end.max(finding.range.end);
            }
            _ => kept.push(finding),
        }
    }
    kept
}
