//! A name changed everywhere that it stands.

use serde_json::Value;
use spec::{AppSpec, Name};

/// Sections of words for people, in which a name is no name.
const SAID: &[&str] = &[
    "app",
    "about",
    "assumed",
    "questions",
    "refused",
    "not yet",
    "not understood",
    "label",
    "plural",
    "hint",
    "purpose",
    "roles",
    "changes",
];

/// Renames a record; `None` where its name is somebody's role, too, so that a word could mean both.
pub(crate) fn entity(spec: &AppSpec, from: &Name, to: &Name) -> Option<AppSpec> {
    if spec.roles.keys().any(|role| role == from) || spec.entities.contains_key(to) {
        return None;
    }
    let names = Names::new(spec, from.as_str(), to.as_str());
    let mut value = spec.to_json();
    if let Value::Object(sections) = &mut value {
        // Only what leads to the record: who is one by login.
        if let Some(Value::Object(roles)) = sections.get_mut("roles") {
            for role in roles.values_mut() {
                if let Some(own) = role.get_mut("self")
                    && own.as_str() == Some(from.as_str())
                {
                    *own = Value::String(to.to_string());
                }
            }
        }
        for (section, value) in sections.iter_mut().filter(|(section, _)| !SAID.contains(&section.as_str())) {
            let _ = section;
            walk(value, &names, true);
        }
    }
    read(&value)
}

/// Renames a value of a record, where it stands in that record and in what shows it.
pub(crate) fn field(spec: &AppSpec, entity: &Name, from: &Name, to: &Name) -> Option<AppSpec> {
    if spec.entities.get(entity.as_str())?.fields.contains_key(to) {
        return None;
    }
    let names = Names::new(spec, from.as_str(), to.as_str());
    let mut value = spec.to_json();
    if let Value::Object(sections) = &mut value {
        for section in ["lists", "measures", "calendars"] {
            let Some(Value::Object(of)) = sections.get_mut(section) else { continue };
            for one in
                of.values_mut().filter(|one| one.get("of").and_then(Value::as_str) == Some(entity.as_str()))
            {
                walk(one, &names, false);
            }
        }
        if let Some(own) = sections.get_mut("entities").and_then(|entities| entities.get_mut(entity.as_str()))
        {
            walk(own, &names, true);
        }
        // `patient.phone` in an expression or a page elsewhere.
        let names = Names::new(spec, &format!("{entity}.{from}"), &format!("{entity}.{to}"));
        for (_, value) in sections.iter_mut().filter(|(section, _)| !SAID.contains(&section.as_str())) {
            walk(value, &names, false);
        }
    }
    read(&value)
}

fn read(value: &Value) -> Option<AppSpec> {
    let reading = spec::document::read(&value.to_string());
    reading.problems.is_empty().then_some(reading.document)
}

/// A name, what it becomes, and the longer names that it is a part of and that stay: `date` of `date of birth`.
struct Names {
    from: String,
    to: String,
    longer: Vec<String>,
}

impl Names {
    fn new(spec: &AppSpec, from: &str, to: &str) -> Self {
        let fields = spec.entities.values().flat_map(|entity| entity.fields.keys());
        let sections = spec.lists.keys().chain(spec.measures.keys()).chain(spec.forms.keys());
        let longer = fields
            .chain(spec.entities.keys())
            .chain(sections)
            .map(ToString::to_string)
            .filter(|name| name != from && format!(" {name} ").contains(&format!(" {from} ")))
            .collect();
        Self { from: from.to_owned(), to: to.to_owned(), longer }
    }

    /// Every place of the whole name.
    fn replaced(&self, text: &str) -> String {
        let mut out = String::new();
        let mut at = 0;
        while let Some(found) = text[at..].find(&self.from) {
            let begin = at + found;
            let end = begin + self.from.len();
            let inside = |c: char| c.is_alphanumeric() || c == '_';
            let part = text[..begin].chars().next_back().is_some_and(inside)
                || text[end..].chars().next().is_some_and(inside);
            let longer = self.longer.iter().any(|name| {
                name.match_indices(&self.from).any(|(offset, _)| {
                    begin >= offset
                        && text.get(begin - offset..).is_some_and(|rest| rest.starts_with(name.as_str()))
                })
            });
            out.push_str(&text[at..begin]);
            out.push_str(if part || longer { &self.from } else { &self.to });
            at = end;
        }
        out.push_str(&text[at..]);
        out
    }
}

fn walk(value: &mut Value, names: &Names, keys: bool) {
    match value {
        Value::String(text) => *text = names.replaced(text),
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, names, keys)),
        Value::Object(map) => {
            for (key, mut value) in std::mem::take(map) {
                if !SAID.contains(&key.as_str()) {
                    walk(&mut value, names, keys);
                }
                let key = if keys && key == names.from { names.to.clone() } else { key };
                map.insert(key, value);
            }
        }
        _ => {}
    }
}
