//! Every task of `tasks.yaml` that needs nothing "not yet" can be begun in the plan: its record, fields,
//! list or calendar exist, and its person's role may do it.

use crate::expected::{at, folder, pairs, read, text, with_tasks};
use planner::plan;
use saphyr::{LoadableYamlNode, Yaml};
use spec::{AppSpec, Clause};
use std::{collections::BTreeMap, fs};

/// Whether a grant of the role on the record has the verb.
fn may(spec: &AppSpec, role: &str, entity: &str, verb: &str) -> bool {
    let Some((_, entity)) = spec.entities.iter().find(|(name, _)| name.as_str() == entity) else {
        return false;
    };
    let granted =
        entity.access.iter().flatten().filter(|(name, _)| name.as_str() == role).any(|(_, access)| {
            access.clauses.iter().any(|clause| match clause {
                Clause::Grant(grant) => {
                    grant.verbs.iter().any(|permitted| permitted.verb.to_string() == verb)
                }
                Clause::Never(_) => false,
            })
        });
    let assigns = verb == "assign"
        && entity.assigned_to.as_ref().is_some_and(|to| to.by.iter().any(|name| name.as_str() == role));
    granted || assigns
}

fn field(spec: &AppSpec, entity: &str, name: &str) -> bool {
    spec.entities.iter().filter(|(known, _)| known.as_str() == entity).any(|(_, entity)| {
        entity.fields.keys().any(|known| known.as_str() == name)
            || entity.part_of.as_ref().is_some_and(|whole| whole.as_str() == name)
    })
}

/// What a step asks for and the plan does not have.
fn missing(
    spec: &AppSpec,
    role: &str,
    step: &Yaml<'_>,
    records: &mut BTreeMap<String, String>,
) -> Option<String> {
    let said = |key: &str| at(step, key).map(text).unwrap_or_default();
    let with: Vec<String> = at(step, "with")
        .map(|node| pairs(node).into_iter().map(|(name, _)| name).collect())
        .unwrap_or_default();
    let (verb, entity) = match said("do").as_str() {
        "create" => ("create", said("entity")),
        "update" => ("update", records.get(&said("record")).cloned().unwrap_or_default()),
        "delete" => ("delete", records.get(&said("record")).cloned().unwrap_or_default()),
        "assign" => ("assign", records.get(&said("record")).cloned().unwrap_or_default()),
        "book" => {
            let calendar = said("calendar");
            let Some((_, found)) = spec.calendars.iter().find(|(name, _)| name.as_str() == calendar) else {
                return Some(format!("no calendar {calendar}"));
            };
            ("create", found.of.to_string())
        }
        "move" => {
            let entity = records.get(&said("record")).cloned().unwrap_or_default();
            let wanted = said("move");
            let moves = spec
                .entities
                .iter()
                .filter(|(name, _)| name.as_str() == entity)
                .filter_map(|(_, entity)| entity.lifecycle.as_ref())
                .any(|lifecycle| {
                    lifecycle.moves.iter().any(|(name, one)| {
                        name.as_str() == wanted && one.by.iter().any(|by| by.as_str() == role)
                    })
                });
            return (!moves).then(|| format!("{role} cannot {wanted} {entity}"));
        }
        "fill" => {
            let form = said("form");
            let fills = spec.forms.iter().filter(|(name, _)| name.as_str() == form).any(|(_, form)| {
                form.filled_by.iter().any(|name| name.as_str() == role)
                    && with.iter().all(|asked| form.ask.iter().any(|item| item.question.as_str() == asked))
            });
            records.insert(said("call"), form.clone());
            return (!fills).then(|| format!("{role} cannot fill {form}"));
        }
        _ => return None,
    };
    if spec.forms.keys().any(|form| form.as_str() == entity) {
        return None;
    }
    records.insert(said("call"), entity.clone());
    if let Some(name) = with.iter().find(|name| !field(spec, &entity, name)) {
        return Some(format!("{entity} has no {name}"));
    }
    (!may(spec, role, &entity, verb)).then(|| format!("{role} may not {verb} {entity}"))
}

#[test]
fn tasks_can_be_begun_in_the_plan() {
    let mut told = Vec::new();
    for name in with_tasks().into_iter().filter(|name| name != "spanish") {
        let spec = plan(&read(&name).prompt).expect("a plan").spec;
        let source =
            fs::read_to_string(folder().join(&name).join("tasks.yaml")).expect("the tasks are there");
        let documents = Yaml::load_from_str(&source).expect("the tasks are YAML");
        let root = &documents[0];
        let people: BTreeMap<String, String> = at(root, "people")
            .map(pairs)
            .unwrap_or_default()
            .into_iter()
            .map(|(person, node)| (person, at(node, "role").map(text).unwrap_or_default()))
            .collect();
        for (person, role) in &people {
            if !spec.roles.keys().any(|known| known.as_str() == role) {
                told.push(format!("{name}: {person} is a {role}, which the plan has not"));
            }
        }
        let mut records: BTreeMap<String, String> = at(root, "records")
            .map(pairs)
            .unwrap_or_default()
            .into_iter()
            .map(|(record, node)| (record, at(node, "of").map(text).unwrap_or_default()))
            .collect();
        for task in at(root, "tasks").and_then(Yaml::as_vec).into_iter().flatten() {
            let id = at(task, "id").map(text).unwrap_or_default();
            for step in at(task, "steps").and_then(Yaml::as_vec).into_iter().flatten() {
                let person = at(step, "as").or_else(|| at(task, "as")).map(text).unwrap_or_default();
                let role = people.get(&person).cloned().unwrap_or_default();
                if let Some(what) = missing(&spec, &role, step, &mut records) {
                    told.push(format!("{name}/{id}: {what}"));
                }
            }
            for seen in at(task, "then").and_then(Yaml::as_vec).into_iter().flatten() {
                for (kind, names) in [
                    ("list", spec.lists.keys().map(ToString::to_string).collect::<Vec<_>>()),
                    ("calendar", spec.calendars.keys().map(ToString::to_string).collect()),
                    ("measure", spec.measures.keys().map(ToString::to_string).collect()),
                    ("index", spec.entities.keys().map(ToString::to_string).collect()),
                ] {
                    if let Some(wanted) = at(seen, kind).map(text).filter(|wanted| !names.contains(wanted)) {
                        told.push(format!("{name}/{id}: no {kind} `{wanted}`"));
                    }
                }
            }
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}
