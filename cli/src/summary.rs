//! A plan as a person reads it before anything is built: what it holds, who sees what, and what was assumed.

use planner::Plan;
use spec::ValidatedSpec;

/// The whole plan, in lines.
pub(crate) fn summary(plan: &Plan, spec: &ValidatedSpec) -> String {
    let mut lines = vec![format!("{}: {}", plan.spec.app, plan.spec.about), String::new()];
    lines.extend(matrix(spec));
    section(&mut lines, "Assumed", plan.assumed.iter().cloned());
    section(
        &mut lines,
        "Refused",
        plan.refused
            .iter()
            .map(|refused| format!("“{}”: {} Instead: {}", refused.said, refused.why, refused.instead)),
    );
    section(&mut lines, "Not understood", plan.not_understood.iter().map(|said| format!("“{said}”")));
    section(&mut lines, "Not yet", plan.not_yet.iter().map(|wish| format!("“{}”: {}", wish.said, wish.why)));
    section(
        &mut lines,
        "Questions (with the default that is taken)",
        plan.questions.iter().map(|question| format!("{} [{}]", question.ask, question.default)),
    );
    lines.join("\n")
}

fn section(lines: &mut Vec<String>, title: &str, items: impl Iterator<Item = String>) {
    let items: Vec<_> = items.map(|item| format!("  • {item}")).collect();
    if !items.is_empty() {
        lines.push(format!("\n{title}"));
        lines.extend(items);
    }
}

/// Who may do what with which records: a line for each role of each entity.
fn matrix(spec: &ValidatedSpec) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, entity) in &spec.document().entities {
        let phi = entity.fields.len();
        lines.push(format!("{name} ({phi} fields)"));
        for (role, access) in entity.access.iter().flatten() {
            lines.push(format!("  {role}: {access}"));
        }
        if let (None, Some(parent)) = (&entity.access, &entity.part_of) {
            lines.push(format!("  as {parent}, which it is a part of"));
        }
    }
    lines
}
