//! What a spec says beside who sees what: rules, tasks, messages, AI actions and everything else, in its own words.
//!
//! Whoever approves a plan approves all of it, so nothing is picked out: each section of the document is listed as it was
//! written, and one that this table does not know stands under its own name.

use serde_json::{Map, Value};

use crate::document::AppSpec;

/// A section of a spec, as people read it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PlannedSection {
    /// Its key in the spec, such as `rules`.
    pub key: String,
    /// What it is about, as a heading.
    pub title: String,
    /// What that means, where the title does not say it.
    pub about: &'static str,
    /// What stands in it.
    pub entries: Vec<PlannedEntry>,
}

/// One thing that a section declares.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PlannedEntry {
    /// Its name.
    pub name: String,
    /// What the spec says of it, a line each: `when: systolic > 180`.
    pub says: Vec<String>,
}

/// What a plan shows in ways of its own.
const ELSEWHERE: [&str; 6] = ["app", "questions", "assumed", "refused", "not yet", "not understood"];

/// Of entities and their fields, what the tables of access and health information show.
const IN_TABLES: [&str; 1] = ["access"];

/// Headings, in the order of what matters most to whoever decides.
const SECTIONS: [(&str, &str, &str); 22] = [
    (
        "rules",
        "What happens by itself",
        "A rule is judged when a value that it reads is written, or when a record enters a list.",
    ),
    ("tasks", "Tasks", "Who does what by when, and who does it when nobody did."),
    ("messages", "Messages that leave the app", "They carry no clinical word."),
    ("ai actions", "What AI proposes", "A person reads each proposal and applies it, or does not."),
    (
        "sub-processors",
        "Companies that data can go to",
        "None is called before an agreement with it is attested.",
    ),
    ("permissions", "What people give and take back", ""),
    ("conversations", "Conversations", "Only those who take part read one."),
    ("forms", "Questionnaires", ""),
    ("documents", "Documents", ""),
    ("calendars", "Calendars", ""),
    ("lists", "Lists", "Each shows what its reader may see, and nothing else."),
    ("measures", "Measures", "Small groups are hidden, so that nobody is told apart by a number."),
    ("pages", "Pages of their own", ""),
    ("feeds", "Imports", ""),
    ("limits", "Limits", ""),
    ("policies", "Policies", ""),
    ("security", "Security", "Each setting is stricter than the floor, or the floor itself."),
    ("retention", "How long things are kept", ""),
    ("entities", "What is kept", "Fields, states and who is responsible; who may do what stands above."),
    ("roles", "Roles", ""),
    ("places", "Places", ""),
    ("changes", "What is called otherwise, or goes", ""),
];

/// Everything that a spec declares, section by section.
pub fn declared(document: &AppSpec) -> Vec<PlannedSection> {
    let Value::Object(mut sections) = document.to_json() else { return Vec::new() };
    for key in ELSEWHERE {
        sections.shift_remove(key);
    }
    let known = SECTIONS.iter().filter_map(|(key, title, about)| {
        let entries = entries(key, sections.get(*key)?);
        Some(PlannedSection { key: (*key).to_owned(), title: (*title).to_owned(), about, entries })
    });
    let mut found: Vec<PlannedSection> = known.collect();
    let rest = sections.iter().filter(|(key, _)| SECTIONS.iter().all(|(known, ..)| known != key));
    let single: Vec<PlannedEntry> =
        rest.map(|(key, value)| PlannedEntry { name: key.clone(), says: vec![words(value)] }).collect();
    if !single.is_empty() {
        let title = "About the app".to_owned();
        found.push(PlannedSection { key: "app".to_owned(), title, about: "", entries: single });
    }
    found.retain(|section| !section.entries.is_empty());
    found
}

fn entries(key: &str, value: &Value) -> Vec<PlannedEntry> {
    let Value::Object(entries) = value else {
        return vec![PlannedEntry { name: key.to_owned(), says: vec![words(value)] }];
    };
    let of = |(name, value): (&String, &Value)| {
        let says = match value {
            Value::Object(parts) if key == "entities" => lines(parts, &IN_TABLES),
            Value::Object(parts) => lines(parts, &[]),
            other => vec![words(other)],
        };
        PlannedEntry { name: name.clone(), says }
    };
    entries.iter().map(of).collect()
}

fn lines(parts: &Map<String, Value>, without: &[&str]) -> Vec<String> {
    let said = parts.iter().filter(|(key, _)| !without.contains(&key.as_str()));
    said.map(|(key, value)| line(key, value)).collect()
}

fn line(key: &str, value: &Value) -> String {
    match value {
        Value::Bool(true) => key.to_owned(),
        value => format!("{key}: {}", words(value)),
    }
}

/// A value as it is read aloud.
fn words(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(value) => if *value { "yes" } else { "no" }.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(", "),
        Value::Object(parts) => {
            let part = |(key, value): (&String, &Value)| match value {
                Value::Object(_) | Value::Array(_) => format!("{key} ({})", words(value)),
                value => line(key, value),
            };
            parts.iter().map(part).collect::<Vec<_>>().join("; ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Lock, check};

    const CLINIC: &str = "\
app: Clinic
about: For trying out.
roles:
  owner: { privileged: true, administers: [people] }
  nurse: {}
  physician: {}
  patient: { self: patient }
entities:
  patient:
    reference: PT
    fields:
      name: identifier name, required
    access:
      nurse: view, create, update in organisation
      physician: view in organisation
      patient: view own
  reading:
    part of: patient
    fields:
      systolic: clinical integer mmHg 50..260, queryable
    access:
      nurse: view in organisation
      physician: view in organisation
      patient: view, create own
rules:
  high: { of: reading, when: \"systolic > 180\", do: [call back] }
tasks:
  call back: { owner: nurse, due: 4 hours, else: physician }
security: { idle: 10 minutes }
";

    fn section(key: &str) -> PlannedSection {
        let spec = check(CLINIC, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}"));
        declared(spec.document()).into_iter().find(|section| section.key == key).expect("it is listed")
    }

    #[test]
    fn what_happens_by_itself_and_who_does_it_is_said() {
        let rules = section("rules");
        assert_eq!(rules.title, "What happens by itself");
        assert_eq!(rules.entries[0].name, "high");
        assert_eq!(rules.entries[0].says, ["of: reading", "when: systolic > 180", "do: call back"]);
        assert_eq!(section("tasks").entries[0].says, ["owner: nurse", "due: 4 hours", "else: physician"]);
        assert_eq!(section("security").entries[0].says, ["10 minutes"]);
        let patient = &section("entities").entries[0];
        assert!(patient.says.iter().all(|line| !line.starts_with("access")), "{patient:?}");
        assert!(patient.says.iter().any(|line| line == "reference: PT"), "{patient:?}");
    }

    /// Whatever a spec says stands in its plan: no section is left out because nobody thought of it.
    #[test]
    fn nothing_that_is_said_is_left_out() {
        let spec = check(CLINIC, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}"));
        let shown = format!("{:?}", declared(spec.document()));
        let Value::Object(said) = spec.document().to_json() else { panic!("a document is a map") };
        for (key, value) in said.iter().filter(|(key, _)| !ELSEWHERE.contains(&key.as_str())) {
            let Value::Object(entries) = value else {
                assert!(shown.contains(key), "{key}");
                continue;
            };
            for name in entries.keys() {
                assert!(shown.contains(&format!("{name:?}")), "{key}: {name}");
            }
        }
    }
}
