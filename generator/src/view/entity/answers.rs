//! Records that are the answers of a form.

use serde::Serialize;
use spec::model::{Entity, Model, Origin};

use crate::doors::rust_literal;
use crate::view::field::FieldView;

/// An answer that also fills a field of the record above.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FillView {
    /// The question, as forms name it.
    pub(crate) question: String,
    /// The field, as forms name it, and in Rust.
    pub(crate) field: String,
    pub(crate) column: String,
    pub(crate) is_moment: bool,
}

pub(super) fn form_version(model: &Model, entity: &Entity) -> Option<u32> {
    match entity.origin {
        Origin::Form(form) => Some(model[form].version),
        _ => None,
    }
}

pub(super) fn fills(model: &Model, entity: &Entity) -> Vec<FillView> {
    let (Origin::Form(form), Some(parent)) = (entity.origin, &entity.parent) else { return Vec::new() };
    let json = |field: &spec::model::Field| field.name.as_str().replace([' ', '-'], "_");
    let filling = |question: &spec::model::FormQuestion| {
        let filled = &model[parent.entity][question.fills?];
        Some(FillView {
            question: json(&entity[question.field]),
            field: json(filled),
            column: filled.column.clone(),
            is_moment: filled.kind == spec::Kind::Moment,
        })
    };
    model[form].questions.iter().filter_map(filling).collect()
}

/// A question of a form that depends on an earlier answer is asked only then.
pub(super) fn branch(model: &Model, entity: &Entity, fields: &mut [FieldView]) {
    let Origin::Form(form) = entity.origin else { return };
    for question in &model[form].questions {
        let asked = question.when.as_ref().and_then(|when| condition(entity, &when.tree));
        if let (Some((name, value)), Some(form)) = (asked, &mut fields[question.field.position()].form) {
            *form += &format!(".only_when({}, {})", rust_literal(&name), rust_literal(&value));
        }
    }
}

/// The field of a form, and the answer that opens the branch. What is more than one answer is asked always.
pub(super) fn condition(entity: &Entity, tree: &spec::rules::Tree) -> Option<(String, String)> {
    use spec::rules::{Comparison, Tree};
    let name = |path: &spec::model::Path| match path.end {
        spec::model::End::Field(at) if path.hops.is_empty() => {
            Some(entity[at].name.as_str().replace([' ', '-'], "_"))
        }
        _ => None,
    };
    match tree {
        Tree::Field(path) => Some((name(path)?, "yes".to_owned())),
        Tree::Not(inner) => match inner.as_ref() {
            Tree::Field(path) => Some((name(path)?, "no".to_owned())),
            _ => None,
        },
        Tree::Compare(Comparison::Equal, left, right) => match (left.as_ref(), right.as_ref()) {
            (Tree::Field(path), Tree::Text(text)) | (Tree::Text(text), Tree::Field(path)) => {
                Some((name(path)?, text.clone()))
            }
            (Tree::Field(path), Tree::Boolean(flag)) => {
                Some((name(path)?, if *flag { "yes" } else { "no" }.to_owned()))
            }
            _ => None,
        },
        _ => None,
    }
}
