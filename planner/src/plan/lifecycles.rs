//! States, locks and addenda that sentences speak of.

use crate::{
    catalogue::EntityKind,
    clauses::Clause,
    entities::phrase_key,
    features,
    sentences::{Sentence, Token},
    words::{Verb, base, is_be, is_glue, singular},
    world::{Parsed, World},
};

/// States that one word is enough to tell of: drafts come before them.
const ENDS: &[&str] = &["signed", "released", "final", "approved", "published", "finalized"];

/// Reads states in the order of the prompt; `it` is the record that was spoken of last.
pub(crate) fn lifecycles(parsed: &[Parsed], world: &mut World) {
    let requests = parsed.iter().any(|one| one.sentence.plain().contains(" request"));
    let mut spoken: Option<String> = None;
    for one in parsed {
        let named = named_in(one, world);
        let about = named.first().cloned().or_else(|| spoken.clone());
        if let Some(name) = &about {
            let states = enumerated(&one.sentence.tokens, requests);
            let loose = chain(&one.sentence.tokens).is_empty();
            let own =
                world.entities.get(name).and_then(|entity| entity.concept).map(|concept| &concept.states);
            let open = world
                .entities
                .get(name)
                .is_some_and(|entity| entity.states.is_empty() || Some(&entity.states) == own);
            if states.len() > 1 && open {
                begin(name, states, loose, world);
            }
        }
        for clause in &one.clauses {
            told(clause, about.as_deref(), world);
        }
        spoken = named.last().cloned().or(spoken);
    }
    let mut spoken: Option<String> = None;
    for one in parsed {
        locked(one, spoken.as_deref(), world);
        spoken = named_in(one, world).pop().or(spoken);
    }
    if parsed.iter().any(|one| one.sentence.text.to_lowercase().contains("addend")) {
        let frozen = |states: &[String]| {
            states.iter().any(|state| matches!(state.as_str(), "locked" | "signed" | "final"))
        };
        for entity in world.entities.values_mut().filter(|entity| frozen(&entity.states)) {
            entity.addenda = true;
        }
    }
}

fn begin(name: &str, states: Vec<String>, loose: bool, world: &mut World) {
    if let Some(entity) = world.entities.get_mut(name).filter(|entity| entity.kind != EntityKind::Subject) {
        entity.states = states;
        entity.loose = loose;
        entity.fields.shift_remove("status");
    }
}

/// The records that a sentence names, in its order.
fn named_in(one: &Parsed, world: &World) -> Vec<String> {
    let head = one.sentence.head.iter().flat_map(|head| head.split(' '));
    named(head.chain(one.sentence.tokens.iter().filter_map(Token::word)).collect(), world)
}

/// The records that words name, in their order.
fn named(words: Vec<&str>, world: &World) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for at in 0..words.len() {
        let found = (1..=3).rev().find_map(|width| {
            let piece = words.get(at..at + width)?;
            let key = crate::words::key(piece);
            world.entity_named(&key).filter(|found| width == 1 || crate::words::key_of(found) == key)
        });
        if let Some(name) = found
            && world.entities.get(&name).is_some_and(|entity| entity.kind != EntityKind::Subject)
            && !out.contains(&name)
        {
            out.push(name);
        }
    }
    out
}

/// `requested -> approved -> filled`, `is new, accepted or closed`, `goes through cast, built, fitted`,
/// `mark them picked up, dropped off or no show`.
fn enumerated(tokens: &[Token], requests: bool) -> Vec<String> {
    let chained = chain(tokens);
    if chained.len() > 1 {
        return chained;
    }
    for (at, token) in tokens.iter().enumerate() {
        let Some(word) = token.word() else { continue };
        let listed = listed_words(&tokens[at + 1..]);
        if word == "through" && listed.len() >= 3 {
            return listed;
        }
        // `move them through: new, contacted, enrolled`.
        if word == "through" && matches!(tokens.get(at + 1), Some(Token::Colon | Token::Open)) {
            let behind: Vec<Token> =
                tokens[at + 2..].iter().take_while(|token| **token != Token::Close).cloned().collect();
            let listed = listed_words(&behind);
            if listed.len() >= 3 {
                return listed;
            }
        }
        // `have a status of received, in process, discarded`.
        if matches!(word, "status" | "state" | "stage")
            && tokens.get(at + 1).is_some_and(|next| next.is("of"))
        {
            let listed: Vec<String> = crate::nouns::separate(&tokens[at + 2..])
                .iter()
                .map(|piece| piece.iter().filter_map(Token::word).collect::<Vec<_>>().join(" "))
                .filter(|state| !state.is_empty() && state.split(' ').count() < 4)
                .collect();
            if listed.len() >= 2 {
                return listed;
            }
        }
        if is_be(word) && listed.len() >= 3 {
            return listed;
        }
        let marks = base(word).is_some_and(|base| base == "mark");
        if marks && let Some(object) = tokens.get(at + 1).and_then(Token::word) {
            let listed = listed_words(&tokens[at + 2..]);
            if matches!(object, "it" | "them") && listed.len() >= 2 {
                let first = if requests { "requested" } else { "open" };
                return std::iter::once(first.to_owned()).chain(listed).collect();
            }
        }
    }
    if ["draft", "signed"].iter().all(|state| tokens.iter().any(|token| token.is(state))) {
        return vec!["draft".into(), "signed".into()];
    }
    Vec::new()
}

/// The states between arrows.
fn chain(tokens: &[Token]) -> Vec<String> {
    let joins = |token: &Token| matches!(token, Token::Arrow | Token::Above);
    let arrows = tokens.iter().filter(|token| joins(token)).count();
    let Some(first) = tokens.iter().position(joins) else { return Vec::new() };
    if !tokens.contains(&Token::Arrow) && arrows < 2 {
        return Vec::new();
    }
    let mut begin = first;
    while begin > 0
        && tokens[begin - 1]
            .word()
            .is_some_and(|word| !is_glue(word) && !matches!(word, "status" | "state" | "stage"))
    {
        begin -= 1;
    }
    // Only the last word belongs to the state, where more stand before it.
    if first - begin > 2 {
        begin = first - 1;
    }
    let mut out = Vec::new();
    let mut state: Vec<&str> = Vec::new();
    for token in &tokens[begin..] {
        match token {
            Token::Word(word) => state.push(word),
            token if joins(token) => out.push(std::mem::take(&mut state).join(" ")),
            _ => break,
        }
    }
    out.push(state.join(" "));
    out.retain(|state| !state.is_empty() && state.len() < 30);
    out
}

/// `new, accepted, answered or closed`: one or two words each, up to the end of the sentence.
fn listed_words(tokens: &[Token]) -> Vec<String> {
    let mut out = Vec::new();
    for piece in tokens.split(|token| *token == Token::Comma || token.is("or") || token.is("and")) {
        // `suspected, then confirmed, then closed`.
        let piece = match piece.split_first() {
            Some((first, rest)) if ["then", "finally", "later"].iter().any(|word| first.is(word)) => rest,
            _ => piece,
        };
        if piece.is_empty() {
            continue;
        }
        let words: Option<Vec<&str>> = piece.iter().map(Token::word).collect();
        let Some(words) = words else { return Vec::new() };
        // `picked up` and `no show` are states, though their particles glue elsewhere.
        let plain =
            words.iter().all(|word| !is_glue(word) || matches!(*word, "no" | "up" | "off" | "in" | "out"));
        if !plain || words.len() > 2 {
            return Vec::new();
        }
        out.push(words.join(" "));
    }
    out
}

/// `doctors release them`, `read final reports`, `once signed`: a draft comes before.
fn told(clause: &Clause, about: Option<&str>, world: &mut World) {
    let verb = clause.verbs.iter().find_map(|(verb, word)| match (verb, base(word)?) {
        (Verb::Sign, "sign") => Some("signed"),
        (Verb::Sign, "finalize" | "finalise") => Some("final"),
        (Verb::Review, "release") => Some("released"),
        (Verb::Review, "publish") => Some("published"),
        _ => None,
    });
    let condition = clause
        .tails
        .iter()
        .filter(|tail| matches!(tail.by.as_str(), "after" | "once" | "when"))
        .flat_map(|tail| &tail.words)
        .find_map(|word| {
            // `after the midwife signs`.
            ENDS.iter().find(|end| *end == word).copied().or_else(|| match base(word)? {
                "sign" | "cosign" => Some("signed"),
                "release" => Some("released"),
                "approve" => Some("approved"),
                "publish" => Some("published"),
                _ => None,
            })
        });
    let phrases = clause.objects.iter().chain(clause.subjects.iter().filter(|_| clause.passive));
    let mut named = false;
    for phrase in phrases {
        let pronoun = matches!(phrase.words.last().map(String::as_str), Some("it" | "them"));
        let own = phrase.modifiers.iter().map(String::as_str).find(|word| {
            ENDS.contains(word)
                || word.ends_with("ed") && matches!(crate::words::verb(word), Some(Verb::Review))
        });
        let Some(state) = verb.or(condition).or(own) else { continue };
        let key = phrase_key(phrase);
        let entity = if pronoun { about.map(str::to_owned) } else { world.entity_named(&key) }
            .or_else(|| world.entity_named(&singular(phrase.words.last()?)));
        named = true;
        draft_before(entity, state, world);
    }
    if !named && let (Some(state), true) = (verb, clause.objects.is_empty()) {
        draft_before(about.map(str::to_owned), state, world);
    }
}

fn draft_before(entity: Option<String>, state: &str, world: &mut World) {
    if let Some(entity) = entity.and_then(|name| world.entities.get_mut(&name))
        && entity.states.is_empty()
        && entity.kind == EntityKind::Clinical
        && entity.concept.is_none_or(|concept| !matches!(concept.name.as_str(), "consent" | "agreement"))
    {
        entity.states = vec!["draft".into(), state.to_owned()];
        entity.fields.shift_remove("status");
    }
}

/// `once locked nobody can change it`, `notes, which are locked once signed`: frozen from that state on. `spoken` is the
/// record that was spoken of last, for `they lock after signing`.
fn locked(one: &Parsed, spoken: Option<&str>, world: &mut World) {
    let Some(state) = features::locks(&one.sentence) else { return };
    let mut some = false;
    for entity in world.entities.values_mut().filter(|entity| entity.states.contains(&state)) {
        // `draft, signed, locked`: it is the later state that locks.
        let later = state != "locked" && entity.states.iter().any(|state| state == "locked");
        entity.locked |= !later;
        some = true;
    }
    // `once signed nobody can edit it` without states: draft, then that.
    if let Some(name) = frozen(one, spoken, world)
        && let Some(entity) = world.entities.get_mut(&name)
        && entity.states.is_empty()
        && (!some || lock(&one.sentence).is_some())
    {
        entity.states = vec!["draft".into(), state];
        entity.locked = true;
        entity.fields.shift_remove("status");
    }
}

/// What is frozen: the clinical record that is named next before the lock, or first in the sentence, or was spoken of.
fn frozen(one: &Parsed, spoken: Option<&str>, world: &World) -> Option<String> {
    let clinical =
        |name: &String| world.entities.get(name).is_some_and(|entity| entity.kind == EntityKind::Clinical);
    let words = lock(&one.sentence).map(|at| &one.sentence.tokens[..at]);
    let before = words.map(|tokens| named(tokens.iter().filter_map(Token::word).collect(), world));
    let before = before.into_iter().flatten().rfind(clinical);
    before
        .or_else(|| named_in(one, world).into_iter().find(clinical))
        .or_else(|| spoken.map(str::to_owned).filter(clinical))
        .or_else(|| world.entities.keys().find(|name| name.ends_with("note")).cloned())
}

/// The token that says that something locks.
fn lock(sentence: &Sentence) -> Option<usize> {
    let at: Vec<usize> =
        (0..sentence.tokens.len()).filter(|at| sentence.tokens[*at].word().is_some()).collect();
    let words: Vec<&str> = sentence.tokens.iter().filter_map(Token::word).collect();
    features::lock(&words).map(|lock| at[lock])
}
