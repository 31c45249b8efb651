//! Records from lists: `Patients: name, DOB`, `Patients, dentists, chairs`.

use super::define;
use super::parts::{item_of, parts_of};
use crate::catalogue::{EntityKind, RoleKind, catalogue};
use crate::fields::Read;
use crate::nouns::items;
use crate::roles::is_role_head;
use crate::sentences::Token;
use crate::words::key_of;
use crate::world::{Parsed, World};
use crate::{features, fields};

/// `Patients: name, DOB` and `Notes on an encounter: SOAP (…), draft -> signed`.
pub(crate) fn from_head(one: &Parsed, title: bool, world: &mut World) -> bool {
    let Some(head) = one.sentence.head.as_deref() else { return false };
    let under_roles = one.sentence.under.as_deref().is_some_and(is_role_head);
    if is_role_head(head)
        || under_roles
        || features::is_dashboard_head(head)
        || features::is_form_sentence(&one.sentence)
    {
        return false;
    }
    // `Notes on an encounter` are a part of it; `data we collect per patient` is the patient's.
    let (name, parent) = match crate::words::whole_of(head) {
        Some((said, whole)) if crate::words::is_general(said) => (whole, None),
        Some((part, whole)) => (part, Some(key_of(whole))),
        None => (head, None),
    };
    // `For every visit: …`, `each infusion: …`: the words before the noun are no part of its name.
    let name = name.trim_start_matches(|c: char| !c.is_alphanumeric());
    let bare: Vec<&str> = name.split(' ').skip_while(|word| crate::words::is_glue(word)).collect();
    let name = bare.join(" ");
    let name = name.as_str();
    if name.is_empty() {
        return false;
    }
    // `Remind patients of a recall: …` names nothing that is kept.
    let asks = crate::words::verb(head.split(' ').next().unwrap_or_default()).is_some_and(|verb| {
        use crate::words::Verb;
        matches!(verb, Verb::Message | Verb::Share | Verb::Pay | Verb::Export)
    });
    let kept = one.sentence.under.as_deref() == Some("records");
    // `Product: WoundEye`: what the app is called.
    let called = matches!(
        name,
        "product" | "app" | "project" | "company" | "name" | "title" | "working title" | "client"
    ) && listed_words(&one.sentence.tokens) < 4
        && !one.sentence.tokens.contains(&Token::Comma);
    if called && !kept {
        return true;
    }
    if asks && !kept && catalogue().entity(&key_of(name)).is_none() {
        return false;
    }
    let name = name.trim_start_matches("kiosk ").trim_start_matches("tablet ");
    let listed = items(&one.sentence.tokens);
    // `Visit status: submitted, in review, declined`: the states of a visit.
    if let Some(whole) = [" status", " state", " stage"].iter().find_map(|end| name.strip_suffix(end)) {
        let states: Vec<String> = crate::nouns::separate(&one.sentence.tokens)
            .iter()
            .map(|piece| piece.iter().filter_map(Token::word).collect::<Vec<_>>().join(" "))
            .filter(|state| !state.is_empty())
            .collect();
        let plain = states.len() > 1 && states.iter().all(|state| state.split(' ').count() < 4);
        if plain
            && let Some(name) = define(whole, world, false).or_else(|| world.entity_named(&key_of(whole)))
        {
            if let Some(entity) =
                world.entities.get_mut(&name).filter(|entity| entity.kind != EntityKind::Subject)
            {
                entity.states = states;
                entity.loose = true;
                entity.fields.shift_remove("status");
            }
            return true;
        }
    }
    let verbs = one.clauses.iter().any(|clause| {
        !clause.subjects.is_empty() && clause.verbs.iter().any(|(_, word)| word.as_str() != "set")
    });
    let long = listed.iter().any(|item| item.words.len() > 4);
    let known = catalogue().entity(&key_of(name)).is_some();
    // `Navigation call: date, who called, notes`: values, one of them told by a verb.
    let values = listed.iter().filter(|item| catalogue().field(&item.key()).is_some()).count();
    let described = listed.len() > 2
        && values * 2 >= listed.len()
        && (1..=3).contains(&name.split(' ').count())
        && catalogue().role(&key_of(name)).is_none()
        && crate::words::verb(name.split(' ').next().unwrap_or_default()).is_none();
    let verbs = verbs && !described;
    if !known && (verbs || long || title && one.sentence.under.is_none() || listed.len() < 2) {
        return false;
    }
    // `Blood donation: donors (name, …), questionnaire, bag number`: the app's own list.
    let people = |item: &crate::nouns::Item| {
        !item.paren.is_empty()
            && catalogue().role(&item.bare_key()).is_some_and(|(kind, _)| kind == RoleKind::Subject)
    };
    if title
        && !listed.iter().any(people)
        && listed.iter().any(|item| catalogue().role(&item.bare_key()).is_some())
    {
        return false;
    }
    // `every call gets logged: date, complaints`: a record, by its list.
    let defined = define(name, world, true).or_else(|| {
        let words: Vec<String> = name.split(' ').map(str::to_owned).collect();
        let phrase = crate::clauses::Phrase { words, ..crate::clauses::Phrase::default() };
        let listed_one = listed.len() > 2 && one.sentence.under.as_deref() == Some("records");
        listed_one.then(|| super::described::listed_record(&key_of(name), &phrase, world)).flatten()
    });
    let Some(name) = defined else { return false };
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

/// What people keep of themselves.
const DIARIES: &[&str] = &["diary", "journal", "log", "tracker"];

/// `A private mood journal.`: the record that the title names.
pub(crate) fn from_title(one: &Parsed, world: &mut World) {
    if one.clauses.iter().any(|clause| !clause.verbs.is_empty()) || one.sentence.head.is_some() {
        return;
    }
    for item in items(&one.sentence.tokens).iter().take(1) {
        let whose = item.words.windows(2).any(|pair| pair[1] == "for" && DIARIES.contains(&pair[0].as_str()));
        let words: Vec<&String> = item
            .words
            .iter()
            // `a symptom diary for people with long covid`: the diary.
            .take_while(|word| !whose || word.as_str() != "for")
            .filter(|word| !matches!(word.as_str(), "app" | "application"))
            .collect();
        for width in (1..=words.len().min(3)).rev() {
            let said =
                words[words.len() - width..].iter().map(|word| word.as_str()).collect::<Vec<_>>().join(" ");
            let fits = catalogue().entity(&key_of(&said)).is_some_and(|(concept, _)| {
                concept.by == Some(RoleKind::Subject) || concept.kind == EntityKind::Schedule
            });
            if fits {
                define(&said, world, false);
                return;
            }
        }
    }
}

/// A sentence without a verb: `Patients, dentists, chairs, treatment plans with procedures (…)`.
pub(crate) fn from_list(tokens: &[Token], under: Option<&str>, title: bool, world: &mut World) {
    let mut listed = items(tokens);
    // `a unit of 24 stations, three shifts`: how big the place is, and nothing that is kept.
    if title {
        let counted: Vec<String> = crate::nouns::separate(tokens)
            .iter()
            .filter(|piece| match piece.first() {
                Some(Token::Number(_)) => true,
                Some(token) => token.word().is_some_and(|word| crate::words::number_word(word).is_some()),
                None => false,
            })
            .flat_map(|piece| items(piece))
            .map(|item| item.bare_key())
            .collect();
        listed.retain(|item| !counted.contains(&item.bare_key()));
    }
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
    let bare = listed.iter().all(|item| item.paren.is_empty() && item.with.is_empty());
    if speaks
        || title && bare && listed.len() == 2 && under.is_none() && !tokens.contains(&Token::Comma)
        || listed.len() < 2
            && !listed.iter().any(|item| !item.paren.is_empty() || !item.with.is_empty())
            && under.is_none()
    {
        // `Handover note at the end of each shift`.
        if let ([item], false, false) = (listed.as_slice(), speaks, title) {
            let key = item.bare_key();
            let last = key.rsplit(' ').next().unwrap_or_default();
            let record = catalogue()
                .entity(last)
                .is_some_and(|(concept, _)| !concept.field_too && concept.kind == EntityKind::Clinical);
            if record && item.words.len() <= 3 {
                define(&item.phrase(), world, true);
            }
        }
        return;
    }
    // `authorisation number per order`: values of the order.
    let per = tokens.windows(2).find_map(|pair| {
        (pair[0].is("per") || pair[0].is("each"))
            .then(|| pair[1].word().and_then(|word| world.entity_named(&crate::words::singular(word))))
            .flatten()
    });
    if let Some(whole) = per {
        listed.iter().for_each(|item| item_of(&whole, item, world));
        return;
    }
    let described = listed.iter().any(|item| {
        items(&item.with)
            .iter()
            .chain(&items(&item.paren))
            .any(|part| catalogue().field(&part.key()).is_some())
    });
    if known == 0 && !described {
        return;
    }
    let mut last_with: Option<String> = None;
    for item in &listed {
        let name = item.bare_key();
        // `lesions with location and size`: what follows belongs to the lesion, until the next record.
        let known_item = catalogue().field(&name).is_none()
            && catalogue().entity(&name).is_some_and(|(concept, _)| !concept.field_too)
            || catalogue().role(&name).is_some()
            || catalogue().field(&name).is_none()
                && catalogue().entity(item.key().rsplit(' ').next().unwrap_or_default()).is_some();
        if let Some(last) = last_with.clone().filter(|_| !known_item && item.paren.is_empty()) {
            item_of(&last, item, world);
            continue;
        }
        last_with = None;
        if catalogue().role(&name).is_some_and(|(kind, _)| kind != RoleKind::Subject) {
            continue;
        }
        // `Specialty pharmacy (arthritis, sclerosis)`: whose app it is.
        let place = matches!(
            name.rsplit(' ').next().unwrap_or_default(),
            "pharmacy" | "lab" | "laboratory" | "spa" | "shop" | "store" | "group" | "company" | "startup"
        );
        if title && place {
            continue;
        }
        if matches!(fields::read(item, None, EntityKind::Clinical), Read::File(_)) {
            continue;
        }
        // `demographics (name, phone)`: the person's own.
        let own = matches!(
            name.as_str(),
            "demographic"
                | "demographic information"
                | "contact information"
                | "contact detail"
                | "personal information"
        );
        if own
            && !item.paren.is_empty()
            && let Some(subject) = world.subject().map(str::to_owned)
        {
            parts_of(&subject, &item.paren, world);
            continue;
        }
        let custom =
            known >= 2 && item.words.len() <= 3 && !crate::words::is_no_record(&name) && item.rest.is_empty();
        let Some(name) =
            define(&item.phrase(), world, custom && item.paren.is_empty() || !item.paren.is_empty())
        else {
            continue;
        };
        let unknown = world.entities.get(&name).is_some_and(|entity| entity.concept.is_none());
        if unknown
            && of_business(&listed)
            && let Some(entity) = world.entities.get_mut(&name)
        {
            entity.kind = EntityKind::Business;
        }
        parts_of(&name, &item.paren, world);
        parts_of(&name, &item.with, world);
        last_with =
            (!item.with.is_empty() && item.with.iter().all(|token| *token != Token::Open)).then_some(name);
    }
}

/// Whether a list is about money and orders: two or more of its records are.
fn of_business(listed: &[crate::nouns::Item]) -> bool {
    let business = listed.iter().filter(|item| {
        catalogue().entity(&item.bare_key()).is_some_and(|(concept, _)| concept.kind == EntityKind::Business)
    });
    business.count() > 1
}

fn listed_words(tokens: &[Token]) -> usize {
    tokens.iter().filter(|token| token.word().is_some()).count()
}
