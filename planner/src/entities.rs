//! What the app keeps: records with their fields, from lists, parentheses and the objects of verbs.

use crate::{
    catalogue::{EntityConcept, EntityKind, RoleKind, catalogue},
    clauses::{Clause, Phrase},
    features,
    fields::{self, NewField, Read, choices_of, proper_name},
    nouns::{Item, items},
    roles::is_role_head,
    sentences::Token,
    words::{Verb, key, key_of, singular, verb},
    world::{Entity, Parsed, World},
};

/// Words that are objects of verbs and no records.
const NOT_RECORDS: &[&str] = &[
    "list",
    "app",
    "time",
    "progress",
    "everything",
    "thing",
    "stuff",
    "data",
    "information",
    "info",
    "account",
    "password",
    "page",
    "dashboard",
    "report",
    "box",
    "day",
    "week",
    "month",
    "year",
    "phone",
    "way",
    "access",
    "question",
    "email",
    "sms",
    "text",
    "reminder",
    "notification",
    "message",
    "alert",
    "call",
    "link",
    "copy",
    "role",
    "hour",
    "system",
    "platform",
    "software",
    "tool",
    "portal",
    "website",
    "number",
    "one",
    "detail",
    "rest",
    "job",
    "work",
    "part",
    "name",
    "video",
    "chat",
    "login",
    "home",
    "calendar",
    "schedule",
    "user",
    "people",
    "person",
    "clinic",
    "practice",
    "hospital",
    "care",
    "overview",
    "summary",
    "status",
    "trend",
    "chart",
    "graph",
    "view",
    "ai",
    "code",
    "tracker",
    "sale",
    "contact",
    "demographic",
    "reference",
    "box",
    "notice",
    "version",
    "total",
    "analytic",
    "statistic",
    "consent",
    "file",
    "pdf",
    "export",
    "baa",
    "them",
    "it",
    "they",
    "morning",
    "evening",
    "night",
    "today",
    "end",
    "start",
    "place",
    "change",
    "request",
    "help",
    "support",
    "security",
    "privacy",
    "compliance",
    "hipaa",
    "log",
    "audit",
    "tick",
    "spreadsheet",
    "excel",
    "erasure",
    "deletion",
    "right",
    "card",
    "stripe",
    "identity",
    "who",
    "what",
    "each",
    "web",
    "mobile",
    "office",
    "charge",
    "record",
    "history",
    "profile",
    "packet",
    "receipt",
    "decision",
    "performance",
    "workload",
    "idea",
    "policy",
    "privacy policy",
    "audit log",
    "short reference",
    "cache",
    "hash",
];

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
    let heads: Vec<bool> = parsed.iter().map(|one| from_head(one, world)).collect();
    for (one, head) in parsed.iter().zip(heads) {
        if head || features::is_form_sentence(&one.sentence) || features::settles(&one.sentence) {
            continue;
        }
        let has_verb = one.clauses.iter().any(|clause| !clause.verbs.is_empty());
        if !has_verb && one.sentence.head.is_none() {
            from_list(&one.sentence.tokens, one.sentence.under.as_deref(), world);
        }
        let each = each_with_at(&one.sentence.tokens).is_some();
        for clause in &one.clauses {
            from_clause(clause, each, world);
        }
    }
    for one in parsed {
        each_with(&one.sentence.tokens, world);
        preview(&one.sentence.tokens, world);
    }
    for one in parsed {
        if !features::is_form_sentence(&one.sentence) {
            for clause in &one.clauses {
                loose_fields(clause, parsed, world);
            }
        }
    }
}

/// The word for the person cared for, where no role has it: `caregivers visit clients`.
pub(crate) fn spoken_of(parsed: &[Parsed]) -> Option<String> {
    const ALSO_OTHERS: &[&str] =
        &["member", "child", "student", "mother", "subject", "athlete", "donor", "employee"];
    let mut second = None;
    for one in parsed {
        let mut before = "";
        for word in one.sentence.tokens.iter().filter_map(Token::word) {
            let key = singular(word);
            if catalogue().role(&key).is_some_and(|(kind, _)| kind == RoleKind::Subject) {
                if !ALSO_OTHERS.contains(&key.as_str()) {
                    return Some(key);
                }
                if !matches!(before, "family" | "staff" | "team" | "crew" | "care") {
                    second = second.or(Some(key));
                }
            }
            before = word;
        }
    }
    second
}

/// `Patients: name, DOB` and `Notes on an encounter: SOAP (…), draft -> signed`.
fn from_head(one: &Parsed, world: &mut World) -> bool {
    let Some(head) = one.sentence.head.as_deref() else { return false };
    let under_roles = one.sentence.under.as_deref().is_some_and(is_role_head);
    if is_role_head(head)
        || under_roles
        || features::is_dashboard_head(head)
        || features::is_form_sentence(&one.sentence)
    {
        return false;
    }
    let (name, parent) =
        match [" on an ", " on a ", " for each ", " for a ", " per ", " of a ", " of each ", " on each "]
            .iter()
            .find_map(|word| head.split_once(word))
        {
            Some((name, parent)) => (name, Some(key_of(parent))),
            None => (head, None),
        };
    let listed = items(&one.sentence.tokens);
    let verbs = one.clauses.iter().any(|clause| {
        !clause.subjects.is_empty() && clause.verbs.iter().any(|(_, word)| word.as_str() != "set")
    });
    let long = listed.iter().any(|item| item.words.len() > 4);
    let known = catalogue().entity(&key_of(name)).is_some();
    if !known && (verbs || long || listed.len() < 2) {
        return false;
    }
    let Some(name) = define(name, world, true) else { return false };
    for item in &listed {
        item_of(&name, item, world);
    }
    if let Some(parent) = parent.and_then(|parent| world.entity_named(&parent))
        && parent != name
        && let Some(entity) = world.entities.get_mut(&name)
    {
        entity.part_of = Some(parent);
    }
    !verbs
}

/// A sentence without a verb: `Patients, dentists, chairs, treatment plans with procedures (…)`.
fn from_list(tokens: &[Token], under: Option<&str>, world: &mut World) {
    let listed = items(tokens);
    let known = listed
        .iter()
        .filter(|item| {
            let key = item.bare_key();
            catalogue().entity(&key).is_some() || catalogue().role(&key).is_some()
        })
        .count();
    let speaks = tokens
        .first()
        .and_then(Token::word)
        .is_some_and(|word| matches!(word, "we" | "i" | "it" | "this" | "no"));
    // The name of the whole app is no list.
    if speaks
        || listed.len() < 2
            && !listed.iter().any(|item| !item.paren.is_empty() || !item.with.is_empty())
            && under.is_none()
        || known == 0
    {
        return;
    }
    let mut last_with: Option<String> = None;
    for item in &listed {
        let name = item.bare_key();
        // `lesions with location and size`: what follows belongs to the lesion, until the next record.
        let known_item = catalogue().entity(&name).is_some_and(|(concept, _)| !concept.field_too)
            || catalogue().role(&name).is_some()
            || catalogue().entity(item.key().rsplit(' ').next().unwrap_or_default()).is_some();
        if let Some(last) = last_with.clone().filter(|_| !known_item && item.paren.is_empty()) {
            item_of(&last, item, world);
            continue;
        }
        last_with = None;
        if catalogue().role(&name).is_some_and(|(kind, _)| kind != RoleKind::Subject) {
            continue;
        }
        if matches!(fields::read(item, None, EntityKind::Clinical), Read::File) {
            continue;
        }
        let custom = known >= 2
            && item.words.len() <= 3
            && !NOT_RECORDS.contains(&name.as_str())
            && item.rest.is_empty();
        let Some(name) =
            define(&item.phrase(), world, custom && item.paren.is_empty() || !item.paren.is_empty())
        else {
            continue;
        };
        parts_of(&name, &item.paren, world);
        parts_of(&name, &item.with, world);
        last_with =
            (!item.with.is_empty() && item.with.iter().all(|token| *token != Token::Open)).then_some(name);
    }
}

fn from_clause(clause: &Clause, each: bool, world: &mut World) {
    let writes = clause.does(Verb::Create) || clause.does(Verb::Track) || clause.does(Verb::Manage);
    let acts = clause.verbs.iter().any(|(verb, word)| {
        !matches!(verb, Verb::Message | Verb::Export | Verb::Pay | Verb::Share | Verb::Work)
            || matches!(word.as_str(), "need" | "needs" | "want" | "wants" | "require" | "requires")
    });
    let targets: &[Phrase] = if clause.passive { &clause.subjects } else { &clause.objects };
    let mut last: Option<String> = None;
    if acts && !clause.not {
        for phrase in targets {
            last = from_object(phrase, clause, writes, world).or(last);
        }
    }
    for phrase in
        clause.subjects.iter().chain(&clause.objects).filter(|_| !clause.passive || clause.not || clause.only)
    {
        // `A patient record (name, …) may be seen`, whatever is done with it.
        if !phrase.paren.is_empty() && last.is_none() {
            with_fields(phrase, world);
        }
    }
    for tail in &clause.tails {
        for phrase in tail.phrases.iter().filter(|_| !(each && tail.by == "with")) {
            tail_phrase(&tail.by, phrase, clause, last.as_deref(), writes, world);
        }
    }
}

fn from_object(phrase: &Phrase, clause: &Clause, writes: bool, world: &mut World) -> Option<String> {
    if !phrase.of.is_empty() && catalogue().field(&phrase_key(phrase)).is_some() {
        return None;
    }
    let key = phrase_key(phrase);
    // `volunteers register people (name, phone)`.
    if key == "person" && writes {
        let name = define("patient", world, false)?;
        parts_of(&name, &phrase.paren, world);
        return Some(name);
    }
    if !phrase.paren.is_empty()
        && let Some(name) = with_fields(phrase, world)
    {
        return Some(name);
    }
    if let Some((concept, _)) = catalogue().entity(&key) {
        let plain_field = concept.field_too && !writes
            || concept.field_too
                && catalogue().field(&key).is_some()
                && !clause.does(Verb::Create)
                && !clause.does(Verb::Manage);
        if plain_field {
            return world.entity_named(&key);
        }
        return define(&phrase.words.join(" "), world, false);
    }
    if let Some(found) = world.entity_named(&key) {
        return Some(found);
    }
    if clause.does(Verb::Book) && catalogue().weak_entity(&key).is_some() {
        return define("appointment", world, false);
    }
    if catalogue().weak_entity(&key).is_some() && writes {
        return define(&phrase.words.join(" "), world, false);
    }
    let last = phrase.words.last().map(|word| singular(word)).unwrap_or_default();
    let compound = phrase.words.len() > 1 && catalogue().entity(&last).is_some();
    let custom = (writes && catalogue().field(&key).is_none() || compound)
        && phrase.words.len() <= 3
        && !NOT_RECORDS.contains(&key.as_str())
        && (compound || !NOT_RECORDS.contains(&last.as_str()))
        && catalogue().role(&key).is_none()
        && world.roles_named(&key).is_empty();
    custom.then(|| define(&phrase.words.join(" "), world, true)).flatten()
}

/// `gets suggested CPT codes, each with a confidence score`: the codes are records with these fields.
fn each_with(tokens: &[Token], world: &mut World) {
    let Some(at) = each_with_at(tokens) else { return };
    let before: Vec<&str> = tokens[..at].iter().rev().take(8).filter_map(Token::word).collect();
    let Some(head) = before.iter().find(|word| !crate::words::is_glue(word)) else { return };
    let head = singular(head);
    let done = before.iter().find(|word| word.ends_with("ed") && word.len() > 4);
    let known = world.entity_named(&head);
    let name = match (done, known) {
        (None, Some(known)) => known,
        (Some(done), None) => format!("{done} {head}"),
        (None, None) => head.clone(),
        (Some(_), Some(known)) => known,
    };
    let whole: Vec<String> = world
        .entities
        .iter()
        .filter(|(other, entity)| **other != name && entity.kind == EntityKind::Clinical)
        .map(|(other, _)| other.clone())
        .collect();
    let Some(name) = define(&name, world, true) else { return };
    if head == "code"
        && let Some(entity) = world.entities.get_mut(&name)
    {
        entity.add(NewField { name: "code".into(), written: "clinical text, required".into() });
    }
    parts_of(&name, &tokens[at + 2..], world);
    if let [whole] = whole.as_slice()
        && let Some(entity) = world.entities.get_mut(&name)
    {
        entity.part_of = Some(whole.clone());
    }
}

fn each_with_at(tokens: &[Token]) -> Option<usize> {
    tokens.windows(2).position(|pair| pair[0].is("each") && pair[1].is("with"))
}

/// `we keep the first 200 characters`: a preview, of the one record that has no fields of its own.
fn preview(tokens: &[Token], world: &mut World) {
    let said = tokens.windows(3).any(|three| {
        three[0].is("first")
            && matches!(three[1], Token::Number(_))
            && (three[2].is("characters") || three[2].is("words"))
    });
    let bare = world
        .entities
        .values_mut()
        .find(|entity| entity.kind == EntityKind::Clinical && entity.fields.is_empty());
    if said && let Some(entity) = bare {
        entity.add(NewField { name: "preview".into(), written: "narrative".into() });
    }
}

/// What people who sign up tell of themselves, `(display name, organization and role are optional)`, is a
/// record of their own, of which everything else of theirs is a part.
pub(crate) fn account(one: &Parsed, role: &str, world: &mut World) {
    let Some(open) = one.sentence.tokens.iter().position(|token| *token == Token::Open) else { return };
    let close = crate::nouns::closing(&one.sentence.tokens, open);
    let listed = items(&one.sentence.tokens[open + 1..close]);
    if world.subject().is_some()
        || listed.is_empty()
        || !listed.iter().all(|item| catalogue().field(&item.key()).is_some())
    {
        return;
    }
    let mut entity = Entity::new(None, EntityKind::Subject);
    for item in &listed {
        if let Read::Fields(read) = fields::read(item, None, EntityKind::Subject) {
            read.into_iter().for_each(|field| entity.add(field));
        }
    }
    world.entities.insert(role.to_owned(), entity);
    if let Some(role) = world.roles.get_mut(role) {
        role.kind = RoleKind::Subject;
    }
}

/// `a patient record (name, phone)`.
fn with_fields(phrase: &Phrase, world: &mut World) -> Option<String> {
    let listed = items(&phrase.paren);
    let known = listed.iter().filter(|item| catalogue().field(&item.key()).is_some()).count();
    let prose =
        phrase.paren.iter().filter(|token| token.word().is_some_and(|word| verb(word).is_some())).count();
    if listed.is_empty() || known == 0 && prose > 0 || prose > listed.len() || listed.len() < 2 {
        return None;
    }
    if catalogue().field(&phrase_key(phrase)).is_some() && catalogue().entity(&phrase_key(phrase)).is_none() {
        return None;
    }
    let name = define(&phrase.words.join(" "), world, true)?;
    parts_of(&name, &phrase.paren, world);
    Some(name)
}

/// What stands behind a preposition: fields (`with a score`), or the parent (`for a patient (…)`).
fn tail_phrase(
    by: &str,
    phrase: &Phrase,
    clause: &Clause,
    last: Option<&str>,
    writes: bool,
    world: &mut World,
) {
    let key = phrase_key(phrase);
    match by {
        "with" | "including" | "of" if !phrase.words.is_empty() => {
            let target = last
                .map(str::to_owned)
                .or_else(|| clause.subjects.last().and_then(|subject| world.entity_of(&subject.words)));
            if let Some(target) = target
                && by != "of"
            {
                let item =
                    Item { words: phrase.words.clone(), paren: phrase.paren.clone(), ..Item::default() };
                if catalogue().field(&key).is_some()
                    || !phrase.paren.is_empty() && catalogue().entity(&key).is_some()
                {
                    item_of(&target, &item, world);
                }
                return;
            }
            if catalogue().entity(&key).is_some_and(|(concept, _)| !concept.field_too) {
                define(&phrase.words.join(" "), world, false);
            }
        }
        "for" | "per" | "on" | "against" if !phrase.paren.is_empty() && writes => {
            // `write protocols for a patient (peptide, dose)`: the fields are the protocol's.
            if let Some(last) = last {
                parts_of(last, &phrase.paren, world);
            } else {
                with_fields(phrase, world);
            }
        }
        "about" | "on" | "for" | "in" | "into" | "before" | "to" | "from"
            if catalogue().role(&key).is_some_and(|(kind, _)| kind == RoleKind::Subject) =>
        {
            define(&phrase.words.join(" "), world, false);
        }
        _ => {}
    }
}

/// Fields that are written or set without a record being named: `patients log systolic/diastolic/pulse`,
/// `the physician sets the target per patient`, `sees balances`.
fn loose_fields(clause: &Clause, parsed: &[Parsed], world: &mut World) {
    if clause.passive || clause.verbs.is_empty() {
        return;
    }
    let writes = clause.does(Verb::Create) || clause.does(Verb::Track);
    let loose: Vec<&Phrase> = clause
        .objects
        .iter()
        .filter(|phrase| {
            let key = phrase_key(phrase);
            catalogue().field(&key).is_some() && world.entity_named(&key).is_none() && phrase.of.is_empty()
        })
        .collect();
    if loose.is_empty() {
        set_targets(clause, parsed, world);
        return;
    }
    let target = if writes && !clause.not {
        container(&loose, world)
    } else if clause.does(Verb::View) || clause.does(Verb::Update) || clause.does(Verb::Manage) {
        world.subject().map(str::to_owned)
    } else {
        None
    };
    let Some(target) = target else { return };
    for phrase in loose {
        let key = phrase_key(phrase);
        let group = catalogue().field(&key).is_some_and(|(field, _)| !field.fields.is_empty());
        let held = world.entities.values().any(|entity| entity.fields.keys().any(|name| key_of(name) == key));
        // What is only seen becomes a value of the person where it is one: a balance, an address.
        let value = catalogue()
            .field(&key)
            .and_then(|(field, _)| field.written.as_deref())
            .is_some_and(|written| !written.starts_with("narrative"));
        if !writes && !value && !clause.does(Verb::Update) {
            continue;
        }
        if matches!(key.as_str(), "note" | "message" | "comment" | "answer" | "contact" | "detail" | "result")
            || held
            || group && !writes
        {
            continue;
        }
        let item = Item { words: phrase.words.clone(), paren: phrase.paren.clone(), ..Item::default() };
        item_of(&target, &item, world);
    }
}

/// The record into which loose values are written: a reading when they are numbers, else a daily log.
fn container(loose: &[&Phrase], world: &mut World) -> Option<String> {
    for known in ["reading", "diary", "vital", "assessment", "visit"] {
        let found = world
            .entities
            .iter()
            .find(|(_, entity)| entity.concept.is_some_and(|concept| concept.name == known))
            .map(|(name, _)| name.clone());
        if found.is_some() {
            return found;
        }
    }
    let number = |phrase: &&Phrase| {
        catalogue().field(&phrase_key(phrase)).is_some_and(|(field, _)| {
            field
                .written
                .as_deref()
                .is_none_or(|written| written.contains("integer") || written.contains("decimal"))
        })
    };
    let clinical = loose.iter().any(|phrase| {
        catalogue().field(&phrase_key(phrase)).is_some_and(|(field, _)| {
            field.written.as_deref().is_none_or(|written| !written.starts_with("identifier"))
        })
    });
    if !clinical {
        return world.subject().map(str::to_owned);
    }
    define(if loose.iter().all(number) { "reading" } else { "daily log" }, world, false)
}

/// `sets the target per patient`: one target for each value that a threshold is about.
fn set_targets(clause: &Clause, parsed: &[Parsed], world: &mut World) {
    if !clause.does(Verb::Update) {
        return;
    }
    let target = clause.objects.iter().find(|phrase| {
        phrase
            .words
            .last()
            .is_some_and(|word| matches!(singular(word).as_str(), "target" | "threshold" | "limit"))
    });
    let (Some(target), Some(subject)) = (target, world.subject().map(str::to_owned)) else { return };
    let measured: Vec<(String, String)> = features::thresholds(parsed, world)
        .into_iter()
        .flat_map(|threshold| threshold.fields)
        .filter_map(|field| {
            let written = world.entities.values().find_map(|entity| entity.fields.get(&field)).cloned()?;
            Some((field, written))
        })
        .collect();
    let word = target.words.last().map(|word| singular(word)).unwrap_or_default();
    let Some(entity) = world.entities.get_mut(&subject) else { return };
    if measured.is_empty() {
        if let Some(name) = proper_name(&target.words.join(" ")) {
            entity.add(NewField { name, written: "clinical text".into() });
        }
        return;
    }
    for (field, written) in measured {
        entity.add(NewField { name: format!("{word} {field}"), written });
    }
}

/// Adds the items of a parenthesis or of what follows `with`.
fn parts_of(name: &str, tokens: &[Token], world: &mut World) {
    for item in items(tokens) {
        item_of(name, &item, world);
    }
}

/// One item of a record: a link to a person or record, a part of its own, states, or fields.
fn item_of(name: &str, item: &Item, world: &mut World) {
    let key = item.bare_key();
    let Some(entity) = world.entities.get(name) else { return };
    let (concept, kind) = (entity.concept, entity.kind);
    if item.states.len() > 1 {
        if let Some(entity) = world.entities.get_mut(name) {
            entity.states = item.states.clone();
        }
        return;
    }
    if matches!(key.as_str(), "status" | "state" | "stage") && choices_of(&item.paren).len() > 1 {
        let states = choices_of(&item.paren);
        if let Some(entity) = world.entities.get_mut(name) {
            entity.states = states;
            entity.loose = true;
        }
        return;
    }
    // A part with fields of its own: `treatment plans with procedures (CDT code, tooth, fee)`.
    if !item.paren.is_empty()
        && catalogue().entity(&key).is_some()
        && catalogue().field(&key).is_none_or(|(field, _)| field.fields.is_empty())
        && items(&item.paren).iter().any(|part| catalogue().field(&part.key()).is_some())
        && kind != EntityKind::Thing
        && let Some(part) = define(&item.phrase(), world, false)
        && part != name
    {
        parts_of(&part, &item.paren, world);
        if let Some(entity) = world.entities.get_mut(&part) {
            entity.part_of = Some(name.to_owned());
        }
        return;
    }
    let is_subject_here = catalogue().role(&key).is_some_and(|(kind, _)| kind == RoleKind::Subject);
    if is_subject_here && kind != EntityKind::Subject {
        let subject = define(&item.phrase(), world, false);
        if kind == EntityKind::Business
            && let (Some(subject), Some(entity)) = (subject, world.entities.get_mut(name))
        {
            entity.fields.insert(subject.clone(), format!("link {subject}, required"));
        }
        return;
    }
    if let [role] = world.roles_named(&key).as_slice()
        && kind != EntityKind::Subject
        && world.roles.get(role).is_some_and(|known| known.kind != RoleKind::Subject)
    {
        let (role, field) = (role.clone(), proper_name(&key));
        if let (Some(field), Some(entity)) = (field, world.entities.get_mut(name)) {
            entity.fields.insert(field, format!("link {role}"));
        }
        return;
    }
    if let Some(linked) = world.entity_named(&key).or_else(|| future_link(&key, world))
        && linked != name
        && catalogue().field(&key).is_none()
        && concept.is_none_or(|concept| !concept.own.keys().any(|own| key_of(own) == key))
    {
        if let Some(entity) = world.entities.get_mut(name) {
            entity.fields.insert(linked.clone(), format!("link {linked}"));
        }
        return;
    }
    if let Read::Fields(read) = fields::read(item, concept, kind)
        && let Some(entity) = world.entities.get_mut(name)
    {
        for field in read {
            entity.add(field);
        }
    }
    for part in items(&item.with) {
        item_of(name, &part, world);
    }
}

/// A thing that is booked or linked and stands in the catalogue: a chair in an appointment's list.
fn future_link(key: &str, world: &mut World) -> Option<String> {
    let (concept, _) = catalogue().entity(key)?;
    (concept.resource || concept.kind == EntityKind::Schedule).then(|| define(key, world, false)).flatten()
}

/// Defines a record by its phrase; an unknown one only where `custom` says that it is one.
pub(crate) fn define(phrase: &str, world: &mut World, custom: bool) -> Option<String> {
    let item = fields::plain(&phrase.to_lowercase());
    let key = item.bare_key();
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
            (Some(concept), name.to_owned())
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
            ];
            // `appointment booking`: two words for one kind of record.
            let concept_of = |word: &str| catalogue().entity(word).map(|(concept, _)| concept.name.clone());
            if let [first, second] = words.as_slice()
                && concept_of(first).is_some()
                && concept_of(first) == concept_of(second)
            {
                return define(first, world, false);
            }
            let done = words.last().is_some_and(|word| word.ends_with("ed") || PLACES.contains(word));
            if done
                || NOT_RECORDS.contains(&key.as_str())
                || catalogue().role(&key).is_some()
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
    let kind = concept.map_or(EntityKind::Clinical, |concept| concept.kind);
    // The app's own sessions, accounts and logs have these tables.
    let name = if OWN_TABLES.contains(&name.as_str()) { format!("care {name}") } else { name };
    let name = proper_name(&name)?;
    world.entities.entry(name.clone()).or_insert_with(|| Entity::new(concept, kind));
    Some(name)
}

/// Whether a word can stand for a longer name: `note` for `treatment note`, but not the other way.
fn generic(key: &str, found: &str) -> bool {
    let found = key_of(found);
    found == key || found.ends_with(&format!(" {key}")) || key == "visit"
}

/// The key of a phrase's words.
pub(crate) fn phrase_key(phrase: &Phrase) -> String {
    key(&phrase.words.iter().map(String::as_str).collect::<Vec<_>>())
}
