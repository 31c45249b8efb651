//! The app as the templates print it: its roles, its entities in the order in which they are built, its work.

use serde::Serialize;
use spec::Model;
use spec::model::{End, EntityIndex, List, Path};

use super::entity::{EntityView, module, path};
use crate::zones;

/// What every template may print.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AppView {
    pub(crate) app: Facts,
    pub(crate) roles: Vec<RoleView>,
    pub(crate) entities: Vec<EntityView>,
    pub(crate) lists: Vec<ListView>,
    pub(crate) homes: Vec<HomeView>,
}

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
    pub(crate) idle_minutes: u64,
    pub(crate) audit_days: u64,
    pub(crate) any_lock: bool,
    pub(crate) any_never: bool,
    pub(crate) references: Vec<String>,
    pub(crate) places: Vec<PlaceView>,
    pub(crate) self_sign_up: Option<String>,
    pub(crate) mfa_for_everybody: bool,
}

/// A kind of place.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PlaceView {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) inside: Option<String>,
}

/// A role.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RoleView {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) snake: String,
    pub(crate) privileged: bool,
    pub(crate) administers_people: bool,
    pub(crate) is_patient: bool,
    /// The entity of which a person of this role is a record.
    pub(crate) self_entity: Option<String>,
    pub(crate) level: String,
}

/// A saved query.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ListView {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) function: String,
    pub(crate) path: String,
    pub(crate) about: String,
    pub(crate) roles: Vec<String>,
    pub(crate) entity: usize,
    pub(crate) condition: String,
    pub(crate) order: String,
    pub(crate) columns: Vec<String>,
    /// The table of what is missing, and for how many minutes.
    pub(crate) without: Option<String>,
    pub(crate) minutes: u64,
}

/// What somebody in a role finds on the first page.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct HomeView {
    pub(crate) role: String,
    pub(crate) lists: Vec<String>,
    /// Entities whose records the role may list, each with its path; parts are reached from their record.
    pub(crate) destinations: Vec<(String, String)>,
}

impl AppView {
    /// Prepares everything, or says what cannot be built.
    pub(crate) fn new(model: &Model) -> Result<Self, crate::Error> {
        let entities: Vec<EntityView> = model
            .build_order
            .iter()
            .enumerate()
            .map(|(at, index)| EntityView::new(model, *index, at + 1))
            .collect();
        let zone = zones::expression(&model.time_zone)
            .ok_or_else(|| crate::Error::TimeZone(model.time_zone.clone()))?;
        let lists = model.lists.iter().map(|list| list_view(model, list)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            app: facts(model, &entities, zone),
            roles: roles(model),
            homes: homes(model),
            entities,
            lists,
        })
    }
}

fn facts(model: &Model, entities: &[EntityView], zone: String) -> Facts {
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
        language: match model.language {
            spec::document::Language::English => "ENGLISH",
            spec::document::Language::Spanish => "SPANISH",
        },
        time_zone: model.time_zone.clone(),
        zone,
        idle_minutes: model.idle_minutes,
        audit_days: model.audit_days,
        any_lock: entities.iter().any(|entity| entity.policy.lock.is_some()),
        any_never: entities.iter().any(|entity| !entity.policy.nevers.is_empty()),
        references: entities.iter().filter_map(|entity| entity.reference.clone()).collect(),
        places: model
            .places
            .iter()
            .skip(1)
            .map(|place| PlaceView {
                name: place.name.to_string(),
                label: place.label.clone(),
                inside: place.inside.map(|above| model[above].name.to_string()),
            })
            .collect(),
        self_sign_up: model
            .roles
            .iter()
            .find(|role| role.sign_up == spec::document::SignUp::Open)
            .map(|role| role.name.to_string()),
        mfa_for_everybody: model.mfa_for_everybody,
    }
}

/// Names of packages that an app stands on, which it cannot have itself.
const TAKEN: &[&str] = &["safeguards", "exporter", "axum", "serde", "maud", "test", "core", "std", "alloc"];

fn roles(model: &Model) -> Vec<RoleView> {
    let view = |role: &spec::model::Role| RoleView {
        name: role.name.to_string(),
        label: role.label.clone(),
        snake: role.name.snake(),
        privileged: role.is_privileged() || model.mfa_for_everybody,
        administers_people: role.administers.iter().any(|what| *what == "people"),
        is_patient: role.self_entity.is_some() && !role.is_privileged(),
        self_entity: role.self_entity.map(|at| module(&model[at].table)),
        level: model[role.level].name.to_string(),
    };
    model.roles.iter().map(view).collect()
}

fn homes(model: &Model) -> Vec<HomeView> {
    let home = |(index, role): (spec::model::RoleIndex, &spec::model::Role)| {
        let may_list = |entity: EntityIndex| {
            model.grants(index, entity).any(|grant| grant.allows(spec::access::Action::List))
        };
        let listed = model.entities().filter(|(at, entity)| entity.parent.is_none() && may_list(*at));
        HomeView {
            role: role.name.to_string(),
            lists: model.lists_of(index).map(|list| function(list)).collect(),
            destinations: listed
                .map(|(_, entity)| (entity.plural.clone(), format!("/{}", path(&entity.table))))
                .collect(),
        }
    };
    model.roles().map(home).collect()
}

fn function(list: &List) -> String {
    list.name.snake().trim_end_matches('_').to_owned()
}

fn list_view(model: &Model, list: &List) -> Result<ListView, crate::Error> {
    let entity = &model[list.entity];
    let table = &entity.table;
    let mut conditions = Vec::new();
    let mut about = Vec::new();
    if let Some(filter) = &list.filter {
        conditions.push(format!("({})", crate::rules::sql(model, filter)?));
        about.push(filter.said.clone());
    }
    let mut without = None;
    let mut minutes = 0;
    if let Some(missing) = &list.without {
        let other = &model[missing.entity];
        let at = column_of(model, &missing.at).unwrap_or_else(|| "created_at".to_owned());
        let from = column_of(model, &missing.from).unwrap_or_else(|| "created_at".to_owned());
        let (there, link) = (&other.table, &missing.link.column);
        conditions.push(format!(
            "NOT EXISTS (SELECT 1 FROM {there} WHERE {there}.{link} = {table}.id AND {there}.{at} >= $3)"
        ));
        conditions.push(format!("{table}.{from} < $3"));
        about.push(format!("without {} in {}", other.name, missing.within));
        without = Some(there.clone());
        minutes = missing.within.minutes();
    }
    if conditions.is_empty() {
        conditions.push("TRUE".to_owned());
    }
    let sorted: Vec<String> = list
        .sort
        .iter()
        .filter_map(|key| {
            let column = column_of(model, &key.by)?;
            Some(format!("{column}{}", if key.descending { " DESC" } else { "" }))
        })
        .collect();
    let order = if sorted.is_empty() { format!("{table}.created_at DESC") } else { sorted.join(", ") };
    let number = model.build_order.iter().position(|at| *at == list.entity).unwrap_or_default();
    let columns: Vec<String> = list.shows.iter().filter_map(|path| shown(model, list.entity, path)).collect();
    let view = EntityView::new(model, list.entity, 0);
    Ok(ListView {
        name: list.name.to_string(),
        label: list.label.clone(),
        function: function(list),
        path: list.name.kebab(),
        about: about.join(", "),
        roles: list.roles.iter().map(|role| model[*role].name.to_string()).collect(),
        entity: number,
        condition: conditions.join("\n           AND "),
        order: format!("{order}, {table}.id"),
        columns: if columns.is_empty() { view.columns_shown } else { columns },
        without,
        minutes,
    })
}

/// The column of a path that ends on the record itself.
pub(crate) fn column_of(model: &Model, path: &Path) -> Option<String> {
    let entity = &model[path.start];
    match path.end {
        _ if !path.hops.is_empty() => None,
        End::Field(at) => Some(entity[at].column.clone()),
        End::CreatedAt => Some(format!("{}.created_at", entity.table)),
        End::UpdatedAt => Some("updated_at".to_owned()),
        End::Reference => Some("reference".to_owned()),
        _ => None,
    }
}

/// The line of a page that shows a path: a field of the record, or the link that the path begins with.
fn shown(model: &Model, start: EntityIndex, path: &Path) -> Option<String> {
    let entity = &model[start];
    match (path.hops.first(), path.end) {
        (Some(hop), _) => {
            let link = entity
                .fields
                .iter()
                .find(|field| field.column == hop.column)
                .map(|field| field.name.to_string());
            let parent = entity.parent.as_ref().filter(|parent| parent.column == hop.column);
            link.or_else(|| parent.map(|parent| model[parent.entity].name.to_string()))
        }
        (None, End::Field(at)) => Some(entity[at].name.to_string()),
        (None, End::Reference) => Some("reference".to_owned()),
        (None, End::Title) => entity.title.first().map(|at| entity[*at].name.to_string()),
        (None, End::Place) => Some("place".to_owned()),
        _ => None,
    }
}

