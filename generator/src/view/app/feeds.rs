//! What is imported.

use serde::Serialize;
use spec::Model;
use spec::access::Action;
use spec::model::{EntityIndex, FieldIndex};

use super::{function, number_of};
use crate::view::entity::EntityView;

/// A feed: the slice that it fills, its columns, and what finds a record again.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FeedView {
    pub(crate) label: String,
    pub(crate) function: String,
    pub(crate) constant: String,
    pub(crate) path: String,
    pub(crate) by: Vec<String>,
    pub(crate) columns: Vec<ColumnView>,
    /// The key, as JSON names its fields.
    pub(crate) key: Vec<KeyView>,
    pub(crate) about: Option<AboutView>,
    pub(crate) entity: EntityView,
    /// Whether any role that imports may change what is there.
    pub(crate) changes: bool,
}

/// A column of the file: the field, and what the first line may call it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ColumnView {
    pub(crate) json: String,
    pub(crate) column: String,
    pub(crate) headers: Vec<String>,
}

/// A field of the key, and the condition that finds it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct KeyView {
    pub(crate) json: String,
    pub(crate) condition: String,
}

/// The record that each line is a part of, named by its reference.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AboutView {
    pub(crate) name: String,
    pub(crate) table: String,
    pub(crate) constant: String,
    pub(crate) pascal: String,
    pub(crate) column: String,
}

pub(super) fn feed_view(
    model: &Model,
    feed: &spec::model::Feed,
    entities: &[EntityView],
) -> Option<FeedView> {
    let view = entities.get(number_of(model, feed.entity))?;
    let entity = &model[feed.entity];
    let field = |at: FieldIndex| view.fields.iter().find(|field| field.column == entity[at].column);
    let column = |column: &spec::model::FeedColumn| {
        let field = field(column.field)?;
        let known = &entity[column.field];
        let mut headers: Vec<String> = column.header.iter().cloned().collect();
        headers.extend([known.name.to_string(), known.label.clone(), field.json.clone()]);
        let mut told: Vec<String> = Vec::new();
        for header in headers {
            if !told.iter().any(|one| one.eq_ignore_ascii_case(&header)) {
                told.push(header);
            }
        }
        Some(ColumnView { json: field.json.clone(), column: field.column.clone(), headers: told })
    };
    // After the record above, which is the first value of the statement.
    let first = if view.parent.is_some() { 2 } else { 1 };
    let key = feed.key.iter().enumerate().filter_map(|(at, key)| {
        let field = field(*key)?;
        let asked = field.lookup.as_ref().unwrap_or(&field.column);
        Some(KeyView { json: field.json.clone(), condition: format!("{asked} = ${}", at + first) })
    });
    Some(FeedView {
        label: feed.label.clone(),
        function: function(&feed.name, "feed"),
        constant: function(&feed.name, "feed").to_uppercase(),
        path: feed.name.kebab(),
        by: feed.by.iter().map(|role| model[*role].name.to_string()).collect(),
        columns: feed.columns.iter().filter_map(column).collect(),
        key: key.collect(),
        about: entity.parent.as_ref().map(|parent| about(model, parent.entity, &parent.column)),
        changes: view.policy.updatable
            && feed
                .by
                .iter()
                .any(|role| model.grants(*role, feed.entity).any(|grant| grant.allows(Action::Update))),
        entity: view.clone(),
    })
}

fn about(model: &Model, above: EntityIndex, column: &str) -> AboutView {
    let above = &model[above];
    let snake = above.name.snake();
    AboutView {
        name: above.name.to_string(),
        table: above.table.clone(),
        constant: snake.trim_end_matches('_').to_uppercase(),
        pascal: above.name.pascal(),
        column: column.to_owned(),
    }
}
