//! Who reads the answers of a form.

use crate::access::{Exclusive, Rules};
use crate::catalogue::RoleKind;
use crate::world::World;

/// Who reads the answers of a form: whoever was said to, and clinicians of whom nothing was said.
pub(crate) fn form_readers(world: &mut World, rules: &Rules) {
    let self_role = world.self_role().map(str::to_owned);
    let clinical: Vec<String> = world
        .roles
        .iter()
        .filter(|(_, role)| matches!(role.kind, RoleKind::Panel | RoleKind::Care))
        .map(|(name, _)| name.clone())
        .collect();
    // Who was said to see some values of the person reads no answers for that.
    let of_the_person = world.subject().map(str::to_owned).unwrap_or_default();
    let masked = |role: &String| {
        let mut seen = rules
            .allows
            .iter()
            .filter(|allow| allow.role == *role && allow.entity == of_the_person && allow.verb == "view");
        let some = seen.clone().next().is_some();
        some && seen.all(|allow| allow.fields.is_some())
    };
    let clinical: Vec<String> = clinical.into_iter().filter(|role| !masked(role)).collect();
    let names: Vec<String> = world.forms.keys().cloned().collect();
    let subject = world.subject().map(str::to_owned);
    for name in names {
        let mut readers: Vec<String> = Vec::new();
        for allow in rules.allows.iter().filter(|allow| allow.entity == name) {
            if !readers.contains(&allow.role) {
                readers.push(allow.role.clone());
            }
        }
        // `Doctors only see theirs`: of patients, and so of what these answered.
        for role in &world.assigned {
            if !readers.contains(role)
                && !masked(role)
                && rules
                    .allows
                    .iter()
                    .any(|allow| allow.role == *role && Some(allow.entity.as_str()) == subject.as_deref())
            {
                readers.push(role.clone());
            }
        }
        if readers.iter().all(|role| Some(role) == self_role.as_ref()) {
            readers.extend(clinical.iter().cloned());
        }
        let denied =
            |role: &String| rules.denies.iter().any(|deny| deny.role == *role && deny.entity == name);
        let only: Option<&Exclusive> = rules.exclusives.iter().find(|only| only.entity == name);
        readers.retain(|role| !denied(role) && only.is_none_or(|only| only.roles.contains(role)));
        if let Some(form) = world.forms.get_mut(&name) {
            if form.filled_by.is_empty() {
                form.filled_by = self_role.clone().map_or_else(|| clinical.clone(), |role| vec![role]);
            }
            form.filled_by.dedup();
            for role in &form.filled_by {
                if !readers.contains(role) {
                    readers.push(role.clone());
                }
            }
            let corrects = |role: &String| {
                let mut said =
                    rules.allows.iter().filter(|allow| allow.entity == name && allow.role == *role);
                form.correctors.contains(role) || said.any(|allow| allow.verb == "update")
            };
            form.corrections = form.filled_by.iter().all(corrects);
            form.read_by = readers;
        }
    }
}
