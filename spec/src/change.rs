//! What a new version of a spec loses of what is recorded, in people's words. What it opens says [`crate::access::widened`].
//!
//! Entities and fields are known again by their stable ids, so a rename is a rename and loses nothing.

use crate::model::{Entity, Field, Model, Storage};

/// Everything that is recorded in an app of `before` and has no place in one of `after`, a sentence each. `after` is to
/// have been checked with the lock of `before`.
pub fn losses(before: &Model, after: &Model) -> Vec<String> {
    let mut losses = Vec::new();
    for was in &before.entities {
        match after.entities.iter().find(|entity| entity.id == was.id) {
            None => losses.push(format!("{} are removed, with everything recorded in them.", was.plural)),
            Some(is) => of_entity(was, is, &mut losses),
        }
    }
    losses
}

fn of_entity(was: &Entity, is: &Entity, losses: &mut Vec<String>) {
    for field in was.fields.iter().filter(|field| field.storage != Storage::Computed) {
        let whose = || format!("{} of {}", field.label, is.plural.to_lowercase());
        match is.fields.iter().find(|now| now.id == field.id) {
            None if is_state(was, field) => {
                losses.push(format!("{} have states no longer: in which they are is deleted.", is.plural));
            }
            None => losses.push(format!("{} is removed: what is recorded there is deleted.", whose())),
            Some(now) if now.storage == Storage::Computed => {
                losses.push(format!("{} is computed from now on: what was typed is deleted.", whose()));
            }
            Some(_) => {}
        }
    }
    if was.assignment.is_some() && is.assignment.is_none() {
        losses.push(format!("{} are assigned to nobody any more: to whom they were is deleted.", is.plural));
    }
    if !was.self_roles.is_empty() && is.self_roles.is_empty() {
        losses.push(format!(
            "Nobody signs in as one of {} any more: who did is deleted.",
            is.plural.to_lowercase()
        ));
    }
}

fn is_state(entity: &Entity, field: &Field) -> bool {
    entity.lifecycle.as_ref().is_some_and(|lifecycle| entity[lifecycle.field].id == field.id)
}

#[cfg(test)]
mod tests {
    use super::losses;
    use crate::{Lock, check};

    const CLINIC: &str = "app: Clinic\nroles:\n  owner: { privileged: true, administers: [people] }\n  nurse: {}\nentities:\n  \
                          patient:\n    assigned to: { role: nurse, team: many, by: [owner] }\n    fields:\n      name: identifier name, \
                          required\n      phone: identifier phone\n      weight: clinical decimal kg 1..400\n    access:\n      nurse: \
                          view, update assigned\n      owner: view(name), create(name), assign in organisation\n  room:\n    fields:\n      \
                          number: none integer\n    access:\n      nurse: view in organisation\n";

    #[test]
    fn a_rename_loses_nothing_and_what_is_gone_is_said() {
        let before = check(CLINIC, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}"));
        let renamed = CLINIC.replace("phone: identifier", "mobile: identifier").replace("  room:", "  ward:")
            + "changes:\n  ward: { was: room }\n  patient.mobile: { was: phone }\n";
        let renamed = check(&renamed, before.lock()).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(losses(before.model(), renamed.model()).is_empty());

        let less = CLINIC.replace("      weight: clinical decimal kg 1..400\n", "");
        let less = less.split("  room:").next().unwrap_or_default();
        let less = check(less, before.lock()).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(
            losses(before.model(), less.model()),
            [
                "Weight of patients is removed: what is recorded there is deleted.",
                "Rooms are removed, with everything recorded in them."
            ]
        );
    }
}
