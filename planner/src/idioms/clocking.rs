//! `Caregivers clock in and clock out`: a record of the shift, with its two moments.

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

/// `activity leaders fill out the visits tab`: the visits.
pub(super) fn without_tabs(mut tokens: Vec<Token>) -> Vec<Token> {
    let at = (1..tokens.len()).find(|at| {
        tokens[*at].word().is_some_and(|word| matches!(word, "tab" | "tabs" | "module" | "section"))
            && tokens[*at - 1].word().is_some_and(|before| {
                let one = crate::words::singular(before);
                one != before
                    && (crate::catalogue::catalogue().entity(&one).is_some()
                        || crate::catalogue::catalogue().role(&one).is_some())
            })
    });
    if let Some(at) = at {
        tokens.remove(at);
    }
    tokens
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

/// `partners such as food banks receive referrals` reads as `partners receive referrals`.
pub(super) fn such_as(mut tokens: Vec<Token>) -> Vec<Token> {
    let Some(at) = tokens.windows(2).position(|pair| pair[0].is("such") && pair[1].is("as")) else {
        return tokens;
    };
    let end = (at + 2..tokens.len().min(at + 9))
        .take_while(|at| *tokens.get(*at).unwrap_or(&Token::Comma) != Token::Comma)
        .find(|at| {
            tokens[*at].word().is_some_and(|word| {
                crate::words::is_modal(word)
                    || crate::words::verb(word).is_some() && !crate::words::is_two_faced(word) && *at > 0
            })
        });
    if let Some(end) = end.filter(|_| at > 0) {
        tokens.drain(at..end);
    }
    tokens
}

/// `collect specimens with chain of custody number, collected at, temperature in range`: a list in parentheses.
pub(super) fn with_a_list(tokens: Vec<Token>) -> Vec<Token> {
    let Some(at) = tokens.iter().position(|token| token.is("with")) else { return tokens };
    let list = &tokens[at + 1..];
    let commas = list.iter().filter(|token| **token == Token::Comma).count();
    let plain = list.iter().all(|token| match token {
        Token::Word(word) => {
            !crate::words::is_modal(word)
                && !crate::words::is_be(word)
                && !crate::words::restricts(word)
                && !matches!(
                    word.as_str(),
                    "with"
                        | "who"
                        | "which"
                        | "that"
                        | "they"
                        | "so"
                        | "if"
                        | "when"
                        | "to"
                        | "by"
                        | "we"
                        | "i"
                        | "it"
                        | "them"
                        | "a"
                        | "an"
                        | "their"
                        | "each"
                        | "every"
                        | "for"
                        | "from"
                        | "but"
                )
                && crate::catalogue::catalogue().role(&crate::words::singular(word)).is_none()
        }
        Token::Comma | Token::Number(_) | Token::Range(..) | Token::Open | Token::Close | Token::Slash => {
            true
        }
        _ => false,
    });
    let kept = at > 0
        && tokens[at - 1].word().is_some_and(|word| {
            crate::catalogue::catalogue()
                .entity(&crate::words::singular(word))
                .is_some_and(|(concept, _)| !concept.field_too)
        });
    let known = crate::nouns::items(list)
        .iter()
        .filter(|item| {
            let key = item.key();
            let last = key.rsplit(' ').next().unwrap_or_default();
            crate::catalogue::catalogue().field(&key).is_some()
                || crate::catalogue::catalogue().field(last).is_some()
                || item.range.is_some()
                || item.unit.is_some()
                || matches!(last, "at" | "on" | "number" | "date" | "time")
        })
        .count();
    if commas < 2 || !plain || !kept || known < 2 {
        return tokens;
    }
    let mut out = tokens[..at].to_vec();
    out.push(Token::Open);
    out.extend(list.iter().cloned());
    out.push(Token::Close);
    out
}

/// `date, fee, paid or not` reads as `date, fee, paid yes/no`.
pub(super) fn or_not(mut tokens: Vec<Token>) -> Vec<Token> {
    let mut at = 1;
    while at + 1 < tokens.len() {
        let listed = at > 1
            && (tokens[at - 2] == Token::Comma
                || tokens[at - 2] == Token::Open
                || tokens[at - 2].is("and")
                || tokens[at - 2].is("with"));
        let ends = matches!(tokens.get(at + 2), None | Some(Token::Comma | Token::Close))
            || tokens.get(at + 2).is_some_and(|token| token.is("and"));
        if tokens[at].is("or")
            && tokens[at + 1].is("not")
            && listed
            && ends
            && tokens[at - 1].word().is_some()
        {
            tokens.splice(at..at + 2, [Token::Word("yes".into()), Token::Slash, Token::Word("no".into())]);
        }
        at += 1;
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

/// `and goes ordered > at lab > ready` reads as `, status ordered > at lab > ready`.
pub(super) fn goes_on(mut tokens: Vec<Token>) -> Vec<Token> {
    let at = (1..tokens.len()).find(|at| {
        tokens[*at].word().is_some_and(|word| matches!(word, "goes" | "go" | "moves" | "move"))
            && tokens[*at - 1].is("and")
            && (1..=3).any(|width| {
                matches!(tokens.get(*at + width + 1), Some(Token::Above | Token::Arrow))
                    && tokens[*at + 1..=*at + width].iter().all(|token| token.word().is_some())
            })
    });
    let Some(at) = at else { return tokens };
    tokens[at] = Token::Word("status".into());
    tokens[at - 1] = Token::Comma;
    if at > 1 && tokens[at - 2] == Token::Comma {
        tokens.remove(at - 1);
    }
    tokens
}

/// `clocks in and clocks out with location` reads as `records shifts (clocked in at, clocked out at, location)`.
pub(super) fn clocks(tokens: Vec<Token>) -> Vec<Token> {
    let word = |at: usize| tokens.get(at).and_then(Token::word);
    let clocks =
        |at: usize| word(at).is_some_and(|word| matches!(word, "clock" | "clocks" | "punch" | "punches"));
    let Some(at) = (1..tokens.len()).find(|at| clocks(*at) && matches!(word(*at + 1), Some("in"))) else {
        return tokens;
    };
    let mut end = at + 2;
    let mut out_too = false;
    if matches!(word(end), Some("and" | "or")) || tokens.get(end) == Some(&Token::Slash) {
        let next = if clocks(end + 1) { end + 2 } else { end + 1 };
        if matches!(word(next), Some("out")) {
            out_too = true;
            end = next + 1;
        }
    }
    // `nobody clocked in`, `when the caregiver clocks in late`: that something happened.
    if !out_too {
        return tokens;
    }
    let mut values =
        vec![Token::Word("clocked in at".into()), Token::Comma, Token::Word("clocked out at".into())];
    if matches!(word(end), Some("with")) {
        let stop = (end + 1..tokens.len())
            .find(|at| {
                word(*at).is_none_or(|word| {
                    matches!(word, "for" | "at" | "on" | "in" | "and" | "when" | "by" | "per")
                })
            })
            .unwrap_or(tokens.len());
        if stop > end + 1 {
            values.push(Token::Comma);
            values.extend(
                tokens[end + 1..stop].iter().filter(|token| !token.is("the") && !token.is("their")).cloned(),
            );
            end = stop;
        }
    }
    // `for each shift` says what is recorded anyway.
    if matches!(word(end), Some("for" | "on" | "at"))
        && matches!(word(end + 1), Some("each" | "every" | "the" | "a" | "their"))
        && matches!(word(end + 2), Some("shift" | "visit"))
    {
        end += 3;
    }
    let several = word(at).is_some_and(|word| word.ends_with('s'));
    let mut out = tokens[..at].to_vec();
    out.push(Token::Word(if several { "records" } else { "record" }.into()));
    out.extend([Token::Word("a".into()), Token::Word("shift".into()), Token::Open]);
    out.extend(values);
    out.push(Token::Close);
    out.extend(tokens[end..].iter().cloned());
    out
}
