//! Who signs a record, and who sees who looked at it.

use spec::access::Action;
use spec::model::{Entity, EntityIndex, Model, Origin, Role};

/// The roles that sign what these are the signatures of.
pub(super) fn signers(model: &Model, entity: &Entity) -> Vec<String> {
    match entity.origin {
        Origin::Signatures(of) => {
            model[of].signed_by.iter().map(|role| model[*role].name.to_string()).collect()
        }
        _ => Vec::new(),
    }
}

/// Who administers people or agreements answers for the log, too (CL-10), of the records that they may view.
pub(super) fn reviewers(model: &Model, index: EntityIndex) -> Vec<String> {
    let answers =
        |role: &Role| role.administers.iter().any(|what| *what == "people" || *what == "agreements");
    let views = |role| model.grants(role, index).any(|grant| grant.allows(Action::View));
    let both = model.roles().filter(|(at, role)| answers(role) && views(*at));
    both.map(|(_, role)| role.name.to_string()).collect()
}
