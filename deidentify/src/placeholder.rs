//! Placeholders in the stead of identifiers: the same value gets the same one, and whoever keeps the list can put the
//! values back. The list is as much PHI as the text was: it stays where the text stays.

use std::collections::HashMap;
use std::fmt;

use crate::{Finding, Kind};

/// What stood where a placeholder stands. It cannot be printed.
#[derive(Clone, Default)]
pub struct Placeholders {
    /// Placeholder and value, in the order of their first appearance.
    values: Vec<(String, String)>,
}

impl fmt::Debug for Placeholders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Placeholders({} values)", self.values.len())
    }
}

impl Placeholders {
    /// How many different values were taken out.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether nothing was taken out.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Puts the values back into an answer. A placeholder that was not given stays as it is.
    pub fn restore(&self, text: &str) -> String {
        // The longest first, so that `[name 1]` is not found in a longer one that begins alike.
        let mut restored = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find('[') {
            let (before, from) = rest.split_at(start);
            restored.push_str(before);
            match self.values.iter().find(|(placeholder, _)| from.starts_with(placeholder.as_str())) {
                Some((placeholder, value)) => {
                    restored.push_str(value);
                    rest = &from[placeholder.len()..];
                }
                None => {
                    restored.push('[');
                    rest = &from[1..];
                }
            }
        }
        restored.push_str(rest);
        restored
    }
}

/// The text with placeholders such as `[name 1]`, and what they stand for. A text that holds such a bracket already
/// keeps it: numbers begin above those in use.
pub fn replace(text: &str, findings: &[Finding]) -> (String, Placeholders) {
    let mut replaced = String::with_capacity(text.len());
    let mut placeholders = Placeholders::default();
    let mut known: HashMap<(Kind, &str), String> = HashMap::new();
    let mut numbers: HashMap<Kind, usize> = HashMap::new();
    let mut at = 0;
    for finding in findings {
        let Some(value) = text.get(finding.range.clone()).filter(|_| finding.range.start >= at) else {
            continue;
        };
        replaced.push_str(&text[at..finding.range.start]);
        let placeholder = known.entry((finding.kind, value)).or_insert_with(|| {
            let number = numbers.entry(finding.kind).or_default();
            let placeholder = loop {
                *number += 1;
                let placeholder = format!("[{} {number}]", finding.kind);
                if !text.contains(&placeholder) {
                    break placeholder;
                }
            };
            placeholders.values.push((placeholder.clone(), value.to_owned()));
            placeholder
        });
        replaced.push_str(placeholder);
        at = finding.range.end;
    }
    replaced.push_str(&text[at..]);
    (replaced, placeholders)
}
