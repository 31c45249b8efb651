//! What a table looks like: titles, unique sets, views, assignments, and names that must not meet.

use super::Resolver;
use crate::{
    field_type::{Class, Kind as FieldKind},
    model::{Assignment, EntityIndex, Field, FieldIndex, Storage, UniqueMember, View},
    name::Name,
    problem::{Kind, Pointer},
};
use std::collections::HashMap;

/// The columns that every table may have.
const SYSTEM_COLUMNS: &[&str] = &[
    "id",
    "organisation_id",
    "version",
    "created_at",
    "created_by_id",
    "updated_at",
    "updated_by_id",
    "reference",
    "place_id",
    "person_id",
];

impl Resolver<'_> {
    /// Titles, unique sets, views, assignments and signatures.
    pub(super) fn shape(&mut self, index: EntityIndex) {
        let at = self.sources[index.0].at.clone();
        let written = self.sources[index.0].entity.clone();
        let title = self.field_list(index, &written.title, &at.join("title"));
        if let Some(file) = title.iter().find(|field| self.model[index][**field].kind == FieldKind::File) {
            let message =
                format!("a record cannot be called by its file `{}`", self.model[index][*file].name);
            self.problem(&at.join("title"), Kind::Shape, message, "call it by a text or a date");
        }
        self.model.entities[index.0].title = if title.is_empty() { self.usual_title(index) } else { title };
        for (i, (_, field)) in written.fields.iter().enumerate() {
            if field.stored.as_ref().is_some_and(|stored| stored.unique) {
                let name = written.fields.get_index(i).map(|(name, _)| name.clone()).unwrap_or_default();
                self.unique_set(index, std::slice::from_ref(&name), &at.join("fields").join(&name));
            }
        }
        for (i, set) in written.unique.iter().enumerate() {
            self.unique_set(index, set, &at.join("unique").join(i));
        }
        for (name, view) in &written.views {
            let shows = self.field_list(index, &view.shows, &at.join("views").join(name).join("shows"));
            self.model.entities[index.0].views.push(View { name: name.clone(), shows });
        }
        let signed_by = self.roles(&written.signed_by, &at.join("signed by"));
        self.model.entities[index.0].signed_by = signed_by;
        self.model.entities[index.0].signatures = (0..self.sources.len())
            .find(|other| self.sources[*other].origin == crate::model::Origin::Signatures(index))
            .map(EntityIndex);
        if let Some(assigned) = &written.assigned_to {
            let here = at.join("assigned to");
            let roles = self.roles(&assigned.role, &here.join("role"));
            let by = self.roles(&assigned.by, &here.join("by"));
            let own = self.model[index].name.words_joined();
            self.model.entities[index.0].assignment = Some(Assignment {
                roles,
                team: assigned.team,
                by,
                claim: assigned.claim,
                past: assigned.past,
                table: format!("{own}_assignments"),
                column: format!("{own}_id"),
            });
        }
    }

    /// What people would call a record by: its names, else its first short text, else its first date. What has none of
    /// them is called by when it was made: a link or a narrative names nothing.
    pub(super) fn usual_title(&self, index: EntityIndex) -> Vec<FieldIndex> {
        let entity = &self.model[index];
        let first = |fits: &dyn Fn(&Field) -> bool| {
            let named = |field: &Field| !field.list && field.kind != FieldKind::File && fits(field);
            entity.fields().find(|(_, field)| named(field)).map(|(i, _)| i)
        };
        let found = first(&|field| field.kind == FieldKind::PersonName)
            .or_else(|| first(&|field| ["name", "title"].contains(&field.name.as_str())))
            .or_else(|| first(&|field| field.kind == FieldKind::Text))
            .or_else(|| first(&|field| matches!(field.kind, FieldKind::Moment | FieldKind::Date)));
        found.into_iter().collect()
    }

    pub(super) fn unique_set(&mut self, index: EntityIndex, names: &[Name], at: &Pointer) {
        let mut set = Vec::new();
        for name in names {
            let entity = &self.model[index];
            if entity.parent.as_ref().is_some_and(|parent| self.model[parent.entity].name == *name) {
                set.push(UniqueMember::Parent);
            } else if let Some(field) = entity.field(name.as_str()) {
                if matches!(entity[field].storage, Storage::Sealed { lookup: None } | Storage::Computed) {
                    let message =
                        format!("the database cannot tell whether two records have the same `{name}`");
                    let help = if entity[field].class == Class::Clinical {
                        "make the field `queryable`"
                    } else {
                        "make it `searchable`, where its kind allows, or leave `unique` out"
                    };
                    self.problem(at, Kind::Shape, message, help);
                    continue;
                }
                set.push(UniqueMember::Field(field));
            } else if self.place_names.contains_key(name) && entity.has_place_column() {
                set.push(UniqueMember::Place);
            } else {
                let known: Vec<_> = entity.fields.iter().map(|field| field.name.to_string()).collect();
                let what = format!("field of `{}`", entity.name);
                self.unresolved(at, &what, name, &known);
            }
        }
        if set.len() == names.len() {
            self.model.entities[index.0].unique.push(set);
        }
    }

    /// No two columns of a table have one name.
    pub(super) fn columns(&mut self, index: EntityIndex) {
        let entity = &self.model[index];
        let mut taken: HashMap<String, String> = SYSTEM_COLUMNS
            .iter()
            .map(|column| ((*column).to_owned(), "what every record has already".to_owned()))
            .collect();
        if matches!(entity.origin, crate::model::Origin::Form(_)) {
            taken.insert("form_version".to_owned(), "the version of the form".to_owned());
        }
        if let Some(parent) = &entity.parent {
            taken.insert(parent.column.clone(), format!("the link to `{}`", self.model[parent.entity].name));
        }
        let mut clashes = Vec::new();
        for field in &entity.fields {
            let lookup = match &field.storage {
                Storage::Sealed { lookup } => lookup.clone(),
                _ => None,
            };
            for column in std::iter::once(field.column.clone()).chain(lookup) {
                if let Some(other) = taken.insert(column.clone(), format!("the field `{}`", field.name)) {
                    clashes.push((field.name.clone(), column, other));
                }
            }
        }
        let at = self.sources[index.0].at.join("fields");
        for (name, column, other) in clashes {
            let message = format!("the field `{name}` would share the column `{column}` with {other}");
            self.problem(
                &at.join(&name),
                Kind::Duplicate,
                message,
                "call the field something else; a `label` may be any text",
            );
        }
    }

    /// No two entities have one table.
    pub(super) fn tables(&mut self) {
        const LIBRARY: &[&str] = &[
            "people",
            "memberships",
            "organisations",
            "places",
            "sessions",
            "refresh_tokens",
            "totp",
            "recovery_codes",
            "organisation_keys",
            "audit_events",
            "audit_lanes",
            "audit_heads",
            "migrations",
            "operations",
            "file_chunks",
            "limit_usage",
            "limit_tiers",
            "searches",
            "ai_invocations",
            "ai_applications",
            "ai_attestations",
            "outbox_messages",
            "sent_packets",
            "packet_keys",
            "open_page_addresses",
            "open_page_counts",
            "open_page_tickets",
            "link_form_openings",
        ];
        let mut taken: HashMap<String, Option<Name>> =
            LIBRARY.iter().map(|table| ((*table).to_owned(), None)).collect();
        let mut clashes = Vec::new();
        for (index, entity) in self.model.entities() {
            let assignments = entity.assignment.as_ref().map(|assignment| assignment.table.clone());
            for table in std::iter::once(entity.table.clone()).chain(assignments) {
                if let Some(other) = taken.insert(table.clone(), Some(entity.name.clone())) {
                    clashes.push((index, table, other));
                }
            }
        }
        for (index, table, other) in clashes {
            let at = self.sources[index.0].at.clone();
            let name = self.sources[index.0].name.clone();
            let other =
                other.map_or("the app's own accounts and logs".to_owned(), |other| format!("`{other}`"));
            self.problem(
                &at,
                Kind::Duplicate,
                format!("`{name}` would share the table `{table}` with {other}"),
                "call it something else; a `label` may be any text",
            );
        }
    }
}
