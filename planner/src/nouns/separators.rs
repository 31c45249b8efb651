//! Where one item of a list ends and the next begins.

use super::is_side;
use crate::{
    catalogue::catalogue,
    sentences::Token,
    words::{is_glue, is_modifier, key},
};

/// The pieces between separators at the outer level; `with` binds what follows to its item.
pub(crate) fn separate(tokens: &[Token]) -> Vec<&[Token]> {
    separated(tokens, true)
}

/// As [`separate`]; `or` between two single words is one value with two choices, unless it separates.
pub(super) fn separated(tokens: &[Token], or_separates: bool) -> Vec<&[Token]> {
    let mut out = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    // `type: urine, swab; taken at`: where semicolons stand, only these separate.
    let mut inner = 0_usize;
    let semicolons = tokens.iter().any(|token| {
        match token {
            Token::Open => inner += 1,
            Token::Close => inner = inner.saturating_sub(1),
            _ => {}
        }
        inner == 0 && *token == Token::Semicolon
    });
    // `syphilis: negative/positive`, `disposition home/admit/transfer`: choices, up to the next comma.
    let mut choices = false;
    for (at, token) in tokens.iter().enumerate() {
        if depth == 0 && *token == Token::Comma || at == 0 {
            choices = !or_separates && lists_choices(&tokens[if at == 0 { 0 } else { at + 1 }..]);
        }
        match token {
            Token::Open => depth += 1,
            Token::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        let separates = match token {
            Token::Semicolon => true,
            _ if semicolons => false,
            Token::Comma => true,
            Token::Slash => !choices && !numbers_around(tokens, at) && !yes_or_no(tokens, at),
            Token::Word(word) if word == "or" => or_separates || !single_words_around(tokens, at),
            // `length x width x depth`: three values.
            Token::Word(word) if matches!(word.as_str(), "x" | "by") => sizes_around(tokens, at),
            Token::Word(word) => matches!(word.as_str(), "and" | "plus"),
            _ => false,
        };
        if depth == 0 && separates {
            out.push(&tokens[start..at]);
            start = at + 1;
        }
    }
    out.push(&tokens[start..]);
    out.retain(|piece| !piece.is_empty());
    out
}

/// Whether what stands before the next comma is a value with its choices: `flag high/low/normal`.
pub(super) fn lists_choices(tokens: &[Token]) -> bool {
    let piece: Vec<&Token> = tokens
        .iter()
        .take_while(|token| !matches!(token, Token::Comma | Token::Open) && !token.is("and"))
        .collect();
    let Some(first) = piece.iter().position(|token| **token == Token::Slash) else { return false };
    let named = piece.contains(&&Token::Colon);
    let single = piece[first + 1..].split(|token| **token == Token::Slash).all(
        |part| matches!(part, [Token::Word(word)] if catalogue().field(&key(&[word.as_str()])).is_none()),
    );
    // `status available/rented/in repair`: each of one to three words.
    let told = piece.first().and_then(|token| token.word()).is_some_and(|word| {
        matches!(
            word,
            "status" | "state" | "stage" | "type" | "result" | "outcome" | "disposition" | "decision"
        )
    });
    let short = piece[first + 1..]
        .split(|token| **token == Token::Slash)
        .all(|part| (1..=3).contains(&part.len()) && part.iter().all(|token| token.word().is_some()));
    if told && first > 1 && short {
        return true;
    }
    let sides = piece[first - first.min(1)..].iter().filter_map(|token| token.word()).all(is_side);
    let yes = piece.iter().any(|token| token.is("yes") || token.is("y"));
    named
        || first > 1 && single && !sides && !yes && piece[..first].iter().all(|token| token.word().is_some())
}

/// `pickup or delivery` between commas.
pub(super) fn single_words_around(tokens: &[Token], at: usize) -> bool {
    let word = |at: usize| {
        tokens.get(at).and_then(Token::word).is_some_and(|word| !is_glue(word) && !is_modifier(word))
    };
    let edge = |at: Option<usize>| {
        at.and_then(|at| tokens.get(at))
            .is_none_or(|token| matches!(token, Token::Comma | Token::Open | Token::Close))
    };
    at > 0 && word(at - 1) && word(at + 1) && edge((at - 1).checked_sub(1)) && edge(Some(at + 2))
}

/// `yes/no`, `y/n`.
pub(super) fn yes_or_no(tokens: &[Token], at: usize) -> bool {
    let is = |at: usize, words: [&str; 2]| {
        tokens.get(at).and_then(Token::word).is_some_and(|word| words.contains(&word))
    };
    at > 0 && is(at - 1, ["yes", "y"]) && is(at + 1, ["no", "n"])
}

pub(super) fn numbers_around(tokens: &[Token], at: usize) -> bool {
    at > 0 && matches!((&tokens[at - 1], tokens.get(at + 1)), (Token::Number(_), Some(Token::Number(_))))
}

/// Whether both words beside this one are sizes.
fn sizes_around(tokens: &[Token], at: usize) -> bool {
    let size = |at: Option<usize>| {
        at.and_then(|at| tokens.get(at)).and_then(Token::word).is_some_and(|word| {
            matches!(word, "length" | "width" | "depth" | "height" | "thickness" | "diameter")
        })
    };
    size(at.checked_sub(1)) && size(Some(at + 1))
}
