//! Who may do what, from clauses.
//!
//! A grant is what a sentence says and no more; its reach is *own*, a whole place, or unsaid. A clause
//! that narrows (`only`, `not`, `except`, `never`, …) must be understood whole, or it is reported, and the
//! plan stops: a restriction that is dropped would be an access that nobody gave.

mod active;
mod conditions;
mod contacts;
mod counted;
mod defaults;
mod denied;
mod emergency;
mod fallback;
mod granting;
mod identity;
mod kept;
mod meant;
mod narrowing;
mod passive;
mod reaching;
mod references;
mod targets;
mod ticked;
mod told;
mod who;

pub(crate) use contacts::named_contacts;
pub(crate) use defaults::by_default;
use fallback::Unclear;
pub(crate) use passive::care_teams;
pub(crate) use references::references;
pub(crate) use ticked::ticked;

use crate::catalogue::RoleKind;
use crate::clauses::{Clause, clauses};
use crate::sentences::{Sentence, Token};
use crate::words::restricts;
use crate::world::{Parsed, World};
use active::{active, passive_form};
pub(crate) use conditions::foreign_condition;
use conditions::{condition_words, unresolved_condition};
use narrowing::verbless;
use passive::passive;
use targets::Target;
use told::{tells_whom_they_treat, told_in_numbers};
use who::{nobody, shows_itself, subjects};

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
    /// The record alone, not its parts: `see devices but no patient information`.
    pub(crate) itself: bool,
    /// Only deleting is denied.
    pub(crate) deletes_only: bool,
}

impl Deny {
    /// All of the target, with its parts, by whatever verb.
    fn of(role: &str, target: &Target) -> Self {
        Self {
            role: role.to_owned(),
            entity: target.entity.clone(),
            fields: target.fields.clone(),
            changes_only: false,
            itself: false,
            deletes_only: false,
        }
    }
}

/// Only these roles may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exclusive {
    pub(crate) entity: String,
    pub(crate) roles: Vec<String>,
    pub(crate) changes_only: bool,
    /// The value that it is about; the whole record when `None`.
    pub(crate) fields: Option<Vec<String>>,
    /// It is about deciding and signing, and so about states alone.
    pub(crate) moves_only: bool,
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
    pub(crate) unclear: Vec<Unclear>,
    /// Those of them that were read at their narrowest, and how: a person should say what they mean.
    pub(crate) asked: Vec<(String, String)>,
    /// Records that nobody reaches by default.
    pub(crate) reserved: Vec<String>,
    /// Other sentences of which nothing was understood.
    pub(crate) not_understood: Vec<String>,
    /// Grants that hang on a condition which cannot be kept yet: the words, and the construct.
    pub(crate) conditional: Vec<(String, u32)>,
    /// Roles that see by a permission which cannot be given yet, and so nothing.
    pub(crate) by_permission: Vec<String>,
    /// `Clients don't log in`.
    pub(crate) no_login: Vec<String>,
    /// Records that nobody changes, and the verbs that nobody has.
    pub(crate) frozen: Vec<(String, Vec<&'static str>)>,
    /// Records for which somebody books or schedules.
    pub(crate) books: bool,
    /// Who assigns what is part of nobody's record: the role and the record.
    pub(crate) dispatchers: Vec<(String, String)>,
    /// Roles that were said to get counts, reports or letters, or what hangs on somebody's leave: where nothing else is
    /// said of them, they get nothing else.
    pub(crate) counted: Vec<String>,
}

/// What the sentences before left for `it`, `they` and `them`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) subjects: Vec<String>,
    pub(crate) entities: Vec<String>,
    pub(crate) values: Vec<(String, Vec<String>)>,
}

/// Reads all access rules. `settled` tells whether another part of the planner has understood a sentence.
pub(crate) fn read(parsed: &[Parsed], world: &mut World, settled: impl Fn(&Sentence) -> bool) -> Rules {
    let mut rules = Rules { by_permission: by_permission(parsed, world), ..Rules::default() };
    let mut memory = Memory::default();
    let mut unclear = Vec::new();
    for one in parsed {
        let before = memory.subjects.clone();
        let done = settled(&one.sentence);
        let mut all: Vec<Clause> = one.clauses.clone();
        for clause in &one.clauses {
            all.extend(asides(clause));
        }
        // `Visit notes are confidential: only …`: what follows is about what the head names.
        let head: Vec<&str> = one.sentence.head.iter().flat_map(|head| head.split(' ')).collect();
        let about =
            (1..=3).rev().find_map(|width| world.entity_named(&crate::words::key(head.get(..width)?)));
        if let Some(about) = about {
            memory.entities = vec![about];
        }
        if tells_whom_they_treat(&all, world) {
            continue;
        }
        meant::without_a_login(&one.sentence, &all, world, &mut rules);
        if emergency::speaks_of(&one.sentence, &all) {
            emergency::declare(&one.sentence, world);
            // What it denies it denies; what it lets somebody see is no grant.
            all.retain(|clause| clause.not || clause.nobody);
            for clause in &all {
                read_clause(clause, world, &mut rules, &mut memory, done);
            }
            continue;
        }
        let mut understood = false;
        let mut narrowing = 0;
        let mut narrow_understood = 0;
        for clause in &all {
            // `Visit notes are confidential: only the doctor who wrote them can see them`.
            let spoken: Vec<String> =
                clause.subjects.iter().filter_map(|phrase| world.entity_of(&phrase.words)).collect();
            let records = clause.subjects.iter().all(|phrase| world.roles_of(phrase).is_empty());
            if !spoken.is_empty() && records {
                memory.entities = spoken;
            }
            let taken = read_clause(clause, world, &mut rules, &mut memory, done) && !clause.lost;
            understood |= taken;
            if clause.narrowing > 0 {
                narrowing += clause.narrowing;
                narrow_understood += if taken { clause.narrowing } else { 0 };
            }
        }
        let said = outside_parentheses(&one.sentence.tokens)
            .filter(|token| token.word().is_some_and(restricts))
            .count();
        // `if she does not, the supervisor gets it`: it says when, and bounds nobody.
        let said = said.saturating_sub(all.iter().map(conditions::negated_condition).sum());
        if !done && (said > 0 || narrowing > 0) && narrow_understood < narrowing.max(1) {
            unclear.push(Unclear {
                tokens: one.sentence.tokens.clone(),
                text: one.sentence.text.clone(),
                words: one.sentence.plain(),
                clauses: all,
                before,
            });
        } else if !done && !understood && all.iter().any(|clause| !clause.verbs.is_empty()) {
            rules.not_understood.push(one.sentence.text.clone());
        }
    }
    // `the district nurse wants monthly counts`: of whom nothing else is said gets nothing else.
    for role in &rules.counted {
        let more = rules.allows.iter().any(|allow| allow.role == *role);
        if let Some(known) = world.roles.get_mut(role).filter(|_| !more) {
            known.bounded = true;
        }
    }
    fallback::at_their_narrowest(unclear, world, &mut rules);
    rules
}

/// `Clients give consent before anything is shared with a probation officer`.
fn by_permission(parsed: &[Parsed], world: &World) -> Vec<String> {
    let mut out = Vec::new();
    for one in parsed {
        let text = one.sentence.plain();
        let consents = [" consent ", " permission ", " agree ", " agrees ", " consents "]
            .iter()
            .any(|word| text.contains(word));
        let shares = [" shared with ", " shown to ", " share with ", " released to "]
            .iter()
            .find_map(|word| text.split_once(word).map(|(_, rest)| rest.to_owned()));
        let (true, Some(rest)) = (consents, shares) else { continue };
        let words: Vec<&str> = rest.split(' ').filter(|word| !crate::words::is_glue(word)).collect();
        let named = (1..=3).rev().find_map(|width| {
            words
                .get(..width)
                .map(|piece| world.roles_named(&crate::words::key(piece)))
                .filter(|found| !found.is_empty())
        });
        out.extend(named.unwrap_or_default());
    }
    out
}

/// The tokens that stand in no parentheses: `status (not contacted, tested)` restricts nothing.
fn outside_parentheses(tokens: &[Token]) -> impl Iterator<Item = &Token> {
    let mut depth = 0_usize;
    tokens.iter().filter(move |token| {
        match token {
            Token::Open => depth += 1,
            Token::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })
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

/// `Staff of one site never see patients of another`: places keep to themselves, as grants that name the place do.
fn of_another_place(clause: &Clause, world: &World) -> bool {
    let Some(place) = world.place.as_deref() else { return false };
    let named = |phrase: &crate::clauses::Phrase| crate::entities::phrase_key(phrase) == place;
    let behind = |other: bool| {
        clause
            .tails
            .iter()
            .filter(|tail| matches!(tail.by.as_str(), "of" | "at" | "from" | "in"))
            .flat_map(|tail| &tail.phrases)
            .any(|phrase| phrase.other == other && (named(phrase) || other && phrase.words.is_empty()))
    };
    // Behind *one site*, *another* is another site.
    clause.not
        && clause.does(crate::words::Verb::View)
        && behind(true)
        && (behind(false)
            || clause.tails.iter().flat_map(|tail| &tail.phrases).any(|phrase| phrase.other && named(phrase)))
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
    if shows_itself(clause) {
        return true;
    }
    // `each clinic sees only its own patients`: places reach themselves.
    let places = !clause.subjects.is_empty()
        && clause.subjects.iter().all(|phrase| {
            phrase.all && world.place.as_deref() == Some(crate::entities::phrase_key(phrase).as_str())
        });
    if places && clause.objects.iter().any(|phrase| phrase.own) {
        return true;
    }
    if of_another_place(clause, world) {
        return true;
    }
    // `after signing nobody can change it` is a lock, which the lifecycle keeps.
    if clause.nobody && settled {
        return true;
    }
    if clause.nobody {
        return nobody(clause, world, rules, memory);
    }
    if settled && clause.passive && clause.not {
        return true;
    }
    if clause.passive || passive_form(clause) {
        return passive(clause, world, rules, memory);
    }
    let roles = subjects(clause, world, memory);
    if roles.is_empty() {
        // `patients don't have logins`, of patients who do not act: nobody is there to be restricted.
        let nobody_there = !clause.subjects.is_empty()
            && clause.subjects.iter().all(|phrase| {
                let key = crate::entities::phrase_key(phrase);
                crate::catalogue::catalogue()
                    .role(&key)
                    .is_some_and(|(kind, _)| matches!(kind, RoleKind::Subject | RoleKind::Proxy))
            });
        // `requests go to the equipment store: they see …`.
        let to = clause.tail("to").map(|tail| tail.phrases.as_slice()).unwrap_or_default();
        let given: Vec<String> = to.iter().flat_map(|phrase| world.roles_of(phrase)).collect();
        if !given.is_empty() {
            memory.subjects = given;
        }
        return nobody_there && clause.not && !clause.only && clause.but_not.is_empty();
    }
    memory.subjects.clone_from(&roles);
    if told_in_numbers(clause, world) {
        rules.counted.extend(roles.iter().cloned());
    }
    if let Some(conditional) = foreign_condition(clause, world)
        && !settled
    {
        rules.conditional.push((conditional, 9));
        // Of whom nothing is said but what hangs on somebody's leave, they get nothing besides.
        rules.counted.extend(roles.iter().cloned());
        // What a patient lets their family see is what a permission gives, once it is given.
        let proxies =
            roles.iter().all(|role| world.roles.get(role).is_some_and(|known| known.kind == RoleKind::Proxy));
        if proxies && !clause.not {
            let given = Clause { tails: Vec::new(), ..clause.clone() };
            active(&given, &roles, world, rules, memory);
        }
        return true;
    }
    // `the school can open the plan by a link`: a page by link is no grant to a role.
    let by_link = clause.tails.iter().any(|tail| {
        matches!(tail.by.as_str(), "by" | "via" | "through" | "with")
            && tail.words.iter().any(|word| word == "link")
    });
    if by_link {
        rules.conditional.push((condition_words(clause), 24));
        // Whoever comes by a link comes in no other way.
        rules.counted.extend(roles.iter().cloned());
        return true;
    }
    if unresolved_condition(clause, world) && !settled {
        rules.not_understood.push(condition_words(clause));
        return clause.narrowing == 0;
    }
    match identity::unidentified(clause, &roles, world, rules) {
        Some(said) => active(&said, &roles, world, rules, memory),
        None => active(clause, &roles, world, rules, memory),
    }
}
