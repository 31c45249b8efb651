//! Who writes the prompt, and so works with the app: `I am a school nurse`, `Renal dietitian here!`.

use super::{add, is_crew, of_the_app, words_key};
use crate::{
    catalogue::{RoleKind, catalogue},
    clauses::{Clause, Phrase},
    sentences::Sentence,
    words::Verb,
    world::{Parsed, Role, World},
};

/// Whether a role works: no patient, nobody who acts for one, nobody from outside.
fn works(name: &str) -> bool {
    catalogue()
        .role(name)
        .is_some_and(|(kind, _)| !matches!(kind, RoleKind::Subject | RoleKind::Proxy | RoleKind::Support))
}

/// `I am a school nurse at a primary school`, `school nurse here`.
pub(super) fn narrator(sentence: &Sentence, clauses: &[Clause], world: &mut World) {
    // `I'm a therapist, no employees`: they are one all the same.
    let begins = sentence.tokens.first().is_some_and(|token| token.is("i"))
        && sentence
            .tokens
            .get(1)
            .or(sentence.tokens.get(2))
            .is_some_and(|token| token.is("a") || token.is("an"));
    let Some(clause) = clauses.first().filter(|clause| !clause.not || begins) else {
        return;
    };
    let said = match clause.subjects.as_slice() {
        // `I'm a couples & sex therapist`: what they are stands at the end.
        [who, what, rest, ..]
            if who.words == ["i"]
                && what.article
                && working(what, &words_key(what)).is_none()
                && working(rest, &words_key(rest)).is_some() =>
        {
            rest
        }
        [who, what, ..] if who.words == ["i"] && what.article => what,
        // `my wife is a dietitian`.
        [who, what, ..] if what.article && kin(who) => what,
        [what, ..]
            if sentence.tokens.iter().take(6).zip(sentence.tokens.iter().skip(1)).any(
                |(before, here)| here.is("here") && before.word() == what.words.last().map(String::as_str),
            ) =>
        {
            what
        }
        _ => return,
    };
    let name = words_key(said);
    if let Some(name) = working(said, &name) {
        add(world, &name, true, true);
        world.narrator = world.roles_named(&name).first().cloned();
    }
}

/// Somebody of whom whoever writes tells: `my wife`, `a friend`.
fn kin(who: &Phrase) -> bool {
    who.words.len() == 1
        && matches!(
            who.words[0].as_str(),
            "wife"
                | "husband"
                | "partner"
                | "sister"
                | "brother"
                | "friend"
                | "boss"
                | "mother"
                | "mom"
                | "dad"
                | "father"
        )
}

/// The role that a phrase names by itself or by its last words: `board certified lactation consultant`.
fn working(said: &Phrase, name: &str) -> Option<String> {
    if works(name) || is_crew(said) {
        return Some(name.to_owned());
    }
    let words: Vec<&str> = name.split(' ').collect();
    (1..words.len()).map(|at| words[at..].join(" ")).find(|tail| works(tail))
}

/// A role for whoever writes the prompt.
fn myself(name: &str, kind: RoleKind, world: &mut World) -> String {
    let new = Role { kind, acts: true, open: false, assumed: true, bounded: false };
    world.roles.entry(name.to_owned()).or_insert(new);
    world.assume(format!("a role `{name}`: you, who write this"));
    name.to_owned()
}

/// `Pelvic health PT, solo practice … when I sign`: the only one who works there is who writes.
pub(super) fn narrator_of_the_app(parsed: &[Parsed], world: &mut World) {
    let i = |clause: &&Clause| clause.subjects.iter().any(|phrase| phrase.words == ["i"]);
    let works_with = |clause: &Clause| {
        let about_the_app = clause.objects.iter().any(|phrase| {
            phrase
                .words
                .last()
                .is_some_and(|word| matches!(word.as_str(), "app" | "tool" | "software" | "system"))
        });
        // `I manage my caseload`, and not `I run a platform for clinics`.
        let manages = clause.verbs.iter().any(|(verb, _)| *verb == Verb::Manage)
            && !clause.objects.iter().any(|phrase| phrase.words.last().is_some_and(|word| runs(word)));
        !about_the_app
            && (manages
                || clause.verbs.iter().any(|(verb, _)| {
                    matches!(
                        verb,
                        Verb::View
                            | Verb::Create
                            | Verb::Update
                            | Verb::Track
                            | Verb::Sign
                            | Verb::Review
                            | Verb::Book
                    )
                }))
    };
    if world.narrator.is_none()
        && let Some(name) = parsed.first().and_then(|one| alone_in_title(&one.sentence))
        && (world.of_kind(RoleKind::Panel).is_empty() && world.of_kind(RoleKind::Care).is_empty()
            || world.roles_named(&name).len() == 1
            || speaks_of_themselves(parsed))
    {
        add(world, &name, true, true);
        world.narrator = world.roles_named(&name).into_iter().next();
        return;
    }
    let said: Vec<&Clause> = parsed.iter().flat_map(|one| &one.clauses).filter(i).collect();
    let speaks = said.iter().any(|clause| works_with(clause));
    let alone_may = said.iter().any(|clause| clause.only_subjects && works_with(clause));
    if world.narrator.is_some() || !speaks {
        return;
    }
    // The heading names whose app it is.
    let title =
        parsed.first().into_iter().flat_map(|one| &one.clauses).filter(|clause| clause.verbs.is_empty());
    let named = title.flat_map(|clause| &clause.subjects).find_map(|phrase| {
        let name = words_key(phrase);
        of_the_app(phrase).or_else(|| working(phrase, &name).filter(|_| phrase.words.len() <= 4))
    });
    if let Some(name) = named {
        add(world, &name, true, true);
        world.narrator = world.roles_named(&name).into_iter().next();
        return;
    }
    let mut treating = world
        .roles
        .iter()
        .filter(|(_, role)| matches!(role.kind, RoleKind::Panel | RoleKind::Care))
        .map(|(name, _)| name.clone());
    let (first, second) = (treating.next(), treating.next());
    world.narrator = match (first, second) {
        (Some(one), None) => Some(one),
        // Nobody else treats anybody, or `only I` may what several could: whoever writes is a role of their own.
        (None, _)
            if world
                .roles
                .values()
                .all(|role| matches!(role.kind, RoleKind::Subject | RoleKind::Proxy | RoleKind::Office)) =>
        {
            Some(myself("clinician", RoleKind::Panel, world))
        }
        (Some(_), Some(_)) if alone_may => {
            let owner = world.of_kind(RoleKind::Owner).into_iter().next();
            Some(owner.unwrap_or_else(|| myself("owner", RoleKind::Owner, world)))
        }
        (None, _) => world.of_kind(RoleKind::Owner).into_iter().next(),
        _ => None,
    };
}

/// Whether somebody speaks in the first person.
fn speaks_of_themselves(parsed: &[Parsed]) -> bool {
    parsed.iter().any(|one| {
        one.sentence.tokens.iter().any(|token| ["i", "me", "my", "mine"].iter().any(|word| token.is(word)))
    })
}

/// `Podiatrist visiting nursing homes.`, `Solo lymphedema therapist.`: a title that names one person and what they do.
fn alone_in_title(sentence: &Sentence) -> Option<String> {
    if sentence.head.is_some() {
        return None;
    }
    let words: Vec<&str> = sentence.tokens.iter().map_while(crate::sentences::Token::word).collect();
    let skip = words
        .iter()
        .take_while(|word| {
            matches!(
                **word,
                "solo" | "mobile" | "independent" | "freelance" | "self" | "employed" | "a" | "an"
            )
        })
        .count();
    let words = &words[skip..];
    (1..=words.len().min(4)).rev().find_map(|width| {
        let name = words[..width].join(" ");
        let one = words[width - 1] == crate::words::singular(words[width - 1]);
        let first = sentence.tokens.get(skip + width);
        let ends = first.is_none()
            || first.is_some_and(|token| {
                *token == crate::sentences::Token::Comma
                    || [
                        "visiting", "doing", "treating", "seeing", "working", "running", "here", "at", "in",
                        "with",
                    ]
                    .iter()
                    .any(|word| token.is(word))
            });
        let crew = crate::roles::is_crew_name(&name);
        let treats = crate::roles::treats_by_name(words[width - 1]);
        let known = works(&name) || crew || treats;
        // `sports dietitian`: by the words that name them.
        let phrase = Phrase {
            words: words[..width].iter().map(|word| (*word).to_owned()).collect(),
            ..Phrase::default()
        };
        (one && ends && known).then(|| working(&phrase, &name).unwrap_or(name))
    })
}

/// What somebody runs who may treat nobody.
fn runs(what: &str) -> bool {
    matches!(
        what,
        "platform"
            | "clinic"
            | "practice"
            | "company"
            | "startup"
            | "business"
            | "service"
            | "center"
            | "centre"
            | "agency"
            | "network"
            | "marketplace"
            | "program"
            | "group"
    )
}
