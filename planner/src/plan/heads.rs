//! What stands before a colon: a record, a role, a clause whose object is listed, or a mere heading.

use super::colons::{attach, part_at_colon, said_in_head};
use super::listed::{list_of_what_comes, listed_before, part_from_list};
use super::turns::{
    access_to, checks_to_measure, done_by, is_scheduling, name_the_team, needs_to_see, own_the_list,
    record_of_subject, scheduling_is_of_appointments, test_of_a_person, tracks_to_see,
};
use crate::{
    catalogue::catalogue,
    clauses::{Clause, Phrase, clauses},
    roles,
    sentences::{Sentence, Token},
    words::{Verb, is_glue, key_of, singular, verb},
    world::Parsed,
};
use std::collections::BTreeSet;

pub(super) const APPS: &[&str] =
    &["app", "application", "platform", "tool", "system", "portal", "software", "tracker"];

/// Reads clauses; `Nurses: log vitals` gets its head as subject.
pub(crate) fn parse(sentences: Vec<Sentence>) -> Vec<Parsed> {
    let said: BTreeSet<String> = sentences
        .iter()
        .flat_map(|sentence| sentence.tokens.iter().filter_map(Token::word).chain(sentence.head.as_deref()))
        .map(singular)
        .collect();
    let mut spoken = None;
    sentences
        .into_iter()
        .flat_map(|sentence| super::deeds::who_enters(&sentence).into_iter().chain([sentence]))
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
            read.iter_mut().for_each(list_of_what_comes);
            read.iter_mut().for_each(super::deeds::named_by_what_they_do);
            super::examined::named_by_the_deed(&mut read);
            super::examined::lists_of_them(&mut read, &mut spoken);
            part_from_list(&mut read);
            record_of_subject(&mut read);
            listed_before(&mut read);
            read.iter_mut().for_each(|clause| sees_none(clause, &sentence.tokens));
            read.iter_mut().for_each(|clause| {
                super::examined::say_the_deed(clause, &said);
                access_to(clause);
                scheduling_is_of_appointments(clause);
                needs_to_see(clause);
                own_the_list(clause);
                test_of_a_person(clause);
                tracks_to_see(clause);
                checks_to_measure(clause);
            });
            Parsed { clauses: read, sentence }
        })
        .collect()
}

/// `sees no notes of any kind`: a denial of notes, which says nothing of what else is seen.
fn sees_none(clause: &mut Clause, tokens: &[Token]) {
    let none = |phrase: &Phrase| {
        phrase.at.checked_sub(1).is_some_and(|before| tokens.get(before).is_some_and(|token| token.is("no")))
            && catalogue().role(&crate::entities::phrase_key(phrase)).is_none()
    };
    let sees = clause.verbs.iter().all(|(verb, _)| *verb == Verb::View);
    if sees
        && !clause.verbs.is_empty()
        && !clause.not
        && !clause.nobody
        && clause.objects.is_empty()
        && !clause.but_not.is_empty()
        && clause.but_not.iter().all(none)
    {
        clause.not = true;
        clause.objects = std::mem::take(&mut clause.but_not);
        clause.tails.retain(|tail| {
            !matches!(tail.words.join(" ").as_str(), "of any kind" | "of any sort" | "at all")
        });
    }
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
        .filter(|word| {
            !matches!(
                *word,
                "a" | "an" | "the" | "each" | "every" | "all" | "should" | "shall" | "must" | "will"
            )
        })
        .collect();
    // `each client record shall contain …`: of the client.
    let mut subject = subject;
    if let [first, "record"] = subject.as_slice()
        && catalogue()
            .role(&singular(first))
            .is_some_and(|(kind, _)| kind == crate::catalogue::RoleKind::Subject)
    {
        subject.truncate(1);
    }
    let plain = sentence.tokens[..at].iter().all(|token| token.word().is_some())
        && (1..=3).contains(&subject.len())
        && (subject.iter().all(|word| !is_glue(word) && verb(word).is_none())
            || catalogue().entity(&key_of(&subject.join(" "))).is_some());
    let list = &sentence.tokens[at + 1..];
    let commas = list.iter().filter(|token| **token == Token::Comma).count();
    let listed = crate::nouns::items(list);
    let people = listed.iter().any(|item| {
        catalogue().role(&item.bare_key()).is_some_and(|(kind, _)| kind != crate::catalogue::RoleKind::Proxy)
            || catalogue().entity(&item.bare_key()).is_some_and(|(concept, _)| !concept.field_too)
                && catalogue().field(&item.bare_key()).is_none()
    });
    let known = listed
        .iter()
        .filter(|item| {
            let key = item.key();
            let last = key.rsplit(' ').next().unwrap_or_default();
            catalogue().field(&key).is_some()
                || catalogue().field(last).is_some()
                || item.states.len() > 1
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
    // `for each student: grade, right eye`: what is kept of them, though a grade is as often given.
    let kept = sentence.under.as_deref() == Some("records")
        && catalogue()
            .role(&key_of(&head))
            .is_some_and(|(kind, _)| kind == crate::catalogue::RoleKind::Subject)
        && sentence.tokens.contains(&Token::Comma);
    if kept {
        return;
    }
    // `Oncologist and nurse: everything`.
    let several = head.contains(" and ")
        && head.split(" and ").all(|name| {
            catalogue()
                .role(&key_of(name))
                .is_some_and(|(kind, _)| kind != crate::catalogue::RoleKind::Subject)
        });
    let is_role = several
        || catalogue().role(&key_of(&head)).is_some()
        || roles::is_crew_name(&key_of(&head))
        || sentence.under.as_deref().is_some_and(roles::is_role_head);
    let first = sentence.tokens.first().and_then(Token::word).unwrap_or_default().to_owned();
    // `Receptionists: vitals never`.
    let never = sentence.tokens.iter().take(5).position(|token| token.is("never")).filter(|at| {
        *at > 0
            && sentence.tokens[..*at]
                .iter()
                .filter_map(Token::word)
                .all(|word| !is_glue(word) && (verb(word).is_none() || crate::words::is_two_faced(word)))
    });
    if let Some(at) = never.filter(|_| is_role) {
        let mut said: Vec<Token> = head.split(' ').map(|word| Token::Word(word.to_owned())).collect();
        said.extend(["must", "never", "see"].map(|word| Token::Word(word.into())));
        sentence.tokens.remove(at);
        said.append(&mut sentence.tokens);
        sentence.tokens = said;
        sentence.head = None;
        return;
    }
    only_these_no_those(&head, is_role, sentence);
    if sentence.head.is_none() {
        return;
    }
    // `Volunteers: names and appointment times only`.
    let closing = match sentence.tokens.as_slice() {
        [.., last] if last.is("only") => 1,
        // `names and room numbers, nothing else`.
        [.., nothing, more] if nothing.is("nothing") && (more.is("else") || more.is("more")) => 2,
        _ => 0,
    };
    let listed = &sentence.tokens[..sentence.tokens.len() - closing];
    let ends_in_only = closing > 0
        && !listed.iter().filter_map(Token::word).any(|word| {
            verb(word).is_some() && !crate::words::is_two_faced(word) || crate::words::is_modal(word)
        });
    if is_role && ends_in_only {
        let mut said: Vec<Token> = head.split(' ').map(|word| Token::Word(word.to_owned())).collect();
        said.extend([Token::Word("only".into()), Token::Word("see".into())]);
        sentence.tokens.truncate(sentence.tokens.len() - closing);
        while sentence.tokens.last() == Some(&Token::Comma) {
            sentence.tokens.pop();
        }
        said.append(&mut sentence.tokens);
        sentence.tokens = said;
        sentence.head = None;
        return;
    }
    // `GPs: summaries and plans, not diaries`.
    let but = sentence.tokens.iter().position(|token| *token == Token::Comma).filter(|at| {
        sentence.tokens.get(at + 1).is_some_and(|token| token.is("not") || token.is("never"))
            || sentence.tokens.get(at + 1).is_some_and(|token| token.is("no"))
                && sentence.tokens[at + 2..].iter().any(|token| token.is("clinical"))
    });
    let sees = matches!(sentence.tokens.as_slice(), [token] if token.is("everything"))
        || but.is_some_and(|at| {
            let of = sentence.tokens[..at].iter().position(|token| token.is("of")).unwrap_or(at);
            works_with(&head, &sentence.tokens[..of])
                // `Reception: name, phone, next appointment, nothing clinical`.
                || sentence.tokens[at + 1..].iter().any(|token| token.is("clinical"))
                    && crate::nouns::items(&sentence.tokens[..at]).iter().any(tells_who)
        });
    if is_role && sees {
        let mut said: Vec<Token> = head.split(' ').map(|word| Token::Word(word.to_owned())).collect();
        said.extend(["can", "see"].map(|word| Token::Word(word.into())));
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
    let acts = sentence.tokens.iter().filter_map(Token::word).any(|word| verb(word).is_some())
        && clauses(&sentence.tokens).iter().any(|clause| !clause.verbs.is_empty());
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

/// `Scheduler: appointments only, no studies` reads as `scheduler can only see appointments but not studies`.
fn only_these_no_those(head: &str, is_role: bool, sentence: &mut Sentence) {
    let only = sentence.tokens.windows(3).position(|three| {
        three[0].is("only")
            && three[1] == Token::Comma
            && (three[2].is("no") || three[2].is("not") || three[2].is("never"))
    });
    let Some(at) = only.filter(|at| *at > 0 && is_role) else { return };
    let plain = |tokens: &[Token]| {
        tokens.iter().all(|token| match token {
            Token::Word(word) => verb(word).is_none() || crate::words::is_two_faced(word),
            Token::Comma => true,
            _ => false,
        })
    };
    let (these, those) = (&sentence.tokens[..at], &sentence.tokens[at + 3..]);
    if !plain(these) || !plain(those) || those.is_empty() {
        return;
    }
    let office =
        catalogue().role(&key_of(head)).is_some_and(|(kind, _)| kind == crate::catalogue::RoleKind::Office);
    let books = office && these.iter().any(|token| token.is("appointments") || token.is("appointment"));
    let mut said: Vec<Token> = head.split(' ').map(|word| Token::Word(word.to_owned())).collect();
    let does = if books { "manage" } else { "see" };
    said.extend(["can", "only", does].map(|word| Token::Word(word.into())));
    said.extend(these.iter().cloned());
    said.extend(["but", "not"].map(|word| Token::Word(word.into())));
    said.extend(those.iter().cloned());
    sentence.tokens = said;
    sentence.head = None;
}

/// A name or an address: who is listed so is seen.
fn tells_who(item: &crate::nouns::Item) -> bool {
    matches!(
        item.bare_key().rsplit(' ').next().unwrap_or_default(),
        "name"
            | "phone"
            | "address"
            | "email"
            | "birth"
            | "dob"
            | "contact"
            | "number"
            | "demographic"
            | "reference"
    )
}

/// `Nurse: vitals, wound photos`: records that a role works with, where the list is no list of the role's own data.
fn works_with(head: &str, tokens: &[Token]) -> bool {
    let staff = roles::is_crew_name(&key_of(head))
        || catalogue().role(&key_of(head)).is_some_and(|(kind, _)| {
            !matches!(kind, crate::catalogue::RoleKind::Subject | crate::catalogue::RoleKind::Proxy)
        });
    // `packs deliveries (…)`: what somebody does, though orders and visits are as often things.
    let does = tokens
        .first()
        .and_then(Token::word)
        .is_some_and(|first| verb(first).is_some() && singular(first) != first && !first.ends_with("ss"))
        && tokens.get(1).and_then(Token::word).is_some_and(|next| {
            !is_glue(next) || matches!(next, "the" | "a" | "an" | "each" | "all" | "their")
        });
    let plain = !does
        && !tokens.iter().filter_map(Token::word).any(|word| {
            verb(word).is_some() && !crate::words::is_two_faced(word)
                || crate::words::is_modal(word)
                || crate::words::restricts(word)
        });
    let listed = crate::nouns::items(tokens);
    let record = |item: &crate::nouns::Item| {
        let key = item.bare_key();
        let key = key.strip_suffix(" review").unwrap_or(&key).to_owned();
        let last = key.rsplit(' ').next().unwrap_or_default();
        is_scheduling(&item.words)
            || catalogue().field(&key).is_none()
                && (catalogue().entity(&key).is_some()
                    || catalogue().entity(last).is_some_and(|(concept, _)| !concept.field_too))
    };
    staff
        && plain
        && !listed.is_empty()
        && (listed.iter().filter(|item| record(item)).count() * 2 >= listed.len()
            || listed.iter().any(record)
                && !listed.iter().any(tells_who)
                && listed.iter().all(|item| item.words.len() < 5))
}
