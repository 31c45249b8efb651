//! The gate before an action that takes de-identified text only (CC-2): the one that stands before the platform's own
//! models, too.

use std::collections::BTreeMap;

use deidentify::Kind;

use crate::web::{FieldProblem, Problem};

/// What kinds of identifiers were found, and how often. It holds no word of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named(BTreeMap<Kind, usize>);

/// Looks for the 18 identifiers of 45 CFR 164.514(b)(2)(i).
///
/// # Errors
/// [`Named`]: some were found.
pub fn cleared(text: &str) -> Result<(), Named> {
    let mut found = BTreeMap::new();
    for finding in deidentify::scan(text) {
        *found.entry(finding.kind).or_insert(0) += 1;
    }
    if found.is_empty() { Ok(()) } else { Err(Named(found)) }
}

impl Named {
    /// `2 names, 1 phone number`, without a word of the text.
    pub fn words(&self) -> String {
        let word = |(kind, count): (&Kind, &usize)| format!("{count} × {}", kind.as_str().replace('-', " "));
        self.0.iter().map(word).collect::<Vec<_>>().join(", ")
    }
}

/// To a program: what was found, by kind.
impl From<Named> for Problem {
    fn from(named: Named) -> Self {
        let detail = format!("names somebody: {}; take that out first", named.words());
        Self::invalid(vec![FieldProblem { pointer: "/text".to_owned(), detail }])
    }
}

#[cfg(test)]
mod tests {
    use super::cleared;

    /// CC-2: what names somebody is refused by kinds, and the refusal repeats nothing of it.
    #[test]
    fn what_names_somebody_does_not_pass() {
        assert!(cleared("Pain for three days, worse at night. Lungs clear.").is_ok());
        let named =
            cleared("Mrs. Eleanor Vance, phone 415-555-0132, has had pain for three days.").unwrap_err();
        let words = named.words();
        assert!(words.contains("phone") && !words.contains("Vance") && !words.contains("0132"), "{words}");
    }
}
