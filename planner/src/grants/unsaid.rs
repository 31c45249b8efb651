//! Who keeps a record of which nothing was said.

use super::writers::{akin, done_by, one_of, plainly, shared, treats};
use super::{push, said};
use crate::access::Allow;
use crate::catalogue::{EntityKind, RoleKind};
use crate::world::World;
use std::collections::BTreeSet;

/// A record of which something was left unsaid.
pub(crate) struct Unsaid<'r> {
    pub(crate) entity: &'r str,
    pub(crate) kind: EntityKind,
    /// Patients write such records of themselves.
    pub(crate) by_self: bool,
    /// Some alone may see it: those write it together.
    pub(crate) theirs: bool,
    /// What the prompt said, of whatever record.
    pub(crate) said: &'r [Allow],
}

/// Nobody said anything about this record: those whose work it is keep it.
pub(crate) fn unsaid_record(
    world: &mut World,
    record: &Unsaid<'_>,
    candidates: &[(String, RoleKind, bool)],
    all: &mut Vec<Allow>,
) {
    let (entity, kind) = (record.entity, record.kind);
    let entity_kind = kind;
    let of = |kinds: &[RoleKind]| -> Vec<String> {
        candidates
            .iter()
            .filter(|(name, kind, bounded)| {
                kinds.contains(kind)
                    && !bounded
                    && !sends(name)
                    && (!world.bills(name) || entity_kind == EntityKind::Business)
            })
            .map(|(name, ..)| name.clone())
            .collect()
    };
    let first = |orders: &[&[RoleKind]]| {
        orders.iter().map(|kinds| of(kinds)).find(|found| !found.is_empty()).unwrap_or_default()
    };
    let clinical = of(&[RoleKind::Panel, RoleKind::Care]);
    let busy = |role: &String| record.said.iter().any(|allow| allow.role == *role && allow.verb != "view");
    let clinicians = world.roles.values().any(|role| matches!(role.kind, RoleKind::Panel | RoleKind::Care));
    let writers = match kind {
        EntityKind::Schedule => {
            first(&[&[RoleKind::Office], &[RoleKind::Care], &[RoleKind::Panel], &[RoleKind::Owner]])
        }
        EntityKind::Business => first(&[&[RoleKind::Office], &[RoleKind::Owner]]),
        EntityKind::Thing => {
            for role in of(&[RoleKind::Panel, RoleKind::Care, RoleKind::Office]) {
                push(all, &role, entity, &["view"]);
            }
            of(&[RoleKind::Owner])
        }
        _ if record.by_self && world.self_role().is_some() => {
            let patient = world.self_role().map(str::to_owned).unwrap_or_default();
            for role in &clinical {
                push(all, role, entity, &["view"]);
            }
            push(all, &patient, entity, &["view", "create"]);
            world.assume(format!("a {patient} writes a {entity}, and clinicians read it"));
            return;
        }
        _ => {
            let open: Vec<String> =
                world.roles.iter().filter(|(_, role)| role.open).map(|(name, _)| name.clone()).collect();
            if clinical.is_empty() {
                // Where clinicians work, nobody else takes their place unasked.
                match (open.is_empty(), clinicians) {
                    // Whoever was said to write something; a courier writes no family history.
                    (true, false) => {
                        let writing: Vec<String> =
                            of(&[RoleKind::Business]).into_iter().filter(|role| busy(role)).collect();
                        if writing.is_empty() { of(&[RoleKind::Owner]) } else { writing }
                    }
                    (true, true) => Vec::new(),
                    (false, _) => open,
                }
            } else if !done_by(&clinical, entity, world).is_empty() {
                done_by(&clinical, entity, world)
            } else {
                // One kind of clinician keeps it: those with patients of their own before those who help.
                let among = &clinical;
                let panel: Vec<String> =
                    among.iter().filter(|role| of(&[RoleKind::Panel]).contains(role)).cloned().collect();
                let treats: Vec<String> = among.iter().filter(|role| !helps(role)).cloned().collect();
                match (panel.is_empty(), treats.is_empty()) {
                    (false, _) => shared(panel, record, world, all),
                    (true, false) => shared(treats, record, world, all),
                    (true, true) if among.len() == 1 && alone(world) => among.clone(),
                    (true, true) => Vec::new(),
                }
            }
        }
    };
    for role in &writers {
        let own = world.roles.get(role).is_some_and(|role| role.kind == RoleKind::Subject);
        push(all, role, entity, if own { &["view", "create"] } else { &["view", "create", "update"] });
    }
    if !writers.is_empty() {
        world.assume(format!("`{entity}` is kept by: {}", writers.join(", ")));
    }
}

/// Whether nobody works there but one who helps, and whoever runs the place.
fn alone(world: &World) -> bool {
    let works = |kind: RoleKind| matches!(kind, RoleKind::Panel | RoleKind::Care | RoleKind::Business);
    world.roles.values().filter(|role| works(role.kind)).count() == 1
}

/// Whether a role sends patients and treats them elsewhere: it writes nothing that it was not said to.
fn sends(role: &str) -> bool {
    role.starts_with("referring ") || role == "referrer"
}

/// Whether a role helps with one part of the work: it keeps no record of which nothing was said.
fn helps(role: &str) -> bool {
    [
        "tech",
        "patholog",
        "assistant",
        "aide",
        "lab",
        "pharmac",
        "phlebotom",
        "dispatch",
        "photograph",
        "volunteer",
        "auxiliar",
        "tecnic",
        "farmac",
        "courier",
    ]
    .iter()
    .any(|word| role.contains(word))
}

/// Somebody reads it, nobody writes it.
///
/// Those who alone may see it write it together; else it goes to one of them.
pub(crate) fn unsaid_writer(
    world: &mut World,
    record: &Unsaid<'_>,
    candidates: &[(String, RoleKind, bool)],
    all: &mut Vec<Allow>,
) {
    let (entity, kind) = (record.entity, record.kind);
    let readers: Vec<String> = candidates
        .iter()
        .filter(|(name, ..)| {
            said(all, name, entity)
                .any(|allow| allow.verb == "view" && allow.fields.is_none() && allow.when.is_empty())
        })
        .map(|(name, ..)| name.clone())
        .collect();
    // Who was said to change it writes it, too.
    let mut keepers: Vec<String> = candidates
        .iter()
        .filter(|(name, kind, _)| {
            *kind != RoleKind::Subject
                && said(all, name, entity).any(|allow| allow.verb == "update" && allow.fields.is_none())
        })
        .map(|(name, ..)| name.clone())
        .collect();
    keepers.truncate(1);
    if let [keeper] = keepers.as_slice() {
        push(all, keeper, entity, &["view", "create"]);
        world.assume(format!("`{entity}` is written by: {keeper}"));
        return;
    }
    let kind_of =
        |name: &String| candidates.iter().find(|(known, ..)| known == name).map(|(_, kind, _)| *kind);
    let clinicians = world.roles.values().any(|role| matches!(role.kind, RoleKind::Panel | RoleKind::Care));
    let works = world
        .roles
        .values()
        .any(|role| matches!(role.kind, RoleKind::Business | RoleKind::Office) && role.acts);
    let order: &[RoleKind] = match kind {
        // Who was said to see it was not said to write it.
        EntityKind::Schedule => &[RoleKind::Office, RoleKind::Care, RoleKind::Panel, RoleKind::Owner],
        EntityKind::Business | EntityKind::Thing => &[RoleKind::Owner],
        _ if record.by_self => &[RoleKind::Subject, RoleKind::Panel, RoleKind::Care],
        _ if clinicians => &[RoleKind::Panel, RoleKind::Care],
        // Of whom others write, they do not write themselves unless it was said.
        _ if works => &[RoleKind::Owner],
        _ => &[RoleKind::Subject, RoleKind::Owner],
    };
    for wanted in order {
        let mut writers: Vec<String> =
            readers.iter().filter(|name| kind_of(name) == Some(*wanted)).cloned().collect();
        // Who runs the place writes nothing clinical where others work there.
        let others = candidates.iter().any(|(_, kind, _)| {
            !matches!(kind, RoleKind::Owner | RoleKind::Subject | RoleKind::Proxy | RoleKind::Support)
        });
        if *wanted == RoleKind::Owner && kind == EntityKind::Clinical && others {
            world.assume(format!("nobody was said to write `{entity}`, so nobody does"));
            return;
        }
        if *wanted == RoleKind::Owner {
            writers = candidates
                .iter()
                .filter(|(_, kind, bounded)| kind == wanted && !bounded)
                .map(|(name, ..)| name.clone())
                .take(1)
                .collect();
        }
        let apart = |name: &String| sends(name) || helps(name) && !akin(name, entity);
        writers.retain(|name| !world.roles.get(name).is_some_and(|role| role.bounded) && !apart(name));
        // Clinicians write clinical records even where only another's reading was spoken of.
        if writers.is_empty()
            && matches!(wanted, RoleKind::Panel | RoleKind::Care)
            && kind == EntityKind::Clinical
        {
            writers = candidates
                .iter()
                .filter(|(name, kind, bounded)| kind == wanted && !bounded && !apart(name))
                .map(|(name, ..)| name.clone())
                .collect();
        }
        if writers.is_empty() {
            continue;
        }
        let clinical = kind == EntityKind::Clinical && matches!(wanted, RoleKind::Panel | RoleKind::Care);
        let writers = if record.theirs {
            writers
        } else if clinical {
            let could: Vec<String> = candidates
                .iter()
                .filter(|(name, kind, bounded)| {
                    matches!(kind, RoleKind::Panel | RoleKind::Care) && !bounded && !apart(name)
                })
                .map(|(name, ..)| name.clone())
                .collect();
            let plain = plainly(&could, record, world, all);
            if plain.is_empty() {
                world.assume(format!("nobody was said to write `{entity}`, so nobody does"));
                return;
            }
            plain
        } else {
            one_of(writers, record, world, all)
        };
        for role in &writers {
            if *wanted == RoleKind::Subject {
                push(all, role, entity, &["view", "create"]);
            } else {
                push(all, role, entity, &["view", "create", "update"]);
            }
        }
        world.assume(format!("`{entity}` is written by: {}", writers.join(", ")));
        return;
    }
}

/// Clinicians of whom little was said read what is kept about their patients; those booked see the book.
#[allow(clippy::too_many_arguments, reason = "what is assumed of a record depends on all of these")]
pub(crate) fn bystanders(
    world: &mut World,
    entity: &str,
    kind: EntityKind,
    tree: &[String],
    candidates: &[(String, RoleKind, bool)],
    spoken: &[String],
    all: &mut Vec<Allow>,
) {
    if !tree.contains(&entity.to_owned()) {
        return;
    }
    let subject = world.subject().map(str::to_owned).unwrap_or_default();
    for (role, role_kind, bounded) in candidates {
        let clinical = matches!(role_kind, RoleKind::Panel | RoleKind::Care);
        if !clinical || *bounded || said(all, role, entity).next().is_some() {
            continue;
        }
        let spoken_of_parts = all.iter().any(|allow| {
            allow.role == *role
                && allow.entity != subject
                && tree.contains(&allow.entity)
                && spoken.contains(role)
                && world.entities.get(&allow.entity).is_some_and(|known| known.kind == EntityKind::Clinical)
        });
        let of_everybody = match role_kind {
            RoleKind::Panel => treats(role),
            _ => world.of_kind(RoleKind::Panel).is_empty() && !helps(role),
        };
        // What a patient writes is for those who treat them, where nobody else was said to read it.
        let for_them = kind == EntityKind::Clinical
            && *role_kind == RoleKind::Panel
            && written_by_patients_alone(world, entity, all);
        let booked = world.entities.get(entity).is_some_and(|known| {
            known.fields.values().any(|written| written.starts_with(&format!("link {role}")))
        });
        if kind == EntityKind::Schedule && booked || of_everybody && !spoken_of_parts || for_them {
            push(all, role, entity, &["view"]);
            world.assume(format!("a {role} reads `{entity}`"));
        }
    }
}

/// Whether patients write a record, and nobody else was said to have anything of it.
fn written_by_patients_alone(world: &World, entity: &str, all: &[Allow]) -> bool {
    let of = |allow: &Allow| {
        let kind = world.roles.get(&allow.role).map(|role| role.kind);
        // Teachers and relatives write for those who treat, as patients do.
        let outside = matches!(kind, Some(RoleKind::Subject | RoleKind::Proxy))
            || kind == Some(RoleKind::Business) && allow.role == "teacher";
        (outside, allow.verb == "create")
    };
    let mut said = all.iter().filter(|allow| allow.entity == entity).map(of).peekable();
    let mut written = false;
    said.peek().is_some()
        && said.all(|(patient, writes)| {
            written |= writes;
            patient
        })
        && written
}

/// Staff who write a record may correct it, where nobody was said to change it.
pub(crate) fn correctors(world: &mut World, all: &mut Vec<Allow>) {
    let changed: BTreeSet<String> =
        all.iter().filter(|allow| allow.verb == "update").map(|allow| allow.entity.clone()).collect();
    let writers: Vec<Allow> = all
        .iter()
        .filter(|allow| {
            allow.verb == "create"
                && !changed.contains(&allow.entity)
                && Some(allow.entity.as_str()) != world.subject()
                && world.roles.get(&allow.role).is_some_and(|role| {
                    matches!(role.kind, RoleKind::Panel | RoleKind::Care | RoleKind::Office)
                })
        })
        .cloned()
        .collect();
    for writer in writers {
        world.assume(format!("who writes `{}` may correct it: {}", writer.entity, writer.role));
        all.push(Allow { verb: "update", ..writer });
    }
}
