//! Complaints that are only the echo of another: a list cannot be shown to a role whose grant was misspelt.

use crate::{
    document::AppSpec,
    name::Name,
    problem::{Kind, Problem, Problems},
};
use std::collections::{HashMap, HashSet};

/// Drops what will be gone when something else is put right.
pub(super) fn drop(problems: &mut Problems, document: &AppSpec) {
    let mut access: HashSet<String> = HashSet::new();
    let mut fields: HashMap<String, Vec<String>> = HashMap::new();
    for problem in problems.iter() {
        let steps: Vec<String> = problem.pointer.steps().collect();
        match steps.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["entities", entity, "fields", field, ..] if problem.kind != Kind::Rule => {
                fields.entry((*entity).to_owned()).or_default().push((*field).to_owned());
            }
            // A rule that fails is no reason for another to fail.
            ["entities", _, "fields", ..] => {}
            ["entities", entity, ..] => {
                access.insert((*entity).to_owned());
            }
            _ => {}
        }
    }
    problems.0.retain(|problem| !is_echo(problem, document, &access, &fields));
}

fn is_echo(
    problem: &Problem,
    document: &AppSpec,
    access: &HashSet<String>,
    fields: &HashMap<String, Vec<String>>,
) -> bool {
    let steps: Vec<String> = problem.pointer.steps().collect();
    let [section, name, ..] = steps.as_slice() else { return false };
    let Some((of, said)) = subject(document, section, name, &steps) else { return false };
    match problem.kind {
        Kind::Access => access.contains(of.as_str()),
        Kind::Rule => fields
            .get(of.as_str())
            .into_iter()
            .flatten()
            .any(|field| said.iter().any(|said| said.contains(field))),
        _ => false,
    }
}

/// The entity that a part of the spec is about, and the expressions that it says.
fn subject(document: &AppSpec, section: &str, name: &str, steps: &[String]) -> Option<(Name, Vec<String>)> {
    match section {
        "lists" => {
            let list = document.lists.get(name)?;
            let mut said: Vec<String> = list.filter.iter().cloned().collect();
            said.extend(list.sort.iter().map(ToString::to_string));
            Some((list.of.clone(), said))
        }
        "measures" => {
            let measure = document.measures.get(name)?;
            let mut said: Vec<String> = measure.filter.iter().chain(&measure.share).cloned().collect();
            said.extend(measure.average.iter().chain(&measure.sum).map(ToString::to_string));
            said.extend(measure.by.iter().map(ToString::to_string));
            Some((measure.of.clone(), said))
        }
        "calendars" => {
            let calendar = document.calendars.get(name)?;
            let said = [Some(&calendar.start), calendar.end.as_ref()]
                .into_iter()
                .flatten()
                .map(ToString::to_string)
                .collect();
            Some((calendar.of.clone(), said))
        }
        "entities" => match steps {
            [_, _, fields, field, ..] if fields == "fields" => {
                let said = document
                    .entities
                    .get(name)?
                    .fields
                    .get(field.as_str())?
                    .computed
                    .iter()
                    .cloned()
                    .collect();
                Some((name.parse().ok()?, said))
            }
            _ => None,
        },
        _ => None,
    }
}
