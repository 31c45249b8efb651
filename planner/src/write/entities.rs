//! Records with their fields, grants and lifecycles.

use super::{Parts, line, list, names, quoted, scalar};
use crate::catalogue::EntityKind;
use crate::complete::title_of;
use crate::world::Entity;
use std::fmt::Write;

pub(crate) fn entity_text(out: &mut String, name: &str, entity: &Entity, parts: &Parts<'_>) {
    let world = parts.world;
    let said = parts.say(name);
    let _ = writeln!(out, "  {said}:");
    if let Some(label) = world.names.label(&said) {
        line(out, 4, "label", &quoted(&label));
    }
    if let Some(plural) = world.names.plural(&said) {
        line(out, 4, "plural", &quoted(&world.names.label(&plural.to_lowercase()).unwrap_or(plural)));
    }
    if let Some(whole) = &entity.part_of {
        line(out, 4, "part of", &parts.say(whole));
    } else if let Some(place) = &world.place
        && entity.kind != EntityKind::Thing
    {
        line(out, 4, "belongs to", place);
    }
    if entity.kind == EntityKind::Subject && !world.assigned.is_empty() {
        let assigned = parts.say_all(&world.assigned);
        let role = if let [one] = assigned.as_slice() { one.clone() } else { names(&assigned) };
        let team = if world.team { "many" } else { "one" };
        let by = if world.assigners.is_empty() {
            String::new()
        } else {
            format!(", by: {}", names(&parts.say_all(&world.assigners)))
        };
        let _ = writeln!(out, "    assigned to: {{ role: {role}, team: {team}{by} }}");
    }
    if !entity.assigned_to.is_empty() && entity.kind != EntityKind::Subject {
        let by: Vec<String> = parts
            .grants
            .get(name)
            .into_iter()
            .flatten()
            .filter(|(role, clause)| {
                let gives = if entity.assigned_by.is_empty() {
                    clause.contains("create")
                } else {
                    entity.assigned_by.contains(role) && clause.contains("view")
                };
                gives && !entity.assigned_to.contains(role)
            })
            .map(|(role, _)| role.clone())
            .collect();
        let role = names(&parts.say_all(&entity.assigned_to));
        let by = if by.is_empty() { String::new() } else { format!(", by: {}", names(&parts.say_all(&by))) };
        let _ = writeln!(out, "    assigned to: {{ role: {role}, team: one{by} }}");
    }
    if let Some(reference) = &entity.reference {
        line(out, 4, "reference", reference);
    }
    let title = title_of(world, name);
    if !title.is_empty() {
        line(out, 4, "title", &names(&parts.say_all(&title)));
    }
    if entity.fields.is_empty() {
        line(out, 4, "fields", "{}");
    } else {
        out.push_str("    fields:\n");
        // Who it is comes first, whatever the prompt asked for besides.
        let (who, rest): (Vec<_>, Vec<_>) =
            entity.fields.iter().partition(|(_, written)| written.starts_with("identifier"));
        for (field, written) in who.into_iter().chain(rest) {
            let field = parts.say(field);
            let written = parts.say_type(written);
            match world.names.label(&field) {
                Some(label) => {
                    let _ = writeln!(
                        out,
                        "      {field}: {{ type: {}, label: {} }}",
                        quoted(&written),
                        quoted(&label)
                    );
                }
                None => line(out, 6, &field, &scalar(&written)),
            }
        }
        if entity.states.len() > 1 {
            line(
                out,
                6,
                "status",
                &scalar(&format!("none one of {}", parts.say_all(&entity.states).join(" | "))),
            );
        }
    }
    match parts.grants.get(name) {
        Some(grants) if !grants.is_empty() => {
            out.push_str("    access:\n");
            for (role, clause) in grants {
                line(out, 6, &parts.say(role), &scalar(&parts.say_grant(clause)));
            }
        }
        _ => line(out, 4, "access", "{}"),
    }
    lifecycle(out, name, entity, parts);
    if !entity.signed_by.is_empty() {
        line(out, 4, "signed by", &names(&parts.say_all(&entity.signed_by)));
    }
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
    line(out, 6, "states", &list(&parts.say_all(&entity.states)));
    if !movers.is_empty() {
        out.push_str("      moves:\n");
        for (from, to) in moves(entity) {
            let _ = writeln!(
                out,
                "        {}: {{ from: {}, to: {}, by: {} }}",
                move_name(&to),
                list(&parts.say_all(&from)),
                scalar(&parts.say(&to)),
                names(&parts.say_all(&movers))
            );
        }
    }
    let locked = locked_states(entity);
    if !locked.is_empty() {
        line(out, 6, "locked", &list(&parts.say_all(&locked)));
        if entity.addenda {
            line(out, 6, "addenda", "true");
        }
    }
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
        "locked" | "signed" | "reviewed" | "booked" | "rejected" | "accepted" | "confirmed" | "finished"
        | "packed" | "assigned" | "discharged" | "delivered" | "collected" | "processed" | "returned" => {
            to.trim_end_matches("ed").to_owned()
        }
        "approved" | "closed" | "resolved" | "archived" | "scheduled" | "released" | "finalized"
        | "declined" | "invoiced" => to.trim_end_matches('d').to_owned(),
        other => format!("mark {other}"),
    };
    crate::fields::proper_name(&name).unwrap_or_else(|| "move on".into())
}
