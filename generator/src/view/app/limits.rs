//! How many records of a kind somebody may make.

use serde::Serialize;
use spec::Model;

/// A limit.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LimitView {
    pub(crate) constant: String,
    pub(crate) path: String,
    pub(crate) label: String,
    /// The constant of the entity.
    pub(crate) entity: String,
    pub(crate) per: String,
    pub(crate) tiers: Vec<TierView>,
    pub(crate) managed_by: Option<String>,
}

/// A tier and its amount.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TierView {
    pub(crate) name: String,
    pub(crate) amount: u32,
}

pub(crate) fn limit_constant(limit: &spec::model::Limit) -> String {
    limit.name.snake().trim_end_matches('_').to_uppercase()
}

pub(super) fn limit_view(model: &Model, limit: &spec::model::Limit) -> LimitView {
    let tier = |(name, amount): &(String, u32)| TierView { name: name.clone(), amount: *amount };
    LimitView {
        constant: limit_constant(limit),
        path: limit.name.kebab(),
        label: limit.label.clone(),
        entity: model[limit.entity].name.snake().trim_end_matches('_').to_uppercase(),
        per: format!("{:?}", limit.per),
        tiers: limit.tiers.iter().map(tier).collect(),
        managed_by: limit.managed_by.map(|role| model[role].name.to_string()),
    }
}
