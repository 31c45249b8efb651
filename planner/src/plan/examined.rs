//! What is done to somebody and written down under the name of the deed: `the orthotist scans the head (circumference, …)`,
//! `the pharmacist reviews every patient and records drug, indication, …`. And lists of what *them* or *it* stands for.

use crate::{
    catalogue::{RoleKind, catalogue},
    clauses::{Clause, Phrase},
    entities::phrase_key,
    roles,
    sentences::Token,
    words::{Verb, base, singular},
};
use std::collections::BTreeSet;

/// Verbs, and the record that each leaves of somebody.
const DEEDS: &[(&str, &str)] = &[
    ("scan", "scan"),
    ("check", "check"),
    ("review", "review"),
    ("assess", "assessment"),
    ("evaluate", "evaluation"),
    ("examine", "exam"),
    ("screen", "screening"),
    ("test", "test"),
    ("visit", "visit"),
    ("call", "call"),
    ("audit", "audit"),
    ("inspect", "inspection"),
    ("interview", "interview"),
    ("treat", "treatment"),
    ("observe", "observation"),
];

/// The record that a verb leaves of those to whom it is done.
pub(crate) fn deed_named(word: &str) -> Option<&'static str> {
    DEEDS.iter().find(|(verb, _)| base(word) == Some(verb)).map(|(_, deed)| *deed)
}

/// What is looked at of a person, and is no record of its own.
const BODY: &[&str] = &[
    "head", "foot", "skin", "eye", "ear", "mouth", "tooth", "breast", "spine", "knee", "shoulder", "hip",
    "hand", "leg", "arm", "neck", "back", "belly", "abdomen", "heart", "lung", "nose", "throat", "scalp",
    "nail", "stump", "limb", "body", "face", "vein", "joint", "jaw",
];

/// Names what is done to people by its deed, where values are listed of it.
pub(super) fn named_by_the_deed(read: &mut Vec<Clause>) {
    let mut at = 0;
    while at < read.len() {
        if let Some(deed) = deed_of(&read[at]) {
            let listed = read[at].objects[0].paren.contains(&Token::Comma);
            if listed {
                leave(&mut read[at], deed, None);
            } else if read.get(at + 1).is_some_and(|next| tells_values(next, &read[at])) {
                let told = read.remove(at + 1);
                let list = as_list(&told.objects);
                leave(&mut read[at], deed, Some(list));
                read[at].tails.extend(told.tails);
            }
        }
        at += 1;
    }
}

/// The record that a clause leaves, if it is done by who works there to a person or to what is looked at of one.
fn deed_of(clause: &Clause) -> Option<&'static str> {
    let [(_, word)] = clause.verbs.as_slice() else { return None };
    let [object] = clause.objects.as_slice() else { return None };
    let (_, deed) = DEEDS.iter().find(|(verb, _)| base(word) == Some(verb))?;
    let works = !clause.subjects.is_empty()
        && clause.subjects.iter().all(|phrase| {
            let key = phrase_key(phrase);
            key == "i"
                || roles::is_crew_name(&key)
                || catalogue()
                    .role(&key)
                    .is_some_and(|(kind, _)| !matches!(kind, RoleKind::Subject | RoleKind::Proxy))
        });
    let key = phrase_key(object);
    let person = catalogue().role(&key).is_some_and(|(kind, _)| kind == RoleKind::Subject);
    // `designs the band, then checks it (growth, redness)`.
    let it = matches!(key.as_str(), "it" | "them") && object.paren.contains(&Token::Comma);
    let body = it || BODY.contains(&key.rsplit(' ').next().unwrap_or_default());
    let plain =
        !clause.not && !clause.passive && !clause.only && clause.narrowing == 0 && clause.but_not.is_empty();
    (works && plain && (person || body)).then_some(*deed)
}

/// `… and records drug, indication and culture result`: the same people write down several values.
fn tells_values(next: &Clause, first: &Clause) -> bool {
    let record = |phrase: &Phrase| {
        let key = phrase_key(phrase);
        catalogue().field(&key).is_none()
            && (catalogue().entity(&key).is_some_and(|(concept, _)| !concept.field_too)
                || phrase.paren.contains(&Token::Comma) && phrase.article && phrase.words.len() > 1)
    };
    next.subjects == first.subjects
        && !next.not
        && !next.passive
        && next.narrowing == 0
        && next.verbs.iter().all(|(verb, _)| matches!(verb, Verb::Create | Verb::Track))
        && next.objects.len() > 2
        && !next.objects.iter().any(record)
}

fn as_list(objects: &[Phrase]) -> Vec<Token> {
    let mut list = Vec::new();
    for object in objects {
        if !list.is_empty() {
            list.push(Token::Comma);
        }
        list.extend(object.words.iter().map(|word| Token::Word(word.clone())));
        if !object.paren.is_empty() {
            list.push(Token::Open);
            list.extend(object.paren.iter().cloned());
            list.push(Token::Close);
        }
    }
    list
}

fn leave(clause: &mut Clause, deed: &str, list: Option<Vec<Token>>) {
    let Some(object) = clause.objects.first_mut() else { return };
    let paren = list.unwrap_or_else(|| std::mem::take(&mut object.paren));
    *object =
        Phrase { words: vec![deed.to_owned()], article: true, paren, at: object.at, ..Phrase::default() };
    clause.verbs = vec![(Verb::Create, "record".into())];
}

/// `puts on casts and logs them: limb, type`: the list is of the casts.
pub(super) fn lists_of_them(read: &mut [Clause], spoken: &mut Option<Phrase>) {
    let conditional =
        read.iter().flat_map(|clause| &clause.tails).any(|tail| matches!(tail.by.as_str(), "if" | "when"));
    if conditional {
        *spoken = None;
        return;
    }
    let stands_for =
        |phrase: &Phrase| matches!(phrase.words.as_slice(), [word] if matches!(word.as_str(), "it" | "them"));
    for clause in read {
        // `x-rays come from radiology, who uploads them with the view and the side`: values of what is put there.
        if !clause.not
            && clause.does(Verb::Upload)
            && let [object] = clause.objects.as_mut_slice()
            && stands_for(object)
            && let Some(known) = spoken.as_ref()
            && let Some(at) = clause.tails.iter().position(|tail| tail.by == "with")
        {
            let list = as_list(&clause.tails.remove(at).phrases);
            object.words.clone_from(&known.words);
            object.article = true;
            object.paren = list;
            clause.verbs = vec![(Verb::Create, "record".into())];
        }
        if !clause.not && (clause.does(Verb::Create) || clause.does(Verb::Track)) {
            for object in clause.objects.iter_mut().filter(|object| stands_for(object)) {
                if let Some(known) = spoken.as_ref().filter(|_| object.paren.contains(&Token::Comma)) {
                    object.words.clone_from(&known.words);
                    object.article = true;
                }
            }
        }
        let on = clause.tails.iter().filter(|tail| tail.by == "on").flat_map(|tail| &tail.phrases);
        // What comes from somewhere is spoken of.
        let comes = clause.objects.is_empty()
            && !clause.passive
            && clause.verbs.iter().all(|(_, word)| matches!(base(word), Some("come" | "arrive")));
        let coming = clause.subjects.iter().filter(|_| comes && !clause.verbs.is_empty());
        let named = clause.objects.iter().chain(on).chain(coming).rfind(|phrase| {
            let person = catalogue().role(&phrase_key(phrase)).is_some();
            !stands_for(phrase)
                && !person
                && phrase.words.len() < 4
                && phrase.words.iter().any(|word| singular(word).len() > 2)
        });
        *spoken = named.cloned().or_else(|| spoken.take());
    }
}

/// `Physicians prescribe` reads as `physicians prescribe medications`, where the prompt speaks of these.
pub(super) fn say_the_deed(clause: &mut Clause, said: &BTreeSet<String>) {
    // `patients book and cancel online`: appointments.
    let books = clause.verbs.len() > 1
        && clause.verbs.iter().all(|(_, word)| {
            matches!(base(word), Some("book" | "cancel" | "reschedule" | "rebook" | "schedule" | "change"))
        })
        && clause.does(Verb::Book);
    if books && clause.objects.is_empty() && !clause.passive && !clause.subjects.is_empty() {
        clause.objects.push(Phrase {
            words: vec!["appointment".into()],
            at: usize::MAX,
            ..Phrase::default()
        });
        return;
    }
    let [(_, word)] = clause.verbs.as_slice() else { return };
    // `seniors give medication`: what is given is written down; access and consent are given otherwise.
    let treats = clause.objects.iter().any(|phrase| {
        let key = phrase_key(phrase);
        let last = key.rsplit(' ').next().unwrap_or_default();
        catalogue().entity(&key).is_some_and(|(concept, _)| concept.name != "consent")
            || matches!(
                last,
                "dose" | "injection" | "shot" | "medication" | "vaccine" | "treatment" | "infusion"
            )
    });
    if base(word) == Some("give") && treats && !clause.passive {
        clause.verbs[0].0 = Verb::Create;
        return;
    }
    let [(_, word)] = clause.verbs.as_slice() else { return };
    // `the physician debrides (type, depth)`: the list is of the deed.
    let made = crate::words::deed(word);
    if let ([object], false) = (clause.objects.as_mut_slice(), clause.passive)
        && object.words == ["data"]
        && !object.paren.is_empty()
        && let Some(record) = made.first()
    {
        object.words = vec![record.clone()];
        object.article = true;
        return;
    }
    // `hygienists screen students`, where the prompt speaks of screenings.
    let whom = |phrase: &Phrase| {
        phrase.paren.is_empty()
            && catalogue().role(&phrase_key(phrase)).is_some_and(|(kind, _)| kind == RoleKind::Subject)
    };
    if let [object] = clause.objects.as_slice()
        && whom(object)
        && !clause.passive
        && !clause.not
        && !clause.subjects.is_empty()
        && let Some(record) = made.iter().find(|record| said.contains(*record))
    {
        clause.objects.push(Phrase { words: vec![record.clone()], at: usize::MAX, ..Phrase::default() });
        return;
    }
    if !clause.objects.is_empty() || clause.passive || clause.subjects.is_empty() {
        return;
    }
    if let Some(record) = made.iter().find(|record| said.contains(*record)).or(made.first()) {
        clause.objects.push(Phrase { words: vec![record.clone()], at: usize::MAX, ..Phrase::default() });
    }
}
