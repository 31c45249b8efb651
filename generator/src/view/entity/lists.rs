//! Lists of records: what is selected, filtered, sorted and shown.

use serde::Serialize;
use spec::model::{Entity, Model, Storage};

use super::EntityView;
use super::titles::titles;
use crate::doors::rust_literal;

/// One way to narrow a list.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FilterView {
    /// `systolic >= {}`
    pub(crate) condition: String,
    /// How its value is asked for: `integer`, `text`, …
    pub(crate) reads: &'static str,
    /// The parameter: `systolic_from`.
    pub(crate) parameter: String,
    /// Whether it names nobody, so that it may stand in an address.
    pub(crate) open: bool,
    /// The form field, where pages offer it.
    pub(crate) form: Option<String>,
    /// The name of the sealed field that is looked up.
    pub(crate) lookup: Option<String>,
}

/// One order of a list.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SortView {
    pub(crate) name: String,
    pub(crate) field: String,
    pub(crate) column: String,
}

impl EntityView {
    pub(super) fn selected(&self, entity: &Entity) -> String {
        let mut columns = self.base_columns();
        columns.extend(self.parent.iter().map(|parent| parent.column.clone()));
        columns.extend(self.has_place.then(|| "place_id".to_owned()));
        columns.extend(self.has_person.then(|| "person_id".to_owned()));
        columns.extend(self.form_version.map(|_| "form_version".to_owned()));
        let stored = entity.fields.iter().filter(|field| field.storage != Storage::Computed);
        columns.extend(stored.map(|field| field.column.clone()));
        wrapped(&columns)
    }

    pub(super) fn base_columns(&self) -> Vec<String> {
        let mut columns: Vec<String> =
            ["id", "version", "created_at", "created_by_id", "updated_at", "updated_by_id"]
                .map(Into::into)
                .into();
        columns.extend(self.reference.is_some().then(|| "reference".to_owned()));
        columns
    }

    pub(super) fn filters_of(&self, entity: &Entity) -> Vec<FilterView> {
        let mut filters = Vec::new();
        if let Some(parent) = &self.parent {
            filters.push(equal(&parent.column, &parent.column, "record", true, None));
        }
        for (field, view) in entity.fields.iter().zip(&self.fields) {
            let open = field.class == spec::Class::None;
            let (column, name, label) = (&view.column, view.json.as_str(), rust_literal(&view.label));
            match (&field.storage, view.kind) {
                (Storage::Sealed { lookup: Some(_) }, _) => filters.push(FilterView {
                    condition: format!("{} = {{}}", view.lookup.as_deref().unwrap_or_default()),
                    reads: "text",
                    parameter: name.to_owned(),
                    open: false,
                    form: Some(format!("Field::text(\"{name}\", {label}).optional()")),
                    lookup: Some(view.name.clone()),
                }),
                (Storage::Plain | Storage::Queryable, "link") => {
                    filters.push(equal(column, name, "record", true, None))
                }
                (Storage::Plain | Storage::Queryable, "choice") => {
                    let choices: Vec<String> =
                        view.choices.iter().map(|choice| crate::view::field::pair(choice)).collect();
                    let form =
                        format!("Field::choice(\"{name}\", {label}, [{}]).optional()", choices.join(", "));
                    filters.push(equal(column, name, "text", open, Some(form)));
                }
                (Storage::Plain | Storage::Queryable, "boolean") => {
                    let form = format!("Field::yes_no(\"{name}\", {label}).optional()");
                    filters.push(equal(column, name, "boolean", open, Some(form)));
                }
                (Storage::Plain | Storage::Queryable, kind @ ("integer" | "decimal" | "date" | "moment")) => {
                    for (end, sign) in [("from", ">="), ("to", "<=")] {
                        filters.push(FilterView {
                            condition: format!("{column} {sign} {{}}"),
                            reads: kind,
                            parameter: format!("{name}_{end}"),
                            open,
                            form: None,
                            lookup: None,
                        });
                    }
                }
                _ => {}
            }
        }
        filters
    }

    /// At most seven columns: what names a record, its state, then what is short; where that is hardly anything, the
    /// first words of what is long, too.
    pub(super) fn columns_of_table(&self, entity: &Entity) -> Vec<String> {
        if matches!(entity.origin, spec::model::Origin::Task(_)) {
            // The first column leads to the task itself.
            let about = self.parent.iter().map(|parent| parent.field.as_str());
            let columns = ["due at"].into_iter().chain(about).chain(["why", "responsible", "status"]);
            return columns.map(str::to_owned).collect();
        }
        let mut columns: Vec<String> = Vec::new();
        let mut add = |name: &str, most: usize| {
            if columns.len() < most && !columns.iter().any(|known| known == name) {
                columns.push(name.to_owned());
            }
        };
        if self.shows_created {
            add("created at", 7);
        }
        for field in titles(entity) {
            add(field.name.as_str(), 7);
        }
        if self.reference.is_some() {
            add("reference", 7);
        }
        if let Some(parent) = &self.parent {
            add(&parent.field, 7);
        }
        for view in self.fields.iter().filter(|view| !matches!(view.kind, "paragraphs" | "list")) {
            add(&view.name, 7);
        }
        for view in self.fields.iter().filter(|view| view.kind == "paragraphs") {
            add(&view.name, 4);
        }
        columns
    }
}

/// The field that places a record in time: the first moment or date that SQL can sort by.
pub(crate) fn time_field(entity: &Entity) -> Option<spec::model::FieldIndex> {
    let plain = |storage: &Storage| matches!(storage, Storage::Plain | Storage::Queryable);
    let timed = |kind: &spec::Kind| matches!(kind, spec::Kind::Moment | spec::Kind::Date);
    entity
        .fields()
        .find(|(_, field)| plain(&field.storage) && timed(&field.kind) && !field.list)
        .map(|(at, _)| at)
}

/// The order of a list: by the field that places a record in time, where every reader may see it; else by its
/// creation, which is no secret beside an id of version 7.
pub(super) fn order(model: &Model, entity: &Entity) -> (String, String) {
    let table = &entity.table;
    match time_field(entity).filter(|at| crate::view::policy::seen_by_all(model, entity, *at)) {
        Some(at) => {
            let field = &entity[at];
            (format!("{} DESC, {table}.id DESC", field.column), format!("latest {} first", field.name))
        }
        None => (format!("{table}.created_at DESC, {table}.id DESC"), "newest first".to_owned()),
    }
}

pub(super) fn sorts(entity: &Entity) -> Vec<SortView> {
    let sortable = |field: &&spec::model::Field| {
        matches!(field.storage, Storage::Plain | Storage::Queryable)
            && !field.list
            && field.target.is_none()
            && field.kind != spec::Kind::File
    };
    let view = |field: &spec::model::Field| SortView {
        name: field.name.as_str().replace([' ', '-'], "_"),
        field: field.name.to_string(),
        column: field.column.clone(),
    };
    entity.fields.iter().filter(sortable).map(view).collect()
}

/// What is sealed is ordered by once it is opened; narratives have no order that means anything.
pub(super) fn sealed_sorts(entity: &Entity) -> Vec<SortView> {
    let sortable = |field: &&spec::model::Field| {
        matches!(field.storage, Storage::Sealed { .. })
            && !field.list
            && field.target.is_none()
            && field.class != spec::Class::Narrative
            && !matches!(field.kind, spec::Kind::LongText | spec::Kind::Address | spec::Kind::File)
    };
    let view = |field: &spec::model::Field| SortView {
        name: field.name.as_str().replace([' ', '-'], "_"),
        field: field.name.to_string(),
        column: field.column.clone(),
    };
    entity.fields.iter().filter(sortable).map(view).collect()
}

/// The sealed names by which people look for a record.
pub(super) fn searched(entity: &Entity) -> Vec<&spec::model::Field> {
    let named = |(at, field): &(spec::model::FieldIndex, &spec::model::Field)| {
        let name = matches!(field.kind, spec::Kind::PersonName)
            || (entity.title.contains(at) && field.kind == spec::Kind::Text);
        name && matches!(field.storage, Storage::Sealed { .. })
            && !field.list
            && field.class != spec::Class::Narrative
    };
    entity.fields().filter(named).map(|(_, field)| field).collect()
}

pub(super) fn equal(
    column: &str,
    name: &str,
    reads: &'static str,
    open: bool,
    form: Option<String>,
) -> FilterView {
    let condition = format!("{column} = {{}}");
    FilterView { condition, reads, parameter: name.to_owned(), open, form, lookup: None }
}

/// Columns, comma-separated, in lines of at most a hundred characters.
pub(crate) fn wrapped(columns: &[String]) -> String {
    let mut text = String::new();
    let mut width = 7;
    for (at, column) in columns.iter().enumerate() {
        if at > 0 {
            text.push(',');
            if width + column.len() > 96 {
                text.push_str("\n                ");
                width = 16;
            } else {
                text.push(' ');
            }
        }
        text.push_str(column);
        width += column.len() + 2;
    }
    text
}
