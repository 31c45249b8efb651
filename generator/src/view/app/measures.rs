//! What is counted of the records that somebody may list.

use serde::Serialize;
use spec::Model;
use spec::model::{Aggregate, End, Measure};

use super::lists::column_of;
use super::{function, number_of};

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

pub(super) fn measure_view(model: &Model, measure: &Measure) -> Result<MeasureView, crate::Error> {
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

pub(super) fn interval_word(interval: spec::document::Interval) -> &'static str {
    use spec::document::Interval;
    match interval {
        Interval::Day => "Day",
        Interval::Week => "Week",
        Interval::Month => "Month",
    }
}
