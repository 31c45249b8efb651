//! Small texts of the language: periods, paths, sort orders and groupings.

use crate::{
    decode::{shown, text_type, unknown_word},
    name::Name,
    problem::{Complaint, Kind},
};
use std::{fmt, str::FromStr};

/// A length of time as people say it: `15 minutes`, `7 years`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// How many.
    pub count: u32,
    /// Of what.
    pub unit: PeriodUnit,
}

/// The unit of a [`Period`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum PeriodUnit {
    /// 60 seconds.
    #[default]
    Minute,
    /// 60 minutes.
    Hour,
    /// 24 hours.
    Day,
    /// 7 days.
    Week,
    /// Counted as 30 days where a fixed length is needed.
    Month,
    /// Counted as 365 days where a fixed length is needed.
    Year,
}

const UNITS: &[(&str, PeriodUnit)] = &[
    ("minute", PeriodUnit::Minute),
    ("hour", PeriodUnit::Hour),
    ("day", PeriodUnit::Day),
    ("week", PeriodUnit::Week),
    ("month", PeriodUnit::Month),
    ("year", PeriodUnit::Year),
];

impl Period {
    /// Its length in minutes; months count 30 days and years 365.
    pub fn minutes(self) -> u64 {
        let unit: u64 = match self.unit {
            PeriodUnit::Minute => 1,
            PeriodUnit::Hour => 60,
            PeriodUnit::Day => 60 * 24,
            PeriodUnit::Week => 60 * 24 * 7,
            PeriodUnit::Month => 60 * 24 * 30,
            PeriodUnit::Year => 60 * 24 * 365,
        };
        u64::from(self.count) * unit
    }
}

impl FromStr for Period {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        let wrong = || {
            Complaint::new(Kind::Shape, format!("`{}` is not a length of time", shown(text)))
                .help("write a number and a unit, as in `15 minutes`, `3 days` or `7 years`")
        };
        let (count, unit) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let unit = unit.trim();
        let singular = unit.strip_suffix('s').unwrap_or(unit);
        let (_, unit) = UNITS.iter().find(|(word, _)| *word == singular).ok_or_else(wrong)?;
        match count.parse() {
            Ok(count) if count > 0 && count <= 100_000 => Ok(Self { count, unit: *unit }),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = UNITS.iter().find(|(_, unit)| *unit == self.unit).map_or("", |(word, _)| word);
        write!(f, "{} {word}{}", self.count, if self.count == 1 { "" } else { "s" })
    }
}

text_type!(
    Period,
    "a length of time, as in `15 minutes`, `3 days` or `7 years`",
    Some("^[0-9]+ (minute|hour|day|week|month|year)s?$")
);

/// A field, reached through links from where one stands: `patient.name`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub Vec<Name>);

impl FromStr for Path {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        text.split('.').map(|step| step.trim().parse()).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<_> = self.0.iter().map(Name::as_str).collect();
        f.write_str(&steps.join("."))
    }
}

text_type!(Path, "a field, or a field of a linked record as in `patient.name`", None);

/// What a list is sorted by: `taken at desc`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    /// The field.
    pub by: Path,
    /// From the greatest to the least.
    pub descending: bool,
}

impl FromStr for Sort {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        let text = text.trim();
        let (path, descending) = match text.strip_suffix(" desc") {
            Some(path) => (path, true),
            None => (text.strip_suffix(" asc").unwrap_or(text), false),
        };
        Ok(Self { by: path.parse()?, descending })
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.by, if self.descending { " desc" } else { "" })
    }
}

text_type!(Sort, "a field to sort by, with ` desc` for the greatest first", None);

/// The steps of a measure's time axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// Calendar days.
    Day,
    /// Weeks that begin on Monday.
    Week,
    /// Calendar months.
    Month,
}

/// What a measure is broken down by: `week of start`, or a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouping {
    /// Steps of time, for a date or a moment.
    pub interval: Option<Interval>,
    /// The field.
    pub field: Path,
}

impl Default for Grouping {
    fn default() -> Self {
        Self { interval: None, field: Path(vec![Name::default()]) }
    }
}

impl FromStr for Grouping {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        let (interval, field) = match text.split_once(" of ") {
            Some(("day", field)) => (Some(Interval::Day), field),
            Some(("week", field)) => (Some(Interval::Week), field),
            Some(("month", field)) => (Some(Interval::Month), field),
            Some((word, _)) => return Err(unknown_word(word, "a step of time", &["day", "week", "month"])),
            None => (None, text),
        };
        Ok(Self { interval, field: field.parse()? })
    }
}

impl fmt::Display for Grouping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.interval {
            Some(Interval::Day) => f.write_str("day of ")?,
            Some(Interval::Week) => f.write_str("week of ")?,
            Some(Interval::Month) => f.write_str("month of ")?,
            None => {}
        }
        write!(f, "{}", self.field)
    }
}

text_type!(Grouping, "a field to group by, or `day of`, `week of` or `month of` a date", None);
