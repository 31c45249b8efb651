//! The plan that people approve before anything is built: who sees what of whose, and where PHI is.

mod declared;

pub use declared::{PlannedEntry, PlannedSection, declared};

use crate::{
    access::{Action, Grant, Mask, Reach, Step},
    field_type::Class,
    model::{Entity, EntityIndex, Model, Storage},
};

/// A readable summary of a valid spec.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Plan {
    /// The product's name.
    pub app: String,
    /// The roles.
    pub roles: Vec<PlannedRole>,
    /// Who may do what: one line a grant. What has no line is denied.
    pub access: Vec<PlannedAccess>,
    /// Every field that tells something about a person.
    pub phi: Vec<PlannedField>,
}

/// A role, and why it needs a second factor.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PlannedRole {
    /// What people call it.
    pub role: String,
    /// Why it needs a second factor, if it does.
    pub privileged: Option<String>,
}

/// One line of the access matrix.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PlannedAccess {
    /// The role.
    pub role: String,
    /// The entity.
    pub entity: String,
    /// What it may do: `view, update`.
    pub actions: Vec<String>,
    /// With which records: `assigned to them`.
    pub records: String,
    /// Which fields; `all`, or their names. The reference goes with every record.
    pub fields: String,
    /// What is never shown, whatever else is granted.
    pub never: Vec<String>,
}

/// One line of the PHI map.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PlannedField {
    /// The entity.
    pub entity: String,
    /// The field.
    pub field: String,
    /// Its PHI class.
    pub class: String,
    /// How it is kept: `sealed`, `sealed, found by exact value`, `readable by the database`, `computed`.
    pub kept: String,
    /// Its sensitivity label, if it has one.
    pub sensitivity: Option<String>,
    /// The roles that may view it, each once.
    pub viewed_by: Vec<String>,
    /// Why it is collected, if the spec says so.
    pub purpose: Option<String>,
}

/// The plan of a model. A pure function: the CLI, the compliance report and the dashboard print it.
pub fn plan(model: &Model) -> Plan {
    let roles = model
        .roles
        .iter()
        .map(|role| PlannedRole { role: role.label.clone(), privileged: role.privileged.clone() });
    let mut access = Vec::new();
    let mut phi = Vec::new();
    for (index, entity) in model.entities() {
        for grant in &entity.grants {
            access.push(line(model, index, entity, grant));
        }
        for (field_index, field) in entity.fields().filter(|(_, field)| field.class != Class::None) {
            let mut viewed_by: Vec<String> = Vec::new();
            for (role_index, role) in model.roles() {
                let never = entity
                    .never
                    .iter()
                    .any(|(of, fields)| *of == role_index && fields.contains(&field_index));
                let viewed = model
                    .grants(role_index, index)
                    .any(|grant| grant.allows(Action::View) && grant.fields.covers(field_index));
                if viewed && !never {
                    viewed_by.push(role.label.clone());
                }
            }
            let kept = match &field.storage {
                Storage::Plain | Storage::Queryable => "readable by the database",
                Storage::Sealed { lookup: None } => "sealed",
                Storage::Sealed { lookup: Some(_) } => "sealed, found by exact value",
                Storage::Computed => "computed, not kept",
            };
            phi.push(PlannedField {
                entity: entity.label.clone(),
                field: field.label.clone(),
                class: field.class.to_string(),
                kept: kept.into(),
                sensitivity: field.sensitivity.map(|label| label.to_string()),
                viewed_by,
                purpose: field.purpose.clone(),
            });
        }
    }
    Plan { app: model.app.clone(), roles: roles.collect(), access, phi }
}

fn line(model: &Model, index: EntityIndex, entity: &Entity, grant: &Grant) -> PlannedAccess {
    let names = |fields: &[crate::model::FieldIndex]| {
        fields.iter().map(|field| entity[*field].name.to_string()).collect::<Vec<_>>()
    };
    let only_acts = !grant
        .actions
        .iter()
        .any(|action| matches!(action, Action::View | Action::List | Action::Create | Action::Update));
    let fields = match &grant.fields {
        _ if only_acts => "–".into(),
        Mask::All => "all".into(),
        Mask::Only(fields) if fields.is_empty() => "the reference only".into(),
        Mask::Only(fields) => names(fields).join(", "),
    };
    let never = entity
        .never
        .iter()
        .filter(|(role, _)| *role == grant.role)
        .flat_map(|(_, fields)| names(fields))
        .collect();
    PlannedAccess {
        role: model[grant.role].label.clone(),
        entity: entity.label.clone(),
        actions: grant.actions.iter().filter_map(|action| action_word(entity, grant, *action)).collect(),
        records: records(model, index, grant),
        fields,
        never,
    }
}

fn action_word(entity: &Entity, grant: &Grant, action: Action) -> Option<String> {
    let word = match action {
        Action::View => "view",
        Action::List if grant.allows(Action::View) => return None,
        Action::List => "list",
        Action::Create => "create",
        Action::Update => "update",
        Action::Delete => "delete",
        Action::Print => "print",
        Action::Download => "download",
        Action::Export => "export",
        Action::Assign => "assign",
        Action::Claim => "claim",
        Action::Fill => "fill in by a form",
        Action::Move(index) => {
            return entity.lifecycle.as_ref().map(|lifecycle| lifecycle.moves[index].name.to_string());
        }
    };
    Some(word.into())
}

fn records(model: &Model, index: EntityIndex, grant: &Grant) -> String {
    let end = grant.path.last().map_or(index, Step::entity);
    let end_name = &model[end].name;
    let of_end =
        |text: String| if grant.path.is_empty() { text } else { format!("whose {end_name} is {text}") };
    let mut text = match &grant.reach {
        Reach::Own(column) if column == "created_by_id" => of_end("created by them".into()),
        Reach::Own(_) => of_end("their own".into()),
        Reach::Assigned { past: false } => of_end("assigned to them".into()),
        Reach::Assigned { past: true } => of_end("assigned to them, now or before".into()),
        Reach::Unassigned => of_end("assigned to nobody".into()),
        Reach::Place(place) if *place == Model::ORGANISATION => "all of the organisation".into(),
        Reach::Place(place) => format!("all of their {}", model[*place].name),
        Reach::Viewable => format!("whose {end_name} they may view"),
        Reach::Inherited(action) => {
            let word = action_word(&model[end], grant, *action).unwrap_or_else(|| "list".into());
            format!("whose {end_name} they may {word}")
        }
        Reach::Permitted(permission) => format!("that somebody gave them by {}", model[*permission].name),
        Reach::Everywhere => "all".into(),
    };
    if !grant.when.is_empty() {
        let states: Vec<_> = grant.when.iter().map(ToString::to_string).collect();
        text += &format!(", when {}", states.join(" or "));
    }
    text
}
