//! What stands at a colon: a record with its list, a clause with the list of its object, or a mere heading.

use super::heads::APPS;
use crate::{
    catalogue::catalogue,
    clauses::{Clause, Phrase, clauses},
    roles,
    sentences::{Sentence, Token, tokens},
    words::{Verb, is_glue, key_of, singular, verb},
};

/// What stands behind a colon outside parentheses.
pub(super) fn list_behind_colon(tokens: &[Token]) -> Option<(usize, Vec<Token>)> {
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
pub(super) fn part_at_colon(sentence: &mut Sentence) -> Option<Vec<Token>> {
    let (at, list) = list_behind_colon(&sentence.tokens)?;
    let mut before = sentence.tokens[..at].to_vec();
    // `patients run treatments at home and record: …`: what is listed is recorded.
    let ends = before.len() > 2
        && before[before.len() - 2].is("and")
        && before.last().and_then(Token::word).is_some_and(|last| {
            crate::words::base(last) == Some(last) && matches!(verb(last), Some(Verb::Create | Verb::Track))
        });
    if ends {
        before.truncate(before.len() - 2);
    }
    for_each_of_them(&mut before);
    let read = clauses(&before);
    // `a clinic needs a simple record: …`, `we track: …`: nobody of the app does anything.
    let nobody = |clause: &Clause| {
        clause.subjects.iter().all(|phrase| {
            let key = crate::entities::phrase_key(phrase);
            // `the DME company gets only …` is somebody.
            let body = key.contains(' ') && key.ends_with(" company");
            !body
                && matches!(
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
    // `every call gets logged: date, complaints`: a record with its list, whoever keeps it.
    if let [clause] = read.as_slice()
        && clause.passive
        && !clause.not
        && !clause.only
        && clause.tails.is_empty()
        && !says_more(&list)
        && let [subject] = clause.subjects.as_slice()
        && clause.verbs.iter().all(|(verb, _)| matches!(verb, Verb::Create | Verb::Track | Verb::Manage))
        && catalogue().role(&crate::entities::phrase_key(subject)).is_none()
    {
        sentence.head = Some(subject.words.join(" "));
        sentence.tokens = list;
        sentence.under = Some("records".into());
        return None;
    }
    // `readings arrive from the device: systolic, pulse`: values of what arrives.
    if let [clause] = read.as_slice()
        && !clause.not
        && clause.narrowing == 0
        && clause.objects.is_empty()
        && !says_more(&list)
        && let [subject] = clause.subjects.as_slice()
        && catalogue().role(&crate::entities::phrase_key(subject)).is_none()
        && catalogue().entity(&crate::entities::phrase_key(subject)).is_some()
        && clause.verbs.iter().all(|(_, word)| {
            matches!(
                crate::words::base(word),
                Some(
                    "arrive"
                        | "come"
                        | "go"
                        | "send"
                        | "import"
                        | "receive"
                        | "use"
                        | "record"
                        | "enter"
                        | "log"
                )
            )
        })
    {
        sentence.head = Some(subject.words.join(" "));
        sentence.tokens = list;
        sentence.under = Some("records".into());
        return None;
    }
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
        && clause.tails.iter().all(|tail| {
            matches!(tail.by.as_str(), "between" | "for" | "of" | "from" | "across" | "in" | "at")
                && !tail.only
                && tail.phrases.iter().all(|phrase| phrase.at > object.at)
        })
        && clause.verbs.iter().all(|(verb, _)| matches!(verb, Verb::Create | Verb::Track | Verb::Manage))
        && !crate::words::is_no_record(&crate::entities::phrase_key(object))
    {
        sentence.head = Some(object.words.join(" "));
        sentence.tokens = list;
        // What stands under a list of records is no title, though it may come first.
        sentence.under = Some("records".into());
        return None;
    }
    // `the system stores for each client: name, phone`: the list is the client's.
    if let [clause] = read.as_slice()
        && !clause.not
        && clause.objects.is_empty()
        && let [tail] = clause.tails.as_slice()
        && matches!(tail.by.as_str(), "for" | "per" | "of" | "about" | "on")
        && let [phrase] = tail.phrases.as_slice()
        && (phrase.all || tail.by == "per")
        && !says_more(&list)
    {
        sentence.head = Some(phrase.words.join(" "));
        sentence.tokens = list;
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

/// `operators run sessions and record for each session: …`: what is listed is of the sessions.
fn for_each_of_them(before: &mut Vec<Token>) {
    let word = |at: usize| before.get(at).and_then(Token::word).unwrap_or_default();
    let Some(and) = (1..before.len()).rev().find(|at| {
        word(*at) == "and"
            && matches!(verb(word(at + 1)), Some(Verb::Create | Verb::Track))
            && matches!(word(at + 2), "for" | "at" | "on" | "after" | "in")
            && matches!(word(at + 3), "each" | "every")
    }) else {
        return;
    };
    let noun = singular(word(before.len() - 1));
    let named = before[..and].iter().filter_map(Token::word).any(|said| singular(said) == noun);
    if named && before.len() - and <= 6 {
        before.truncate(and);
    }
}

/// Whether what stands behind a colon is a sentence: people who do something, before the first comma.
pub(super) fn says_more(list: &[Token]) -> bool {
    let begin: Vec<Token> = list.iter().take_while(|token| !matches!(token, Token::Comma)).cloned().collect();
    // `where we met, wounds, blood pressure`: something told, and no sentence.
    let told =
        begin.first().and_then(Token::word).is_some_and(|word| matches!(word, "where" | "what" | "how"))
            && begin.get(1).and_then(Token::word).is_some_and(crate::words::is_pronoun);
    if told {
        return false;
    }
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
pub(super) fn attach(list: Vec<Token>, sentence: &mut Sentence, read: &mut [Clause]) {
    let named = |clause: &Clause| clause.objects.iter().any(|object| object.words != ["data"]);
    read.iter_mut().for_each(of_whom_the_chart_is);
    let some = read.iter().any(|clause| !clause.verbs.is_empty() && named(clause));
    let object = |clause: &Clause| {
        !clause.verbs.is_empty()
            && (!some || named(clause))
            && clause.objects.last().is_some_and(|object| object.paren.is_empty())
    };
    // `customers come in for an eye test: sphere, axis`: of the test.
    let record = |phrase: &Phrase| {
        let key = crate::entities::phrase_key(phrase);
        let last = key.rsplit(' ').next().unwrap_or_default().to_owned();
        catalogue().role(&key).is_none()
            && (catalogue().entity(&key).is_some() || catalogue().entity(&last).is_some() || last == "test")
    };
    // `transfusions are given by nurses: start, end`: of what is given.
    let passive = read.len() == 1
        && read[0].passive
        && !read[0].not
        && read[0].objects.is_empty()
        && read[0].subjects.len() == 1
        && !crate::words::is_no_record(&crate::entities::phrase_key(&read[0].subjects[0]))
        && !read[0].verbs.is_empty();
    if passive {
        read[0].subjects[0].paren.clone_from(&list);
        sentence.tokens.push(Token::Open);
        sentence.tokens.extend(list);
        sentence.tokens.push(Token::Close);
        return;
    }
    let target = match read.iter().rposition(object) {
        Some(at) => read[at].objects.last_mut(),
        None => read
            .iter_mut()
            .flat_map(|clause| &mut clause.tails)
            .filter(|tail| matches!(tail.by.as_str(), "for" | "after" | "during" | "at"))
            .flat_map(|tail| &mut tail.phrases)
            .find(|phrase| record(phrase)),
    };
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
pub(super) fn said_in_head(sentence: &mut Sentence) {
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
    // `For every run: …`: what there is each time has its list, whatever the word means elsewhere.
    let each = matches!(
        words.as_slice(),
        ["for" | "per" | "at" | "on", "each" | "every", _, ..] | ["each" | "every", _, ..]
    );
    let kept =
        sentence.under.as_deref() == Some("records") || words.len() > 1 && words.last() == Some(&"plan");
    let plain = !record && !each && !kept && words.iter().all(|word| is_glue(word) || verb(word).is_some())
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

/// `consultants keep a chart for each mother: …`: what is listed is the mother's.
fn of_whom_the_chart_is(clause: &mut Clause) {
    let chart = |phrase: &Phrase| {
        matches!(
            crate::entities::phrase_key(phrase).as_str(),
            "chart" | "record" | "file" | "log" | "profile" | "sheet"
        )
    };
    let keeps =
        clause.verbs.iter().all(|(verb, _)| matches!(verb, Verb::Create | Verb::Track | Verb::Manage));
    if !keeps || clause.not || !matches!(clause.objects.as_slice(), [object] if chart(object)) {
        return;
    }
    let whom = clause.tails.iter().position(|tail| {
        tail.by == "for"
            && tail.phrases.first().is_some_and(|phrase| {
                phrase.all
                    && catalogue()
                        .role(&crate::entities::phrase_key(phrase))
                        .is_some_and(|(kind, _)| kind == crate::catalogue::RoleKind::Subject)
            })
    });
    if let Some(at) = whom {
        let tail = clause.tails.remove(at);
        clause.objects = tail.phrases.into_iter().take(1).collect();
    }
}
