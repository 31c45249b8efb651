//! Questionnaires that everybody in the field knows by their initials: a prompt that says who fills in the PHQ-9 need not
//! say its questions.

use crate::{
    catalogue::RoleKind,
    entities::phrase_key,
    words::base,
    world::{Form, Parsed, World},
};

/// One of them: its key, the scale of each answer, and its questions in short; those that are not free to be printed are
/// numbered. PHQ and GAD may be copied without permission (Pfizer); the others are known by the number of their items.
struct Instrument {
    name: &'static str,
    scale: &'static str,
    asks: &'static [&'static str],
    count: usize,
}

const PHQ: &[&str] = &[
    "little interest or pleasure",
    "feeling down or hopeless",
    "trouble sleeping",
    "feeling tired",
    "poor appetite or overeating",
    "feeling bad about yourself",
    "trouble concentrating",
    "moving slowly or being restless",
    "thoughts of self harm",
];
const GAD: &[&str] = &[
    "feeling nervous",
    "unable to stop worrying",
    "worrying too much",
    "trouble relaxing",
    "being restless",
    "easily annoyed",
    "feeling afraid",
];

const INSTRUMENTS: &[Instrument] = &[
    Instrument { name: "phq 9", scale: "0..3", asks: PHQ, count: 9 },
    Instrument { name: "phq 2", scale: "0..3", asks: PHQ, count: 2 },
    Instrument { name: "gad 7", scale: "0..3", asks: GAD, count: 7 },
    Instrument { name: "gad 2", scale: "0..3", asks: GAD, count: 2 },
    Instrument { name: "pcl 5", scale: "0..4", asks: &[], count: 20 },
    Instrument { name: "who 5", scale: "0..5", asks: &[], count: 5 },
    Instrument { name: "dass 21", scale: "0..3", asks: &[], count: 21 },
    Instrument { name: "epds", scale: "0..3", asks: &[], count: 10 },
    Instrument { name: "audit c", scale: "0..4", asks: &[], count: 3 },
];

/// `clients fill out a PHQ-9 and a GAD-7`: forms with the questions that these have, and the sum of their answers.
pub(super) fn known_by_name(parsed: &[Parsed], world: &mut World) {
    for clause in parsed.iter().flat_map(|one| &one.clauses) {
        let fills = clause.verbs.iter().any(|(_, word)| {
            matches!(base(word), Some("fill" | "complete" | "answer" | "take" | "submit" | "do"))
        });
        if !fills || clause.not || clause.passive {
            continue;
        }
        let by: Vec<String> = clause.subjects.iter().flat_map(|phrase| world.roles_of(phrase)).collect();
        let patients =
            by.iter().all(|role| world.roles.get(role).is_some_and(|known| known.kind != RoleKind::Proxy));
        if by.is_empty() || !patients {
            continue;
        }
        for phrase in &clause.objects {
            let key = phrase_key(phrase);
            let bare = [" questionnaire", " form", " survey", " score", " screening"]
                .iter()
                .find_map(|end| key.strip_suffix(end))
                .unwrap_or(&key);
            let Some(known) = INSTRUMENTS.iter().find(|one| one.name == bare) else { continue };
            if phrase.paren.is_empty() && !world.forms.contains_key(known.name) {
                world.forms.insert(known.name.to_owned(), form(known, &by));
            }
        }
    }
}

fn form(known: &Instrument, by: &[String]) -> Form {
    let mut form = Form { filled_by: by.to_vec(), scored: true, ..Form::default() };
    for at in 0..known.count {
        let name =
            known.asks.get(at).map_or_else(|| format!("question {}", at + 1), |name| (*name).to_owned());
        form.fields.insert(name, format!("clinical integer {}", known.scale));
    }
    form
}
