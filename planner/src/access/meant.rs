//! Whom and what a clause in the active voice means where it does not name it.

use super::{Memory, Rules};
use crate::catalogue::RoleKind;
use crate::clauses::{Clause, Phrase};
use crate::sentences::Sentence;
use crate::words::Verb;
use crate::world::World;

/// `everything except what the pharmacist records`: except the records that the pharmacist was said to write; and
/// `never another practice's`, which nobody of a place reaches anyway.
pub(super) fn written_by(clause: &Clause, world: &World, rules: &Rules) -> Option<Clause> {
    let mut out = clause.clone();
    let mut changed = false;
    out.but_not = Vec::new();
    for phrase in &clause.but_not {
        let elsewhere =
            phrase.other && world.place.as_deref() == Some(crate::entities::phrase_key(phrase).as_str());
        if elsewhere && !clause.objects.is_empty() {
            changed = true;
            continue;
        }
        let writes = phrase.words.split_last().filter(|(last, first)| {
            !first.is_empty()
                && matches!(
                    crate::words::base(last),
                    Some("record" | "write" | "enter" | "document" | "keep" | "log" | "chart" | "note")
                )
        });
        let by =
            writes.map(|(_, first)| world.roles_of(&Phrase { words: first.to_vec(), ..Phrase::default() }));
        let mut written: Vec<String> = rules
            .allows
            .iter()
            .filter(|allow| allow.verb == "create" && by.iter().flatten().any(|role| *role == allow.role))
            .map(|allow| allow.entity.clone())
            .collect();
        written.dedup();
        if written.is_empty() {
            out.but_not.push(phrase.clone());
            continue;
        }
        changed = true;
        out.but_not.extend(
            written
                .into_iter()
                .map(|name| Phrase { words: name.split(' ').map(str::to_owned).collect(), ..phrase.clone() }),
        );
    }
    changed.then_some(out)
}

/// `mark them delivered`, `mark the order as paid`: the record that has this state moves there.
pub(super) fn marks(clause: &Clause, world: &World, memory: &Memory) -> Option<Clause> {
    let marks = clause.verbs.iter().all(|(_, word)| crate::words::base(word) == Some("mark"));
    if !marks || clause.verbs.is_empty() || clause.not {
        return None;
    }
    let as_what = clause.tails.iter().filter(|tail| tail.by == "as").flat_map(|tail| &tail.phrases);
    let said: Vec<String> =
        clause.objects.iter().skip(1).chain(as_what).map(|phrase| phrase.words.join(" ")).collect();
    let first = clause.objects.first()?;
    let named = world.entity_of(&first.words);
    let pronoun = matches!(first.words.last().map(String::as_str), Some("it" | "them" | "this" | "one"));
    let in_state = |name: &&String| {
        world.entities.get(*name).is_some_and(|entity| said.iter().any(|state| entity.states.contains(state)))
    };
    let record = named
        .iter()
        .chain(memory.entities.iter().filter(|_| pronoun))
        .chain(world.entities.keys().filter(|_| pronoun))
        .find(in_state)?;
    let objects = vec![Phrase { words: vec![record.clone()], ..Phrase::default() }];
    let tails = clause.tails.iter().filter(|tail| tail.by != "as").cloned().collect();
    Some(Clause { objects, tails, verbs: vec![(Verb::Review, "approve".into())], ..clause.clone() })
}

/// The record whose status a phrase means: the one it names, spoken of last, or the only one that has states.
pub(super) fn moving(objects: &[Phrase], world: &World, memory: &Memory) -> Option<String> {
    let states = |name: &String| world.entities.get(name).is_some_and(|entity| entity.states.len() > 1);
    let named = objects.iter().find_map(|phrase| {
        let (_, first) = phrase.words.split_last()?;
        world.entity_of(first).or_else(|| world.entity_of(&phrase.of))
    });
    let mut moving = world.entities.keys().filter(|name| states(name));
    let only = moving.next().cloned().filter(|_| moving.next().is_none());
    named.filter(&states).or_else(|| memory.entities.iter().find(|name| states(name)).cloned()).or(only)
}

/// `must not see patients at another location`: who works at a place reaches that place.
pub(super) fn elsewhere(clause: &Clause, world: &World) -> bool {
    let Some(place) = world.place.as_deref() else { return false };
    let other = |phrase: &Phrase| {
        let named = crate::entities::phrase_key(phrase) == place
            || crate::words::key_of(&phrase.of.join(" ")) == place;
        phrase.other && named
    };
    clause.objects.iter().chain(clause.tails.iter().flat_map(|tail| &tail.phrases)).any(other)
}

/// `Clients don't log in`, `families do not use the app`.
pub(super) fn stays_outside(clause: &Clause) -> bool {
    let accounts = clause.does(Verb::Have)
        && !clause.objects.is_empty()
        && clause.objects.iter().all(|phrase| {
            phrase.words.last().is_some_and(|word| {
                matches!(crate::words::singular(word).as_str(), "login" | "account" | "password")
            })
        });
    if accounts {
        return true;
    }
    clause.verbs.iter().any(|(verb, word)| {
        *verb == Verb::Work && matches!(word.as_str(), "log" | "sign" | "use" | "login") || word == "login"
    }) && clause.objects.iter().all(|phrase| {
        phrase.words.last().is_some_and(|word| {
            matches!(
                word.as_str(),
                "app" | "system" | "platform" | "software" | "login" | "account" | "portal"
            )
        })
    })
}

/// `patients get their dose by text, no login`: said in passing.
pub(super) fn without_a_login(sentence: &Sentence, clauses: &[Clause], world: &mut World, rules: &mut Rules) {
    const SAID: &[&str] = &[", no login", "(no login)", " without a login", " without logging in"];
    let lower = sentence.text.to_lowercase();
    let Some(clause) = clauses.first().filter(|_| SAID.iter().any(|said| lower.contains(said))) else {
        return;
    };
    let roles: Vec<String> = clause.subjects.iter().flat_map(|phrase| world.roles_of(phrase)).collect();
    for role in roles {
        if let Some(known) = world.roles.get_mut(&role).filter(|known| known.kind == RoleKind::Subject) {
            known.acts = false;
            rules.no_login.push(role);
        }
    }
}
