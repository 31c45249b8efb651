//! `no reading for 3 days`, `without a visit in 2 weeks`.

use super::thresholds::watchers;
use crate::sentences::Token;
use crate::words::{number_word, singular};
use crate::world::{Parsed, World};

/// Records without another record for some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Silence {
    pub(crate) entity: String,
    pub(crate) count: u32,
    pub(crate) unit: String,
    pub(crate) roles: Vec<String>,
}

/// `no reading for 3 days`, `without a visit in 2 weeks`.
pub(crate) fn silences(parsed: &[Parsed], world: &World) -> Vec<Silence> {
    let mut out = Vec::new();
    let subject = world.subject();
    for Parsed { sentence, clauses } in parsed {
        let tokens = &sentence.tokens;
        for at in 0..tokens.len() {
            // `has no reading`, `without a visit`, `has not logged a reading`, `has not logged`.
            let unwritten = tokens[at].is("not")
                && tokens.get(at + 1).and_then(Token::word).and_then(crate::words::base).is_some_and(writes);
            // `stopped logging for 3 days`.
            let unwritten = unwritten
                || tokens[at].is("stopped")
                    && tokens
                        .get(at + 1)
                        .and_then(Token::word)
                        .and_then(crate::words::base)
                        .is_some_and(writes);
            if !tokens[at].is("no") && !tokens[at].is("without") && !unwritten {
                continue;
            }
            let mut next = at + 1 + usize::from(unwritten);
            while tokens.get(next).is_some_and(|token| token.is("a") || token.is("any") || token.is("new")) {
                next += 1;
            }
            let words: Vec<&str> = tokens[next..]
                .iter()
                .take(3)
                .map_while(Token::word)
                .take_while(|word| !matches!(*word, "for" | "in"))
                .collect();
            let named = match words.as_slice() {
                [] | ["anything" | "it" | "them"] if unwritten => logged(world),
                [] => None,
                words => world.entity_named(&crate::words::key(words)),
            };
            let Some(entity) = named else { continue };
            let after = next + words.len();
            if !tokens.get(after).is_some_and(|token| token.is("for") || token.is("in")) {
                continue;
            }
            let mut number_at =
                match tokens[after + 1..].iter().take(2).map(Token::word).collect::<Vec<_>>().as_slice() {
                    [Some("the"), Some("last" | "past")] | [Some("more"), Some("than")] => after + 3,
                    [Some("the" | "over" | "more" | "at"), ..] => after + 2,
                    _ => after + 1,
                };
            let count = match tokens.get(number_at) {
                Some(Token::Number(number)) => number.parse().ok(),
                Some(Token::Word(word)) if matches!(word.as_str(), "a" | "an") => Some(1),
                // `in the last week`.
                Some(Token::Word(word)) if number_at > after + 1 && is_time(&singular(word)) => {
                    number_at -= 1;
                    Some(1)
                }
                Some(Token::Word(word)) => number_word(word),
                _ => None,
            };
            let unit = tokens.get(number_at + 1).and_then(Token::word).map(singular);
            let (Some(count), Some(unit)) = (count, unit) else { continue };
            if !is_time(&unit) || count == 0 || subject == Some(entity.as_str()) {
                continue;
            }
            let roles = watchers(clauses, world);
            out.push(Silence { entity, count, unit, roles });
        }
    }
    out
}

fn is_time(unit: &str) -> bool {
    matches!(unit, "hour" | "day" | "week" | "month")
}

/// Whether a verb says that somebody writes down how they are.
fn writes(base: &str) -> bool {
    matches!(base, "log" | "record" | "measure" | "enter" | "send" | "submit" | "report" | "track" | "weigh")
}

/// What is logged, where one record alone is written at moments.
fn logged(world: &World) -> Option<String> {
    let mut found = world.entities.iter().filter(|(_, entity)| {
        entity.kind == crate::catalogue::EntityKind::Clinical
            && entity.fields.iter().any(|(name, written)| written.contains("moment") && name.ends_with(" at"))
    });
    let (name, _) = found.next()?;
    found.next().is_none().then(|| name.clone())
}
