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
        let titles =
            entity.title.iter().map(|at| &entity[*at]).filter(|field| field.storage != Storage::Computed);
        columns.extend(titles.map(|field| field.column.clone()));
        columns.join(", ")
    }
}

pub(super) fn title_time(entity: &Entity) -> Option<TitleTimeView> {
    let field = &entity[*entity.title.first()?];
    let (kind, rust_type) = match field.kind {
        spec::Kind::Moment => ("moment", "OffsetDateTime"),
        spec::Kind::Date => ("date", "Date"),
        _ => return None,
    };
    let stored = field.storage != Storage::Computed;
    stored.then(|| TitleTimeView {
        name: field.name.to_string(),
        column: field.column.clone(),
        kind,
        rust_type,
    })
}

pub(super) fn title_parts(entity: &Entity) -> Vec<String> {
    let stored =
        entity.title.iter().map(|at| &entity[*at]).filter(|field| field.storage != Storage::Computed);
    let read = |field: &spec::model::Field| {
        let rust_type = crate::view::field::rust_type(field);
        format!("row.field::<{rust_type}>({})?.words()", rust_literal(field.name.as_str()))
    };
    stored.map(read).collect()
}
