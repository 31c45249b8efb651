//! The gate: what leaves the house has passed it, and the type says so.

use deidentify::{Finding, Placeholders};

/// A prompt that may be sent. There is no way to make one but [`clear`]. It holds what a person said, so it cannot be
/// printed.
pub struct Cleared {
    original: String,
    text: String,
    placeholders: Placeholders,
}

/// A prompt that names or could name somebody, and is not sent. It has the places, not the words: whoever shows them
/// has the prompt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the prompt holds {} that could identify somebody, and was not sent", things(.findings.len()))]
pub struct Identifies {
    /// What was found, in the order of the text.
    pub findings: Vec<Finding>,
}

fn things(count: usize) -> String {
    if count == 1 { "a thing".into() } else { format!("{count} things") }
}

/// Lets a prompt out of the house if none of the 18 identifiers of Safe Harbor (45 CFR 164.514(b)(2)(i)) is found in
/// it, or with placeholders in their stead, which are turned back in the plan, here.
///
/// # Errors
/// [`Identifies`]: something was found, and placeholders were not asked for.
pub fn clear(prompt: &str, with_placeholders: bool) -> Result<Cleared, Identifies> {
    let mut text = prompt.to_owned();
    let findings = deidentify::scan(prompt);
    let mut placeholders = Placeholders::default();
    if !findings.is_empty() {
        if !with_placeholders {
            return Err(Identifies { findings });
        }
        (text, placeholders) = deidentify::replace(prompt, &findings);
        // What is left is looked at again: a text is not trusted because it was worked on.
        let left = deidentify::scan(&text);
        if !left.is_empty() {
            return Err(Identifies { findings });
        }
    }
    Ok(Cleared { original: prompt.to_owned(), text, placeholders })
}

impl Cleared {
    /// What is sent.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the person said. It stays in the house.
    pub fn original(&self) -> &str {
        &self.original
    }

    /// How many different values have placeholders.
    pub fn placeholders(&self) -> usize {
        self.placeholders.len()
    }

    /// Puts the values back into a text that came back.
    pub(super) fn restore(&self, text: &str) -> String {
        self.placeholders.restore(text)
    }
}
