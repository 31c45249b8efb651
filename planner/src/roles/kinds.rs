//! A role by its name: what it is to a patient, and whether it is one that the prompt has already.

use super::people;
use crate::{
    catalogue::{RoleKind, catalogue},
    fields::proper_name,
    words::key_of,
    world::{Role, World},
};

/// `front desk staff` → `front desk`.
pub(crate) fn without_crew(name: &str) -> &str {
    for crew in [
        " staff",
        " team",
        " user",
        " people",
        " member",
        " personnel",
        " lady",
        " guy",
        " gal",
        " person",
        " folk",
        " department",
        " dept",
    ] {
        if let Some(rest) = name.strip_suffix(crew) {
            return rest;
        }
    }
    name
}

/// Pulmonologist, physiatrist, geriatrician: those who treat have patients of their own.
pub(crate) fn treats_by_name(name: &str) -> bool {
    ["ologist", "iatrist", "iatrician", "therapist"].iter().any(|ending| name.ends_with(ending))
        && !name.ends_with("technologist")
}

/// What an unknown role is to a patient, by the last word of its name.
pub(crate) fn kind_of(name: &str) -> RoleKind {
    let last = name.rsplit(' ').next().unwrap_or_default();
    // `cafeteria staff` work there, and register nobody.
    let desk = [
        "office",
        "admin",
        "front",
        "reception",
        "desk",
        "billing",
        "clerical",
        "registration",
        "administrative",
    ];
    if last == "staff" && name.contains(' ') && !desk.iter().any(|word| name.contains(word)) {
        return RoleKind::Business;
    }
    // `shipping clerk`, `stock manager`: they handle things, and know no patient.
    let things = [
        "shipping",
        "warehouse",
        "stock",
        "inventory",
        "supply",
        "supplies",
        "laundry",
        "kitchen",
        "mail",
        "parts",
        "maintenance",
        "logistics",
        "delivery",
        "transport",
        "cafeteria",
        "packing",
        "store",
        "dispatch",
    ];
    let first = name.split(' ').next().unwrap_or_default();
    // `community partners` are nobody's family.
    let outside = [
        "community",
        "business",
        "referral",
        "agency",
        "network",
        "clinical",
        "industry",
        "channel",
        "strategic",
        "external",
        "implementation",
        "research",
        "delivery",
    ];
    if last == "partner" && outside.contains(&first) {
        return RoleKind::Business;
    }
    match catalogue().role(last) {
        Some((RoleKind::Office | RoleKind::Care, _)) if name.contains(' ') && things.contains(&first) => {
            RoleKind::Business
        }
        Some((kind, _)) => kind,
        None if treats_by_name(last) => RoleKind::Panel,
        None => RoleKind::Business,
    }
}

/// Adds a role named by this key; an unknown one only where the prompt says that it is one.
pub(super) fn add(world: &mut World, name: &str, acts: bool, certain: bool) {
    if people::is_time(name) || name.starts_with("ai ") {
        return;
    }
    // `a caregiver invited by the mother`, `nurses trained in wounds`: who they are, and how they came to be it.
    let name = match name.rsplit_once(' ') {
        Some((who, how)) if how.ends_with("ed") && how.len() > 4 && catalogue().role(who).is_some() => who,
        _ => name,
    };
    let (kind, canonical) = match catalogue().role(name).or_else(|| catalogue().role(without_crew(name))) {
        Some((kind, canonical)) => (kind, canonical.to_owned()),
        None if certain => (kind_of(name), name.to_owned()),
        None => return,
    };
    if matches!(canonical.as_str(), "staff" | "billing" | "sales" | "reception" | "assistant")
        && !world.roles_named(&key_of(&canonical)).is_empty()
    {
        return;
    }
    if name.ends_with(" staff") && kind == RoleKind::Office {
        world.crew = Some(canonical.clone());
    }
    // `billing` is as often the work as those who do it.
    if matches!(canonical.as_str(), "billing" | "sales" | "reception" | "support" | "office")
        && !acts
        && !certain
    {
        return;
    }
    // `the treating therapist` is the therapist who treats them.
    if let Some(bare) =
        ["treating ", "assigned ", "responsible "].iter().find_map(|word| canonical.strip_prefix(word))
        && let [_] = world.roles_named(bare).as_slice()
    {
        return;
    }
    // `each therapist`, where speech, physical and occupational therapists were named: all of them.
    let alike = world.roles.keys().filter(|known| known.ends_with(&format!(" {canonical}"))).count();
    if alike > 1 && canonical.len() > 4 && !world.roles.contains_key(&canonical) {
        for (known, role) in &mut world.roles {
            role.acts |= acts && known.ends_with(&format!(" {canonical}"));
        }
        return;
    }
    // A person cared for gets a login only when they do something.
    let Some(canonical) = proper_name(&canonical) else { return };
    if kind == RoleKind::Subject
        && let Some(known) =
            world.roles.iter().find(|(_, role)| role.kind == RoleKind::Subject).map(|(name, _)| name.clone())
        && known != canonical
    {
        // `moms see the weight of their own baby`: they act for whom the records are about.
        let mother = matches!(canonical.as_str(), "mom" | "mum" | "mother" | "new mother");
        if mother && acts && super::guardians::is_young(&known) {
            let new = Role { kind: RoleKind::Proxy, acts, open: false, assumed: false, bounded: false };
            world.roles.entry(canonical).or_insert(new);
            return;
        }
        // `each couple has a patient and a partner`: the patient is whom the records are about.
        let loose = matches!(known.as_str(), "couple" | "woman" | "visitor" | "guest" | "family");
        if loose && matches!(canonical.as_str(), "patient" | "client") {
            world.roles = std::mem::take(&mut world.roles)
                .into_iter()
                .map(|(name, role)| if name == known { (canonical.clone(), role) } else { (name, role) })
                .collect();
        }
        return;
    }
    // `offshore coders must not see names`: others than the coders.
    let apart = name.split_once(' ').is_some_and(|(first, _)| {
        matches!(
            first,
            "offshore"
                | "head"
                | "chief"
                | "lead"
                | "senior"
                | "deputy"
                | "backup"
                | "outside"
                | "external"
                | "agency"
                | "temporary"
                | "junior"
                | "trainee"
                | "contract"
                | "unblinded"
                | "visiting"
        )
    }) || name.starts_with("home health ");
    let known = if apart && !world.roles.contains_key(&canonical) {
        Vec::new()
    } else {
        world.roles_named(&key_of(&canonical))
    };
    if let [one] = known.as_slice()
        && one.as_str() != "staff"
    {
        let idle = world.roles.get(one).is_some_and(|role| !role.acts);
        let bare = one.ends_with(&format!(" {canonical}"));
        if let Some(role) = world.roles.get_mut(one) {
            role.acts |= acts;
        }
        // `we match hospice volunteers …; volunteers see …`: by the name in which they act.
        if idle && acts && bare {
            let one = one.clone();
            world.roles = std::mem::take(&mut world.roles)
                .into_iter()
                .map(|(name, role)| if name == one { (canonical.clone(), role) } else { (name, role) })
                .collect();
        }
        return;
    }
    if matches!(kind, RoleKind::Proxy | RoleKind::Business) && !acts && !certain && canonical != "sales rep" {
        return;
    }
    let canonical = if canonical == "sales" { "sales rep".to_owned() } else { canonical };
    world.roles.insert(canonical, Role { kind, acts, open: false, assumed: false, bounded: false });
}

/// Where patients or clients are cared for, students and trainees are those who learn there.
pub(super) fn who_learn(world: &mut World) {
    let cared_for = world.roles.iter().any(|(name, role)| {
        role.kind == RoleKind::Subject && matches!(name.as_str(), "patient" | "client" | "resident")
    });
    for (name, role) in &mut world.roles {
        if cared_for && role.kind == RoleKind::Subject && matches!(name.as_str(), "student" | "trainee") {
            role.kind = RoleKind::Care;
            role.bounded = true;
            role.acts = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever is a role by some name is meant by that name wherever it stands again.
    #[test]
    fn a_role_is_known_again_by_the_name_that_made_it() {
        let mut lost = Vec::new();
        let bare = catalogue().role_names();
        let crews = bare.iter().flat_map(|name| [format!("{name} staff"), format!("{name} team")]);
        for name in bare.iter().cloned().chain(crews) {
            let mut world = World::default();
            add(&mut world, &name, true, true);
            if let Some(role) = world.roles.keys().next()
                && world.roles_named(&name).is_empty()
            {
                lost.push(format!("{name} became {role}"));
            }
        }
        assert!(lost.is_empty(), "{}", lost.join("\n"));
    }
}
