//! States, scales and choices of an item.

use super::Item;
use crate::{catalogue::catalogue, sentences::Token};

/// `type, priority, status: placed, acknowledged, done`: what follows the last colon are the choices.
pub(super) fn choices_behind_colon(out: &mut Vec<Item>) {
    let Some(at) = out.iter().position(|item| {
        !item.paren.is_empty()
            && item.words.last().is_some_and(|word| {
                matches!(
                    word.as_str(),
                    "status" | "state" | "stage" | "outcome" | "result" | "type" | "disposition"
                )
            })
            && item.paren.iter().all(|token| token.word().is_some())
    }) else {
        return;
    };
    let rest = &out[at + 1..];
    let plain = !rest.is_empty()
        && rest.iter().all(|item| {
            item.words.len() <= 2
                && item.paren.is_empty()
                && item.with.is_empty()
                && item.range.is_none()
                && item.states.is_empty()
                && catalogue().field(&item.key()).is_none()
                && catalogue().role(&item.key()).is_none()
        });
    if plain {
        let choices: Vec<Token> = rest
            .iter()
            .flat_map(|item| std::iter::once(Token::Comma).chain(item.words.iter().cloned().map(Token::Word)))
            .collect();
        out.truncate(at + 1);
        out[at].paren.extend(choices);
    }
}

/// Reads the states around the arrow at `at`; the first is the last word before it, unless all before
/// it are the state.
pub(super) fn read_states(piece: &[Token], at: usize, item: &mut Item) -> usize {
    let named = item.words.iter().position(|word| matches!(word.as_str(), "status" | "state" | "stage"));
    let first = match named {
        Some(at) => item.words.split_off(at + 1).join(" "),
        None if item.words.len() > 1 => item.words.pop().unwrap_or_default(),
        None => std::mem::take(&mut item.words).join(" "),
    };
    // `an order goes ordered > at lab > ready`.
    let first = ["moves from ", "goes from ", "goes ", "go ", "moves ", "runs "]
        .iter()
        .find_map(|how| first.strip_prefix(how))
        .unwrap_or(&first)
        .to_owned();
    item.states.push(first);
    let mut current = String::new();
    let mut index = at + 1;
    while index < piece.len() {
        match &piece[index] {
            Token::Arrow | Token::Above => item.states.push(std::mem::take(&mut current)),
            Token::Word(word) => {
                if !current.is_empty() {
                    current.push(' ');
                }
                current.push_str(word);
            }
            _ => break,
        }
        index += 1;
    }
    item.states.push(current);
    item.states.retain(|state| !state.is_empty());
    index - 1
}

/// `from 0 to 10`, `0 to 10`, `out of 5`, `scale of 10`.
pub(super) fn read_scale(piece: &[Token], at: usize, item: &mut Item) -> usize {
    let Some(Token::Number(number)) = piece.get(at) else { return at };
    if piece.get(at + 1).is_some_and(|token| token.is("to"))
        && let Some(Token::Number(last)) = piece.get(at + 2)
    {
        item.range = Some((number.clone(), last.clone()));
        return at + 2;
    }
    if at > 0 && piece[at - 1].is("of") {
        item.range = Some(("0".into(), number.clone()));
    } else if !item.words.is_empty() && item.words.last().is_some_and(|word| word == "icd") {
        item.words.push(number.clone());
    }
    at
}

/// `take home days`, `hold seconds`: how many there are, where the words before are no length of time.
pub(super) fn counts_time(words: &[String]) -> bool {
    const LASTING: &[&str] = &[
        "time",
        "duration",
        "length",
        "age",
        "interval",
        "delay",
        "stay",
        "latency",
        "period",
        "frequency",
        "wait",
    ];
    let [.., before, last] = words else { return false };
    matches!(last.as_str(), "seconds" | "minutes" | "hours" | "days" | "weeks" | "months" | "years")
        && !LASTING.contains(&before.as_str())
}

/// What is asked by `how much`, `how long`.
pub(super) fn measured(word: &str) -> Option<&'static str> {
    Some(match word {
        "much" => "quantity",
        "long" => "duration",
        "often" => "frequency",
        "many" => "number",
        "bad" | "severe" => "severity",
        _ => return None,
    })
}
