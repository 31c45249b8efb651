//! AI actions: what they read, what they propose, who applies it; and the companies that data goes to.

use super::Resolver;
use crate::{
    access::Action,
    document::{self, Keeps},
    field_type::Kind as FieldKind,
    model::{AiAction, AiInput, EntityIndex, FieldIndex, Origin, RoleIndex, SubProcessor},
    name::Name,
    problem::{Kind, Pointer},
};

/// The most fields of one proposal: what a person can judge at a glance, and a form of a model holds.
const MOST_FIELDS: usize = 20;

impl Resolver<'_> {
    pub(super) fn sub_processors(&mut self) {
        let document = self.document;
        for (name, company) in &document.sub_processors {
            let at = Pointer::root().join("sub-processors").join(name);
            for (i, purpose) in company.purpose.iter().enumerate() {
                if purpose.chars().any(crate::decode::is_hostile) || purpose.chars().count() > 200 {
                    let message = format!("`{}` is no purpose", crate::decode::shown(purpose));
                    self.problem(&at.join("for").join(i), Kind::Shape, message, "say it in a few words");
                }
            }
            // Without one, the floor complains.
            let Some(role) = &company.attested_by else { continue };
            let Some(attested_by) = self.role(role, &at.join("attested by")) else { continue };
            if !self.model[attested_by].is_privileged() {
                self.problem(
                    &at.join("attested by"),
                    Kind::Access,
                    format!("`{role}` attests an agreement and is not privileged"),
                    format!("write `{role}: {{ privileged: true }}` under `roles`, or name a role that is"),
                );
            }
            let purposes = company.purpose.clone();
            self.model.sub_processors.push(SubProcessor { name: name.clone(), purposes, attested_by });
        }
    }

    pub(super) fn ai_actions(&mut self) {
        let document = self.document;
        for (name, action) in &document.ai_actions {
            let at = Pointer::root().join("ai actions").join(name);
            if let Some(action) = self.ai_action(name, action, &at) {
                self.model.ai_actions.push(action);
            }
        }
    }

    fn ai_action(&mut self, name: &Name, written: &document::AiAction, at: &Pointer) -> Option<AiAction> {
        let (anew, entity, fields) = self.proposed(written, &at.join("proposes"))?;
        let author_only = written.applied_by.iter().any(|by| *by == "author");
        let named: Vec<Name> = written.applied_by.iter().filter(|by| **by != "author").cloned().collect();
        let mut roles = self.roles(&named, &at.join("applied by"));
        let may = |resolver: &Self, role: RoleIndex, action| {
            resolver
                .model
                .grants(role, entity)
                .any(|grant| grant.allows(action) && fields.iter().all(|field| grant.fields.covers(*field)))
        };
        let whoever = |resolver: &Self, action| -> Vec<RoleIndex> {
            let all = resolver.model.roles().map(|(role, _)| role);
            all.filter(|role| may(resolver, *role, action)).collect()
        };
        let asked = if named.is_empty() { whoever(self, Action::Update) } else { roles.clone() };
        let changes = !anew && asked.iter().any(|role| may(self, *role, Action::Update));
        let action = if changes { Action::Update } else { Action::Create };
        if named.is_empty() && author_only {
            roles = whoever(self, action);
        }
        self.may_apply((&roles, action, named.is_empty()), (entity, &fields), at);
        let on = match self.model[entity].parent.as_ref().map(|parent| parent.entity) {
            _ if changes => entity,
            Some(parent) => parent,
            None => {
                let message = format!(
                    "`{}` is no part of a record on whose page `{name}` could stand",
                    self.model[entity].name
                );
                let help = "make it a part of one by `part of`, or let those who apply it update it";
                self.problem(&at.join("proposes"), Kind::Shape, message, help);
                return None;
            }
        };
        if !changes {
            self.whole(entity, &fields, &at.join("proposes"));
        }
        let input = self.read_by(on, &written.from, &roles, &at.join("from"));
        let keeps_output = written.keeps.contains(&Keeps::Output);
        let cached = match written.cache.as_ref().map(Name::as_str) {
            None => false,
            Some("hash") => true,
            Some(other) => {
                let message = format!("`{other}` is no way to answer from cache");
                self.problem(&at.join("cache"), Kind::Shape, message, "write `cache: hash`");
                false
            }
        };
        if cached && !keeps_output {
            self.problem(
                &at.join("cache"),
                Kind::Missing,
                "an answer that is not kept cannot be given again",
                "add `output` under `keeps`, or leave `cache` out",
            );
        }
        // One that is not among them is a matter of the floor.
        let provider = written.provider.as_ref();
        let provider =
            provider.and_then(|name| self.model.sub_processors.iter().position(|it| it.name == *name));
        Some(AiAction {
            name: name.clone(),
            label: written.label.clone().unwrap_or_else(|| name.title()),
            on,
            entity,
            fields,
            makes_parts: !changes,
            input,
            input_label: self.input_label(on, input, &written.from),
            applied_by: roles,
            author_only,
            keeps_output,
            keeps_preview: written.keeps.contains(&Keeps::Preview),
            de_identified: written.de_identified,
            cached,
            provider,
        })
    }

    /// `[new] entity(field, field)`.
    fn proposed(
        &mut self,
        written: &document::AiAction,
        at: &Pointer,
    ) -> Option<(bool, EntityIndex, Vec<FieldIndex>)> {
        let said = written.proposes.trim();
        let (anew, rest) = match said.strip_prefix("new ") {
            Some(rest) => (true, rest.trim()),
            None => (false, said),
        };
        let parts = rest.strip_suffix(')').and_then(|rest| rest.split_once('('));
        let Some((entity, fields)) = parts else {
            let message = format!("`{}` does not say which fields of what", crate::decode::shown(said));
            let help = "write the entity and its fields, as in `note(subjective, plan)`";
            self.problem(at, Kind::Shape, message, help);
            return None;
        };
        let entity = self.noted(at, entity.trim().parse::<Name>())?;
        let entity = self.entity(&entity, at)?;
        let mut found = Vec::new();
        for field in fields.split(',') {
            let Some(name) = self.noted(at, field.trim().parse::<Name>()) else { continue };
            let Some(index) = self.field_list(entity, std::slice::from_ref(&name), at).first().copied()
            else {
                continue;
            };
            let field = &self.model[entity][index];
            let state =
                self.model[entity].lifecycle.as_ref().is_some_and(|lifecycle| lifecycle.field == index);
            let can = field.computed.is_none()
                && !field.list
                && !state
                && !matches!(field.kind, FieldKind::File | FieldKind::Link(_) | FieldKind::Duration);
            if !can {
                let message = format!("`{name}` is nothing that can be proposed");
                let help = "propose texts, numbers, dates, choices and codes: a state, a link and a file are a person's own";
                self.problem(at, Kind::Shape, message, help);
            } else if found.contains(&index) {
                self.problem(at, Kind::Duplicate, format!("`{name}` is proposed twice"), "name it once");
            } else {
                found.push(index);
            }
        }
        if self.model[entity].origin != Origin::Written {
            let message = format!("`{}` is what people themselves say", self.model[entity].name);
            self.problem(
                at,
                Kind::Shape,
                message,
                "propose fields of an entity that you have written under `entities`",
            );
            return None;
        }
        if found.len() > MOST_FIELDS {
            let message = format!("{} fields are more than a person judges at once", found.len());
            self.problem(at, Kind::Shape, message, format!("propose at most {MOST_FIELDS}"));
        }
        (!found.is_empty()).then_some((anew, entity, found))
    }

    /// Those who apply a proposal write these fields anyway.
    fn may_apply(
        &mut self,
        (roles, action, by_author): (&[RoleIndex], Action, bool),
        (entity, fields): (EntityIndex, &[FieldIndex]),
        at: &Pointer,
    ) {
        let at = at.join("applied by");
        let word = if action == Action::Update { "update" } else { "create" };
        if roles.is_empty() {
            let message = match by_author {
                true => format!("nobody may {word} these fields of `{}`", self.model[entity].name),
                false => "nobody applies what is proposed".to_owned(),
            };
            self.problem(&at, Kind::Access, message, "name a role that may write it, or `author`");
        }
        for role in roles {
            let granted = self
                .model
                .grants(*role, entity)
                .any(|grant| grant.allows(action) && fields.iter().all(|field| grant.fields.covers(*field)));
            let never = self.model[entity]
                .never
                .iter()
                .any(|(of, hidden)| of == role && fields.iter().any(|field| hidden.contains(field)));
            if !granted || never {
                let (role, entity) = (self.model[*role].name.clone(), self.model[entity].name.clone());
                self.problem(
                    &at,
                    Kind::Access,
                    format!("`{role}` may not {word} all that is proposed of `{entity}`"),
                    format!("grant `{role}: {word}` there first, or name another role"),
                );
            }
        }
    }

    /// A new part has all that it must have.
    fn whole(&mut self, entity: EntityIndex, fields: &[FieldIndex], at: &Pointer) {
        let missing = self.model[entity].fields().find(|(index, field)| {
            field.required && field.default.is_none() && field.computed.is_none() && !fields.contains(index)
        });
        if let Some((_, field)) = missing {
            let message = format!("`{}` must be filled in, and is not proposed", field.name);
            self.problem(at, Kind::Missing, message, "propose it, too, or give it a default");
        }
    }

    /// What it reads: a text of the record, or of the one above; else what a person gives.
    fn read_by(&mut self, on: EntityIndex, from: &Name, roles: &[RoleIndex], at: &Pointer) -> AiInput {
        let own = self.model[on].field(from.as_str()).map(|field| (on, field, AiInput::Field(field)));
        let above = self.model[on].parent.as_ref().map(|parent| parent.entity);
        let above = above.and_then(|entity| {
            self.model[entity].field(from.as_str()).map(|field| (entity, field, AiInput::Above(field)))
        });
        let Some((entity, field, input)) = own.or(above) else { return AiInput::Given };
        let read = &self.model[entity][field];
        if !matches!(read.kind, FieldKind::Text | FieldKind::LongText) || read.list {
            let message = format!("`{from}` is no text that can be read");
            self.problem(
                at,
                Kind::Shape,
                message,
                "name a field of type `text` or `long text`, or a narrative",
            );
        }
        for role in roles {
            let views = self
                .model
                .grants(*role, entity)
                .any(|grant| grant.allows(Action::View) && grant.fields.covers(field));
            if !views {
                let role = self.model[*role].name.clone();
                let message = format!("`{role}` may not view `{from}`, which is read");
                self.problem(at, Kind::Access, message, "grant it there first, or let another role apply it");
            }
        }
        input
    }

    fn input_label(&self, on: EntityIndex, input: AiInput, from: &Name) -> String {
        let above = self.model[on].parent.as_ref().map(|parent| parent.entity);
        match (input, above) {
            (AiInput::Field(field), _) => self.model[on][field].label.clone(),
            (AiInput::Above(field), Some(above)) => self.model[above][field].label.clone(),
            _ => from.title(),
        }
    }
}
