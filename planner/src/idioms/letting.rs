//! Whom something is left to: `let only the director read notes`, `only audiologists besides the worker`.

use crate::{
    catalogue::catalogue,
    sentences::Token,
    words::{base, is_be, is_glue, is_modal, is_two_faced, key_of, verb},
};

fn word(word: &str) -> Token {
    Token::Word(word.to_owned())
}

/// Where the first verb stands that is none of the words before it.
fn verb_at(tokens: &[Token], from: usize) -> Option<usize> {
    (from..tokens.len()).find(|at| {
        let Some(said) = tokens[*at].word() else { return false };
        let follows = tokens.get(at + 1).and_then(Token::word).is_some_and(|next| {
            matches!(next, "the" | "their" | "all" | "a" | "an" | "any" | "it" | "them" | "these" | "this")
                || !is_glue(next) && !is_two_faced(said)
        });
        *at > from && base(said) == Some(said) && follows && catalogue().role(&key_of(said)).is_none()
    })
}

/// `Let only the director read notes` reads as `only the director can read notes`.
pub(super) fn let_only(tokens: Vec<Token>) -> Vec<Token> {
    let lets =
        tokens.first().and_then(Token::word).is_some_and(|word| matches!(word, "let" | "allow" | "permit"));
    let only =
        tokens.get(1).and_then(Token::word).is_some_and(|word| matches!(word, "only" | "just" | "nobody"));
    if !(lets && only) {
        return tokens;
    }
    let to = tokens
        .iter()
        .position(|token| token.is("to"))
        .filter(|at| tokens.get(at + 1).and_then(Token::word).is_some_and(|word| verb(word).is_some()));
    let Some(at) = to.or_else(|| verb_at(&tokens, 2)) else { return tokens };
    let mut out = tokens[1..at].to_vec();
    out.push(word("can"));
    out.extend(tokens[at + usize::from(tokens[at].is("to"))..].iter().cloned());
    out
}

/// `Only audiologists see the advice besides the worker` reads as `only audiologists and the worker see the advice`.
pub(super) fn besides(tokens: Vec<Token>) -> Vec<Token> {
    if !tokens.first().is_some_and(|token| token.is("only")) {
        return tokens;
    }
    let joins =
        tokens.iter().position(|token| token.is("besides") || token.is("plus")).map(|at| (at, at + 1));
    let Some((begin, after)) = joins else { return tokens };
    let who: Vec<Token> =
        tokens[after..].iter().take_while(|token| token.word().is_some()).cloned().collect();
    let Some(verb) = (1..begin).find(|at| {
        tokens[*at].word().is_some_and(|word| is_modal(word) || is_be(word) || verb(word).is_some())
            && *at > 1
    }) else {
        return tokens;
    };
    if who.is_empty() || who.len() > 5 {
        return tokens;
    }
    let mut out = tokens[..verb].to_vec();
    out.push(word("and"));
    let many = who.len();
    out.extend(who);
    out.extend(tokens[verb..begin].iter().cloned());
    out.extend(tokens[after + many..].iter().cloned());
    out
}

/// `Schedulers do not need clinical details, just names and phones` reads as `schedulers only see names and phones`.
pub(super) fn just_needs(tokens: Vec<Token>) -> Vec<Token> {
    let need = tokens.windows(2).position(|pair| {
        pair[0].is("not") && pair[1].word().is_some_and(|word| matches!(word, "need" | "require"))
    });
    let Some(need) = need.filter(|need| *need > 1) else { return tokens };
    let just = tokens[need..].windows(2).position(|pair| {
        matches!(pair[0], Token::Comma) && pair[1].word().is_some_and(|word| matches!(word, "just" | "only"))
    });
    let Some(just) = just.map(|at| need + at) else { return tokens };
    let does = tokens[need - 1].word().is_some_and(|word| matches!(word, "do" | "does"));
    let begin = need - usize::from(does);
    let who = &tokens[..begin];
    let role = who.iter().filter_map(Token::word).any(|word| catalogue().role(&key_of(word)).is_some());
    let listed = &tokens[just + 2..];
    if !role || listed.is_empty() {
        return tokens;
    }
    let mut out = who.to_vec();
    out.extend([word("only"), word("see")]);
    out.extend(listed.iter().cloned());
    out
}

/// `… are entered by the secretary, who also keeps the calendar`: the secretary keeps it.
pub(super) fn who_also(tokens: Vec<Token>) -> Vec<Token> {
    let Some(at) = tokens.iter().position(|token| token.is("who")).filter(|at| *at > 1) else {
        return tokens;
    };
    let adverb = tokens.get(at + 1).and_then(Token::word).is_some_and(|word| matches!(word, "also" | "then"));
    let verb = at + 1 + usize::from(adverb);
    let third = tokens.get(verb).and_then(Token::word).is_some_and(|word| {
        crate::words::verb(word).is_some() && crate::words::singular(word) != word && !word.ends_with("ss")
    });
    let comma = usize::from(matches!(tokens[at - 1], Token::Comma));
    // The words before are somebody who works there, behind an article.
    let before = &tokens[..at - comma];
    let who = (1..=3).rev().find_map(|width| {
        let begin = before.len().checked_sub(width)?;
        let said: Option<Vec<&str>> = before[begin..].iter().map(Token::word).collect();
        let said = said?;
        let known = catalogue().role(&crate::words::key(&said)).is_some_and(|(kind, _)| {
            !matches!(kind, crate::catalogue::RoleKind::Subject | crate::catalogue::RoleKind::Proxy)
        });
        known.then(|| before[begin..].to_vec())
    });
    let acting =
        before.iter().filter_map(Token::word).any(|word| crate::words::verb(word).is_some() || is_be(word));
    match who.filter(|_| third && acting && (adverb || comma > 0)) {
        Some(who) => {
            let mut out = before.to_vec();
            out.push(word("and"));
            out.push(word("the"));
            out.extend(who);
            out.extend(tokens[verb..].iter().cloned());
            out
        }
        None => tokens,
    }
}

/// `Social workers work on barriers`: what somebody works on they keep.
pub(super) fn works_on(mut tokens: Vec<Token>) -> Vec<Token> {
    for at in 1..tokens.len().saturating_sub(1) {
        let works = tokens[at].word().filter(|word| matches!(*word, "work" | "works")).map(str::to_owned);
        let who = tokens[at - 1].word().is_some_and(|word| {
            catalogue().role(&key_of(word)).is_some() || crate::words::is_modal(word) || word == "only"
        });
        if let (Some(works), true, true) = (works, who, tokens[at + 1].is("on")) {
            tokens[at] = word(if works == "work" { "manage" } else { "manages" });
            tokens.remove(at + 1);
            break;
        }
    }
    tokens
}

/// `Secretaries schedule, period.`: nothing more is said by it.
pub(super) fn without_a_stop(mut tokens: Vec<Token>) -> Vec<Token> {
    if let [.., Token::Comma, last] = tokens.as_slice()
        && (last.is("period") || last.is("please") || last.is("thanks"))
    {
        tokens.truncate(tokens.len() - 2);
    }
    tokens
}

/// `… that's all she gets`: nothing else.
pub(super) fn thats_all(tokens: Vec<Token>) -> Vec<Token> {
    let at = (0..tokens.len()).find(|at| {
        let is = |offset: usize, words: &[&str]| {
            tokens.get(at + offset).and_then(Token::word).is_some_and(|word| words.contains(&word))
        };
        let be = tokens.get(at + 1).is_some_and(|token| *token == Token::Possessive || token.is("is"));
        is(0, &["that", "this"])
            && be
            && is(2, &["all"])
            && is(3, &["she", "he", "they", "it", "we"])
            && is(4, &["get", "gets", "see", "sees", "need", "needs", "have", "has", "can", "may", "should"])
    });
    let Some(at) = at else { return tokens };
    let end = tokens[at..]
        .iter()
        .position(|token| matches!(token, Token::Comma))
        .map_or(tokens.len(), |end| at + end);
    let mut out = tokens[..at].to_vec();
    out.extend([word("nothing"), word("else")]);
    out.extend(tokens[end..].iter().cloned());
    out
}

/// `Surgeons each write …` reads as `surgeons write …`.
pub(super) fn each_of_them(mut tokens: Vec<Token>) -> Vec<Token> {
    let at = (1..tokens.len().saturating_sub(1)).find(|at| {
        let before = tokens[at - 1].word().is_some_and(|word| crate::words::singular(word) != word);
        let each = tokens[*at].is("each") || tokens[*at].is("all");
        let acts = tokens[at + 1].word().is_some_and(|word| base(word) == Some(word));
        before && each && acts && tokens.get(at + 2).is_some()
    });
    if let Some(at) = at {
        tokens.remove(at);
    }
    tokens
}

/// `Consults are strictly doctor only` reads as `consults are visible only to doctor`.
pub(super) fn role_only(tokens: Vec<Token>) -> Vec<Token> {
    let ends = tokens.iter().rposition(|token| token.is("only"));
    let Some(only) = ends.filter(|only| matches!(tokens.get(only + 1), None | Some(Token::Comma))) else {
        return tokens;
    };
    let be = tokens[..only].iter().rposition(|token| token.word().is_some_and(is_be));
    let Some(be) = be.filter(|be| *be > 0) else { return tokens };
    let who: Vec<Token> = tokens[be + 1..only]
        .iter()
        .filter(|token| !["strictly", "for", "the", "absolutely"].iter().any(|word| token.is(word)))
        .cloned()
        .collect();
    let said: Option<Vec<&str>> = who.iter().map(Token::word).collect();
    let role = said.is_some_and(|said| catalogue().role(&crate::words::key(&said)).is_some());
    if !role {
        return tokens;
    }
    let mut out = tokens[..=be].to_vec();
    out.extend([word("visible"), word("only"), word("to")]);
    out.extend(who);
    out.extend(tokens[only + 1..].iter().cloned());
    out
}
