//! Who signs a record, who is given a permission, and who sees who looked.

use spec::access::Action;
use spec::model::{Entity, EntityIndex, Model, Origin, Role};

use crate::view::field::FieldView;

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

/// The role whose people a permission names, if these are what was given.
pub(super) fn permits(model: &Model, index: EntityIndex) -> Option<String> {
    let permission = model.permissions.iter().find(|permission| permission.entity == index)?;
    Some(model[permission.to].name.to_string())
}

/// Whom somebody trusts is nobody's to choose from (CL-1): they are named by their address.
pub(super) fn named_by_address(to: &mut FieldView) {
    let hint = "You get a one-time link to pass on to them. They see what you give, and nothing else.";
    to.form =
        Some(format!("Field::shaped(Shape::Email, \"email\", \"Their e-mail address\").hint(\"{hint}\")"));
    to.fill = None;
}
