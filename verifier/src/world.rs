//! What is true in an instance: records, people, places and assignments, as the app's own archive has them, and what of
//! it somebody may see, as the spec means it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use exporter::Archive;
use serde_json::{Map, Value};
use spec::Model;
use spec::access::Action;
use spec::access::oracle::{self, AssignmentFact, Facts, Membership, Record, Who};
use spec::model::{EntityIndex, FieldIndex};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::clock;
use crate::people::Person;
use crate::trouble::Result;

/// A row as the archive has it.
pub(crate) type Row = Map<String, Value>;

/// The facts of one moment.
pub(crate) struct World {
    facts: Facts,
    ids: Ids,
    /// The rows of each table, by its name.
    pub(crate) tables: BTreeMap<String, Vec<Row>>,
    /// The audit log.
    pub(crate) events: Vec<Event>,
    /// What each change wrote, opened.
    pub(crate) payloads: Vec<Value>,
}

/// An event of the audit log.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) action: String,
    pub(crate) entity: String,
    pub(crate) body: Value,
    pub(crate) actor: String,
    pub(crate) session: String,
    pub(crate) records: Vec<String>,
    /// Ciphertext, in base 16.
    pub(crate) payload: Option<String>,
    /// The line as it stands.
    pub(crate) line: String,
}

/// Numbers for ids: the oracle counts in numbers.
#[derive(Default)]
struct Ids(BTreeMap<String, u64>);

impl Ids {
    fn number(&mut self, id: &str) -> u64 {
        let next = self.0.len() as u64 + 1;
        *self.0.entry(id.to_owned()).or_insert(next)
    }

    fn known(&self, id: &str) -> u64 {
        self.0.get(id).copied().unwrap_or(0)
    }
}

fn text<'r>(row: &'r Row, name: &str) -> Option<&'r str> {
    row.get(name).and_then(Value::as_str)
}

fn moment(row: &Row, name: &str) -> Option<i64> {
    let text = text(row, name)?;
    OffsetDateTime::parse(text, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp)
}

impl World {
    /// Reads an open archive.
    pub(crate) fn read(model: &Model, path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(crate::trouble::Trouble::file(path))?;
        let mut archive = Archive::open(file, None)?;
        let mut world = Self {
            facts: Facts::default(),
            ids: Ids::default(),
            tables: BTreeMap::new(),
            events: Vec::new(),
            payloads: Vec::new(),
        };
        for table in archive.manifest().tables.clone() {
            let rows: std::result::Result<Vec<Row>, _> = archive.rows(&table)?.collect();
            world.tables.insert(table.table.name.clone(), rows?);
        }
        let mut log = String::new();
        archive
            .file("audit/events.ndjson")?
            .read_to_string(&mut log)
            .map_err(exporter::ArchiveError::from)?;
        world.events = log.lines().filter_map(Event::read).collect();
        let mut opened = String::new();
        archive
            .file("audit/payloads.ndjson")?
            .read_to_string(&mut opened)
            .map_err(exporter::ArchiveError::from)?;
        world.payloads = opened.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        world.gather(model);
        Ok(world)
    }

    /// The rows of a table; none where there is none of its name.
    pub(crate) fn rows(&self, table: &str) -> &[Row] {
        self.tables.get(table).map_or(&[], Vec::as_slice)
    }

    /// One row of a table.
    pub(crate) fn row(&self, table: &str, id: &str) -> Option<&Row> {
        self.rows(table).iter().find(|row| text(row, "id") == Some(id))
    }

    /// The records of an entity in an organisation, by their ids.
    pub(crate) fn records<'w>(
        &'w self,
        model: &Model,
        entity: EntityIndex,
        organisation: &'w str,
    ) -> impl Iterator<Item = (&'w str, &'w Row)> {
        let rows = self.rows(&model[entity].table).iter();
        rows.filter(move |row| text(row, "organisation_id") == Some(organisation))
            .filter_map(|row| Some((text(row, "id")?, row)))
    }

    /// The fields that a person may touch by an action; none when the record is hidden from them.
    pub(crate) fn visible(
        &self,
        model: &Model,
        person: &Person,
        action: Action,
        entity: EntityIndex,
        record: &str,
    ) -> Option<BTreeSet<FieldIndex>> {
        let who = Who {
            person: self.ids.known(&person.id),
            organisation: self.ids.known(&person.organisation()),
            now: clock::seconds(),
        };
        oracle::visible(model, &self.facts, who, action, entity, self.ids.known(record))
    }

    fn gather(&mut self, model: &Model) {
        for (index, entity) in model.entities() {
            let state = entity.lifecycle.as_ref().map(|lifecycle| entity[lifecycle.field].column.clone());
            let rows = self.tables.get(&entity.table).cloned().unwrap_or_default();
            for row in rows {
                let Some(id) = text(&row, "id") else { continue };
                let mut record = Record {
                    organisation: self.ids.number(text(&row, "organisation_id").unwrap_or_default()),
                    place: text(&row, "place_id").map(|place| self.ids.number(place)),
                    ids: BTreeMap::new(),
                    state: state.as_ref().and_then(|column| text(&row, column)).map(str::to_owned),
                    until: moment(&row, "until"),
                };
                for (name, value) in &row {
                    if let Some(id) = value.as_str().filter(|_| name.ends_with("_id")) {
                        record.ids.insert(name.clone(), self.ids.number(id));
                    }
                }
                let number = self.ids.number(id);
                self.facts.records.entry(index).or_default().insert(number, record);
            }
            self.gather_assignments(model, index);
        }
        self.gather_people(model);
    }

    fn gather_assignments(&mut self, model: &Model, index: EntityIndex) {
        let Some(assignment) = &model[index].assignment else { return };
        for row in self.tables.get(&assignment.table).cloned().unwrap_or_default() {
            let mut id = |name: &str| self.ids.number(text(&row, name).unwrap_or_default());
            let (organisation, record, person) =
                (id("organisation_id"), id(&assignment.column), id("person_id"));
            let Some(role) = text(&row, "role").and_then(|role| model.role(role)) else { continue };
            let (starts, ends) = (moment(&row, "starts_at").unwrap_or(i64::MAX), moment(&row, "ends_at"));
            let entity = index;
            let fact = AssignmentFact { organisation, entity, record, person, role, starts, ends };
            self.facts.assignments.push(fact);
        }
    }

    fn gather_people(&mut self, model: &Model) {
        for row in self.tables.get("memberships").cloned().unwrap_or_default() {
            let Some(role) = text(&row, "role").and_then(|role| model.role(role)) else { continue };
            let person = self.ids.number(text(&row, "person_id").unwrap_or_default());
            let organisation = self.ids.number(text(&row, "organisation_id").unwrap_or_default());
            let place = text(&row, "place_id").map(|place| self.ids.number(place));
            self.facts.memberships.push(Membership { person, organisation, role, place });
        }
        for row in self.tables.get("places").cloned().unwrap_or_default() {
            let kind = text(&row, "kind").unwrap_or_default();
            let Some(kind) = model.place(kind) else { continue };
            let place = self.ids.number(text(&row, "id").unwrap_or_default());
            let above = text(&row, "parent_id").map(|above| self.ids.number(above));
            self.facts.places.insert(place, (kind, above));
        }
    }
}

impl Event {
    fn read(line: &str) -> Option<Self> {
        let entry: Value = serde_json::from_str(line).ok()?;
        let body: Value = serde_json::from_str(entry["body"].as_str()?).ok()?;
        let side = &entry["side"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let records = side["records"].as_array().into_iter().flatten().map(text).collect();
        Some(Self {
            action: text(&entry["action"]),
            entity: text(&entry["entity"]),
            actor: text(&side["actor"]),
            session: text(&side["session"]),
            records,
            payload: side["payload"].as_str().map(str::to_owned),
            body,
            line: line.to_owned(),
        })
    }

    /// How it ended.
    pub(crate) fn outcome(&self) -> &str {
        self.body["outcome"].as_str().unwrap_or_default()
    }
}
