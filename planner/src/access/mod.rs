//! Who may do what, from clauses.
//!
//! A grant is what a sentence says and no more; its reach is *own*, a whole place, or unsaid. A clause
//! that narrows (`only`, `not`, `except`, `never`, …) must be understood whole, or it is reported, and the
//! plan stops: a restriction that is dropped would be an access that nobody gave.

mod active;
mod conditions;
mod narrowing;
mod passive;
mod references;
mod targets;

pub(crate) use references::references;

use crate::clauses::{Clause, clauses};
use crate::sentences::Sentence;
use crate::words::restricts;
use crate::world::{Parsed, World};
use active::{active, passive_form};
use conditions::{condition_words, foreign_condition, unresolved_condition};
use narrowing::verbless;
use passive::passive;

/// How far a sentence reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// `their own`, `theirs`, `assigned to them`.
    Own,
    /// `all in the clinic`.
    Place,
    /// Nothing was said.
    Unsaid,
}

/// Something that is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Allow {
    pub(crate) role: String,
    pub(crate) entity: String,
    /// A verb of the spec.
    pub(crate) verb: &'static str,
    /// Only these fields.
    pub(crate) fields: Option<Vec<String>>,
    pub(crate) reach: Reach,
    /// Only in these states.
    pub(crate) when: Vec<String>,
}

/// Something that is denied, with all parts of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deny {
    pub(crate) role: String,
    pub(crate) entity: String,
    /// Only these fields; the whole record when `None`.
    pub(crate) fields: Option<Vec<String>>,
    /// Only changing is denied.
    pub(crate) changes_only: bool,
}

/// Only these roles may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exclusive {
    pub(crate) entity: String,
    pub(crate) roles: Vec<String>,
    pub(crate) changes_only: bool,
    /// The value that it is about; the whole record when `None`.
    pub(crate) fields: Option<Vec<String>>,
}

/// Everything said about access.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    pub(crate) allows: Vec<Allow>,
    pub(crate) denies: Vec<Deny>,
    pub(crate) exclusives: Vec<Exclusive>,
    /// Roles that may see the short reference of a patient, and no more.
    pub(crate) reference_only: Vec<String>,
    /// Narrowing sentences that were not understood.
    pub(crate) blocked: Vec<String>,
    /// Other sentences of which nothing was understood.
    pub(crate) not_understood: Vec<String>,
    /// Grants that hang on a condition which cannot be kept yet: the words, and the construct.
    pub(crate) conditional: Vec<(String, u32)>,
    /// `Clients don't log in`.
    pub(crate) no_login: Vec<String>,
    /// Records for which somebody books or schedules.
    pub(crate) books: bool,
}

/// What the sentences before left for `it`, `they` and `them`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) subjects: Vec<String>,
    pub(crate) entities: Vec<String>,
}

/// Reads all access rules. `settled` tells whether another part of the planner has understood a sentence.
pub(crate) fn read(parsed: &[Parsed], world: &mut World, settled: impl Fn(&Sentence) -> bool) -> Rules {
    let mut rules = Rules::default();
    let mut memory = Memory::default();
    for one in parsed {
        let done = settled(&one.sentence);
        let mut all: Vec<Clause> = one.clauses.clone();
        for clause in &one.clauses {
            all.extend(asides(clause));
        }
        let mut understood = false;
        let mut narrowing = 0;
        let mut narrow_understood = 0;
        for clause in &all {
            let taken = read_clause(clause, world, &mut rules, &mut memory, done);
            understood |= taken;
            if clause.narrowing > 0 {
                narrowing += clause.narrowing;
                narrow_understood += if taken { clause.narrowing } else { 0 };
            }
        }
        let said = one.sentence.tokens.iter().filter(|token| token.word().is_some_and(restricts)).count();
        if !done && (said > 0 || narrowing > 0) && narrow_understood < narrowing.max(1) {
            rules.blocked.push(one.sentence.text.clone());
        } else if !done && !understood && all.iter().any(|clause| !clause.verbs.is_empty()) {
            rules.not_understood.push(one.sentence.text.clone());
        }
    }
    rules
}

/// Sentences in parentheses: `(they can delete any of them)`.
fn asides(clause: &Clause) -> Vec<Clause> {
    let phrases = clause
        .subjects
        .iter()
        .chain(&clause.objects)
        .chain(clause.tails.iter().flat_map(|tail| &tail.phrases));
    phrases
        .filter(|phrase| {
            phrase.paren.iter().any(|token| {
                token.word().is_some_and(|word| matches!(word, "they" | "can" | "may" | "never" | "only"))
            })
        })
        .flat_map(|phrase| clauses(&phrase.paren))
        .collect()
}

fn read_clause(
    clause: &Clause,
    world: &mut World,
    rules: &mut Rules,
    memory: &mut Memory,
    settled: bool,
) -> bool {
    if clause.verbs.is_empty() && !clause.nobody {
        return verbless(clause, world, rules);
    }
    if clause.passive || passive_form(clause) {
        return passive(clause, world, rules, memory);
    }
    let roles = subjects(clause, world, memory);
    if roles.is_empty() {
        return false;
    }
    memory.subjects.clone_from(&roles);
    if let Some(conditional) = foreign_condition(clause, world)
        && !settled
    {
        rules.conditional.push((conditional, 9));
        return true;
    }
    if unresolved_condition(clause, world) && !settled {
        rules.not_understood.push(condition_words(clause));
        return clause.narrowing == 0;
    }
    active(clause, &roles, world, rules, memory)
}

fn subjects(clause: &Clause, world: &World, memory: &Memory) -> Vec<String> {
    let mut out = Vec::new();
    for phrase in &clause.subjects {
        let words: Vec<&str> = phrase.words.iter().map(String::as_str).collect();
        let found = match words.as_slice() {
            ["they" | "he" | "she" | "who"] => memory.subjects.clone(),
            _ => world.roles_of(phrase),
        };
        for role in found {
            if !out.contains(&role) {
                out.push(role);
            }
        }
    }
    out
}
