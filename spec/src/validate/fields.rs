//! Fields: types, storage, links, defaults, and what is computed.

use super::{
    Resolver,
    entities::{column_id, name},
};
use crate::{
    document::Field as Written,
    field_type::{Class, FieldType, Kind as FieldKind},
    model::{DefaultValue, Entity, EntityIndex, Field, FieldIndex, Origin, Storage, Target},
    name::Name,
    problem::{Kind, Pointer},
    rules::{self, Type},
};

impl Resolver<'_> {
    pub(super) fn fields(&mut self, index: EntityIndex) {
        let at = self.sources[index.0].at.clone();
        let origin = self.sources[index.0].origin;
        let joined = self.sources[index.0].entity.links.clone();
        if joined.len() == 1 {
            self.problem(
                &at.join("links"),
                Kind::Shape,
                "a joining entity joins two or more",
                "name both, or use a field of type `link`",
            );
        }
        for (i, target) in joined.iter().enumerate() {
            let here = at.join("links").join(i);
            let Some(entity) = self.entity(target, &here) else { continue };
            if self.model[index].parent.as_ref().is_some_and(|parent| parent.entity == entity) {
                continue;
            }
            let mut field = FieldType::new(Class::None, FieldKind::Link(target.clone()));
            field.required = true;
            self.add_field(index, target, &Written { stored: Some(field), ..Written::default() }, &here);
        }
        let written: Vec<(Name, Written)> = self.sources[index.0]
            .entity
            .fields
            .iter()
            .map(|(name, field)| (name.clone(), field.clone()))
            .collect();
        for (i, (name, field)) in written.iter().enumerate() {
            let here = match origin {
                Origin::Form(_) if i < self.sources[index.0].entity.fields.len() => {
                    at.join("ask").join(i).join("type")
                }
                _ => at.join("fields").join(name),
            };
            self.add_field(index, name, field, &here);
        }
        let state = self.sources[index.0].entity.lifecycle.as_ref().map(|lifecycle| {
            (lifecycle.field.clone().unwrap_or_else(|| self::name("status")), lifecycle.states.clone())
        });
        if let Some((field, states)) = state
            && self.model[index].field(field.as_str()).is_none()
            && !states.is_empty()
        {
            let kind = FieldKind::OneOf(states);
            let implied = Written { stored: Some(FieldType::new(Class::None, kind)), ..Written::default() };
            self.add_field(index, &field, &implied, &at.join("lifecycle"));
        }
    }

    pub(super) fn add_field(&mut self, index: EntityIndex, name: &Name, written: &Written, at: &Pointer) {
        let entity_name = self.sources[index.0].name.clone();
        let id = self.lock.field_id(&entity_name, name);
        let field_type = match (&written.stored, &written.computed) {
            (Some(_), Some(_)) => {
                self.problem(
                    at,
                    Kind::Shape,
                    format!("`{name}` is both stored and computed"),
                    "keep `type` or `is`",
                );
                return;
            }
            (None, None) => {
                self.problem(
                    at,
                    Kind::Missing,
                    format!("`{name}` has no type"),
                    "write its type, as in `clinical integer`, or what it `is`",
                );
                return;
            }
            (Some(stored), None) => stored.clone(),
            (None, Some(_)) => FieldType::default(),
        };
        let target = match &field_type.kind {
            FieldKind::Link(target) => self.link_target(target, at),
            _ => None,
        };
        let column = if field_type.kind.is_link() { column_id(name) } else { name.snake() };
        let storage = self.storage(name, &field_type, written.computed.is_some(), &column, at);
        let default = written.default.clone().or_else(|| field_type.default.clone());
        let default = default.and_then(|text| self.default_value(&text, &field_type, at));
        let computed = written.computed.is_some();
        self.model.entities[index.0].fields.push(Field {
            name: name.clone(),
            id,
            column,
            label: written.label.clone().unwrap_or_else(|| name.title()),
            hint: written.hint.clone(),
            purpose: written.purpose.clone(),
            class: field_type.class,
            kind: field_type.kind,
            list: field_type.list,
            unit: field_type.unit,
            range: field_type.range,
            required: field_type.required && !computed,
            storage,
            sensitivity: written.sensitivity.or(field_type.sensitivity),
            default,
            target,
            computed: None,
        });
    }

    pub(super) fn link_target(&mut self, target: &Name, at: &Pointer) -> Option<Target> {
        if let Some(entity) = self.entity_names.get(target) {
            return Some(Target::Entity(*entity));
        }
        if let Some(role) = self.role_names.get(target) {
            return Some(Target::Person(*role));
        }
        let mut known: Vec<String> = self.sources.iter().map(|source| source.name.to_string()).collect();
        known.extend(self.document.roles.keys().map(ToString::to_string));
        self.unresolved(at, "entity or role", target, &known);
        None
    }

    pub(super) fn storage(
        &mut self,
        name: &Name,
        field: &FieldType,
        computed: bool,
        column: &str,
        at: &Pointer,
    ) -> Storage {
        if field.searchable && field.class != Class::Identifier {
            self.problem(
                at,
                Kind::Shape,
                format!("`{name}` is {} and cannot be `searchable`", field.class),
                "`searchable` is for identifiers; a clinical value can be `queryable`",
            );
        } else if field.searchable && !field.kind.has_entropy() {
            let message = format!(
                "`{name}` cannot be `searchable`: a blind index of a {} could be guessed back",
                field.kind
            );
            self.problem(
                at,
                Kind::Floor,
                message,
                "search by email, phone, mrn or member id; names are found within the caller's own records",
            );
        }
        if field.queryable && field.class != Class::Clinical && !field.kind.is_link() {
            let help = if field.class == Class::None {
                "leave `queryable` out: what tells nothing is always comparable"
            } else {
                "only clinical values can be laid open to the database"
            };
            self.problem(
                at,
                Kind::Floor,
                format!("`{name}` is {} and cannot be `queryable`", field.class),
                help,
            );
        }
        if field.queryable && field.list {
            self.problem(
                at,
                Kind::Shape,
                format!("`{name}` holds several values, which the database cannot compare"),
                "leave `queryable` out",
            );
        }
        match field.class {
            _ if computed => Storage::Computed,
            _ if field.kind.is_link() => Storage::Plain,
            Class::None => Storage::Plain,
            Class::Clinical if field.queryable => Storage::Queryable,
            _ => Storage::Sealed {
                lookup: field.searchable.then(|| format!("{}_index", column.trim_end_matches('_'))),
            },
        }
    }

    pub(super) fn default_value(
        &mut self,
        text: &str,
        field: &FieldType,
        at: &Pointer,
    ) -> Option<DefaultValue> {
        let number = text.parse::<rust_decimal::Decimal>().ok();
        let in_range = |value: &rust_decimal::Decimal| {
            field.range.is_none_or(|range| {
                range.min.is_none_or(|min| *value >= min) && range.max.is_none_or(|max| *value <= max)
            })
        };
        let value = match &field.kind {
            _ if field.list => None,
            FieldKind::Moment if text == "now" => Some(DefaultValue::Now),
            FieldKind::Date if text == "today" => Some(DefaultValue::Today),
            FieldKind::Integer => {
                text.parse().ok().filter(|_| number.as_ref().is_some_and(in_range)).map(DefaultValue::Integer)
            }
            FieldKind::Decimal | FieldKind::Money => number.filter(in_range).map(DefaultValue::Decimal),
            FieldKind::Boolean => match text {
                "yes" | "true" => Some(DefaultValue::Boolean(true)),
                "no" | "false" => Some(DefaultValue::Boolean(false)),
                _ => None,
            },
            FieldKind::OneOf(choices) => {
                choices.iter().find(|choice| choice.as_str() == text).cloned().map(DefaultValue::Choice)
            }
            FieldKind::Text | FieldKind::LongText => Some(DefaultValue::Text(text.to_owned())),
            _ => None,
        };
        if value.is_none() {
            let message = format!("`{}` is no value of `{}`", crate::decode::shown(text), field.kind);
            self.problem(
                at,
                Kind::Shape,
                message,
                "a default is one value of the field's own kind; a moment has `now`, a date `today`",
            );
        }
        value
    }

    /// Computed fields may use those above them, and those of entities that come before.
    pub(super) fn computed(&mut self, index: EntityIndex) {
        let written: Vec<(FieldIndex, String, Pointer)> = self.model[index]
            .fields()
            .filter_map(|(field, resolved)| {
                let source = &self.sources[index.0];
                let said = source.entity.fields.get(&resolved.name)?.computed.clone()?;
                let at = match source.origin {
                    Origin::Form(_) => source.at.join("score"),
                    _ => source.at.join("fields").join(&resolved.name).join("is"),
                };
                Some((field, said, at))
            })
            .collect();
        for (field, said, at) in written {
            let mut scope = rules::Scope::new(&self.model.entities, index);
            scope.items = if matches!(self.sources[index.0].origin, Origin::Form(_)) {
                numeric(&self.model[index])
            } else {
                Vec::new()
            };
            let checked = rules::check(&said, &scope, None);
            let Some(expression) = self.noted(&at, checked) else { continue };
            let uses_itself = expression.inputs.iter().any(|path| {
                path.entity() == index && matches!(path.end, crate::model::End::Field(input)
                    if input == field || (self.model[index][input].storage == Storage::Computed && self.model[index][input].computed.is_none()))
            });
            if uses_itself {
                self.problem(
                    &at,
                    Kind::Cycle,
                    "a computed field uses only fields that stand above it",
                    "move it below what it uses",
                );
                continue;
            }
            let kind = match &expression.result {
                Type::Boolean => FieldKind::Boolean,
                Type::Number => FieldKind::Decimal,
                Type::Date => FieldKind::Date,
                Type::Time => FieldKind::Time,
                Type::Moment => FieldKind::Moment,
                Type::Choice(choices) => FieldKind::OneOf(choices.clone()),
                Type::Text => FieldKind::Text,
                Type::Record | Type::List(_) => {
                    self.problem(
                        &at,
                        Kind::Rule,
                        "this is a record or a list, not one value",
                        "name one of its fields",
                    );
                    continue;
                }
            };
            let resolved = &mut self.model.entities[index.0].fields[field.0];
            resolved.class = expression.class;
            resolved.kind = kind;
            resolved.computed = Some(expression);
        }
    }

    /// Field names of a view, a title or a narrowed grant; `reference` goes with every record.
    pub(super) fn field_list(&mut self, index: EntityIndex, names: &[Name], at: &Pointer) -> Vec<FieldIndex> {
        let mut out = Vec::new();
        for (i, name) in names.iter().enumerate() {
            if *name == "reference" && self.model[index].reference.is_some() {
                continue;
            }
            match self.model[index].field(name.as_str()) {
                Some(field) if out.contains(&field) => {}
                Some(field) => out.push(field),
                None => {
                    let known: Vec<_> =
                        self.model[index].fields.iter().map(|field| field.name.to_string()).collect();
                    let what = format!("field of `{}`", self.model[index].name);
                    self.unresolved(&at.join(i), &what, name, &known);
                }
            }
        }
        out
    }
}

fn numeric(entity: &Entity) -> Vec<FieldIndex> {
    let number = |field: &Field| {
        field.storage != Storage::Computed
            && !field.list
            && matches!(field.kind, FieldKind::Integer | FieldKind::Decimal)
    };
    entity.fields().filter(|(_, field)| number(field)).map(|(index, _)| index).collect()
}
