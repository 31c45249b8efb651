//! Narrowing sentences that were not understood whole, read at their narrowest.
//!
//! Where everybody that such a sentence can mean is known, and nothing that was granted elsewhere has to be taken
//! away for it, its narrowest reading is certain: those it names get nothing by default. Else a person is asked.

use super::active::spec_verbs;
use super::targets::{Target, resolve_denied};
use super::{Deny, Memory, Rules};
use crate::catalogue::RoleKind;
use crate::clauses::{Clause, Phrase};
use crate::entities::phrase_key;
use crate::world::World;

/// A sentence that narrows and was not understood whole.
pub(crate) struct Unclear {
    pub(crate) text: String,
    pub(crate) clauses: Vec<Clause>,
    /// Who acted in the sentence before.
    pub(crate) before: Vec<String>,
}

/// Takes each sentence at its narrowest, or leaves it to a person.
pub(crate) fn at_their_narrowest(unclear: Vec<Unclear>, world: &mut World, rules: &mut Rules) {
    for one in unclear {
        if !closes(&one, world) && !bounds(&one, world, rules) {
            rules.blocked.push(one.text);
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

/// Bounds the roles of a sentence to what was said of them.
fn bounds(one: &Unclear, world: &mut World, rules: &mut Rules) -> bool {
    let mut roles: Vec<String> = Vec::new();
    let mut denied: Vec<Target> = Vec::new();
    let mut elsewhere = false;
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
            one.before.clone()
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
            denied.extend(resolve_denied(phrase, clause, &acting, world, &memory));
        }
        // `nurses see vitals only from the last 24 hours`: what it grants is what it narrows.
        if clause.only && !spec_verbs(clause).is_empty() {
            for phrase in &clause.objects {
                denied.extend(resolve_denied(phrase, clause, &acting, world, &memory));
            }
        }
        roles.extend(acting);
    }
    let known = !roles.is_empty()
        && !elsewhere
        && roles.iter().all(|role| {
            world.roles.get(role).is_some_and(|known| known.kind != RoleKind::Owner || !known.assumed)
        });
    let granted = rules.allows.iter().any(|allow| {
        roles.contains(&allow.role) && denied.iter().any(|target| target.entity == allow.entity)
    });
    if !known || granted {
        return false;
    }
    roles.dedup();
    for role in &roles {
        if let Some(role) = world.roles.get_mut(role) {
            role.bounded = true;
        }
        rules.denies.extend(denied.iter().map(|target| Deny {
            role: role.clone(),
            entity: target.entity.clone(),
            fields: target.fields.clone(),
            changes_only: false,
            itself: false,
            deletes_only: false,
        }));
    }
    world.assume(format!(
        "“{}”: read at its narrowest, {} get nothing but what is said of them",
        one.text.trim(),
        roles.join(", ")
    ));
    true
}
