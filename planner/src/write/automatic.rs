//! Rules, tasks, AI actions and how people sign in.

use super::{Parts, line, names, quoted, scalar, skipped};
use crate::automatic::{Condition, Occasion};
use std::fmt::Write;

/// Writes them, without those that the validator did not take.
pub(crate) fn automatic(out: &mut String, parts: &Parts<'_>) {
    let automatic = parts.automatic;
    let task_stands = |name: &str| !skipped(parts, "tasks", &parts.say(name));
    let rules: Vec<_> = automatic
        .rules
        .iter()
        .filter(|rule| !skipped(parts, "rules", &parts.say(&rule.name)) && task_stands(&rule.task))
        .filter(|rule| match &rule.occasion {
            Occasion::Silent(_) => !skipped(parts, "lists", &silent(parts)),
            Occasion::When(_) => true,
        })
        .collect();
    if !rules.is_empty() {
        out.push_str("rules:\n");
    }
    for rule in &rules {
        let _ = writeln!(out, "  {}:", parts.say(&rule.name));
        match &rule.occasion {
            Occasion::When(condition) => {
                line(out, 4, "of", &parts.say(&condition.of));
                line(out, 4, "when", &quoted(&expression(condition, parts)));
            }
            Occasion::Silent(_) => line(out, 4, "enters", &silent(parts)),
        }
        line(out, 4, "do", &names(&[parts.say(&rule.task)]));
        if let Some(label) = &rule.label {
            line(out, 4, "label", &quoted(label));
        }
    }
    let tasks: Vec<_> = automatic
        .tasks
        .iter()
        .filter(|task| task_stands(&task.name))
        .filter(|task| !task.by.is_empty() || rules.iter().any(|rule| rule.task == task.name))
        .collect();
    if !tasks.is_empty() {
        out.push_str("tasks:\n");
    }
    for task in tasks {
        let _ = writeln!(out, "  {}:", parts.say(&task.name));
        line(out, 4, "about", &parts.say(&task.about));
        line(out, 4, "owner", &parts.say(&task.owner));
        line(out, 4, "due", &task.due);
        line(out, 4, "else", &parts.say(&task.fallback));
        if !task.by.is_empty() {
            line(out, 4, "by", &names(&parts.say_all(&task.by)));
        }
    }
    proposals(out, parts);
}

/// The list of whoever was silent, as the lists write it.
fn silent(parts: &Parts<'_>) -> String {
    format!("silent {}", super::plural(parts.world.subject().unwrap_or_default()))
}

fn expression(condition: &Condition, parts: &Parts<'_>) -> String {
    let tests: Vec<String> = condition
        .tests
        .iter()
        .map(|test| match test.sign {
            "" => parts.say(&test.field),
            "==" => format!("{} == {}", parts.say(&test.field), parts.say(&test.value)),
            sign => format!("{} {sign} {}", parts.say(&test.field), test.value),
        })
        .collect();
    tests.join(if condition.any { " or " } else { " and " })
}

fn proposals(out: &mut String, parts: &Parts<'_>) {
    let wanted: Vec<_> =
        parts.automatic.proposals.iter().filter(|one| !skipped(parts, "ai actions", &one.name)).collect();
    if wanted.is_empty() {
        return;
    }
    out.push_str("ai actions:\n");
    for one in &wanted {
        let _ = writeln!(out, "  {}:", one.name);
        line(out, 4, "from", &one.from);
        let anew = if one.anew { "new " } else { "" };
        let fields = parts.say_all(&one.fields).join(", ");
        line(out, 4, "proposes", &scalar(&format!("{anew}{}({fields})", parts.say(&one.of))));
        line(out, 4, "applied by", &names(&parts.say_all(&one.applied_by)));
        if one.de_identified {
            line(out, 4, "de-identified", "true");
        }
        if one.cached {
            line(out, 4, "keeps", "[output]");
            line(out, 4, "cache", "hash");
        }
        if let Some((company, _)) = &one.provider {
            line(out, 4, "provider", company);
        }
    }
    let mut companies: Vec<&(String, String)> = Vec::new();
    for company in wanted.iter().filter_map(|one| one.provider.as_ref()) {
        if !companies.contains(&company) {
            companies.push(company);
        }
    }
    if !companies.is_empty() {
        out.push_str("sub-processors:\n");
    }
    for (company, owner) in companies {
        let _ = writeln!(out, "  {company}: {{ for: [ai], attested by: {} }}", parts.say(owner));
    }
}
