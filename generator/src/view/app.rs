//! The app as the templates print it: its roles, its entities in the order in which they are built, its work.

use serde::Serialize;
use spec::Model;
use spec::access::Action;
use spec::model::{Aggregate, Calendar, End, EntityIndex, List, Measure, PageItem, Path, RoleIndex, Target};

use super::entity::{EntityView, module, path};
use super::policy::PolicyView;
use crate::zones;

/// What every template may print.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AppView {
    pub(crate) app: Facts,
    pub(crate) roles: Vec<RoleView>,
    pub(crate) entities: Vec<EntityView>,
    /// PostgreSQL's second fence.
    pub(crate) fence: super::rls::FenceView,
    pub(crate) lists: Vec<ListView>,
    pub(crate) homes: Vec<HomeView>,
    pub(crate) measures: Vec<MeasureView>,
    pub(crate) calendars: Vec<CalendarView>,
    pub(crate) pages: Vec<PageView>,
    pub(crate) own_records: Vec<OwnRecordView>,
    pub(crate) list_modules: Vec<ModuleView>,
    /// `src/rules.rs`, made by `quote`; empty when the spec computes nothing.
    pub(crate) rules: String,
    pub(crate) seed: super::seed::SeedView,
    pub(crate) uses_rules: bool,
    pub(crate) uses_post: bool,
    /// Whether any record has a move that a test can make by itself.
    pub(crate) any_lifecycle: bool,
    /// Whether anything is booked whose time has an end and that somebody may change.
    pub(crate) any_booking: bool,
    /// Whether any record can be claimed.
    pub(crate) any_claim: bool,
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
    pub(crate) zone_uses: bool,
    pub(crate) zone_changes: bool,
    pub(crate) calendar_hours: bool,
    pub(crate) idle_minutes: u64,
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

fn pseudonyms(model: &Model, entities: &[EntityView]) -> Vec<PseudonymView> {
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
    pub(crate) administers: Vec<String>,
    /// The kind of place at which one has it: the role's own, or that of the records that its people are.
    pub(crate) place: Option<String>,
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
    pub(crate) empty_title: String,
    pub(crate) function: String,
    pub(crate) path: String,
    pub(crate) about: String,
    pub(crate) roles: Vec<String>,
    pub(crate) entity: usize,
    pub(crate) condition: String,
    pub(crate) order: String,
    pub(crate) columns: Vec<String>,
    /// The table of what is missing, and for how many minutes.
    pub(crate) without: bool,
    pub(crate) minutes: u64,
    /// Other tables that the statement asks.
    pub(crate) beside: Vec<String>,
    /// The numbers of its own values, by what is bound.
    pub(crate) today: bool,
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
        let mut entities: Vec<EntityView> = model
            .build_order
            .iter()
            .enumerate()
            .map(|(at, index)| EntityView::new(model, *index, at + 1))
            .collect();
        // What links where, whether by a form, and whether to another part of the same whole.
        let links: Vec<(String, bool, bool)> = entities
            .iter()
            .flat_map(|entity| {
                let forms = entity.policy.creatable || entity.policy.updatable;
                let linked = entity.linked_entities.iter();
                linked.map(move |link| (link.to.clone(), forms && !link.parent, link.beside))
            })
            .collect();
        for entity in &mut entities {
            let resource = model.calendars.iter().flat_map(|calendar| {
                let of = &model[calendar.entity];
                calendar.resources.iter().filter_map(|at| of[*at].target)
            });
            let booked = resource.into_iter().any(
                |target| matches!(target, Target::Entity(to) if module(&model[to].table) == entity.module),
            );
            entity.offered = booked || links.contains(&(entity.module.clone(), true, false));
            entity.offered_beside = links.contains(&(entity.module.clone(), true, true));
            entity.titled = links.iter().any(|(to, ..)| *to == entity.module);
        }
        if model.language == spec::document::Language::Spanish {
            return Err(crate::Error::Language("Spanish"));
        }
        let zone = zones::expression(&model.time_zone)
            .ok_or_else(|| crate::Error::TimeZone(model.time_zone.clone()))?;
        let lists = model.lists.iter().map(|list| list_view(model, list)).collect::<Result<Vec<_>, _>>()?;
        let mut list_modules: Vec<ModuleView> = lists
            .iter()
            .filter_map(|list| entities.get(list.entity))
            .map(|entity| ModuleView { module: entity.module.clone(), pascal: entity.pascal.clone() })
            .collect();
        let rules = crate::rules::file(model)?;
        let seed = super::seed::SeedView::new(model);
        list_modules.sort();
        list_modules.dedup();
        Ok(Self {
            app: facts(model, &entities, zone),
            fence: super::rls::FenceView::new(model),
            roles: roles(model),
            homes: homes(model),
            measures: model
                .measures
                .iter()
                .map(|measure| measure_view(model, measure))
                .collect::<Result<_, _>>()?,
            calendars: model.calendars.iter().map(|calendar| calendar_view(model, calendar)).collect(),
            own_records: own_records(model),
            pages: model.pages.iter().map(|page| page_view(model, page)).collect(),
            uses_rules: !rules.is_empty(),
            uses_post: entities.iter().any(|entity| {
                let claims = entity.assignment.as_ref().is_some_and(|assignment| assignment.claim);
                entity.private_filters || entity.lifecycle.is_some() || entity.policy.assignable || claims
            }),
            any_lifecycle: entities.iter().filter_map(|entity| entity.lifecycle.as_ref()).any(|lifecycle| {
                let first = |step: &super::entity::MoveView| step.from.contains(&lifecycle.first);
                lifecycle.moves.iter().any(|step| first(step) && step.guard.is_none() && step.needs.is_none())
            }),
            any_booking: entities.iter().any(|entity| {
                let made = seed_makes(&seed, entity);
                made && entity.policy.updatable
                    && entity.bookings.iter().any(|booking| booking.end_column.is_some())
            }),
            any_claim: entities
                .iter()
                .any(|entity| entity.assignment.as_ref().is_some_and(|assignment| assignment.claim)),
            seed,
            rules,
            list_modules,
            entities,
            lists,
        })
    }
}

/// Whether the made-up records hold some of this entity.
fn seed_makes(seed: &super::seed::SeedView, entity: &EntityView) -> bool {
    seed.records.iter().any(|records| records.module == entity.module)
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
        language: "ENGLISH",
        time_zone: model.time_zone.clone(),
        zone_uses: zone.contains("zone::"),
        zone_changes: zone.contains("Change"),
        calendar_hours: model.calendars.iter().any(|calendar| !calendar.hours.is_empty()),
        zone,
        idle_minutes: model.idle_minutes,
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
            .and_then(|role| place_of(model, role))
            .map(|place| model[place].name.to_string()),
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
        administers: role.administers.iter().map(ToString::to_string).collect(),
        place: place_of(model, role).map(|place| model[place].name.to_string()),
        is_patient: role.self_entity.is_some() && !role.is_privileged(),
        self_entity: role.self_entity.map(|at| module(&model[at].table)),
        level: model[role.level].name.to_string(),
    };
    model.roles.iter().map(view).collect()
}

/// The first role that administers people: that of `create-owner`, unless told otherwise.
fn owner(model: &Model) -> Option<&spec::model::Role> {
    model.roles.iter().find(|role| role.administers.iter().any(|what| *what == "people"))
}

/// Where one has a role: at a place of its own level; or, for who signs in as a record of theirs, at that record's
/// place. None for the whole organisation.
pub(crate) fn place_of(model: &Model, role: &spec::model::Role) -> Option<spec::model::PlaceIndex> {
    let level = match role.self_entity {
        Some(entity) if role.level == Model::ORGANISATION => model[entity].place,
        _ => role.level,
    };
    (level != Model::ORGANISATION).then_some(level)
}

/// What people call the record that they are, where they see no other.
const MY_DETAILS: &str = "My details";

fn only_own(model: &Model, role: RoleIndex, entity: EntityIndex) -> bool {
    let own = |grant: &spec::access::Grant| matches!(grant.reach, spec::access::Reach::Own(_));
    model[role].self_entity == Some(entity)
        && model.grants(role, entity).filter(|grant| grant.allows(Action::List)).all(own)
}

fn homes(model: &Model) -> Vec<HomeView> {
    let home = |(index, role): (spec::model::RoleIndex, &spec::model::Role)| {
        let may_list = |entity: EntityIndex| {
            model.grants(index, entity).any(|grant| grant.allows(spec::access::Action::List))
        };
        let listed = model.entities().filter(|(at, entity)| entity.parent.is_none() && may_list(*at));
        HomeView {
            role: role.name.to_string(),
            lists: model.lists_of(index).map(|list| function(&list.name, "list")).collect(),
            destinations: listed
                .map(|(at, entity)| {
                    let label = if only_own(model, index, at) {
                        MY_DETAILS.to_owned()
                    } else {
                        entity.plural.clone()
                    };
                    (label, format!("/{}", path(&entity.table)))
                })
                .chain(screens(model, index, role))
                .collect(),
        }
    };
    model.roles().map(home).collect()
}

/// What a role finds beside its records: calendars, measures, and the people whom it administers.
fn screens(
    model: &Model,
    index: spec::model::RoleIndex,
    role: &spec::model::Role,
) -> impl Iterator<Item = (String, String)> {
    let calendars = model
        .calendars_of(index)
        .map(|calendar| (calendar.label.clone(), format!("/calendars/{}", calendar.name.kebab())));
    let measures = model.measures_of(index).take(1).map(|_| ("Measures".to_owned(), "/measures".to_owned()));
    let administers = role.administers.iter().any(|what| *what == "people");
    let people = administers.then(|| ("People".to_owned(), "/account/people".to_owned()));
    let pages =
        model.pages_of(index).map(|page| (page.label.clone(), format!("/pages/{}", page.name.kebab())));
    let places =
        (administers && model.places.len() > 1).then(|| ("Places".to_owned(), "/account/places".to_owned()));
    pages.chain(calendars).chain(measures).chain(people).chain(places)
}

/// The stem of the functions of a list, a measure, a calendar or a page. A name that Rust has taken says what it is of:
/// the list `self` is `self_list`.
fn function(name: &spec::Name, kind: &str) -> String {
    let snake = name.snake();
    match snake.strip_suffix('_') {
        Some(reserved) => format!("{reserved}_{kind}"),
        None => snake,
    }
}

fn list_view(model: &Model, list: &List) -> Result<ListView, crate::Error> {
    let entity = &model[list.entity];
    let table = &entity.table;
    let mut conditions = Vec::new();
    let mut about = Vec::new();
    let mut beside = Vec::new();
    if let Some(filter) = &list.filter {
        let (text, tables) = crate::rules::sql(model, table, filter)?;
        conditions.push(text);
        beside.extend(tables);
        about.push(filter.said.clone());
    }
    let mut minutes = 0;
    let mut without = false;
    if let Some(missing) = &list.without {
        let other = &model[missing.entity];
        let at = bare(column_of(model, &missing.at));
        let from = bare(column_of(model, &missing.from));
        let (there, link) = (&other.table, &missing.link.column);
        conditions.push(format!(
            "NOT EXISTS (SELECT 1 FROM {there} WHERE {there}.{link} = {table}.id AND {there}.{at} >= $3)"
        ));
        conditions.push(format!("{table}.{from} < $3"));
        about.push(format!("without {} in {}", other.name, missing.within));
        without = true;
        beside.push(there.clone());
        minutes = missing.within.minutes();
    }
    if let Some(assignment) = entity.assignment.as_ref().filter(|_| list.claim) {
        let (there, column) = (&assignment.table, &assignment.column);
        conditions.push(format!(
            "NOT EXISTS (SELECT 1 FROM {there} WHERE {there}.{column} = {table}.id AND {there}.ends_at IS NULL)"
        ));
        about.push("assigned to nobody".to_owned());
        beside.push(there.clone());
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
    let condition = conditions.join("\n           AND ");
    Ok(ListView {
        name: list.name.to_string(),
        label: list.label.clone(),
        empty_title: format!("{}: none", list.label),
        function: function(&list.name, "list"),
        path: list.name.kebab(),
        about: about.join(", "),
        roles: list.roles.iter().map(|role| model[*role].name.to_string()).collect(),
        entity: number,
        order: format!("{order}, {table}.id"),
        columns: if columns.is_empty() { view.columns_shown } else { columns },
        today: condition.contains(":today"),
        condition: condition.replace(":today", if without { "$4" } else { "$3" }),
        without,
        minutes,
        beside,
    })
}

/// A column without its table; what has none was created at some time.
fn bare(column: Option<String>) -> String {
    let column = column.unwrap_or_else(|| "created_at".to_owned());
    column.rsplit('.').next().unwrap_or_default().to_owned()
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

/// A measure.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MeasureView {
    pub(crate) label: String,
    pub(crate) function: String,
    pub(crate) path: String,
    pub(crate) about: String,
    pub(crate) roles_constant: String,
    pub(crate) roles: Vec<String>,
    pub(crate) entity: usize,
    pub(crate) group: String,
    /// Whether there is more than one cell.
    pub(crate) grouped: bool,
    pub(crate) value: String,
    pub(crate) condition: Option<String>,
    pub(crate) kind: &'static str,
    pub(crate) interval: &'static str,
    pub(crate) hide_under: u32,
    pub(crate) bars: bool,
    pub(crate) unit: String,
    pub(crate) beside: Vec<String>,
    pub(crate) today: bool,
}

fn measure_view(model: &Model, measure: &Measure) -> Result<MeasureView, crate::Error> {
    let entity = &model[measure.entity];
    let mut about = Vec::new();
    let mut beside = Vec::new();
    let mut ask = |expression| {
        let (text, tables) = crate::rules::sql(model, &entity.table, expression)?;
        beside.extend(tables);
        Ok(text)
    };
    let condition = match &measure.filter {
        Some(filter) => {
            about.push(filter.said.clone());
            Some(ask(filter)?)
        }
        None => None,
    };
    let double = |column: &str| format!("sum(CAST({column} AS DOUBLE PRECISION))");
    let hour = |text: &str, cut: u8| format!("substr(CAST({text} AS TEXT), 1, {cut})");
    let (kind, value, unit) = match &measure.aggregate {
        Aggregate::Count => ("Count", "0".to_owned(), String::new()),
        Aggregate::Share(holds) => {
            about.push(format!("share of {}", holds.said));
            let holds = ask(holds)?;
            ("Share", format!("sum(CASE WHEN {holds} THEN 1 ELSE 0 END)"), "%".to_owned())
        }
        Aggregate::Sum(at) => {
            ("Sum", double(&entity[*at].column), entity[*at].unit.clone().unwrap_or_default())
        }
        Aggregate::Average(at) => {
            ("Average", double(&entity[*at].column), entity[*at].unit.clone().unwrap_or_default())
        }
    };
    let (group, interval) = match &measure.by {
        None => ("'all'".to_owned(), "Value"),
        Some(axis) => {
            let column =
                column_of(model, &axis.path).unwrap_or_else(|| format!("{}.created_at", entity.table));
            let is_date = matches!(axis.path.end, End::Field(at) if entity[at].kind == spec::Kind::Date);
            let cut = if is_date { 10 } else { 13 };
            match axis.interval {
                None => (format!("CAST({column} AS TEXT)"), "Value"),
                Some(interval) => {
                    about.push(format!("by {}", format!("{interval:?}").to_lowercase()));
                    (hour(&column, cut), interval_word(interval))
                }
            }
        }
    };
    let snake = function(&measure.name, "measure");
    Ok(MeasureView {
        label: measure.label.clone(),
        roles_constant: format!("FOR_{}", snake.to_uppercase()),
        function: snake,
        path: measure.name.kebab(),
        about: about.join(", "),
        roles: measure.roles.iter().map(|role| model[*role].name.to_string()).collect(),
        entity: number_of(model, measure.entity),
        group,
        grouped: measure.by.is_some(),
        today: value.contains(":today") || condition.as_ref().is_some_and(|text| text.contains(":today")),
        value: value.replace(":today", "$1"),
        condition: condition.map(|text| text.replace(":today", "$1")),
        beside,
        kind,
        interval,
        hide_under: measure.hide_under,
        bars: measure.chart != spec::document::ChartKind::Number,
        unit,
    })
}

fn interval_word(interval: spec::document::Interval) -> &'static str {
    use spec::document::Interval;
    match interval {
        Interval::Day => "Day",
        Interval::Week => "Week",
        Interval::Month => "Month",
    }
}

fn number_of(model: &Model, entity: EntityIndex) -> usize {
    model.build_order.iter().position(|at| *at == entity).unwrap_or_default()
}

/// A book of appointments.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CalendarView {
    pub(crate) label: String,
    pub(crate) today_label: String,
    pub(crate) function: String,
    pub(crate) path: String,
    pub(crate) roles: Vec<String>,
    pub(crate) entity: usize,
    pub(crate) start: String,
    /// An expression for the end of a `record`.
    pub(crate) end: String,
    pub(crate) hours: Option<String>,
    /// Expressions that find what can be booked.
    pub(crate) sources: Vec<String>,
    pub(crate) resources: Vec<String>,
    /// Links by which an entry is called.
    pub(crate) titles: Vec<String>,
}

fn calendar_view(model: &Model, calendar: &Calendar) -> CalendarView {
    let entity = &model[calendar.entity];
    let column = |at: &spec::model::FieldIndex| entity[*at].column.clone();
    let start = column(&calendar.start);
    let slot = calendar.slot.minutes().max(5);
    let earliest = calendar.hours.iter().map(|hours| hours.from).min();
    let latest = calendar.hours.iter().map(|hours| hours.until).max();
    let hours = earliest.zip(latest).map(|(from, until)| {
        let time = |minutes: u16| format!("clock({}, {})", minutes / 60 % 24, minutes % 60);
        format!("Hours {{ from: {}, to: {}, step: {slot} }}", time(from), time(until.min(23 * 60 + 59)))
    });
    let sources = calendar.resources.iter().filter_map(|at| match entity[*at].target? {
        Target::Entity(to) => Some(format!("crate::{}::choices(viewer)", module(&model[to].table))),
        Target::Person(role) => {
            Some(format!("viewer.colleagues({})", crate::doors::rust_literal(model[role].name.as_str())))
        }
    });
    let parent = entity.parent.iter().map(|parent| parent.column.clone());
    let linked = entity.fields().filter(|(at, field)| {
        matches!(field.target, Some(Target::Entity(_))) && !calendar.resources.contains(at)
    });
    CalendarView {
        label: calendar.label.clone(),
        today_label: format!("{} today", calendar.label),
        function: function(&calendar.name, "calendar"),
        path: calendar.name.kebab(),
        roles: calendar.roles.iter().map(|role| model[*role].name.to_string()).collect(),
        entity: number_of(model, calendar.entity),
        end: match &calendar.end {
            Some(at) => format!("record.{}.known()", column(at)),
            None => format!("record.{start}.known().map(|start| start + minutes({slot}))"),
        },
        start,
        hours,
        sources: sources.collect(),
        resources: calendar.resources.iter().map(column).collect(),
        titles: parent.chain(linked.map(|(_, field)| field.column.clone())).collect(),
    }
}

/// The records that are somebody themselves, and what they do with their parts.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct OwnRecordView {
    pub(crate) role: String,
    pub(crate) module: String,
    pub(crate) path: String,
    /// Whether it is made when its person first comes.
    pub(crate) self_made: bool,
    pub(crate) parts: Vec<OwnPartView>,
}

/// A part of one's own record.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct OwnPartView {
    pub(crate) label: String,
    pub(crate) path: String,
    pub(crate) add: Option<String>,
}

fn own_records(model: &Model) -> Vec<OwnRecordView> {
    let own = |(index, role): (RoleIndex, &spec::model::Role)| {
        let at = role.self_entity?;
        let may = |entity: EntityIndex, action: Action| {
            model.grants(index, entity).any(|grant| grant.allows(action))
        };
        if !may(at, Action::List) {
            return None;
        }
        let parts = model[at].parts.iter().filter(|part| may(**part, Action::List)).map(|part| OwnPartView {
            label: model[*part].plural.clone(),
            path: path(&model[*part].table),
            add: may(*part, Action::Create)
                .then(|| format!("Add {}", super::entity::lower_first(&model[*part].label))),
        });
        Some(OwnRecordView {
            role: role.name.to_string(),
            module: module(&model[at].table),
            path: path(&model[at].table),
            self_made: PolicyView::new(model, at).self_made,
            parts: parts.collect(),
        })
    };
    model.roles().filter_map(own).collect()
}

/// A module that `lists.rs` names, with its type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct ModuleView {
    pub(crate) module: String,
    pub(crate) pascal: String,
}

/// A page of its own.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PageView {
    pub(crate) label: String,
    pub(crate) function: String,
    pub(crate) path: String,
    pub(crate) roles: Vec<String>,
    pub(crate) items: Vec<ItemView>,
}

/// One thing on a page: what it is, and the parts of the program that make it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ItemView {
    pub(crate) kind: &'static str,
    pub(crate) label: String,
    pub(crate) module: String,
    pub(crate) function: String,
    pub(crate) path: String,
    pub(crate) unit: String,
}

fn page_view(model: &Model, page: &spec::model::Page) -> PageView {
    let item = |item: &PageItem| {
        let view = |kind, label: &str, module: String, function: String, path: String| ItemView {
            kind,
            label: label.to_owned(),
            module,
            function,
            path,
            unit: String::new(),
        };
        match item {
            PageItem::Entity(at) => {
                let entity = &model[*at];
                view("entity", &entity.plural, module(&entity.table), String::new(), path(&entity.table))
            }
            PageItem::Chart(at, _) => {
                let entity = &model[*at];
                view("chart", &entity.plural, module(&entity.table), String::new(), path(&entity.table))
            }
            PageItem::List(at) => {
                let list = &model[*at];
                view("list", &list.label, String::new(), function(&list.name, "list"), list.name.kebab())
            }
            PageItem::Measure(at) => {
                let measure = &model[*at];
                view(
                    "measure",
                    &measure.label,
                    String::new(),
                    function(&measure.name, "measure"),
                    measure.name.kebab(),
                )
            }
            PageItem::Calendar(at) => {
                let calendar = &model[*at];
                view(
                    "calendar",
                    &calendar.label,
                    String::new(),
                    function(&calendar.name, "calendar"),
                    calendar.name.kebab(),
                )
            }
            PageItem::Form(at) => {
                let form = &model[*at];
                view(
                    "form",
                    &form.label,
                    module(&model[form.about].table),
                    String::new(),
                    path(&model[form.entity].table),
                )
            }
        }
    };
    PageView {
        label: page.label.clone(),
        function: function(&page.name, "page"),
        path: page.name.kebab(),
        roles: page.roles.iter().map(|role| model[*role].name.to_string()).collect(),
        items: page.shows.iter().map(item).collect(),
    }
}
