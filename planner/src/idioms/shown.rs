//! Who is shown, told and allowed: `only show names to volunteers` reads as `volunteers can only see names`.

use crate::sentences::Token;
use crate::words::is_be;

/// `Only show first names to volunteers` reads as `volunteers can only see first names`.
pub(super) fn shown_to(tokens: Vec<Token>) -> Vec<Token> {
    let verb = tokens
        .iter()
        .take(4)
        .position(|token| ["show", "display", "reveal", "disclose"].iter().any(|word| token.is(word)));
    let Some(verb) = verb else { return tokens };
    let before: Vec<&str> = tokens[..verb].iter().filter_map(Token::word).collect();
    let imperative = before.len() == verb
        && before
            .iter()
            .all(|word| matches!(*word, "only" | "do" | "not" | "never" | "please" | "just" | "but"));
    let to =
        tokens.iter().position(|token| token.is("to")).filter(|to| *to > verb + 1 && *to + 1 < tokens.len());
    let (true, Some(to)) = (imperative, to) else { return tokens };
    let word = |word: &str| Token::Word(word.to_owned());
    let mut out: Vec<Token> = tokens[to + 1..].to_vec();
    out.push(word("can"));
    if before.contains(&"only") || before.contains(&"just") {
        out.push(word("only"));
    }
    if before.contains(&"not") || before.contains(&"never") {
        out.push(word("not"));
    }
    out.push(word("see"));
    out.extend(tokens[verb + 1..to].iter().cloned());
    out
}

/// `Doctors are the only ones who can see notes` reads as `only doctors can see notes`.
pub(super) fn only_ones(tokens: Vec<Token>) -> Vec<Token> {
    let ones = ["ones", "one", "people", "person", "role", "roles", "staff", "users", "group"];
    let at = tokens.windows(4).position(|four| {
        four[0].word().is_some_and(is_be)
            && four[1].is("the")
            && four[2].is("only")
            && ones.iter().any(|word| four[3].is(word))
    });
    let Some(at) = at.filter(|at| *at > 0) else { return tokens };
    let begin = tokens[..at]
        .iter()
        .rposition(|token| matches!(token, Token::Comma) && tokens[..at].iter().any(|t| t.is("and")))
        .map_or(0, |comma| comma + 1);
    // `coordinators manage the list, and are the only ones who can …`: the subject stands before.
    let subject: Vec<Token> =
        tokens[begin..at].iter().skip_while(|token| token.is("and") || token.is("but")).cloned().collect();
    if subject.is_empty() {
        let acting: Vec<Token> = tokens
            .iter()
            .take_while(|token| token.word().is_some_and(|word| crate::words::verb(word).is_none()))
            .cloned()
            .collect();
        let mut out = tokens[..begin].to_vec();
        out.push(Token::Word("and".into()));
        out.push(Token::Word("only".into()));
        out.extend(acting);
        out.extend(may(&tokens[at + 4..]));
        return out;
    }
    let mut out = tokens[..begin].to_vec();
    out.push(Token::Word("only".into()));
    out.extend(subject);
    out.extend(may(&tokens[at + 4..]));
    out
}

/// `who can change the status` as `can change the status`.
pub(super) fn may(rest: &[Token]) -> Vec<Token> {
    let rest = match rest.first() {
        Some(token) if token.is("who") || token.is("that") || token.is("to") || token.is("allowed") => {
            &rest[1..]
        }
        _ => rest,
    };
    let modal = rest.first().is_some_and(|token| ["can", "may", "could"].iter().any(|word| token.is(word)));
    let mut out = Vec::new();
    if !modal {
        out.push(Token::Word("can".into()));
    }
    out.extend(rest.iter().cloned());
    out
}

/// `The employer is only told …`: who is told something sees it.
pub(super) fn told(tokens: Vec<Token>) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let begins = tokens[at].word().is_some_and(|word| matches!(word, "is" | "are"));
        let adverb =
            tokens.get(at + 1).and_then(Token::word).filter(|word| matches!(*word, "only" | "never" | "not"));
        let verb = at + 1 + usize::from(adverb.is_some());
        let is_told = tokens.get(verb).is_some_and(|token| token.is("told") || token.is("shown"))
            && tokens.get(verb + 1).is_some_and(|next| {
                next.word().is_some_and(|word| !matches!(word, "to" | "by" | "when" | "if" | "on" | "in"))
            });
        let shown = tokens[at].is("be")
            && tokens.get(at + 1).is_some_and(|token| token.is("told") || token.is("shown"))
            && tokens.get(at + 2).is_some_and(|next| {
                next.word().is_some_and(|word| !matches!(word, "to" | "by" | "when" | "if" | "on" | "in"))
            });
        if shown {
            out.push(Token::Word("see".into()));
            at += 2;
            continue;
        }
        if begins && is_told && at > 0 {
            out.push(Token::Word("can".into()));
            out.extend(adverb.map(|word| Token::Word(word.to_owned())));
            out.push(Token::Word("see".into()));
            at = verb + 1;
            continue;
        }
        out.push(tokens[at].clone());
        at += 1;
    }
    out
}

/// `sees that a session is finished` reads as `sees session status`.
pub(super) fn known(tokens: Vec<Token>) -> Vec<Token> {
    let Some(at) = tokens.windows(2).position(|pair| {
        pair[0].word().and_then(crate::words::base).is_some_and(|base| matches!(base, "see" | "know"))
            && pair[1].word().is_some_and(|word| matches!(word, "that" | "whether" | "if"))
    }) else {
        return tokens;
    };
    let Some(be) = tokens[at + 2..].iter().take(5).position(|token| token.word().is_some_and(is_be)) else {
        return tokens;
    };
    let be = at + 2 + be;
    let thing: Vec<Token> = tokens[at + 2..be]
        .iter()
        .filter(|token| !token.word().is_some_and(crate::words::is_glue))
        .cloned()
        .collect();
    let plain = !thing.is_empty() && thing.iter().all(|token| token.word().is_some());
    if !plain || tokens.get(be + 1).is_none_or(|token| token.word().is_none()) {
        return tokens;
    }
    let mut out = tokens[..=at].to_vec();
    out.extend(thing);
    out.push(Token::Word("status".into()));
    out.extend(tokens[be + 2..].iter().cloned());
    out
}
