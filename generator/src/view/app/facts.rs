//! What is true of the whole app: its name, its zone, its places and its roles.

use serde::Serialize;
use spec::Model;
use spec::access::Action;
use spec::model::RoleIndex;

use crate::view::entity::{EntityView, module};

/// What is true of the whole app.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Facts {
    pub(crate) title: String,
    pub(crate) package: String,
    pub(crate) about: String,
    pub(crate) language: &'static str,
    pub(crate) time_zone: String,
    /// A Rust expression of type `Zone`.
    pub(crate) zone: String,
    pub(crate) zone_uses: bool,
    pub(crate) zone_changes: bool,
    pub(crate) calendar_hours: bool,
    pub(crate) idle_minutes: u64,
    /// The role that may look as a colleague in an emergency.
    pub(crate) impersonation: Option<String>,
    /// The roles that may break the glass, where there is a patient whom they can name exactly.
    pub(crate) break_glass: Vec<String>,
    /// The roles as which they may: of the workforce, and without far-reaching rights.
    pub(crate) impersonable: Vec<String>,
    pub(crate) audit_days: u64,
    pub(crate) any_lock: bool,
    pub(crate) any_never: bool,
    pub(crate) any_mask: bool,
    pub(crate) references: Vec<String>,
    /// Who sees records by their reference only.
    pub(crate) pseudonyms: Vec<PseudonymView>,
    pub(crate) places: Vec<PlaceView>,
    /// The role of the first person, and the kind of place where they have it.
    pub(crate) owner: Option<String>,
    pub(crate) first_place: Option<String>,
    pub(crate) self_sign_up: Option<String>,
    pub(crate) mfa_for_everybody: bool,
}

/// The roles that see records of an entity by their reference, and the identifiers that they do not see.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PseudonymView {
    pub(crate) path: String,
    pub(crate) roles: Vec<String>,
    pub(crate) hidden: Vec<String>,
}

/// A kind of place.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PlaceView {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) plural: String,
    pub(crate) inside: Option<String>,
}

/// A role.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RoleView {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) snake: String,
    pub(crate) privileged: bool,
    /// Whoever has it signs in with a second factor: it is privileged, or the app asks that of everybody.
    pub(crate) second_factor: bool,
    /// Whether people come to it by a permission that somebody gives.
    pub(crate) delegated: bool,
    /// Whoever has it is cared for here, and not of the workforce.
    pub(crate) individual: bool,
    pub(crate) administers: Vec<String>,
    /// The kind of place at which one has it: the role's own, or that of the records that its people are.
    pub(crate) place: Option<String>,
    pub(crate) is_patient: bool,
    /// The entity of which a person of this role is a record.
    pub(crate) self_entity: Option<String>,
    pub(crate) level: String,
}

pub(super) fn facts(model: &Model, entities: &[EntityView], zone: String) -> Facts {
    let words: String = model
        .app
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' })
        .collect();
    let mut package = words.split_whitespace().collect::<Vec<_>>().join("-");
    package.truncate(40);
    let package = package.trim_matches('-').to_owned();
    let usable = package.starts_with(|c: char| c.is_ascii_lowercase()) && !TAKEN.contains(&package.as_str());
    Facts {
        title: model.app.clone(),
        package: if usable { package } else { format!("app-{package}").trim_end_matches('-').to_owned() },
        about: model.about.clone(),
        language: "ENGLISH",
        time_zone: model.time_zone.clone(),
        zone_uses: zone.contains("zone::"),
        zone_changes: zone.contains("Change"),
        calendar_hours: model.calendars.iter().any(|calendar| !calendar.hours.is_empty()),
        zone,
        idle_minutes: model.idle_minutes,
        break_glass: model.break_glass.iter().map(|role| model[*role].name.to_string()).collect(),
        impersonable: impersonable(model),
        impersonation: model.impersonation.map(|role| model[role].name.to_string()),
        audit_days: model.audit_days,
        any_lock: entities.iter().any(|entity| entity.policy.lock.is_some()),
        any_never: entities.iter().any(|entity| !entity.policy.nevers.is_empty()),
        any_mask: entities.iter().any(|entity| {
            !entity.policy.nevers.is_empty()
                || entity.policy.grants.iter().any(|grant| grant.fields.is_some())
        }),
        pseudonyms: pseudonyms(model, entities),
        references: entities.iter().filter_map(|entity| entity.reference.clone()).collect(),
        places: model
            .places
            .iter()
            .skip(1)
            .map(|place| PlaceView {
                name: place.name.to_string(),
                label: place.label.clone(),
                plural: place.name.plural_title(),
                inside: place
                    .inside
                    .filter(|above| *above != Model::ORGANISATION)
                    .map(|above| model[above].name.to_string()),
            })
            .collect(),
        owner: owner(model).map(|role| role.name.to_string()),
        first_place: owner(model)
            .and_then(|role| model.place_of(role))
            .map(|place| model[place].name.to_string()),
        self_sign_up: model
            .roles
            .iter()
            .find(|role| role.sign_up == spec::document::SignUp::Open)
            .map(|role| role.name.to_string()),
        mfa_for_everybody: model.mfa_for_everybody,
    }
}

/// The roles as which an administrator may look, by the rule of the library's `identity/impersonation.rs`.
fn impersonable(model: &Model) -> Vec<String> {
    let fits = |role: &&spec::model::Role| {
        let delegated = model.permissions.iter().any(|permission| model[permission.to].name == role.name);
        !role.is_privileged() && role.administers.is_empty() && !delegated && !is_cared_for(model, role)
    };
    model.roles.iter().filter(fits).map(|role| role.name.to_string()).collect()
}

/// Names of packages that an app stands on, which it cannot have itself.
pub(super) const TAKEN: &[&str] = &[
    "safeguards",
    "exporter",
    "models",
    "deidentify",
    "axum",
    "serde",
    "maud",
    "test",
    "core",
    "std",
    "alloc",
];

pub(super) fn pseudonyms(model: &Model, entities: &[EntityView]) -> Vec<PseudonymView> {
    let mut found = Vec::new();
    for ((index, entity), view) in model.entities().zip(entities) {
        if entity.reference.is_none() {
            continue;
        }
        let identifying: Vec<_> =
            entity.fields().filter(|(_, field)| field.class == spec::Class::Identifier).collect();
        let reads = |role: RoleIndex| {
            let mut grants = model.grants(role, index).filter(|grant| grant.allows(Action::List)).peekable();
            let any = grants.peek().is_some();
            any && grants.all(|grant| identifying.iter().all(|(at, _)| !grant.fields.covers(*at)))
        };
        let roles: Vec<String> =
            model.roles().filter(|(role, _)| reads(*role)).map(|(_, role)| role.name.to_string()).collect();
        if !roles.is_empty() && !identifying.is_empty() {
            let hidden = identifying.iter().map(|(_, field)| field.name.as_str().replace([' ', '-'], "_"));
            found.push(PseudonymView { path: view.path.clone(), roles, hidden: hidden.collect() });
        }
    }
    found
}

pub(super) fn roles(model: &Model) -> Vec<RoleView> {
    let view = |role: &spec::model::Role| RoleView {
        name: role.name.to_string(),
        label: role.label.clone(),
        snake: role.name.snake(),
        privileged: role.is_privileged(),
        second_factor: role.is_privileged() || model.mfa_for_everybody,
        individual: is_cared_for(model, role),
        delegated: model.permissions.iter().any(|permission| model[permission.to].name == role.name),
        administers: role.administers.iter().map(ToString::to_string).collect(),
        place: model.place_of(role).map(|place| model[place].name.to_string()),
        is_patient: is_patient(role),
        self_entity: role.self_entity.map(|at| module(&model[at].table)),
        level: model[role.level].name.to_string(),
    };
    model.roles.iter().map(view).collect()
}

/// Whether people of the role are looked after: each of them is a record.
pub(super) fn is_patient(role: &spec::model::Role) -> bool {
    role.self_entity.is_some() && !role.is_privileged()
}

/// Whether people of the role are no workforce: they are records, and no record is assigned to them.
fn is_cared_for(model: &Model, role: &spec::model::Role) -> bool {
    let assigned = |assignment: &spec::model::Assignment| {
        assignment.roles.iter().any(|assignee| model[*assignee].name == role.name)
    };
    is_patient(role) && !model.entities.iter().any(|entity| entity.assignment.as_ref().is_some_and(assigned))
}

/// The first role that administers people: that of `create-owner`, unless told otherwise.
pub(super) fn owner(model: &Model) -> Option<&spec::model::Role> {
    model.roles.iter().find(|role| role.administers.iter().any(|what| *what == "people"))
}
