//! Words, numbers and signs of a text.

use super::Token;

/// The tokens of a text.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    // `housing restrictions, e.g. bottom bunk`: an example says nothing more.
    let example = ["e.g.", "i.e.", "eg.", "for example"].iter().filter_map(|sign| {
        let at = text.find(sign)?;
        let end = text[at..].find(')').map_or(text.len(), |close| at + close);
        Some((at, end))
    });
    if let Some((at, end)) = example.min() {
        let without = format!(
            "{}{}",
            text[..at].trim_end_matches([',', ' ', '(']),
            &text[end..].trim_start_matches(')')
        );
        return tokens(&without);
    }
    let text = text
        .replace(" w/o ", " without ")
        .replace(" w/ ", " with ")
        .replace("co-sign", "cosign")
        .replace("Co-sign", "cosign")
        .replace("e-sign", "sign")
        .replace("E-sign", "sign")
        .replace("Kt/V", "KtV")
        .replace("e-mail", "email")
        .replace("E-mail", "email")
        .replace('’', "'");
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let c = chars[i];
        match c {
            '(' | '[' => out.push(Token::Open),
            ')' | ']' => out.push(Token::Close),
            ',' => out.push(Token::Comma),
            ';' => out.push(Token::Semicolon),
            '/' | '|' => out.push(Token::Slash),
            '&' | '+' if out.last().is_some() => out.push(Token::Word("and".into())),
            ':' => out.push(Token::Colon),
            '→' | '⟶' => out.push(Token::Arrow),
            '-' | '=' if chars.get(i + 1) == Some(&'>') => {
                out.push(Token::Arrow);
                i += 1;
            }
            '>' | '≥' => out.push(Token::Above),
            '<' | '≤' => out.push(Token::Below),
            '"' | '“' => {
                let close = (i + 1..chars.len()).find(|&j| matches!(chars[j], '"' | '”'));
                if let Some(end) = close {
                    out.push(Token::Quote(chars[i + 1..end].iter().collect()));
                    i = end;
                }
            }
            c if c.is_ascii_digit() => {
                i = number(&chars, i, &mut out);
                continue;
            }
            c if c.is_alphabetic() => {
                i = word(&chars, i, &mut out);
                continue;
            }
            _ => {}
        }
        i += 1;
    }
    crate::idioms::plainly(joined(around(out)))
}

/// `about 40 patients` are 40.
fn around(mut tokens: Vec<Token>) -> Vec<Token> {
    let mut at = 0;
    while at + 1 < tokens.len() {
        let about = tokens[at]
            .word()
            .is_some_and(|word| matches!(word, "about" | "around" | "approximately" | "roughly"));
        if about && matches!(tokens[at + 1], Token::Number(_) | Token::Range(..)) {
            tokens.remove(at);
        }
        at += 1;
    }
    tokens
}

/// `mg/dl`, `ml/h`, `L/min` and `as needed` are one word each.
fn joined(tokens: Vec<Token>) -> Vec<Token> {
    const OF: &[&str] = &["mg", "ml", "l", "g", "mcg", "units", "mmol", "kg", "iu", "ug", "u"];
    const PER: &[&str] = &["dl", "h", "hr", "hour", "min", "l", "day", "kg", "week", "ml", "d"];
    let mut out: Vec<Token> = Vec::new();
    for token in tokens {
        let per = token.word().filter(|word| PER.contains(word)).map(str::to_owned);
        if let Some(per) = per
            && let [.., Token::Word(of), Token::Slash] = out.as_slice()
            && OF.contains(&of.as_str())
        {
            let joined = format!("{of}/{per}");
            out.truncate(out.len() - 2);
            out.push(Token::Word(joined));
            continue;
        }
        // `rate dizziness from 0 to 10`: a scale.
        if let Token::Number(top) = &token
            && let [.., Token::Word(from), Token::Number(bottom), Token::Word(to)] = out.as_slice()
            && from == "from"
            && to == "to"
            && matches!(bottom.as_str(), "0" | "1")
            && matches!(top.as_str(), "3" | "4" | "5" | "6" | "7" | "8" | "9" | "10" | "100")
        {
            let scale = Token::Range(bottom.clone(), top.clone());
            out.truncate(out.len() - 3);
            out.push(scale);
            continue;
        }
        // `in ml per hour`.
        let per = token.word().filter(|word| PER.contains(word)).map(str::to_owned);
        if let Some(per) = per
            && let [.., Token::Word(of), Token::Word(by)] = out.as_slice()
            && OF.contains(&of.as_str())
            && by == "per"
        {
            let joined = format!("{of}/{per}");
            out.truncate(out.len() - 2);
            out.push(Token::Word(joined));
            continue;
        }
        // `the on-call psychiatrist` is a psychiatrist.
        if let [.., Token::Word(on), Token::Word(call)] = out.as_slice()
            && (on == "on" && call == "call")
            && token.word().is_some_and(|word| {
                crate::catalogue::catalogue().role(&crate::words::singular(word)).is_some()
            })
        {
            out.truncate(out.len() - 2);
        }
        if token.is("kin")
            && matches!(out.as_slice(), [.., Token::Word(next), Token::Word(of)] if next == "next" && of == "of")
        {
            out.truncate(out.len() - 2);
            out.push(Token::Word("next of kin".into()));
            continue;
        }
        // `a nightly check in`: what is written down, and no verb.
        if token.is("in")
            && matches!(out.as_slice(), [.., Token::Word(which), Token::Word(check)]
                if check == "check" && matches!(which.as_str(), "a" | "the" | "daily" | "weekly" | "nightly" | "monthly"
                    | "morning" | "evening" | "mood" | "their" | "each" | "every" | "self" | "night" | "wellness"))
        {
            out.pop();
            out.push(Token::Word("check in".into()));
            continue;
        }
        // `in/out`: one value with two choices.
        if token.is("out") && matches!(out.as_slice(), [.., Token::Word(word), Token::Slash] if word == "in")
        {
            out.truncate(out.len() - 2);
            out.push(Token::Word("in or out".into()));
            continue;
        }
        if token.is("needed") && out.last().is_some_and(|last| last.is("as")) {
            out.pop();
            out.push(Token::Word("as needed".into()));
            continue;
        }
        out.push(token);
    }
    out
}

fn number(chars: &[char], start: usize, out: &mut Vec<Token>) -> usize {
    let read = |from: usize| {
        let mut end = from;
        while end < chars.len()
            && (chars[end].is_ascii_digit()
                || (matches!(chars[end], '.' | ',')
                    && chars.get(end + 1).is_some_and(char::is_ascii_digit)
                    && chars.get(end + 1) != Some(&'.')))
        {
            end += 1;
        }
        end
    };
    let text = |from: usize, to: usize| chars[from..to].iter().filter(|c| **c != ',').collect::<String>();
    let end = read(start);
    // `24h`, `3x`, `7-year`: a number with its unit; `0-10`, `0..10`: a range.
    let gap = match (chars.get(end), chars.get(end + 1)) {
        (Some('-' | '–'), Some(c)) if c.is_ascii_digit() => 1,
        (Some('.'), Some('.')) if chars.get(end + 2).is_some_and(char::is_ascii_digit) => 2,
        _ => 0,
    };
    if gap > 0 {
        let last = read(end + gap);
        // A date like 2026-03-13 is no range.
        if chars.get(last) != Some(&'-') {
            out.push(Token::Range(text(start, end), text(end + gap, last)));
            return last;
        }
    }
    out.push(Token::Number(text(start, end)));
    end
}

fn word(chars: &[char], start: usize, out: &mut Vec<Token>) -> usize {
    let mut end = start;
    while end < chars.len() && chars[end].is_alphanumeric() {
        end += 1;
    }
    let mut word: String = chars[start..end].iter().collect::<String>().to_lowercase();
    // `post-treatment weight`: when it is taken, and nothing that is posted.
    if chars.get(end) == Some(&'-') && word == "post" {
        let tail: String =
            chars[end + 1..].iter().take_while(|c| c.is_alphabetic()).collect::<String>().to_lowercase();
        if !tail.is_empty() {
            end += 1 + tail.chars().count();
            word = format!("post {tail}");
        }
    }
    // `check-in`, `work-up`, `walk-ins`: one noun.
    if chars.get(end) == Some(&'-') {
        let tail: String =
            chars[end + 1..].iter().take_while(|c| c.is_alphabetic()).collect::<String>().to_lowercase();
        if matches!(tail.as_str(), "in" | "ins" | "up" | "ups" | "off" | "offs" | "only") {
            word = format!("{word} {tail}");
            end += 1 + tail.chars().count();
        } else if word == "no" && matches!(tail.as_str(), "show" | "shows") {
            word = "no show".into();
            end += 1 + tail.chars().count();
        }
    }
    let after: String = chars[end..chars.len().min(end + 3)].iter().collect::<String>().to_lowercase();
    if after.starts_with("'t") && word.ends_with('n') {
        let base = match word.as_str() {
            "can" => "can",
            "won" => "will",
            "shan" => "shall",
            other => &other[..other.len() - 1],
        };
        out.push(Token::Word(base.to_owned()));
        out.push(Token::Word("not".into()));
        return end + 2;
    }
    let contraction = ["'s", "'re", "'ve", "'ll", "'d", "'m"].iter().find(|tail| after.starts_with(**tail));
    match word.as_str() {
        "cannot" => out.extend([Token::Word("can".into()), Token::Word("not".into())]),
        "cant" => out.extend([Token::Word("can".into()), Token::Word("not".into())]),
        "thats" | "theres" => {
            out.extend([Token::Word(word[..word.len() - 1].to_owned()), Token::Possessive]);
        }
        "theyre" => out.push(Token::Word("they".into())),
        "dont" | "doesnt" | "didnt" => out.extend([Token::Word("do".into()), Token::Word("not".into())]),
        "shouldnt" | "mustnt" | "wont" | "isnt" | "arent" | "couldnt" | "wouldnt" | "havent" | "hasnt" => {
            out.extend([Token::Word("must".into()), Token::Word("not".into())]);
        }
        // `PT-7F3A4B` is a number and nobody's calling.
        _ => match crate::words::in_full(&chars[start..end].iter().collect::<String>()) {
            Some(full) if chars.get(end) != Some(&'-') => {
                out.extend(full.split(' ').map(|word| Token::Word(word.to_owned())))
            }
            _ => out.push(Token::Word(word)),
        },
    }
    // `the patients' trends`.
    if contraction.is_none()
        && after.starts_with('\'')
        && out.last().and_then(Token::word).is_some_and(|word| word.ends_with('s'))
        && after.chars().nth(1).is_none_or(char::is_whitespace)
    {
        out.push(Token::Possessive);
        return end + 1;
    }
    match contraction {
        Some(&"'s") => {
            out.push(Token::Possessive);
            end + 2
        }
        Some(tail) => end + tail.len(),
        None => end,
    }
}
