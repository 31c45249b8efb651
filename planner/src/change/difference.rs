//! What is different between two versions of a spec, in people's words.

use spec::document::Entity;
use spec::{Access, AppSpec, Clause, Grant, Name, Scope, Verb};
use std::collections::{BTreeMap, BTreeSet};

/// What a new version changes, one sentence each, in the order of the spec.
pub fn differences(old: &AppSpec, new: &AppSpec) -> Vec<String> {
    let mut out = Vec::new();
    for role in new.roles.keys().filter(|role| !old.roles.contains_key(*role)) {
        out.push(format!("There will be a new role: {role}."));
    }
    for role in old.roles.keys().filter(|role| !new.roles.contains_key(*role)) {
        out.push(format!("There will be no {role} any more."));
    }
    for (name, entity) in &new.entities {
        let was = new.changes.get(name.as_str()).and_then(|change| change.was.clone());
        match old.entities.get(was.as_ref().unwrap_or(name)) {
            Some(before) => {
                if let Some(was) = &was {
                    out.push(format!("“{}” will be called “{name}”; everything written stays.", was));
                }
                of_entity(name, before, entity, new, &mut out);
            }
            None => {
                let fields: Vec<String> = entity.fields.keys().map(ToString::to_string).collect();
                out.push(format!("A new record will be kept: {name} ({}).", fields.join(", ")));
                granted(name, &BTreeMap::new(), &atoms(entity), entity, &mut out);
            }
        }
    }
    for (changed, change) in &new.changes {
        if change.retire.is_some() {
            let what = match changed.split_once('.') {
                Some((entity, field)) => format!("“{field}” of {entity}"),
                None => format!("“{changed}”"),
            };
            out.push(format!("{what} will be kept no longer: it is retired after it was confirmed."));
        }
    }
    for (section, before, after) in [
        ("list", keys(&old.lists), keys(&new.lists)),
        ("chart", keys(&old.measures), keys(&new.measures)),
        ("calendar", keys(&old.calendars), keys(&new.calendars)),
        ("page", keys(&old.pages), keys(&new.pages)),
        ("form", keys(&old.forms), keys(&new.forms)),
    ] {
        out.extend(before.difference(&after).map(|name| {
            format!("The {section} “{name}” goes: it showed what its readers may not see any more.")
        }));
        out.extend(after.difference(&before).map(|name| format!("There will be a new {section}: {name}.")));
    }
    for (name, list) in &new.lists {
        if let Some(before) = old.lists.get(name) {
            let gone: Vec<&Name> = before.roles.iter().filter(|role| !list.roles.contains(role)).collect();
            out.extend(
                gone.iter()
                    .map(|role| format!("The list “{name}” will not be shown to {} any more.", many(role))),
            );
        }
    }
    out
}

fn keys<T>(map: &spec::Map<T>) -> BTreeSet<String> {
    map.keys().map(ToString::to_string).collect()
}

fn of_entity(name: &Name, old: &Entity, new: &Entity, spec: &AppSpec, out: &mut Vec<String>) {
    for (field, shape) in &new.fields {
        let was = spec.changes.get(&format!("{name}.{field}")).and_then(|change| change.was.clone());
        let before = old.fields.get(was.as_ref().unwrap_or(field));
        match (before, &was) {
            (Some(_), Some(was)) => {
                out.push(format!("“{was}” of {name} will be called “{field}”; what was written stays."));
            }
            (Some(before), None) if before.stored != shape.stored => {
                let said = |field: &spec::document::Field| {
                    field.stored.as_ref().map_or_else(|| "computed".to_owned(), ToString::to_string)
                };
                out.push(format!(
                    "“{field}” of {name} changes from “{}” to “{}”.",
                    said(before),
                    said(shape)
                ));
            }
            (None, _) => {
                let kind = shape.stored.as_ref().map_or_else(|| "computed".to_owned(), ToString::to_string);
                out.push(format!(
                    "{} {name} will also have: {field} ({kind}).",
                    capital(article(name.as_str()))
                ));
            }
            _ => {}
        }
    }
    if let Some(after) = &new.lifecycle {
        let before: Vec<String> = old
            .lifecycle
            .iter()
            .flat_map(|lifecycle| lifecycle.states.iter().map(ToString::to_string))
            .collect();
        for state in after.states.iter().filter(|state| !before.contains(&state.to_string())) {
            out.push(format!("{} {name} can also be: {state}.", capital(article(name.as_str()))));
        }
        for (made, shape) in &after.moves {
            let Some(known) = old.lifecycle.as_ref().and_then(|lifecycle| lifecycle.moves.get(made)) else {
                continue;
            };
            for role in shape.by.iter().filter(|role| !known.by.contains(role)) {
                out.push(format!(
                    "{} will also {made} {} {name}.",
                    capital(&many(role)),
                    article(name.as_str())
                ));
            }
            for role in known.by.iter().filter(|role| !shape.by.contains(role)) {
                out.push(format!(
                    "{} will not {made} {} {name} any more.",
                    capital(&many(role)),
                    article(name.as_str())
                ));
            }
        }
    }
    // Compared by what the fields are called now.
    let renamed: BTreeMap<String, String> = spec
        .changes
        .iter()
        .filter_map(|(changed, change)| {
            let (entity, field) = changed.split_once('.')?;
            (entity == name.as_str()).then(|| Some((change.was.as_ref()?.to_string(), field.to_owned())))?
        })
        .collect();
    let before = atoms(old)
        .into_iter()
        .map(|(key, fields)| {
            (key, fields.into_iter().map(|field| renamed.get(&field).cloned().unwrap_or(field)).collect())
        })
        .collect();
    granted(name, &before, &atoms(new), new, out);
}

/// Who may do what with which records: the fields, by role, verb and records.
type Atoms = BTreeMap<(String, String, String), BTreeSet<String>>;

fn atoms(entity: &Entity) -> Atoms {
    let mut out = Atoms::new();
    for (role, access) in entity.access.iter().flatten() {
        let never: BTreeSet<String> = nevers(access);
        for clause in &access.clauses {
            let Clause::Grant(grant) = clause else { continue };
            for permitted in &grant.verbs {
                let fields: BTreeSet<String> = if permitted.names.is_empty() {
                    entity.fields.keys().map(ToString::to_string).collect()
                } else {
                    permitted.names.iter().map(ToString::to_string).collect()
                };
                let key = (role.to_string(), verb(&permitted.verb), records(grant));
                out.entry(key).or_default().extend(fields.difference(&never).cloned());
            }
        }
    }
    out
}

fn nevers(access: &Access) -> BTreeSet<String> {
    access
        .clauses
        .iter()
        .filter_map(|clause| match clause {
            Clause::Never(names) => Some(names.iter().map(ToString::to_string)),
            Clause::Grant(_) => None,
        })
        .flatten()
        .collect()
}

fn verb(verb: &Verb) -> String {
    match verb {
        Verb::View => "see".into(),
        Verb::List => "list".into(),
        Verb::Create => "write".into(),
        Verb::Update => "change".into(),
        Verb::Move(name) => name.to_string(),
        other => other.to_string(),
    }
}

/// Which records, as people say it.
fn records(grant: &Grant) -> String {
    let mut said = match &grant.scope {
        Some(Scope::Own { .. }) => "their own".to_owned(),
        Some(Scope::Assigned) => "of those assigned to them".into(),
        Some(Scope::In(place)) => format!("in the {place}"),
        Some(Scope::Everywhere) => "everywhere".into(),
        None => "of those they may see".into(),
    };
    if !grant.when.is_empty() {
        let states: Vec<String> = grant.when.iter().map(ToString::to_string).collect();
        said.push_str(&format!(", once {}", states.join(" or ")));
    }
    said
}

fn granted(name: &Name, before: &Atoms, after: &Atoms, entity: &Entity, out: &mut Vec<String>) {
    // A value that is new says so itself, and goes with the others.
    let all: BTreeSet<String> = entity.fields.keys().map(ToString::to_string).collect();
    let mut told = |key: &(String, String, String), fields: &BTreeSet<String>, whole: bool, also: bool| {
        let (role, verb, records) = key;
        let what = if whole || *fields == all || fields.is_empty() {
            plural(name.as_str())
        } else {
            format!("{} of {}", fields.iter().cloned().collect::<Vec<_>>().join(", "), plural(name.as_str()))
        };
        let who = capital(&many_of(role));
        out.push(if also {
            format!("{who} will also {verb} {what} ({records}).")
        } else {
            format!("{who} will not {verb} {what} ({records}) any more.")
        });
    };
    for (key, fields) in after {
        match before.get(key) {
            None => told(key, fields, false, true),
            Some(known) => {
                let old_fields: BTreeSet<String> = before.values().flatten().cloned().collect();
                let more: BTreeSet<String> =
                    fields.difference(known).filter(|field| old_fields.contains(*field)).cloned().collect();
                if !more.is_empty() {
                    told(key, &more, false, true);
                }
            }
        }
    }
    for (key, fields) in before {
        match after.get(key) {
            None => told(key, fields, true, false),
            Some(known) => {
                let less: BTreeSet<String> =
                    fields.difference(known).filter(|field| all.contains(*field)).cloned().collect();
                if !less.is_empty() {
                    told(key, &less, false, false);
                }
            }
        }
    }
}

fn many(role: &Name) -> String {
    many_of(role.as_str())
}

/// Those of a role: `nurses`, `front desk staff`.
fn many_of(role: &str) -> String {
    if role.ends_with("desk") || role.ends_with("staff") { role.to_owned() } else { plural(role) }
}

fn plural(word: &str) -> String {
    if word.ends_with('s') {
        word.to_owned()
    } else if let Some(stem) = word.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u'])) {
        format!("{stem}ies")
    } else if word.ends_with("ch") || word.ends_with("sh") || word.ends_with('x') {
        format!("{word}es")
    } else {
        format!("{word}s")
    }
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
