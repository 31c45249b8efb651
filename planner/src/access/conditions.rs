//! Conditions on which a sentence hangs: states of a record, and what cannot be kept.

use super::granting::spec_verbs;
use crate::clauses::{Clause, Phrase, Tail};
use crate::world::World;

/// A condition that is no state: a grant that hangs on it is not given. What people write down has its time
/// of day (`before their first visit`); what they see has a condition.
pub(crate) fn unresolved_condition(clause: &Clause, world: &World) -> bool {
    let sees = spec_verbs(clause).iter().all(|verb| *verb == "view");
    let writes = !sees
        && clause.narrowing == 0
        && clause.verbs.iter().any(|(verb, _)| {
            matches!(verb, crate::words::Verb::Create | crate::words::Verb::Track | crate::words::Verb::Book)
        });
    // `after each consult`: how often, and no condition.
    let each = |tail: &Tail| {
        !tail.phrases.is_empty() && tail.phrases.iter().all(|phrase| phrase.all) && tail.words.len() < 4
    };
    let conditional = |tail: &Tail| match tail.by.as_str() {
        // `during stimulation the sonographer enters counts`, `holds a dose if impaired`: when they do it.
        "if" | "while" | "during" if writes => false,
        "after" | "before" if each(tail) => false,
        "if" | "unless" | "until" | "while" | "during" => true,
        "when" | "once" | "after" | "before" | "whenever" => sees,
        // `for 72 hours`: a time that nobody ends yet.
        "for" => {
            let looks = clause.verbs.iter().any(|(_, word)| {
                matches!(crate::words::base(word), Some("see" | "read" | "view" | "access" | "open"))
            });
            let list = clause
                .objects
                .iter()
                .any(|phrase| phrase.words.last().is_some_and(|word| word.starts_with("list")));
            sees && looks
                && !list
                && tail.words.iter().any(|word| word.bytes().any(|b| b.is_ascii_digit()))
                && tail
                    .words
                    .iter()
                    .any(|word| matches!(word.as_str(), "hours" | "days" | "weeks" | "minutes"))
        }
        _ => false,
    };
    !clause.not && clause.tails.iter().any(conditional) && condition_states(clause, world).is_empty()
}

pub(crate) fn condition_words(clause: &Clause) -> String {
    let words: Vec<String> = clause.tails.iter().flat_map(|tail| tail.words.clone()).collect();
    format!("a condition that cannot be kept, so nothing is granted by it: {}", words.join(" "))
}

/// The states that `when signed` and `after they are approved` mean.
pub(crate) fn condition_states(clause: &Clause, world: &World) -> Vec<String> {
    let mut out = Vec::new();
    for tail in
        clause.tails.iter().filter(|tail| matches!(tail.by.as_str(), "when" | "once" | "after" | "if"))
    {
        for said in &tail.words {
            // `after the midwife signs`.
            let word = &match crate::words::base(said) {
                Some("sign") if said.starts_with("sign") => "signed".to_owned(),
                Some("release") => "released".to_owned(),
                Some("approve") => "approved".to_owned(),
                Some("publish") => "published".to_owned(),
                _ => said.clone(),
            };
            for entity in world.entities.values() {
                if entity.states.contains(word) {
                    out.extend(states_from(entity, word));
                }
            }
        }
    }
    out
}

/// A condition on which a grant hangs and which is no state: it cannot be kept yet, so nothing is granted.
pub(crate) fn foreign_condition(clause: &Clause, world: &World) -> Option<String> {
    let states = condition_states(clause, world);
    clause
        .tails
        .iter()
        .find(|tail| {
            matches!(
                tail.by.as_str(),
                "when" | "if" | "unless" | "until" | "once" | "while" | "during" | "with" | "without"
            ) && states.is_empty()
                && (!matches!(tail.by.as_str(), "with" | "without") || by_leave(clause, tail))
                && tail.words.iter().any(|word| {
                    matches!(
                        word.as_str(),
                        "grant"
                            | "grants"
                            | "granted"
                            | "allow"
                            | "allows"
                            | "consent"
                            | "consents"
                            | "consented"
                            | "agreed"
                            | "share"
                            | "permit"
                            | "permitted"
                            | "authorized"
                            | "allowed"
                            | "permission"
                            | "ok"
                            | "okays"
                            | "invites"
                            | "invited"
                            | "agree"
                            | "agrees"
                            | "approve"
                            | "approves"
                            | "given"
                            | "shared"
                            | "shares"
                    )
                })
        })
        .map(|tail| tail.words.join(" "))
}

/// `with the patient's permission`: who sees something sees it by leave, and not together with a form.
fn by_leave(clause: &Clause, tail: &Tail) -> bool {
    let sees = clause.does(crate::words::Verb::View) || clause.does(crate::words::Verb::Share);
    sees && tail.words.last().is_some_and(|word| matches!(word.as_str(), "permission" | "consent"))
}

/// The state and those after it: who may read a signed note may read it when it is locked.
pub(crate) fn states_from(entity: &crate::world::Entity, state: &str) -> Vec<String> {
    let at = entity.states.iter().position(|known| known == state).unwrap_or_default();
    if entity.loose { vec![state.to_owned()] } else { entity.states[at..].to_vec() }
}

/// Whether the tails of a narrowing clause say nothing that would narrow it further, unread.
pub(crate) fn unread(clause: &Clause) -> bool {
    clause.tails.iter().all(|tail| match tail.by.as_str() {
        "every" | "of" | "with" | "to" | "for" | "by" | "in" | "on" | "at" | "about" | "per" | "as"
        | "against" | "assigned" => !tail.words.iter().any(|word| {
            word.bytes().any(|b| b.is_ascii_digit())
                || matches!(
                    word.as_str(),
                    "hours" | "days" | "weeks" | "months" | "years" | "weekdays" | "weekends"
                )
        }),
        "outside" => true,
        "when" | "once" | "because" | "so" => {
            tail.words.iter().any(|word| {
                matches!(
                    word.as_str(),
                    "signed"
                        | "assigned"
                        | "locked"
                        | "approved"
                        | "reviewed"
                        | "finalized"
                        | "released"
                        | "published"
                        | "completed"
                )
            }) || matches!(tail.by.as_str(), "because" | "so")
        }
        _ => false,
    })
}

/// The negations within `if …` and `when …`: they say when something holds.
pub(crate) fn negated_condition(clause: &Clause) -> usize {
    let negations = |tail: &Tail| {
        tail.words.windows(2).filter(|pair| pair[1] == "not" && crate::clauses::states(&pair[0])).count()
    };
    clause.tails.iter().filter(|tail| crate::clauses::is_when(&tail.by)).map(negations).sum()
}

/// Whether a phrase names a state that its record does not have: `accepted orders` of orders without states.
pub(super) fn in_unknown_state(phrase: &Phrase, entity: Option<&crate::world::Entity>) -> bool {
    phrase.modifiers.iter().any(|word| {
        let state = word.ends_with("ed")
            && matches!(
                crate::words::verb(word),
                Some(crate::words::Verb::Review | crate::words::Verb::Sign)
            );
        (state || matches!(word.as_str(), "final" | "unsigned"))
            && word != "completed"
            && entity.is_some_and(|entity| !entity.states.contains(word))
    })
}
