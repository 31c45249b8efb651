//! How founders tell it: `As a nurse I want to …`, `…; no chart access`, `and each week records`.

use crate::sentences::Token;

/// `As a camp nurse I want to log glucose so that …` reads as `camp nurses can log glucose`.
pub(super) fn user_story(tokens: Vec<Token>) -> Vec<Token> {
    let is = |at: usize, words: &[&str]| {
        tokens.get(at).and_then(Token::word).is_some_and(|word| words.contains(&word))
    };
    if !(is(0, &["as"]) && is(1, &["a", "an", "the"])) {
        return tokens;
    }
    let Some(i) = (3..tokens.len().min(9)).find(|at| is(*at, &["i", "we"])) else { return tokens };
    let who: Vec<Token> = tokens[2..i].iter().filter(|token| token.word().is_some()).cloned().collect();
    let word = |word: &str| Token::Word(word.to_owned());
    let (skip, says): (usize, Vec<Token>) =
        if is(i + 1, &["want", "need", "wish", "like"]) && is(i + 2, &["to"]) {
            (3, vec![word("can")])
        } else if is(i + 1, &["would", "should"]) && is(i + 2, &["like", "be"]) {
            let width = if is(i + 3, &["to"]) {
                4
            } else if is(i + 4, &["to"]) {
                5
            } else {
                return tokens;
            };
            (width, vec![word("can")])
        } else if is(i + 1, &["do", "must", "should", "can"]) && is(i + 2, &["not"]) {
            let width = match (is(i + 3, &["want", "need"]), is(i + 4, &["to"])) {
                (true, true) => 5,
                _ => 3,
            };
            (width, vec![word("must"), word("not")])
        } else if is(i + 1, &["can", "must", "may"]) {
            (2, vec![word("can")])
        } else {
            return tokens;
        };
    // `so that everything is in one place`: why, and nothing that is done.
    let rest = &tokens[(i + skip).min(tokens.len())..];
    let end = (0..rest.len())
        .find(|at| {
            rest[*at].is("so")
                && rest.get(at + 1).is_some_and(|next| next.is("that") || next.is("i") || next.is("we"))
        })
        .unwrap_or(rest.len());
    let mut out = vec![word("the")];
    out.extend(who);
    out.extend(says);
    out.extend(rest[..end].iter().cloned());
    while out.last() == Some(&Token::Comma) {
        out.pop();
    }
    out
}

/// `fills in the form and each week records mood` reads as `fills in the form and records mood`.
pub(super) fn each_time(mut tokens: Vec<Token>) -> Vec<Token> {
    let word = |tokens: &[Token], at: usize| tokens.get(at).and_then(Token::word).map(str::to_owned);
    let at = (1..tokens.len()).find(|at| {
        let joined = tokens[*at - 1].is("and") || tokens[*at - 1] == Token::Comma;
        let often = matches!(word(&tokens, *at).as_deref(), Some("each" | "every"))
            && matches!(
                word(&tokens, *at + 1).as_deref(),
                Some("day" | "week" | "month" | "morning" | "night" | "evening" | "year" | "hour" | "shift")
            );
        let acts = word(&tokens, *at + 2)
            .is_some_and(|next| crate::words::verb(&next).is_some() && crate::words::singular(&next) != next);
        joined && often && acts
    });
    if let Some(at) = at {
        tokens.drain(at..at + 2);
    }
    tokens
}

/// `nobody but me may see them, not even the assistant`: the assistant is somebody.
pub(super) fn not_even(mut tokens: Vec<Token>) -> Vec<Token> {
    let nobody = tokens.iter().position(|token| token.is("nobody") || token.is("no"));
    let even = tokens.windows(2).position(|pair| pair[0].is("not") && pair[1].is("even"));
    if let (Some(nobody), Some(even)) = (nobody, even)
        && nobody < even
    {
        let end = tokens[even..]
            .iter()
            .position(|token| *token == Token::Comma)
            .map_or(tokens.len(), |at| even + at);
        let begin = if even > 0 && tokens[even - 1] == Token::Comma { even - 1 } else { even };
        tokens.drain(begin..end);
    }
    tokens
}

/// `…; no chart access` reads as `never charts`.
pub(super) fn no_such_access(mut tokens: Vec<Token>) -> Vec<Token> {
    let access = tokens.last().is_some_and(|token| token.is("access"));
    let plain = (3..=5).contains(&tokens.len())
        && tokens[0].is("no")
        && tokens[1..].iter().all(|token| token.word().is_some_and(|word| !crate::words::is_glue(word)));
    if access && plain {
        tokens.pop();
        tokens[0] = Token::Word("never".into());
    }
    tokens
}
