//! What becomes of a record: its states and moves, who is responsible for it, when it is booked.

use serde::Serialize;
use spec::document::Team;
use spec::model::{Entity, EntityIndex, Model};

use super::links::is_subject;
use super::words::module;
use crate::view::field::FieldView;

/// The states of a record.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LifecycleView {
    pub(crate) field: String,
    pub(crate) column: String,
    pub(crate) first: String,
    pub(crate) locked: Vec<String>,
    pub(crate) moves: Vec<MoveView>,
    /// Whether any of them asks nothing, and is made at once.
    pub(crate) commands: bool,
    /// The states in which a record waits for somebody.
    pub(crate) open: Vec<OpenStateView>,
}

/// A state in which a record waits, and what may be done then.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct OpenStateView {
    pub(crate) state: String,
    /// The query of the list of them: `?status=draft`; empty where the state may not stand in an address.
    pub(crate) query: String,
    /// The filter by it, as lists know it.
    pub(crate) filter: String,
    /// Moves out of it: name and label.
    pub(crate) moves: Vec<(String, String)>,
}

/// A person who is cared for waits for nobody by their state, and what is booked waits for its time.
fn open_states(model: &Model, index: EntityIndex, moves: &[MoveView]) -> Vec<OpenStateView> {
    let entity = &model[index];
    let booked = model.calendars.iter().any(|calendar| calendar.entity == index);
    // Tasks are told one by one.
    let told = booked || is_subject(entity) || matches!(entity.origin, spec::model::Origin::Task(_));
    let Some(lifecycle) = entity.lifecycle.as_ref().filter(|_| !told) else {
        return Vec::new();
    };
    let field = &entity[lifecycle.field];
    let filter = field.name.as_str().replace([' ', '-'], "_");
    let open = |state: String| {
        let out = moves.iter().filter(|step| step.from.contains(&state));
        let query = match field.class {
            spec::Class::None => format!("?{filter}={}", in_address(&state)),
            _ => String::new(),
        };
        OpenStateView {
            moves: out.map(|step| (step.name.clone(), step.label.clone())).collect(),
            filter: filter.clone(),
            query,
            state,
        }
    };
    let states = lifecycle.states.iter().map(ToString::to_string).map(open);
    states.filter(|open| !open.moves.is_empty()).collect()
}

/// A value in a query (RFC 3986).
fn in_address(value: &str) -> String {
    let encoded = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    value.bytes().map(encoded).collect()
}

/// A move between states.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MoveView {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) function: String,
    pub(crate) path: String,
    pub(crate) from: Vec<String>,
    /// `'draft', 'open'`
    pub(crate) from_sql: String,
    pub(crate) to: String,
    /// The roles that may make it.
    pub(crate) by: Vec<String>,
    /// The function of `rules.rs` that must hold.
    pub(crate) guard: Option<String>,
    /// The form that must be answered.
    pub(crate) needs: Option<NeedsView>,
    /// What is filled in with it.
    pub(crate) asks: Vec<FieldView>,
}

/// The form that a move needs: its module, the column that names what it is about, and whose id that is.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct NeedsView {
    pub(crate) module: String,
    pub(crate) column: String,
    pub(crate) about: String,
}

/// Who is responsible for a record.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AssignmentView {
    pub(crate) table: String,
    pub(crate) column: String,
    pub(crate) roles: Vec<String>,
    pub(crate) role: String,
    pub(crate) one: bool,
    pub(crate) claim: bool,
    /// The roles that answer for what they register: their grant to make records is to make those assigned to them.
    pub(crate) registrars: Vec<String>,
}

/// The rules of a calendar about when something is booked.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct BookingView {
    pub(crate) calendar: String,
    pub(crate) constant: String,
    pub(crate) start: String,
    pub(crate) start_column: String,
    pub(crate) end: String,
    pub(crate) end_column: Option<String>,
    pub(crate) slot: u64,
    pub(crate) hours: Vec<HoursView>,
    /// Whether half a day before or after any booking is outside of its hours.
    pub(crate) short: bool,
}

/// Opening hours on some days.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct HoursView {
    pub(crate) days: Vec<String>,
    pub(crate) from: u16,
    pub(crate) until: u16,
}

pub(super) fn lifecycle(model: &Model, index: EntityIndex) -> Option<LifecycleView> {
    let entity = &model[index];
    let lifecycle = entity.lifecycle.as_ref()?;
    let field = &entity[lifecycle.field];
    let moves: Vec<MoveView> = lifecycle
        .moves
        .iter()
        .enumerate()
        .map(|(at, step)| {
            let from: Vec<String> = step.from.iter().map(ToString::to_string).collect();
            let quoted: Vec<String> = from.iter().map(|state| crate::doors::sql_literal(state)).collect();
            MoveView {
                name: step.name.to_string(),
                label: step.label.clone(),
                function: format!("move_{}", step.name.snake().trim_end_matches('_')),
                path: step.name.kebab(),
                from,
                from_sql: quoted.join(", "),
                to: step.to.to_string(),
                by: movers(model, entity, at),
                guard: None,
                asks: step.asks.iter().map(|at| FieldView::new(model, &entity[*at], false)).collect(),
                needs: match &step.needs {
                    Some(spec::model::Needs::Form(form)) => Some(needs(model, *form)),
                    _ => None,
                },
            }
        })
        .collect();
    Some(LifecycleView {
        field: field.name.to_string(),
        column: field.column.clone(),
        first: lifecycle.states.first().map(ToString::to_string).unwrap_or_default(),
        locked: lifecycle.locked.iter().map(ToString::to_string).collect(),
        commands: moves.iter().any(|step| step.asks.is_empty()),
        open: open_states(model, index, &moves),
        moves,
    })
}

pub(super) fn movers(model: &Model, entity: &Entity, at: usize) -> Vec<String> {
    let may = |role: spec::model::RoleIndex| {
        entity.grants.iter().any(|grant| grant.role == role && grant.allows(spec::access::Action::Move(at)))
    };
    model.roles().filter(|(role, _)| may(*role)).map(|(_, role)| role.name.to_string()).collect()
}

pub(super) fn needs(model: &Model, form: spec::model::FormIndex) -> NeedsView {
    let answers = &model[model[form].entity];
    let column = answers.parent.as_ref().map(|parent| parent.column.clone()).unwrap_or_default();
    NeedsView { module: module(&answers.table), column, about: "id".to_owned() }
}

pub(super) fn assignment(model: &Model, entity: &Entity) -> Option<AssignmentView> {
    let assignment = entity.assignment.as_ref()?;
    let roles: Vec<String> = assignment.roles.iter().map(|role| model[*role].name.to_string()).collect();
    Some(AssignmentView {
        table: assignment.table.clone(),
        column: assignment.column.clone(),
        role: roles.first().cloned().unwrap_or_default(),
        roles,
        one: assignment.team == Team::One,
        claim: assignment.claim,
        registrars: registrars(model, entity),
    })
}

fn registrars(model: &Model, entity: &Entity) -> Vec<String> {
    let mut roles: Vec<String> = Vec::new();
    for grant in entity.grants.iter().filter(|grant| grant.assigns_its_maker()) {
        let role = model[grant.role].name.to_string();
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
    roles
}

pub(super) fn bookings(model: &Model, index: EntityIndex) -> Vec<BookingView> {
    let entity = &model[index];
    let json = |at: spec::model::FieldIndex| entity[at].name.as_str().replace([' ', '-'], "_");
    let hours = |open: &spec::model::OpeningHours| HoursView {
        days: open.days.iter().map(|day| format!("{day:?}")).collect(),
        from: open.from,
        until: open.until,
    };
    let booking = |calendar: &spec::model::Calendar| BookingView {
        calendar: calendar.label.clone(),
        constant: format!("OPEN_FOR_{}", calendar.name.snake().trim_end_matches('_').to_uppercase()),
        start: json(calendar.start),
        start_column: entity[calendar.start].column.clone(),
        end: calendar.end.map_or_else(|| "end".to_owned(), json),
        end_column: calendar.end.map(|at| entity[at].column.clone()),
        slot: calendar.slot.minutes().max(1),
        hours: calendar.hours.iter().map(hours).collect(),
        short: !calendar.hours.is_empty()
            && calendar.hours.iter().all(|open| open.until - open.from <= 12 * 60),
    };
    model.calendars.iter().filter(|calendar| calendar.entity == index).map(booking).collect()
}

/// What is booked has a time: the form asks for it, whether or not the spec says so.
pub(super) fn require_times(model: &Model, index: EntityIndex, fields: &mut [FieldView]) {
    for calendar in model.calendars.iter().filter(|calendar| calendar.entity == index) {
        for at in std::iter::once(calendar.start).chain(calendar.end) {
            let field = &mut fields[at.position()];
            field.required = true;
            field.form = field.form.take().map(|form| form.trim_end_matches(".optional()").to_owned());
        }
    }
}
