//! Whose work a record is of which nobody was said to write it: whoever it plainly is, else nobody's.

use super::push;
use super::unsaid::Unsaid;
use crate::access::Allow;
use crate::world::World;

/// Of those who could write it, whoever it plainly is: the only one, whom the record is named after, or who writes what
/// it is part of.
pub(super) fn plainly(among: &[String], record: &Unsaid<'_>, world: &World, all: &[Allow]) -> Vec<String> {
    if let [one] = among {
        return vec![one.clone()];
    }
    let doers = done_by(among, record.entity, world);
    if !doers.is_empty() {
        return doers;
    }
    let whole = world.entities.get(record.entity).and_then(|known| known.part_of.as_deref());
    let of_the_whole = |role: &&String| {
        whole.filter(|whole| world.subject() != Some(whole)).is_some_and(|whole| {
            all.iter().any(|allow| allow.role == **role && allow.entity == whole && allow.verb == "create")
        })
    };
    // `the physician signs each note`: who signs alone wrote it.
    let signs = |role: &&String| {
        world
            .entities
            .get(record.entity)
            .is_some_and(|known| known.states.iter().any(|state| state == "signed"))
            && record
                .said
                .iter()
                .any(|allow| allow.role == **role && allow.entity == record.entity && allow.verb == "move")
    };
    let mut signers = among.iter().filter(signs);
    if let (Some(one), None) = (signers.next(), signers.next()) {
        return vec![one.clone()];
    }
    let named = among.iter().find(|role| akin(role, record.entity));
    named.or_else(|| among.iter().find(of_the_whole)).cloned().into_iter().collect()
}

/// `RNs visit patients at home`: those who do it write down the visit.
pub(super) fn done_by(among: &[String], entity: &str, world: &World) -> Vec<String> {
    let of_it = |(role, deed): &&(String, String)| {
        among.contains(role) && (entity == deed || entity.ends_with(&format!(" {deed}")))
    };
    let mut out: Vec<String> = Vec::new();
    for (role, _) in world.doers.iter().filter(of_it) {
        if !out.contains(role) {
            out.push(role.clone());
        }
    }
    out
}

/// Of those who could write it, one: whom the record is named after, else who was named first.
pub(super) fn one_of(among: Vec<String>, record: &Unsaid<'_>, world: &World, all: &[Allow]) -> Vec<String> {
    let entity = record.entity;
    let whole = world.entities.get(entity).and_then(|known| known.part_of.as_deref());
    let of_the_whole = |role: &&String| {
        whole.filter(|whole| world.subject() != Some(whole)).is_some_and(|whole| {
            all.iter().any(|allow| allow.role == **role && allow.entity == whole && allow.verb == "create")
        })
    };
    let one = among
        .iter()
        .find(|role| akin(role, entity))
        .or_else(|| among.iter().find(of_the_whole))
        .or_else(|| {
            let most = |role: &&String| {
                std::cmp::Reverse(
                    record.said.iter().filter(|allow| allow.role == **role && allow.verb == "create").count(),
                )
            };
            among.iter().min_by_key(most)
        })
        .or_else(|| among.first());
    one.cloned().into_iter().collect()
}

/// As [`one_of`]; the others, who treat the same patients, read it.
pub(super) fn shared(
    among: Vec<String>,
    record: &Unsaid<'_>,
    world: &World,
    all: &mut Vec<Allow>,
) -> Vec<String> {
    let mut one = plainly(&among, record, world, all);
    // Where one alone has the whole of the care, it is theirs.
    let mut whole = among.iter().filter(|role| treats(role));
    if one.is_empty()
        && let (Some(role), None) = (whole.next(), whole.next())
    {
        one.push(role.clone());
    }
    for role in among.iter().filter(|role| !one.contains(role)) {
        push(all, role, record.entity, &["view"]);
    }
    one
}

/// `navigation call` and navigator, `counseling note` and counselor: the record is named after them.
pub(crate) fn akin(role: &str, entity: &str) -> bool {
    let stem = |word: &str| word.chars().take(5).collect::<String>();
    let named = |word: &&str| word.len() > 4 || *word == "case";
    role.split(' ').filter(named).any(|of| {
        entity
            .split(' ')
            .filter(named)
            .any(|word| stem(of) == stem(word) || of.starts_with("nurs") && word.starts_with("nurs"))
    })
}

/// Whether a role has the whole of a patient's care: what others write of their patients concerns them.
pub(super) fn treats(role: &str) -> bool {
    [
        "doctor",
        "physician",
        "clinician",
        "provider",
        "therapist",
        "psych",
        "surgeon",
        "ologist",
        "iatr",
        "midwife",
        "practitioner",
        "gp",
        "specialist",
        "pediatric",
        "obstetric",
        "dentist",
        "counsel",
        "medico",
        "profesional",
        "matrona",
        "terapeuta",
    ]
    .iter()
    .any(|word| role.contains(word))
}
