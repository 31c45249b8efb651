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
            if !tokens[at].is("no") && !tokens[at].is("without") {
                continue;
            }
            let mut next = at + 1;
            while tokens.get(next).is_some_and(|token| token.is("a") || token.is("any") || token.is("new")) {
                next += 1;
            }
            let words: Vec<&str> = tokens[next..]
                .iter()
                .take(3)
                .map_while(Token::word)
                .take_while(|word| !matches!(*word, "for" | "in"))
                .collect();
            let Some(entity) =
                (!words.is_empty()).then(|| world.entity_named(&crate::words::key(&words))).flatten()
            else {
                continue;
            };
            let after = next + words.len();
            if !tokens.get(after).is_some_and(|token| token.is("for") || token.is("in")) {
                continue;
            }
            let number_at =
                if tokens.get(after + 1).is_some_and(|t| t.is("the") || t.is("over") || t.is("more")) {
                    after + 2
                } else {
                    after + 1
                };
            let count = match tokens.get(number_at) {
                Some(Token::Number(number)) => number.parse().ok(),
                Some(Token::Word(word)) => number_word(word),
                _ => None,
            };
            let unit = tokens.get(number_at + 1).and_then(Token::word).map(singular);
            let (Some(count), Some(unit)) = (count, unit) else { continue };
            if !matches!(unit.as_str(), "hour" | "day" | "week" | "month")
                || count == 0
                || subject == Some(entity.as_str())
            {
                continue;
            }
            let roles = watchers(clauses, world);
            out.push(Silence { entity, count, unit, roles });
        }
    }
    out
}
