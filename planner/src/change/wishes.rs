//! The changes that are said in words of their own: renaming, removing, a new value, a new state.

use crate::catalogue::catalogue;
use crate::nouns::{Item, items};
use crate::sentences::{Sentence, Token, tokens};
use crate::words::{is_glue, key_of};
use spec::{AppSpec, Name};

/// One change, as it was said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wish {
    /// A record by another name.
    RenameEntity(Name, Name),
    /// A value of a record by another name.
    RenameField { entity: Name, from: Name, to: Name },
    /// A record that is kept no longer.
    RemoveEntity(Name),
    /// A value that is kept no longer.
    RemoveField { entity: Name, field: Name },
    /// Values of a record.
    AddFields { entity: Name, items: Vec<Item> },
    /// A state of a record, behind another or at the end.
    AddState { entity: Name, state: String, after: Option<String> },
}

/// Turns of phrase of changes, in the words that the grammar reads.
pub(crate) fn plainly(prompt: &str) -> String {
    const TURNS: &[(&str, &str)] = &[
        (" no longer ", " not "),
        (" any more", ""),
        (" anymore", ""),
        (" any longer", ""),
        (" from now on", ""),
        (" from today", ""),
        (" in the future", ""),
        (" as well", ""),
        (" too.", "."),
        (" too,", ","),
        (" in addition", ""),
        ("stop letting ", "do not let "),
        ("should stop seeing ", "must not see "),
        ("stop seeing ", "must not see "),
        ("should also be able to ", "can "),
        ("should be able to ", "can "),
        ("are also allowed to ", "can "),
        ("should not be able to ", "must not "),
        ("get access to ", "can see "),
        ("gets access to ", "can see "),
        ("lose access to ", "must not see "),
        ("loses access to ", "must not see "),
    ];
    let mut text = format!("{} ", prompt.trim().trim_end_matches(['.', '!']));
    for (said, plain) in TURNS {
        text = text.replace(said, plain);
    }
    let text = text.trim().to_owned();
    let text = text.strip_suffix(" too").map(str::to_owned).unwrap_or(text);
    let mut lines = Vec::new();
    for line in text.lines() {
        // `Do not let nurses see vitals`, `take away nurses' access to vitals`.
        let lower = line.to_lowercase();
        let denied =
            ["do not let ", "don't let ", "never let "].iter().find_map(|said| lower.strip_prefix(said));
        if let Some(role) = ["add a role ", "add a new role ", "add the role "]
            .iter()
            .find_map(|said| lower.strip_prefix(said))
        {
            // `Add a role cleaner who sees appointments`.
            let role = role.trim_start_matches("called ").replacen(" who can ", " can ", 1).replacen(
                " that can ",
                " can ",
                1,
            );
            lines.push(format!("the {}", role.replacen(" who ", " ", 1).replacen(" that ", " ", 1)));
            continue;
        }
        let record = ["add a record ", "add a new record ", "add records "]
            .iter()
            .find_map(|said| lower.strip_prefix(said));
        if let Some((name, list)) = record.and_then(|rest| rest.split_once(" with ")) {
            // `Add a record for falls with date and place, written by nurses`.
            let name = ["for ", "of ", "called ", "named "]
                .iter()
                .find_map(|said| name.strip_prefix(said))
                .unwrap_or(name);
            let (list, by) = match list.split_once("written by ").or_else(|| list.split_once("kept by ")) {
                Some((list, by)) => (list.trim_end_matches([',', ' ']), Some(by)),
                None => (list, None),
            };
            match by {
                Some(by) => lines.push(format!("{by} record {name} ({list})")),
                None => lines.push(format!("{name}: {list}")),
            }
            continue;
        }
        match denied.and_then(|rest| rest.split_once(" see ")) {
            Some((who, what)) => lines.push(format!("{who} must not see {what}")),
            None => lines.push(line.to_owned()),
        }
    }
    lines.join("\n")
}

/// Reads a sentence as one of these changes; `None` leaves it to the grammar.
pub(crate) fn read(sentence: &Sentence, spec: &AppSpec) -> Option<Wish> {
    let mut said: Vec<Token> = sentence.head.iter().flat_map(|head| tokens(head)).collect();
    if sentence.head.is_some() {
        said.push(Token::Colon);
    }
    said.extend(sentence.tokens.iter().cloned());
    let lead = said
        .iter()
        .take_while(|token| {
            token.word().is_some_and(|word| {
                matches!(
                    word,
                    "please"
                        | "and"
                        | "then"
                        | "also"
                        | "can"
                        | "could"
                        | "you"
                        | "we"
                        | "i"
                        | "want"
                        | "would"
                        | "like"
                        | "to"
                        | "now"
                        | "lets"
                        | "let's"
                )
            })
        })
        .count();
    let said = &said[lead..];
    rename(said, spec)
        .or_else(|| remove(said, spec))
        .or_else(|| state(said, spec))
        .or_else(|| add(said, spec))
}

fn words(tokens: &[Token]) -> Vec<String> {
    tokens
        .iter()
        .map_while(|token| match token {
            Token::Word(word) | Token::Number(word) => Some(word.clone()),
            Token::Quote(text) => Some(text.to_lowercase()),
            Token::Possessive => Some(String::new()),
            _ => None,
        })
        .filter(|word| {
            !word.is_empty()
                && !matches!(
                    word.as_str(),
                    "the" | "a" | "an" | "our" | "field" | "record" | "value" | "column" | "called" | "named"
                )
        })
        .collect()
}

/// The record that words name, in either number.
pub(crate) fn entity(words: &[String], spec: &AppSpec) -> Option<Name> {
    let key = key_of(&words.join(" "));
    spec.entities.keys().find(|name| key_of(name.as_str()) == key).cloned()
}

/// The value that words name, of a record that they name, too (`patient's phone`, `phone of patients`), or of the
/// only record that has one so called; the person's own first.
fn field(words: &[String], spec: &AppSpec) -> Option<(Name, Name)> {
    let find = |entity: &Name, words: &[String]| {
        let key = key_of(&words.join(" "));
        // `dob` is the date of birth, whatever it is called here.
        let known_as = catalogue().field(&key).map(|(field, _)| key_of(&field.name));
        let fields = &spec.entities.get(entity.as_str())?.fields;
        let named = |wanted: &str| fields.keys().find(|name| key_of(name.as_str()) == wanted);
        named(&key).or_else(|| named(known_as.as_deref()?)).map(|field| (entity.clone(), field.clone()))
    };
    // `date of birth` is one name before it is a date of something.
    if let Some(whole) = spec.entities.keys().find_map(|entity| find(entity, words)) {
        return Some(whole);
    }
    let at = words.iter().position(|word| matches!(word.as_str(), "of" | "from" | "on" | "in" | "for"));
    if let Some((at, of)) = at.and_then(|at| Some((at, entity(&words[at + 1..], spec)?))) {
        return find(&of, &words[..at]);
    }
    // `date of birth of patients`.
    let last = words.iter().rposition(|word| matches!(word.as_str(), "of" | "from" | "on" | "in" | "for"));
    if let Some((at, of)) = last.and_then(|at| Some((at, entity(&words[at + 1..], spec)?))) {
        return find(&of, &words[..at]);
    }
    (1..words.len()).find_map(|width| find(&entity(&words[..width], spec)?, &words[width..]))
}

fn name(words: &[String]) -> Option<Name> {
    crate::fields::proper_name(&words.join(" "))?.parse().ok()
}

fn rename(said: &[Token], spec: &AppSpec) -> Option<Wish> {
    let is = |at: usize, word: &str| said.get(at).is_some_and(|token| token.is(word));
    let (from, to): (Vec<String>, Vec<String>) =
        if is(0, "rename") || is(0, "change") && is(1, "the") && is(2, "name") {
            let begin = if is(0, "rename") { 1 } else { 4 };
            let to = said.iter().position(|token| token.is("to") || token.is("as") || token.is("into"))?;
            (words(said.get(begin..to)?), words(&said[to + 1..]))
        } else if is(0, "call") {
            // `call the phone mobile`: which words are which is told by what there is.
            let all = words(&said[1..]);
            let all: Vec<String> = all.into_iter().filter(|word| word != "instead").collect();
            (1..all.len()).rev().find_map(|at| {
                (entity(&all[..at], spec).is_some() || field(&all[..at], spec).is_some())
                    .then(|| (all[..at].to_vec(), all[at..].to_vec()))
            })?
        } else {
            let at = said.windows(2).position(|pair| pair[0].is("be") && pair[1].is("called"))?;
            (
                words(&said[..at])
                    .into_iter()
                    .filter(|word| !matches!(word.as_str(), "should" | "must" | "will" | "shall"))
                    .collect(),
                words(&said[at + 2..]),
            )
        };
    if let Some(known) = entity(&from, spec) {
        return Some(Wish::RenameEntity(known, name(&to)?));
    }
    let (entity, from) = field(&from, spec)?;
    // `rename patient phone to patient mobile`: the record's name is no part of the value's.
    let to = match to.first() {
        Some(first) if to.len() > 1 && key_of(first) == key_of(entity.as_str()) => to[1..].to_vec(),
        _ => to,
    };
    // `to mobile of patients`, but `to date of birth`.
    let of = to
        .iter()
        .rposition(|word| matches!(word.as_str(), "of" | "in" | "on"))
        .filter(|at| self::entity(&to[at + 1..], spec).is_some())
        .unwrap_or(to.len());
    Some(Wish::RenameField { to: name(&to[..of])?, entity, from })
}

fn remove(said: &[Token], spec: &AppSpec) -> Option<Wish> {
    let first = said.first().and_then(Token::word)?;
    let what = if matches!(first, "remove" | "delete" | "drop" | "discard" | "retire") {
        words(&said[1..])
    } else if first == "get" && said.get(1).is_some_and(|token| token.is("rid")) {
        words(said.get(3..)?)
    } else if matches!(first, "do" | "not" | "dont")
        && said.iter().take(4).any(|token| token.is("need") || token.is("use") || token.is("keep"))
    {
        let at = said.iter().position(|token| token.is("need") || token.is("use") || token.is("keep"))?;
        words(&said[at + 1..])
    } else {
        return None;
    };
    if let Some(known) = entity(&what, spec) {
        return Some(Wish::RemoveEntity(known));
    }
    let (entity, field) = field(&what, spec)?;
    Some(Wish::RemoveField { entity, field })
}

/// `add a state archived to notes`, `add the status on hold after booked to appointments`, `notes can also be archived`.
fn state(said: &[Token], spec: &AppSpec) -> Option<Wish> {
    let plain = words(said);
    let with_states = |words: &[String]| {
        entity(words, spec)
            .filter(|name| spec.entities.get(name.as_str()).is_some_and(|entity| entity.lifecycle.is_some()))
    };
    if plain.first().is_some_and(|word| word == "add") {
        let at =
            plain.iter().position(|word| matches!(word.as_str(), "state" | "status" | "stage" | "step"))?;
        let rest = &plain[at + 1..];
        let to = rest.iter().rposition(|word| matches!(word.as_str(), "to" | "for" | "of"));
        let of = to.map_or_else(
            || {
                let mut named = spec.entities.iter().filter(|(_, entity)| entity.lifecycle.is_some());
                named.next().map(|(name, _)| name.clone()).filter(|_| named.next().is_none())
            },
            |to| with_states(&rest[to + 1..]),
        )?;
        let named = &rest[..to.unwrap_or(rest.len())];
        let after = named.iter().position(|word| word == "after" || word == "behind");
        let state = named[..after.unwrap_or(named.len())].join(" ");
        let after = after.map(|at| named[at + 1..].join(" "));
        return (!state.is_empty()).then_some(Wish::AddState { entity: of, state, after });
    }
    let at = plain.iter().position(|word| word == "be")?;
    let before: Vec<String> = plain[..at]
        .iter()
        .filter(|word| !matches!(word.as_str(), "can" | "may" | "also" | "should" | "must"))
        .cloned()
        .collect();
    let also = plain[..at].iter().any(|word| word == "also");
    let of = with_states(&before)?;
    let after = plain[at + 1..].iter().position(|word| word == "after");
    let state: Vec<String> = plain[at + 1..].iter().take(after.unwrap_or(usize::MAX)).cloned().collect();
    let plain_state =
        (1..=2).contains(&state.len()) && state.iter().all(|word| !is_glue(word) || word == "on");
    let after = after.map(|after| plain[at + 2 + after..].join(" "));
    (also && plain_state).then(|| Wish::AddState { entity: of, state: state.join(" "), after })
}

/// `add allergies and blood type to patients`, `visits should also have a duration in minutes`, `add to visits: …`.
fn add(said: &[Token], spec: &AppSpec) -> Option<Wish> {
    let is = |at: usize, word: &str| said.get(at).is_some_and(|token| token.is(word));
    if is(0, "add") {
        if is(1, "to") {
            let colon = said.iter().position(|token| *token == Token::Colon)?;
            let entity = entity(&words(&said[2..colon]), spec)?;
            return Some(Wish::AddFields { entity, items: items(&said[colon + 1..]) });
        }
        let mut depth = 0_usize;
        let to = said.iter().rposition(|token| {
            match token {
                Token::Close => depth += 1,
                Token::Open => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && token.is("to")
        })?;
        let entity = entity(&words(&said[to + 1..]), spec)?;
        let begin = 1 + said[1..to]
            .iter()
            .take_while(|token| ["a", "an", "the", "new", "field", "value"].iter().any(|word| token.is(word)))
            .count();
        return Some(Wish::AddFields { entity, items: items(&said[begin..to]) });
    }
    let has = said.iter().position(|token| {
        ["has", "have", "include", "includes", "get", "gets", "needs", "need"]
            .iter()
            .any(|word| token.is(word))
    })?;
    let before: Vec<String> = words(&said[..has])
        .into_iter()
        .filter(|word| {
            !matches!(word.as_str(), "should" | "must" | "can" | "also" | "each" | "every" | "all" | "will")
        })
        .collect();
    let entity = entity(&before, spec)?;
    // `patients can have …` of a role that is a record is about the record.
    let list: Vec<Token> = said[has + 1..].iter().filter(|token| !token.is("also")).cloned().collect();
    let listed = items(&list);
    (!listed.is_empty()).then_some(Wish::AddFields { entity, items: listed })
}
