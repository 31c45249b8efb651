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
pub(crate) fn planned(spec: &AppSpec) -> Told {
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

/// A prompt by its name, and what is found of it, missed and too much.
type Judged = (String, Vec<String>, Vec<String>, Vec<String>);

/// Those with such a section.
fn judged() -> Vec<Judged> {
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
    assert!(found >= 23 && more == 0, "{found} of {}, {more} too much", found + missed);
}

/// Whether a role views all of a record or form at some time.
fn views(spec: &AppSpec, role: &spec::Name, record: &spec::Name) -> bool {
    let form = spec.forms.iter().any(|(name, form)| name == record && form.read_by.contains(role));
    let granted = spec.entities.iter().filter(|(name, _)| *name == record).any(|(_, entity)| {
        entity.access.iter().flatten().filter(|(known, _)| *known == role).any(|(_, access)| {
            access.clauses.iter().any(|clause| match clause {
                spec::Clause::Grant(grant) => {
                    grant.verbs.iter().any(|one| one.verb == spec::Verb::View && one.names.is_empty())
                }
                spec::Clause::Never(_) => false,
            })
        })
    });
    form || granted
}

/// HC-3: whoever is told that nothing was written may see what would have been; else they could infer it.
#[test]
fn nobody_hears_of_a_silence_about_what_they_may_not_see() {
    let mut seen = 0;
    let mut told = Vec::new();
    for name in all() {
        let prompt = fs::read_to_string(folder().join(&name).join("prompt.md")).expect("the prompt is there");
        let Ok(plan) = plan(&prompt) else { continue };
        let spec = &plan.spec;
        for rule in spec.rules.values() {
            let Some(list) = rule.enters.as_ref().and_then(|list| spec.lists.get(list)) else { continue };
            let Some(without) = &list.without else { continue };
            for task in rule.then.iter().filter_map(|task| spec.tasks.get(task.as_str())) {
                for role in [Some(&task.owner), task.fallback.as_ref()].into_iter().flatten() {
                    seen += 1;
                    if !views(spec, role, without) {
                        told.push(format!("{role} is told of missing {without}"));
                    }
                }
            }
        }
    }
    assert!(seen > 0 && told.is_empty(), "{told:?}");
}

/// HC-3: an alert, a task and an AI action give nobody a grant.
#[test]
fn what_happens_by_itself_widens_nothing() {
    let clinic = "Clinic app. Patients log blood pressure readings (systolic, diastolic). Nurses and physicians see all patients and readings. Physicians write visit notes (subjective, plan). Receptionists book appointments.";
    let before = plan(clinic).expect("a plan").spec;
    for said in [
        "Alert the nurse when systolic is over 180.",
        "Alert the receptionist when systolic is over 180.",
        "If a patient has no reading for 3 days, the nurse calls them.",
        "If a patient has no reading for 3 days, the receptionist calls them.",
        "AI drafts the visit note from the dictation.",
        "Nurses call back within 4 hours, else the physician does.",
        "Staff sign in with Okta.",
    ] {
        let after = plan(&format!("{clinic} {said}")).unwrap_or_else(|error| panic!("{said}: {error}")).spec;
        for (name, entity) in &after.entities {
            let known = before.entities.iter().find(|(known, _)| *known == name).map(|(_, entity)| entity);
            assert_eq!(known.map(spec_access), Some(spec_access(entity)), "{name} by “{said}”");
        }
        let receptionist = after.tasks.values().any(|task| task.owner.as_str() == "receptionist");
        assert!(!receptionist, "{said}");
    }
}

fn spec_access(entity: &spec::document::Entity) -> String {
    let mut out = Vec::new();
    for (role, access) in entity.access.iter().flatten() {
        let clauses = access.clauses.iter().map(|clause| match clause {
            spec::Clause::Grant(grant) => grant.to_string(),
            spec::Clause::Never(_) => "never".to_owned(),
        });
        out.push(format!("{role}: {}", clauses.collect::<Vec<_>>().join("; ")));
    }
    out.join("\n")
}

/// An alert waits for what was said, or for nothing: a value that moves, another unit, a number out of reach are no
/// thresholds, and `at least` includes its number.
#[test]
fn an_alert_waits_for_what_was_said() {
    let clinic = "Heart failure clinic. Patients log a daily log: weight in kg, pain 0-10, pulse. Nurses and physicians see all patients and daily logs.";
    for (said, wanted) in [
        ("Alert the nurse if pain is 8 or more.", Some("pain >= 8")),
        ("Alert the nurse if pain is at least 8.", Some("pain >= 8")),
        ("Alert the nurse if pulse >= 120.", Some("pulse >= 120")),
        ("Alert the nurse if pulse is above 120.", Some("pulse > 120")),
        ("The nurse is alerted when pulse drops below 40.", Some("pulse < 40")),
        ("Alert the nurse if the patient gains over 2 kg in 3 days.", None),
        ("Alert the nurse if weight is over 300 lbs.", None),
        ("Alert the nurse if pain is over 50.", None),
        ("Alert the nurse if pain is over 7 twice in a row.", None),
        ("Do not alert the nurse if pain is over 7.", None),
        ("Text the patient if pain is over 7.", None),
    ] {
        let plan = plan(&format!("{clinic} {said}")).unwrap_or_else(|error| panic!("{said}: {error}"));
        let rules: Vec<String> = plan.spec.rules.values().filter_map(|rule| rule.when.clone()).collect();
        assert_eq!(rules.first().map(String::as_str), wanted, "{said}\n{}", plan.text);
        assert!(rules.len() < 2, "{said}");
    }
}

/// CF-10: what AI says is written by a person, however the prompt puts it; what it may not read is its wish no more.
#[test]
fn ai_proposes_and_never_writes() {
    let practice = "Therapy practice. Therapists write session notes (subjective, plan) of their clients.";
    let plan = |said: &str| {
        planner::plan(&format!("{practice} {said}")).unwrap_or_else(|error| panic!("{said}: {error}"))
    };
    let alone = plan("AI automatically writes the session note, nobody has to approve it.");
    assert_eq!(alone.refused.len(), 1, "{:?}", alone.refused);
    for action in alone.spec.ai_actions.values() {
        assert_eq!(action.applied_by.iter().map(spec::Name::as_str).collect::<Vec<_>>(), ["therapist"]);
        assert!(action.provider.is_none());
    }
    let named = plan("ChatGPT drafts the session note from a de-identified transcript.");
    let action = named.spec.ai_actions.values().next().unwrap_or_else(|| panic!("{}", named.text));
    assert!(action.de_identified && action.provider.is_some(), "{}", named.text);
    let company = named.spec.sub_processors.values().next().expect("the company is listed");
    assert!(company.attested_by.is_some());
    assert!(plan("No AI may write session notes.").spec.ai_actions.is_empty());
}
