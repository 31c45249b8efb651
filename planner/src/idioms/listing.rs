//! What founders list: `paid or not`, `partners such as food banks`, the tabs of a sheet.

use crate::sentences::Token;

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

/// `record each dose, including date, drug and how it was given` reads as `record each dose (date, drug, …)`.
pub(super) fn including(tokens: Vec<Token>) -> Vec<Token> {
    let Some(at) = tokens.iter().position(|token| token.is("including") || token.is("includes")) else {
        return tokens;
    };
    let before = if at > 0 && tokens[at - 1] == Token::Comma { at - 1 } else { at };
    let list = &tokens[at + 1..];
    let commas = list.iter().filter(|token| **token == Token::Comma).count();
    let plain = list.iter().all(|token| match token {
        Token::Word(word) => {
            !crate::words::is_modal(word)
                && !crate::words::restricts(word)
                && !matches!(
                    word.as_str(),
                    "who" | "which" | "they" | "we" | "i" | "so" | "if" | "when" | "but"
                )
        }
        Token::Comma | Token::Number(_) | Token::Range(..) | Token::Open | Token::Close | Token::Slash => {
            true
        }
        _ => false,
    });
    let writes = tokens[..before].iter().filter_map(Token::word).any(|word| {
        matches!(
            crate::words::verb(word),
            Some(crate::words::Verb::Create | crate::words::Verb::Track | crate::words::Verb::Manage)
        )
    });
    let people = crate::nouns::items(list)
        .iter()
        .any(|item| crate::catalogue::catalogue().role(&item.bare_key()).is_some());
    let noun = before > 1 && tokens[before - 1].word().is_some_and(|word| !crate::words::is_glue(word));
    if !tokens[at].is("including") || commas < 1 || !plain || !writes || people || !noun {
        return tokens;
    }
    let mut out = tokens[..before].to_vec();
    // `each dose observed, including …`: of the dose.
    let done = out.len() > 2
        && out.last().and_then(Token::word).is_some_and(|last| last.ends_with("ed"))
        && out[out.len() - 2].word().is_some_and(|noun| !crate::words::is_glue(noun));
    if done {
        out.pop();
    }
    out.push(Token::Open);
    out.extend(list.iter().cloned());
    out.push(Token::Close);
    out
}

/// `For each session record the date, pulse` reads as `we record for each session: the date, pulse`.
pub(super) fn for_each_record(tokens: Vec<Token>) -> Vec<Token> {
    let begins =
        tokens.first().is_some_and(|token| ["for", "at", "on", "after"].iter().any(|word| token.is(word)))
            && tokens.get(1).is_some_and(|token| token.is("each") || token.is("every"));
    let does = (3..tokens.len().min(7)).find(|at| {
        ["record", "log", "note", "document", "track", "enter", "write", "capture", "store", "keep"]
            .iter()
            .any(|word| tokens[*at].is(word))
            && tokens.get(at + 1).and_then(Token::word).is_some_and(|next| {
                matches!(next, "the" | "a" | "an" | "their" | "its" | "down")
                    || crate::catalogue::catalogue().field(next).is_some()
            })
    });
    let Some(at) = does.filter(|_| begins && tokens[3..].contains(&Token::Comma)) else { return tokens };
    // `for each visit, we record`: whoever writes this.
    let noun: Vec<Token> = tokens[2..at]
        .iter()
        .filter(|token| **token != Token::Comma && !token.is("we") && !token.is("i"))
        .cloned()
        .collect();
    if !noun.iter().all(|token| token.word().is_some_and(|word| !crate::words::is_glue(word))) {
        return tokens;
    }
    let word = |word: &str| Token::Word(word.to_owned());
    let mut out = vec![word("we"), word("record"), word("for"), word("each")];
    out.extend(noun);
    out.push(Token::Colon);
    out.extend(tokens[at + 1..].iter().cloned());
    out
}

/// `a 5 question fueling survey` reads as `a fueling survey`: how long it is, is no part of its name.
pub(super) fn so_many_questions(mut tokens: Vec<Token>) -> Vec<Token> {
    let at = (0..tokens.len()).find(|at| {
        matches!(tokens[*at], Token::Number(_))
            && tokens.get(at + 1).is_some_and(|next| next.is("question") || next.is("item"))
            && tokens.get(at + 2).is_some_and(|next| next.word().is_some())
    });
    if let Some(at) = at {
        tokens.drain(at..at + 2);
    }
    tokens
}

/// `…, and we can't double book a room`, `prevent double booking`: what every calendar of the app refuses by itself.
pub(super) fn no_double_booking(mut tokens: Vec<Token>) -> Vec<Token> {
    const BEFORE: &[&str] = &[
        "prevent", "prevents", "avoid", "avoids", "no", "not", "never", "can", "cannot", "must", "should",
        "do", "does", "we", "you", "they", "it", "system", "app", "the", "to", "and", "so", "that", "want",
        "need", "any", "nobody", "is", "be", "stop", "also", "us", "gets", "without", "there", "are",
    ];
    let at = tokens.windows(2).position(|pair| {
        (pair[0].is("double") || pair[0].is("overlapping"))
            && pair[1].word().is_some_and(|word| word.starts_with("book"))
    });
    let Some(at) = at else { return tokens };
    let denied = |word: &str| {
        matches!(
            word,
            "prevent"
                | "prevents"
                | "avoid"
                | "avoids"
                | "no"
                | "not"
                | "never"
                | "cannot"
                | "nobody"
                | "stop"
                | "without"
        )
    };
    let mut from = at;
    while from > 0 && tokens[from - 1].word().is_some_and(|word| BEFORE.contains(&word)) {
        from -= 1;
    }
    if !tokens[from..at].iter().filter_map(Token::word).any(denied) {
        return tokens;
    }
    let to = (at..tokens.len())
        .find(|at| matches!(tokens[*at], Token::Comma | Token::Semicolon))
        .unwrap_or(tokens.len());
    tokens.drain(from..to);
    tokens
}

/// `pediatricians who referred get the report`: which of them, told without an object, is no deed in the app.
pub(super) fn who_did(mut tokens: Vec<Token>) -> Vec<Token> {
    let word = |at: usize| tokens.get(at).and_then(Token::word).unwrap_or_default();
    let finite = |word: &str| {
        crate::words::base(word).is_some_and(|base| base == word || crate::words::singular(word) == base)
            && !word.ends_with("ed")
    };
    let found = (1..tokens.len()).find(|at| {
        let person = crate::catalogue::catalogue().role(&crate::words::singular(word(at - 1))).is_some();
        let which = word(at + 1).ends_with("ed") && word(at + 1).len() > 4;
        person && word(*at) == "who" && which && finite(word(at + 2)) && !crate::words::is_glue(word(at + 2))
    });
    if let Some(at) = found {
        tokens.drain(at..at + 2);
    }
    tokens
}

/// `can view everything but edits nothing` reads as `can view everything but edit nothing`.
pub(super) fn does_nothing(mut tokens: Vec<Token>) -> Vec<Token> {
    for at in 1..tokens.len().saturating_sub(1) {
        let joined =
            tokens[at - 1] == Token::Comma || ["but", "and"].iter().any(|word| tokens[at - 1].is(word));
        if !joined || !tokens[at + 1].is("nothing") {
            continue;
        }
        let base = tokens[at].word().and_then(|word| {
            let changes = matches!(
                crate::words::verb(word),
                Some(crate::words::Verb::Update | crate::words::Verb::Delete)
            );
            crate::words::base(word).filter(|base| changes && *base != word && word.ends_with('s'))
        });
        if let Some(base) = base {
            tokens[at] = Token::Word(base.to_owned());
        }
    }
    tokens
}

/// `an app for nurses to log vitals and for doctors to review them` reads as `an app, nurses can log vitals and doctors can
/// review them`.
pub(super) fn for_them_to(tokens: Vec<Token>) -> Vec<Token> {
    let word = |at: usize| tokens.get(at).and_then(Token::word).unwrap_or_default();
    let somebody = |from: usize, to: usize| {
        let words: Option<Vec<&str>> =
            tokens.get(from..to).and_then(|part| part.iter().map(Token::word).collect());
        words.is_some_and(|words| {
            let words: Vec<&str> = words
                .into_iter()
                .filter(|word| !matches!(*word, "our" | "my" | "the" | "their" | "all"))
                .collect();
            crate::catalogue::catalogue().role(&crate::words::key(&words)).is_some()
        })
    };
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let to = (at + 2..at + 6).find(|to| {
            word(*to) == "to"
                && crate::words::base(word(to + 1)) == Some(word(to + 1))
                && somebody(at + 1, *to)
        });
        let app = at > 0 && (crate::plan::is_app(word(at - 1)) || word(at - 1) == "and");
        match to.filter(|_| word(at) == "for" && app) {
            Some(to) => {
                if word(at - 1) != "and" {
                    out.push(Token::Comma);
                }
                out.extend(tokens[at + 1..to].iter().cloned());
                out.push(Token::Word("can".into()));
                at = to + 1;
            }
            None => {
                out.push(tokens[at].clone());
                at += 1;
            }
        }
    }
    out
}
