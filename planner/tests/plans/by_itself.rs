//! What happens by itself, against its readings: rules and tasks, what AI proposes, how people sign in.

use crate::expected::{Half, all, at, folder, half, pairs, text};
use planner::plan;
use saphyr::{LoadableYamlNode, Yaml};
use spec::AppSpec;
use std::{collections::BTreeMap, fs};

/// What a plan, or a reader, says of each kind: `rules`, `tasks`, `ai`, `sso`, `refused`, `not yet`.
type Told = BTreeMap<String, Vec<String>>;

/// The section `by itself` of a reading; its format stands in `fixtures/README.md`.
fn wanted(name: &str) -> Told {
    let source = fs::read_to_string(folder().join(name).join("expected.yaml")).expect("the fixture is there");
    let documents = Yaml::load_from_str(&source).expect("the fixture is YAML");
    let mut out = Told::new();
    for (kind, node) in at(&documents[0], "by itself").map(pairs).unwrap_or_default() {
        // `reading: glucose < 54 -> nurse` is a pair to YAML, where it is not quoted.
        let said = node.as_vec().into_iter().flatten().map(|node| match pairs(node).first() {
            Some((of, condition)) => format!("{of}: {}", text(condition)),
            None => text(node),
        });
        out.insert(kind, said.collect());
    }
    out
}

/// The same of a plan.
fn planned(spec: &AppSpec) -> Told {
    let mut out = Told::new();
    let mut tell = |kind: &str, what: String| out.entry(kind.to_owned()).or_default().push(what);
    for rule in spec.rules.values() {
        let occasion = match (&rule.when, &rule.enters) {
            (Some(when), _) => format!("{}: {when}", rule.of.as_ref().expect("a rule is of a record")),
            (None, Some(list)) => {
                let (_, list) = spec.lists.iter().find(|(name, _)| *name == list).expect("the list is there");
                match (&list.without, &list.within) {
                    (Some(without), Some(within)) => format!("silent {without} {within}"),
                    _ => format!("{}: {}", list.of, list.filter.clone().unwrap_or_default()),
                }
            }
            _ => continue,
        };
        for task in &rule.then {
            let (_, task) = spec.tasks.iter().find(|(name, _)| name.as_str() == task).expect("a task");
            tell("rules", format!("{occasion} -> {}", task.owner));
        }
    }
    for task in spec.tasks.values().filter(|task| !task.by.is_empty()) {
        let fallback = task.fallback.as_ref().expect("a task has a fallback");
        tell("tasks", format!("in {} -> {} else {fallback}", task.due, task.owner));
    }
    for action in spec.ai_actions.values() {
        let of = action.proposes.trim_start_matches("new ").split('(').next().unwrap_or_default();
        let by: Vec<String> = action.applied_by.iter().map(ToString::to_string).collect();
        let marks = if action.de_identified { " de-identified" } else { "" };
        let via = action.provider.as_ref().map(|name| format!(" via {name}")).unwrap_or_default();
        tell("ai", format!("{of} by {}{marks}{via}", by.join(", ")));
    }
    if let Some(sso) = &spec.security.sso {
        tell("sso", sso.to_string());
    }
    if spec.refused.iter().any(|refused| refused.why.contains("AI")) {
        tell("refused", "ai".into());
    }
    for wish in &spec.not_yet {
        tell("not yet", wish.construct.map(|number| number.to_string()).unwrap_or_default());
    }
    out
}

/// Whether what is planned is what a reader expects: of a task by hand, when it is due and whose it is.
fn same(kind: &str, wanted: &str, planned: &str) -> bool {
    match kind {
        "tasks" => {
            let due = wanted.find("in ").map_or(wanted, |at| &wanted[at..]);
            planned == due || planned.starts_with(&format!("{due} else "))
        }
        // A `blood pressure reading` is a reading.
        "rules" => planned.trim_start_matches("silent ").ends_with(wanted.trim_start_matches("silent ")),
        _ => wanted == planned,
    }
}

/// Those with such a section, and what is found, missed and too much.
fn judged() -> Vec<(String, Vec<String>, Vec<String>, Vec<String>)> {
    let mut out = Vec::new();
    for name in all().into_iter().filter(|name| half(name) == Half::Tune) {
        let wanted = wanted(&name);
        if wanted.is_empty() {
            continue;
        }
        let prompt = fs::read_to_string(folder().join(&name).join("prompt.md")).expect("the prompt is there");
        let (mut found, mut missed, mut more) = (Vec::new(), Vec::new(), Vec::new());
        let plan = match plan(&prompt) {
            Ok(plan) => planned(&plan.spec),
            Err(error) => {
                missed.push(error.to_string());
                Told::new()
            }
        };
        for (kind, list) in &wanted {
            for said in list {
                let held = plan.get(kind).is_some_and(|list| list.iter().any(|it| same(kind, said, it)));
                if held { &mut found } else { &mut missed }.push(format!("{kind}: {said}"));
            }
        }
        for (kind, list) in plan.iter().filter(|(kind, _)| *kind != "not yet") {
            for it in list {
                let asked = wanted.get(kind).is_some_and(|list| list.iter().any(|said| same(kind, said, it)));
                if !asked {
                    more.push(format!("{kind}: {it}"));
                }
            }
        }
        out.push((name, found, missed, more));
    }
    out
}

/// Prints what is planned of what happens by itself: `cargo nextest run -p planner by_itself --no-capture`.
#[test]
#[allow(clippy::print_stderr, reason = "a score is for reading")]
fn what_happens_by_itself_is_planned() {
    let (mut found, mut missed, mut more) = (0, 0, 0);
    for (name, right, lost, extra) in judged() {
        eprintln!("{name}: {} of {}", right.len(), right.len() + lost.len());
        lost.iter().for_each(|what| eprintln!("    misses {what}"));
        extra.iter().for_each(|what| eprintln!("    more   {what}"));
        found += right.len();
        missed += lost.len();
        more += extra.len();
    }
    eprintln!("by itself: {found} of {}, {more} that nobody asked for", found + missed);
}
