//! Entities: fields, parents, links, places, assignments, lifecycles.

use super::{Resolver, SourceEntity};
use crate::{
    document::{self, Field as Written},
    field_type::{Choice, Class, FieldType, Kind as FieldKind},
    model::{
        Assignment, DefaultValue, Entity, EntityIndex, Field, FieldIndex, FormIndex, Lifecycle, Model, Move,
        Needs, Origin, Parent, Storage, Target, UniqueMember, View,
    },
    name::Name,
    problem::{Kind, Pointer},
    rules::{self, Type},
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

/// A literal that follows the name grammar.
pub(super) fn name(text: &str) -> Name {
    text.parse().expect("a literal of the name grammar")
}

impl Resolver<'_> {
    pub(super) fn entities(&mut self) {
        self.sources();
        self.lock.rename(self.document);
        for index in 0..self.sources.len() {
            self.shell(EntityIndex(index));
        }
        let names = &self.entity_names;
        self.lock.retire(|name| names.contains_key(name));
        for index in 0..self.sources.len() {
            self.parent(EntityIndex(index));
        }
        self.cycles();
        for index in 0..self.sources.len() {
            self.fields(EntityIndex(index));
        }
        self.self_roles();
        self.order();
        for at in 0..self.model.build_order.len() {
            let entity = self.model.build_order[at];
            self.inherited_place(entity);
            self.computed(entity);
        }
        for index in 0..self.sources.len() {
            let entity = EntityIndex(index);
            self.state(entity);
            self.shape(entity);
            self.columns(entity);
        }
        self.tables();
    }

    /// The written entities, then those that hold the answers of forms and the addenda.
    fn sources(&mut self) {
        let root = Pointer::root();
        let document = self.document;
        if document.entities.is_empty() {
            self.problem(
                &root.join("entities"),
                Kind::Missing,
                "the app keeps nothing",
                "add an entity, as in `entities: { patient: { fields: { name: identifier name } } }`",
            );
        }
        for (name, entity) in &document.entities {
            self.add_source(name.clone(), entity.clone(), Origin::Written, root.join("entities").join(name));
        }
        for (index, (form_name, form)) in document.forms.iter().enumerate() {
            let entity = form_entity(form);
            self.add_source(
                form_name.clone(),
                entity,
                Origin::Form(FormIndex(index)),
                root.join("forms").join(form_name),
            );
        }
        for index in 0..self.sources.len() {
            let source = &self.sources[index];
            if !source.entity.lifecycle.as_ref().is_some_and(|lifecycle| lifecycle.addenda) {
                continue;
            }
            let (owner, at) = (source.name.clone(), source.at.join("lifecycle").join("addenda"));
            let name = format!("{owner} addendum").parse::<Name>();
            let Some(name) = self.noted(&at, name) else { continue };
            let mut fields = crate::Map::new();
            let mut text = FieldType::new(Class::Narrative, FieldKind::LongText);
            text.required = true;
            fields.insert(self::name("text"), Written { stored: Some(text), ..Written::default() });
            let entity = document::Entity {
                part_of: Some(owner),
                fields,
                plural: Some("Addenda".into()),
                label: Some("Addendum".into()),
                ..document::Entity::default()
            };
            self.add_source(name, entity, Origin::Addenda(EntityIndex(index)), at);
        }
    }

    fn add_source(&mut self, name: Name, entity: document::Entity, origin: Origin, at: Pointer) {
        if self.entity_names.contains_key(&name) {
            self.problem(
                &at,
                Kind::Duplicate,
                format!("`{name}` is already an entity"),
                "give one of the two another name",
            );
            return;
        }
        self.entity_names.insert(name.clone(), EntityIndex(self.sources.len()));
        self.sources.push(SourceEntity { name, entity, origin, at });
    }

    fn shell(&mut self, index: EntityIndex) {
        let SourceEntity { name, entity, origin, at } = &self.sources[index.0];
        let (at, place) = (at.clone(), entity.belongs_to.clone());
        let reference = entity.reference.clone();
        self.model.entities.push(Entity {
            name: name.clone(),
            id: self.lock.entity_id(name),
            origin: *origin,
            label: entity.label.clone().unwrap_or_else(|| name.title()),
            plural: entity.plural.clone().unwrap_or_else(|| name.plural_title()),
            table: name.plural_snake(),
            reference: reference.clone(),
            title: Vec::new(),
            fields: Vec::new(),
            parent: None,
            parts: Vec::new(),
            place: Model::ORGANISATION,
            self_roles: Vec::new(),
            assignment: None,
            unique: Vec::new(),
            lifecycle: None,
            views: Vec::new(),
            grants: Vec::new(),
            never: Vec::new(),
            signed_by: Vec::new(),
            retention: entity.retention,
            fhir: entity.fhir.clone(),
        });
        let letters = |letters: &String| {
            (1..=4).contains(&letters.len()) && letters.bytes().all(|b| b.is_ascii_uppercase())
        };
        if reference.is_some_and(|reference| !letters(&reference)) {
            self.problem(
                &at.join("reference"),
                Kind::Shape,
                "a reference begins with one to four capital letters",
                "write `reference: PT`",
            );
        }
        if let Some(place) = place
            && let Some(place) = self.place(&place, &at.join("belongs to"))
        {
            self.model.entities[index.0].place = place;
        }
    }

    fn parent(&mut self, index: EntityIndex) {
        let source = &self.sources[index.0];
        let Some(parent) = source.entity.part_of.clone() else { return };
        let at = if matches!(source.origin, Origin::Form(_)) {
            source.at.join("about")
        } else {
            source.at.join("part of")
        };
        if source.entity.belongs_to.is_some() {
            self.problem(
                &at,
                Kind::Shape,
                format!("a part belongs where `{parent}` belongs"),
                "leave `belongs to` out",
            );
        }
        let Some(entity) = self.entity(&parent, &at) else { return };
        let column = column_id(&parent);
        self.model.entities[index.0].parent = Some(Parent { entity, column });
    }

    /// A part of itself, through however many parents, is a mistake; the chain is cut there.
    fn cycles(&mut self) {
        let mut safe = vec![false; self.sources.len()];
        for start in 0..self.sources.len() {
            let mut chain = vec![start];
            while let Some(parent) =
                self.model.entities[chain[chain.len() - 1]].parent.as_ref().map(|parent| parent.entity.0)
            {
                if safe[parent] {
                    break;
                }
                if let Some(from) = chain.iter().position(|seen| *seen == parent) {
                    let names: Vec<_> = chain[from..]
                        .iter()
                        .chain([&parent])
                        .map(|i| self.sources[*i].name.as_str())
                        .collect();
                    let message =
                        format!("`{}` is a part of itself: {}", self.sources[parent].name, names.join(" → "));
                    let at = self.sources[chain[chain.len() - 1]].at.join("part of");
                    self.problem(
                        &at,
                        Kind::Cycle,
                        message,
                        "make one of them a `link`, which does not inherit access",
                    );
                    self.model.entities[chain[chain.len() - 1]].parent = None;
                    break;
                }
                chain.push(parent);
            }
            for seen in chain {
                safe[seen] = true;
            }
        }
        for index in 0..self.sources.len() {
            if let Some(parent) = self.model.entities[index].parent.as_ref().map(|parent| parent.entity) {
                self.model.entities[parent.0].parts.push(EntityIndex(index));
            }
        }
    }

    fn fields(&mut self, index: EntityIndex) {
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

    fn add_field(&mut self, index: EntityIndex, name: &Name, written: &Written, at: &Pointer) {
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

    fn link_target(&mut self, target: &Name, at: &Pointer) -> Option<Target> {
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

    fn storage(
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

    fn default_value(&mut self, text: &str, field: &FieldType, at: &Pointer) -> Option<DefaultValue> {
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

    fn self_roles(&mut self) {
        let document = self.document;
        for (role_name, role) in &document.roles {
            let Some(name) = &role.self_entity else { continue };
            let at = Pointer::root().join("roles").join(role_name).join("self");
            let (Some(entity), Some(role)) =
                (self.entity(name, &at), self.role_names.get(role_name).copied())
            else {
                continue;
            };
            self.model.roles[role.0].self_entity = Some(entity);
            self.model.entities[entity.0].self_roles.push(role);
        }
    }

    /// Parents before parts, and, as far as links have no cycle, targets before what links to them.
    fn order(&mut self) {
        let count = self.model.entities.len();
        let mut state = vec![0_u8; count];
        let mut order = Vec::with_capacity(count);
        for start in 0..count {
            let mut stack = vec![(start, false)];
            while let Some((at, done)) = stack.pop() {
                if done {
                    state[at] = 2;
                    order.push(EntityIndex(at));
                    continue;
                }
                if state[at] != 0 {
                    continue;
                }
                state[at] = 1;
                stack.push((at, true));
                let entity = &self.model.entities[at];
                let links = entity.fields.iter().filter_map(|field| match field.target {
                    Some(Target::Entity(to)) => Some(to.0),
                    _ => None,
                });
                let needs: Vec<usize> = links
                    .chain(entity.parent.as_ref().map(|parent| parent.entity.0))
                    .filter(|to| state[*to] == 0)
                    .collect();
                stack.extend(needs.into_iter().map(|to| (to, false)));
            }
        }
        // A cycle of links could have put a part before its parent; parents have none, so they come first.
        let position: HashMap<usize, usize> =
            order.iter().enumerate().map(|(at, entity)| (entity.0, at)).collect();
        let depth = |entity: EntityIndex| {
            std::iter::successors(Some(entity), |e| self.model[*e].parent.as_ref().map(|p| p.entity)).count()
        };
        let misplaced = order.iter().any(|entity| {
            self.model[*entity]
                .parent
                .as_ref()
                .is_some_and(|parent| position[&parent.entity.0] > position[&entity.0])
        });
        if misplaced {
            order.sort_by_key(|entity| depth(*entity));
        }
        self.model.build_order = order;
    }

    fn inherited_place(&mut self, index: EntityIndex) {
        if let Some(parent) = self.model[index].parent.as_ref().map(|parent| parent.entity) {
            self.model.entities[index.0].place = self.model[parent].place;
        }
    }

    /// Computed fields may use those above them, and those of entities that come before.
    fn computed(&mut self, index: EntityIndex) {
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

    fn state(&mut self, index: EntityIndex) {
        let at = self.sources[index.0].at.join("lifecycle");
        let Some(lifecycle) = self.sources[index.0].entity.lifecycle.clone() else { return };
        let field_name = lifecycle.field.clone().unwrap_or_else(|| name("status"));
        let Some(field) = self.model[index].field(field_name.as_str()) else {
            self.problem(&at, Kind::Missing, "a lifecycle has states", "write `states: [draft, signed]`");
            return;
        };
        match &self.model[index][field].kind {
            FieldKind::OneOf(choices) if *choices == lifecycle.states => {}
            _ => {
                let states: Vec<_> = lifecycle.states.iter().map(Choice::as_str).collect();
                let help = format!(
                    "write `{field_name}: none one of {}`, or leave the field out",
                    states.join(" | ")
                );
                self.problem(
                    &at.join("states"),
                    Kind::Shape,
                    format!("`{field_name}` must have these states as its choices"),
                    help,
                );
            }
        }
        if matches!(self.model[index][field].storage, Storage::Sealed { .. } | Storage::Computed) {
            self.problem(
                &at,
                Kind::Shape,
                format!("the database must see the state `{field_name}`"),
                "give it the class none, or make it `queryable`",
            );
        }
        let resolved = &mut self.model.entities[index.0].fields[field.0];
        resolved.required = true;
        resolved.default = lifecycle.states.first().cloned().map(DefaultValue::Choice);
        let known = |state: &Choice| lifecycle.states.contains(state);
        let mut unknown: Vec<(Pointer, Choice)> = Vec::new();
        for (i, state) in lifecycle.locked.iter().enumerate().filter(|(_, state)| !known(state)) {
            unknown.push((at.join("locked").join(i), state.clone()));
        }
        let mut moves = Vec::new();
        for (move_name, written) in &lifecycle.moves {
            let here = at.join("moves").join(move_name);
            for (i, state) in written.from.iter().enumerate().filter(|(_, state)| !known(state)) {
                unknown.push((here.join("from").join(i), state.clone()));
            }
            if !known(&written.to) {
                unknown.push((here.join("to"), written.to.clone()));
            }
            moves.push(self.resolved_move(index, move_name, written, &here));
        }
        let states: Vec<_> = lifecycle.states.iter().map(ToString::to_string).collect();
        for (at, state) in unknown {
            let help = format!("they are {}", crate::decode::listed(&states));
            self.problem(&at, Kind::Unresolved, format!("`{state}` is not one of the states"), help);
        }
        let addenda = (0..self.sources.len())
            .find(|i| self.sources[*i].origin == Origin::Addenda(index))
            .map(EntityIndex);
        self.model.entities[index.0].lifecycle =
            Some(Lifecycle { field, states: lifecycle.states, moves, locked: lifecycle.locked, addenda });
    }

    fn resolved_move(
        &mut self,
        index: EntityIndex,
        name: &Name,
        written: &document::Move,
        at: &Pointer,
    ) -> Move {
        let when = written.when.as_ref().and_then(|said| {
            let checked =
                rules::check(said, &rules::Scope::new(&self.model.entities, index), Some(Type::Boolean));
            self.noted(&at.join("when"), checked)
        });
        let needs = written.needs.as_ref().and_then(|needed| {
            if let Some(form) = self.document.forms.get_index_of(needed) {
                return Some(Needs::Form(FormIndex(form)));
            }
            if self.document.permissions.contains_key(needed) {
                return Some(Needs::Permission(needed.clone()));
            }
            let known: Vec<String> = self
                .document
                .forms
                .keys()
                .chain(self.document.permissions.keys())
                .map(ToString::to_string)
                .collect();
            self.unresolved(&at.join("needs"), "form or permission", needed, &known);
            None
        });
        Move {
            name: name.clone(),
            label: written.label.clone().unwrap_or_else(|| name.title()),
            from: written.from.clone(),
            to: written.to.clone(),
            needs,
            when,
        }
    }

    /// Titles, unique sets, views, assignments and signatures.
    fn shape(&mut self, index: EntityIndex) {
        let at = self.sources[index.0].at.clone();
        let written = self.sources[index.0].entity.clone();
        let title = self.field_list(index, &written.title, &at.join("title"));
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

    /// What people would call a record by: its names, else its first short text, else its first link or date.
    fn usual_title(&self, index: EntityIndex) -> Vec<FieldIndex> {
        let entity = &self.model[index];
        let first = |fits: &dyn Fn(&Field) -> bool| {
            entity.fields().find(|(_, field)| !field.list && fits(field)).map(|(i, _)| i)
        };
        let found = first(&|field| field.kind == FieldKind::PersonName)
            .or_else(|| first(&|field| ["name", "title"].contains(&field.name.as_str())))
            .or_else(|| first(&|field| field.kind == FieldKind::Text))
            .or_else(|| first(&|field| matches!(field.kind, FieldKind::Moment | FieldKind::Date)))
            .or_else(|| first(&|field| field.kind.is_link()))
            .or_else(|| first(&|_| true));
        found.into_iter().collect()
    }

    fn unique_set(&mut self, index: EntityIndex, names: &[Name], at: &Pointer) {
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
    fn columns(&mut self, index: EntityIndex) {
        let entity = &self.model[index];
        let mut taken: HashMap<String, String> = SYSTEM_COLUMNS
            .iter()
            .map(|column| ((*column).to_owned(), "what every record has already".to_owned()))
            .collect();
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
    fn tables(&mut self) {
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

fn column_id(name: &Name) -> String {
    format!("{}_id", name.words_joined())
}

fn numeric(entity: &Entity) -> Vec<FieldIndex> {
    let number = |field: &Field| {
        field.storage != Storage::Computed
            && !field.list
            && matches!(field.kind, FieldKind::Integer | FieldKind::Decimal)
    };
    entity.fields().filter(|(_, field)| number(field)).map(|(index, _)| index).collect()
}

/// The answers of a form: one field a question, then the score and the signature.
fn form_entity(form: &document::Form) -> document::Entity {
    let mut fields = crate::Map::new();
    for item in &form.ask {
        let mut stored = item.field_type.clone();
        // A question that is not always asked cannot always be answered.
        stored.required &= item.when.is_none();
        let field = Written {
            stored: Some(stored),
            label: item.label.clone(),
            hint: item.hint.clone(),
            ..Written::default()
        };
        fields.insert(item.question.clone(), field);
    }
    if let Some(score) = &form.score {
        fields.insert(name("score"), Written { computed: Some(score.clone()), ..Written::default() });
    }
    if form.signature {
        let mut stored = FieldType::new(Class::Identifier, FieldKind::PersonName);
        stored.required = true;
        fields.insert(name("signature"), Written { stored: Some(stored), ..Written::default() });
    }
    document::Entity {
        part_of: Some(form.about.clone()),
        label: form.label.clone(),
        fields,
        ..document::Entity::default()
    }
}
