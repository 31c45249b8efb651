//! Values that founders say around what they are of: `take photos of wounds and record size`, `vaccines given with lot
//! number`, `how long it lasted`.

use crate::{
    catalogue::{EntityKind, RoleKind, catalogue},
    sentences::Token,
    words::{base, is_be, is_glue, is_modal, singular, verb},
};

fn word(word: &str) -> Token {
    Token::Word(word.to_owned())
}

/// `take photos of wounds and record size, depth` reads as `record wounds (photo, size, depth)`.
pub(super) fn photos_of(tokens: Vec<Token>) -> Vec<Token> {
    let said = |at: usize| tokens.get(at).and_then(Token::word).unwrap_or_default();
    let photo = |word: &str| matches!(singular(word).as_str(), "photo" | "picture" | "photograph" | "image");
    let Some(of) = (2..tokens.len()).find(|at| tokens[*at].is("of") && photo(said(at - 1))) else {
        return tokens;
    };
    let takes = of - 2 - usize::from(of > 2 && matches!(said(of - 2), "a" | "the" | "some"));
    if !matches!(said(takes), "take" | "takes" | "snap" | "snaps" | "upload" | "uploads" | "add" | "adds") {
        return tokens;
    }
    // `upload a photo of a mole with body location, size and age`.
    let with = (of + 2..tokens.len().min(of + 5)).find(|at| tokens[*at].is("with"));
    if let Some(with) = with.filter(|with| tokens[*with..].contains(&Token::Comma)) {
        let mut out = tokens[..takes].to_vec();
        out.push(word(if said(takes).ends_with('s') { "logs" } else { "log" }));
        out.extend(tokens[of + 1..with].iter().cloned());
        out.extend([Token::Open, word("photo"), Token::Comma]);
        out.extend(tokens[with + 1..].iter().cloned());
        out.push(Token::Close);
        return out;
    }
    let Some(and) = (of + 2..tokens.len().min(of + 5)).find(|at| tokens[*at].is("and")) else {
        return tokens;
    };
    let records = matches!(
        base(said(and + 1)),
        Some("record" | "log" | "note" | "document" | "measure" | "write" | "enter" | "describe")
    );
    let list = tokens.get(and + 2..).unwrap_or_default();
    let what = &tokens[of + 1..and];
    let plain = what.iter().all(|token| token.word().is_some())
        && list.iter().all(|token| match token {
            Token::Word(word) => {
                !is_modal(word)
                    && !is_be(word)
                    && !crate::words::restricts(word)
                    && !matches!(
                        word.as_str(),
                        "who" | "which" | "they" | "with" | "if" | "when" | "of" | "for" | "in"
                    )
            }
            Token::Comma
            | Token::Range(..)
            | Token::Number(_)
            | Token::Open
            | Token::Close
            | Token::Slash => true,
            _ => false,
        });
    if !records || !plain || list.is_empty() {
        return tokens;
    }
    let mut out = tokens[..takes].to_vec();
    out.push(tokens[and + 1].clone());
    out.extend(what.iter().cloned());
    out.extend([Token::Open, word("photo"), Token::Comma]);
    out.extend(list.iter().cloned());
    out.push(Token::Close);
    out
}

/// `record vaccines given with lot number and site` reads as `record vaccines with lot number and site`.
pub(super) fn given_with(mut tokens: Vec<Token>) -> Vec<Token> {
    let at = (1..tokens.len()).find(|at| {
        let given = tokens[*at].word().is_some_and(|word| {
            matches!(
                word,
                "given" | "administered" | "taken" | "done" | "used" | "made" | "dispensed" | "performed"
            )
        });
        let several = tokens[*at - 1]
            .word()
            .is_some_and(|word| singular(word) != word && catalogue().entity(&singular(word)).is_some());
        let with = tokens.get(at + 1).is_some_and(|next| next.is("with"));
        let writes = || {
            tokens[..*at - 1].iter().filter_map(Token::word).any(|word| {
                matches!(
                    verb(word),
                    Some(crate::words::Verb::Create | crate::words::Verb::Track | crate::words::Verb::Manage)
                )
            })
        };
        given && with && several && writes()
    });
    if let Some(at) = at {
        tokens.remove(at);
    }
    tokens
}

/// `how long it lasted` reads as `duration`, `how hungry they were 1 to 5` as `hunger 1 to 5`.
pub(super) fn how_it_was(tokens: Vec<Token>) -> Vec<Token> {
    const ASKED: &[(&str, &str)] = &[
        ("long", "duration"),
        ("severe", "severity"),
        ("bad", "severity"),
        ("strong", "intensity"),
        ("intense", "intensity"),
        ("often", "frequency"),
        ("hungry", "hunger"),
        ("thirsty", "thirst"),
        ("tired", "fatigue"),
        ("anxious", "anxiety"),
        ("stressed", "stress"),
        ("happy", "happiness"),
        ("sad", "sadness"),
        ("hard", "effort"),
    ];
    let is = |at: usize, known: &[&str]| {
        tokens.get(at).and_then(Token::word).is_some_and(|word| known.contains(&word))
    };
    let mut out = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let named = ASKED.iter().find(|(asked, _)| is(at, &["how"]) && is(at + 1, &[*asked]));
        let who = usize::from(is(at + 2, &["it", "they", "he", "she", "i"]))
            + 2 * usize::from(is(at + 2, &["the", "their"]) && tokens.get(at + 3).is_some());
        let did = is(
            at + 2 + who,
            &[
                "was", "were", "is", "are", "lasted", "lasts", "took", "takes", "felt", "feel", "feels",
                "happened",
            ],
        );
        match named.filter(|_| who > 0 && did) {
            Some((_, name)) => {
                out.push(word(name));
                at += 3 + who;
            }
            None => {
                out.push(tokens[at].clone());
                at += 1;
            }
        }
    }
    out
}

/// `any doctor can open any chart in an emergency with a reason`: the app asks for the reason by itself.
pub(super) fn for_a_reason(mut tokens: Vec<Token>) -> Vec<Token> {
    let emergency =
        tokens.iter().any(|token| ["emergency", "emergencies", "glass"].iter().any(|word| token.is(word)));
    let reason = tokens.windows(3).position(|three| {
        ["with", "giving", "for", "by"].iter().any(|word| three[0].is(word))
            && three[1].is("a")
            && (three[2].is("reason") || three[2].is("justification"))
    });
    if let Some(at) = reason.filter(|_| emergency) {
        tokens.drain(at..at + 3);
    }
    tokens
}

/// `dentists review`: what was spoken of last.
pub(super) fn looks_over(mut tokens: Vec<Token>) -> Vec<Token> {
    let staff = |token: &Token| {
        token.word().is_some_and(|word| {
            catalogue().role(&singular(word)).is_some_and(|(kind, _)| {
                matches!(kind, RoleKind::Panel | RoleKind::Care) && singular(word) != word
            })
        })
    };
    let looks = |token: &Token| ["review", "approve", "sign"].iter().any(|word| token.is(word));
    if let [.., who, does] = tokens.as_slice()
        && staff(who)
        && looks(does)
        && tokens.len() < 4
        && tokens.iter().all(|token| token.word().is_some())
    {
        tokens.push(word("them"));
    }
    tokens
}

/// `therapists assign exercises with sets and reps`: what is given to do is written down.
pub(super) fn given_to_do(tokens: Vec<Token>) -> Vec<Token> {
    let mut out = tokens;
    for at in 0..out.len() {
        let assigns = if out[at].is("assign") { "create" } else { "creates" };
        if !out[at].is("assign") && !out[at].is("assigns") {
            continue;
        }
        let rest: Vec<&str> = out[at + 1..]
            .iter()
            .map_while(Token::word)
            .filter(|word| !matches!(*word, "a" | "an" | "the" | "new"))
            .take_while(|word| !is_glue(word))
            .take(3)
            .collect();
        let exercise = rest.iter().any(|word| {
            matches!(
                singular(word).as_str(),
                "exercise" | "homework" | "worksheet" | "activity" | "lesson" | "goal" | "plan" | "program"
            )
        });
        let noun = (1..=rest.len()).filter(|_| exercise).rev().find_map(|width| {
            catalogue().entity(&crate::words::key(&rest[..width])).map(|(concept, _)| concept.kind)
        });
        if noun == Some(EntityKind::Clinical) {
            out[at] = word(assigns);
        }
    }
    out
}

/// `paramedics count the drugs`, `the nurse imports readings`: people write down what they count and bring in.
pub(super) fn counts_and_imports(mut tokens: Vec<Token>) -> Vec<Token> {
    for at in 1..tokens.len().saturating_sub(1) {
        let person = tokens[at - 1].word().is_some_and(|who| {
            catalogue().role(&singular(who)).is_some_and(|(kind, _)| kind != RoleKind::Subject)
                || matches!(who, "we" | "they" | "can" | "may")
        });
        let several = tokens[at - 1]
            .word()
            .is_some_and(|who| singular(who) != who || matches!(who, "we" | "can" | "may"));
        let object = tokens[at + 1]
            .word()
            .is_some_and(|next| !is_glue(next) || matches!(next, "the" | "all" | "each"));
        let plain = match tokens[at].word() {
            Some("count") if several => "record",
            Some("counts") if !several => "records",
            Some("import") if several => "enter",
            Some("imports") if !several => "enters",
            _ => continue,
        };
        if person && object {
            tokens[at] = word(plain);
        }
    }
    tokens
}

/// `nurses start the infusion and record start time`: a verb behind *and* takes its object, and is no noun.
pub(super) fn and_does(mut tokens: Vec<Token>) -> Vec<Token> {
    let mut acted = false;
    let mut at = 0;
    while at + 2 < tokens.len() {
        acted |= at > 0 && tokens[at].word().is_some_and(|word| verb(word).is_some());
        let does = tokens[at].is("and")
            && ["record", "log", "document", "note", "schedule", "book"]
                .iter()
                .any(|word| tokens[at + 1].is(word));
        let named = tokens[at + 2].word().is_some_and(|next| {
            let two = tokens.get(at + 3).and_then(Token::word).map(|more| format!("{next} {more}"));
            let known = |said: &str| {
                let key = crate::words::key_of(said);
                catalogue().field(&key).is_some() || catalogue().entity(&key).is_some()
            };
            !is_glue(next) && (known(next) || two.as_deref().is_some_and(known))
        });
        // `a visit record and record requests`: what is one phrase of the catalogue stays one.
        let phrase = tokens[at + 2].word().is_some_and(|next| {
            let said = tokens[at + 1].word().map(|word| crate::words::key_of(&format!("{word} {next}")));
            said.is_some_and(|key| catalogue().entity(&key).is_some() || catalogue().field(&key).is_some())
        });
        // One thing behind the verb may as well be a record.
        let listed = [3, 4].iter().any(|ahead| tokens.get(at + ahead) == Some(&Token::Comma));
        let books = tokens[at + 1].is("schedule") || tokens[at + 1].is("book");
        let many = tokens[at + 2..].iter().filter(|token| **token == Token::Comma).count() > 1
            && tokens[at + 2].word().is_some_and(|next| !is_glue(next) && verb(next).is_none());
        if acted && does && (named && (listed || books) || many) && !phrase {
            tokens.insert(at + 2, word("the"));
        }
        at += 1;
    }
    tokens
}
