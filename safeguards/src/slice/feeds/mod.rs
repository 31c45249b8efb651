//! Feeds: records of a file of comma-separated values, made and changed line by line within what the person may write.
//!
//! A line says which record it is by its key, so a file that is sent twice changes nothing the second time. Each line is
//! written by the slice's own statements, with their policy, locks, rules and events; a line that they refuse is told with its
//! place, and the others stand.

mod csv;
mod pages;

pub use csv::Csv;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Body, Result, Viewer};
use crate::pages::{Field, Form, Kind};
use crate::web::{Code, Problem};

/// Most lines of one file.
pub const MOST_LINES: usize = 1_000;

/// What a feed reads of a file.
#[derive(Debug)]
pub struct Feed {
    /// The names of its columns; the first of each is the one that people are told.
    pub columns: &'static [FeedColumn],
    /// The fields that tell two entries apart.
    pub key: &'static [&'static str],
    /// What the column is called that names the record which an entry is a part of, by its reference.
    pub about: Option<&'static str>,
}

/// A column: the field that it fills, and what it may be called.
#[derive(Debug)]
pub struct FeedColumn {
    /// The field, as JSON names it.
    pub field: &'static str,
    /// What the first line may call it; case does not count.
    pub headers: &'static [&'static str],
}

/// A line of a file.
#[derive(Clone, Debug)]
pub struct FeedLine {
    /// Its number in the file; the first is that of the headers.
    pub number: usize,
    /// The reference of the record that it is a part of.
    pub about: Option<String>,
    /// The fields that it says something of, each with its column's name.
    cells: Vec<(&'static str, String, String)>,
}

/// What a line did, or would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A new record.
    Made,
    /// Another value of a record that is there.
    Changed,
    /// Nothing: the record is there and says the same.
    Same,
}

/// Whether a program wants to know first what a file would do.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Preview {
    /// Nothing is written.
    #[serde(default)]
    pub preview: bool,
}

/// A line that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Its number in the file.
    pub line: usize,
    /// The column, where it is about one.
    pub column: Option<String>,
    /// What is wrong, without the value.
    pub detail: String,
}

/// What a file did, or would do.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// How many records were made.
    pub made: usize,
    /// How many were changed.
    pub changed: usize,
    /// How many lines said what is recorded already.
    pub same: usize,
    /// What was left out, and why.
    pub refused: Vec<Refused>,
    #[serde(skip)]
    steps: Vec<(usize, Step)>,
}

impl Feed {
    /// The lines of a file.
    ///
    /// # Errors
    /// What is wrong with the file as a whole: no line of it is imported.
    pub fn read(&self, csv: &Csv) -> Result<Vec<FeedLine>, Vec<Refused>> {
        let rows = csv::rows(&csv.0)
            .map_err(|line| vec![refused(line, None, "a quotation mark is opened and not closed")])?;
        let mut rows = rows.into_iter();
        let Some((_, headers)) = rows.next() else { return Err(vec![refused(1, None, "the file is empty")]) };
        let mut wrong = Vec::new();
        let places: Vec<Option<Place>> = headers
            .iter()
            .map(|header| {
                let place = self.place(header);
                if place.is_none() {
                    wrong.push(refused(1, Some(header), "is no column of this import"));
                }
                place
            })
            .collect();
        for key in self.key {
            if !places.contains(&Some(Place::Field(key))) {
                wrong.push(refused(
                    1,
                    Some(self.called(key)),
                    "is a part of the key, and there is no such column",
                ));
            }
        }
        if let Some(about) = self.about.filter(|_| !places.contains(&Some(Place::About))) {
            wrong.push(refused(1, Some(about), "says whom a line is about, and there is no such column"));
        }
        let doubled = |at: usize| places[at].is_some() && places[..at].contains(&places[at]);
        let again = (0..places.len()).filter(|at| doubled(*at));
        wrong.extend(again.map(|at| refused(1, Some(&headers[at]), "stands there twice")));
        let rows: Vec<_> = rows.collect();
        if rows.len() > MOST_LINES {
            wrong.push(refused(
                MOST_LINES + 2,
                None,
                "one file has a thousand lines at most: send the rest as another",
            ));
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let line = |(number, cells): (usize, Vec<String>)| {
            let mut line = FeedLine { number, about: None, cells: Vec::new() };
            for ((cell, place), header) in cells.into_iter().zip(&places).zip(&headers) {
                let cell = cell.trim().to_owned();
                match place {
                    _ if cell.is_empty() => {}
                    Some(Place::About) => line.about = Some(cell),
                    Some(Place::Field(field)) => line.cells.push((field, header.clone(), cell)),
                    None => {}
                }
            }
            line
        };
        Ok(rows.into_iter().map(line).collect())
    }

    /// What a file has to have, for whoever chooses one.
    pub fn hint(&self) -> String {
        let key = self.key.iter().map(|key| self.called(key));
        let needed: Vec<&str> = self.about.into_iter().chain(key).collect();
        let rest = self.columns.iter().filter(|column| !self.key.contains(&column.field));
        let rest: Vec<&str> = rest.filter_map(|column| column.headers.first()).copied().collect();
        let also =
            if rest.is_empty() { String::new() } else { format!(" It may have: {}.", rest.join(", ")) };
        format!(
            "The first line names the columns. It must have: {}.{also} At most 1,000 lines.",
            needed.join(", ")
        )
    }

    fn place(&self, header: &str) -> Option<Place> {
        let is = |name: &str| name.eq_ignore_ascii_case(header.trim());
        if self.about.is_some_and(is) {
            return Some(Place::About);
        }
        let column = self.columns.iter().find(|column| column.headers.iter().any(|name| is(name)));
        column.map(|column| Place::Field(column.field))
    }

    /// What people are told that the column of a field is called.
    fn called(&self, field: &str) -> &'static str {
        let column = self.columns.iter().find(|column| column.field == field);
        column.and_then(|column| column.headers.first()).copied().unwrap_or_default()
    }

    /// The lines that say which record they are, each of them once; the others are refused in the report.
    pub fn keyed<'l>(&self, lines: &'l [FeedLine], report: &mut Report) -> Vec<&'l FeedLine> {
        let mut keyed: Vec<&FeedLine> = Vec::new();
        for line in lines {
            if let Some(missing) = self.key.iter().find(|key| line.says(key).is_none()) {
                let told =
                    refused(line.number, Some(self.called(missing)), "is a part of the key, and empty");
                report.refused.push(told);
                continue;
            }
            let same = |known: &&&FeedLine| {
                known.about == line.about && self.key.iter().all(|key| known.says(key) == line.says(key))
            };
            match keyed.iter().find(same) {
                Some(first) => {
                    let detail = format!("has the same key as line {}", first.number);
                    report.refused.push(Refused { line: line.number, column: None, detail });
                }
                None => keyed.push(line),
            }
        }
        keyed
    }
}

/// Where a column's values go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    About,
    Field(&'static str),
}

impl FeedLine {
    /// What it says of a field; nothing where the cell is empty.
    pub fn says(&self, field: &str) -> Option<&str> {
        self.cells.iter().find(|(known, ..)| *known == field).map(|(_, _, cell)| cell.as_str())
    }

    /// The line as a body for this form, which judges it as it does what people type.
    pub fn body(&self, viewer: &Viewer, form: &Form) -> Body {
        let mut values = Map::new();
        for (name, _, cell) in &self.cells {
            let field = form.fields().find(|field| field.name() == *name);
            let value = field.map_or_else(|| Value::from(cell.clone()), |field| value(viewer, field, cell));
            values.insert((*name).to_owned(), value);
        }
        Body::of(values)
    }

    fn why_not(&self, problem: &Problem) -> Vec<Refused> {
        let column = |pointer: &str| {
            let name = pointer.trim_start_matches('/');
            self.cells.iter().find(|(field, ..)| *field == name).map(|(_, header, _)| header.clone())
        };
        let wrong = problem.fields().iter().map(|field| Refused {
            line: self.number,
            column: column(&field.pointer),
            detail: field.detail.clone(),
        });
        let wrong: Vec<Refused> = wrong.collect();
        if !wrong.is_empty() {
            return wrong;
        }
        let detail = problem.sentence().map(str::to_owned).unwrap_or_else(|| match problem.code() {
            Code::NotFound => "what it is about is not there, or out of your reach".to_owned(),
            Code::Forbidden => "it is there already, and you may not change it".to_owned(),
            Code::Conflict => "it is closed, or somebody changed it meanwhile".to_owned(),
            _ => "it cannot be written".to_owned(),
        });
        vec![Refused { line: self.number, column: None, detail }]
    }
}

/// A cell as the JSON value that a field of this kind takes.
fn value(viewer: &Viewer, field: &Field, cell: &str) -> Value {
    let text = || Value::from(cell);
    match field.kind() {
        Kind::Integer { .. } => cell.parse::<i64>().map_or_else(|_| text(), Value::from),
        Kind::YesNo | Kind::Tick => match cell.to_ascii_lowercase().as_str() {
            "yes" | "true" | "1" => Value::Bool(true),
            "no" | "false" | "0" => Value::Bool(false),
            _ => text(),
        },
        // `2026-03-13 14:05` is said on the clocks of the app's zone.
        Kind::Moment => {
            let local = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]");
            let read = time::PrimitiveDateTime::parse(&cell.replacen('T', " ", 1), local).ok();
            let moment = read.and_then(|local| viewer.view.moment_at(local));
            let told = moment.and_then(|at| at.format(&time::format_description::well_known::Rfc3339).ok());
            told.map_or_else(text, Value::from)
        }
        Kind::List { .. } | Kind::Choices(_) => {
            cell.split(';').map(|item| Value::from(item.trim())).collect::<Vec<_>>().into()
        }
        _ => text(),
    }
}

fn refused(line: usize, column: Option<&str>, detail: &str) -> Refused {
    Refused { line, column: column.map(str::to_owned), detail: detail.to_owned() }
}

impl Report {
    /// Notes what became of a line. One that is refused does not stop the others.
    ///
    /// # Errors
    /// The app cannot go on. What was written until then stands, and is found again by its key when the file is sent anew.
    pub fn note(&mut self, line: &FeedLine, step: Result<Step>) -> Result<()> {
        match step {
            Ok(step) => {
                match step {
                    Step::Made => self.made += 1,
                    Step::Changed => self.changed += 1,
                    Step::Same => self.same += 1,
                }
                self.steps.push((line.number, step));
            }
            Err(problem) if problem.status().is_server_error() => return Err(problem),
            Err(problem) => self.refused.extend(line.why_not(&problem)),
        }
        self.refused.sort_by_key(|refused| refused.line);
        Ok(())
    }

    /// What is wrong with a file of which nothing is read.
    pub fn of_unread(refused: Vec<Refused>) -> Self {
        Self { refused, ..Self::default() }
    }

    /// Whether there is anything to import.
    pub fn does_something(&self) -> bool {
        self.made + self.changed > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEED: Feed = Feed {
        columns: &[
            FeedColumn { field: "device", headers: &["device", "Serial number"] },
            FeedColumn { field: "systolic", headers: &["systolic", "SYS"] },
        ],
        key: &["device"],
        about: Some("patient"),
    };

    fn read(text: &str) -> Result<Vec<FeedLine>, Vec<Refused>> {
        FEED.read(&Csv(text.to_owned()))
    }

    #[test]
    fn a_file_is_read_by_its_headers_and_refused_with_the_column() {
        let lines = read("Patient,SYS,serial number\nPT-7F3A4B,120,x1\n").expect("it is read");
        assert_eq!((lines[0].number, lines[0].about.as_deref()), (2, Some("PT-7F3A4B")));
        assert_eq!((lines[0].says("systolic"), lines[0].says("device")), (Some("120"), Some("x1")));
        let wrong = read("SYS,SYS,puls\n1,2,3\n").expect_err("it is no file of this feed");
        let told: Vec<_> = wrong.iter().map(|wrong| (wrong.column.as_deref(), wrong.line)).collect();
        assert_eq!(told, [(Some("puls"), 1), (Some("device"), 1), (Some("patient"), 1), (Some("SYS"), 1)]);
        assert_eq!(read("").expect_err("it is empty")[0].detail, "the file is empty");
    }
}
