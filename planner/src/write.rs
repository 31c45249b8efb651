//! The plan as the text of a spec: what a person would have written.

use crate::{
    Question, Refused, Wished,
    catalogue::{EntityKind, RoleKind},
    complete::title_of,
    features::{Measure, Silence, Threshold},
    grants::Grants,
    world::{Entity, World},
};
use std::fmt::Write;

/// Everything that the spec will say.
pub(crate) struct Parts<'p> {
    pub(crate) world: &'p World,
    pub(crate) grants: &'p Grants,
    pub(crate) movers: &'p [(String, Vec<String>)],
    pub(crate) thresholds: &'p [Threshold],
    pub(crate) silences: &'p [Silence],
    pub(crate) measures: &'p [Measure],
    pub(crate) audit_years: Option<u32>,
    pub(crate) refused: &'p [Refused],
    pub(crate) not_yet: &'p [Wished],
    pub(crate) not_understood: &'p [String],
    pub(crate) questions: &'p [Question],
    pub(crate) skip: &'p [String],
}

/// The text of the spec, in YAML.
pub(crate) fn yaml(parts: &Parts<'_>) -> String {
    let mut out = String::new();
    line(&mut out, 0, "app", &quoted(&parts.world.title));
    if !parts.world.about.is_empty() {
        line(&mut out, 0, "about", &quoted(&parts.world.about));
    }
    if let Some(place) = &parts.world.place {
        let _ = writeln!(out, "places:\n  {place}: {{ inside: organisation }}");
    }
    roles(&mut out, parts);
    out.push_str("entities:\n");
    for (name, entity) in &parts.world.entities {
        entity_text(&mut out, name, entity, parts);
    }
    forms(&mut out, parts);
    lists(&mut out, parts);
    measures(&mut out, parts);
    calendars(&mut out, parts);
    if let Some(years) = parts.audit_years {
        let _ = writeln!(out, "retention:\n  audit: {years} years");
    }
    notes(&mut out, parts);
    out
}

fn line(out: &mut String, depth: usize, name: &str, value: &str) {
    let _ = writeln!(out, "{:depth$}{name}: {value}", "");
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() || hostile(c) => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Characters that turn or hide text: a spec has none.
fn hostile(c: char) -> bool {
    matches!(u32::from(c), 0xAD | 0x61C | 0x180E | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xFFF0..=0xFFFF | 0xE0000..=0xE0FFF)
}

/// A scalar without quotes where it can stand so.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " .,|()-;/%°".contains(c))
        && !text.ends_with(' ');
    if plain { text.to_owned() } else { quoted(text) }
}

fn names(list: &[String]) -> String {
    format!("[{}]", list.join(", "))
}

fn skipped(parts: &Parts<'_>, section: &str, name: &str) -> bool {
    parts.skip.iter().any(|skip| *skip == format!("/{section}/{name}"))
}

fn roles(out: &mut String, parts: &Parts<'_>) {
    out.push_str("roles:\n");
    for (name, role) in &parts.world.roles {
        let mut said = Vec::new();
        match role.kind {
            RoleKind::Owner => {
                said.push("privileged: true".to_owned());
                said.push("administers: [people, agreements]".to_owned());
            }
            RoleKind::Subject => match parts.world.subject() {
                Some(subject) if role.acts => said.push(format!("self: {subject}")),
                _ => continue,
            },
            _ => {}
        }
        if role.open {
            said.push("sign up: open".into());
        }
        let placed = !matches!(role.kind, RoleKind::Subject | RoleKind::Support | RoleKind::Proxy);
        if let Some(place) = parts.world.place.as_ref().filter(|_| placed) {
            said.push(format!("in: {place}"));
        }
        let body = if said.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", said.join(", ")) };
        line(out, 2, name, &body);
    }
}

fn entity_text(out: &mut String, name: &str, entity: &Entity, parts: &Parts<'_>) {
    let world = parts.world;
    let _ = writeln!(out, "  {name}:");
    if let Some(whole) = &entity.part_of {
        line(out, 4, "part of", whole);
    } else if let Some(place) = &world.place
        && entity.kind != EntityKind::Thing
    {
        line(out, 4, "belongs to", place);
    }
    if entity.kind == EntityKind::Subject && !world.assigned.is_empty() {
        let role = if let [one] = world.assigned.as_slice() { one.clone() } else { names(&world.assigned) };
        let team = if world.team { "many" } else { "one" };
        let by = if world.assigners.is_empty() {
            String::new()
        } else {
            format!(", by: {}", names(&world.assigners))
        };
        let _ = writeln!(out, "    assigned to: {{ role: {role}, team: {team}{by} }}");
    }
    if let Some(reference) = &entity.reference {
        line(out, 4, "reference", reference);
    }
    let title = title_of(world, name);
    if !title.is_empty() {
        line(out, 4, "title", &names(&title));
    }
    if entity.fields.is_empty() {
        line(out, 4, "fields", "{}");
    } else {
        out.push_str("    fields:\n");
        for (field, written) in &entity.fields {
            line(out, 6, field, &scalar(written));
        }
        if entity.states.len() > 1 {
            line(out, 6, "status", &scalar(&format!("none one of {}", entity.states.join(" | "))));
        }
    }
    match parts.grants.get(name) {
        Some(grants) if !grants.is_empty() => {
            out.push_str("    access:\n");
            for (role, clause) in grants {
                line(out, 6, role, &scalar(clause));
            }
        }
        _ => line(out, 4, "access", "{}"),
    }
    lifecycle(out, name, entity, parts);
    if let Some(fhir) = entity.concept.and_then(|concept| concept.fhir.as_deref()) {
        line(out, 4, "fhir", fhir);
    }
}

fn lifecycle(out: &mut String, name: &str, entity: &Entity, parts: &Parts<'_>) {
    if entity.states.len() < 2 {
        return;
    }
    let movers = parts
        .movers
        .iter()
        .find(|(entity, _)| entity == name)
        .map(|(_, roles)| roles.clone())
        .unwrap_or_default();
    out.push_str("    lifecycle:\n");
    line(out, 6, "states", &list(&entity.states));
    if !movers.is_empty() {
        out.push_str("      moves:\n");
        for (from, to) in moves(entity) {
            let _ = writeln!(
                out,
                "        {}: {{ from: {}, to: {}, by: {} }}",
                move_name(&to),
                list(&from),
                scalar(&to),
                names(&movers)
            );
        }
    }
    let locked = locked_states(entity);
    if !locked.is_empty() {
        line(out, 6, "locked", &list(&locked));
        if entity.addenda {
            line(out, 6, "addenda", "true");
        }
    }
}

fn list(states: &[String]) -> String {
    format!("[{}]", states.iter().map(|state| scalar(state)).collect::<Vec<_>>().join(", "))
}

/// From where to where: a chain moves on by one; an enumeration leads from every open state to any later one.
fn moves(entity: &Entity) -> Vec<(Vec<String>, String)> {
    const ENDS: &[&str] = &[
        "done",
        "no show",
        "cancelled",
        "canceled",
        "closed",
        "completed",
        "complete",
        "paid",
        "rejected",
        "declined",
        "resolved",
        "delivered",
        "finished",
        "discharged",
        "lost",
        "won",
        "archived",
    ];
    entity
        .states
        .iter()
        .enumerate()
        .skip(1)
        .map(|(at, to)| {
            let before = &entity.states[..at];
            let from = if entity.loose {
                let open: Vec<String> =
                    before.iter().filter(|state| !ENDS.contains(&state.as_str())).cloned().collect();
                if open.is_empty() { vec![entity.states[0].clone()] } else { open }
            } else {
                vec![entity.states[at - 1].clone()]
            };
            (from, to.clone())
        })
        .collect()
}

/// States in which nothing changes any more.
fn locked_states(entity: &Entity) -> Vec<String> {
    let from = |word: &str| entity.states.iter().position(|state| state == word);
    let at = match (from("signed"), from("locked")) {
        (Some(signed), _) => Some(signed),
        (None, Some(locked)) => Some(locked),
        _ if entity.locked => entity.states.len().checked_sub(1),
        _ => None,
    };
    at.map(|at| entity.states[at..].to_vec()).unwrap_or_default()
}

/// The word of a move into a state: `sign` for `signed`.
fn move_name(to: &str) -> String {
    let name = match to {
        "done" | "completed" | "complete" => "complete".to_owned(),
        "sent" => "send".into(),
        "paid" => "pay".into(),
        "no show" => "mark no show".into(),
        "cancelled" | "canceled" => "cancel".into(),
        "submitted" => "submit".into(),
        "shipped" => "ship".into(),
        "checked in" => "check in".into(),
        "checked out" => "check out".into(),
        "locked" | "signed" | "reviewed" | "approved" | "booked" | "rejected" | "accepted" | "confirmed"
        | "finished" | "packed" | "assigned" | "discharged" | "delivered" | "collected" | "processed"
        | "returned" => to.trim_end_matches("ed").to_owned(),
        "closed" | "resolved" | "archived" | "scheduled" | "released" | "finalized" | "declined"
        | "invoiced" => to.trim_end_matches('d').to_owned(),
        other => format!("mark {other}"),
    };
    crate::fields::proper_name(&name).unwrap_or_else(|| "move on".into())
}

fn forms(out: &mut String, parts: &Parts<'_>) {
    let Some(subject) = parts.world.subject() else { return };
    let wanted: Vec<_> =
        parts.world.forms.iter().filter(|(name, _)| !skipped(parts, "forms", name)).collect();
    if wanted.is_empty() {
        return;
    }
    out.push_str("forms:\n");
    for (name, form) in wanted {
        let _ = writeln!(out, "  {name}:\n    version: 1\n    about: {subject}");
        line(out, 4, "filled by", &names(&form.filled_by));
        line(out, 4, "read by", &names(&form.read_by));
        if form.corrections {
            out.push_str("    corrections: true\n");
        }
        out.push_str("    ask:\n");
        let known = parts.world.entities.get(subject).map(|entity| &entity.fields);
        for (field, written) in &form.fields {
            let plain = plain_type(written);
            // What the record says already is shown to be put right, and not asked for twice.
            let fills = known
                .and_then(|fields| fields.get(field))
                .filter(|recorded| plain_type(recorded) == plain)
                .map(|_| format!(", fills: {field}"))
                .unwrap_or_default();
            let _ = writeln!(out, "      - {{ question: {field}, type: {}{fills} }}", quoted(&plain));
        }
    }
}

/// A field's type as a question has it.
fn plain_type(written: &str) -> String {
    written.replace(", searchable", "").replace(", queryable", "")
}

fn lists(out: &mut String, parts: &Parts<'_>) {
    let world = parts.world;
    let mut texts: Vec<(String, String)> = Vec::new();
    for threshold in parts.thresholds {
        let sign = if threshold.above { ">" } else { "<" };
        let filter: Vec<String> = threshold
            .fields
            .iter()
            .zip(&threshold.numbers)
            .map(|(field, number)| format!("{field} {sign} {number}"))
            .collect();
        let word = if threshold.above { "high" } else { "low" };
        let label = if let [one] = threshold.fields.as_slice() {
            format!("{word} {one}")
        } else {
            format!("{word} {}", plural(&threshold.entity))
        };
        let mut text = format!("of: {}, where: {}", threshold.entity, quoted(&filter.join(" or ")));
        if let Some(moment) = moment(world, &threshold.entity) {
            let _ = write!(text, ", sort: {moment} desc");
        }
        let _ = write!(text, ", for: {}", names(&threshold.roles));
        texts.push((label, text));
    }
    for silence in parts.silences {
        let Some(subject) = world.subject() else { continue };
        let unit = if silence.count == 1 { silence.unit.clone() } else { format!("{}s", silence.unit) };
        texts.push((
            format!("silent {}", plural(subject)),
            format!(
                "of: {subject}, without: {}, in: {} {unit}, for: {}",
                silence.entity,
                silence.count,
                names(&silence.roles)
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

fn moment(world: &World, entity: &str) -> Option<String> {
    let known = world.entities.get(entity)?;
    known
        .fields
        .iter()
        .find(|(_, written)| {
            (written.contains("moment") || written.contains(" date")) && written.contains("queryable")
        })
        .map(|(name, _)| name.clone())
}

fn plural(name: &str) -> String {
    if name.ends_with('y') && !name.ends_with("ay") && !name.ends_with("ey") {
        format!("{}ies", &name[..name.len() - 1])
    } else if name.ends_with('s') || name.ends_with('x') || name.ends_with("ch") || name.ends_with("sh") {
        format!("{name}es")
    } else {
        format!("{name}s")
    }
}

fn measures(out: &mut String, parts: &Parts<'_>) {
    let world = parts.world;
    let mut first = true;
    for measure in parts.measures {
        let viewers = measure_viewers(world, parts.grants, &measure.entity);
        if viewers.is_empty() || skipped(parts, "measures", &measure.name) {
            continue;
        }
        let mut text = format!("of: {}", measure.entity);
        if let Some(filter) = &measure.filter {
            let _ = write!(text, ", where: '{filter}'");
        }
        if let Some(share) = &measure.share {
            let _ = write!(text, ", share: '{share}'");
        }
        if let Some(average) = &measure.average {
            let _ = write!(text, ", average: {average}");
        }
        match &measure.by {
            Some(by) => {
                let _ = write!(text, ", by: {by}, chart: bar");
            }
            None => text.push_str(", chart: number"),
        }
        let _ = write!(text, ", for: {}", names(&viewers));
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

fn calendars(out: &mut String, parts: &Parts<'_>) {
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
        let end = if entity.fields.contains_key("end") { ", end: end" } else { "" };
        let booked = if resources.is_empty() {
            String::new()
        } else {
            format!(", resources: {}, overlap: refuse", names(&resources))
        };
        if first {
            out.push_str("calendars:\n");
            first = false;
        }
        let _ = writeln!(
            out,
            "  {calendar}: {{ of: {name}, start: start{end}{booked}, for: {} }}",
            names(&viewers)
        );
    }
}

fn notes(out: &mut String, parts: &Parts<'_>) {
    if !parts.questions.is_empty() {
        out.push_str("questions:\n");
        for question in parts.questions {
            let options: Vec<String> = question.options.iter().map(|option| quoted(option)).collect();
            let _ = writeln!(
                out,
                "  - {{ about: {}, ask: {}, options: [{}], default: {} }}",
                quoted(&question.about),
                quoted(&question.ask),
                options.join(", "),
                quoted(&question.default)
            );
        }
    }
    texts(out, "assumed", &parts.world.assumed);
    if !parts.refused.is_empty() {
        out.push_str("refused:\n");
        for refused in parts.refused {
            let _ = writeln!(
                out,
                "  - {{ said: {}, why: {}, instead: {} }}",
                quoted(&refused.said),
                quoted(&refused.why),
                quoted(&refused.instead)
            );
        }
    }
    if !parts.not_yet.is_empty() {
        out.push_str("not yet:\n");
        for wish in parts.not_yet {
            let construct = wish.construct.map(|number| format!(", construct: {number}")).unwrap_or_default();
            let _ = writeln!(
                out,
                "  - {{ said: {}{construct}, why: {} }}",
                quoted(&wish.said),
                quoted(&wish.why)
            );
        }
    }
    texts(out, "not understood", parts.not_understood);
}

fn texts(out: &mut String, name: &str, list: &[String]) {
    if list.is_empty() {
        return;
    }
    let _ = writeln!(out, "{name}:");
    for text in list {
        let _ = writeln!(out, "  - {}", quoted(text));
    }
}
