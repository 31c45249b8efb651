//! How far a phrase reaches: one's own, a place, or as far as nobody said.

use super::Reach;
use crate::clauses::{Clause, Phrase, Tail};
use crate::entities::phrase_key;
use crate::world::World;

pub(crate) fn reach(phrase: &Phrase, clause: &Clause, world: &World) -> Reach {
    let mine = |tail: &Tail| {
        tail.phrases.iter().any(|phrase| {
            phrase.own || phrase_key(phrase) == "them" && tail.words.iter().any(|word| word == "assigned")
        })
    };
    let assigned = clause.tails.iter().any(|tail| tail.words.iter().any(|word| word == "assigned"))
        || clause.verbs.iter().any(|(_, word)| word == "assigned")
        || phrase.modifiers.iter().any(|word| word == "assigned");
    let at_home = |tail: &Tail| {
        matches!(tail.by.as_str(), "in" | "at" | "of" | "on" | "across")
            && tail.phrases.iter().any(|phrase| world.place.as_deref() == Some(phrase_key(phrase).as_str()))
    };
    if !phrase.own && !assigned && clause.tails.iter().any(at_home) {
        return Reach::Place;
    }
    if phrase.own || assigned || clause.tails.iter().any(mine) {
        return Reach::Own;
    }
    let place = clause.tails.iter().any(|tail| {
        matches!(tail.by.as_str(), "in" | "of" | "at" | "across")
            && tail.phrases.iter().any(|phrase| {
                let key = phrase_key(phrase);
                world.place.as_deref() == Some(key.as_str())
                    || matches!(
                        key.as_str(),
                        "clinic"
                            | "practice"
                            | "hospital"
                            | "organization"
                            | "organisation"
                            | "ward"
                            | "team"
                            | "office"
                            | "department"
                    )
            })
    });
    // `everything their patients sent`: of theirs.
    if phrase.all && clause.objects.iter().any(|object| object.own) {
        return Reach::Own;
    }
    // `record each dose`: how often it is written, and not how far anybody sees.
    let writes = !clause.verbs.is_empty()
        && clause.verbs.iter().all(|(verb, _)| {
            matches!(verb, crate::words::Verb::Create | crate::words::Verb::Book | crate::words::Verb::Upload)
        });
    if phrase.all && !writes || place { Reach::Place } else { Reach::Unsaid }
}
