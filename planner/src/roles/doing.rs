//! Whether somebody does something, hides something, and by which word the person cared for is called.

use crate::catalogue::RoleKind;
use crate::clauses::Clause;
use crate::words::Verb;
use crate::world::{Parsed, World};

/// `client practices send samples of their patients`: where patients are spoken of, these are whom records are about.
pub(super) fn named_by_the_patient(parsed: &[Parsed], world: &mut World) {
    let patients = parsed
        .iter()
        .any(|one| one.sentence.tokens.iter().any(|token| token.is("patient") || token.is("patients")));
    let known =
        world.roles.iter().find(|(_, role)| role.kind == RoleKind::Subject).map(|(name, _)| name.clone());
    let Some(known) = known
        .filter(|known| patients && matches!(known.as_str(), "client" | "customer" | "couple" | "woman"))
    else {
        return;
    };
    world.roles = std::mem::take(&mut world.roles)
        .into_iter()
        .map(|(name, role)| if name == known { ("patient".to_owned(), role) } else { (name, role) })
        .collect();
}

/// `hidden from nurses`, `kept from the front desk`.
pub(super) fn hides(clause: &Clause) -> bool {
    clause.verbs.iter().any(|(_, word)| matches!(crate::words::base(word), Some("hide" | "keep" | "conceal")))
        || clause.verbs.iter().any(|(verb, _)| matches!(verb, Verb::View))
}

pub(super) fn people_do(clause: &Clause) -> bool {
    clause.verbs.iter().any(|(verb, word)| {
        let holds = *verb == Verb::Have && !matches!(crate::words::base(word), Some("get" | "receive"));
        let idle = matches!(
            word.as_str(),
            "belong" | "belongs" | "come" | "comes" | "need" | "needs" | "live" | "lives"
        );
        !holds && !idle
    })
}
