//! The plan as the text of a spec: what a person would have written.

mod automatic;
mod entities;
mod notes;
mod sections;
mod sharing;

use crate::automatic::Automatic;
use crate::catalogue::RoleKind;
use crate::features::{Limit, Measure, Silence, Threshold};
use crate::grants::{Grants, Permission};
use crate::sharing::Sharing;
use crate::world::World;
use crate::{Question, Refused, Wished};
use entities::entity_text;
use notes::notes;
use sections::{calendars, forms, limits, lists, measures, permissions};
use sharing::sharing;
use std::fmt::Write;

/// Everything that the spec will say.
pub(crate) struct Parts<'p> {
    pub(crate) world: &'p World,
    pub(crate) grants: &'p Grants,
    pub(crate) movers: &'p [(String, Vec<String>)],
    pub(crate) thresholds: &'p [Threshold],
    pub(crate) silences: &'p [Silence],
    pub(crate) measures: &'p [Measure],
    pub(crate) permissions: &'p [Permission],
    pub(crate) automatic: &'p Automatic,
    pub(crate) sharing: &'p Sharing,
    pub(crate) limits: &'p [Limit],
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
    permissions(&mut out, parts);
    sharing(&mut out, parts);
    automatic::automatic(&mut out, parts);
    limits(&mut out, parts);
    if !parts.automatic.sign_in.is_empty() || !parts.world.breakers.is_empty() {
        out.push_str("security:\n");
    }
    for (name, value) in &parts.automatic.sign_in {
        line(&mut out, 2, name, value);
    }
    if !parts.world.breakers.is_empty() {
        line(&mut out, 2, "break glass", &names(&parts.say_all(&parts.world.breakers)));
    }
    if let Some(years) = parts.audit_years {
        let _ = writeln!(out, "retention:\n  audit: {years} years");
    }
    notes(&mut out, parts);
    out
}

pub(crate) fn line(out: &mut String, depth: usize, name: &str, value: &str) {
    let _ = writeln!(out, "{:depth$}{name}: {value}", "");
}

pub(crate) fn quoted(text: &str) -> String {
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
pub(crate) fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " .,|()-;/%°".contains(c))
        && !text.ends_with(' ');
    if plain { text.to_owned() } else { quoted(text) }
}

pub(crate) fn names(list: &[String]) -> String {
    format!("[{}]", list.join(", "))
}

pub(crate) fn skipped(parts: &Parts<'_>, section: &str, name: &str) -> bool {
    parts.skip.iter().any(|skip| *skip == format!("/{section}/{name}"))
}

pub(crate) fn roles(out: &mut String, parts: &Parts<'_>) {
    out.push_str("roles:\n");
    for (name, role) in &parts.world.roles {
        let mut said = Vec::new();
        match role.kind {
            RoleKind::Owner => {
                said.push("privileged: true".to_owned());
                said.push("administers: [people, agreements]".to_owned());
            }
            RoleKind::Subject => match parts.world.subject() {
                Some(subject) if role.acts => said.push(format!("self: {}", parts.say(subject))),
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
        line(out, 2, &parts.say(name), &body);
    }
}

pub(crate) fn list(states: &[String]) -> String {
    format!("[{}]", states.iter().map(|state| scalar(state)).collect::<Vec<_>>().join(", "))
}

pub(crate) fn plural(name: &str) -> String {
    name.parse::<spec::Name>().map_or_else(|_| format!("{name}s"), |name| name.plural_title().to_lowercase())
}

pub(crate) fn moment(world: &World, entity: &str) -> Option<String> {
    let known = world.entities.get(entity)?;
    known
        .fields
        .iter()
        .find(|(_, written)| {
            (written.contains("moment") || written.contains(" date")) && written.contains("queryable")
        })
        .map(|(name, _)| name.clone())
}

impl Parts<'_> {
    /// A name as the plan writes it: in the founder's language.
    pub(crate) fn say(&self, name: &str) -> String {
        self.world.names.say(name)
    }

    /// Several names.
    pub(crate) fn say_all(&self, names: &[String]) -> Vec<String> {
        names.iter().map(|name| self.say(name)).collect()
    }

    /// A type with its names: `link patient`, `one of left | right`.
    pub(crate) fn say_type(&self, written: &str) -> String {
        if let Some(rest) = written.strip_prefix("link ") {
            let (target, flags) =
                rest.split_once(',').map_or((rest, None), |(target, flags)| (target, Some(flags)));
            return match flags {
                Some(flags) => format!("link {},{flags}", self.say(target)),
                None => format!("link {}", self.say(target)),
            };
        }
        match written.split_once("one of ") {
            Some((class, choices)) if self.world.names.is_spanish() => {
                let choices: Vec<String> = choices.split(" | ").map(|choice| self.say(choice)).collect();
                format!("{class}one of {}", choices.join(" | "))
            }
            _ => written.to_owned(),
        }
    }

    /// A clause of grants with its names: `view(name) own when signed | locked`.
    pub(crate) fn say_grant(&self, clause: &str) -> String {
        if !self.world.names.is_spanish() {
            return clause.to_owned();
        }
        let mut out = Vec::new();
        for part in clause.split("; ") {
            let (head, states) =
                part.split_once(" when ").map_or((part, None), |(head, states)| (head, Some(states)));
            let mut said = String::new();
            let mut rest = head;
            while let Some((before, inner)) = rest.split_once('(') {
                let Some((mask, after)) = inner.split_once(')') else { break };
                let fields: Vec<String> = mask
                    .split(", ")
                    .map(|field| if field == "reference" { field.to_owned() } else { self.say(field) })
                    .collect();
                said.push_str(&format!("{before}({})", fields.join(", ")));
                rest = after;
            }
            said.push_str(rest);
            if let Some(states) = states {
                let states: Vec<String> = states.split(" | ").map(|state| self.say(state)).collect();
                said.push_str(&format!(" when {}", states.join(" | ")));
            }
            out.push(said);
        }
        out.join("; ")
    }
}
