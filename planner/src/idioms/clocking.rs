//! `Caregivers clock in and clock out`: a record of the shift, with its two moments.

use crate::sentences::Token;

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
