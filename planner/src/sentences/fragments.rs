//! Sentences that only narrow the one before: `Volunteers see the first name. Never the diagnosis.`

use super::{Sentence, Token};
use crate::words::{base, is_be, is_condition, is_modal, is_two_faced, verb};

/// Joins what only narrows to the sentence that it narrows.
pub(super) fn joined(sentences: Vec<Sentence>) -> Vec<Sentence> {
    let mut out: Vec<Sentence> = Vec::with_capacity(sentences.len());
    for sentence in sentences {
        match out.last_mut().filter(|last| narrows(&sentence, last)) {
            Some(last) => {
                last.text = format!("{}. {}", last.text, sentence.text);
                last.tokens.push(Token::Comma);
                last.tokens.extend(sentence.tokens);
            }
            None => out.push(sentence),
        }
    }
    out
}

/// Whether a sentence without a verb of its own takes away from what somebody sees in the one before.
fn narrows(sentence: &Sentence, last: &Sentence) -> bool {
    let first = sentence.tokens.first().and_then(Token::word).unwrap_or_default();
    let begins = matches!(first, "never" | "not" | "nothing" | "no" | "only" | "just");
    let access = sentence.tokens.iter().any(|token| token.is("access"));
    let said = sentence
        .tokens
        .iter()
        .skip(1)
        .filter_map(Token::word)
        .take_while(|word| !is_condition(word) && !matches!(*word, "until" | "before" | "after"));
    let clauses = crate::clauses::clauses(&sentence.tokens);
    let speaks = clauses.iter().any(|clause| !clause.verbs.is_empty() && !clause.subjects.is_empty())
        || said
            .clone()
            .any(|word| is_modal(word) || is_be(word) || verb(word).is_some() && !is_two_faced(word));
    let sees = last.tokens.iter().filter_map(Token::word).any(|word| {
        base(word).is_some_and(|base| matches!(base, "see" | "view" | "read" | "access" | "open" | "show"))
    });
    begins && !access && !speaks && sees && sentence.head.is_none() && said.count() > 0
}
