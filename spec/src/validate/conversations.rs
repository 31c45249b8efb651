//! Conversations: what people write to each other about a record, read by those who take part and by nobody else.
//!
//! `questions: { between: [patient, physician] }` implies an entity `questions`, a part of the patient: one message a record,
//! which is made and never changed. Who takes part is found at each request by what the record says today: whose record it
//! is, to whom it is assigned, whom it names. So a physician who hands a patient over keeps nothing, and no other role, however
//! much of the patient it views or administers, reads a word.

use super::{Resolver, entities::name};
use crate::{
    access::Action,
    document::{self, Field as Written},
    field_type::{Class, FieldType, Kind as FieldKind},
    model::{Conversation, Origin},
    name::Name,
    problem::{Kind, Pointer},
};

/// The table of the messages of a conversation.
pub(super) fn table(conversation: &Name) -> String {
    let name = conversation.words_joined();
    if name == "messages" || name.ends_with("_messages") { name } else { format!("{name}_messages") }
}

impl Resolver<'_> {
    /// The entity of each conversation.
    pub(super) fn conversation_sources(&mut self) {
        let document = self.document;
        for (index, (conversation, written)) in document.conversations.iter().enumerate() {
            let at = Pointer::root().join("conversations").join(conversation);
            let Some(about) = about(document, written) else {
                let message =
                    format!("`{conversation}` is about no record, so nothing says who takes part in which");
                let help = "write `about: patient`, or name a role that is a record, as in `patient: { self: patient }`";
                self.problem(&at.join("about"), Kind::Missing, message, help);
                continue;
            };
            if written.between.len() < 2 {
                let message = format!("nobody answers in `{conversation}`");
                self.problem(
                    &at.join("between"),
                    Kind::Shape,
                    message,
                    "name at least two roles, as in `between: [patient, physician]`",
                );
            }
            let mut access = crate::Map::new();
            for (i, role) in written.between.iter().enumerate() {
                let here = at.join("between").join(i);
                let Some(known) = document.roles.get(role) else {
                    self.role(role, &here);
                    continue;
                };
                if access.contains_key(role) {
                    let message = format!("`{role}` takes part twice");
                    self.problem(&here, Kind::Duplicate, message, "name each role once");
                    continue;
                }
                // That there is none of that name is said where it is named.
                if !document.entities.contains_key(&about) {
                    continue;
                }
                let Some(scope) = taking_part(document, role, known, &about) else {
                    let message = format!(
                        "nothing says which `{role}` takes part in the conversation about a `{about}`"
                    );
                    let help = format!(
                        "assign `{about}` to `{role}`, give it a field of the type `link {role}`, or say `{role}: {{ self: … }}`"
                    );
                    self.problem(&here, Kind::Access, message, help);
                    continue;
                };
                let granted = format!("view, create {scope}").parse::<crate::Access>();
                access.insert(role.clone(), granted.expect("a text of the grammar of access"));
            }
            self.add_source(
                conversation.clone(),
                entity(conversation, written, about, access),
                Origin::Conversation(index),
                at,
            );
        }
    }

    /// Conversations, once their entities are known.
    pub(super) fn conversations(&mut self) {
        for (name, written) in &self.document.conversations {
            let entity = self.entity_names.get(name).copied();
            let Some(entity) =
                entity.filter(|entity| matches!(self.model[*entity].origin, Origin::Conversation(_)))
            else {
                continue;
            };
            let Some(about) = self.model[entity].parent.as_ref().map(|parent| parent.entity) else {
                continue;
            };
            let between: Vec<_> =
                written.between.iter().filter_map(|role| self.role_names.get(role).copied()).collect();
            for (i, role) in between.iter().enumerate() {
                if !self.model.grants(*role, about).any(|grant| grant.allows(Action::View)) {
                    let (role, about) = (self.model[*role].name.clone(), self.model[about].name.clone());
                    let message = format!(
                        "`{role}` takes part in `{name}`, but may not view the {about} that it is about"
                    );
                    let at = Pointer::root().join("conversations").join(name).join("between").join(i);
                    self.problem(
                        &at,
                        Kind::Access,
                        message,
                        format!("grant `{role}` to view it, if only its reference"),
                    );
                }
            }
            self.model.conversations.push(Conversation {
                name: name.clone(),
                label: self.model[entity].plural.clone(),
                entity,
                about,
                between,
            });
        }
    }
}

/// What it is about: as it says, or the record that the first of its roles is which is one.
fn about(document: &document::AppSpec, written: &document::Conversation) -> Option<Name> {
    let mut selves = written.between.iter().filter_map(|role| document.roles.get(role)?.self_entity.clone());
    written.about.clone().or_else(|| selves.next())
}

/// By what a role takes part in what is written about a record: it is theirs, or is assigned to them, or names them; or so
/// does what the record is a part of.
fn taking_part(
    document: &document::AppSpec,
    role: &Name,
    known: &document::RoleDocument,
    about: &Name,
) -> Option<String> {
    let mut here = about.clone();
    let mut above = Vec::new();
    // As many steps as there are entities at most: a part of itself is complained about elsewhere.
    for _ in 0..=document.entities.len() {
        let entity = document.entities.get(&here)?;
        if known.self_entity.as_ref() == Some(&here) {
            return Some("own".into());
        }
        if entity.assigned_to.as_ref().is_some_and(|assigned| assigned.role.contains(role)) {
            return Some("assigned".into());
        }
        above.push(here.to_string());
        let names = |to: &Name| to == role || known.self_entity.as_ref() == Some(to);
        let mut links = entity.fields.iter().filter(|(_, field)| {
            let kind = field.stored.as_ref().map(|stored| &stored.kind);
            matches!(kind, Some(FieldKind::Link(to)) if names(to))
        });
        if let Some((field, _)) = links.next() {
            return Some(format!("own by {field} via {}", above.join(".")));
        }
        here = entity.part_of.clone()?;
    }
    None
}

fn entity(
    conversation: &Name,
    written: &document::Conversation,
    about: Name,
    access: crate::Map<crate::Access>,
) -> document::Entity {
    let mut text = FieldType::new(Class::Narrative, FieldKind::LongText);
    text.required = true;
    let mut fields = crate::Map::new();
    let said = Written { stored: Some(text), label: Some("Message".into()), ..Written::default() };
    fields.insert(name("text"), said);
    document::Entity {
        part_of: Some(about),
        label: Some("Message".into()),
        plural: Some(written.label.clone().unwrap_or_else(|| conversation.title())),
        fields,
        access: Some(access),
        ..document::Entity::default()
    }
}
