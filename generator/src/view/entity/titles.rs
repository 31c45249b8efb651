//! What a record is called.

use serde::Serialize;
use spec::model::{Entity, Storage};

use super::EntityView;
use crate::doors::rust_literal;

/// The time by which a record is called.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TitleTimeView {
    pub(crate) name: String,
    pub(crate) column: String,
    /// `date` or `moment`.
    pub(crate) kind: &'static str,
    pub(crate) rust_type: &'static str,
}

impl EntityView {
    pub(super) fn title_selected(&self, entity: &Entity) -> String {
        let mut columns = vec!["id".to_owned(), "version".to_owned()];
        columns.extend(self.reference.is_some().then(|| "reference".to_owned()));
        columns.extend(titles(entity).map(|field| field.column.clone()));
        columns.extend(self.title_created.then(|| "created_at".to_owned()));
        columns.join(", ")
    }
}

pub(super) fn title_time(entity: &Entity) -> Option<TitleTimeView> {
    let field = titles(entity).next()?;
    let (kind, rust_type) = match field.kind {
        spec::Kind::Moment => ("moment", "OffsetDateTime"),
        spec::Kind::Date => ("date", "Date"),
        _ => return None,
    };
    Some(TitleTimeView { name: field.name.to_string(), column: field.column.clone(), kind, rust_type })
}

pub(super) fn title_parts(entity: &Entity) -> Vec<String> {
    let read = |field: &spec::model::Field| {
        let rust_type = crate::view::field::rust_type(field);
        format!("row.field::<{rust_type}>({})?.words()", rust_literal(field.name.as_str()))
    };
    titles(entity).map(read).collect()
}

/// The fields that name a record. A link would be its id, and what is computed is not there to be read.
pub(super) fn titles(entity: &Entity) -> impl Iterator<Item = &spec::model::Field> {
    let named = |field: &&spec::model::Field| {
        field.storage != Storage::Computed && field.target.is_none() && !field.list
    };
    entity.title.iter().map(|at| &entity[*at]).filter(named)
}
