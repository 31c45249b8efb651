//! What the app keeps: records with their fields, from lists, parentheses and the objects of verbs.

mod behind;
mod described;
mod files;
mod holders;
mod lists;
mod loose;
mod measured;
mod naming;
mod objects;
mod parts;
mod relations;
mod settings;
mod spoken;
mod values;

pub(crate) use measured::measured;
pub(crate) use parts::account;
pub(crate) use spoken::{appointments, spoken_of};

use crate::catalogue::{EntityConcept, EntityKind, RoleKind, catalogue};
use crate::clauses::{Clause, Phrase};
use crate::fields::proper_name;
use crate::sentences::Token;
use crate::words::{Verb, key, key_of, singular};
use crate::world::{Entity, Parsed, World};
use crate::{features, fields};
use lists::{from_head, from_list, from_title};
use loose::loose_fields;
pub(crate) use loose::whether;
use naming::{generic, given, is_activity, often};
use objects::from_clause;
use parts::{each_with, each_with_at, preview};

/// Names of tables that every app has.
const OWN_TABLES: &[&str] = &[
    "session",
    "account",
    "person",
    "token",
    "event",
    "lane",
    "head",
    "key",
    "grant",
    "membership",
    "organisation",
];

/// What is asked for and then done, under one name: a ride request is the ride.
const ASKED_FOR: &[&str] =
    &["ride", "trip", "transport", "pickup", "delivery", "booking", "visit", "appointment"];

/// Finds the records of the prompt and their fields.
pub(crate) fn find(parsed: &[Parsed], world: &mut World) {
    let cared_for = world
        .roles
        .iter()
        .find(|(_, role)| role.kind == RoleKind::Subject)
        .map(|(name, _)| name.clone())
        .or_else(|| spoken_of(parsed));
    if let Some(name) = cared_for {
        define(&name, world, false);
    }
    parsed.iter().flat_map(|one| &one.clauses).for_each(|clause| relations::belongs(clause, world));
    world.doers = spoken::doers(parsed, world);
    world.events = spoken::events(parsed);
    world.spoken = spoken::worked_with(parsed);
    let heads: Vec<bool> =
        parsed.iter().enumerate().map(|(at, one)| from_head(one, at == 0, world)).collect();
    if let Some(first) = parsed.first() {
        from_title(first, world);
    }
    for (one, head) in parsed.iter().zip(&heads) {
        if *head || features::settles(&one.sentence) {
            continue;
        }
        let of_form = features::is_form_sentence(&one.sentence);
        let has_verb = one.clauses.iter().any(|clause| !clause.verbs.is_empty());
        if of_form && !has_verb {
            let (rest, many) = without_form(&one.sentence.tokens);
            if many {
                from_list(&rest, one.sentence.under.as_deref(), false, world);
            }
            continue;
        }
        let title = parsed.first().is_some_and(|first| std::ptr::eq(first, one));
        // `Patients, exercise plans and a pain diary that the patient fills in`: a list up to its clause.
        let listed = one
            .clauses
            .first()
            .is_some_and(|clause| clause.verbs.is_empty() && !clause.not && clause.subjects.len() > 1);
        // `The packet: demographics (name, phone), insurance`: a heading over records.
        let heading = one.sentence.head.as_deref().is_none_or(|head| {
            crate::words::is_no_record(&key_of(head.trim_start_matches("the ")))
                && one.sentence.tokens.contains(&Token::Open)
        });
        if has_verb && listed && heading {
            let acts = one.clauses.get(1).and_then(|clause| clause.subjects.first()).map(|phrase| phrase.at);
            let end = one
                .sentence
                .tokens
                .iter()
                .position(|token| token.is("that") || token.is("which"))
                .or(acts.filter(|at| *at <= one.sentence.tokens.len()));
            if let Some(end) = end {
                from_list(&one.sentence.tokens[..end], one.sentence.under.as_deref(), title, world);
            }
        }
        if !has_verb && (heading || title) {
            from_list(&one.sentence.tokens, one.sentence.under.as_deref(), title, world);
        }
        let each = each_with_at(&one.sentence.tokens).is_some();
        for clause in one.clauses.iter().filter(|clause| !of_form || !fills_a_form(clause)) {
            if !offers(clause) {
                from_clause(clause, each, world);
            }
        }
        // `the questionnaire (…) and a sleep diary (bed time, wake time)`: the diary is no form.
        for clause in one.clauses.iter().filter(|clause| of_form && fills_a_form(clause)) {
            for phrase in clause.objects.iter().filter(|phrase| !is_form(phrase)) {
                if phrase.paren.contains(&Token::Comma) {
                    described::with_fields(phrase, world);
                }
            }
        }
    }
    for one in parsed {
        each_with(&one.sentence.tokens, world);
        preview(&one.sentence.tokens, world);
        if !features::settles(&one.sentence) {
            one.clauses.iter().for_each(|clause| files::from_files(clause, world));
            files::from_lists(&one.sentence.tokens, world);
        }
    }
    // `Nurses give infusions. They document start time and rate`: values are of what the same people spoke of last.
    let mut spoken: Option<(String, Vec<String>)> = None;
    for (one, head) in parsed.iter().zip(&heads) {
        let mut here = false;
        for clause in &one.clauses {
            let who: Vec<String> = clause.subjects.iter().map(phrase_key).collect();
            let tokens = &one.sentence.tokens;
            let moves = tokens.contains(&Token::Arrow)
                || tokens.iter().filter(|token| **token == Token::Above).count() > 1;
            if !head && !moves && !features::is_form_sentence(&one.sentence) && !offers(clause) {
                let same = |(_, by): &&(String, Vec<String>)| {
                    who.iter().all(|name| {
                        matches!(name.as_str(), "they" | "he" | "she" | "we" | "i") || by.contains(name)
                    })
                };
                let about = spoken.as_ref().filter(same).map(|(record, _)| record.clone());
                loose_fields(clause, about.as_deref().map(|about| (about, here)), parsed, world);
            }
            if let Some(record) = treated_in(clause, world) {
                // `see their plan and log pain`: what is only looked at takes nothing in.
                here = clause.verbs.iter().any(|(verb, _)| *verb != Verb::View);
                spoken = Some((record, who));
            }
        }
    }
    relations::relations(parsed, world);
}

/// `We do home infusions (IVIG, antibiotics)`: what the place is for, and nothing that is written down.
fn offers(clause: &Clause) -> bool {
    clause.subjects.iter().all(|phrase| phrase.words == ["we"] || phrase.words == ["i"])
        && clause.verbs.iter().all(|(_, word)| {
            matches!(
                word.as_str(),
                "do" | "offer" | "provide" | "run" | "operate" | "serve" | "deliver" | "match"
            )
        })
        && !clause.verbs.is_empty()
        && !clause.objects.iter().any(|phrase| {
            values::is_value(phrase)
                || crate::nouns::items(&phrase.paren)
                    .iter()
                    .any(|item| catalogue().field(&item.key()).is_some())
        })
}

/// The record that a clause is about: one of what is done to people, and no list of money or things.
fn treated_in(clause: &Clause, world: &World) -> Option<String> {
    // `take a picture of the burn at every dressing change`: of the change.
    let event = clause
        .tails
        .iter()
        .filter(|tail| matches!(tail.by.as_str(), "at" | "during" | "after"))
        .flat_map(|tail| &tail.phrases)
        .filter(|phrase| phrase.all);
    let tails = clause.tails.iter().filter(|tail| matches!(tail.by.as_str(), "for" | "before" | "of" | "on"));
    let phrases =
        event.chain(&clause.objects).chain(&clause.subjects).chain(tails.flat_map(|tail| &tail.phrases));
    phrases
        .filter_map(|phrase| world.entity_of(&phrase.words))
        .find(|name| world.entities.get(name).is_some_and(|entity| entity.kind == EntityKind::Clinical))
}

/// Whether a clause is about the questionnaire of its sentence.
fn fills_a_form(clause: &Clause) -> bool {
    clause.objects.iter().chain(clause.tails.iter().flat_map(|tail| &tail.phrases)).any(is_form)
}

/// A list without the form in it, `rooms, appointments, intake form (injuries, allergies), notes`, and whether more
/// than the form was listed.
fn without_form(tokens: &[Token]) -> (Vec<Token>, bool) {
    let mut rest = Vec::new();
    let mut kept = 0;
    for piece in crate::nouns::separate(tokens) {
        let form = piece
            .iter()
            .filter_map(Token::word)
            .any(|word| matches!(singular(word).as_str(), "questionnaire" | "form" | "survey"));
        if !form {
            kept += 1;
            if !rest.is_empty() {
                rest.push(Token::Comma);
            }
            rest.extend(piece.iter().cloned());
        }
    }
    (rest, kept > 2)
}

fn is_form(phrase: &Phrase) -> bool {
    phrase
        .words
        .iter()
        .any(|word| matches!(singular(word).as_str(), "questionnaire" | "form" | "survey" | "intake"))
}

/// The key of a phrase's words.
pub(crate) fn phrase_key(phrase: &Phrase) -> String {
    key(&phrase.words.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Defines a record by its phrase; an unknown one only where `custom` says that it is one.
pub(crate) fn define(phrase: &str, world: &mut World, custom: bool) -> Option<String> {
    let item = fields::plain(&phrase.to_lowercase());
    let mut key = item.bare_key();
    // `ride requests` are rides.
    if custom && catalogue().entity(&key).is_none() {
        for ending in [" request", " record", " entry"] {
            if let Some(bare) = key.strip_suffix(ending).filter(|bare| {
                !crate::words::is_no_record(bare)
                    && (ending != " request" || ASKED_FOR.contains(bare))
                    && catalogue().field(bare).is_none()
                    && catalogue().role(bare).is_none()
            }) {
                key = bare.to_owned();
                break;
            }
        }
    }
    // `office managers run their own location`: a place, and no record.
    if world.place.as_deref() == Some(key.as_str()) {
        return None;
    }
    let is_subject = catalogue().role(&key).is_some_and(|(kind, _)| kind == RoleKind::Subject);
    if let Some(found) = world.entities.keys().find(|name| key_of(name) == key) {
        return Some(found.clone());
    }
    if is_subject || catalogue().entity(&key).is_some_and(|(concept, _)| concept.kind == EntityKind::Subject)
    {
        if let Some(subject) = world.subject() {
            return Some(subject.to_owned());
        }
        let name = if is_subject { proper_name(&key)? } else { "patient".into() };
        let concept = catalogue().entity("patient").map(|(concept, _)| concept);
        world.entities.insert(name.clone(), Entity::new(concept, EntityKind::Subject));
        return Some(name);
    }
    let (concept, name): (Option<&'static EntityConcept>, String) = match catalogue().entity(&key) {
        Some((concept, name)) => {
            // `visits` in a prompt that defines encounters.
            if let Some(found) = world.entity_named(&key).filter(|found| {
                world
                    .entities
                    .get(found)
                    .and_then(|entity| entity.concept)
                    .is_some_and(|known| known.name == concept.name)
                    && generic(&key, found)
            }) {
                return Some(found);
            }
            // `test results` in a prompt that has results of specimens: these.
            let last = key.rsplit(' ').next().unwrap_or_default();
            if matches!(last, "result") && key.contains(' ') && world.entities.contains_key(last) {
                return Some(last.to_owned());
            }
            (Some(concept), name.to_owned())
        }
        // `daily meds given`: how often is no part of the name.
        None if custom
            && often(&key).is_some_and(|bare| {
                catalogue().entity(bare).is_some_and(|(concept, _)| concept.field_too)
            }) =>
        {
            let bare = often(&key).unwrap_or_default().to_owned();
            return define(&bare, world, false);
        }
        None if custom => {
            let last = key.rsplit(' ').next().unwrap_or_default();
            let words: Vec<&str> = key.split(' ').collect();
            const PLACES: &[&str] = &[
                "practice",
                "clinic",
                "hospital",
                "center",
                "centre",
                "agency",
                "facility",
                "home",
                "office",
                "app",
                "department",
                "company",
                "team",
                "site",
                "station",
                "county",
                "floor",
                "branch",
                "studio",
                "school",
                "unit",
                "ward",
                "shelter",
                "squad",
                "network",
            ];
            // `appointment booking`: two words for one kind of record.
            let concept_of = |word: &str| catalogue().entity(word).map(|(concept, _)| concept.name.clone());
            if let [first, second] = words.as_slice()
                && concept_of(first).is_some()
                && concept_of(first) == concept_of(second)
            {
                return define(first, world, false);
            }
            let done = key != "personal care"
                && words.last().is_some_and(|word| {
                    word.ends_with("ed") && !given(&words) || PLACES.contains(word) || is_activity(word)
                });
            if done
                || crate::words::is_no_record(&key)
                || catalogue().role(&key).is_some()
                || world.roles.keys().any(|role| key_of(role) == key)
                || words.len() > 4
                || key.len() < 3
            {
                return None;
            }
            (
                catalogue()
                    .entity(last)
                    .map(|(concept, _)| concept)
                    .filter(|concept| !concept.field_too && concept.kind != EntityKind::Subject),
                key.clone(),
            )
        }
        None => return None,
    };
    let mut kind = concept.map_or(EntityKind::Clinical, |concept| concept.kind);
    // `dressing orders`, `diet orders`: what a clinician orders for a person is no purchase.
    let ordered = key.strip_suffix(" order").is_some_and(|what| {
        ![
            "purchase", "sales", "supply", "frame", "lens", "product", "shop", "web", "online", "customer",
            "work",
        ]
        .iter()
        .any(|word| what.split(' ').any(|said| said == *word))
    });
    if ordered && kind == EntityKind::Business {
        kind = EntityKind::Clinical;
    }
    // The app's own sessions, accounts and logs have these tables.
    let name = if OWN_TABLES.contains(&name.as_str()) { format!("care {name}") } else { name };
    let name = proper_name(&name)?;
    world.entities.entry(name.clone()).or_insert_with(|| Entity::new(concept, kind));
    Some(name)
}

/// A thing that is booked or linked and stands in the catalogue: a chair in an appointment's list.
pub(crate) fn future_link(key: &str, world: &mut World) -> Option<String> {
    let (concept, _) = catalogue().entity(key)?;
    (concept.resource || concept.kind == EntityKind::Schedule).then(|| define(key, world, false)).flatten()
}
