//! Forms, lists, measures and calendars.

use super::{Parts, line, moment, names, plural, quoted, skipped};
use crate::catalogue::{EntityKind, RoleKind};
use crate::grants::Grants;
use crate::world::World;
use std::fmt::Write;

/// A name as expressions call it.
fn in_rule(name: &str) -> String {
    name.to_owned()
}

pub(crate) fn forms(out: &mut String, parts: &Parts<'_>) {
    let Some(subject) = parts.world.subject() else { return };
    let wanted: Vec<_> =
        parts.world.forms.iter().filter(|(name, _)| !skipped(parts, "forms", name)).collect();
    if wanted.is_empty() {
        return;
    }
    out.push_str("forms:\n");
    for (name, form) in wanted {
        let _ = writeln!(out, "  {}:\n    version: 1\n    about: {}", parts.say(name), parts.say(subject));
        line(out, 4, "filled by", &names(&parts.say_all(&form.filled_by)));
        line(out, 4, "read by", &names(&parts.say_all(&form.read_by)));
        if form.corrections {
            out.push_str("    corrections: true\n");
        }
        if form.scored {
            let items: Vec<String> = form.fields.keys().map(|field| parts.say(field)).collect();
            line(out, 4, "score", &quoted(&items.join(" + ")));
        }
        out.push_str("    ask:\n");
        let known = parts.world.entities.get(subject).map(|entity| &entity.fields);
        for (field, written) in &form.fields {
            let plain = plain_type(written);
            // What the record says already is shown to be put right, and not asked for twice.
            let fills = known
                .and_then(|fields| fields.get(field))
                .filter(|recorded| plain_type(recorded) == plain)
                .map(|_| format!(", fills: {}", parts.say(field)))
                .unwrap_or_default();
            let _ = writeln!(
                out,
                "      - {{ question: {}, type: {}{fills} }}",
                parts.say(field),
                quoted(&parts.say_type(&plain))
            );
        }
    }
}

/// A field's type as a question has it.
fn plain_type(written: &str) -> String {
    written.replace(", searchable", "").replace(", queryable", "")
}

pub(crate) fn lists(out: &mut String, parts: &Parts<'_>) {
    let world = parts.world;
    let mut texts: Vec<(String, String)> = Vec::new();
    for threshold in parts.thresholds {
        let sign = if threshold.above { ">" } else { "<" };
        let filter: Vec<String> = threshold
            .fields
            .iter()
            .zip(&threshold.numbers)
            .map(|(field, number)| format!("{} {sign} {number}", in_rule(&parts.say(field))))
            .collect();
        let word = if threshold.above { "high" } else { "low" };
        let label = if let [one] = threshold.fields.as_slice() {
            format!("{word} {one}")
        } else {
            format!("{word} {}", plural(&threshold.entity))
        };
        let mut text =
            format!("of: {}, where: {}", parts.say(&threshold.entity), quoted(&filter.join(" or ")));
        if let Some(moment) = moment(world, &threshold.entity) {
            let _ = write!(text, ", sort: {} desc", parts.say(&moment));
        }
        let _ = write!(text, ", for: {}", names(&parts.say_all(&threshold.roles)));
        texts.push((label, text));
    }
    for silence in parts.silences {
        let Some(subject) = world.subject() else { continue };
        let unit = if silence.count == 1 { silence.unit.clone() } else { format!("{}s", silence.unit) };
        texts.push((
            format!("silent {}", plural(subject)),
            format!(
                "of: {}, without: {}, in: {} {unit}, for: {}",
                parts.say(subject),
                parts.say(&silence.entity),
                silence.count,
                names(&parts.say_all(&silence.roles))
            ),
        ));
    }
    let mut written: Vec<String> = Vec::new();
    for (name, text) in texts {
        if !skipped(parts, "lists", &name) && !written.contains(&name) {
            if written.is_empty() {
                out.push_str("lists:\n");
            }
            let _ = writeln!(out, "  {name}: {{ {text} }}");
            written.push(name);
        }
    }
}

pub(crate) fn measures(out: &mut String, parts: &Parts<'_>) {
    let world = parts.world;
    let mut first = true;
    for measure in parts.measures {
        let viewers = measure_viewers(world, parts.grants, &measure.entity);
        if viewers.is_empty() || skipped(parts, "measures", &measure.name) {
            continue;
        }
        let mut text = format!("of: {}", parts.say(&measure.entity));
        if let Some(filter) = &measure.filter {
            let _ = write!(text, ", where: '{filter}'");
        }
        if let Some(share) = &measure.share {
            let _ = write!(text, ", share: '{share}'");
        }
        if let Some(average) = &measure.average {
            let _ = write!(text, ", average: {}", parts.say(average));
        }
        match &measure.by {
            Some(by) => {
                let by = match by.split_once(" of ") {
                    Some((unit, moment)) => format!("{unit} of {}", parts.say(moment)),
                    None => by.clone(),
                };
                let _ = write!(text, ", by: {by}, chart: bar");
            }
            None => text.push_str(", chart: number"),
        }
        let _ = write!(text, ", for: {}", names(&parts.say_all(&viewers)));
        if first {
            out.push_str("measures:\n");
            first = false;
        }
        let _ = writeln!(out, "  {}: {{ {text} }}", measure.name);
    }
}

/// Who sees an aggregate: those who run the place, if they see the records; else those who keep them.
fn measure_viewers(world: &World, grants: &Grants, entity: &str) -> Vec<String> {
    let sees = |role: &str| {
        grants
            .get(entity)
            .and_then(|roles| roles.get(role))
            .is_some_and(|clause| clause.starts_with("view") && !clause.starts_with("view("))
    };
    for kind in [RoleKind::Owner, RoleKind::Care, RoleKind::Panel, RoleKind::Office, RoleKind::Business] {
        let found: Vec<String> = world.of_kind(kind).into_iter().filter(|role| sees(role)).collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// What patients may let others see until they take it back.
pub(crate) fn permissions(out: &mut String, parts: &Parts<'_>) {
    let wanted: Vec<_> = parts
        .permissions
        .iter()
        .filter(|one| !skipped(parts, "permissions", &parts.say(&one.name)))
        .collect();
    if wanted.is_empty() {
        return;
    }
    out.push_str("permissions:\n");
    for one in wanted {
        let gives: Vec<String> = one.gives.iter().map(|given| quoted(&said_of(given, parts))).collect();
        let _ = writeln!(
            out,
            "  {}: {{ by: {}, to: {}, gives: [{}], until: date or revoked }}",
            parts.say(&one.name),
            parts.say(&one.by),
            parts.say(&one.to),
            gives.join(", ")
        );
    }
}

/// `view visit(date)` with its names as the founder says them.
fn said_of(given: &str, parts: &Parts<'_>) -> String {
    let what = given.trim_start_matches("view ");
    match what.trim_end_matches(')').split_once('(') {
        Some((entity, fields)) => {
            let fields: Vec<String> = fields.split(", ").map(|field| parts.say(field)).collect();
            format!("view {}({})", parts.say(entity), fields.join(", "))
        }
        None => format!("view {}", parts.say(what)),
    }
}

pub(crate) fn calendars(out: &mut String, parts: &Parts<'_>) {
    let mut first = true;
    for (name, entity) in &parts.world.entities {
        let calendar = plural(name);
        if entity.kind != EntityKind::Schedule
            || !entity.fields.contains_key("start")
            || skipped(parts, "calendars", &calendar)
        {
            continue;
        }
        let resources: Vec<String> = entity
            .fields
            .iter()
            .filter(|(_, written)| written.starts_with("link"))
            .map(|(field, _)| field.clone())
            .collect();
        let viewers: Vec<String> = parts
            .grants
            .get(name)
            .map(|roles| {
                roles
                    .iter()
                    .filter(|(_, clause)| clause.starts_with("view"))
                    .map(|(role, _)| role.clone())
                    .collect()
            })
            .unwrap_or_default();
        if viewers.is_empty() {
            continue;
        }
        let end = if entity.fields.contains_key("end") {
            format!(", end: {}", parts.say("end"))
        } else {
            String::new()
        };
        let booked = if resources.is_empty() {
            String::new()
        } else {
            format!(", resources: {}, overlap: refuse", names(&parts.say_all(&resources)))
        };
        if first {
            out.push_str("calendars:\n");
            first = false;
        }
        let _ = writeln!(
            out,
            "  {calendar}: {{ of: {}, start: {}{end}{booked}, for: {} }}",
            parts.say(name),
            parts.say("start"),
            names(&parts.say_all(&viewers))
        );
    }
}

pub(crate) fn limits(out: &mut String, parts: &Parts<'_>) {
    for (at, one) in parts.limits.iter().enumerate() {
        let name = plural(&one.of);
        if skipped(parts, "limits", &name) {
            continue;
        }
        if at == 0 {
            out.push_str("limits:\n");
        }
        let tiers: Vec<String> =
            one.tiers.iter().map(|(tier, most)| format!("{}: {most}", super::scalar(tier))).collect();
        let manager = one
            .managed_by
            .as_ref()
            .map(|role| format!(", managed by: {}", parts.say(role)))
            .unwrap_or_default();
        let _ = writeln!(
            out,
            "  {name}: {{ of: {}, per: {}, tiers: {{ {} }}{manager} }}",
            parts.say(&one.of),
            one.per,
            tiers.join(", ")
        );
    }
}
