//! What comes back, and what it cost.

use serde_json::Value;

/// Tokens of one call, as the provider counted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens that were read, those from a provider's cache among them: they are counted at the full price.
    pub input: u64,
    /// Tokens that were written, those of thinking among them.
    pub output: u64,
}

impl Usage {
    /// Both together.
    pub const fn tokens(self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

/// What a provider will bill for a call, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Billed {
    /// Nothing: it was refused before it was read, or was never sent.
    Nothing,
    /// This.
    Known(Usage),
    /// Nobody knows: the answer was cut off before it said so. It counts as the worst.
    Unknown,
}

/// A model's answer: one JSON value, and its cost. The value is a stranger's: nothing about it has been judged, but
/// that it is JSON. It may hold what a person said, so it cannot be printed.
pub struct Answer {
    /// The value.
    pub value: Value,
    /// What it cost.
    pub billed: Billed,
}
