//! `Nurses see vitals`: who does it, with what, and how far.

use super::counted::{given, is_aggregate, is_page};
use super::{
    Memory, Reach, Rules,
    denied::{is_group, is_kept_nowhere, resolve_denied},
    granting::{added_to, grant, released_to, shown, signatures, spec_verbs},
    meant::{elsewhere, moving, stays_outside, written_by},
    narrowing::{deny, narrow},
    passive::assign,
    targets::{Target, memory_targets, reach, resolve},
};
use crate::{
    catalogue::RoleKind,
    clauses::{Clause, Phrase},
    words::Verb,
    world::World,
};

/// `visible only to nurses`: an adjective behind *is*.
pub(crate) fn passive_form(clause: &Clause) -> bool {
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

/// What the objects of a clause turned out to be.
#[derive(Default)]
struct Objects {
    targets: Vec<Target>,
    unknown: Vec<Phrase>,
    /// Counts and averages: measures, no records.
    aggregate: bool,
    /// `each other's data`.
    others_only: bool,
    /// `change nothing`.
    nothing: bool,
    /// `what the manager releases`.
    by_permission: bool,
}

/// Reads a clause in the active voice; says whether it was understood, its narrowing included.
pub(crate) fn active(
    clause: &Clause,
    roles: &[String],
    world: &mut World,
    rules: &mut Rules,
    memory: &mut Memory,
) -> bool {
    // `each child has a feeding plan`: what there is, and not who sees it.
    let holds = !clause.verbs.is_empty()
        && clause.verbs.iter().all(|(_, word)| matches!(word.as_str(), "has" | "have"))
        && clause.subjects.iter().all(|phrase| phrase.all || phrase.article)
        && roles.iter().all(|role| world.roles.get(role).is_some_and(|role| role.kind == RoleKind::Subject))
        && clause.narrowing == 0;
    if holds {
        return true;
    }
    let named;
    let clause = match written_by(clause, world, rules) {
        Some(said) => {
            named = said;
            &named
        }
        None => clause,
    };
    let verbs = spec_verbs(clause);
    if clause.not && stays_outside(clause) {
        for role in roles {
            if let Some(known) = world.roles.get_mut(role) {
                known.acts = false;
            }
            rules.no_login.push(role.clone());
        }
        return true;
    }
    if clause.not && elsewhere(clause, world) {
        return true;
    }
    // `mark them delivered`, `mark it as done`: it moves on, and nothing else of it is changed.
    let marked;
    let clause = match super::meant::marks(clause, world, memory) {
        Some(said) => {
            marked = said;
            &marked
        }
        None => clause,
    };
    // `change the status`: who moves a record on changes nothing else of it.
    let status = |phrase: &Phrase| {
        phrase.words.last().is_some_and(|word| matches!(word.as_str(), "status" | "state" | "stage" | "step"))
    };
    let moved;
    let clause = if clause.does(Verb::Update)
        && !clause.objects.is_empty()
        && clause.objects.iter().all(status)
        && let Some(record) = moving(&clause.objects, world, memory)
    {
        let objects = vec![Phrase { words: vec![record], ..Phrase::default() }];
        moved = Clause { objects, verbs: vec![(Verb::Review, "approve".into())], ..clause.clone() };
        &moved
    } else {
        clause
    };
    let narrows = clause.not || clause.only || clause.only_subjects || !clause.but_not.is_empty();
    // `each patient can have several cycles` tells what is kept of them, and not what they see.
    let described = !narrows
        && clause.narrowing == 0
        && clause.objects.iter().all(|phrase| world.entity_of(&phrase.words).is_some())
        && clause.verbs.iter().all(|(_, word)| crate::words::base(word) == Some("have"))
        && roles
            .iter()
            .all(|role| world.roles.get(role).is_some_and(|known| known.kind == RoleKind::Subject));
    if described {
        return true;
    }
    if clause.does(Verb::Assign) && !clause.not {
        return assign(clause, roles, world, rules, memory);
    }
    if verbs.is_empty() && !narrows {
        return clause.does(Verb::Work) && clause.narrowing == 0;
    }
    // `only the donor advocate works with donors`: what one works with is what one sees.
    let with: Vec<Phrase> = clause
        .tails
        .iter()
        .filter(|tail| matches!(tail.by.as_str(), "with" | "on" | "into" | "to"))
        .flat_map(|tail| tail.phrases.clone())
        .filter(|phrase| world.entity_of(&phrase.words).is_some())
        .collect();
    let worked;
    let clause = if narrows && clause.objects.is_empty() && verbs.is_empty() && !with.is_empty() {
        worked = Clause { objects: with, verbs: vec![(Verb::View, "see".into())], ..clause.clone() };
        &worked
    } else {
        clause
    };
    let verbs = spec_verbs(clause);
    // Nobody takes anything out who was not said to.
    let takes_out = clause.verbs.iter().all(|(verb, _)| {
        matches!(verb, Verb::Export | Verb::Share | Verb::Message | Verb::Upload | Verb::Pay)
    });
    if clause.not && takes_out && !clause.verbs.is_empty() {
        return true;
    }
    let mut objects = read_objects(clause, roles, world, memory);
    if objects.others_only && objects.targets.is_empty() {
        return true;
    }
    if objects.by_permission && objects.targets.is_empty() {
        for role in roles {
            if let Some(role) = world.roles.get_mut(role) {
                role.bounded = true;
            }
            rules.conditional.push((format!("what {role} may see is released by somebody"), 9));
        }
        return true;
    }
    // `Drivers: nothing else`: no more than what was said of them.
    if clause.only
        && clause.narrowing == 1
        && clause.objects.is_empty()
        && clause.tails.is_empty()
        && clause.but_not.is_empty()
    {
        for role in roles {
            if let Some(known) = world.roles.get_mut(role) {
                known.bounded = true;
            }
        }
        return true;
    }
    if objects.nothing {
        let all: Vec<Target> = world.entities.keys().cloned().map(Target::whole).collect();
        return deny(&all, clause, roles, false, world, rules);
    }
    // `notes that only they can read`: what was spoken of last.
    if objects.targets.is_empty()
        && clause.objects.is_empty()
        && (clause.narrowing > 0 && (verbs.contains(&"view") || verbs.contains(&"update"))
            || clause.does(Verb::Review)
            || clause.does(Verb::Sign))
    {
        objects.targets = memory_targets(&memory.entities);
    }
    if clause.not {
        return denial(objects, clause, roles, world, rules, memory);
    }
    permission(objects, clause, roles, world, rules, memory)
}

fn read_objects(clause: &Clause, roles: &[String], world: &mut World, memory: &Memory) -> Objects {
    let mut out = Objects::default();
    let subject_only =
        roles.iter().all(|role| world.roles.get(role).is_some_and(|role| role.kind == RoleKind::Subject));
    let phrases: Vec<Phrase> = clause.objects.iter().cloned().chain(shown(clause)).collect();
    for phrase in &phrases {
        // `only what the manager releases`: by a permission, and so nothing yet.
        if phrase.words.first().is_some_and(|word| word == "what") && given(phrase) {
            out.by_permission = true;
            continue;
        }
        // `log whether they took their medication`: a value of the record that holds it.
        if let Some(told) = crate::entities::whether(phrase) {
            let holds = world.entities.iter().find(|(_, entity)| entity.fields.contains_key(&told.name));
            if let Some((holder, _)) = holds {
                // `see whether their patients took it`: of those who are theirs.
                let own = phrase.words.windows(2).any(|pair| {
                    pair[0] == "their" && world.entity_of(&pair[1..]).as_deref() == world.subject()
                });
                let fields = Some(vec![told.name]);
                out.targets.push(Target { fields, own, ..Target::whole(holder.clone()) });
            }
            continue;
        }
        // `each child has one therapist`: who is responsible, and nothing that is seen.
        if clause.does(Verb::Have) && !phrase.own && !world.roles_of(phrase).is_empty() {
            continue;
        }
        if phrase.words == ["nothing"] {
            out.nothing = true;
            continue;
        }
        // `sets the basal rate`, `sees phone numbers`: a value, whatever its last word is.
        let key = crate::entities::phrase_key(phrase);
        let kept = phrase.words.len() > 1 && crate::catalogue::catalogue().field(&key).is_some()
            || world.has_value(&key)
            || world.entities.keys().any(|name| crate::words::key_of(name) == key);
        if is_aggregate(phrase, clause) && !clause.not && !kept {
            out.aggregate = true;
            if clause.narrowing > 0 {
                for role in roles {
                    if let Some(role) = world.roles.get_mut(role) {
                        role.bounded = true;
                    }
                }
            }
            continue;
        }
        // `each other's data`: others' records are never in a patient's reach.
        if phrase.other && clause.not && (subject_only || phrase.article || !phrase.of.is_empty()) {
            out.others_only = true;
            if !subject_only {
                for entity in
                    resolve(phrase, clause, roles, world, memory).into_iter().map(|target| target.entity)
                {
                    // `therapists do not see each other's patients`: they see those assigned to them.
                    if world.subject() == Some(entity.as_str()) {
                        roles.iter().for_each(|role| super::granting::own_patients(role, &entity, world));
                        continue;
                    }
                    world.authors.extend(roles.iter().map(|role| (role.clone(), entity.clone())));
                }
            }
            continue;
        }
        let found = if clause.not {
            resolve_denied(phrase, clause, roles, world, memory)
        } else {
            resolve(phrase, clause, roles, world, memory)
        };
        if found.is_empty() && !is_page(phrase) && !(clause.not && is_group(phrase)) {
            out.unknown.push(phrase.clone());
        }
        for mut target in found {
            let how_far = reach(phrase, clause, world);
            let pronoun = matches!(phrase.words.last().map(String::as_str), Some("it" | "them"));
            target.own |= how_far == Reach::Own;
            target.all |= !pronoun && how_far == Reach::Place;
            out.targets.push(target);
        }
    }
    out
}

/// A denial is understood when each of its objects is.
fn denial(
    mut objects: Objects,
    clause: &Clause,
    roles: &[String],
    world: &World,
    rules: &mut Rules,
    memory: &mut Memory,
) -> bool {
    for phrase in &objects.unknown {
        // The record that the first words name, if not the field: `the exam notes` of an exam.
        match (1..phrase.words.len()).find_map(|at| world.entity_of(&phrase.words[..at])) {
            Some(entity) => objects.targets.push(Target::whole(entity)),
            None if is_kept_nowhere(phrase, world) => {}
            None => return false,
        }
    }
    if objects.targets.is_empty() {
        return clause.objects.iter().all(|phrase| is_group(phrase) || is_kept_nowhere(phrase, world));
    }
    memory.entities = objects.targets.iter().map(|target| target.entity.clone()).collect();
    let others = clause.subjects.iter().any(|phrase| phrase.other && !phrase.words.is_empty());
    deny(&objects.targets, clause, roles, others, world, rules)
}

fn permission(
    objects: Objects,
    clause: &Clause,
    roles: &[String],
    world: &mut World,
    rules: &mut Rules,
    memory: &mut Memory,
) -> bool {
    if objects.targets.is_empty() {
        let aggregate = objects.aggregate || !clause.objects.is_empty() && objects.unknown.is_empty();
        if !clause.but_not.is_empty() || aggregate && clause.narrowing > 0 {
            return narrow(&objects.targets, clause, roles, world, rules, memory);
        }
        return objects.unknown.is_empty() && clause.narrowing == 0;
    }
    memory.entities = objects.targets.iter().map(|target| target.entity.clone()).collect();
    let values =
        objects.targets.iter().filter_map(|target| Some((target.entity.clone(), target.fields.clone()?)));
    memory.values = values.collect();
    if clause.nobody {
        return false;
    }
    // `only the doctor who wrote them can see them`.
    if clause.subjects.iter().any(|phrase| phrase.modifiers.iter().any(|word| word == "author")) {
        for target in &objects.targets {
            world.authors.extend(roles.iter().map(|role| (role.clone(), target.entity.clone())));
        }
    }
    grant(&objects.targets, &spec_verbs(clause), clause, roles, world, rules);
    signatures(&objects.targets, clause, roles, world);
    released_to(&objects.targets, clause, world, rules);
    added_to(clause, roles, world, rules);
    if !without(clause, roles, world, rules, memory) {
        return false;
    }
    if clause.narrowing == 0 {
        return true;
    }
    // What was not understood of a bounded role's objects is not granted, and is told.
    let only_who = clause.only_subjects && !objects.unknown.is_empty();
    for phrase in &objects.unknown {
        rules.not_understood.push(format!("what `{}` is, so nobody sees it", phrase.words.join(" ")));
    }
    !only_who && narrow(&objects.targets, clause, roles, world, rules, memory)
}

/// `researchers see answers without names`: the names are denied.
fn without(clause: &Clause, roles: &[String], world: &World, rules: &mut Rules, memory: &Memory) -> bool {
    if !clause.does(Verb::View) {
        return true;
    }
    for phrase in clause.tails.iter().filter(|tail| tail.by == "without").flat_map(|tail| &tail.phrases) {
        let found = resolve_denied(phrase, clause, roles, world, memory);
        if found.is_empty() && !is_group(phrase) && !is_kept_nowhere(phrase, world) {
            rules.not_understood.push(format!("without what: {}", phrase.words.join(" ")));
        }
        for role in roles {
            rules.denies.extend(found.iter().map(|target| super::Deny::of(role, target)));
        }
    }
    true
}
