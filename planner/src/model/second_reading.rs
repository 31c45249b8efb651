//! The plan of a model, read again: by the offline planner, for what restricts.
//!
//! A model is fluent, and can be wrong without a sign of it. The offline planner is not fluent, and says what it did not
//! understand. Where the prompt restricts something and both do not agree, a person is asked, and nothing is built
//! meanwhile: the safe answer is to stop.

use std::collections::BTreeMap;

use serde_json::Value;
use spec::access::{Widening, widened};
use spec::{AppSpec, Lock, Name, ValidatedSpec, document};

use super::judge::judged;
use super::{Cleared, PlannedBy, Without};
use crate::{Plan, PlanError, Question, Refused, STOP, Wished, stops};

/// The most questions that a person is asked.
const MOST: usize = 5;

/// The plan of a spec that a model made.
pub(super) fn plan(prompt: &Cleared, made: &ValidatedSpec, by: &PlannedBy, without: &[Without]) -> Plan {
    let restored = restored(prompt, made);
    let spec = restored.as_ref().unwrap_or(made);
    let (told, questions) = compared(prompt.original(), spec);
    let mut document = spec.document().clone();
    let mut assumed = std::mem::take(&mut document.assumed);
    assumed.extend(told);
    assumed.push(author(by, without));
    // A question that stops is never lost: the model's own go first where there are too many.
    let mut questions = folded(questions);
    questions.extend(std::mem::take(&mut document.questions).into_iter().map(of_model));
    questions.truncate(MOST);
    document.assumed = assumed.clone();
    document.questions = questions.iter().map(written).collect();
    let refused: Vec<Refused> = document
        .refused
        .iter()
        .map(|one| Refused { said: one.said.clone(), why: one.why.clone(), instead: one.instead.clone() })
        .collect();
    let not_yet = document
        .not_yet
        .iter()
        .map(|one| Wished { said: one.said.clone(), construct: one.construct, why: one.why.clone() })
        .collect();
    let not_understood = document.not_understood.clone();
    let text = document.to_yaml();
    Plan { spec: document, text, assumed, refused, not_understood, not_yet, questions }
}

fn author(by: &PlannedBy, without: &[Without]) -> String {
    let tried: Vec<&str> = without.iter().map(|one| one.provider.as_str()).collect();
    let tried = if tried.is_empty() { String::new() } else { format!(", after {}", tried.join(" and ")) };
    match by {
        PlannedBy::Model { provider, model, .. } => {
            format!(
                "this plan was made by the model {model} of {provider}{tried}, and judged by the validator"
            )
        }
        PlannedBy::Offline => format!("this plan was made offline{tried}"),
    }
}

/// A question of the model's own; its default is the model's word, and is shown as such.
fn of_model(question: document::Question) -> Question {
    let document::Question { about, ask, options, default, .. } = question;
    Question { about, ask, options, default }
}

fn written(question: &Question) -> document::Question {
    document::Question {
        about: question.about.clone(),
        ask: question.ask.clone(),
        options: question.options.clone(),
        default: question.default.clone(),
        blocks: stops(question),
    }
}

/// The spec with the values in the stead of their placeholders, where it is still valid with them.
fn restored(prompt: &Cleared, made: &ValidatedSpec) -> Option<ValidatedSpec> {
    if prompt.placeholders() == 0 {
        return None;
    }
    let mut value = AppSpec::to_json(made.document());
    restore(prompt, &mut value);
    judged(&value).ok()
}

fn restore(prompt: &Cleared, value: &mut Value) {
    match value {
        Value::String(text) => *text = prompt.restore(text),
        Value::Array(items) => items.iter_mut().for_each(|item| restore(prompt, item)),
        Value::Object(entries) => entries.values_mut().for_each(|value| restore(prompt, value)),
        _ => {}
    }
}

/// What the offline planner reads otherwise: what is told, and what is asked.
fn compared(prompt: &str, spec: &ValidatedSpec) -> (Vec<String>, Vec<Question>) {
    match crate::plan(prompt) {
        Err(PlanError::Blocked { sentences, .. }) => {
            (Vec::new(), sentences.iter().map(|sentence| kept(sentence)).collect())
        }
        Ok(offline) => match spec::check(&offline.text, &Lock::default()) {
            Ok(offline) => opened(prompt, offline.document(), &widened(&offline, spec)),
            Err(_) => (Vec::new(), restricting(prompt).into_iter().map(kept).collect()),
        },
        // Who reads nothing cannot speak for what restricts.
        Err(_) => (Vec::new(), restricting(prompt).into_iter().map(kept).collect()),
    }
}

fn kept(sentence: &str) -> Question {
    let sentence = quoted(sentence);
    Question {
        about: sentence.clone(),
        ask: format!(
            "“{sentence}” restricts something, and only the model understood it. Read who may see and do what: does the plan keep it?"
        ),
        options: vec!["yes, the plan keeps it".into(), STOP.into()],
        default: STOP.into(),
    }
}

/// A sentence of the prompt as it may stand in a spec: of bounded length, and without what a spec's text cannot hold.
fn quoted(sentence: &str) -> String {
    const LONGEST: usize = 300;
    let hostile = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut quoted: String = sentence.chars().filter(|c| !hostile(*c)).take(LONGEST).collect();
    if sentence.chars().count() > LONGEST {
        quoted.push('…');
    }
    quoted
}

/// What the model lets somebody see beyond the offline reading: told, and asked where the prompt restricts something
/// about it. A field that is new counts only for who sees nothing of the record in the offline reading: the two name
/// things differently.
fn opened(prompt: &str, offline: &AppSpec, widenings: &[Widening]) -> (Vec<String>, Vec<Question>) {
    const SHOWING: [&str; 5] = ["view", "list", "print", "download", "export"];
    let mut seen: BTreeMap<(&Name, &Name), Vec<&str>> = BTreeMap::new();
    for widening in widenings.iter().filter(|widening| SHOWING.contains(&widening.action.as_str())) {
        if widening.is_new && sees(offline, &widening.role, &widening.entity) {
            continue;
        }
        let fields = seen.entry((&widening.role, &widening.entity)).or_default();
        for field in widening.fields.iter().map(Name::as_str) {
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
    }
    let sentences = restricting(prompt);
    let (mut told, mut asked) = (Vec::new(), Vec::new());
    for ((role, entity), fields) in seen {
        let what =
            if fields.is_empty() { entity.to_string() } else { format!("{} of {entity}", fields.join(", ")) };
        let names = [role.as_str(), entity.as_str()];
        let about = sentences
            .iter()
            .find(|sentence| names.iter().chain(&fields).any(|name| speaks_of(sentence, name)));
        match about {
            Some(sentence) => asked.push(Question {
                about: format!("/entities/{entity}/access/{role}"),
                ask: format!(
                    "By this plan a {role} sees {what}, which the offline reading does not allow; and “{}” restricts something. Is it meant?",
                    quoted(sentence)
                ),
                options: vec!["yes, it is meant".into(), STOP.into()],
                default: STOP.into(),
            }),
            None => told.push(format!("a {role} sees {what}, which the offline reading does not allow")),
        }
    }
    (told, asked)
}

/// Whether the offline reading names the role for a record: a part that says nothing of access has its parent's.
fn sees(offline: &AppSpec, role: &Name, entity: &Name) -> bool {
    let mut at = Some(entity);
    // A part of a part of itself is no valid spec, and the offline reading is one.
    while let Some(known) = at.and_then(|name| offline.entities.get(name)) {
        match &known.access {
            Some(access) => return access.contains_key(role),
            None => at = known.part_of.as_ref(),
        }
    }
    false
}

/// At most as many questions as a person is asked; what is over stands in the last one.
fn folded(mut questions: Vec<Question>) -> Vec<Question> {
    if questions.len() > MOST {
        let rest = questions.split_off(MOST - 1);
        let asked: Vec<String> = rest.into_iter().map(|question| question.ask).collect();
        questions.push(Question {
            about: "/entities".into(),
            ask: asked.join(" "),
            options: vec!["yes, all of it".into(), STOP.into()],
            default: STOP.into(),
        });
    }
    questions
}

/// Sentences that may take something away.
fn restricting(prompt: &str) -> Vec<&str> {
    const WORDS: [&str; 19] = [
        "only", "not", "never", "except", "nobody", "none", "cannot", "can't", "cant", "don't", "doesn't",
        "mustn't", "without", "private", "unless", "solo", "nunca", "nadie", "excepto",
    ];
    let ends = |c: char| matches!(c, '.' | '!' | '?' | ';' | '\n');
    prompt
        .split(ends)
        .map(str::trim)
        .filter(|sentence| {
            let lower = sentence.to_lowercase().replace('’', "'");
            let mut words = lower.split(|c: char| !c.is_alphanumeric() && c != '\'');
            words.any(|word| WORDS.contains(&word))
        })
        .collect()
}

fn speaks_of(sentence: &str, name: &str) -> bool {
    let lower = sentence.to_lowercase();
    // The last word of a name in either number: `family member` is met by `family members`.
    let stem = name.strip_suffix('y').unwrap_or(name);
    lower.contains(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_that_take_away_are_found() {
        let prompt = "Nurses log vitals. Only the physician sees notes! Families don’t see them\nPhysicians order labs";
        assert_eq!(restricting(prompt), ["Only the physician sees notes", "Families don’t see them"]);
    }
}
