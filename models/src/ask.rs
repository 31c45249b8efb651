//! What a model is asked.

use crate::form::Form;

/// One question to a model: fill this form. It holds what a person said, so it cannot be printed.
///
/// Whoever makes one answers for its text: it leaves the house as it is. The gate that looks for identifiers stands
/// before it.
pub struct Ask {
    /// What the work is, in a word, for the register: `plan`.
    pub purpose: &'static str,
    /// What the model is told about its work.
    pub instructions: String,
    /// What was said so far, a person's turn first.
    pub turns: Vec<Turn>,
    /// What it fills in.
    pub form: Form,
    /// The longest answer, in tokens.
    pub most_output: u32,
}

/// A turn of the conversation.
pub enum Turn {
    /// A person's words.
    Said(String),
    /// A form that the model filled in before.
    Filled(serde_json::Value),
    /// What is wrong with the form that it filled in.
    Problems(String),
}
