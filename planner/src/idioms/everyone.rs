//! `by everyone except …`, `from everyone but …`, `for doctors' eyes only`: said of all, and so of those who are left out.

use crate::sentences::Token;
use crate::words::is_be;

fn word(word: &str) -> Token {
    Token::Word(word.to_owned())
}

fn is(tokens: &[Token], at: usize, words: &[&str]) -> bool {
    tokens.get(at).and_then(Token::word).is_some_and(|said| words.contains(&said))
}

const ALL: &[&str] = &["everyone", "everybody", "anyone", "anybody", "all"];

/// `Notes can be viewed by everyone except nurses` reads as `everyone except nurses can see notes`; `hide addresses from
/// everyone except receptionists` as `only receptionists can see addresses`.
pub(super) fn by_everyone(tokens: Vec<Token>) -> Vec<Token> {
    let except =
        (2..tokens.len()).find(|at| is(&tokens, *at, &["except", "but"]) && is(&tokens, at - 1, ALL));
    let Some(except) = except else { return tokens };
    let left_out: Vec<Token> = tokens[except + 1..]
        .iter()
        .take_while(|token| **token != Token::Comma || tokens.len() < except + 12)
        .filter(|token| !matches!(token, Token::Colon | Token::Semicolon))
        .cloned()
        .collect();
    if left_out.is_empty() || left_out.len() > 8 {
        return tokens;
    }
    let seen = |at: usize| {
        tokens.get(at).and_then(Token::word).is_some_and(|said| {
            matches!(crate::words::base(said), Some("see" | "view" | "read" | "open" | "access" | "look"))
        })
    };
    // `… can be viewed by everyone except …`.
    if is(&tokens, except - 2, &["by", "to"])
        && let Some(verb) =
            (1..except - 2).rev().find(|at| seen(*at) || is(&tokens, *at, &["visible", "available", "open"]))
        && let Some(be) = (1..verb).rev().find(|at| tokens[*at].word().is_some_and(is_be))
        && verb - be < 3
    {
        let negated = tokens[..verb].iter().any(|token| token.is("not") || token.is("never"));
        let modal =
            (1..=be).rev().take_while(|at| tokens[at - 1].word().is_some_and(crate::words::is_modal)).count();
        let what = &tokens[..be - modal.min(be)];
        if !negated && !what.is_empty() {
            let mut out = vec![word("everyone"), word("except")];
            out.extend(left_out);
            out.extend([word("can"), word("see")]);
            out.extend(what.iter().cloned());
            return out;
        }
    }
    if !is(&tokens, except - 2, &["from"]) {
        return tokens;
    }
    let only = |what: &[Token]| {
        let mut out = vec![word("only")];
        out.extend(left_out.iter().cloned());
        out.extend([word("can"), word("see")]);
        out.extend(what.iter().cloned());
        out
    };
    if is(&tokens, 0, &["hide", "keep", "conceal"]) {
        let end =
            (1..except - 2).find(|at| is(&tokens, *at, &["hidden", "away", "secret"])).unwrap_or(except - 2);
        return only(&tokens[1..end]);
    }
    let hidden = (1..except - 2).rev().find(|at| is(&tokens, *at, &["hidden", "kept", "concealed"]));
    match hidden.and_then(|hidden| {
        (1..hidden)
            .find(|at| tokens[*at].word().is_some_and(|said| is_be(said) || crate::words::is_modal(said)))
    }) {
        Some(end) => only(&tokens[..end]),
        None => tokens,
    }
}

/// `hide the address to nurses` reads as `hide the address from nurses`.
pub(super) fn hide_from(mut tokens: Vec<Token>) -> Vec<Token> {
    if is(&tokens, 0, &["hide", "conceal"])
        && let Some(to) = tokens.iter().position(|token| token.is("to"))
        && !tokens.iter().any(|token| token.is("from"))
    {
        tokens[to] = word("from");
    }
    tokens
}

/// `Visit notes are for doctors' eyes only` reads as `visit notes are visible only to doctors`.
pub(super) fn eyes_only(tokens: Vec<Token>) -> Vec<Token> {
    let end = tokens.len();
    if end < 5
        || !tokens[end - 1].is("only")
        || !is(&tokens, end - 2, &["eyes"])
        || tokens[end - 3] != Token::Possessive
    {
        return tokens;
    }
    let Some(from) = (1..end - 3).rev().find(|at| is(&tokens, *at, &["for"])) else { return tokens };
    let mut out = tokens[..from].to_vec();
    if !out.last().and_then(Token::word).is_some_and(is_be) {
        out.push(word("are"));
    }
    out.extend([word("visible"), word("only"), word("to")]);
    out.extend(tokens[from + 1..end - 3].iter().cloned());
    out
}

/// `can read notes, but only signed ones` reads as `can read notes once signed`.
pub(super) fn only_such_ones(tokens: Vec<Token>) -> Vec<Token> {
    let at = (2..tokens.len().saturating_sub(2)).find(|at| {
        is(&tokens, *at, &["only"])
            && is(&tokens, at + 2, &["one", "ones"])
            && is(
                &tokens,
                at + 1,
                &["signed", "released", "approved", "published", "final", "finalized", "completed", "locked"],
            )
    });
    let Some(at) = at else { return tokens };
    let mut begin = at;
    while begin > 0 && (is(&tokens, begin - 1, &["but", "and"]) || tokens[begin - 1] == Token::Comma) {
        begin -= 1;
    }
    let mut out = tokens[..begin].to_vec();
    out.extend([word("once"), tokens[at + 1].clone()]);
    out.extend(tokens[at + 3..].iter().cloned());
    out
}

/// `receptionists have limited access: only appointments` reads as `receptionists only see appointments`.
pub(super) fn limited_access(tokens: Vec<Token>) -> Vec<Token> {
    let at = (1..tokens.len()).find(|at| {
        is(&tokens, *at, &["have", "has", "get", "gets"])
            && is(&tokens, at + 1, &["limited", "restricted", "partial", "minimal"])
            && is(&tokens, at + 2, &["access"])
    });
    let Some(at) = at else { return tokens };
    let mut rest = at + 3;
    while is(&tokens, rest, &["to", "only"]) || tokens.get(rest) == Some(&Token::Colon) {
        rest += 1;
    }
    if rest >= tokens.len() {
        return tokens;
    }
    let mut out = tokens[..at].to_vec();
    out.extend([word("only"), word(if is(&tokens, at, &["has", "gets"]) { "sees" } else { "see" })]);
    out.extend(tokens[rest..].iter().cloned());
    out
}

/// `patients of another, the compliance officer excepted` reads as `except the compliance officer`.
pub(super) fn excepted(mut tokens: Vec<Token>) -> Vec<Token> {
    let Some(at) = tokens.iter().position(|token| token.is("excepted") || token.is("excluded")) else {
        return tokens;
    };
    let Some(comma) = tokens[..at].iter().rposition(|token| *token == Token::Comma) else { return tokens };
    let named = (1..=5).contains(&(at - comma - 1))
        && tokens[comma + 1..at].iter().all(|token| token.word().is_some());
    let ends = tokens.get(at + 1).is_none_or(|next| *next == Token::Comma);
    if named && ends && tokens[at].is("excepted") {
        tokens.remove(at);
        tokens.insert(comma + 1, Token::Word("except".into()));
    }
    tokens
}
