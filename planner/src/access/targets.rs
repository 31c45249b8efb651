//! The records and fields that a phrase means, and how far it reaches.

use super::conditions::{in_unknown_state, states_from};
use super::granting::shown;
use super::kept::{of_the_person, pictured, written_by_people, written_by_the_person};
use super::{Memory, Reach};
use crate::catalogue::{EntityKind, catalogue};
use crate::clauses::{Clause, Phrase};
use crate::entities::phrase_key;
use crate::words::key_of;
use crate::world::World;

pub(crate) use super::reaching::reach;

/// A record, or some of its fields.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) entity: String,
    pub(crate) fields: Option<Vec<String>>,
    pub(crate) own: bool,
    pub(crate) all: bool,
    pub(crate) when: Vec<String>,
    /// Only some of the records, by a word that was not understood.
    pub(crate) partial: bool,
}

impl Target {
    pub(crate) fn whole(entity: String) -> Self {
        Self { entity, fields: None, own: false, all: false, when: Vec::new(), partial: false }
    }
}

pub(crate) fn resolve(
    phrase: &Phrase,
    clause: &Clause,
    roles: &[String],
    world: &World,
    memory: &Memory,
) -> Vec<Target> {
    let key = phrase_key(phrase);
    let page = [
        "list",
        "page",
        "board",
        "dashboard",
        "copy",
        "calendar",
        "overview",
        "screen",
        "schedule",
        "roster",
        "rota",
    ]
    .iter()
    .any(|word| key.ends_with(word));
    if page && !shown(clause).is_empty() {
        // The page is not the thing; what it shows is.
        return shown(clause).iter().take(1).flat_map(|shown| resolve_plain(shown, roles, world)).collect();
    }
    // `specialists only see families assigned to them`: the people that these are of.
    let whose = matches!(key.as_str(), "family" | "household" | "couple" | "case load" | "caseload")
        && reach(phrase, clause, world) == Reach::Own;
    if whose
        && world.entity_named(&key).is_none()
        && let Some(subject) = world.subject()
    {
        return vec![Target::whole(subject.to_owned())];
    }
    if key == "person" {
        return world.subject().map(|subject| Target::whole(subject.to_owned())).into_iter().collect();
    }
    if matches!(key.as_str(), "it" | "them" | "that" | "this") {
        let kept: Vec<String> = world
            .entities
            .iter()
            .filter(|(_, entity)| entity.kind == EntityKind::Clinical)
            .map(|(name, _)| name.clone())
            .collect();
        return match (memory.entities.as_slice(), kept.as_slice()) {
            ([], [one]) => vec![Target::whole(one.clone())],
            (spoken, _) => {
                // `sees the prescriptions only and marks them dispensed`: no more than what was seen.
                let mut targets = memory_targets(spoken);
                for target in &mut targets {
                    let mut of_it = memory.values.iter().filter(|(name, _)| *name == target.entity);
                    target.fields = of_it.next().map(|(_, fields)| fields.clone());
                }
                targets
            }
        };
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
    // `should be able to see the log`: what was spoken of last.
    if matches!(key.as_str(), "log" | "diary" | "entry")
        && phrase.article
        && world.entity_named(&key).is_none()
        && !memory.entities.is_empty()
        && !clause.not
    {
        return memory_targets(&memory.entities);
    }
    if key == "answer" && !world.forms.is_empty() {
        return world.forms.keys().cloned().map(Target::whole).collect();
    }
    // `women read their own record`: the person's record with all its parts.
    let person = roles.iter().any(|role| {
        world.roles.get(role).is_some_and(|role| role.kind == crate::catalogue::RoleKind::Subject)
    });
    if phrase.own
        && person
        && matches!(key.as_str(), "record" | "data" | "file" | "chart" | "information")
        && let Some(subject) = world.subject()
    {
        return world.parts(subject).into_iter().map(Target::whole).collect();
    }
    // `only the user sees their entries`, `must not see anything`: where it narrows, all is meant.
    let sweeping = matches!(
        key.as_str(),
        "entry" | "data" | "record" | "information" | "log" | "anything" | "everything"
    );
    if sweeping
        && clause.narrowing > 0
        && world.entity_named(&key).is_none()
        && (clause.not
            || clause.nobody
            || phrase.own
            || clause.only_subjects
            || clause.but_not.contains(phrase))
    {
        return world
            .entities
            .iter()
            .filter(|(_, entity)| entity.kind != EntityKind::Thing)
            .map(|(name, _)| Target::whole(name.clone()))
            .collect();
    }
    if key == "everything" || key == "anything" && !clause.not {
        return world
            .entities
            .iter()
            .filter(|(_, entity)| entity.kind != EntityKind::Thing || entity.concept.is_some())
            .map(|(name, _)| Target::whole(name.clone()))
            .collect();
    }
    if world.entity_named(&key).is_none() && written_by_people(&key) && of_the_person(phrase, clause, world) {
        return written_by_the_person(world);
    }
    // `prescribes opioids`: prescriptions, whatever of.
    let prescribes = clause.verbs.iter().any(|(_, word)| crate::words::base(word) == Some("prescribe"));
    if prescribes && world.entity_named(&key).is_none() && world.entities.contains_key("prescription") {
        return vec![Target::whole("prescription".into())];
    }
    // `the physician orders dressings`, where dressing orders are kept: what is done leaves the record.
    const LEAVES: &[(&str, &str)] =
        &[("order", "order"), ("refer", "referral"), ("request", "request"), ("report", "report")];
    for (does, left) in LEAVES {
        let named = format!("{key} {left}");
        if clause.verbs.iter().any(|(_, word)| crate::words::base(word) == Some(does))
            && let Some(name) = world.entities.keys().find(|name| key_of(name) == named)
        {
            return vec![Target::whole(name.clone())];
        }
    }
    of_a_record(phrase, clause, world)
        .map_or_else(|| resolve_plain(phrase, roles, world), |found| vec![found])
}

/// `the date and length of each session`: values of the record that is named behind them.
fn of_a_record(phrase: &Phrase, clause: &Clause, world: &World) -> Option<Target> {
    let key = phrase_key(phrase);
    if world.entity_named(&key).is_some() || !phrase.of.is_empty() {
        return None;
    }
    let of = clause.tails.iter().filter(|tail| tail.by == "of").flat_map(|tail| &tail.phrases);
    let whole = of.filter(|whole| whole.at > phrase.at).find_map(|whole| world.entity_of(&whole.words))?;
    let fields = fields_of(&whole, &key, world).filter(|_| world.subject() != Some(whole.as_str()))?;
    Some(Target { fields: Some(fields), ..Target::whole(whole) })
}

pub(crate) fn memory_targets(entities: &[String]) -> Vec<Target> {
    entities.iter().cloned().map(Target::whole).collect()
}

pub(crate) fn resolve_plain(phrase: &Phrase, roles: &[String], world: &World) -> Vec<Target> {
    let key = phrase_key(phrase);
    // `the patient's record`.
    if !phrase.of.is_empty()
        && matches!(key.as_str(), "record" | "chart" | "file" | "data" | "profile" | "information")
        && let Some(owner) = world.entity_of(&phrase.of)
    {
        return vec![Target::whole(owner)];
    }
    if !phrase.of.is_empty()
        && let Some(owner) = world.entity_of(&phrase.of)
        && let Some(fields) = fields_of(&owner, &key, world)
    {
        return vec![Target { fields: Some(fields), ..Target::whole(owner) }];
    }
    // `their own patients' reports`: what these write.
    if !phrase.of.is_empty()
        && written_by_people(&key)
        && world.entity_named(&key).is_none()
        && world.entity_of(&phrase.of).as_deref() == world.subject()
    {
        return written_by_the_person(world);
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
        let partial = in_unknown_state(phrase, world.entities.get(&entity));
        return vec![Target {
            when: if applies { when } else { Vec::new() },
            partial,
            ..Target::whole(entity)
        }];
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
    // `survey answers`: what stands in the survey.
    if let Some((last, first)) = phrase.words.split_last()
        && matches!(crate::words::singular(last).as_str(), "answer" | "response" | "reply")
        && let Some(entity) = world.entity_of(first)
    {
        return vec![Target::whole(entity)];
    }
    if world.forms.keys().any(|form| key_of(form) == key || key.starts_with(&key_of(form))) {
        let form = world.forms.keys().find(|form| key_of(form) == key || key.starts_with(&key_of(form)));
        return form.cloned().map(Target::whole).into_iter().collect();
    }
    let pictured = pictured(&key, world);
    if !pictured.is_empty() {
        return pictured;
    }
    // A field: of the subject first, then of whatever holds it.
    let holders = world.subject().into_iter().map(str::to_owned).chain(world.entities.keys().cloned());
    for holder in holders {
        if let Some(fields) = fields_of(&holder, &key, world) {
            let partial = in_unknown_state(phrase, world.entities.get(&holder));
            return vec![Target { fields: Some(fields), partial, ..Target::whole(holder) }];
        }
    }
    let near = world
        .entities
        .keys()
        .find_map(|entity| near_fields(entity, &key, world).map(|fields| (entity, fields)));
    if let Some((holder, fields)) = near {
        return vec![Target { fields: Some(fields), ..Target::whole(holder.clone()) }];
    }
    // `release positive results`: some of those that there are.
    let last = phrase.words.last().map(|word| crate::words::singular(word)).unwrap_or_default();
    if phrase.words.len() == 2
        && catalogue().entity(&last).is_some()
        && let Some(entity) = world.entity_named(&last)
    {
        return vec![Target { partial: true, ..Target::whole(entity) }];
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

/// The fields of a record that a key means: itself, its group, or those whose name ends with it.
pub(super) fn fields_of(entity: &str, key: &str, world: &World) -> Option<Vec<String>> {
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
    // `visit times`, `scan dates`: when it was.
    if matches!(key, "time" | "date" | "hour") {
        let all: Vec<String> = known
            .fields
            .iter()
            .filter(|(_, written)| !written.starts_with("identifier"))
            .filter(|(_, written)| written.contains("moment") || written.contains(" date"))
            .map(|(name, _)| name.clone())
            .collect();
        return (!all.is_empty()).then_some(all);
    }
    if matches!(last, "target" | "threshold" | "limit") {
        let all: Vec<String> = known.fields.keys().filter(|name| name.starts_with(last)).cloned().collect();
        return (!all.is_empty()).then_some(all);
    }
    None
}

/// `fit` for `fit for work`, `status` for `order status`: the only value of a record so named.
fn near_fields(entity: &str, key: &str, world: &World) -> Option<Vec<String>> {
    let near: Vec<String> = world
        .entities
        .get(entity)?
        .fields
        .keys()
        .filter(|name| {
            let name = key_of(name);
            name.starts_with(&format!("{key} ")) || name.ends_with(&format!(" {key}"))
        })
        .cloned()
        .collect();
    (near.len() == 1).then_some(near)
}
