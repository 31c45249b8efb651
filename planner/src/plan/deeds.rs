//! What people do that is written down, though no word of the clause names a record: `log what they eat`, `give a daily
//! rating`, `open a consult`, `leave a comment`.

use crate::{
    catalogue::{RoleKind, catalogue},
    clauses::{Clause, Phrase, clauses},
    roles,
    sentences::{Sentence, Token},
    words::{Verb, base},
};

/// Says what is done by the record that it leaves.
pub(super) fn named_by_what_they_do(clause: &mut Clause) {
    values_for(clause);
    gives_their_name(clause);
    what_they_do(clause);
    leaves_something(clause);
    opens_something(clause);
    certificate_of(clause);
    stores(clause);
    tells_whether(clause);
    checks_a_list(clause);
}

/// `callers give their name, phone and quit date`: they register with it.
fn gives_their_name(clause: &mut Clause) {
    let gives = clause.verbs.iter().all(|(_, word)| matches!(base(word), Some("give" | "provide" | "state")));
    let theirs = clause.subjects.iter().all(|phrase| {
        catalogue()
            .role(&crate::entities::phrase_key(phrase))
            .is_some_and(|(kind, _)| kind == RoleKind::Subject)
    });
    let named = clause.objects.iter().any(|phrase| crate::entities::phrase_key(phrase) == "name");
    if gives
        && theirs
        && named
        && clause.objects.len() > 1
        && !clause.verbs.is_empty()
        && !clause.subjects.is_empty()
        && !clause.not
        && !clause.passive
        && clause.tail("to").is_none()
    {
        clause.verbs = vec![(Verb::Create, "register".into())];
    }
}

/// `enters the values for glucose, sodium and potassium`: these are what is entered.
fn values_for(clause: &mut Clause) {
    let writes = clause.does(Verb::Create) || clause.does(Verb::Track);
    let general = matches!(clause.objects.as_slice(), [object] if object.paren.is_empty() && object.of.is_empty()
        && matches!(crate::entities::phrase_key(object).as_str(), "value" | "number" | "figure" | "reading" | "measurement" | "data" | "score"));
    let of = clause.tails.iter().position(|tail| {
        matches!(tail.by.as_str(), "for" | "of")
            && tail.phrases.len() > 1
            && tail.phrases.iter().all(|phrase| {
                catalogue().role(&crate::entities::phrase_key(phrase)).is_none()
                    && !phrase.article
                    && !phrase.all
            })
    });
    if let Some(at) = of.filter(|_| writes && general && !clause.not && !clause.passive) {
        clause.objects = clause.tails.remove(at).phrases;
    }
}

/// `the nurse checks feet: sensation, pulses`: what is found is written down.
fn checks_a_list(clause: &mut Clause) {
    let checks =
        clause.verbs.iter().all(|(_, word)| matches!(base(word), Some("check" | "inspect" | "tick")));
    let listed = clause.objects.last().is_some_and(|object| {
        crate::nouns::items(&object.paren)
            .iter()
            .filter(|item| {
                catalogue().field(&item.key()).is_some() || item.range.is_some() || !item.paren.is_empty()
            })
            .count()
            > 0
            && crate::nouns::items(&object.paren).len() > 2
    });
    // What patients tick was given to them.
    let ticks_theirs = clause.verbs.iter().any(|(_, word)| base(word) == Some("tick"))
        && clause.subjects.iter().all(|phrase| {
            catalogue()
                .role(&crate::entities::phrase_key(phrase))
                .is_none_or(|(kind, _)| matches!(kind, RoleKind::Subject | RoleKind::Proxy))
        });
    if checks
        && !ticks_theirs
        && listed
        && !clause.verbs.is_empty()
        && !clause.not
        && !clause.passive
        && !clause.subjects.is_empty()
    {
        clause.verbs = vec![(Verb::Create, "record".into())];
    }
}

/// `Store the chosen name and pronouns`, `for each child we save the school`: what is stored is written down.
fn stores(clause: &mut Clause) {
    let us = clause
        .subjects
        .iter()
        .all(|phrase| matches!(phrase.words.last().map(String::as_str), Some("we" | "i" | "app" | "system")));
    let stores = clause.verbs.iter().all(|(_, word)| matches!(base(word), Some("store" | "save")));
    if us
        && stores
        && !clause.verbs.is_empty()
        && !clause.objects.is_empty()
        && !clause.not
        && !clause.passive
    {
        clause.verbs = vec![(Verb::Create, "record".into())];
    }
}

/// `patients confirm whether they wore it`: what they tell is written down.
fn tells_whether(clause: &mut Clause) {
    let tells = clause.verbs.iter().all(|(_, word)| {
        matches!(base(word), Some("confirm" | "tell" | "report" | "say" | "answer" | "indicate"))
    });
    let whether =
        clause.objects.first().and_then(|phrase| phrase.words.first()).is_some_and(|word| word == "whether");
    if tells && whether && !clause.verbs.is_empty() && !clause.not && !clause.subjects.is_empty() {
        clause.verbs = vec![(Verb::Create, "record".into())];
    }
}

/// `clients log what they eat and how they felt`: a meal, with these values.
fn what_they_do(clause: &mut Clause) {
    const MADE: &[(&[&str], &str, &str)] = &[
        (&["eat", "ate", "eaten", "consume"], "meal", "food"),
        (&["drink", "drank", "drunk"], "drink", "drink"),
        (&["do", "did", "practice", "practise"], "activity", "activity"),
    ];
    let writes = clause.does(Verb::Create) || clause.does(Verb::Track);
    let Some(first) = clause.objects.first().filter(|_| writes && !clause.not && !clause.passive) else {
        return;
    };
    let [what, who, deed, ..] = first.words.as_slice() else { return };
    let they = matches!(who.as_str(), "they" | "he" | "she" | "i" | "we");
    let Some((_, record, value)) =
        MADE.iter().find(|(deeds, ..)| what == "what" && they && deeds.contains(&deed.as_str()))
    else {
        return;
    };
    let mut paren = first.paren.clone();
    let mut item = |words: &[String]| {
        if !paren.is_empty() {
            paren.push(Token::Comma);
        }
        paren.extend(words.iter().map(|word| Token::Word(word.clone())));
    };
    item(&[(*value).to_owned()]);
    let mut rest: Vec<Phrase> = Vec::new();
    for phrase in clause.objects.iter().skip(1) {
        match phrase.words.as_slice() {
            [how, who, felt, after @ ..]
                if how == "how"
                    && matches!(who.as_str(), "they" | "he" | "she" | "i" | "we")
                    && matches!(felt.as_str(), "feel" | "felt" | "feels") =>
            {
                let mut words = vec!["feeling".to_owned()];
                words.extend(after.iter().cloned());
                item(&words);
            }
            _ => rest.push(phrase.clone()),
        }
    }
    let first = Phrase { words: vec![(*record).to_owned()], paren, ..first.clone() };
    clause.objects = std::iter::once(first).chain(rest).collect();
}

/// `parents give a daily severity rating`, `dietitians leave a comment`: what is left is written.
fn leaves_something(clause: &mut Clause) {
    let leaves = clause.verbs.iter().all(|(_, word)| matches!(base(word), Some("give" | "leave")));
    let text = |phrase: &Phrase| {
        phrase.words.last().is_some_and(|word| {
            matches!(
                crate::words::singular(word).as_str(),
                "rating" | "score" | "comment" | "feedback" | "remark" | "review" | "update" | "note"
            )
        })
    };
    let [object] = clause.objects.as_slice() else { return };
    if clause.verbs.is_empty() || !leaves || clause.passive || clause.tail("to").is_some() || !text(object) {
        return;
    }
    clause.verbs = vec![(Verb::Create, "write".into())];
}

/// `nurses open a consult: age, glucose`: what is opened with a list, or as a case is, begins there.
fn opens_something(clause: &mut Clause) {
    let opens = clause.verbs.iter().all(|(_, word)| matches!(base(word), Some("open" | "start")));
    let begun = |phrase: &Phrase| {
        let last = phrase.words.last().map(|word| crate::words::singular(word)).unwrap_or_default();
        let one = phrase.words.last() == Some(&last);
        phrase.article
            && one
            && (phrase.paren.contains(&Token::Comma)
                || matches!(
                    last.as_str(),
                    "case" | "ticket" | "request" | "consult" | "referral" | "episode"
                ))
    };
    let whoever = clause.subjects.iter().any(|phrase| {
        catalogue()
            .role(&crate::entities::phrase_key(phrase))
            .is_some_and(|(kind, _)| !matches!(kind, RoleKind::Proxy | RoleKind::Support))
            || crate::roles::is_crew_name(&crate::entities::phrase_key(phrase))
    });
    if clause.verbs.is_empty() || !opens || clause.not || clause.passive || !whoever || clause.narrowing > 0 {
        return;
    }
    if matches!(clause.objects.as_slice(), [object] if begun(object)) {
        clause.verbs = vec![(Verb::Create, "create".into())];
    }
}

/// `signs the letter of medical necessity`: a name of several words.
fn certificate_of(clause: &mut Clause) {
    let writes = clause.does(Verb::Sign) || clause.does(Verb::Create) || clause.does(Verb::Review);
    let [object] = clause.objects.as_mut_slice() else { return };
    let letter = object.words.last().is_some_and(|word| {
        matches!(
            crate::words::singular(word).as_str(),
            "letter" | "certificate" | "statement" | "proof" | "declaration" | "power"
        )
    });
    let of = clause.tails.iter().position(|tail| {
        tail.by == "of"
            && matches!(tail.phrases.as_slice(), [of] if !of.article && !of.all && !of.own && of.of.is_empty()
                && catalogue().role(&crate::entities::phrase_key(of)).is_none())
    });
    let Some(at) = of.filter(|_| letter && writes) else { return };
    let tail = clause.tails.remove(at);
    object.words.push("of".into());
    object.words.extend(tail.phrases.into_iter().flat_map(|phrase| phrase.words));
}

/// `School nurses enter for each student: grade, right eye`: what is listed is the student's, and the nurses enter it.
pub(super) fn who_enters(sentence: &Sentence) -> Option<Sentence> {
    let (at, list) = super::colons::list_behind_colon(&sentence.tokens)?;
    let read = clauses(&sentence.tokens[..at]);
    let [clause] = read.as_slice() else { return None };
    let (_, does) = clause.verbs.first()?;
    let [tail] = clause.tails.as_slice() else { return None };
    let [whom] = tail.phrases.as_slice() else { return None };
    let people = !clause.subjects.is_empty()
        && clause.subjects.iter().all(|phrase| {
            let key = crate::entities::phrase_key(phrase);
            roles::is_crew_name(&key)
                || catalogue().role(&key).is_some_and(|(kind, _)| kind != crate::catalogue::RoleKind::Subject)
        });
    let each = matches!(tail.by.as_str(), "for" | "per" | "about" | "on") && (whom.all || tail.by == "per");
    let writes = clause.does(Verb::Create) || clause.does(Verb::Track) || clause.does(Verb::Manage);
    if !people
        || !each
        || !writes
        || clause.not
        || !clause.objects.is_empty()
        || super::colons::says_more(&list)
    {
        return None;
    }
    let word = |word: &str| Token::Word(word.to_owned());
    let mut said: Vec<Token> = Vec::new();
    for (at, phrase) in clause.subjects.iter().enumerate() {
        said.extend((at > 0).then(|| word("and")));
        said.extend(phrase.words.iter().map(|part| word(part)));
    }
    said.extend([word(does), word("the")]);
    said.extend(whom.words.iter().map(|part| word(part)));
    Some(Sentence { tokens: said, head: None, under: None, ..sentence.clone() })
}
