//! `Nurses call back within 4 hours, else the physician does`, `nurses get a to-do`: tasks that people make by hand.

use super::people::{a, fallback, mentions, works};
use super::rules::{said_due, sees_some};
use super::{Automatic, Task};
use crate::grants::Grants;
use crate::sentences::Token;
use crate::world::{Parsed, World};

/// Reads a sentence as a task; whether it was one.
pub(super) fn read(one: &Parsed, world: &mut World, granted: &Grants, out: &mut Automatic) -> bool {
    let tokens = &one.sentence.tokens;
    let Some((at, name)) = wanted(tokens, &one.sentence.text, world) else { return false };
    let people = mentions(tokens, world);
    let Some(first) =
        people.iter().rev().find(|who| who.end <= at && who.roles.iter().all(|role| works(role, world)))
    else {
        return false;
    };
    let Some(owner) = first.roles.first().cloned() else { return false };
    let Some(subject) = world.subject().map(str::to_owned) else { return false };
    // Behind `else`, `otherwise`: who does it when nobody did.
    let otherwise = tokens.iter().position(|token| token.is("else") || token.is("otherwise"));
    let said: Vec<String> = otherwise
        .into_iter()
        .flat_map(|otherwise| {
            people.iter().filter(move |who| who.at > otherwise).flat_map(|who| who.roles.clone())
        })
        .collect();
    let sees = |role: &str| sees_some(role, &subject, granted);
    if !sees(&owner) {
        let why = format!(
            "a {} was not said to see the {}, so a task about one reaches nobody",
            world.names.say(&owner),
            world.names.say(&subject)
        );
        out.wish(one, 16, &why);
        return true;
    }
    let Some(second) = fallback(&owner, &said, sees, world) else {
        out.wish(
            one,
            16,
            "a task needs a second role that may see the record, for when nobody of the first does it",
        );
        return true;
    };
    let said_due = said_due(&one.sentence.text, &["within", "in", "dentro", "en"]);
    let due = said_due.clone().unwrap_or_else(|| "1 day".to_owned());
    let how = if said_due.is_some() { "" } else { ", which was not said" };
    world.assume(format!("“{name}” is due within {due}{how}; if no {owner} does it, {} does", a(&second)));
    let mut by = vec![owner.clone()];
    if first.roles.len() > 1 {
        by.extend(first.roles[1..].iter().filter(|role| sees(role)).cloned());
    }
    by.push(second.clone());
    by.dedup();
    out.task(Task { name, about: subject, owner, due, fallback: second, by }, world);
    out.settle(one, &[16]);
    true
}

/// What is to be done, and where it is said; nothing, where the prompt keeps such a record itself.
fn wanted(tokens: &[Token], text: &str, world: &World) -> Option<(usize, String)> {
    let spanish = world.names.is_spanish();
    let kept = |key: &str| world.entity_named(key).is_some();
    let words: Vec<Option<&str>> = tokens.iter().map(Token::word).collect();
    let timed = said_due(text, &["within", "dentro"]).is_some();
    (0..words.len()).find_map(|at| {
        let next = words.get(at + 1).copied().flatten();
        let after = words.get(at + 2).copied().flatten();
        let name =
            |english: &str, own: &str| Some((at, if spanish { own.to_owned() } else { english.to_owned() }));
        match (words[at]?, next, after) {
            ("call" | "calls", Some("back"), _) if !kept("callback") && !kept("call back") => {
                name("call back", "devolver la llamada")
            }
            ("call" | "calls", _, Some("back")) if timed => name("call back", "devolver la llamada"),
            ("call" | "calls", _, _) if timed && !kept("call") => name("call", "llamar"),
            ("follow" | "follows", Some("up"), _) if timed && !kept("follow up") => {
                name("follow up", "dar seguimiento")
            }
            ("to", Some("do" | "dos"), _)
                if at > 0
                    && words[at - 1]
                        .is_some_and(|word| matches!(word, "a" | "get" | "gets" | "the" | "their"))
                    && !kept("to do") =>
            {
                name("to do", "pendiente")
            }
            ("todo" | "todos", ..) if !kept("todo") => name("to do", "pendiente"),
            _ => None,
        }
    })
}
