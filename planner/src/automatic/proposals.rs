//! `AI drafts the note from the dictation; the doctor reviews and approves it`: what AI proposes and a person applies.
//!
//! By the app's own engine, unless the prompt names a company: then data goes there only once the owner has attested an
//! agreement with it. Nothing that AI says is written without a person.

use super::Automatic;
use super::people::{a, mentions, writes};
use crate::Refused;
use crate::access::{Allow, Reach, Rules};
use crate::catalogue::{EntityKind, RoleKind};
use crate::grants::Grants;
use crate::sentences::{Sentence, Token};
use crate::words::{Verb, base, key, singular};
use crate::world::{Parsed, World};

/// What AI proposes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub(crate) name: String,
    /// The text that it reads, given for each run.
    pub(crate) from: String,
    pub(crate) of: String,
    pub(crate) fields: Vec<String>,
    /// Whether it makes records, and changes none.
    pub(crate) anew: bool,
    pub(crate) applied_by: Vec<String>,
    pub(crate) de_identified: bool,
    /// Whether the same text is answered without asking again.
    pub(crate) cached: bool,
    /// The company, and the role that attests the agreement with it.
    pub(crate) provider: Option<(String, String)>,
    pub(crate) said: String,
}

/// Companies by the words that name them.
const PROVIDERS: &[(&str, &str)] = &[
    ("openai", "openai"),
    ("chatgpt", "openai"),
    ("gpt", "openai"),
    ("anthropic", "anthropic"),
    ("claude", "anthropic"),
    ("gemini", "google"),
    ("bedrock", "amazon bedrock"),
    ("mistral", "mistral"),
];

/// Reads a sentence as an AI action; whether it was one.
pub(super) fn read(
    one: &Parsed,
    parsed: &[Parsed],
    world: &mut World,
    granted: &Grants,
    out: &mut Automatic,
) -> bool {
    let whole = super::whole(one, world);
    let one = &whole;
    let tokens = &one.sentence.tokens;
    let provider = company(tokens).or_else(|| {
        parsed
            .iter()
            .find(|one| attests(&one.sentence))
            .map(|one| company(&one.sentence.tokens).unwrap_or("ai vendor"))
    });
    let speaks = speaks_of_ai(&one.sentence)
        || is_given(tokens) && parsed.iter().any(|one| speaks_of_ai(&one.sentence));
    let Some(does) = speaks.then(|| verb(tokens)).flatten() else { return false };
    // `no AI`, `AI must not write notes`.
    let denied = tokens[..=does]
        .iter()
        .any(|token| token.word().is_some_and(|word| matches!(word, "no" | "not" | "never" | "without")));
    if denied {
        return false;
    }
    let by_itself = by_itself(&one.sentence.plain());
    let Some((of, fields)) = proposed(tokens, does, world) else { return false };
    let said: Vec<String> = mentions(tokens, world)
        .into_iter()
        .flat_map(|who| who.roles)
        .filter(|role| writes(role, &of, &fields, world, granted))
        .collect();
    let mut applied_by: Vec<String> = Vec::new();
    let all = world.roles.keys().filter(|role| writes(role, &of, &fields, world, granted)).cloned();
    for role in if said.is_empty() { all.collect::<Vec<_>>() } else { said } {
        if !applied_by.contains(&role) {
            applied_by.push(role);
        }
    }
    if applied_by.is_empty() {
        out.wish(one, 23, "nobody was said to write what AI would propose, and a person has to apply it");
        return true;
    }
    let mut names = applied_by.iter().map(String::as_str);
    let who = names.next().unwrap_or_default().to_owned();
    let update = |role: &String| {
        granted.get(&of).and_then(|roles| roles.get(role)).is_some_and(|clause| clause.contains("update"))
    };
    let anew = !applied_by.iter().any(update);
    let provider = provider.and_then(|company| {
        world.of_kind(RoleKind::Owner).first().map(|owner| (company.to_owned(), owner.clone()))
    });
    let name =
        format!("{} {}", if world.names.is_spanish() { "redactar" } else { "draft" }, world.names.say(&of));
    if name.parse::<spec::Name>().is_err() || out.proposals.iter().any(|known| known.name == name) {
        return true;
    }
    if by_itself {
        out.refused.push(Refused {
            said: one.sentence.text.clone(),
            why: "what AI writes stays a proposal until a person has read and applied it".into(),
            instead: format!("{} reads it, and applies or drops it", a(&who)),
        });
    }
    world.assume(match &provider {
        Some((company, owner)) => format!(
            "AI proposes the {of} by {company}, once {} has attested an agreement with it; {} applies it",
            a(owner),
            a(&who)
        ),
        None => format!(
            "AI proposes the {of} by the app's own engine, and no other company sees it; {} applies it",
            a(&who)
        ),
    });
    out.proposals.push(Proposal {
        name,
        from: source(tokens, &of, world),
        of,
        fields,
        anew,
        applied_by,
        // What the whole app is for is said once, at its beginning.
        de_identified: de_identified(&one.sentence.plain())
            || parsed.first().is_some_and(|one| de_identified(&one.sentence.plain())),
        cached: parsed.iter().any(|one| one.sentence.plain().contains(" cache ")),
        provider,
        said: one.sentence.text.clone(),
    });
    out.settle(one, &[14, 15, 23]);
    true
}

/// Whether a sentence that narrows is about what AI does without a person: that is refused, and narrows nobody's access.
pub(super) fn settles(sentence: &Sentence) -> bool {
    let text = sentence.plain();
    speaks_of_ai(sentence) && by_itself(&text) && verb(&sentence.tokens).is_some()
}

fn company(tokens: &[Token]) -> Option<&'static str> {
    PROVIDERS.iter().find(|(word, _)| tokens.iter().any(|token| token.is(word))).map(|(_, company)| *company)
}

/// `the clinic must attest a BAA with the AI vendor first`.
fn attests(sentence: &Sentence) -> bool {
    let text = sentence.plain();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(&format!(" {word} ")));
    speaks_of_ai(sentence)
        && has(&["attest", "attests", "attested", "baa", "agreement", "business associate agreement"])
        && has(&["vendor", "provider", "company", "service", "supplier"])
}

/// Sentences that say more of what is proposed already: how it is kept, with whom an agreement is needed, what is confirmed.
pub(super) fn said_beside(parsed: &[Parsed], out: &mut Automatic) {
    if out.proposals.is_empty() {
        return;
    }
    let attested = out.proposals.iter().any(|one| one.provider.is_some());
    let confirmed = out.proposals.iter().any(|one| one.de_identified);
    for one in parsed {
        let text = one.sentence.plain();
        let starts = |words: &str| text.trim_start().starts_with(words);
        if speaks_of_ai(&one.sentence) && verb(&one.sentence.tokens).is_none() {
            out.mentioned.push(one.sentence.text.clone());
        }
        // Each run is confirmed anew, and nobody is called before the agreement is attested: it cannot be otherwise.
        let ticks = [" tick ", " confirm ", " check "].iter().any(|word| text.contains(word))
            && [" again ", " every ", " each "].iter().any(|word| text.contains(word));
        if confirmed && ticks && one.sentence.tokens.len() < 14
            || attested && starts("otherwise") && [" call ", " use "].iter().any(|word| text.contains(word))
        {
            out.settle(one, &[23]);
        }
    }
}

/// `a coder gets suggested codes`: by whom is said elsewhere.
fn is_given(tokens: &[Token]) -> bool {
    tokens.windows(2).any(|pair| {
        let gets = pair[0]
            .word()
            .is_some_and(|word| matches!(base(word), Some("get" | "receive")) || word == "gets");
        gets && pair[1]
            .word()
            .is_some_and(|word| matches!(word, "suggested" | "proposed" | "generated" | "drafted"))
    })
}

fn speaks_of_ai(sentence: &Sentence) -> bool {
    let tokens = &sentence.tokens;
    PROVIDERS.iter().any(|(word, _)| tokens.iter().any(|token| token.is(word)))
        || tokens.iter().any(|token| {
            token.word().is_some_and(|word| matches!(word, "ai" | "llm" | "llms" | "scribe" | "transcribes"))
        })
        || sentence.plain().contains(" artificial intelligence ")
}

/// Who accepts what AI proposes writes it: where nobody was said to, those who were said to review it do.
pub(super) fn prepare(parsed: &[Parsed], world: &mut World, rules: &mut Rules) {
    for one in parsed {
        let whole = super::whole(one, world);
        let Some(does) = speaks_of_ai(&whole.sentence).then(|| verb(&whole.sentence.tokens)).flatten() else {
            continue;
        };
        let Some((of, _)) = proposed(&whole.sentence.tokens, does, world) else { continue };
        let written =
            rules.allows.iter().any(|allow| allow.entity == of && matches!(allow.verb, "create" | "update"));
        if written {
            continue;
        }
        let mut reviewers: Vec<String> = Vec::new();
        for clause in parsed
            .iter()
            .flat_map(|one| &one.clauses)
            .filter(|clause| clause.does(Verb::Review) && !clause.not)
        {
            let about = clause
                .objects
                .iter()
                .any(|phrase| world.entity_of(&phrase.words).as_deref() == Some(of.as_str()));
            if about {
                reviewers.extend(clause.subjects.iter().flat_map(|phrase| world.roles_of(phrase)));
            }
        }
        reviewers.dedup();
        // A part of the one record that they make.
        let made = |name: &String| {
            rules.allows.iter().any(|allow| {
                allow.entity == *name && allow.verb == "create" && reviewers.contains(&allow.role)
            })
        };
        let mut wholes = world.entities.keys().filter(|name| **name != of && made(name)).cloned();
        let (first, second) = (wholes.next(), wholes.next());
        let part = world.entities.get(&of).is_some_and(|entity| entity.part_of.is_some());
        let above = match (part, first, second) {
            (true, ..) => world.entities.get(&of).and_then(|entity| entity.part_of.clone()),
            (false, Some(one), None) => Some(one),
            _ => None,
        };
        let Some(above) = above else { continue };
        if let Some(entity) = world.entities.get_mut(&of) {
            entity.part_of = Some(above.clone());
        }
        for role in reviewers {
            if world.authors.contains(&(role.clone(), above.clone())) {
                world.authors.push((role.clone(), of.clone()));
                // What they review are their own.
                rules.allows.retain(|allow| allow.role != role || allow.entity != of);
            }
            for verb in ["view", "create", "update"] {
                rules.allows.push(Allow {
                    role: role.clone(),
                    entity: of.clone(),
                    verb,
                    fields: None,
                    reach: Reach::Unsaid,
                    when: Vec::new(),
                });
            }
        }
    }
}

fn verb(tokens: &[Token]) -> Option<usize> {
    tokens.iter().position(|token| {
        token.word().is_some_and(|word| {
            let word = word.trim_end_matches("ed").trim_end_matches('s').trim_end_matches('e');
            matches!(
                word,
                "draft"
                    | "summari"
                    | "summaris"
                    | "summariz"
                    | "transcrib"
                    | "suggest"
                    | "write"
                    | "writ"
                    | "generat"
                    | "propos"
                    | "extract"
                    | "prepar"
                    | "fill"
                    | "creat"
                    | "compos"
                    | "pre"
                    | "recommend"
                    | "help"
            )
        })
    })
}

/// Whether it should happen without a person.
fn by_itself(text: &str) -> bool {
    [
        " automatically ",
        " auto ",
        " by itself ",
        " on its own ",
        " nobody has to approve ",
        " without approval ",
        " without review ",
        " no approval ",
        " no review ",
        " no need to approve ",
        " straight into ",
    ]
    .iter()
    .any(|said| text.contains(said))
}

/// Whether the text is to be without names.
fn de_identified(text: &str) -> bool {
    [
        " de identified ",
        " deidentified ",
        " anonymised ",
        " anonymized ",
        " without names ",
        " without identifiers ",
        " no phi ",
    ]
    .iter()
    .any(|said| text.contains(said))
}

/// The record that is proposed, and its texts: the one that the verb names, else the last of the sentence.
fn proposed(tokens: &[Token], does: usize, world: &World) -> Option<(String, Vec<String>)> {
    let named: Vec<(usize, String)> = (0..tokens.len())
        .flat_map(|at| [3, 2, 1].map(|width| (at, width)))
        .filter_map(|(at, width)| {
            let words: Option<Vec<&str>> = tokens.get(at..at + width)?.iter().map(Token::word).collect();
            world.entity_named(&key(&words?)).map(|name| (at, name))
        })
        .filter(|(_, name)| !fields_of(name, world).is_empty())
        .collect();
    // `summarises the case notes into the discharge summary`.
    let into = tokens.iter().position(|token| token.is("into") || token.is("as"));
    // `summarises the records of the visit`, but `a draft of the note`.
    let sums = tokens[does].word().is_some_and(|word| word.starts_with("summar"));
    let source = tokens.iter().position(|token| token.is("from") || sums && token.is("of"));
    // `into the chart` says nothing of which record.
    let general = |into: &usize| {
        tokens[*into..].iter().any(|token| {
            token.word().is_some_and(|word| matches!(word, "chart" | "ehr" | "system" | "file" | "app"))
        })
    };
    if let Some(into) = into.filter(|into| *into > does && !general(into)) {
        let (_, of) = named.iter().find(|(at, _)| *at > into)?;
        return Some((of.clone(), fields_of(of, world)));
    }
    let found = None
        .or_else(|| {
            named
                .iter()
                .find(|(at, _)| *at > does && source.is_none_or(|source| *at < source || source < does))
        })
        .or_else(|| named.iter().rfind(|(at, _)| *at < does))
        .map(|(_, name)| name.clone());
    let of = found?;
    let fields = fields_of(&of, world);
    Some((of, fields))
}

/// What can be proposed of a record: its texts, numbers and codes, but nothing that says who somebody is.
fn fields_of(name: &str, world: &World) -> Vec<String> {
    const MOST: usize = 20;
    let Some(entity) = world.entities.get(name).filter(|entity| entity.kind != EntityKind::Subject) else {
        return Vec::new();
    };
    let texts = entity.fields.iter().filter(|(field, written)| {
        let narrative = written.starts_with("narrative");
        let coded = (written.starts_with("clinical") || written.starts_with("none one of"))
            && !["file", "link", "list of", "moment", "duration"].iter().any(|kind| written.contains(kind));
        field.as_str() != "status" && (narrative || coded && !written.contains(" date"))
    });
    let out: Vec<String> = texts.map(|(field, _)| field.clone()).take(MOST).collect();
    let spoken = entity.fields.iter().any(|(field, written)| {
        out.contains(field)
            && (written.starts_with("narrative")
                || written.contains("text")
                || written.contains("icd")
                || written.contains("code"))
    });
    if spoken { out } else { Vec::new() }
}

/// `pastes a note`: what is given for each run, by its name.
fn pasted(tokens: &[Token]) -> Option<String> {
    let at = tokens.windows(2).position(|pair| {
        pair[0].word().is_some_and(|word| matches!(word, "paste" | "pastes" | "pasting"))
            && ["a", "an", "the", "their"].iter().any(|word| pair[1].is(word))
    })?;
    let named = singular(tokens.get(at + 2)?.word()?);
    named.parse::<spec::Name>().is_ok().then_some(named)
}

/// What it reads: a text by a name that no field of the record or the one above has, so that a person gives it.
fn source(tokens: &[Token], of: &str, world: &World) -> String {
    let words: Vec<String> = tokens.iter().filter_map(Token::word).map(singular).collect();
    let said = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    let spanish = world.names.is_spanish();
    let name = match () {
        () if said(&["dictation", "dictado"]) => ["dictation", "dictado"],
        () if said(&["transcript", "recording", "conversation", "audio"]) => ["transcript", "transcripcion"],
        () => ["source text", "texto de partida"],
    }[usize::from(spanish)];
    let pasted = pasted(tokens).filter(|named| !spanish && world.entity_named(named).is_none());
    let name = pasted.as_deref().unwrap_or(name);
    let holds = |record: &str| {
        world
            .entities
            .get(record)
            .is_some_and(|entity| entity.fields.keys().any(|field| world.names.say(field) == name))
    };
    let above = world.entities.get(of).and_then(|entity| entity.part_of.clone());
    if holds(of) || above.is_some_and(|above| holds(&above)) {
        format!("{name} given")
    } else {
        name.to_owned()
    }
}
