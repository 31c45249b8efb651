//! `over 160/100`, `glucose above 250`, `temperature > 38`.

use crate::catalogue::catalogue;
use crate::sentences::Token;
use crate::words::{Verb, key_of};
use crate::world::{Parsed, World};

/// A value compared with a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Threshold {
    pub(crate) entity: String,
    pub(crate) fields: Vec<String>,
    pub(crate) numbers: Vec<String>,
    pub(crate) above: bool,
    pub(crate) roles: Vec<String>,
}

/// `over 160/100`, `glucose above 250`, `temperature > 38`.
pub(crate) fn thresholds(parsed: &[Parsed], world: &World) -> Vec<Threshold> {
    let mut out = Vec::new();
    for Parsed { sentence, clauses } in parsed {
        let tokens = &sentence.tokens;
        let mut same: Option<(usize, String)> = None;
        for at in 0..tokens.len() {
            let Some((above, number_at)) = comparison(tokens, at).filter(|_| !moves(tokens, at)) else {
                continue;
            };
            let Some(Token::Number(first)) = tokens.get(number_at) else { continue };
            let second = match (tokens.get(number_at + 1), tokens.get(number_at + 2)) {
                (Some(Token::Slash), Some(Token::Number(second))) => Some(second.clone()),
                _ => None,
            };
            let wanted: Vec<String> = match second {
                Some(_) => vec!["systolic".into(), "diastolic".into()],
                None => field_before(tokens, at, world)
                    .or_else(|| value_of_record_before(tokens, at, world))
                    // `below 54 or above 300`: the same value on its other side.
                    .or_else(|| {
                        let (end, field) = same.as_ref()?;
                        tokens.get(*end..at)?.iter().all(|token| token.is("or")).then(|| field.clone())
                    })
                    .into_iter()
                    .collect(),
            };
            same = match wanted.as_slice() {
                [field] => Some((number_at + 1, field.clone())),
                _ => None,
            };
            let holder = world
                .entities
                .iter()
                .find(|(_, entity)| {
                    !wanted.is_empty() && wanted.iter().all(|field| entity.fields.contains_key(field))
                })
                .map(|(name, _)| name.clone());
            let Some(entity) = holder else { continue };
            let roles = watchers(clauses, world);
            out.push(Threshold {
                entity,
                fields: wanted,
                numbers: std::iter::once(first.clone()).chain(second).collect(),
                above,
                roles,
            });
        }
    }
    out
}

/// Those who get or see something in these clauses; else everybody who acts in them.
pub(crate) fn watchers(clauses: &[crate::clauses::Clause], world: &World) -> Vec<String> {
    let of = |only: bool| -> Vec<String> {
        clauses
            .iter()
            .filter(|clause| {
                !only || clause.does(Verb::Have) || clause.does(Verb::View) || clause.does(Verb::Review)
            })
            .flat_map(|clause| clause.subjects.iter().flat_map(|phrase| world.roles_of(phrase)))
            .collect()
    };
    let seen = of(true);
    if seen.is_empty() { of(false) } else { seen }
}

/// A comparing word at `at`, and where its number stands.
fn comparison(tokens: &[Token], at: usize) -> Option<(bool, usize)> {
    match &tokens[at] {
        Token::Above => Some((true, at + 1)),
        Token::Below => Some((false, at + 1)),
        Token::Word(word) => {
            let above = match word.as_str() {
                "over" | "above" | "exceeds" | "exceeding" | "exceed" => true,
                "below" | "under" => false,
                "higher" | "greater" | "more" if tokens.get(at + 1)?.is("than") => {
                    return Some((true, at + 2));
                }
                "lower" | "less" | "fewer" if tokens.get(at + 1)?.is("than") => return Some((false, at + 2)),
                _ => return None,
            };
            Some((above, at + 1))
        }
        _ => None,
    }
}

/// `weight rises more than 2 kg`: how a value moves is no value.
fn moves(tokens: &[Token], at: usize) -> bool {
    let near = tokens[at.saturating_sub(2)..at].iter().filter_map(Token::word);
    near.filter_map(crate::words::base).any(|word| {
        matches!(
            word,
            "rise" | "gain" | "drop" | "lose" | "increase" | "decrease" | "change" | "fall" | "jump"
        )
    }) || tokens[at.saturating_sub(2)..at].iter().any(|token| {
        ["up", "down", "gained", "lost", "rises", "gains", "drops", "loses"].iter().any(|word| token.is(word))
    })
}

/// The value that stands before a comparison, as a field of a record.
fn field_before(tokens: &[Token], at: usize, world: &World) -> Option<String> {
    for width in [3, 2, 1] {
        for gap in 0..3 {
            let Some(end) = at.checked_sub(gap) else { continue };
            let Some(start) = end.checked_sub(width) else { continue };
            let words: Option<Vec<&str>> = tokens[start..end].iter().map(Token::word).collect();
            let Some(words) = words else { continue };
            let said = key_of(&words.join(" "));
            let canonical = catalogue().field(&said).map(|(_, name)| name.to_owned());
            for entity in world.entities.values() {
                for (name, written) in &entity.fields {
                    let number = written.contains("integer") || written.contains("decimal");
                    if number && (key_of(name) == said || canonical.as_deref() == Some(name)) {
                        return Some(name.clone());
                    }
                }
            }
        }
    }
    None
}

/// Whether a value is compared with a number: `over 160`, `< 70`.
pub(crate) fn compares(tokens: &[Token]) -> bool {
    (0..tokens.len()).any(|at| {
        comparison(tokens, at).is_some_and(|(_, number)| matches!(tokens.get(number), Some(Token::Number(_))))
    })
}

/// `readings over 250`: the first number that the record keeps.
fn value_of_record_before(tokens: &[Token], at: usize, world: &World) -> Option<String> {
    // `a reading is below 54`.
    let at = match tokens.get(at.checked_sub(1)?)?.word()? {
        word if crate::words::is_be(word) => at - 1,
        _ => at,
    };
    let word = tokens.get(at.checked_sub(1)?)?.word()?;
    let entity = world.entities.get(&world.entity_named(&crate::words::singular(word))?)?;
    entity
        .fields
        .iter()
        .find(|(_, written)| {
            (written.contains("integer") || written.contains("decimal")) && written.contains("queryable")
        })
        .map(|(name, _)| name.clone())
}
