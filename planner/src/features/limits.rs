//! How many records of a kind somebody may make in a time, by their tier (construct 20): `free gets 20 analyses a month, pro 500`.

use crate::grants::Grants;
use crate::sentences::Token;
use crate::words::{base, key};
use crate::world::{Parsed, World};

/// A quota.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    /// What is counted, as it is made.
    pub(crate) of: String,
    /// Day, month or year.
    pub(crate) per: &'static str,
    pub(crate) tiers: Vec<(String, u32)>,
    /// Who gives a person their tier.
    pub(crate) managed_by: Option<String>,
}

/// The quotas that the sentences say. A record that held nothing but the tiers themselves is not needed any more.
pub(crate) fn limits(parsed: &[Parsed], world: &mut World, granted: &mut Grants) -> Vec<Limit> {
    let mut out: Vec<Limit> = Vec::new();
    for one in parsed {
        if let Some(limit) = limit(&one.sentence.tokens, world, granted)
            && out.iter().all(|known| known.of != limit.of)
        {
            out.push(limit);
        }
    }
    let manager = parsed.iter().find_map(|one| manager(&one.sentence.tokens, world));
    for limit in &mut out {
        limit.managed_by.clone_from(&manager);
    }
    let linked = |world: &World| {
        world.entities.values().any(|entity| {
            entity.part_of.as_deref() == Some(TIER)
                || entity.fields.values().any(|written| written.ends_with(" tier"))
        })
    };
    if !out.is_empty() && world.entities.contains_key(TIER) && !linked(world) {
        world.entities.shift_remove(TIER);
        granted.shift_remove(TIER);
        world.assumed.retain(|said| !said.contains("`tier`"));
    }
    out
}

const TIER: &str = "tier";

fn limit(tokens: &[Token], world: &World, granted: &Grants) -> Option<Limit> {
    let (at, first) = tokens.iter().enumerate().find_map(|(at, token)| Some((at, amount(token)?)))?;
    let (of, after) = counted(tokens, at + 1, world)?;
    let (per, end) = period(tokens, after)?;
    let made = granted.get(&of).is_some_and(|roles| roles.values().any(|clause| clause.contains("create")));
    if !made {
        return None;
    }
    let mut tiers = vec![(tier(&tokens[..at]).unwrap_or_else(|| "Standard".to_owned()), first)];
    let mut rest = &tokens[end..];
    while let Some(next) = rest.iter().position(|token| amount(token).is_some()) {
        let (Some(name), Some(most)) = (tier(&rest[..next]), amount(&rest[next])) else { break };
        if tiers.iter().all(|(known, _)| *known != name) {
            tiers.push((name, most));
        }
        rest = &rest[next + 1..];
    }
    Some(Limit { of, per, tiers, managed_by: None })
}

fn amount(token: &Token) -> Option<u32> {
    match token {
        Token::Number(number) => number.replace(',', "").parse().ok().filter(|number| *number > 0),
        _ => None,
    }
}

/// The record that is counted, and where its name ends.
fn counted(tokens: &[Token], at: usize, world: &World) -> Option<(String, usize)> {
    (1..=3).rev().find_map(|width| {
        let words: Option<Vec<&str>> = tokens.get(at..at + width)?.iter().map(Token::word).collect();
        Some((world.entity_named(&key(&words?))?, at + width))
    })
}

/// `a month`, `per day`, `each year`, `monthly`.
fn period(tokens: &[Token], at: usize) -> Option<(&'static str, usize)> {
    let said = |at: usize| tokens.get(at).and_then(Token::word).unwrap_or_default();
    let unit = |word: &str| match word {
        "day" | "daily" => Some("day"),
        "month" | "monthly" => Some("month"),
        "year" | "yearly" | "annually" => Some("year"),
        _ => None,
    };
    match said(at) {
        "a" | "an" | "per" | "each" | "every" => unit(said(at + 1)).map(|unit| (unit, at + 2)),
        word if word.ends_with("ly") => unit(word).map(|unit| (unit, at + 1)),
        _ => None,
    }
}

/// `Free tier gets`: the name that stands last before the number, without the words that say that it is one.
fn tier(before: &[Token]) -> Option<String> {
    let after_comma = before.iter().rposition(|token| *token == Token::Comma).map_or(0, |comma| comma + 1);
    let words: Vec<&str> = before[after_comma..].iter().filter_map(Token::word).collect();
    let filler = |word: &str| {
        matches!(
            word,
            "the"
                | "tier"
                | "tiers"
                | "plan"
                | "plans"
                | "package"
                | "level"
                | "subscription"
                | "account"
                | "accounts"
                | "user"
                | "users"
                | "and"
                | "up"
                | "to"
                | "at"
                | "most"
                | "is"
                | "are"
                | "can"
                | "for"
                | "on"
                | "of"
        ) || base(word).is_some_and(|base| {
            matches!(base, "get" | "have" | "include" | "allow" | "make" | "run" | "create" | "do")
        }) || matches!(word, "gets" | "has" | "includes" | "allows")
    };
    let name: Vec<&str> = words.into_iter().filter(|word| !filler(word)).collect();
    let [name] = name.as_slice() else { return None };
    let mut letters = name.chars();
    let first = letters.next()?.to_uppercase();
    Some(first.chain(letters).collect())
}

/// `an admin manages tiers`.
fn manager(tokens: &[Token], world: &World) -> Option<String> {
    let tiers = tokens.iter().position(|token| {
        token
            .word()
            .is_some_and(|word| matches!(word, "tier" | "tiers" | "limit" | "limits" | "quota" | "quotas"))
    })?;
    let manages = tokens[..tiers].iter().filter_map(Token::word).any(|word| {
        base(word)
            .is_some_and(|base| matches!(base, "manage" | "set" | "assign" | "give" | "change" | "update"))
    });
    let denied = tokens[..tiers].iter().any(|token| token.word().is_some_and(crate::words::restricts));
    (manages && !denied)
        .then(|| crate::automatic::roles_in(&tokens[..tiers], world).into_iter().next())
        .flatten()
}
