//! The road from a prompt to a plan.

use crate::{
    access::{self, Rules},
    catalogue::{EntityKind, RoleKind, catalogue},
    clauses::clauses,
    complete, entities, features, gate,
    grants::{Grants, grants},
    roles,
    sentences::{Sentence, Token, split},
    words::{Verb, key_of, singular},
    world::{Parsed, World},
    write::{Parts, yaml},
};
use spec::{AppSpec, Lock};
use std::collections::BTreeMap;

/// What became of a prompt. The spec says the same in its own keys.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The spec; it has been validated.
    pub spec: AppSpec,
    /// The spec as text, as a person would have written it.
    pub text: String,
    /// What was not said and was assumed.
    pub assumed: Vec<String>,
    /// What was said and cannot be had.
    pub refused: Vec<Refused>,
    /// What was said and was not understood; nothing in it narrows.
    pub not_understood: Vec<String>,
    /// What was said and cannot be built yet.
    pub not_yet: Vec<Wished>,
    /// What a person should decide, each with its safe default.
    pub questions: Vec<Question>,
}

/// A wish under the floor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The words of the prompt.
    pub said: String,
    /// Why not.
    pub why: String,
    /// What there is instead.
    pub instead: String,
}

/// A wish that cannot be built yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wished {
    /// The words of the prompt.
    pub said: String,
    /// The construct of the language that it needs, 1 to 25; none for a provider outside.
    pub construct: Option<u32>,
    /// Why not yet.
    pub why: String,
}

/// Something a person should decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Where in the spec the answer goes, as a pointer; the sentence itself, when it blocks.
    pub about: String,
    /// The question.
    pub ask: String,
    /// Possible answers.
    pub options: Vec<String>,
    /// The safe answer.
    pub default: String,
}

/// What a person says about a sentence that stopped a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Plan without it: it restricts nothing in this app.
    Drop,
    /// It is said again in other words.
    Rewrite(String),
}

/// Answers by the sentence that they are about, as [`PlanError::Blocked`] gave it.
pub type Answers = BTreeMap<String, Answer>;

/// Why there is no plan.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PlanError {
    /// The text describes no product.
    #[error("{why}")]
    NotAnApp {
        /// Why, and what to write instead.
        why: String,
    },
    /// Sentences restrict something, and were not understood; nothing is planned until they are.
    #[error("{} sentence(s) restrict something and were not understood: {}", sentences.len(), sentences.join(" | "))]
    Blocked {
        /// The sentences, as written.
        sentences: Vec<String>,
        /// One question for each.
        questions: Vec<Question>,
    },
    /// The plan is no valid spec: a mistake of the planner's, told instead of hidden.
    #[error("the plan is not a valid spec: {}", problems.join("; "))]
    Invalid {
        /// What the validator found.
        problems: Vec<String>,
    },
}

/// Plans a prompt.
///
/// # Errors
/// [`PlanError`] says why there is no plan; there is never an invalid one.
pub fn plan(prompt: &str) -> Result<Plan, PlanError> {
    plan_answered(prompt, &Answers::new())
}

/// Plans a prompt of which some sentences were answered.
///
/// # Errors
/// As [`plan`].
pub fn plan_answered(prompt: &str, answers: &Answers) -> Result<Plan, PlanError> {
    if let Some(why) = gate::refuse_text(prompt) {
        return Err(PlanError::NotAnApp { why });
    }
    let mut sentences = answered(split(prompt), answers);
    respell(&mut sentences);
    if let Some(why) = gate::refuse(prompt, &sentences) {
        return Err(PlanError::NotAnApp { why });
    }
    let mut world = World::default();
    title(prompt, &mut sentences, &mut world);
    let parsed = parse(sentences);
    roles::find(&parsed, &mut world);
    sign_up(&parsed, &mut world);
    place(&parsed, &mut world);
    features::forms(&parsed, &mut world);
    entities::find(&parsed, &mut world);
    forget(&parsed, &mut world);
    // Assignment is read first, so that nothing is assumed where something was said.
    let mut probe = world.clone();
    access::read(&parsed, &mut probe, settled);
    world.assigned = probe.assigned;
    world.team = probe.team;
    complete::complete(&mut world);
    if world.entities.is_empty() {
        return Err(PlanError::NotAnApp {
            why: "this says who works with the app, but nothing that they record: add it, as in `nurses log vitals of patients`".into(),
        });
    }
    lifecycles(&parsed, &mut world);
    let mut rules = access::read(&parsed, &mut world, settled);
    let (prefix, reference_only) = access::references(&parsed, &world);
    rules.reference_only = reference_only;
    if let (Some(prefix), Some(subject)) = (
        prefix.or_else(|| (!rules.reference_only.is_empty()).then(|| "PT".into())),
        world.subject().map(str::to_owned),
    ) && let Some(entity) = world.entities.get_mut(&subject)
    {
        entity.reference = Some(prefix);
    }
    if !rules.blocked.is_empty() {
        return Err(blocked(rules.blocked));
    }
    finish(&parsed, world, rules)
}

fn answered(sentences: Vec<Sentence>, answers: &Answers) -> Vec<Sentence> {
    sentences
        .into_iter()
        .flat_map(|sentence| match answers.get(&sentence.text) {
            Some(Answer::Drop) => Vec::new(),
            Some(Answer::Rewrite(text)) => split(text),
            None => vec![sentence],
        })
        .collect()
}

/// Mends single slips of the pen in words that are nearly the catalogue's.
fn respell(sentences: &mut [Sentence]) {
    let mut seen: BTreeMap<String, Option<String>> = BTreeMap::new();
    for sentence in sentences {
        for token in &mut sentence.tokens {
            let Token::Word(word) = token else { continue };
            if word.len() < 6 || crate::words::verb(word).is_some() || crate::words::is_glue(word) {
                continue;
            }
            let mended = seen.entry(word.clone()).or_insert_with(|| {
                let one = singular(word);
                let near = catalogue().respell(&one)?;
                Some(if one == *word { near.to_owned() } else { format!("{near}s") })
            });
            if let Some(mended) = mended {
                *word = mended.clone();
            }
        }
    }
}

/// The product's name: what stands before the first colon, behind `Build`, or the first words.
fn title(prompt: &str, sentences: &mut [Sentence], world: &mut World) {
    let Some(first) = sentences.first_mut() else { return };
    world.about = first.text.chars().take(300).collect();
    let named = prompt.split([',', ':', '.', '\n']).next().unwrap_or_default();
    let product = named.split_whitespace().find(|word| {
        let inner = word.chars().skip(1).any(char::is_uppercase);
        inner && word.chars().next().is_some_and(char::is_uppercase) && word.chars().any(char::is_lowercase)
    });
    let said_head = first.head.clone().filter(|head| {
        catalogue().entity(&key_of(head)).is_none()
            && catalogue().role(&key_of(head)).is_none()
            && !roles::is_role_head(head)
    });
    world.title = match (product, &said_head) {
        (Some(name), _) => name.trim_matches(|c: char| !c.is_alphanumeric()).to_owned(),
        (None, Some(_)) => first.text.split(':').next().unwrap_or_default().trim().to_owned(),
        (None, None) => shorten(&first.text),
    };
    if said_head.is_some()
        && (product.is_some() || first.under.is_none())
        && first.tokens.len() > 3
        && !first.text.contains(" (")
    {
        first.head = None;
    }
    if world.title.is_empty() {
        world.title = "Clinic".into();
    }
}

/// The first words of a sentence as a title.
fn shorten(text: &str) -> String {
    let words: Vec<&str> = text
        .split_whitespace()
        .skip_while(|word| {
            matches!(
                word.to_lowercase().as_str(),
                "an" | "a"
                    | "the"
                    | "i"
                    | "we"
                    | "build"
                    | "me"
                    | "want"
                    | "need"
                    | "make"
                    | "create"
                    | "please"
                    | "run"
                    | "my"
                    | "our"
                    | "app"
                    | "application"
                    | "for"
                    | "to"
                    | "would"
                    | "like"
            )
        })
        .take_while(|word| !matches!(word.to_lowercase().as_str(), "that" | "where" | "which" | "who"))
        .take(5)
        .collect();
    let mut title: String = words.join(" ").chars().filter(|c| !c.is_control()).take(60).collect();
    if let Some(at) = title.find([':', ',', '.', '(']) {
        title.truncate(at);
    }
    let mut letters = title.trim().chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Reads clauses; `Nurses: log vitals` gets its head as subject.
fn parse(sentences: Vec<Sentence>) -> Vec<Parsed> {
    sentences
        .into_iter()
        .map(|mut sentence| {
            said_in_head(&mut sentence);
            if let Some(head) = sentence.head.clone() {
                let role = catalogue().role(&key_of(&head)).map(|(kind, _)| kind);
                let acts = sentence.tokens.first().and_then(Token::word).is_some_and(|word| {
                    crate::words::verb(word).is_some()
                        || matches!(
                            word,
                            "can" | "may" | "only" | "never" | "must" | "cannot" | "no" | "sees"
                        )
                });
                if (role.is_some() || sentence.under.as_deref().is_some_and(roles::is_role_head)) && acts {
                    let mut tokens: Vec<Token> =
                        head.split(' ').map(|word| Token::Word(word.to_owned())).collect();
                    // `Nurse: log vitals` reads as `nurses can log vitals`.
                    if !matches!(
                        sentence.tokens.first().and_then(Token::word),
                        Some("can" | "may" | "only" | "never" | "must" | "no")
                    ) {
                        tokens.push(Token::Word("can".into()));
                    }
                    tokens.append(&mut sentence.tokens);
                    sentence.tokens = tokens;
                    sentence.head = if sentence.under.is_some() { sentence.head } else { None };
                }
            }
            Parsed { clauses: clauses(&sentence.tokens), sentence }
        })
        .collect()
}

/// `Optometrists record exams: acuity, pressure` reads as `… exams (acuity, pressure)`; `we need: …` is a
/// plain list.
fn said_in_head(sentence: &mut Sentence) {
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
    ];
    const APPS: &[&str] =
        &["app", "application", "platform", "tool", "system", "portal", "software", "tracker"];
    let Some(head) = sentence.head.clone() else { return };
    let said = crate::sentences::tokens(&head);
    let does = clauses(&said)
        .iter()
        .any(|clause| !clause.verbs.is_empty() && !clause.objects.is_empty() && !clause.subjects.is_empty());
    let words: Vec<&str> = said.iter().filter_map(Token::word).collect();
    let plain = words.iter().all(|word| crate::words::is_glue(word) || crate::words::verb(word).is_some())
        || LISTS.contains(&key_of(&head).as_str())
        || words.last().is_some_and(|word| APPS.contains(word));
    if does {
        let mut tokens = said;
        tokens.push(Token::Open);
        tokens.append(&mut sentence.tokens);
        tokens.push(Token::Close);
        sentence.tokens = tokens;
        sentence.head = None;
    } else if plain && catalogue().entity(&key_of(&head)).is_none() && !roles::is_role_head(&head) {
        sentence.head = None;
    }
}

/// `A coder signs up with email and password`.
fn sign_up(parsed: &[Parsed], world: &mut World) {
    for one in parsed {
        let Parsed { sentence, clauses } = one;
        let opens = sentence.tokens.windows(2).any(|pair| {
            pair[0].word().is_some_and(|word| matches!(word, "sign" | "signs")) && pair[1].is("up")
        }) || sentence.tokens.iter().any(|token| token.is("registers") || token.is("register"))
            && sentence.text.contains("themselves");
        if !opens {
            continue;
        }
        for phrase in clauses.iter().flat_map(|clause| &clause.subjects) {
            if entities::phrase_key(phrase) == "user" && world.roles_named("user").is_empty() {
                world.roles.insert(
                    "user".into(),
                    crate::world::Role {
                        kind: RoleKind::Business,
                        acts: true,
                        open: true,
                        assumed: false,
                        bounded: false,
                    },
                );
            }
            for role in world.roles_of(phrase) {
                let Some(known) = world.roles.get_mut(&role) else { continue };
                if matches!(known.kind, RoleKind::Subject | RoleKind::Business) {
                    known.open = true;
                    known.acts = true;
                    entities::account(one, &role, world);
                }
            }
        }
    }
}

const PLACES: &[&str] = &[
    "clinic",
    "practice",
    "hospital",
    "ward",
    "site",
    "branch",
    "location",
    "facility",
    "department",
    "pharmacy",
    "center",
    "home",
    "school",
    "office",
];

/// A place below the organisation, where the prompt has several of them.
fn place(parsed: &[Parsed], world: &mut World) {
    let named = |key: &str| PLACES.contains(&key).then(|| key.to_owned());
    let mut found = None;
    for Parsed { clauses, .. } in parsed {
        for clause in clauses {
            let of = |phrases: &[crate::clauses::Phrase]| {
                phrases.iter().find_map(|phrase| named(&entities::phrase_key(phrase)))
            };
            let belongs = clause.verbs.iter().any(|(_, word)| word.starts_with("belong"));
            if belongs {
                found = found.or_else(|| clause.tails.iter().find_map(|tail| of(&tail.phrases)));
            }
            if clause.does(Verb::Have) {
                found = found.or_else(|| of(&clause.subjects)).or_else(|| of(&clause.objects));
            }
            for tail in &clause.tails {
                if matches!(tail.by.as_str(), "per" | "in" | "across") {
                    found = found.or_else(|| {
                        tail.phrases
                            .iter()
                            .filter(|phrase| tail.by == "per" || phrase.all)
                            .find_map(|phrase| named(&entities::phrase_key(phrase)))
                    });
                }
            }
        }
    }
    // `clinic admin` beside `platform admin`.
    if found.is_none() && !world.of_kind(RoleKind::Support).is_empty() {
        found = world.roles.keys().find_map(|role| role.split(' ').next().and_then(named));
    }
    world.place = found.filter(|place| !world.entities.contains_key(place));
}

/// What the prompt never stores is no record and no field.
fn forget(parsed: &[Parsed], world: &mut World) {
    for key in parsed.iter().flat_map(|one| features::never_stored(&one.sentence)) {
        world.entities.retain(|name, entity| key_of(name) != key || entity.kind == EntityKind::Subject);
        for entity in world.entities.values_mut() {
            entity.fields.retain(|name, _| key_of(name) != key);
        }
    }
}

/// Locks and addenda that a sentence speaks of.
fn lifecycles(parsed: &[Parsed], world: &mut World) {
    let addenda = parsed.iter().any(|one| one.sentence.text.to_lowercase().contains("addend"));
    for Parsed { sentence, .. } in parsed {
        let Some(state) = features::locks(sentence) else { continue };
        let mut some = false;
        for entity in world.entities.values_mut().filter(|entity| entity.states.contains(&state)) {
            entity.locked = true;
            some = true;
        }
        // `once signed nobody can edit it` without states: draft, then that.
        if !some
            && let Some(entity) = named_before(sentence, world)
            && let Some(entity) = world.entities.get_mut(&entity)
            && entity.states.is_empty()
        {
            entity.states = vec!["draft".into(), state];
            entity.locked = true;
        }
    }
    for clause in parsed.iter().flat_map(|one| &one.clauses) {
        states_in_passing(clause, world);
    }
    if addenda {
        for entity in world
            .entities
            .values_mut()
            .filter(|entity| entity.states.iter().any(|state| state == "locked" || state == "signed"))
        {
            entity.addenda = true;
        }
    }
}

/// `may read visit notes after they are signed`: notes are drafts, then signed.
fn states_in_passing(clause: &crate::clauses::Clause, world: &mut World) {
    const STATES: &[&str] = &["signed", "approved", "released", "finalized", "reviewed", "published"];
    let state = clause
        .tails
        .iter()
        .filter(|tail| matches!(tail.by.as_str(), "after" | "once" | "when"))
        .flat_map(|tail| &tail.words)
        .find(|word| STATES.contains(&word.as_str()))
        .cloned();
    let Some(state) = state else { return };
    for phrase in &clause.objects {
        if let Some(name) = world.entity_of(&phrase.words)
            && let Some(entity) = world.entities.get_mut(&name)
            && entity.states.is_empty()
            && entity.kind == EntityKind::Clinical
        {
            entity.states = vec!["draft".into(), state.clone()];
        }
    }
}

fn named_before(sentence: &Sentence, world: &World) -> Option<String> {
    sentence
        .tokens
        .iter()
        .filter_map(Token::word)
        .find_map(|word| world.entity_named(&singular(word)))
        .or_else(|| world.entities.keys().find(|name| name.ends_with("note")).cloned())
}

/// Whether some other part of the planner has dealt with a sentence.
fn settled(sentence: &Sentence) -> bool {
    features::settles(sentence)
}

fn blocked(sentences: Vec<String>) -> PlanError {
    let questions = sentences
        .iter()
        .map(|sentence| Question {
            about: sentence.clone(),
            ask: format!("“{sentence}” restricts something, and I did not understand what. Say it as `only <roles> see <record>`, `<role> must not see <record>`, or leave it out."),
            options: vec!["say it in other words".into(), "leave it out: it restricts nothing in this app".into()],
            default: "stop".into(),
        })
        .collect();
    PlanError::Blocked { sentences, questions }
}

fn finish(parsed: &[Parsed], mut world: World, rules: Rules) -> Result<Plan, PlanError> {
    let granted = grants(&mut world, &rules);
    let mut thresholds = features::thresholds(parsed, &world);
    let mut silences = features::silences(parsed, &world);
    for threshold in &mut thresholds {
        threshold.roles = readers(&world, &granted, &threshold.entity, &threshold.roles);
    }
    thresholds.retain(|threshold| !threshold.roles.is_empty());
    let subject = world.subject().map(str::to_owned).unwrap_or_default();
    for silence in &mut silences {
        silence.roles = readers(&world, &granted, &subject, &silence.roles);
    }
    silences.retain(|silence| !silence.roles.is_empty());
    let (measures, lost) = features::measures(parsed, &world);
    let movers = movers(&world, &granted, &rules);
    let not_yet = wished(parsed, &rules);
    let mut not_understood: Vec<String> = rules.not_understood.clone();
    not_understood.extend(lost);
    not_understood.retain(|said| {
        let spoken_of = parsed
            .iter()
            .any(|one| one.sentence.text == *said && !features::wishes(&one.sentence).is_empty());
        let first = parsed.first().is_some_and(|one| one.sentence.text == *said);
        let places = world.place.as_ref().is_some_and(|place| {
            said.to_lowercase().contains(&format!("{place} has"))
                || said.to_lowercase().contains(&format!("have {place}"))
        });
        !(spoken_of || first || places)
    });
    let questions = questions(&world);
    let audit_years = parsed.iter().find_map(|one| features::audit_years(&one.sentence));
    let refused = refusals(parsed, audit_years);
    let mut skip: Vec<String> = Vec::new();
    for _ in 0..8 {
        let text = yaml(&Parts {
            world: &world,
            grants: &granted,
            movers: &movers,
            thresholds: &thresholds,
            silences: &silences,
            measures: &measures,
            audit_years: audit_years.filter(|years| *years >= 6),
            refused: &refused,
            not_yet: &not_yet,
            not_understood: &not_understood,
            questions: &questions,
            skip: &skip,
        });
        let problems = match check(&text) {
            Ok(spec) => {
                return Ok(Plan {
                    spec,
                    text,
                    assumed: world.assumed,
                    refused,
                    not_understood,
                    not_yet,
                    questions,
                });
            }
            Err(problems) => problems,
        };
        // A list, measure, calendar or form that does not hold is left out and said to be.
        let dropped: Vec<String> = problems
            .iter()
            .filter_map(|(pointer, _)| {
                let mut steps = pointer.split('/').skip(1);
                let (section, name) = (steps.next()?, steps.next()?);
                matches!(section, "lists" | "measures" | "calendars" | "forms")
                    .then(|| format!("/{section}/{name}"))
            })
            .filter(|pointer| !skip.contains(pointer))
            .collect();
        if dropped.is_empty() {
            return Err(PlanError::Invalid {
                problems: problems
                    .into_iter()
                    .map(|(pointer, message)| format!("{pointer}: {message}"))
                    .collect(),
            });
        }
        for pointer in dropped {
            not_understood.push(format!("{pointer} could not be planned"));
            skip.push(pointer);
        }
    }
    Err(PlanError::Invalid { problems: vec!["the plan did not settle".into()] })
}

/// The spec that a text says, or what is wrong with it: pointers and messages.
fn check(text: &str) -> Result<AppSpec, Vec<(String, String)>> {
    let valid = spec::check(text, &Lock::default()).map_err(|problems| {
        problems
            .iter()
            .map(|problem| (problem.pointer.as_str().to_owned(), problem.message.clone()))
            .collect::<Vec<_>>()
    })?;
    let unbuildable = spec::buildable(&valid);
    if unbuildable.is_empty() {
        Ok(valid.document().clone())
    } else {
        Err(unbuildable.into_iter().map(|wish| (wish.pointer.as_str().to_owned(), wish.said)).collect())
    }
}

/// Those of the named roles who may read the record; else clinicians who may.
fn readers(world: &World, granted: &Grants, entity: &str, named: &[String]) -> Vec<String> {
    let reads = |role: &String| {
        granted
            .get(entity)
            .and_then(|roles| roles.get(role))
            .is_some_and(|clause| clause.starts_with("view") && !clause.contains("view(reference)"))
    };
    let mut out: Vec<String> = Vec::new();
    for role in named.iter().filter(|role| reads(role)) {
        let kind = world.roles.get(role).map(|role| role.kind);
        if kind != Some(RoleKind::Subject) && !out.contains(role) {
            out.push(role.clone());
        }
    }
    if out.is_empty() {
        out = world
            .of_kind(RoleKind::Care)
            .into_iter()
            .chain(world.of_kind(RoleKind::Panel))
            .filter(reads)
            .collect();
    }
    out
}

/// Who moves a record through its states: those who may change it, and those said to sign or review it.
fn movers(world: &World, granted: &Grants, rules: &Rules) -> Vec<(String, Vec<String>)> {
    world
        .entities
        .iter()
        .filter(|(_, entity)| entity.states.len() > 1)
        .map(|(name, _)| {
            let said: Vec<String> = rules
                .allows
                .iter()
                .filter(|allow| allow.entity == *name && allow.verb == "move")
                .map(|allow| allow.role.clone())
                .collect();
            let roles = granted.get(name).map(|roles| {
                roles
                    .iter()
                    .filter(|(role, clause)| {
                        let own = world.roles.get(*role).is_some_and(|role| role.kind == RoleKind::Subject);
                        (clause.contains("update") && !own) || said.contains(role) && clause.contains("view")
                    })
                    .map(|(role, _)| role.clone())
                    .collect()
            });
            (name.clone(), roles.unwrap_or_default())
        })
        .collect()
}

fn wished(parsed: &[Parsed], rules: &Rules) -> Vec<Wished> {
    let mut out: Vec<Wished> = Vec::new();
    for Parsed { sentence, .. } in parsed {
        for wish in features::wishes(sentence) {
            let (construct, why) = match wish {
                features::Wish::NotYet(construct, why) => (Some(construct), why),
                features::Wish::Outside(why) => (None, why),
                features::Wish::Kept => continue,
            };
            let wished = Wished { said: sentence.text.clone(), construct, why: why.into() };
            if !out.contains(&wished) {
                out.push(wished);
            }
        }
    }
    for (said, construct) in &rules.conditional {
        if !out.iter().any(|known| known.construct == Some(*construct)) {
            out.push(Wished {
                said: said.clone(),
                construct: Some(*construct),
                why: "a permission that is given and taken back is not built yet, so nothing is granted"
                    .into(),
            });
        }
    }
    out
}

/// What the floor refuses, in the prompt's own words.
fn refusals(parsed: &[Parsed], audit_years: Option<u32>) -> Vec<Refused> {
    let mut out = Vec::new();
    for Parsed { sentence, .. } in parsed {
        let text = sentence.text.to_lowercase();
        let off = ["no ", "without ", "turn off ", "disable ", "skip ", "don't need ", "not need "];
        for (what, why, instead) in [
            ("audit", "every app logs who saw what (45 CFR 164.312(b))", "the audit log stays on"),
            (
                "encryption",
                "patient data is encrypted at rest (45 CFR 164.312(a)(2)(iv))",
                "encryption stays on",
            ),
            ("login", "patient data is shown to nobody unknown (45 CFR 164.312(d))", "people sign in"),
            ("password", "patient data is shown to nobody unknown (45 CFR 164.312(d))", "people sign in"),
            ("mfa", "privileged roles sign in with a second factor", "MFA stays on for privileged roles"),
            (
                "two factor",
                "privileged roles sign in with a second factor",
                "MFA stays on for privileged roles",
            ),
        ] {
            if off.iter().any(|word| text.contains(&format!("{word}{what}"))) {
                out.push(Refused { said: sentence.text.clone(), why: why.into(), instead: instead.into() });
            }
        }
        if audit_years.is_some_and(|years| years < 6) && features::audit_years(sentence).is_some() {
            out.push(Refused {
                said: sentence.text.clone(),
                why: "audit logs are kept at least 6 years (45 CFR 164.316(b)(2))".into(),
                instead: "they are kept 6 years or longer".into(),
            });
        }
    }
    out
}

fn questions(world: &World) -> Vec<Question> {
    let mut out = Vec::new();
    if let Some(subject) = world.subject()
        && !world.assigned.is_empty()
        && world.assumed.iter().any(|text| text.contains("is assigned to"))
    {
        out.push(Question {
            about: format!("/entities/{subject}/assigned to"),
            ask: format!(
                "Does a {} see only the {subject} records assigned to them, or all?",
                world.assigned.join(" or a ")
            ),
            options: vec!["assigned".into(), "all".into()],
            default: "assigned".into(),
        });
    }
    if world.roles.values().any(|role| role.assumed && role.kind != RoleKind::Owner) {
        out.push(Question {
            about: "/roles".into(),
            ask: "Who works with the app?".into(),
            options: world.roles.keys().cloned().collect(),
            default: world.roles.keys().cloned().collect::<Vec<_>>().join(", "),
        });
        out.push(Question {
            about: "/roles".into(),
            ask: "Do patients log in themselves?".into(),
            options: vec!["no".into(), "yes".into()],
            default: "no".into(),
        });
    }
    out
}
