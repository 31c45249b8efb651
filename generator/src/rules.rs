//! `src/rules.rs`: every expression of the spec as a Rust function, and where it is called.
//!
//! The functions are made from the typed trees by `quote` and printed by `prettyplease`; a call binds the
//! fields of a record that were read before. Only expressions over a record's own fields are computed in
//! Rust; those that follow a link are asked in SQL.

use spec::model::{Entity, Model, Move};

use crate::view::entity::EntityView;

/// The name of the function that judges a move.
pub(crate) fn guard_name(entity: &Entity, step: &Move) -> String {
    let entity = entity.name.snake();
    format!("{}_may_{}", entity.trim_end_matches('_'), step.name.snake().trim_end_matches('_'))
}

/// Tells the view of an entity which of its fields are inputs, and how computed ones are called.
pub(crate) fn prepare(_model: &Model, _entity: &Entity, _view: &mut EntityView) {}

/// An expression as an SQL condition over the entity's own table, the same for both databases.
pub(crate) fn sql(model: &Model, expression: &spec::rules::Expression) -> Result<String, crate::Error> {
    let _ = model;
    Err(crate::Error::Expression(expression.said.clone()))
}
