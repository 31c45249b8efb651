//! Saved queries that somebody works through.

use serde::Serialize;
use spec::Model;
use spec::model::{End, EntityIndex, List, Path};

use super::{function, number_of};
use crate::view::entity::EntityView;

/// A saved query.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ListView {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) empty_title: String,
    pub(crate) function: String,
    pub(crate) path: String,
    pub(crate) about: String,
    pub(crate) roles: Vec<String>,
    pub(crate) entity: usize,
    pub(crate) condition: String,
    pub(crate) order: String,
    pub(crate) columns: Vec<String>,
    /// The table of what is missing, and for how many minutes.
    pub(crate) without: bool,
    /// Whether it asks for nothing but what is missing, since the record was made.
    pub(crate) alone: bool,
    pub(crate) minutes: u64,
    /// Or for how many days of the place's clocks.
    pub(crate) days: u64,
    /// Other tables that the statement asks.
    pub(crate) beside: Vec<String>,
    /// The numbers of its own values, by what is bound.
    pub(crate) today: bool,
}

/// A module that `lists.rs` names, with its type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct ModuleView {
    pub(crate) module: String,
    pub(crate) pascal: String,
}

pub(super) fn list_view(model: &Model, list: &List) -> Result<ListView, crate::Error> {
    let entity = &model[list.entity];
    let table = &entity.table;
    let mut conditions = Vec::new();
    let mut about = Vec::new();
    let mut beside = Vec::new();
    if let Some(filter) = &list.filter {
        let (text, tables) = crate::rules::sql(model, table, filter)?;
        conditions.push(text);
        beside.extend(tables);
        about.push(filter.said.clone());
    }
    let (mut days, mut minutes) = (0, 0);
    let mut without = false;
    if let Some(missing) = &list.without {
        let other = &model[missing.entity];
        let at = bare(column_of(model, &missing.at));
        let from = bare(column_of(model, &missing.from));
        let (there, link) = (&other.table, &missing.link.column);
        conditions.push(format!(
            "NOT EXISTS (SELECT 1 FROM {there} WHERE {there}.{link} = {table}.id AND {there}.{at} >= $3)"
        ));
        conditions.push(format!("{table}.{from} < $3"));
        about.push(format!("without {} in {}", other.name, missing.within));
        without = true;
        beside.push(there.clone());
        (days, minutes) = super::days_and_minutes(missing.within);
    }
    if let Some(assignment) = entity.assignment.as_ref().filter(|_| list.claim) {
        let (there, column) = (&assignment.table, &assignment.column);
        conditions.push(format!(
            "NOT EXISTS (SELECT 1 FROM {there} WHERE {there}.{column} = {table}.id AND {there}.ends_at IS NULL)"
        ));
        about.push("assigned to nobody".to_owned());
        beside.push(there.clone());
    }
    if conditions.is_empty() {
        conditions.push("TRUE".to_owned());
    }
    let sorted: Vec<String> = list
        .sort
        .iter()
        .filter_map(|key| {
            let column = column_of(model, &key.by)?;
            Some(format!("{column}{}", if key.descending { " DESC" } else { "" }))
        })
        .collect();
    let order = if sorted.is_empty() { format!("{table}.created_at DESC") } else { sorted.join(", ") };
    let columns: Vec<String> = list.shows.iter().filter_map(|path| shown(model, list.entity, path)).collect();
    let condition = conditions.join("\n           AND ");
    Ok(ListView {
        name: list.name.to_string(),
        label: list.label.clone(),
        empty_title: format!("{}: none", list.label),
        function: function(&list.name, "list"),
        path: list.name.kebab(),
        about: about.join(", "),
        roles: list.roles.iter().map(|role| model[*role].name.to_string()).collect(),
        entity: number_of(model, list.entity),
        order: format!("{order}, {table}.id"),
        columns: if columns.is_empty() { EntityView::new(model, list.entity).columns_shown } else { columns },
        today: condition.contains(":today"),
        condition: condition.replace(":today", if without { "$4" } else { "$3" }),
        without,
        alone: list.filter.is_none()
            && list.without.as_ref().is_some_and(|without| without.from.end == End::CreatedAt),
        days,
        minutes,
        beside,
    })
}

/// A column without its table; what has none was created at some time.
pub(super) fn bare(column: Option<String>) -> String {
    let column = column.unwrap_or_else(|| "created_at".to_owned());
    column.rsplit('.').next().unwrap_or_default().to_owned()
}

/// The column of a path that ends on the record itself.
pub(crate) fn column_of(model: &Model, path: &Path) -> Option<String> {
    let entity = &model[path.start];
    match path.end {
        _ if !path.hops.is_empty() => None,
        End::Field(at) => Some(entity[at].column.clone()),
        End::CreatedAt => Some(format!("{}.created_at", entity.table)),
        End::UpdatedAt => Some("updated_at".to_owned()),
        End::Reference => Some("reference".to_owned()),
        _ => None,
    }
}

/// The line of a page that shows a path: a field of the record, or the link that the path begins with.
pub(super) fn shown(model: &Model, start: EntityIndex, path: &Path) -> Option<String> {
    let entity = &model[start];
    match (path.hops.first(), path.end) {
        (Some(hop), _) => {
            let link = entity
                .fields
                .iter()
                .find(|field| field.column == hop.column)
                .map(|field| field.name.to_string());
            let parent = entity.parent.as_ref().filter(|parent| parent.column == hop.column);
            link.or_else(|| parent.map(|parent| model[parent.entity].name.to_string()))
        }
        (None, End::Field(at)) => Some(entity[at].name.to_string()),
        (None, End::Reference) => Some("reference".to_owned()),
        (None, End::Title) => entity.title.first().map(|at| entity[*at].name.to_string()),
        (None, End::Place) => Some("place".to_owned()),
        _ => None,
    }
}
