//! Books of appointments.

use serde::Serialize;
use spec::Model;
use spec::model::{Calendar, Target};

use super::facts::is_patient;
use super::{function, number_of};
use crate::view::entity::{lower_first, module};

/// A book of appointments.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CalendarView {
    pub(crate) label: String,
    pub(crate) today_label: String,
    pub(crate) function: String,
    pub(crate) path: String,
    pub(crate) coming_label: String,
    pub(crate) roles: Vec<String>,
    /// Those of them who look after others, and those who are looked after.
    pub(crate) staff: Vec<String>,
    pub(crate) patients: Vec<String>,
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

pub(super) fn calendar_view(model: &Model, calendar: &Calendar) -> CalendarView {
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
    let roles = |chosen: &dyn Fn(&spec::model::Role) -> bool| -> Vec<String> {
        let roles = calendar.roles.iter().map(|role| &model[*role]);
        roles.filter(|role| chosen(role)).map(|role| role.name.to_string()).collect()
    };
    CalendarView {
        label: calendar.label.clone(),
        today_label: format!("{} today", calendar.label),
        function: function(&calendar.name, "calendar"),
        path: calendar.name.kebab(),
        coming_label: format!("Coming up: {}", lower_first(&calendar.label)),
        staff: roles(&|role| !is_patient(role)),
        patients: roles(&is_patient),
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
