//! Lists that stand elsewhere than what they are of.

use crate::{
    catalogue::catalogue,
    clauses::{Clause, Phrase},
    sentences::Token,
};

/// `Leads come in from the website (name, phone)`: the list is of what comes.
pub(super) fn list_of_what_comes(clause: &mut Clause) {
    let comes = !clause.verbs.is_empty()
        && clause.verbs.iter().all(|(_, word)| matches!(crate::words::base(word), Some("come" | "arrive")))
        && !clause.passive
        && !clause.not;
    let Clause { subjects, tails, .. } = clause;
    let [subject] = subjects.as_mut_slice() else { return };
    let key = crate::entities::phrase_key(subject);
    if !comes || !subject.paren.is_empty() || catalogue().entity(&key).is_none() {
        return;
    }
    let listed = tails
        .iter_mut()
        .filter(|tail| matches!(tail.by.as_str(), "from" | "via" | "through" | "by" | "in"))
        .flat_map(|tail| &mut tail.phrases)
        .find(|phrase| phrase.paren.contains(&Token::Comma));
    if let Some(phrase) = listed {
        subject.paren = std::mem::take(&mut phrase.paren);
    }
}

/// `Donors, donations (date, volume), phlebotomists record donations`: who acts stands behind the list.
pub(super) fn part_from_list(read: &mut Vec<Clause>) {
    let Some(first) = read.first_mut().filter(|clause| !clause.verbs.is_empty() && !clause.passive) else {
        return;
    };
    let record = |phrase: &Phrase| {
        let key = crate::entities::phrase_key(phrase);
        phrase.paren.contains(&Token::Comma)
            || catalogue().role(&key).is_none()
                && catalogue().entity(&key).is_some_and(|(concept, _)| !concept.field_too)
    };
    let Some(at) = first.subjects.iter().rposition(record) else { return };
    if at + 1 >= first.subjects.len() {
        return;
    }
    let acting = first.subjects.split_off(at + 1);
    let listed = std::mem::replace(&mut first.subjects, acting);
    read.insert(0, Clause { subjects: listed, ..Clause::default() });
}

/// `the app shows the prep steps, patients tick them (step, done)`: the list is of the steps.
pub(super) fn listed_before(read: &mut [Clause]) {
    for clause in read.iter_mut() {
        // `if there is a reaction they record it: symptom, treatment`.
        let said =
            clause.tails.iter().filter(|tail| matches!(tail.by.as_str(), "if" | "when" | "after")).find_map(
                |tail| {
                    let at = tail.words.iter().position(|word| matches!(word.as_str(), "a" | "an"))?;
                    let noun = tail.words.get(at + 1)?;
                    (at + 2 == tail.words.len()).then(|| noun.clone())
                },
            );
        let listed = clause.objects.iter_mut().find(|phrase| {
            matches!(phrase.words.as_slice(), [word] if word == "it") && phrase.paren.contains(&Token::Comma)
        });
        if let (Some(said), Some(phrase)) = (said, listed) {
            phrase.words = vec![said];
            phrase.article = true;
        }
    }
    for at in 1..read.len() {
        let Some(before) = read[at - 1].objects.last().map(|phrase| phrase.words.clone()) else { continue };
        let it = |phrase: &&mut Phrase| {
            matches!(phrase.words.as_slice(), [word] if matches!(word.as_str(), "it" | "them"))
                && phrase.paren.contains(&Token::Comma)
        };
        if let Some(phrase) = read[at].objects.iter_mut().find(it) {
            phrase.words = before;
        }
    }
}
