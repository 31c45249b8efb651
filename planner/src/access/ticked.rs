//! `Patients tick off which exercises they did`: whoever ticks changes that and nothing else.

use super::{Allow, Reach, Rules};
use crate::automatic::roles_in;
use crate::catalogue::EntityKind;
use crate::sentences::Token;
use crate::words::key;
use crate::world::{Parsed, World};

/// Adds the tick, and lets those who are cared for set it on their own records.
pub(crate) fn ticked(parsed: &[Parsed], world: &mut World, rules: &mut Rules) {
    const FIELD: &str = "completed";
    for one in parsed {
        let text = one.sentence.text.to_lowercase();
        let ticks = [
            "tick off",
            "ticks off",
            "check off",
            "checks off",
            "mark which",
            "marks which",
            "tick which",
            "mark the ones",
            "marcan cu",
            "marca cu",
            "marcan las que",
            "marcan los que",
        ];
        if !ticks.iter().any(|said| text.contains(said)) || text.contains(" not ") || text.contains(" no ") {
            continue;
        }
        let who = world.self_role().map(str::to_owned);
        let Some(role) = who.filter(|role| roles_in(&one.sentence.tokens, world).contains(role)) else {
            continue;
        };
        let Some(record) = last_record(&one.sentence.tokens, world) else { continue };
        let Some(entity) = world.entities.get_mut(&record) else { continue };
        if entity.states.len() > 1 || entity.fields.keys().any(|name| matches!(name.as_str(), "done" | FIELD))
        {
            continue;
        }
        entity.fields.insert(FIELD.into(), "clinical boolean".into());
        for (verb, fields) in [("view", None), ("update", Some(vec![FIELD.to_owned()]))] {
            rules.allows.push(Allow {
                role: role.clone(),
                entity: record.clone(),
                verb,
                fields,
                reach: Reach::Own,
                when: Vec::new(),
            });
        }
    }
}

/// The record of somebody that a sentence speaks of last.
fn last_record(tokens: &[Token], world: &World) -> Option<String> {
    (0..tokens.len()).rev().find_map(|at| {
        [3, 2, 1].into_iter().find_map(|width| {
            let words: Option<Vec<&str>> = tokens.get(at..at + width)?.iter().map(Token::word).collect();
            let name = world.entity_named(&key(&words?))?;
            (world.entities.get(&name)?.kind == EntityKind::Clinical).then_some(name)
        })
    })
}
