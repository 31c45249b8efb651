//! Made-up people and records: who makes what, with which values.

use serde::Serialize;
use spec::access::{Action, Grant, Reach};
use spec::document::Team;
use spec::model::{Entity, EntityIndex, Field, FieldIndex, Model, Origin, RoleIndex, Storage, Target};
use spec::{CodeSystem, Kind};

use super::entity::{lower_first, module};
use super::policy::self_made;
use crate::doors::rust_literal;

/// How many people sign in as a record of their own.
const PATIENTS: usize = 6;

/// What `src/seed.rs` prints.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SeedView {
    pub(crate) people: Vec<PersonView>,
    pub(crate) records: Vec<RecordsView>,
    pub(crate) uses_fake: bool,
    /// Whether any are made by filling in a form.
    pub(crate) fills: bool,
}

/// A made-up person.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PersonView {
    pub(crate) role: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) authenticator: bool,
    pub(crate) place: Option<String>,
}

/// The records of one entity.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RecordsView {
    pub(crate) label_plural: String,
    pub(crate) module: String,
    pub(crate) constant: String,
    /// The address of who makes them, over the number `n` and, of a part, over the number `at` of what it is a part of.
    pub(crate) by: String,
    /// Whether each is made by whom it is of, when they first come.
    pub(crate) itself: bool,
    /// Whether nobody makes parts of some of what they are parts of, since these wait to be claimed.
    pub(crate) unclaimed: bool,
    /// What they link to, by module.
    pub(crate) needs: Vec<String>,
    pub(crate) parent: Option<String>,
    pub(crate) has_place: Option<String>,
    pub(crate) count: usize,
    /// Whether anything that is written follows from the number `n`.
    pub(crate) numbered: bool,
    pub(crate) values: Vec<(String, String)>,
    pub(crate) assign: Option<AssignView>,
    pub(crate) used: bool,
}

/// To whom records are assigned, and by whom.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AssignView {
    pub(crate) by: String,
    pub(crate) role: String,
    /// The other roles of a team, one of each beside the first.
    pub(crate) team: Vec<String>,
    /// Some wait to be claimed.
    pub(crate) claim: bool,
}

impl SeedView {
    pub(crate) fn new(model: &Model) -> Self {
        let mut records: Vec<RecordsView> =
            model.build_order.iter().filter_map(|index| records(model, *index)).collect();
        // What needs records that nobody makes is left out, and so is what needs those.
        loop {
            let made: Vec<String> = records.iter().map(|records| records.module.clone()).collect();
            let before = records.len();
            records.retain(|records| records.needs.iter().all(|need| made.contains(need)));
            if records.len() == before {
                break;
            }
        }
        let needed: Vec<String> = records.iter().flat_map(|records| records.needs.clone()).collect();
        for records in &mut records {
            records.used = needed.contains(&records.module);
        }
        Self {
            people: people(model),
            uses_fake: records.iter().any(|r| r.values.iter().any(|(_, value)| value.contains("fake::"))),
            fills: records.iter().any(|records| !records.itself),
            records,
        }
    }
}

fn people(model: &Model) -> Vec<PersonView> {
    let mut people = Vec::new();
    for (_, role) in model.roles() {
        let count = match (role.self_entity, role.administers.is_empty()) {
            (Some(_), _) => PATIENTS,
            (None, true) => 2,
            (None, false) => 1,
        };
        for n in 1..=count {
            let number = if n == 1 { String::new() } else { n.to_string() };
            let space = if n == 1 { "" } else { " " };
            people.push(PersonView {
                role: role.name.to_string(),
                name: format!("Example {}{space}{number}", role.name),
                email: format!("{}{number}@example.org", role.name.kebab()),
                authenticator: role.is_privileged() || model.mfa_for_everybody,
                place: model.place_of(role).map(|place| model[place].name.to_string()),
            });
        }
    }
    people
}

fn records(model: &Model, index: EntityIndex) -> Option<RecordsView> {
    let entity = &model[index];
    // Tasks that people make by hand are made, too; those of rules follow from what is made.
    let is_task = matches!(entity.origin, Origin::Task(_));
    if !is_task && !matches!(entity.origin, Origin::Written) {
        return None;
    }
    let Maker { role, how } = maker(model, index)?;
    let name = rust_literal(model[role].name.as_str());
    let by = match how {
        Makes::All => rust_literal(&format!("{}@example.org", model[role].name.kebab())),
        Makes::Itself => format!("seeds.email({name}, n)"),
        Makes::Theirs if entity.parent.is_none() => format!("seeds.email({name}, n)"),
        Makes::Theirs => format!("seeds.email({name}, at)"),
    };
    let opened = |at: FieldIndex| {
        let mut grants = model.grants(role, index).filter(|grant| grant.allows(Action::Create));
        let never = entity.never.iter().any(|(to, fields)| *to == role && fields.contains(&at));
        !never && grants.any(|grant| grant.fields.covers(at) && entity[at].sensitivity.is_none())
    };
    let state = entity.lifecycle.as_ref().map(|lifecycle| lifecycle.field);
    let mut needs: Vec<String> =
        entity.parent.iter().map(|parent| module(&model[parent.entity].table)).collect();
    let mut values = Vec::new();
    for (at, field) in entity.fields() {
        let by_the_app = is_task && field.name != "why";
        let nobody_types = field.storage == Storage::Computed || field.kind == Kind::File || by_the_app;
        if nobody_types || Some(at) == state || !opened(at) {
            continue;
        }
        if let Some(Target::Entity(to)) = field.target {
            // Who reaches their own records only may not link to others that are not theirs to see.
            let seen = how == Makes::All || model.grants(role, to).any(sees_all);
            if to == index || !(seen || field.required) {
                continue;
            }
            if !seen {
                return None;
            }
            needs.push(module(&model[to].table));
        }
        let made_up = match is_task {
            true => "format!(\"An example, made up: number {}.\", n + 1)".to_owned(),
            false => value(model, index, at),
        };
        values.push((json_name(field), made_up));
    }
    if let Some(self_role) = entity.self_roles.first().filter(|_| !entity.self_roles.contains(&role)) {
        let role = rust_literal(model[*self_role].name.as_str());
        values.push(("person_id".into(), format!("seeds.person({role}, n)")));
    }
    needs.sort();
    needs.dedup();
    let numbers = entity.fields.iter().any(|field| field.kind.is_number());
    let assigned = assign(model, index);
    let numbered = values.iter().map(|(_, value)| value).chain([&by]).any(|written| says(written, "n"));
    Some(RecordsView {
        label_plural: entity.plural.clone(),
        module: module(&entity.table),
        constant: entity.name.snake().trim_end_matches('_').to_uppercase(),
        by,
        itself: how == Makes::Itself,
        unclaimed: how == Makes::Theirs
            && entity
                .parent
                .as_ref()
                .and_then(|parent| assign(model, parent.entity))
                .is_some_and(|a| a.claim),
        parent: entity.parent.as_ref().map(|parent| module(&model[parent.entity].table)),
        has_place: entity.has_place_column().then(|| model[entity.place].name.to_string()),
        count: match (&entity.parent, super::entity::time_field(entity)) {
            _ if is_task => 2,
            (None, _) if !entity.self_roles.is_empty() => PATIENTS,
            (None, Some(_)) => 12,
            (None, None) => 6,
            (Some(_), Some(_)) if numbers => 9,
            (Some(_), _) => 2,
        },
        numbered: numbered || entity.parent.is_none() && assigned.is_some(),
        assign: assigned,
        needs,
        values,
        used: false,
    })
}

/// Whether an expression names a variable, outside its texts.
fn says(expression: &str, variable: &str) -> bool {
    let code = expression.split('"').step_by(2);
    let mut names = code.flat_map(|code| code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    names.any(|name| name == variable)
}

/// Who makes the records of an entity.
struct Maker {
    role: RoleIndex,
    how: Makes,
}

/// Which records one person makes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Makes {
    /// All of them.
    All,
    /// The n-th person those of the n-th: parts of what is theirs or assigned to them, or what they register as theirs.
    Theirs,
    /// The n-th person the record of themselves, which nobody registers.
    Itself,
}

/// A role that makes the records: staff before patients, and who reaches them all before who reaches some.
fn maker(model: &Model, index: EntityIndex) -> Option<Maker> {
    let makes = |role: RoleIndex, wanted: &dyn Fn(&Grant) -> bool| {
        model.grants(role, index).filter(|grant| grant.allows(Action::Create)).any(wanted)
    };
    // A task is made by whoever sees what it is about, where that is all of it.
    let above = model[index].parent.as_ref().map(|parent| parent.entity);
    let is_task = matches!(model[index].origin, Origin::Task(_));
    let through = |grant: &Grant| {
        let mut seen = above.into_iter().flat_map(|above| model.grants(grant.role, above));
        is_task && grant.reach == Reach::Viewable && seen.any(sees_all)
    };
    let whole =
        |grant: &Grant| matches!(grant.reach, Reach::Place(_) | Reach::Inherited(_)) || through(grant);
    let staff = |role: RoleIndex| model[role].self_entity.is_none();
    let mut roles = model.roles().map(|(role, _)| role);
    if let Some(role) = roles.find(|role| staff(*role) && makes(*role, &whole)) {
        return Some(Maker { role, how: Makes::All });
    }
    let Some(parent) = &model[index].parent else {
        let registers = registrar(model, index).map(|role| Maker { role, how: Makes::Theirs });
        let itself = || self_made(model, index).next().map(|role| Maker { role, how: Makes::Itself });
        return registers.or_else(itself);
    };
    // One's own parts of one's own record; or of a record that one is responsible for.
    let mut own =
        model.roles().map(|(role, _)| role).filter(|role| model[*role].self_entity == Some(parent.entity));
    let own = own.find(|role| makes(*role, &|_| true));
    let responsible = || responsible(model, parent.entity).filter(|role| makes(*role, &is_assigned));
    own.or_else(responsible).map(|role| Maker { role, how: Makes::Theirs })
}

fn is_assigned(grant: &Grant) -> bool {
    matches!(grant.reach, Reach::Assigned { .. }) && grant.path.len() <= 1 && grant.when.is_empty()
}

fn sees_all(grant: &Grant) -> bool {
    grant.allows(Action::View) && grant.when.is_empty() && matches!(grant.reach, Reach::Place(_))
}

/// The first role that registers records of its own.
fn registrar(model: &Model, index: EntityIndex) -> Option<RoleIndex> {
    model[index].grants.iter().find(|grant| grant.assigns_its_maker()).map(|grant| grant.role)
}

/// The role whose n-th person is responsible for the n-th record.
fn responsible(model: &Model, index: EntityIndex) -> Option<RoleIndex> {
    let assignment = model[index].assignment.as_ref()?;
    match maker(model, index)?.how {
        Makes::Theirs | Makes::Itself => registrar(model, index),
        Makes::All => assign(model, index).and(assignment.roles.first().copied()),
    }
}

fn assign(model: &Model, index: EntityIndex) -> Option<AssignView> {
    let assignment = model[index].assignment.as_ref()?;
    if maker(model, index)?.how != Makes::All {
        return None;
    }
    let may = |role: RoleIndex| model.grants(role, index).any(|grant| grant.allows(Action::Assign));
    let (by, _) = model.roles().find(|(role, _)| may(*role))?;
    let (role, team) = assignment.roles.split_first()?;
    let team = if assignment.team == Team::Many { team } else { &[] };
    Some(AssignView {
        by: format!("{}@example.org", model[by].name.kebab()),
        role: model[*role].name.to_string(),
        team: team.iter().map(|role| model[*role].name.to_string()).collect(),
        claim: assignment.claim,
    })
}

fn json_name(field: &Field) -> String {
    match field.target {
        Some(_) => field.column.clone(),
        None => field.name.as_str().replace([' ', '-'], "_"),
    }
}

/// An expression for a value, over `seeds` and the number `n`.
fn value(model: &Model, index: EntityIndex, at: FieldIndex) -> String {
    let entity = &model[index];
    let field = &entity[at];
    let one = single(model, entity, index, at);
    if field.list { format!("[{one}]") } else { one }
}

fn single(model: &Model, entity: &Entity, index: EntityIndex, at: FieldIndex) -> String {
    let field = &entity[at];
    match field.target {
        Some(Target::Entity(to)) => {
            let module = module(&model[to].table);
            return format!("{module}[n % {module}.len()]");
        }
        Some(Target::Person(role)) => {
            return format!("seeds.somebody({}, n)", rust_literal(model[role].name.as_str()));
        }
        None => {}
    }
    let name = field.name.as_str();
    let label = lower_first(&field.label);
    match &field.kind {
        Kind::PersonName => "fake::name(n)".into(),
        Kind::Email => "fake::email(n)".into(),
        Kind::Phone => "fake::phone(n)".into(),
        Kind::Address => "fake::address(n)".into(),
        Kind::Mrn | Kind::MemberId | Kind::Ssn => "fake::number(n)".into(),
        Kind::Url => "\"https://example.org/\"".into(),
        Kind::Text if field.class == spec::Class::Identifier && name.contains("name") => {
            "fake::name(n)".into()
        }
        Kind::Text if entity.title.contains(&at) => {
            format!("format!(\"{{}} {{}}\", {}, n + 1)", rust_literal(&entity.label))
        }
        Kind::Text => rust_literal(&format!("Example {label}")),
        Kind::LongText => rust_literal("An example, made up."),
        Kind::Integer | Kind::Duration => {
            let (least, most) = whole_range(field);
            format!("fake::between(n, {least}, {most})")
        }
        Kind::Decimal | Kind::Money => {
            let (least, most) = whole_range(field);
            format!("fake::between(n, {least}, {most}).to_string()")
        }
        Kind::Boolean => "n.is_multiple_of(2)".into(),
        Kind::Date if name.contains("birth") || name == "dob" => "fake::birth_date(n)".into(),
        Kind::Date => "seeds.date(-(n as i64 % 60))".into(),
        Kind::Time => "\"09:00\"".into(),
        Kind::Moment => moment(model, index, at),
        Kind::OneOf(choices) => {
            let choices: Vec<String> = choices.iter().map(|choice| rust_literal(choice.as_str())).collect();
            format!("fake::one_of(n, &[{}])", choices.join(", "))
        }
        Kind::Code(system, _) => {
            let codes: Vec<String> = codes(*system).iter().map(|code| rust_literal(code)).collect();
            format!("fake::one_of(n, &[{}])", codes.join(", "))
        }
        Kind::Link(_) | Kind::File => "null".into(),
    }
}

fn whole_range(field: &Field) -> (String, String) {
    let bound = |bound: Option<rust_decimal::Decimal>| bound.map(|number| number.trunc().to_string());
    let range = field.range.as_ref();
    let least = range.and_then(|range| bound(range.min)).unwrap_or_else(|| "1".into());
    let most = range.and_then(|range| bound(range.max)).unwrap_or_else(|| "20".into());
    (least, most)
}

fn moment(model: &Model, index: EntityIndex, at: FieldIndex) -> String {
    let calendar = model.calendars.iter().find(|calendar| calendar.entity == index);
    let booked = |calendar: &spec::model::Calendar, minutes: u64| match calendar.hours.first() {
        None => format!("seeds.working_moment(n as i64 / 6, 9 + (n % 6) as u8, {minutes})"),
        Some(open) => {
            let days: Vec<String> = open.days.iter().map(|day| (*day as u8).to_string()).collect();
            let first = open.from.div_ceil(60);
            let hours = (open.until.saturating_sub(first * 60) / 60).clamp(1, 6);
            format!(
                "seeds.open_moment(n as i64 / {hours}, &[{}], {first} + (n % {hours}) as u8, {minutes})",
                days.join(", ")
            )
        }
    };
    match calendar {
        Some(calendar) if calendar.start == at => booked(calendar, 0),
        Some(calendar) if calendar.end == Some(at) => booked(calendar, calendar.slot.minutes().clamp(5, 55)),
        _ if model[index].parent.is_some() => "seeds.moment(-(n as i64 % 9), 8, 30)".into(),
        _ => "seeds.moment(-(n as i64), 8, 30)".into(),
    }
}

/// A few codes of each system, each a common one.
fn codes(system: CodeSystem) -> &'static [&'static str] {
    match system {
        CodeSystem::Icd10Cm => &["I10", "E11.9", "M54.50", "J06.9"],
        CodeSystem::Cpt => &["99213", "99214", "97110"],
        CodeSystem::Cdt => &["D0120", "D1110", "D2392"],
        CodeSystem::Snomed => &["38341003", "44054006"],
        CodeSystem::Loinc => &["8480-6", "8462-4"],
        CodeSystem::RxNorm => &["197361", "860975"],
        CodeSystem::Cvx => &["140", "208"],
        CodeSystem::Ndc => &["0002-8215-01", "0071-0155-23"],
    }
}
