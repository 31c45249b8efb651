//! The app's own engine: it picks sentences, numbers and words out of a text, by rules that anybody can read here. It runs
//! in the app, asks nobody, learns nothing, and understands nothing; the same text gives the same answer.
//!
//! - A text field gets what stands under its own heading (`Plan: …`); else, the sentences with words that are usual for it
//!   (`plan`: *will, start, follow up*); if it is the only text field, the three sentences that have most in common with all.
//! - A number is what stands behind the field's name, or before its unit; a choice is the one whose words occur, if no
//!   other's do; a date is one in the form year-month-day behind the field's name; a code of a code set is what looks like one.
//! - What is not found stays empty. Nothing is ever made up.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::AiAction;
use super::proposal::fields;
use crate::pages::{Field, Form, Kind};

/// The sentences of a summary.
const SENTENCES: usize = 3;

/// Words by which sentences are sorted into the parts of a note. They are usual, not sufficient: a person reads what
/// came of it.
const USUAL: &[(&[&str], &[&str])] = &[
    (
        &["subjective", "history", "complaint", "symptoms", "reason"],
        &["reports", "complains", "says", "feels", "denies", "states", "since", "worse", "pain", "history"],
    ),
    (
        &["objective", "exam", "examination", "findings", "vitals"],
        &[
            "exam",
            "auscultation",
            "palpation",
            "temperature",
            "pressure",
            "pulse",
            "clear",
            "tender",
            "swelling",
            "normal",
        ],
    ),
    (
        &["assessment", "impression", "diagnosis", "conclusion"],
        &[
            "likely",
            "consistent",
            "suspected",
            "diagnosis",
            "probably",
            "impression",
            "due",
            "stable",
            "improving",
        ],
    ),
    (
        &["plan", "treatment", "recommendation", "next steps", "instructions", "follow up"],
        &[
            "will",
            "start",
            "continue",
            "stop",
            "follow",
            "refer",
            "return",
            "prescribe",
            "prescribed",
            "recheck",
            "order",
        ],
    ),
];

/// What the text says of the fields. No value is anything but a part of the text, or one of a field's choices.
pub(super) fn draft(action: &AiAction, form: &Form, text: &str) -> Value {
    let fields = fields(action, form);
    let (sections, loose) = sections(text, &fields);
    let sentences = sentences(&loose);
    let texts = fields.iter().filter(|field| is_text(field)).count();
    let mut values = Map::new();
    for field in &fields {
        let found = match sections.get(field.name()) {
            Some(section) => within(field, section),
            None if is_text(field) && code_like(field) => code(text).map(Value::from),
            None if is_text(field) => prose(field, &sentences, texts == 1).map(Value::from),
            None => within(field, &loose),
        };
        if let Some(found) = found {
            values.insert(field.name().to_owned(), found);
        }
    }
    let one = Value::Object(values);
    if action.most() == 1 { one } else { serde_json::json!({ "proposals": [one] }) }
}

fn is_text(field: &Field) -> bool {
    matches!(field.kind(), Kind::Text { .. } | Kind::Paragraphs { .. } | Kind::Code { .. })
}

fn code_like(field: &Field) -> bool {
    matches!(field.kind(), Kind::Code { .. }) || field.name() == "code"
}

/// The words of a field's name and label.
fn names(field: &Field) -> Vec<String> {
    let mut names = vec![field.name().replace('_', " ").to_lowercase(), field.label.to_lowercase()];
    names.dedup();
    names
}

/// What stands under the headings of fields, by the fields' names; and the lines under none.
fn sections(text: &str, fields: &[&Field]) -> (HashMap<String, String>, String) {
    let mut sections: HashMap<String, String> = HashMap::new();
    let mut loose = String::new();
    let mut under: Option<String> = None;
    for line in text.lines() {
        let heading = line.split_once(':').and_then(|(heading, rest)| {
            let heading = heading.trim().to_lowercase();
            let field = fields.iter().find(|field| names(field).contains(&heading))?;
            Some((field.name().to_owned(), rest))
        });
        let (into, rest) = match &heading {
            Some((name, rest)) => {
                under = Some(name.clone());
                (sections.entry(name.clone()).or_default(), *rest)
            }
            // An empty line ends a section; so does a heading that is no field's.
            None if line.trim().is_empty() || is_heading(line) => {
                under = None;
                (&mut loose, line)
            }
            None => match &under {
                Some(name) => (sections.entry(name.clone()).or_default(), line),
                None => (&mut loose, line),
            },
        };
        if !rest.trim().is_empty() {
            if !into.is_empty() {
                into.push('\n');
            }
            into.push_str(rest.trim());
        }
    }
    sections.retain(|_, section| !section.is_empty());
    (sections, loose)
}

/// `Vitals:`, or `Vitals: …` with a heading of one to three words.
fn is_heading(line: &str) -> bool {
    line.split_once(':').is_some_and(|(heading, _)| {
        let words = heading.split_whitespace().count();
        (1..=3).contains(&words) && heading.trim_start().starts_with(char::is_uppercase)
    })
}

/// Sentences as they stand, in order.
fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    for line in text.lines() {
        let mut start = 0;
        for (at, sign) in line.char_indices().filter(|(_, sign)| matches!(sign, '.' | '!' | '?')) {
            let end = at + sign.len_utf8();
            // `37.5` and `e.g. this` end nothing.
            let goes_on = line[end..].chars().next().is_some_and(|next| !next.is_whitespace());
            if !goes_on && end - start > 3 {
                sentences.push(line[start..end].trim());
                start = end;
            }
        }
        sentences.push(line[start..].trim());
    }
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|sign: char| !sign.is_alphanumeric()).filter(|word| word.len() > 1).map(str::to_lowercase)
}

/// The sentences of a text field.
fn prose(field: &Field, sentences: &[&str], alone: bool) -> Option<String> {
    let chosen: Vec<&str> = if alone {
        summary(sentences)
    } else {
        let names = names(field);
        let (_, usual) = USUAL.iter().find(|(of, _)| names.iter().any(|name| of.contains(&name.as_str())))?;
        let rank = |sentence: &str, usual: &[&str]| {
            words(sentence).filter(|word| usual.contains(&word.as_str())).count()
        };
        let fits = |sentence: &&&str| {
            let own = rank(sentence, usual);
            // A sentence stands where most of its words are usual; it is not said twice.
            own > 0 && USUAL.iter().all(|(_, other)| other == usual || rank(sentence, other) < own)
        };
        sentences.iter().filter(fits).copied().collect()
    };
    let longest = match field.kind() {
        Kind::Text { longest, .. } | Kind::Paragraphs { longest } => *longest,
        _ => 200,
    };
    let mut text = String::new();
    for sentence in chosen {
        if text.chars().count() + sentence.chars().count() + 1 > longest {
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(sentence);
    }
    (!text.is_empty()).then_some(text)
}

/// The sentences whose words occur most in all, in the order of the text.
fn summary<'t>(sentences: &[&'t str]) -> Vec<&'t str> {
    let mut often: HashMap<String, usize> = HashMap::new();
    for word in sentences.iter().flat_map(|sentence| words(sentence)).filter(|word| word.len() > 3) {
        *often.entry(word).or_default() += 1;
    }
    let weight = |sentence: &str| {
        let known: Vec<usize> = words(sentence).filter_map(|word| often.get(&word).copied()).collect();
        // By the mean, so that a long sentence is not a good one for its length; in thousandths.
        known.iter().sum::<usize>() * 1000 / known.len().max(4)
    };
    let mut ranked: Vec<(usize, usize)> =
        sentences.iter().enumerate().map(|(at, sentence)| (weight(sentence), at)).collect();
    ranked.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut chosen: Vec<usize> = ranked.into_iter().take(SENTENCES).map(|(_, at)| at).collect();
    chosen.sort_unstable();
    chosen.into_iter().map(|at| sentences[at]).collect()
}

/// A value of the field's kind in a piece of text.
fn within(field: &Field, text: &str) -> Option<Value> {
    match field.kind() {
        Kind::Text { longest, .. } | Kind::Paragraphs { longest } => {
            Some(text.trim().chars().take(*longest).collect::<String>().into())
        }
        Kind::Integer { .. } => number(field, text)?.parse::<i64>().ok().map(Value::from),
        Kind::Decimal { .. } => number(field, text).map(Value::from),
        Kind::Choice(choices) => {
            let lower = format!(" {} ", words(text).collect::<Vec<_>>().join(" "));
            let occurs = |said: &str| {
                let said = words(said).collect::<Vec<_>>().join(" ");
                !said.is_empty() && lower.contains(&format!(" {said} "))
            };
            let mut found = choices.iter().filter(|choice| occurs(&choice.value) || occurs(&choice.text));
            let first = found.next()?;
            // Two that occur are a person's to choose between.
            found.next().is_none().then(|| first.value.to_string().into())
        }
        Kind::Date { .. } => after(field, text, |word| {
            let parts: Vec<&str> = word.split('-').collect();
            matches!(parts.as_slice(), [year, month, day] if year.len() == 4 && month.len() == 2 && day.len() == 2)
        })
        .map(Value::from),
        Kind::Code { .. } => code(text).map(Value::from),
        _ => None,
    }
}

/// The number behind the field's name, or before its unit.
fn number(field: &Field, text: &str) -> Option<String> {
    let is_number = |word: &str| word.parse::<rust_decimal::Decimal>().is_ok();
    let behind = after(field, text, is_number);
    let before = || {
        let unit = field.unit.as_deref()?;
        let words: Vec<&str> = text.split_whitespace().map(bare).collect();
        let at = words.iter().position(|word| *word == unit)?;
        at.checked_sub(1).map(|at| words[at].to_owned()).filter(|word| is_number(word))
    };
    behind.or_else(before)
}

/// The first such word within four behind the field's name.
fn after(field: &Field, text: &str, wanted: impl Fn(&str) -> bool) -> Option<String> {
    let said: Vec<&str> = text.split_whitespace().map(bare).collect();
    let lower: Vec<String> = said.iter().map(|word| word.to_lowercase()).collect();
    for name in names(field) {
        let name: Vec<&str> = name.split_whitespace().collect();
        let places = lower.windows(name.len().max(1)).enumerate();
        for (at, _) in places.filter(|(_, window)| window.iter().map(String::as_str).eq(name.iter().copied()))
        {
            let behind = said.iter().skip(at + name.len()).take(4).find(|word| wanted(word));
            if let Some(word) = behind {
                return Some((*word).to_owned());
            }
        }
    }
    None
}

/// A word without the signs around it.
fn bare(word: &str) -> &str {
    word.trim_matches(|sign: char| !sign.is_alphanumeric() && !matches!(sign, '°' | '%' | '/'))
}

/// What looks like an ICD-10 code: a letter, a digit, a letter or digit, and perhaps a point with up to four more.
fn code(text: &str) -> Option<String> {
    let looks = |word: &&str| {
        let (stem, rest) = word.split_once('.').unwrap_or((word, ""));
        let stem: Vec<char> = stem.chars().collect();
        let ends = |sign: &char| sign.is_ascii_digit() || sign.is_ascii_uppercase();
        let whole =
            matches!(stem.as_slice(), [a, b, c] if a.is_ascii_uppercase() && b.is_ascii_digit() && ends(c));
        whole && rest.len() <= 4 && rest.chars().all(|sign| ends(&sign))
    };
    text.split_whitespace().map(bare).find(looks).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::Choice;

    fn form() -> Form {
        Form::new("/")
            .field(Field::paragraphs("subjective", "Subjective").optional())
            .field(Field::paragraphs("plan", "Plan").optional())
            .field(Field::integer("systolic", "Systolic").unit("mmHg").optional())
            .field(Field::decimal("weight", "Weight").unit("kg").optional())
            .field(Field::choice(
                "severity",
                "Severity",
                [Choice::new("mild", "Mild"), Choice::new("severe", "Severe")],
            ))
    }

    fn drafted(form: &Form, text: &str) -> Value {
        let fields: Vec<&Field> = form.fields().collect();
        let (sections, loose) = sections(text, &fields);
        let sentences = sentences(&loose);
        let values: Map<String, Value> = fields
            .iter()
            .filter_map(|field| {
                let found = match sections.get(field.name()) {
                    Some(section) => within(field, section),
                    None if is_text(field) => prose(field, &sentences, false).map(Value::from),
                    None => within(field, &loose),
                };
                Some((field.name().to_owned(), found?))
            })
            .collect();
        Value::Object(values)
    }

    /// CC-13: what it proposes stands in the text; what the text does not say stays empty.
    #[test]
    fn it_picks_and_makes_nothing_up() {
        let text = "She reports pain since Monday. Systolic pressure 142, 81.5 kg. It is severe. We will start ibuprofen.";
        let drafted = drafted(&form(), text);
        assert_eq!(
            drafted,
            serde_json::json!({
                "subjective": "She reports pain since Monday.",
                "plan": "We will start ibuprofen.",
                "systolic": 142, "weight": "81.5", "severity": "severe",
            })
        );
    }

    #[test]
    fn what_stands_under_a_heading_is_its() {
        let drafted =
            drafted(&form(), "Plan: rest\nand fluids\n\nSubjective: tired\nVitals: none\nSystolic: 120 mmHg");
        assert_eq!(
            drafted,
            serde_json::json!({ "plan": "rest\nand fluids", "subjective": "tired", "systolic": 120 })
        );
    }

    #[test]
    fn two_choices_that_occur_are_a_persons() {
        assert_eq!(drafted(&form(), "Mild at first, then severe."), serde_json::json!({}));
    }

    #[test]
    fn a_summary_has_the_sentences_that_have_most_in_common() {
        let text = "Cough for two weeks. The dog is well. Cough worse at night. Fever and cough since Friday. Bus was late.";
        assert_eq!(summary(&sentences(text)).len(), 3);
        assert!(summary(&sentences(text)).iter().all(|sentence| sentence.to_lowercase().contains("cough")));
    }

    #[test]
    fn a_code_is_what_looks_like_one() {
        assert_eq!(code("Assessment: bronchitis (J20.9), not B12 deficiency.").as_deref(), Some("J20.9"));
        assert_eq!(code("No code here, CT 2024."), None);
    }
}
