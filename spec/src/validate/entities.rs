//! Entities: fields, parents, links, places, assignments, lifecycles.

use super::{Resolver, SourceEntity};
use crate::{
    document::{self, Field as Written},
    field_type::{Class, FieldType, Kind as FieldKind},
    model::{Entity, EntityIndex, FormIndex, Model, Origin, Parent, Target},
    name::Name,
    problem::{Kind, Pointer},
};
use std::collections::HashMap;

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
            let lifecycle = source.entity.lifecycle.as_ref();
            // What is signed is never changed, so what is learnt later has to have a place.
            let signed = !source.entity.signed_by.is_empty() && lifecycle.is_none();
            if !signed && !lifecycle.is_some_and(|lifecycle| lifecycle.addenda) {
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
        self.signatures();
        self.permission_sources();
        self.task_sources();
        self.conversation_sources();
    }

    /// The signatures of each record that is signed: who, as what, which version, and the fingerprint of what it said.
    fn signatures(&mut self) {
        for index in 0..self.sources.len() {
            let source = &self.sources[index];
            if source.entity.signed_by.is_empty() || !matches!(source.origin, Origin::Written) {
                continue;
            }
            let (owner, at) = (source.name.clone(), source.at.join("signed by"));
            let what = source.entity.label.clone().unwrap_or_else(|| owner.title()).to_lowercase();
            let name = format!("{owner} signature").parse::<Name>();
            let Some(name) = self.noted(&at, name) else { continue };
            let mut typed = FieldType::new(Class::Identifier, FieldKind::PersonName);
            typed.required = true;
            let version = FieldType::new(Class::None, FieldKind::Integer);
            let field = |stored, label: &str, hint: Option<String>| Written {
                stored: Some(stored),
                label: Some(label.to_owned()),
                hint,
                ..Written::default()
            };
            let hint = format!(
                "Type your name as it stands in your account. By this you sign the {what} as it is now; nobody can change it afterwards."
            );
            let fields = [
                ("name", field(typed, "Full name", Some(hint))),
                ("role", field(FieldType::new(Class::None, FieldKind::Text), "Signed as", None)),
                ("signed version", field(version, "Version that was signed", None)),
                (
                    "digest",
                    field(FieldType::new(Class::Clinical, FieldKind::Text), "Fingerprint (SHA-256)", None),
                ),
            ];
            let entity = document::Entity {
                unique: vec![vec![owner.clone(), self::name("role")]],
                part_of: Some(owner),
                fields: fields.into_iter().map(|(name, field)| (self::name(name), field)).collect(),
                title: vec![self::name("name")],
                plural: Some("Signatures".into()),
                label: Some("Signature".into()),
                ..document::Entity::default()
            };
            self.add_source(name, entity, Origin::Signatures(EntityIndex(index)), at);
        }
    }

    pub(super) fn add_source(&mut self, name: Name, entity: document::Entity, origin: Origin, at: Pointer) {
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
            // A task is called by what is to be done, of which there is no plural.
            table: match origin {
                Origin::Task(_) => format!("{}_tasks", name.words_joined()),
                Origin::Conversation(_) => super::conversations::table(name),
                _ => name.table(),
            },
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
            signatures: None,
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
        let at = if matches!(source.origin, Origin::Form(_) | Origin::Conversation(_)) {
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
}

pub(super) fn column_id(name: &Name) -> String {
    format!("{}_id", name.words_joined())
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
