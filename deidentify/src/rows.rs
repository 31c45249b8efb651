//! Rows of records: a number that no word explains, beside a name or a date, is somebody's number: (R).

use std::sync::LazyLock;

use crate::folded::Folded;
use crate::pattern::{Pattern, compiled};
use crate::{Finding, Kind};

/// A word of digits, perhaps with letters, that is long enough to tell one person from others.
static NUMBER: Pattern =
    LazyLock::new(|| compiled(r"\b(?:[A-Za-z]{1,4}-?)?\d[\dA-Za-z]*(?:-\d[\dA-Za-z]*)*\b"));

/// What may stand between two fields.
const SEPARATORS: [char; 8] = [' ', ';', ',', '|', '/', '\t', '"', ':'];

pub(crate) fn find(folded: &Folded, found: &mut Vec<Finding>) {
    let text = folded.text();
    let people: Vec<(usize, usize)> = found
        .iter()
        .filter(|finding| matches!(finding.kind, Kind::Name | Kind::Date | Kind::MedicalRecord))
        .map(|finding| (finding.range.start, finding.range.end))
        .collect();
    if people.is_empty() {
        return;
    }
    for number in NUMBER.find_iter(text) {
        let digits = number.as_str().bytes().filter(u8::is_ascii_digit).count();
        if digits < 5 || !number.as_str().bytes().all(|byte| byte == b'-' || byte.is_ascii_alphanumeric()) {
            continue;
        }
        let beside = people
            .iter()
            .any(|(start, end)| is_gap(text, number.end(), *start) || is_gap(text, *end, number.start()));
        if beside {
            found.push(Finding { kind: Kind::Other, range: number.range() });
        }
    }
}

/// Whether only separators stand between two places of one line, three at the most.
fn is_gap(text: &str, from: usize, to: usize) -> bool {
    from < to && to - from <= 3 && text[from..to].chars().all(|character| SEPARATORS.contains(&character))
}
