//! What people give others of their own, and take back.

use serde::Serialize;
use spec::Model;

use crate::view::entity::path;

/// A permission, for its test.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PermissionView {
    pub(crate) path: String,
    pub(crate) of: String,
    pub(crate) link: String,
    pub(crate) by: String,
    pub(crate) to: String,
    pub(crate) opens: Vec<String>,
    /// Whether it can have an end.
    pub(crate) ends: bool,
}

pub(super) fn permission_view(model: &Model, permission: &spec::model::Permission) -> PermissionView {
    let entity = &model[permission.entity];
    let parent = entity.parent.as_ref();
    PermissionView {
        path: path(&entity.table),
        of: parent.map(|parent| path(&model[parent.entity].table)).unwrap_or_default(),
        link: parent.map(|parent| parent.column.clone()).unwrap_or_default(),
        by: model[permission.by].name.to_string(),
        to: model[permission.to].name.to_string(),
        opens: permission.gives.iter().map(|at| path(&model[*at].table)).collect(),
        ends: entity.field("until").is_some(),
    }
}
