//! Who may do what, from clauses.
//!
//! A grant is what a sentence says and no more; its reach is *own*, a whole place, or unsaid. A clause
//! that narrows (`only`, `not`, `except`, `never`, …) must be understood whole, or it is reported, and the
//! plan stops: a restriction that is dropped would be an access that nobody gave.

use crate::{
    catalogue::{EntityKind, RoleKind, catalogue},
    clauses::{Clause, Phrase, Tail, clauses},
    entities::phrase_key,
    sentences::Sentence,
    words::{Verb, key_of, restricts},
    world::{Parsed, World},
};

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
struct Memory {
    subjects: Vec<String>,
    entities: Vec<String>,
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

/// A condition that is no state: a grant that hangs on it is not given. What people write down has its time
/// of day (`before their first visit`); what they see has a condition.
fn unresolved_condition(clause: &Clause, world: &World) -> bool {
    let sees = spec_verbs(clause).iter().all(|verb| *verb == "view");
    let conditional = |tail: &Tail| match tail.by.as_str() {
        "if" | "unless" | "until" | "while" | "during" => true,
        "when" | "once" | "after" | "before" | "whenever" => sees,
        _ => false,
    };
    !clause.not && clause.tails.iter().any(conditional) && condition_states(clause, world).is_empty()
}

fn condition_words(clause: &Clause) -> String {
    let words: Vec<String> = clause.tails.iter().flat_map(|tail| tail.words.clone()).collect();
    format!("a condition that cannot be kept, so nothing is granted by it: {}", words.join(" "))
}

/// `visible only to nurses`: an adjective behind *is*.
fn passive_form(clause: &Clause) -> bool {
    clause.verbs.iter().any(|(_, word)| {
        matches!(
            word.as_str(),
            "visible"
                | "accessible"
                | "readable"
                | "viewable"
                | "editable"
                | "hidden"
                | "restricted"
                | "limited"
        )
    })
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

fn active(
    clause: &Clause,
    roles: &[String],
    world: &mut World,
    rules: &mut Rules,
    memory: &mut Memory,
) -> bool {
    let verbs = spec_verbs(clause);
    // `Clients don't log in`.
    let logs_in = clause.verbs.iter().any(|(verb, word)| {
        *verb == Verb::Work && matches!(word.as_str(), "log" | "sign" | "use")
            || matches!(word.as_str(), "login")
    });
    if clause.not && logs_in && clause.objects.is_empty() {
        for role in roles {
            if let Some(known) = world.roles.get_mut(role) {
                known.acts = false;
            }
            rules.no_login.push(role.clone());
        }
        return true;
    }
    if verbs.is_empty() && !(clause.not || clause.only || clause.only_subjects) {
        return clause.does(Verb::Work) && clause.narrowing == 0;
    }
    if clause.does(Verb::Assign) {
        return assign(clause, roles, world, rules, memory);
    }
    let mut targets = Vec::new();
    let mut unknown = false;
    let mut others_only = false;
    let phrases: Vec<Phrase> = clause.objects.iter().cloned().chain(shown(clause)).collect();
    for phrase in &phrases {
        let found = resolve(phrase, clause, roles, world, memory);
        let page = phrase.words.last().is_some_and(|word| {
            matches!(word.as_str(), "page" | "pages" | "dashboard" | "dashboards" | "screen")
        });
        // Aggregates are measures: a role that sees only these gets no record.
        let aggregate = phrase.words.last().is_some_and(|word| {
            matches!(
                word.as_str(),
                "counts" | "averages" | "totals" | "statistics" | "aggregates" | "numbers"
            )
        });
        if aggregate && clause.narrowing > 0 && !clause.not {
            for role in roles {
                if let Some(role) = world.roles.get_mut(role) {
                    role.bounded = true;
                }
            }
            continue;
        }
        // `each other's data`: others' records are never in a patient's reach.
        if phrase.other
            && clause.not
            && roles
                .iter()
                .all(|role| world.roles.get(role).is_some_and(|role| role.kind == RoleKind::Subject))
        {
            others_only = true;
            continue;
        }
        if found.is_empty() && !page {
            unknown = true;
        }
        for mut target in found {
            target.own |= reach(phrase, clause, world) == Reach::Own;
            let pronoun = matches!(phrase.words.last().map(String::as_str), Some("it" | "them"));
            target.all |= !pronoun && reach(phrase, clause, world) == Reach::Place;
            targets.push(target);
        }
    }
    // `each user has a history page with only their own analyses`, `doctors only see theirs`.
    let others = clause.subjects.iter().any(|phrase| phrase.other);
    if others_only && targets.is_empty() {
        return true;
    }
    // `notes that only they can read`: what was spoken of last.
    if targets.is_empty() && clause.objects.is_empty() && clause.narrowing > 0 && verbs.contains(&"view") {
        targets = memory_targets(&memory.entities);
    }
    if targets.is_empty() {
        let aggregate = !clause.objects.is_empty() && !unknown;
        if !clause.but_not.is_empty() || aggregate && clause.narrowing > 0 {
            return narrow(&targets, clause, roles, world, rules, memory);
        }
        return !unknown && clause.narrowing == 0;
    }
    memory.entities = targets.iter().map(|target| target.entity.clone()).collect();
    if clause.not {
        if unknown {
            // The record that the first words name, if not the field: `the exam notes` of an exam.
            for phrase in &phrases {
                if resolve(phrase, clause, roles, world, memory).is_empty() {
                    match (1..phrase.words.len()).find_map(|at| world.entity_of(&phrase.words[..at])) {
                        Some(entity) => targets.push(Target::whole(entity)),
                        None => return false,
                    }
                }
            }
        }
        return deny(&targets, clause, roles, others, world, rules);
    }
    if clause.nobody {
        return false;
    }
    grant(&targets, &verbs, clause, roles, world, rules);
    if clause.narrowing == 0 {
        return true;
    }
    let plain_only = clause.only || clause.only_subjects || clause.tails.iter().any(|tail| tail.only);
    !(unknown && plain_only) && narrow(&targets, clause, roles, world, rules, memory)
}

/// What is shown by a list, a page or a dashboard.
fn shown(clause: &Clause) -> Vec<Phrase> {
    clause
        .tails
        .iter()
        .filter(|tail| matches!(tail.by.as_str(), "of" | "with"))
        .filter(|_| {
            clause.objects.iter().any(|phrase| {
                phrase.words.last().is_some_and(|word| {
                    matches!(
                        word.trim_end_matches('s'),
                        "list" | "page" | "dashboard" | "overview" | "copy" | "view" | "screen" | "calendar"
                    )
                })
            })
        })
        .flat_map(|tail| {
            tail.phrases.iter().cloned().map(|mut phrase| {
                phrase.only |= tail.only;
                phrase
            })
        })
        .collect()
}

/// A record, or some of its fields.
#[derive(Clone, Debug)]
struct Target {
    entity: String,
    fields: Option<Vec<String>>,
    own: bool,
    all: bool,
    when: Vec<String>,
}

impl Target {
    fn whole(entity: String) -> Self {
        Self { entity, fields: None, own: false, all: false, when: Vec::new() }
    }
}

fn resolve(
    phrase: &Phrase,
    clause: &Clause,
    roles: &[String],
    world: &World,
    memory: &Memory,
) -> Vec<Target> {
    let key = phrase_key(phrase);
    let page = ["list", "page", "dashboard", "copy", "calendar", "overview", "screen"]
        .iter()
        .any(|word| key.ends_with(word));
    if page && !shown(clause).is_empty() {
        // The page is not the thing; what it shows is.
        return shown(clause).iter().take(1).flat_map(|shown| resolve_plain(shown, roles, world)).collect();
    }
    if key == "person" {
        return world.subject().map(|subject| Target::whole(subject.to_owned())).into_iter().collect();
    }
    if matches!(key.as_str(), "it" | "them" | "that" | "this") {
        return memory_targets(&memory.entities);
    }
    if key.is_empty() && (phrase.own || phrase.all || phrase.other) {
        let held = memory_targets(&memory.entities);
        return if held.is_empty() || phrase.own {
            // `theirs`: the records spoken about, else the patients.
            let all: Vec<Target> = held
                .into_iter()
                .chain(world.subject().map(|subject| Target::whole(subject.to_owned())))
                .collect();
            all
        } else {
            held
        };
    }
    if key == "answer" && !world.forms.is_empty() {
        return world.forms.keys().cloned().map(Target::whole).collect();
    }
    // `only the user sees their entries`, `must not see anything`: where it narrows, all is meant.
    let sweeping = matches!(
        key.as_str(),
        "entry" | "data" | "record" | "information" | "log" | "anything" | "everything"
    );
    if sweeping
        && clause.narrowing > 0
        && world.entity_named(&key).is_none()
        && (clause.not || phrase.own || clause.only_subjects || clause.but_not.contains(phrase))
    {
        return world
            .entities
            .iter()
            .filter(|(_, entity)| entity.kind != EntityKind::Thing)
            .map(|(name, _)| Target::whole(name.clone()))
            .collect();
    }
    if key == "everything" {
        return world
            .entities
            .iter()
            .filter(|(_, entity)| entity.kind != EntityKind::Thing || entity.concept.is_some())
            .map(|(name, _)| Target::whole(name.clone()))
            .collect();
    }
    resolve_plain(phrase, roles, world)
}

fn memory_targets(entities: &[String]) -> Vec<Target> {
    entities.iter().cloned().map(Target::whole).collect()
}

fn resolve_plain(phrase: &Phrase, roles: &[String], world: &World) -> Vec<Target> {
    let key = phrase_key(phrase);
    if !phrase.of.is_empty()
        && let Some(owner) = world.entity_of(&phrase.of)
        && let Some(fields) = fields_of(&owner, &key, world)
    {
        return vec![Target { fields: Some(fields), ..Target::whole(owner) }];
    }
    let mut when = Vec::new();
    for word in &phrase.modifiers {
        for entity in world.entities.values() {
            if entity.states.contains(word) {
                when.clone_from(&states_from(entity, word));
            }
        }
    }
    if let Some(entity) = world.entity_named(&key) {
        let applies = world
            .entities
            .get(&entity)
            .is_some_and(|known| when.iter().all(|state| known.states.contains(state)));
        return vec![Target { when: if applies { when } else { Vec::new() }, ..Target::whole(entity) }];
    }
    // `participant names`: a field of the record that the first words name.
    for at in 1..phrase.words.len() {
        if let Some(owner) = world.entity_of(&phrase.words[..at])
            && let Some(fields) =
                fields_of(&owner, &crate::words::key_of(&phrase.words[at..].join(" ")), world)
        {
            return vec![Target { fields: Some(fields), ..Target::whole(owner) }];
        }
    }
    if world.forms.keys().any(|form| key_of(form) == key || key.starts_with(&key_of(form))) {
        let form = world.forms.keys().find(|form| key_of(form) == key || key.starts_with(&key_of(form)));
        return form.cloned().map(Target::whole).into_iter().collect();
    }
    // A field: of the subject first, then of whatever holds it.
    let holders = world.subject().into_iter().map(str::to_owned).chain(world.entities.keys().cloned());
    for holder in holders {
        if let Some(fields) = fields_of(&holder, &key, world) {
            return vec![Target { fields: Some(fields), ..Target::whole(holder) }];
        }
    }
    if roles.is_empty() {
        return Vec::new();
    }
    // `demographics` where the record has some of them.
    if let Some((field, _)) = catalogue().field(&key)
        && !field.fields.is_empty()
        && let Some(subject) = world.subject()
        && let Some(entity) = world.entities.get(subject)
    {
        let identifying: Vec<String> = entity
            .fields
            .iter()
            .filter(|(_, written)| written.starts_with("identifier"))
            .map(|(name, _)| name.clone())
            .collect();
        if !identifying.is_empty() {
            return vec![Target { fields: Some(identifying), ..Target::whole(subject.to_owned()) }];
        }
    }
    Vec::new()
}

/// The state and those after it: who may read a signed note may read it when it is locked.
fn states_from(entity: &crate::world::Entity, state: &str) -> Vec<String> {
    let at = entity.states.iter().position(|known| known == state).unwrap_or_default();
    if entity.loose { vec![state.to_owned()] } else { entity.states[at..].to_vec() }
}

/// The fields of a record that a key means: itself, its group, or those whose name ends with it.
fn fields_of(entity: &str, key: &str, world: &World) -> Option<Vec<String>> {
    let known = world.entities.get(entity)?;
    let named = |wanted: &str| known.fields.keys().find(|name| key_of(name) == key_of(wanted)).cloned();
    if let Some(name) = named(key) {
        return Some(vec![name]);
    }
    if let Some((field, name)) = catalogue().field(key) {
        if let Some(name) = named(name) {
            return Some(vec![name]);
        }
        if key == "demographic" {
            let all: Vec<String> = known
                .fields
                .iter()
                .filter(|(name, written)| written.starts_with("identifier") || *name == "sex")
                .map(|(name, _)| name.clone())
                .collect();
            return (!all.is_empty()).then_some(all);
        }
        let parts: Vec<String> = field.fields.iter().filter_map(|part| named(part)).collect();
        if !parts.is_empty() {
            return Some(parts);
        }
    }
    let last = key.rsplit(' ').next().unwrap_or(key);
    if matches!(last, "target" | "threshold" | "limit") {
        let all: Vec<String> = known.fields.keys().filter(|name| name.starts_with(last)).cloned().collect();
        return (!all.is_empty()).then_some(all);
    }
    None
}

fn reach(phrase: &Phrase, clause: &Clause, world: &World) -> Reach {
    let mine = |tail: &Tail| {
        tail.phrases.iter().any(|phrase| {
            phrase.own || phrase_key(phrase) == "them" && tail.words.iter().any(|word| word == "assigned")
        })
    };
    let assigned = clause.tails.iter().any(|tail| tail.words.iter().any(|word| word == "assigned"))
        || clause.verbs.iter().any(|(_, word)| word == "assigned")
        || phrase.modifiers.iter().any(|word| word == "assigned");
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
    if phrase.all || place { Reach::Place } else { Reach::Unsaid }
}

/// The verbs of the spec that the clause's verbs stand for.
fn spec_verbs(clause: &Clause) -> Vec<&'static str> {
    let mut out: Vec<&'static str> = Vec::new();
    for (verb, word) in &clause.verbs {
        let meant: &[&'static str] = match verb {
            Verb::View | Verb::Have => &["view"],
            Verb::Create => &["create", "view"],
            Verb::Update => &["update", "view"],
            Verb::Delete => &["delete", "view"],
            Verb::Manage | Verb::Book | Verb::Track => &["create", "view", "update"],
            Verb::Review | Verb::Sign => &["view", "move"],
            Verb::Export => &["view", "export"],
            Verb::Upload | Verb::Assign | Verb::Message | Verb::Share | Verb::Pay | Verb::Work => &[],
        };
        // An email or a system `has` and `contains`; people `get` lists.
        if *verb == Verb::Have
            && matches!(word.as_str(), "contain" | "contains" | "include" | "includes" | "hold" | "holds")
        {
            continue;
        }
        for verb in meant {
            if !out.contains(verb) {
                out.push(verb);
            }
        }
    }
    out
}

fn changes_only(clause: &Clause) -> bool {
    let verbs = clause.verbs.iter().map(|(verb, _)| *verb).collect::<Vec<_>>();
    !verbs.is_empty()
        && verbs.iter().all(|verb| {
            matches!(
                verb,
                Verb::Create
                    | Verb::Update
                    | Verb::Delete
                    | Verb::Manage
                    | Verb::Book
                    | Verb::Sign
                    | Verb::Review
                    | Verb::Assign
            )
        })
}

fn grant(
    targets: &[Target],
    verbs: &[&'static str],
    clause: &Clause,
    roles: &[String],
    world: &mut World,
    rules: &mut Rules,
) {
    rules.books |= clause.does(Verb::Book);
    let when = condition_states(clause, world);
    for target in targets {
        for role in roles {
            for verb in verbs {
                let schedule = world
                    .entities
                    .get(&target.entity)
                    .is_some_and(|entity| entity.kind == EntityKind::Schedule);
                if clause.does(Verb::Book) && !schedule && *verb != "view" {
                    continue;
                }
                let mut states = target.when.clone();
                for state in &when {
                    if world.entities.get(&target.entity).is_some_and(|entity| entity.states.contains(state))
                    {
                        states.push(state.clone());
                    }
                }
                // Who writes values down writes the whole record that holds them.
                let whole = clause.does(Verb::Create) && world.subject() != Some(target.entity.as_str());
                rules.allows.push(Allow {
                    role: role.clone(),
                    entity: target.entity.clone(),
                    verb,
                    fields: if whole { None } else { target.fields.clone() },
                    reach: if target.own {
                        Reach::Own
                    } else if target.all {
                        Reach::Place
                    } else {
                        Reach::Unsaid
                    },
                    when: states,
                });
            }
            if target.own {
                own_patients(role, &target.entity, world);
            }
        }
        // `Front desk books`: what is booked is the appointment.
    }
    if clause.does(Verb::Book)
        && let Some(schedule) = schedule_entity(world)
    {
        for role in roles {
            for verb in ["create", "view", "update"] {
                rules.allows.push(Allow {
                    role: role.clone(),
                    entity: schedule.clone(),
                    verb,
                    fields: None,
                    reach: Reach::Unsaid,
                    when: Vec::new(),
                });
            }
        }
    }
}

pub(crate) fn schedule_entity(world: &World) -> Option<String> {
    world
        .entities
        .iter()
        .find(|(_, entity)| entity.kind == EntityKind::Schedule)
        .map(|(name, _)| name.clone())
}

/// `their patients`: patients are assigned to that role.
fn own_patients(role: &str, entity: &str, world: &mut World) {
    let of_patient =
        world.subject().is_some_and(|subject| world.parts(subject).iter().any(|part| part == entity))
            || world.forms.contains_key(entity);
    let kind = world.roles.get(role).map(|role| role.kind);
    if of_patient
        && matches!(kind, Some(RoleKind::Panel | RoleKind::Care))
        && !world.assigned.iter().any(|known| known == role)
    {
        world.assigned.push(role.to_owned());
    }
}

fn deny(
    targets: &[Target],
    clause: &Clause,
    roles: &[String],
    others: bool,
    world: &World,
    rules: &mut Rules,
) -> bool {
    let changes = changes_only(clause);
    for target in targets {
        for role in roles {
            // `Other providers must not see it`: those assigned may; their reach already says so.
            if others && world.assigned.iter().any(|known| known == role) {
                continue;
            }
            rules.denies.push(Deny {
                role: role.clone(),
                entity: target.entity.clone(),
                fields: target.fields.clone(),
                changes_only: changes,
            });
        }
    }
    // `cannot see X except Y` would give Y: that is not a denial alone.
    clause.but_not.is_empty() && unread(clause)
}

/// Applies `only …`, `but not …` and `except …`.
fn narrow(
    targets: &[Target],
    clause: &Clause,
    roles: &[String],
    world: &mut World,
    rules: &mut Rules,
    memory: &Memory,
) -> bool {
    let mut understood = unread(clause);
    if clause.only_subjects {
        for target in targets {
            rules.exclusives.push(Exclusive {
                entity: target.entity.clone(),
                roles: roles.to_vec(),
                changes_only: changes_only(clause),
                fields: target.fields.clone(),
            });
        }
    }
    if clause.only || clause.tails.iter().any(|tail| tail.only) {
        // `only see theirs` bounds how far they reach; `only see balances` bounds what they see.
        let subject = world.subject().map(str::to_owned);
        let people = |target: &Target| Some(&target.entity) == subject.as_ref() && target.fields.is_none();
        let reach_only = |role: &String, world: &World| {
            let clinical = world
                .roles
                .get(role)
                .is_some_and(|role| matches!(role.kind, RoleKind::Panel | RoleKind::Care));
            !targets.is_empty() && targets.iter().all(|target| target.own || clinical && people(target))
        };
        let bounded: Vec<&String> = roles.iter().filter(|role| !reach_only(role, world)).collect();
        for role in bounded {
            if let Some(role) = world.roles.get_mut(role) {
                role.bounded = true;
            }
        }
    }
    for phrase in &clause.but_not {
        let mut found = resolve(phrase, clause, roles, world, memory);
        if found.is_empty()
            && let Some(entity) = (1..phrase.words.len()).find_map(|at| world.entity_of(&phrase.words[..at]))
        {
            found.push(Target::whole(entity));
        }
        let excepted = world.roles_of(phrase);
        if found.is_empty() && excepted.is_empty() {
            understood = false;
        }
        for target in found {
            for role in roles {
                rules.denies.push(Deny {
                    role: role.clone(),
                    entity: target.entity.clone(),
                    fields: target.fields.clone(),
                    changes_only: false,
                });
            }
        }
        for role in excepted {
            // `everyone except the front desk sees notes`.
            for target in targets {
                rules.denies.push(Deny {
                    role: role.clone(),
                    entity: target.entity.clone(),
                    fields: target.fields.clone(),
                    changes_only: changes_only(clause),
                });
            }
        }
    }
    understood
}

/// Whether the tails of a narrowing clause say nothing that would narrow it further, unread.
fn unread(clause: &Clause) -> bool {
    clause.tails.iter().all(|tail| match tail.by.as_str() {
        "of" | "with" | "to" | "for" | "by" | "in" | "on" | "at" | "about" | "per" | "as" | "against"
        | "assigned" => !tail.words.iter().any(|word| {
            word.bytes().any(|b| b.is_ascii_digit())
                || matches!(
                    word.as_str(),
                    "hours" | "days" | "weeks" | "months" | "years" | "weekdays" | "weekends"
                )
        }),
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

/// The states that `when signed` and `after they are approved` mean.
fn condition_states(clause: &Clause, world: &World) -> Vec<String> {
    let mut out = Vec::new();
    for tail in
        clause.tails.iter().filter(|tail| matches!(tail.by.as_str(), "when" | "once" | "after" | "if"))
    {
        for word in &tail.words {
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
fn foreign_condition(clause: &Clause, world: &World) -> Option<String> {
    let states = condition_states(clause, world);
    clause
        .tails
        .iter()
        .find(|tail| {
            matches!(tail.by.as_str(), "when" | "if" | "unless" | "until" | "once" | "while" | "during")
                && states.is_empty()
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
                            | "permission"
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

/// `My nurses assign each to one of the doctors`.
fn assign(clause: &Clause, roles: &[String], world: &mut World, rules: &mut Rules, memory: &Memory) -> bool {
    let to: Vec<String> = clause
        .tails
        .iter()
        .filter(|tail| tail.by == "to")
        .flat_map(|tail| tail.phrases.iter().flat_map(|phrase| world.roles_of(phrase)).collect::<Vec<_>>())
        .collect();
    if clause.not {
        return false;
    }
    for role in to {
        let clinical = world.roles.get(&role).is_some_and(|known| !matches!(known.kind, RoleKind::Subject));
        if clinical && !world.assigned.contains(&role) {
            world.assigned.push(role);
        }
    }
    for role in roles {
        if !world.assigners.contains(role) {
            world.assigners.push(role.clone());
        }
        if let Some(subject) = world.subject().map(str::to_owned) {
            rules.allows.push(Allow {
                role: role.clone(),
                entity: subject,
                verb: "view",
                fields: None,
                reach: Reach::Unsaid,
                when: Vec::new(),
            });
        }
    }
    let _ = memory;
    // Other verbs of the same clause: `review and assign the intakes`.
    clause.narrowing == 0
}

/// `may be seen only by …`, `is never visible to …`, `are assigned to ONE provider`, `is kept 7 years`.
fn passive(clause: &Clause, world: &mut World, rules: &mut Rules, memory: &mut Memory) -> bool {
    let agents: Vec<(&Tail, Vec<String>)> = clause
        .tails
        .iter()
        .filter(|tail| matches!(tail.by.as_str(), "by" | "to" | "for" | "from"))
        .map(|tail| (tail, tail.phrases.iter().flat_map(|phrase| world.roles_of(phrase)).collect()))
        .collect();
    if clause.does(Verb::Assign) {
        return assigned(clause, &agents, world);
    }
    let named: usize = agents.iter().map(|(tail, _)| tail.phrases.len()).sum();
    let roles: Vec<String> = agents.iter().flat_map(|(_, roles)| roles.clone()).collect();
    let mut targets = Vec::new();
    for phrase in &clause.subjects {
        let found = resolve(phrase, clause, &["somebody".to_owned()], world, memory);
        targets.extend(found);
    }
    if targets.is_empty() || roles.is_empty() {
        return false;
    }
    memory.entities = targets.iter().map(|target| target.entity.clone()).collect();
    let hides = clause.verbs.iter().any(|(_, word)| matches!(word.as_str(), "hidden"));
    if clause.not || hides {
        for target in &targets {
            for role in &roles {
                rules.denies.push(Deny {
                    role: role.clone(),
                    entity: target.entity.clone(),
                    fields: target.fields.clone(),
                    changes_only: changes_only(clause),
                });
            }
        }
        return !roles.is_empty();
    }
    let only = clause.only
        || clause.only_subjects
        || clause.tails.iter().any(|tail| tail.only)
        || clause.verbs.iter().any(|(_, word)| matches!(word.as_str(), "restricted" | "limited"));
    let mut verbs = spec_verbs(clause);
    if verbs.is_empty() && only {
        verbs.push("view");
    }
    let mut kept = Vec::new();
    for (tail, _) in &agents {
        for phrase in &tail.phrases {
            let own =
                phrase.modifiers.iter().any(|word| matches!(word.as_str(), "assigned" | "own")) || phrase.own;
            for role in world.roles_of(phrase) {
                let support = world
                    .roles
                    .get(&role)
                    .is_some_and(|role| matches!(role.kind, RoleKind::Support | RoleKind::Proxy));
                let conditional = clause
                    .tails
                    .iter()
                    .any(|tail| matches!(tail.by.as_str(), "when" | "if" | "with" | "until"));
                if support && conditional {
                    rules.conditional.push((
                        format!(
                            "{role} may see it {}",
                            clause
                                .tails
                                .iter()
                                .filter(|tail| tail.by != "by")
                                .map(|tail| tail.words.join(" "))
                                .collect::<Vec<_>>()
                                .join(" ")
                        ),
                        9,
                    ));
                    continue;
                }
                kept.push(role.clone());
                if own {
                    for target in &targets {
                        own_patients(&role, &target.entity, world);
                    }
                }
                let owner = world.roles.get(&role).is_some_and(|role| role.kind == RoleKind::Owner);
                for target in &targets {
                    for verb in &verbs {
                        rules.allows.push(Allow {
                            role: role.clone(),
                            entity: target.entity.clone(),
                            verb,
                            fields: target.fields.clone(),
                            reach: if own {
                                Reach::Own
                            } else if owner {
                                Reach::Place
                            } else {
                                Reach::Unsaid
                            },
                            when: Vec::new(),
                        });
                    }
                }
            }
        }
    }
    if only {
        for target in &targets {
            rules.exclusives.push(Exclusive {
                entity: target.entity.clone(),
                roles: kept.clone(),
                changes_only: changes_only(clause),
                fields: target.fields.clone(),
            });
        }
    }
    // Somebody named whom nobody knows: the restriction is not whole.
    clause.narrowing == 0 || named > 0 && !kept.is_empty()
}

fn assigned(clause: &Clause, agents: &[(&Tail, Vec<String>)], world: &mut World) -> bool {
    let many = clause.tails.iter().any(|tail| {
        tail.words.iter().any(|word| matches!(word.as_str(), "team" | "several" | "multiple" | "more"))
    });
    world.team |= many;
    for (tail, roles) in agents {
        for role in roles {
            let kind = world.roles.get(role).map(|role| role.kind);
            if tail.by == "to" && kind != Some(RoleKind::Subject) && !world.assigned.contains(role) {
                world.assigned.push(role.clone());
            }
            if tail.by == "by" && !world.assigners.contains(role) {
                world.assigners.push(role.clone());
            }
        }
    }
    clause.narrowing == 0
}

/// A narrowing phrase without a verb: `no access to notes for the front desk`.
fn verbless(clause: &Clause, world: &World, rules: &mut Rules) -> bool {
    let access = clause.subjects.iter().any(|phrase| phrase.words.iter().any(|word| word == "access"));
    if !access {
        return false;
    }
    let read = |by: &str| clause.tail(by).map(|tail| tail.phrases.clone()).unwrap_or_default();
    let roles: Vec<String> =
        read("for").iter().chain(&clause.subjects).flat_map(|phrase| world.roles_of(phrase)).collect();
    let mut denied = false;
    for phrase in read("to") {
        for target in resolve_plain(&phrase, &["somebody".to_owned()], world) {
            for role in &roles {
                rules.denies.push(Deny {
                    role: role.clone(),
                    entity: target.entity.clone(),
                    fields: target.fields.clone(),
                    changes_only: false,
                });
                denied = true;
            }
        }
    }
    denied
}

/// Roles that are shown a short reference *instead of names*.
pub(crate) fn references(parsed: &[Parsed], world: &World) -> (Option<String>, Vec<String>) {
    let mut prefix = None;
    let mut roles = Vec::new();
    for Parsed { sentence, clauses } in parsed {
        let text = sentence.text.to_lowercase();
        let about =
            text.contains("reference") || text.contains("pseudonym") || text.contains("instead of name");
        if !about {
            continue;
        }
        prefix = prefix.or_else(|| reference_prefix(&sentence.text));
        for clause in clauses {
            for phrase in clause.subjects.iter() {
                let mut found = world.roles_of(phrase);
                if found.is_empty() {
                    for word in &phrase.words {
                        found.extend(world.roles_named(&crate::words::singular(word)));
                    }
                }
                for role in found {
                    let kind = world.roles.get(&role).map(|role| role.kind);
                    if !matches!(kind, Some(RoleKind::Panel | RoleKind::Subject | RoleKind::Owner))
                        && !roles.contains(&role)
                    {
                        roles.push(role);
                    }
                }
            }
        }
    }
    (prefix, roles)
}

/// `PT` from `PT-7F3A4B`.
fn reference_prefix(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').find_map(|word| {
        let (letters, code) = word.split_once('-')?;
        let fits = (1..=4).contains(&letters.len())
            && letters.bytes().all(|b| b.is_ascii_uppercase())
            && code.len() >= 3
            && code.bytes().any(|b| b.is_ascii_digit());
        fits.then(|| letters.to_owned())
    })
}
