//! The road from a prompt to a plan.

mod colons;
mod deeds;
mod examined;
mod finish;
pub(crate) mod heads;
mod lifecycles;
mod listed;
mod notes;
mod places;
mod refusals;
mod title;
mod turns;

use crate::catalogue::EntityKind;
use crate::idioms::whose;
use crate::sentences::{Sentence, split};
use crate::words::key_of;
use crate::world::{Parsed, World};
use crate::{access, automatic, complete, entities, features, gate, roles, spanish};
pub(crate) use examined::deed_named;
use finish::finish;
use lifecycles::lifecycles;
use places::{place, sign_up};
use spec::AppSpec;
use std::collections::BTreeMap;
use title::{respell, title};

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

/// The safe answer to a question without which nothing is built.
pub const STOP: &str = "stop";

/// Whether nothing is built before a person has answered: its safe answer is to stop.
pub fn stops(question: &Question) -> bool {
    question.default == STOP
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
    let mut world = World::default();
    if spanish::is_spanish(&sentences) {
        (sentences, world.names) = spanish::read(sentences);
    } else {
        respell(&mut sentences);
    }
    if let Some(why) = gate::refuse(prompt, &sentences) {
        return Err(PlanError::NotAnApp { why });
    }
    title(prompt, &mut sentences, &mut world);
    whose::name_their_owners(&mut sentences);
    let parsed = heads::parse(sentences);
    roles::find(&parsed, &mut world);
    sign_up(&parsed, &mut world);
    place(&parsed, &mut world);
    features::forms(&parsed, &mut world);
    entities::find(&parsed, &mut world);
    entities::appointments(&parsed, &mut world);
    entities::measured(&parsed, &mut world);
    forget(&parsed, &mut world);
    roles::guardians(&parsed, &mut world);
    access::care_teams(&parsed, &mut world);
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
    access::named_contacts(&parsed, &world, &mut rules);
    access::ticked(&parsed, &mut world, &mut rules);
    automatic::prepare(&parsed, &mut world, &mut rules);
    crate::sharing::prepare(&parsed, &world, &mut rules);
    let (prefix, reference_only) = access::references(&parsed, &world);
    rules.reference_only = reference_only;
    if let (Some(prefix), Some(subject)) = (
        prefix.or_else(|| (!rules.reference_only.is_empty()).then(|| "PT".into())),
        world.subject().map(str::to_owned),
    ) && let Some(entity) = world.entities.get_mut(&subject)
    {
        entity.reference = Some(prefix);
    }
    in_emergencies(&mut world);
    access::by_default(&mut world, &mut rules);
    if !rules.unclear.is_empty() {
        return Err(blocked(rules.unclear.into_iter().map(|one| one.text).collect()));
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

/// Who breaks the glass names one patient exactly: by a short reference, where there is no other.
fn in_emergencies(world: &mut World) {
    let Some(subject) = world.subject().map(str::to_owned).filter(|_| !world.breakers.is_empty()) else {
        world.breakers.clear();
        return;
    };
    if let Some(entity) = world.entities.get_mut(&subject)
        && entity.reference.is_none()
    {
        entity.reference = Some("PT".into());
    }
    for role in world.breakers.clone() {
        world.assume(format!(
            "in an emergency a {role} opens the record of one {subject} whom they name exactly, for a reason that is reviewed afterwards"
        ));
    }
}

/// Whether a word names the app itself.
pub(crate) fn is_app(word: &str) -> bool {
    heads::APPS.contains(&word)
}

/// Whether some other part of the planner has dealt with a sentence.
fn settled(sentence: &Sentence) -> bool {
    features::settles(sentence) || automatic::settles(sentence)
}

pub(crate) fn blocked(sentences: Vec<String>) -> PlanError {
    let questions = sentences
        .iter()
        .map(|sentence| Question {
            about: sentence.clone(),
            ask: format!("“{sentence}” restricts something, and I did not understand what. Say it as `only <roles> see <record>`, `<role> must not see <record>`, or leave it out."),
            options: vec!["say it in other words".into(), "leave it out: it restricts nothing in this app".into()],
            default: STOP.into(),
        })
        .collect();
    PlanError::Blocked { sentences, questions }
}

/// What the prompt never stores is no record and no field; `item 9` of a questionnaire is no item in stock.
fn forget(parsed: &[Parsed], world: &mut World) {
    if world.forms.values().any(|form| form.fields.contains_key("question 1")) {
        world.entities.retain(|name, _| !matches!(name.as_str(), "item" | "question"));
    }
    for key in parsed.iter().flat_map(|one| features::never_stored(&one.sentence)) {
        world.entities.retain(|name, entity| key_of(name) != key || entity.kind == EntityKind::Subject);
        for entity in world.entities.values_mut() {
            entity.fields.retain(|name, _| key_of(name) != key);
        }
    }
}

#[cfg(test)]
mod tests {
    /// Prints the clauses of a text: `SAID="…" cargo nextest run -p planner clauses_of --no-capture`.
    #[test]
    #[allow(clippy::print_stderr, reason = "a tool for whoever teaches the grammar a new sentence")]
    fn clauses_of() {
        let said = std::env::var("SAID").unwrap_or_else(|_| "Nurses log vitals.".into());
        let mut sentences = crate::sentences::split(&said);
        if crate::spanish::is_spanish(&sentences) {
            sentences = crate::spanish::read(sentences).0;
            for sentence in &sentences {
                eprintln!("{}", sentence.plain());
            }
        } else {
            super::title::respell(&mut sentences);
        }
        for one in super::heads::parse(sentences) {
            eprintln!("{:?}", one.sentence.head);
            for clause in one.clauses {
                eprintln!("  {clause:?}");
            }
        }
    }
}
