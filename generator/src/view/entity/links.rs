//! What a record links to: the record above it, its place, its person, and those that its fields name.

use serde::Serialize;
use spec::model::{Entity, EntityIndex, Model, Target};

use super::EntityView;
use super::words::{module, path, with_article};
use crate::doors::rust_literal;

/// The ids of the columns that link a record to its parent, its place and its person. They are plain,
/// so the ids bind nothing; they only have to differ from those that `app.lock` hands out.
const PARENT: u32 = 60_001;

const PLACE: u32 = 60_002;

const PERSON: u32 = 60_003;

/// The column that keeps which version of a form was answered.
const FORM_VERSION: u32 = 60_004;

/// A column that every page and every answer has beside the fields: parent, place, login.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct OwnLinkView {
    pub(crate) column: String,
    pub(crate) field: String,
    pub(crate) label: String,
    pub(crate) doc: String,
    pub(crate) content: Option<String>,
    pub(crate) form: Option<String>,
    pub(crate) fill: Option<String>,
    /// Whether it stands over the fields: what the record is a part of does.
    pub(crate) first: bool,
}

/// The record that another is a part of.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ParentView {
    pub(crate) name: String,
    pub(crate) a_name: String,
    pub(crate) label: String,
    pub(crate) snake: String,
    pub(crate) module: String,
    pub(crate) path: String,
    pub(crate) table: String,
    pub(crate) constant: String,
    pub(crate) column: String,
    /// `patient_id`'s field name in the descriptor.
    pub(crate) field: String,
    /// Whether its pages have a banner, which says whom they are about.
    pub(crate) has_banner: bool,
}

/// A kind of record that is a part of this one.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PartView {
    pub(crate) label_plural: String,
    pub(crate) module: String,
    pub(crate) path: String,
    pub(crate) constant: String,
    pub(crate) column: String,
}

/// Another entity, or the people of a role, that records link to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct LinkView {
    /// Whether it leads to another part of the same whole.
    pub(crate) beside: bool,
    pub(crate) column: String,
    pub(crate) to: String,
    pub(crate) label: String,
    pub(crate) parent: bool,
}

impl EntityView {
    pub(super) fn links_of_its_own(&self, model: &Model, entity: &Entity) -> Vec<OwnLinkView> {
        let mut links = Vec::new();
        if let Some(parent) = &self.parent {
            links.push(OwnLinkView {
                column: parent.column.clone(),
                field: parent.field.clone(),
                label: parent.label.clone(),
                doc: format!("The {} that it is part of.", parent.name),
                content: Some(format!("names.link(\"/{}\", &record.{})", parent.path, parent.column)),
                form: None,
                fill: None,
                first: true,
            });
        }
        if self.has_place {
            links.push(OwnLinkView {
                column: "place_id".into(),
                field: "place".into(),
                label: model[entity.place].label.clone(),
                doc: format!("The {} whose record it is.", model[entity.place].name),
                content: Some("names.place(&record.place_id)".into()),
                form: None,
                fill: None,
                first: false,
            });
        }
        if self.has_person {
            links.push(OwnLinkView {
                column: "person_id".into(),
                field: "login".into(),
                label: "Signs in as".into(),
                doc: "The person who signs in as this record.".into(),
                content: Some("names.person(&record.person_id)".into()),
                form: Some(
                    "links.field(\"person_id\", \"Signs in as\")\
                     .hint(\"The account by which this person sees the record.\").optional()"
                        .into(),
                ),
                fill: Some(".with(\"person_id\", record.person_id.known())".into()),
                first: false,
            });
        }
        links
    }

    pub(super) fn descriptors_of_links(&self) -> Vec<String> {
        let mut descriptors = Vec::new();
        if let Some(parent) = &self.parent {
            let [field, column, table] =
                [&parent.field, &parent.column, &parent.table].map(|name| rust_literal(name));
            descriptors
                .push(format!("Field::plain({field}, {PARENT}, Kind::Uuid).column({column}).to({table})"));
        }
        if self.has_place {
            descriptors.push(format!("Field::plain(\"place\", {PLACE}, Kind::Uuid).column(\"place_id\")"));
        }
        if self.has_person {
            descriptors.push(format!("Field::plain(\"login\", {PERSON}, Kind::Uuid).column(\"person_id\")"));
        }
        if self.form_version.is_some() {
            descriptors.push(format!(
                "Field::plain(\"form version\", {FORM_VERSION}, Kind::Integer).column(\"form_version\")"
            ));
        }
        descriptors
    }
}

pub(super) fn parent_field(entity: &Entity, above: &Entity) -> String {
    let name = above.name.as_str();
    if entity.field(name).is_some() { format!("{name} above") } else { name.to_owned() }
}

pub(super) fn parent(model: &Model, entity: &Entity) -> Option<ParentView> {
    let parent = entity.parent.as_ref()?;
    let above = &model[parent.entity];
    Some(ParentView {
        name: above.name.to_string(),
        a_name: with_article(above.name.as_str()),
        label: above.label.clone(),
        snake: above.name.snake().trim_end_matches('_').to_owned(),
        module: module(&above.table),
        path: path(&above.table),
        table: above.table.clone(),
        constant: above.name.snake().trim_end_matches('_').to_uppercase(),
        column: parent.column.clone(),
        field: parent_field(entity, above),
        has_banner: super::pictures::banner(model, parent.entity).is_some(),
    })
}

pub(super) fn parts(model: &Model, entity: &Entity) -> Vec<PartView> {
    entity.parts.iter().map(|at| part(&model[*at])).collect()
}

pub(super) fn part(part: &Entity) -> PartView {
    PartView {
        label_plural: part.plural.clone(),
        module: module(&part.table),
        path: path(&part.table),
        constant: part.name.snake().trim_end_matches('_').to_uppercase(),
        column: part.parent.as_ref().map(|parent| parent.column.clone()).unwrap_or_default(),
    }
}

pub(super) fn links(model: &Model, entity: &Entity, entities: bool) -> Vec<LinkView> {
    let mut links = Vec::new();
    if let (true, Some(parent)) = (entities, &entity.parent) {
        let above = &model[parent.entity];
        let (column, to) = (parent.column.clone(), module(&above.table));
        links.push(LinkView { beside: false, column, to, label: above.label.clone(), parent: true });
    }
    for field in &entity.fields {
        let to = match (field.target, entities) {
            (Some(Target::Entity(to)), true) => module(&model[to].table),
            (Some(Target::Person(role)), false) => model[role].name.to_string(),
            _ => continue,
        };
        let beside = beside(model, entity, field);
        links.push(LinkView {
            beside,
            column: field.column.clone(),
            to,
            label: field.label.clone(),
            parent: false,
        });
    }
    if !entities {
        let label = || "Signs in as".to_owned();
        let role = |role: &spec::model::RoleIndex| model[*role].name.to_string();
        links.extend(entity.self_roles.first().map(role).map(|to| LinkView {
            beside: false,
            column: "person_id".to_owned(),
            to,
            label: label(),
            parent: false,
        }));
    }
    links
}

/// Whether a field links to another part of the same whole.
pub(crate) fn beside(model: &Model, entity: &Entity, field: &spec::model::Field) -> bool {
    let Some(Target::Entity(to)) = field.target else { return false };
    let (own, theirs) = (entity.parent.as_ref(), model[to].parent.as_ref());
    own.zip(theirs).is_some_and(|(own, theirs)| own.entity == theirs.entity)
}

/// Whom a row is about, for an accounting of disclosures (45 CFR 164.528): the column that names them, or, of a part of
/// a part, the query that goes up to it.
pub(crate) fn subject(model: &Model, index: EntityIndex) -> Option<String> {
    let entity = &model[index];
    if is_subject(entity) {
        return Some("id".to_owned());
    }
    let mut way = Vec::new();
    let mut at = entity;
    let column = loop {
        match &at.parent {
            Some(parent) if is_subject(&model[parent.entity]) => break parent.column.clone(),
            Some(parent) => {
                way.push(parent);
                at = &model[parent.entity];
            }
            // What is part of nobody's record may still name them.
            None => match subject_link(model, at) {
                Some(column) => break column,
                None => return subject_link(model, entity),
            },
        }
    };
    let Some((first, rest)) = way.split_first() else { return Some(column) };
    let last = way.len();
    let mut joins = format!("{} r1", model[first.entity].table);
    for (step, parent) in (2..).zip(rest) {
        joins += &format!(
            " JOIN {0} r{step} ON r{step}.id = r{1}.{2}",
            model[parent.entity].table,
            step - 1,
            parent.column
        );
    }
    Some(format!("(SELECT r{last}.{column} FROM {joins} WHERE r1.id = {}.{})", entity.table, first.column))
}

pub(super) fn subject_link(model: &Model, entity: &Entity) -> Option<String> {
    let leads = |target| matches!(target, Some(Target::Entity(to)) if is_subject(&model[to]));
    entity.fields.iter().find(|field| leads(field.target)).map(|field| field.column.clone())
}

/// Whether records of the entity are people who are cared for: somebody signs in as one, or they have
/// a pseudonymous reference.
pub(crate) fn is_subject(entity: &Entity) -> bool {
    entity.parent.is_none() && (!entity.self_roles.is_empty() || entity.reference.is_some())
}
