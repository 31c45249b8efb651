//! Narrowing sentences that were not understood whole, read at their narrowest.
//!
//! Where everybody that such a sentence can mean is known, and nothing that was granted elsewhere has to be taken
//! away for it, its narrowest reading is certain: those it names get nothing by default. Else a person is asked.

use super::denied::resolve_denied;
use super::granting::spec_verbs;
use super::targets::Target;
use super::{Deny, Memory, Rules};
use crate::catalogue::RoleKind;
use crate::clauses::{Clause, Phrase};
use crate::entities::phrase_key;
use crate::sentences::Token;
use crate::world::World;

/// A sentence that narrows and was not understood whole.
#[derive(Clone, Debug)]
pub(crate) struct Unclear {
    pub(crate) text: String,
    pub(crate) tokens: Vec<Token>,
    /// Its words, the head first.
    pub(crate) words: String,
    pub(crate) clauses: Vec<Clause>,
    /// Who acted in the sentence before.
    pub(crate) before: Vec<String>,
}

/// Takes each sentence at its narrowest, or leaves it unclear.
pub(crate) fn at_their_narrowest(unclear: Vec<Unclear>, world: &mut World, rules: &mut Rules) {
    for one in unclear {
        if !closes(&one, world) && !of_nothing(&one, world) && !bounds(&one, world, rules) {
            rules.unclear.push(one);
        }
    }
}

/// `Nobody else gets in`: nobody gets anything by default.
fn closes(one: &Unclear, world: &mut World) -> bool {
    let text = format!(" {} ", one.text.to_lowercase().replace([',', '.', ';'], " "));
    let everybody = [" nobody else", " no one else", " noone else"].iter().any(|said| text.contains(said));
    if !everybody {
        return false;
    }
    for role in world.roles.values_mut() {
        role.bounded = true;
    }
    world.assume(format!("“{}”: nobody gets anything but what is said of them", one.text.trim()));
    true
}

/// `Only allergists may change a serum`, where no serum is kept: what is of that name nobody reaches anyway.
fn of_nothing(one: &Unclear, world: &mut World) -> bool {
    let narrowing: Vec<&Clause> = one
        .clauses
        .iter()
        .filter(|clause| clause.narrowing > 0 || clause.nobody || clause.only_subjects)
        .collect();
    let restricts = narrowing.iter().all(|clause| {
        let phrases: Vec<&Phrase> = clause.objects.iter().collect();
        (clause.nobody || clause.only_subjects)
            && !clause.verbs.is_empty()
            && !phrases.is_empty()
            && phrases.iter().all(|phrase| !is_vague(phrase) && named_nowhere(phrase, world))
            && clause.tails.iter().all(|tail| tail.phrases.iter().all(|phrase| named_nowhere(phrase, world)))
    });
    if narrowing.is_empty() || !restricts {
        return false;
    }
    world.assume(format!("“{}”: nothing of that name is kept, so nobody reaches it", one.text.trim()));
    true
}

/// Whether no word of a phrase stands in the name of a record or of a value.
fn named_nowhere(phrase: &Phrase, world: &World) -> bool {
    let named = |name: &str| {
        let name = crate::words::key_of(name);
        phrase.words.iter().any(|word| name.split(' ').any(|part| part == crate::words::singular(word)))
    };
    !phrase.words.is_empty()
        && world.entity_of(&phrase.words).is_none()
        && !world
            .entities
            .iter()
            .any(|(name, entity)| named(name) || entity.fields.keys().any(|field| named(field)))
        && !world.forms.keys().any(|name| named(name))
}

/// Bounds the roles of a sentence to what was said of them.
fn bounds(one: &Unclear, world: &mut World, rules: &mut Rules) -> bool {
    let mut roles: Vec<String> = Vec::new();
    let mut denied: Vec<Target> = Vec::new();
    let mut narrowed: Vec<Target> = Vec::new();
    let mut elsewhere = false;
    let mut vague = false;
    let mentioned = mentioned(&one.words, world);
    for clause in &one.clauses {
        if clause.narrowing == 0 && !clause.not && !clause.only {
            continue;
        }
        if clause.nobody || clause.only_subjects {
            return false;
        }
        let named: Vec<String> = clause.subjects.iter().flat_map(|phrase| world.roles_of(phrase)).collect();
        let pronoun = clause.subjects.iter().all(|phrase| {
            matches!(phrase_key(phrase).as_str(), "they" | "he" | "she" | "it" | "that" | "this")
        });
        let unknown = clause.subjects.iter().any(|phrase| world.roles_of(phrase).is_empty());
        let acting = if named.is_empty() && (clause.subjects.is_empty() || pronoun) {
            // `Except in emergencies, coaches cannot …`: whoever the sentence names.
            if mentioned.is_empty() { one.before.clone() } else { mentioned.clone() }
        } else if unknown || clause.passive {
            Vec::new()
        } else {
            named
        };
        if acting.is_empty() {
            elsewhere = true;
            continue;
        }
        let memory = Memory::default();
        let denying: Vec<&Phrase> = if clause.not { clause.objects.iter().collect() } else { Vec::new() };
        for phrase in denying.into_iter().chain(&clause.but_not) {
            let found = resolve_denied(phrase, clause, &acting, world, &memory);
            vague |= found.is_empty() && is_vague(phrase);
            denied.extend(found);
        }
        // `nurses see vitals only from the last 24 hours`: what it grants is what it narrows.
        if clause.only && !spec_verbs(clause).is_empty() {
            for phrase in &clause.objects {
                narrowed.extend(resolve_denied(phrase, clause, &acting, world, &memory));
            }
        }
        roles.extend(acting);
    }
    let known = !roles.is_empty()
        && !elsewhere
        && roles.iter().all(|role| {
            world.roles.get(role).is_some_and(|known| known.kind != RoleKind::Owner || !known.assumed)
        });
    // Only grants of the sentence itself may go, and those of a record as a whole: else two sentences disagree.
    let granted = rules.allows.iter().any(|allow| {
        let of = |target: &Target| target.entity == allow.entity && target.fields.is_none();
        roles.contains(&allow.role)
            && (denied.iter().any(of)
                || narrowed.iter().any(of) && Some(allow.entity.as_str()) != world.subject())
    });
    if !known || granted || vague {
        return false;
    }
    roles.dedup();
    for role in &roles {
        if let Some(role) = world.roles.get_mut(role) {
            role.bounded = true;
        }
        rules.denies.extend(denied.iter().map(|target| Deny::of(role, target)));
        rules.denies.extend(narrowed.iter().map(|target| Deny { itself: true, ..Deny::of(role, target) }));
    }
    world.assume(format!(
        "“{}”: read at its narrowest, {} get nothing but what is said of them",
        one.text.trim(),
        roles.join(", ")
    ));
    true
}

/// The roles that a sentence speaks of, in whatever place.
pub(super) fn mentioned(words: &str, world: &World) -> Vec<String> {
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let found = (1..=3).rev().find_map(|width| {
            let said = crate::words::key(words.get(at..at + width)?);
            let roles = world.roles_named(&said);
            let named = crate::catalogue::catalogue().role(&said).is_some()
                || world.roles.keys().any(|role| crate::words::key_of(role) == said);
            (named && !roles.is_empty()).then_some((width, roles))
        });
        match found {
            Some((width, roles)) => {
                out.extend(roles);
                at += width;
            }
            None => at += 1,
        }
    }
    out.dedup();
    out
}

/// Whether a phrase can mean anything at all: then nobody knows what it takes away.
pub(super) fn is_vague(phrase: &Phrase) -> bool {
    let last = phrase.words.last().map(|word| crate::words::singular(word)).unwrap_or_default();
    matches!(
        last.as_str(),
        "record"
            | "chart"
            | "file"
            | "data"
            | "information"
            | "info"
            | "it"
            | "them"
            | "that"
            | "anything"
            | "thing"
            | "detail"
    )
}
