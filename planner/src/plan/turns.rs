//! Clauses said another way: `has access to` is *sees*, what is given is written down, a team is its members.

use crate::{
    catalogue::catalogue,
    clauses::{Clause, Phrase},
    roles,
    sentences::Token,
    words::{Verb, singular},
};

/// `The team (physiatrist, nurse) sets goals`: those in the parentheses do.
pub(super) fn name_the_team(clause: &mut Clause) {
    let team = |phrase: &Phrase| {
        let last = phrase.words.last().map(|word| singular(word)).unwrap_or_default();
        let listed = crate::nouns::items(&phrase.paren);
        matches!(
            last.as_str(),
            "team" | "staff" | "user" | "people" | "person" | "role" | "clinician" | "provider" | "therapist"
        ) && listed.len() > 1
            && listed.iter().all(|item| {
                let key = item.bare_key();
                item.paren.is_empty() && (catalogue().role(&key).is_some() || roles::treats_by_name(&key))
            })
    };
    let Clause { subjects, objects, tails, .. } = clause;
    let behind = tails.iter_mut().map(|tail| &mut tail.phrases);
    for phrases in [subjects, objects].into_iter().chain(behind) {
        let Some(at) = phrases.iter().position(team) else { continue };
        let named = phrases.remove(at);
        let members = crate::nouns::items(&named.paren).into_iter().map(|item| Phrase {
            words: item.words,
            paren: Vec::new(),
            ..named.clone()
        });
        let members: Vec<Phrase> = members.collect();
        phrases.splice(at..at, members);
    }
}

/// `Booking by clients (address, time)` reads as `clients book (address, time)`.
pub(super) fn done_by(clause: &mut Clause) {
    let Some(at) = clause.tails.iter().position(|tail| tail.by == "by") else { return };
    let people = !clause.tails[at].phrases.is_empty()
        && clause.tails[at]
            .phrases
            .iter()
            .all(|phrase| catalogue().role(&crate::entities::phrase_key(phrase)).is_some());
    if !clause.verbs.is_empty() || clause.passive || clause.not || !people || clause.subjects.len() != 1 {
        return;
    }
    let listed = clause
        .subjects
        .iter()
        .chain(clause.tails.iter().flat_map(|tail| &tail.phrases))
        .any(|phrase| !phrase.paren.is_empty());
    if !listed && !clause.subjects.iter().any(|phrase| is_scheduling(&phrase.words)) {
        return;
    }
    let mut who = clause.tails.remove(at).phrases;
    let mut what = std::mem::take(&mut clause.subjects);
    // The list behind the people, or behind when they do it, is of what they do.
    for phrase in &mut what {
        for other in clause.tails.iter_mut().flat_map(|tail| &mut tail.phrases) {
            if phrase.paren.is_empty() {
                phrase.paren = std::mem::take(&mut other.paren);
            }
        }
        for person in &mut who {
            if phrase.paren.is_empty() {
                phrase.paren = std::mem::take(&mut person.paren);
            }
        }
    }
    let books = what.iter().any(|phrase| is_scheduling(&phrase.words));
    clause.verbs = vec![if books { (Verb::Book, "book".into()) } else { (Verb::Create, "make".into()) }];
    clause.subjects = who;
    clause.objects = what;
}

/// `Living donors get a separate record: …`: a record of theirs.
pub(super) fn record_of_subject(read: &mut [Clause]) {
    let Some((at, of)) = read.iter().find_map(|clause| {
        let [subject] = clause.subjects.as_slice() else { return None };
        let object = clause.objects.first()?;
        let record = object.of.is_empty()
            && matches!(object.words.as_slice(), [word] if matches!(word.as_str(), "record" | "file" | "profile"));
        (record && clause.does(Verb::Have) && !clause.passive).then(|| (object.at, subject.words.clone()))
    }) else {
        return;
    };
    for object in read.iter_mut().flat_map(|clause| &mut clause.objects).filter(|object| object.at == at) {
        object.of.clone_from(&of);
    }
}

/// `the front desk has access to invoices`, `has no access to notes`, `principals do not have access`.
pub(super) fn access_to(clause: &mut Clause) {
    let is_access = |phrase: &Phrase| phrase.words.last().is_some_and(|word| word == "access");
    // `access to session notes is limited to psychiatrists`.
    if clause.passive
        && !clause.subjects.is_empty()
        && clause.subjects.iter().all(is_access)
        && let Some(at) = clause.tails.iter().position(|tail| tail.by == "to")
    {
        clause.subjects = clause.tails.remove(at).phrases;
        return;
    }
    let has = clause.verbs.iter().any(|(verb, _)| matches!(verb, Verb::Have));
    let denied = clause.but_not.iter().any(is_access);
    if !has || clause.passive || !(denied || clause.objects.iter().any(is_access)) {
        return;
    }
    // `have limited access`: to what was not said.
    let limited = clause.objects.iter().filter(|phrase| is_access(phrase)).any(|phrase| {
        phrase
            .words
            .iter()
            .chain(&phrase.modifiers)
            .any(|word| matches!(word.as_str(), "limited" | "restricted" | "partial" | "minimal"))
    });
    if limited && !clause.tails.iter().any(|tail| tail.by == "to") {
        clause.lost = true;
        clause.narrowing += 1;
        return;
    }
    clause.not |= denied;
    clause.but_not.retain(|phrase| !is_access(phrase));
    clause.objects.retain(|phrase| !is_access(phrase));
    let at = clause.tails.iter().position(|tail| tail.by == "to");
    match at.map(|at| clause.tails.remove(at)) {
        Some(tail) => {
            clause.only |= tail.only;
            clause.objects.extend(tail.phrases);
        }
        None => {
            clause.objects.push(Phrase { words: vec!["everything".into()], all: true, ..Phrase::default() })
        }
    }
    clause.verbs = vec![(Verb::View, "see".into())];
}

/// `at home`, `between visits`: where and when, and nothing that has a list.
fn somewhere(phrase: &Phrase) -> bool {
    matches!(
        phrase.words.last().map(String::as_str),
        Some(
            "home"
                | "school"
                | "work"
                | "night"
                | "bedside"
                | "arrival"
                | "discharge"
                | "visits"
                | "sessions"
                | "appointments"
                | "morning"
                | "evening"
                | "app"
                | "phone"
                | "system"
        )
    )
}

/// `visits of students (complaint, treatment)`: the list is the visits', not the students'.
pub(super) fn own_the_list(clause: &mut Clause) {
    const OF_OTHERS: &[&str] = &[
        "record",
        "list",
        "data",
        "information",
        "file",
        "detail",
        "copy",
        "photo",
        "picture",
        "profile",
        "register",
    ];
    let Clause { objects, tails, .. } = clause;
    let Some(object) = objects.last_mut().filter(|object| object.paren.is_empty()) else { return };
    let last = object.words.last().map(|word| singular(word)).unwrap_or_default();
    if OF_OTHERS.contains(&last.as_str()) {
        return;
    }
    let a_person = |phrase: &Phrase| {
        phrase.all
            && catalogue()
                .role(&crate::entities::phrase_key(phrase))
                .is_some_and(|(kind, _)| kind == crate::catalogue::RoleKind::Subject)
    };
    // Whom something is written about, where the list says nothing of who they are.
    let told_about = |phrase: &Phrase| {
        let who = ["name", "phone", "email", "address", "birth", "dob"];
        (phrase.article || phrase.own)
            && catalogue()
                .role(&crate::entities::phrase_key(phrase))
                .is_some_and(|(kind, _)| kind == crate::catalogue::RoleKind::Subject)
            && !phrase.paren.iter().filter_map(Token::word).any(|word| who.contains(&word))
    };
    let listed = tails
        .iter_mut()
        .filter(|tail| {
            matches!(tail.by.as_str(), "of" | "by" | "per" | "at" | "between" | "in")
                // `track pump settings for each patient (basal rate, carb ratio)`.
                || tail.by == "for" && tail.phrases.iter().all(a_person)
                // `a rating scale about the child (attention, mood)`.
                || matches!(tail.by.as_str(), "about" | "on" | "for") && tail.phrases.iter().all(told_about)
                // `grade adverse events using CTCAE (term, grade)`.
                || tail.by == "using"
        })
        .filter(|tail| {
            tail.by != "at" && tail.by != "in" && tail.by != "between" || tail.phrases.iter().all(somewhere)
        })
        .flat_map(|tail| &mut tail.phrases)
        .find(|phrase| {
            phrase.paren.contains(&Token::Comma)
                && catalogue()
                    .role(&crate::entities::phrase_key(phrase))
                    .is_none_or(|(kind, _)| kind == crate::catalogue::RoleKind::Subject)
        });
    if let Some(phrase) = listed {
        object.paren = std::mem::take(&mut phrase.paren);
    }
}

/// `scheduling`, `appointment booking`: what is kept of it are appointments.
pub(super) fn is_scheduling(words: &[String]) -> bool {
    words.last().is_some_and(|word| matches!(word.as_str(), "scheduling" | "booking" | "bookings"))
        && words[..words.len() - 1]
            .iter()
            .all(|word| matches!(word.as_str(), "appointment" | "patient" | "visit" | "online"))
}

/// `the front desk handles scheduling` reads as `manages appointments`.
pub(super) fn scheduling_is_of_appointments(clause: &mut Clause) {
    if clause.verbs.is_empty() {
        return;
    }
    for phrase in clause.objects.iter_mut().chain(&mut clause.but_not) {
        if is_scheduling(&phrase.words) && phrase.words != ["bookings"] {
            phrase.words = vec!["appointments".into()];
        }
    }
}

/// `billing needs the cycle type`: what somebody needs they see.
pub(super) fn needs_to_see(clause: &mut Clause) {
    let [(Verb::Work, word)] = clause.verbs.as_slice() else { return };
    let needs = matches!(crate::words::base(word), Some("need"));
    let staff = !clause.subjects.is_empty()
        && clause.subjects.iter().all(|phrase| {
            let key = crate::entities::phrase_key(phrase);
            let known = catalogue().role(&key).or_else(|| catalogue().role(roles::without_crew(&key)));
            known.is_some_and(|(kind, _)| kind != crate::catalogue::RoleKind::Subject)
                || roles::is_crew_name(&key)
                || key.contains(' ') && key.ends_with(" company")
        });
    let values = !clause.objects.is_empty()
        && clause.objects.iter().any(|phrase| {
            let key = crate::entities::phrase_key(phrase);
            let last = key.rsplit(' ').next().unwrap_or_default();
            [key.as_str(), last]
                .iter()
                .any(|said| catalogue().field(said).is_some() || catalogue().entity(said).is_some())
        });
    if needs && staff && values && !clause.passive {
        clause.verbs = vec![(Verb::View, "see".into())];
    }
}

/// `patients track their repair`: they see where it is.
pub(super) fn tracks_to_see(clause: &mut Clause) {
    let tracks =
        clause.verbs.iter().all(|(_, word)| matches!(crate::words::base(word), Some("track" | "follow")));
    let subject = |phrase: &Phrase| {
        catalogue()
            .role(&crate::entities::phrase_key(phrase))
            .is_some_and(|(kind, _)| kind == crate::catalogue::RoleKind::Subject)
    };
    let thing = |phrase: &Phrase| {
        let key = crate::entities::phrase_key(phrase);
        phrase.own
            && phrase.paren.is_empty()
            && catalogue().field(&key).is_none()
            && catalogue().entity(&key).is_none_or(|(concept, _)| concept.by.is_none())
    };
    if tracks
        && !clause.verbs.is_empty()
        && !clause.passive
        && !clause.subjects.is_empty()
        && clause.subjects.iter().all(subject)
        && clause.objects.len() == 1
        && clause.objects.iter().all(thing)
    {
        clause.verbs = vec![(Verb::View, "see".into())];
    }
}

/// `patients check their blood pressure every morning`: they measure it.
pub(super) fn checks_to_measure(clause: &mut Clause) {
    let checks = clause.verbs.iter().all(|(_, word)| crate::words::base(word) == Some("check"));
    let subject = |phrase: &Phrase| {
        catalogue()
            .role(&crate::entities::phrase_key(phrase))
            .is_some_and(|(kind, _)| kind == crate::catalogue::RoleKind::Subject)
    };
    let measured = |phrase: &Phrase| {
        phrase.own
            && catalogue().field(&crate::entities::phrase_key(phrase)).is_some_and(|(field, _)| {
                let number = |written: &String| written.contains("integer") || written.contains("decimal");
                field.written.as_ref().map_or(!field.fields.is_empty(), number)
            })
    };
    if checks
        && !clause.verbs.is_empty()
        && !clause.passive
        && !clause.not
        && !clause.subjects.is_empty()
        && clause.subjects.iter().all(subject)
        && !clause.objects.is_empty()
        && clause.objects.iter().all(measured)
    {
        clause.verbs = vec![(Verb::Create, "measure".into())];
    }
}

/// `screeners test each baby: ear, method, result`: what is done to somebody is a record of its own.
pub(super) fn test_of_a_person(clause: &mut Clause) {
    let deed = clause.verbs.iter().find_map(|(_, word)| match crate::words::base(word)? {
        "test" => Some("test"),
        "screen" => Some("screening"),
        "examine" => Some("exam"),
        "assess" | "evaluate" => Some("assessment"),
        "interview" => Some("interview"),
        "visit" => Some("visit"),
        "see" if clause.tails.iter().any(|tail| tail.by == "every") => Some("visit"),
        _ => None,
    });
    if clause.verbs.len() > 1 {
        return;
    }
    let (Some(deed), [object], false) = (deed, clause.objects.as_mut_slice(), clause.passive) else { return };
    let person = catalogue()
        .role(&crate::entities::phrase_key(object))
        .is_some_and(|(kind, _)| kind == crate::catalogue::RoleKind::Subject);
    if person && object.paren.contains(&Token::Comma) {
        object.words = vec![deed.to_owned()];
        clause.verbs = vec![(Verb::Create, "record".into())];
    }
}
