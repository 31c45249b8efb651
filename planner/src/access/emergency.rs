//! `In an emergency a physician may open any chart, with a reason`: who may break the glass.
//!
//! That is no grant: the app lets those roles reach one patient whom they name exactly, for a reason that is reviewed
//! afterwards (45 CFR 164.312(a)(2)(ii)). A sentence that speaks of it therefore widens nothing else.

use crate::catalogue::RoleKind;
use crate::clauses::Clause;
use crate::sentences::{Sentence, Token};
use crate::words::{Verb, key};
use crate::world::World;

/// Whether a sentence is about reaching records in an emergency.
pub(super) fn speaks_of(sentence: &Sentence, clauses: &[Clause]) -> bool {
    let text = sentence.plain();
    let named = [
        " break glass ",
        " break the glass ",
        " breaks the glass ",
        " emergency access ",
        " breaking the glass ",
    ]
    .iter()
    .any(|said| text.contains(said));
    let then = [
        " in an emergency ",
        " in emergencies ",
        " in case of emergency ",
        " in case of an emergency ",
        " in a medical emergency ",
        " in real emergencies ",
        " for emergencies ",
    ]
    .iter()
    .any(|said| text.contains(said));
    let reaches = clauses.iter().any(|clause| {
        !clause.not
            && clause.verbs.iter().any(|(verb, word)| {
                *verb == Verb::View
                    || matches!(crate::words::base(word), Some("override" | "unlock" | "get" | "have"))
            })
    });
    named || then && reaches
}

/// Those of the sentence who treat others; each of them may break the glass from now on.
pub(super) fn declare(sentence: &Sentence, world: &mut World) {
    let words: Vec<&str> = sentence.tokens.iter().filter_map(Token::word).collect();
    let head: Vec<String> =
        sentence.head.iter().flat_map(|head| world.roles_named(&crate::words::key_of(head))).collect();
    let mut found = head;
    for at in 0..words.len() {
        for width in [3, 2, 1] {
            let Some(piece) = words.get(at..at + width) else { continue };
            let roles = world.roles_named(&key(piece));
            if !roles.is_empty() {
                found.extend(roles);
                break;
            }
        }
    }
    for role in found {
        let treats = world
            .roles
            .get(&role)
            .is_some_and(|known| matches!(known.kind, RoleKind::Panel | RoleKind::Care));
        if treats && !world.breakers.contains(&role) {
            world.breakers.push(role);
        }
    }
}
