//! What stands before a colon: a record, a role, a clause whose object is listed, or a mere heading.

use super::turns::{
    access_to, done_by, is_scheduling, name_the_team, needs_to_see, own_the_list, part_from_list,
    record_of_subject, say_the_deed, scheduling_is_of_appointments,
};
use crate::{
    catalogue::catalogue,
    clauses::{Clause, Phrase, clauses},
    roles,
    sentences::{Sentence, Token, tokens},
    words::{Verb, is_glue, key_of, singular, verb},
    world::Parsed,
};
use std::collections::BTreeSet;

const APPS: &[&str] = &["app", "application", "platform", "tool", "system", "portal", "software", "tracker"];

/// Reads clauses; `Nurses: log vitals` gets its head as subject.
pub(crate) fn parse(sentences: Vec<Sentence>) -> Vec<Parsed> {
    let said: BTreeSet<String> = sentences
        .iter()
        .flat_map(|sentence| sentence.tokens.iter().filter_map(Token::word).chain(sentence.head.as_deref()))
        .map(singular)
        .collect();
    sentences
        .into_iter()
        .map(|mut sentence| {
            has_a_list(&mut sentence);
            if !general_head(&mut sentence) {
                said_in_head(&mut sentence);
            }
            let list = part_at_colon(&mut sentence);
            role_in_head(&mut sentence);
            let mut read = clauses(&sentence.tokens);
            if let Some(list) = list {
                attach(list, &mut sentence, &mut read);
            }
            read.iter_mut().for_each(name_the_team);
            read.iter_mut().for_each(done_by);
            part_from_list(&mut read);
            record_of_subject(&mut read);
            read.iter_mut().for_each(|clause| {
                say_the_deed(clause, &said);
                access_to(clause);
                scheduling_is_of_appointments(clause);
                needs_to_see(clause);
                own_the_list(clause);
            });
            Parsed { clauses: read, sentence }
        })
        .collect()
}

/// `Data we collect per patient: …` reads as `patient: …`.
fn general_head(sentence: &mut Sentence) -> bool {
    let Some(head) = sentence.head.clone() else { return false };
    let of = crate::words::whole_of(&head).filter(|(said, _)| crate::words::is_general(said));
    let Some((_, of)) = of else { return false };
    sentence.head = Some(of.to_owned());
    sentence.under = Some("records".into());
    true
}

/// `A sample has a barcode, type, collected at, volume in ml` reads as `sample: barcode, …`.
fn has_a_list(sentence: &mut Sentence) {
    if sentence.head.is_some() {
        return;
    }
    let Some(at) = sentence.tokens.iter().position(|token| {
        ["has", "have", "contains", "contain", "includes"].iter().any(|word| token.is(word))
    }) else {
        return;
    };
    let subject: Vec<&str> = sentence.tokens[..at]
        .iter()
        .filter_map(Token::word)
        .filter(|word| !matches!(*word, "a" | "an" | "the" | "each" | "every" | "all" | "should"))
        .collect();
    let plain = sentence.tokens[..at].iter().all(|token| token.word().is_some())
        && (1..=3).contains(&subject.len())
        && (subject.iter().all(|word| !is_glue(word) && verb(word).is_none())
            || catalogue().entity(&key_of(&subject.join(" "))).is_some());
    let list = &sentence.tokens[at + 1..];
    let commas = list.iter().filter(|token| **token == Token::Comma).count();
    let listed = crate::nouns::items(list);
    let people = listed.iter().any(|item| {
        catalogue().role(&item.bare_key()).is_some()
            || catalogue().entity(&item.bare_key()).is_some_and(|(concept, _)| !concept.field_too)
                && catalogue().field(&item.bare_key()).is_none()
    });
    let known = listed
        .iter()
        .filter(|item| {
            catalogue().field(&item.key()).is_some()
                || item.unit.is_some()
                || !item.paren.is_empty()
                || item.range.is_some()
        })
        .count();
    let says = list.iter().filter_map(Token::word).any(|word| {
        crate::words::is_modal(word)
            || crate::words::is_be(word)
            || crate::words::restricts(word)
            || matches!(word, "who" | "which" | "that" | "with" | "they" | "no" | "where")
    });
    let key = key_of(&subject.join(" "));
    let staff = catalogue().role(&key).is_some_and(|(kind, _)| kind != crate::catalogue::RoleKind::Subject);
    if plain && commas >= 1 && listed.len() >= 3 && !people && !says && !staff && known * 2 >= listed.len() {
        sentence.head = Some(key);
        sentence.tokens = list.to_vec();
    }
}

/// `Nurse: log vitals` reads as `nurse can log vitals`; `Relatives: only what they are shown` as `relatives
/// see only …`.
fn role_in_head(sentence: &mut Sentence) {
    let Some(head) = sentence.head.clone() else { return };
    let is_role = catalogue().role(&key_of(&head)).is_some()
        || sentence.under.as_deref().is_some_and(roles::is_role_head);
    let first = sentence.tokens.first().and_then(Token::word).unwrap_or_default().to_owned();
    // `Volunteers: names and appointment times only`.
    let ends_in_only = sentence.tokens.last().is_some_and(|token| token.is("only"))
        && !sentence.tokens.iter().filter_map(Token::word).any(|word| verb(word).is_some() && word != "only");
    if is_role && ends_in_only {
        let mut said: Vec<Token> = head.split(' ').map(|word| Token::Word(word.to_owned())).collect();
        said.extend([Token::Word("only".into()), Token::Word("see".into())]);
        sentence.tokens.pop();
        said.append(&mut sentence.tokens);
        sentence.tokens = said;
        sentence.head = None;
        return;
    }
    let modal = matches!(first.as_str(), "can" | "may" | "only" | "never" | "must" | "no" | "cannot");
    let works = is_role && !modal && works_with(&head, &sentence.tokens);
    if !is_role || !(modal || works || verb(&first).is_some()) {
        return;
    }
    let mut said: Vec<Token> = head.split(' ').map(|word| Token::Word(word.to_owned())).collect();
    // `Front desk: scheduling, copays`, `Nurses: writing notes`.
    if works || first.ends_with("ing") && first != "bring" {
        let alone = works || !matches!(sentence.tokens.get(1), Some(Token::Word(word)) if !is_glue(word));
        said.push(Token::Word("can".into()));
        match crate::words::base(&first).filter(|_| !alone) {
            Some(base) => {
                said.push(Token::Word(base.to_owned()));
                sentence.tokens.remove(0);
            }
            None => said.push(Token::Word("manage".into())),
        }
        said.append(&mut sentence.tokens);
        sentence.tokens = said;
        sentence.head = sentence.head.take().filter(|_| sentence.under.is_some());
        return;
    }
    let acts = sentence.tokens.iter().filter_map(Token::word).any(|word| verb(word).is_some());
    let shown = matches!(sentence.tokens.get(1).and_then(Token::word), Some("what" | "whatever"));
    let access = first == "no" && sentence.tokens.get(1).is_some_and(|token| token.is("access"));
    if access {
        let several = head.split(' ').next_back().is_some_and(|last| singular(last) != last);
        said.push(Token::Word(if several { "have" } else { "has" }.into()));
    } else if first == "only" && (!acts || shown) || first == "no" {
        said.push(Token::Word("see".into()));
    } else if !modal {
        said.push(Token::Word("can".into()));
    }
    said.append(&mut sentence.tokens);
    sentence.tokens = said;
    sentence.head = sentence.head.take().filter(|_| sentence.under.is_some());
}

/// `Nurse: vitals, wound photos`: records that a role works with, where the list is no list of the role's own data.
fn works_with(head: &str, tokens: &[Token]) -> bool {
    let staff = catalogue().role(&key_of(head)).is_some_and(|(kind, _)| {
        !matches!(kind, crate::catalogue::RoleKind::Subject | crate::catalogue::RoleKind::Proxy)
    });
    let plain = !tokens.iter().filter_map(Token::word).any(|word| {
        verb(word).is_some() && !crate::words::is_two_faced(word)
            || crate::words::is_modal(word)
            || crate::words::restricts(word)
    });
    let listed = crate::nouns::items(tokens);
    let record = |item: &crate::nouns::Item| {
        let key = item.bare_key();
        let last = key.rsplit(' ').next().unwrap_or_default();
        is_scheduling(&item.words)
            || catalogue().field(&key).is_none()
                && (catalogue().entity(&key).is_some()
                    || catalogue().entity(last).is_some_and(|(concept, _)| !concept.field_too))
    };
    staff
        && plain
        && !listed.is_empty()
        && listed.iter().filter(|item| record(item)).count() * 2 >= listed.len()
}

/// What stands behind a colon outside parentheses.
fn list_behind_colon(tokens: &[Token]) -> Option<(usize, Vec<Token>)> {
    let mut depth = 0_usize;
    let at = tokens.iter().position(|token| {
        match token {
            Token::Open => depth += 1,
            Token::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && *token == Token::Colon
    })?;
    (at > 0 && at + 1 < tokens.len()).then(|| (at, tokens[at + 1..].to_vec()))
}

/// Parts a sentence at its colon; the list that belongs to its clause comes back:
/// - `Build an app for clinics: claims, payments` is a list of its own;
/// - `Refills: customers request a refill` is a sentence of its own;
/// - `a note has: date, text` reads as `note: date, text`;
/// - `nurses record each session: weight, pressure` keeps its list.
fn part_at_colon(sentence: &mut Sentence) -> Option<Vec<Token>> {
    let (at, list) = list_behind_colon(&sentence.tokens)?;
    let before = sentence.tokens[..at].to_vec();
    let read = clauses(&before);
    // `a clinic needs a simple record: …`, `we track: …`: nobody of the app does anything.
    let nobody = |clause: &Clause| {
        clause.subjects.iter().all(|phrase| {
            let key = crate::entities::phrase_key(phrase);
            matches!(
                key.split(' ').next_back().unwrap_or_default(),
                "clinic"
                    | "practice"
                    | "we"
                    | "i"
                    | "hospital"
                    | "center"
                    | "centre"
                    | "it"
                    | "app"
                    | "system"
                    | "team"
                    | "office"
                    | "company"
                    | "agency"
                    | "there"
                    | "you"
                    | "studio"
            )
        })
    };
    let acts = |read: &[Clause]| {
        read.iter().any(|one| !one.verbs.is_empty() && !one.subjects.is_empty() && !nobody(one))
    };
    // `Tele-dermatology, store and forward: …`: a motto, in which nobody acts.
    let people = |read: &[Clause]| {
        read.iter().filter(|one| !one.verbs.is_empty()).flat_map(|one| &one.subjects).any(|phrase| {
            let last = phrase.words.last().map(String::as_str).unwrap_or_default();
            singular(last) != last
                || catalogue().role(&singular(last)).is_some()
                || phrase.article
                || matches!(last, "i" | "we" | "they" | "staff" | "desk")
        })
    };
    let of_the_app = |clause: &Clause| {
        clause
            .objects
            .iter()
            .chain(&clause.subjects)
            .any(|phrase| phrase.words.last().is_some_and(|word| APPS.contains(&word.as_str())))
    };
    if says_more(&list) && acts(&read) && people(&read) {
        sentence.tokens[at] = Token::Comma;
        return None;
    }
    // `Track migraines: …`, `we keep equipment: …`: a record with its list, whoever keeps it.
    if let [clause] = read.as_slice()
        && !says_more(&list)
        && !acts(&read)
        && !clause.not
        && !clause.passive
        && let [object] = clause.objects.as_slice()
        && !of_the_app(clause)
        && object.of.is_empty()
        && clause.tails.is_empty()
        && clause.verbs.iter().all(|(verb, _)| matches!(verb, Verb::Create | Verb::Track | Verb::Manage))
        && !crate::words::is_no_record(&crate::entities::phrase_key(object))
    {
        sentence.head = Some(object.words.join(" "));
        sentence.tokens = list;
        // What stands under a list of records is no title, though it may come first.
        sentence.under = Some("records".into());
        return None;
    }
    if says_more(&list)
        || read.iter().any(of_the_app) && !acts(&read)
        || !acts(&read) && read.iter().any(|one| !one.verbs.is_empty())
    {
        sentence.tokens = list;
        return None;
    }
    let last = before.last().and_then(Token::word).unwrap_or_default();
    if matches!(last, "has" | "have" | "contains" | "includes" | "contain" | "include") {
        let words: Vec<&str> =
            before[..at - 1].iter().filter_map(Token::word).filter(|word| !is_glue(word)).collect();
        sentence.head = Some(words.join(" "));
        sentence.tokens = list;
        return None;
    }
    sentence.tokens.truncate(at);
    Some(list)
}

/// Whether what stands behind a colon is a sentence: people who do something, before the first comma.
fn says_more(list: &[Token]) -> bool {
    let begin: Vec<Token> = list.iter().take_while(|token| !matches!(token, Token::Comma)).cloned().collect();
    clauses(&begin).first().is_some_and(|clause| {
        let person = clause.subjects.iter().any(|phrase| {
            let key = crate::entities::phrase_key(phrase);
            catalogue().role(&key).is_some()
                || matches!(key.as_str(), "we" | "they" | "i" | "everyone" | "nobody")
                || catalogue().entity(&key).is_none()
                    && catalogue().field(&key).is_none()
                    && phrase.words.len() < 4
                    && clause.modal
        });
        person && clause.verbs.iter().any(|(_, word)| !word.ends_with("ed"))
    })
}

/// Gives the list behind a colon to the object of the first clause that has one; where none has, it is what
/// is written down.
fn attach(list: Vec<Token>, sentence: &mut Sentence, read: &mut [Clause]) {
    let named = |clause: &Clause| clause.objects.iter().any(|object| object.words != ["data"]);
    let some = read.iter().any(|clause| !clause.verbs.is_empty() && named(clause));
    let target = read
        .iter_mut()
        .rev()
        .filter(|clause| !clause.verbs.is_empty() && (!some || named(clause)))
        .find_map(|clause| clause.objects.last_mut().filter(|object| object.paren.is_empty()));
    match target {
        Some(object) => object.paren.clone_from(&list),
        None => {
            if let Some(clause) = read.iter_mut().rev().find(|clause| !clause.verbs.is_empty()) {
                let listed = Phrase { words: vec!["data".into()], paren: list.clone(), ..Phrase::default() };
                clause.objects.push(listed);
            }
        }
    }
    sentence.tokens.push(Token::Open);
    sentence.tokens.extend(list);
    sentence.tokens.push(Token::Close);
}

/// A head that is a clause of its own takes its list with it; `we need: …` is a plain list.
fn said_in_head(sentence: &mut Sentence) {
    const LISTS: &[&str] = &[
        "feature",
        "data",
        "record",
        "entity",
        "module",
        "requirement",
        "need",
        "what we track",
        "thing",
        "thing to track",
        "scope",
        "function",
        "object",
        "screen",
        "access",
        "permission",
        "rule",
        "workflow",
    ];
    let Some(head) = sentence.head.clone() else { return };
    let said = tokens(&head);
    let read = clauses(&said);
    let does = read.iter().any(|clause| !clause.verbs.is_empty() && !clause.subjects.is_empty());
    let words: Vec<&str> = said.iter().filter_map(Token::word).collect();
    let record = words.iter().any(|word| catalogue().entity(&key_of(word)).is_some());
    let plain = !record && words.iter().all(|word| is_glue(word) || verb(word).is_some())
        || LISTS.contains(&key_of(&head).as_str())
        || words.last().is_some_and(|word| APPS.contains(word));
    let last = words.last().copied().unwrap_or_default();
    // `Pediatricians record: …`, `nurses photograph wounds and record: …`: several people, and a plain verb.
    let before = words.len().checked_sub(2).map(|at| words[at]).unwrap_or_default();
    let plain_verb = verb(last).is_some()
        && singular(last) == last
        && !matches!(last, "has" | "have" | "contains" | "includes")
        && (before == "and" || singular(before) != before && catalogue().role(&key_of(before)).is_some());
    if plain_verb {
        let list = std::mem::take(&mut sentence.tokens);
        sentence.tokens = said;
        sentence.tokens.push(Token::Word("data".into()));
        sentence.tokens.push(Token::Colon);
        sentence.tokens.extend(list);
        sentence.head = None;
        return;
    }
    if does && words.len() > 2 || matches!(last, "has" | "have" | "contains" | "includes") {
        let list = std::mem::take(&mut sentence.tokens);
        sentence.tokens = said;
        sentence.tokens.push(Token::Colon);
        sentence.tokens.extend(list);
        sentence.head = None;
    } else if plain && catalogue().entity(&key_of(&head)).is_none() && !roles::is_role_head(&head) {
        sentence.head = None;
    }
}
