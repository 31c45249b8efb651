//! Measures: counts, shares, sums and averages of what a person may list, with small cells hidden.
//!
//! A statement groups by the hour (moments), the day (dates) or the value itself, and this folds the groups
//! into the days, weeks and months of the app's own time zone, which the databases do not know.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Serialize;
use time::{Date, Duration, PrimitiveDateTime, Time};

use super::Result;
use crate::access::Error;
use crate::pages::{Bars, Content, Figure, Table, View};
use crate::pages::{Column, Row as TableRow};
use crate::store::Row;
use crate::web::Problem;

/// How time is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// It is not: groups are values.
    Value,
    /// Calendar days.
    Day,
    /// Weeks from Monday.
    Week,
    /// Calendar months.
    Month,
    /// Calendar years.
    Year,
}

/// What is computed of each cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// How many.
    Count,
    /// The share of those for which something holds, in percent.
    Share,
    /// The sum of a field.
    Sum,
    /// The average of a field.
    Average,
}

/// A measure, cell by cell.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// In order of time, or of the value.
    pub cells: Vec<Cell>,
    /// Cells with fewer records have no value.
    pub hidden_under: u64,
    /// What the cells are, over a table.
    #[serde(skip)]
    heading: &'static str,
}

/// One cell.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    /// The first day of the time, as `2026-03-09`, or the value.
    pub cell: String,
    /// What was computed; none where too few records stand behind it.
    pub value: Option<Decimal>,
}

impl Measured {
    /// Folds the rows `cell`, `n`, `value` of a measure.
    ///
    /// Where one cell alone is too small, the next smallest is hidden with it: else a total known from elsewhere
    /// would tell the difference.
    pub fn of(
        view: &View,
        interval: Interval,
        aggregate: Aggregate,
        hide_under: u64,
        rows: &[Row],
    ) -> Result<Self> {
        let mut cells: BTreeMap<String, (u64, Decimal)> = BTreeMap::new();
        for row in rows {
            let Some(text) = row.optional_text("cell").map_err(Error::from)? else { continue };
            let count = u64::try_from(row.integer("n").map_err(Error::from)?).unwrap_or(0);
            let value = row.optional_decimal("value").map_err(Error::from)?.unwrap_or_default();
            let cell = label(view, interval, &text).ok_or_else(|| Problem::internal("cell of a measure"))?;
            let known = cells.entry(cell).or_default();
            *known = (known.0 + count, known.1 + value);
        }
        let mut small: Vec<String> = cells
            .iter()
            .filter(|(_, (count, _))| *count < hide_under)
            .map(|(cell, _)| cell.clone())
            .collect();
        if small.len() == 1
            && let Some((next, _)) =
                cells.iter().filter(|(cell, _)| **cell != small[0]).min_by_key(|(_, (count, _))| *count)
        {
            small.push(next.clone());
        }
        let computed = |count: u64, value: Decimal| match aggregate {
            Aggregate::Count => Some(Decimal::from(count)),
            Aggregate::Sum => Some(value),
            Aggregate::Share => {
                (value * Decimal::from(100)).checked_div(Decimal::from(count)).map(|share| share.round_dp(1))
            }
            Aggregate::Average => value.checked_div(Decimal::from(count)).map(|mean| mean.round_dp(2)),
        };
        let cells = cells.into_iter().map(|(cell, (count, value))| {
            let value = if small.contains(&cell) { None } else { computed(count, value) };
            Cell { cell, value }
        });
        let heading = match interval {
            Interval::Value => "Group",
            Interval::Day => "Day",
            Interval::Week => "Week from",
            Interval::Month => "Month from",
            Interval::Year => "Year from",
        };
        Ok(Self { cells: cells.collect(), hidden_under: hide_under, heading })
    }

    /// As bars, each with its value beside it.
    pub fn bars(&self, title: &str, unit: &str) -> Bars {
        let shown = self.cells.iter().filter_map(|cell| cell.value.map(|value| (cell, value)));
        shown.fold(Bars::new(title, unit.to_owned()), |bars, (cell, value)| bars.value(named(cell), value))
    }

    /// As one figure, of a measure that is not grouped.
    pub fn figure(&self, title: &str, unit: &str) -> Figure {
        let content = match self.cells.first() {
            Some(cell) => self.content(cell, unit),
            None => Content::Empty,
        };
        Figure::new(title, content)
    }

    fn content(&self, cell: &Cell, unit: &str) -> Content {
        match cell.value {
            Some(value) => Content::from(value).unit(unit),
            // Nothing was hidden: there is nothing to compute of.
            None if self.hidden_under == 0 => Content::Empty,
            None => Content::from(format!("fewer than {} records", self.hidden_under)),
        }
    }

    /// Whether any cell is shown.
    pub fn has_values(&self) -> bool {
        self.cells.iter().any(|cell| cell.value.is_some())
    }

    /// As a table that says which cells are hidden.
    pub fn table(&self, title: &str, unit: &str) -> Table {
        let rows =
            self.cells.iter().map(|cell| TableRow::new().cell(named(cell)).cell(self.content(cell, unit)));
        Table::new(title).column(self.heading).column(Column::new(title.to_owned()).numeric()).rows(rows)
    }
}

/// A cell as people read it: a day as a date, anything else as it is.
fn named(cell: &Cell) -> Content {
    let day = Date::parse(&cell.cell, time::macros::format_description!("[year]-[month]-[day]"));
    day.map_or_else(|_| Content::from(cell.cell.clone()), Content::Date)
}

/// The cell of a group: `2026-03-13T14` or `2026-03-13 14` in UTC, `2026-03-13`, or any value.
fn label(view: &View, interval: Interval, text: &str) -> Option<String> {
    if interval == Interval::Value {
        return Some(text.to_owned());
    }
    let day = Date::parse(text.get(..10)?, time::macros::format_description!("[year]-[month]-[day]")).ok()?;
    let day = match text.get(11..13) {
        Some(hour) => {
            let moment =
                PrimitiveDateTime::new(day, Time::from_hms(hour.parse().ok()?, 0, 0).ok()?).assume_utc();
            view.local(moment).date()
        }
        None => day,
    };
    let first = match interval {
        Interval::Day | Interval::Value => day,
        Interval::Week => day - Duration::days(i64::from(day.weekday().number_days_from_monday())),
        Interval::Month => day.replace_day(1).ok()?,
        Interval::Year => Date::from_ordinal_date(day.year(), 1).ok()?,
    };
    Some(first.to_string())
}
