//! The migrations of a project: those of its first generation, and one more for each change of its spec.
//!
//! What was applied once is never edited. A change is one migration, which is one transaction: it is there whole, or the
//! app goes on as it was. Tables and columns are known again by the stable ids of `app.lock`, so a rename moves no
//! value, and no sealed value has to be sealed anew.
//!
//! ```text
//! model before ┐
//!              ├─ pairs ──▶ sqlite: tables that differ are rebuilt       ──▶ NNNN_change.sql
//! model after  ┘           postgres: ALTER, then the whole fence anew   ──▶ NNNN_change.sql
//! ```
//!
//! [`refused`] says what no SQL can do, since values lie sealed: such a change is a new field beside the old one.

mod postgres;
mod refused;
mod sqlite;

use std::collections::BTreeMap;

use spec::{Model, ValidatedSpec};
use tera::Context;

use crate::Error;
use crate::project::OfEntity;
use crate::render::{render, words};
use crate::view::app::{AppView, MigrationView};
use crate::view::entity::EntityView;
use crate::view::schema::ColumnView;

/// What a project was before a change.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    /// The spec that it was generated from.
    pub spec: &'a ValidatedSpec,
    /// The text of each of its migrations by its path, such as `migrations/sqlite/0001_patients.sql`.
    pub migrations: &'a BTreeMap<String, String>,
}

/// One migration, and its text for each database that it does something to.
pub(crate) struct Step {
    version: usize,
    pub(crate) name: String,
    pub(crate) sqlite: Option<String>,
    pub(crate) postgres: Option<String>,
}

impl Step {
    /// As the list of migrations names it.
    pub(crate) fn listed(&self) -> MigrationView {
        let Self { version, name, sqlite, postgres } = self;
        let (sqlite, postgres) = (sqlite.is_some(), postgres.is_some());
        MigrationView { version: *version, name: name.clone(), sqlite, postgres }
    }
}

/// The migrations of a new project: one a table, and PostgreSQL's second fence when all are there.
pub(crate) fn first(view: &AppView) -> Result<Vec<Step>, Error> {
    let mut steps = Vec::new();
    for (at, entity) in view.entities.iter().enumerate() {
        let version = at + 1;
        // Made once for both: it is most of the time that a migration takes.
        let context = words(&OfEntity { app: &view.app, entity, made: &entity.table })?;
        let text = |database| render(&format!("migrations/{database}/entity.sql"), &context).map(Some);
        let (sqlite, postgres) = (text("sqlite")?, text("postgres")?);
        steps.push(Step { version, name: format!("{version:04}_{}", entity.table), sqlite, postgres });
    }
    let version = steps.len() + 1;
    let fence = Some(fence(view)?);
    steps.push(Step { version, name: format!("{version:04}_access"), sqlite: None, postgres: fence });
    Ok(steps)
}

/// The migrations of a project whose spec changed: those that it has, and one more if a table or a policy differs.
pub(crate) fn next(past: &Past<'_>, model: &Model, after: &AppView) -> Result<Vec<Step>, Error> {
    let refused = refused::changes(past.spec.model(), model);
    if !refused.is_empty() {
        return Err(Error::Change(refused));
    }
    let before = AppView::new(past.spec.model())?;
    let mut steps = kept(past.migrations);
    let change = Change { before: &before, after, pairs: pairs(&before, after) };
    let (sqlite, postgres) = (sqlite::text(&change)?, postgres::text(&change)?);
    if sqlite.is_some() || postgres.is_some() {
        let version = steps.last().map_or(0, |step| step.version) + 1;
        steps.push(Step { version, name: format!("{version:04}_change"), sqlite, postgres });
    }
    Ok(steps)
}

/// Migrations as they lie in the project, by their numbers.
fn kept(migrations: &BTreeMap<String, String>) -> Vec<Step> {
    let mut steps: BTreeMap<usize, Step> = BTreeMap::new();
    for (path, text) in migrations {
        let Some((folder, file)) = path.trim_start_matches("migrations/").split_once('/') else { continue };
        let Some(name) = file.strip_suffix(".sql") else { continue };
        let Some(version) = name.split('_').next().and_then(|number| number.parse().ok()) else { continue };
        let new = || Step { version, name: name.to_owned(), sqlite: None, postgres: None };
        let step = steps.entry(version).or_insert_with(new);
        match folder {
            "sqlite" => step.sqlite = Some(text.clone()),
            _ => step.postgres = Some(text.clone()),
        }
    }
    steps.into_values().collect()
}

/// Both versions of an app, and which entity of one is which of the other.
struct Change<'a> {
    before: &'a AppView,
    after: &'a AppView,
    pairs: Vec<Pair<'a>>,
}

/// An entity before and after.
#[derive(Clone, Copy)]
struct Pair<'a> {
    before: &'a EntityView,
    after: &'a EntityView,
}

fn pairs<'a>(before: &'a AppView, after: &'a AppView) -> Vec<Pair<'a>> {
    let was = |entity: &EntityView| before.entities.iter().find(|was| was.id == entity.id);
    after.entities.iter().filter_map(|after| Some(Pair { before: was(after)?, after })).collect()
}

impl<'a> Change<'a> {
    /// Entities that are new, each after those that it refers to.
    fn added(&self) -> impl Iterator<Item = &'a EntityView> {
        let known = |entity: &&EntityView| !self.before.entities.iter().any(|was| was.id == entity.id);
        self.after.entities.iter().filter(known)
    }

    /// Entities that are gone, each before those that it refers to.
    fn removed(&self) -> impl Iterator<Item = &'a EntityView> {
        let known = |entity: &&EntityView| !self.after.entities.iter().any(|is| is.id == entity.id);
        self.before.entities.iter().rev().filter(known)
    }
}

impl Pair<'_> {
    fn is_renamed(&self) -> bool {
        self.before.table != self.after.table
    }

    /// The column that held the same before.
    fn was(&self, column: &ColumnView) -> Option<&ColumnView> {
        self.before.schema.columns.iter().find(|was| was.holds == column.holds)
    }

    fn removed_columns(&self) -> impl Iterator<Item = &ColumnView> {
        let is_there = |was: &&ColumnView| self.after.schema.columns.iter().any(|is| is.holds == was.holds);
        self.before.schema.columns.iter().filter(move |was| !is_there(was))
    }

    /// What a comment calls it.
    fn about(&self) -> String {
        if self.before.name == self.after.name {
            return self.after.label_plural.clone();
        }
        format!("{}, before: {}", self.after.label_plural, self.before.label_plural)
    }
}

/// What stands in one list and not, or not so, in the other.
fn missing<'a, T: PartialEq>(from: &'a [T], other: &[T]) -> Vec<&'a T> {
    from.iter().filter(|item| !other.contains(item)).collect()
}

/// The second fence as PostgreSQL's newest migration says it.
fn fence(view: &AppView) -> Result<String, Error> {
    let mut context = Context::new();
    context.insert("fence", &view.fence);
    render("migrations/postgres/access.sql", &context)
}

/// A template about one entity, whose table is made under the name `made`.
fn of_entity(
    view: &AppView,
    entity: &EntityView,
    database: &str,
    template: &str,
    made: &str,
) -> Result<String, Error> {
    let context = words(&OfEntity { app: &view.app, entity, made })?;
    render(&format!("migrations/{database}/{template}.sql"), &context)
}

/// Moves the assignments of a record into the table that they have now, where they have another.
fn assignments(change: &Change<'_>, pair: Pair<'_>, database: &str) -> Result<String, Error> {
    let made = || of_entity(change.after, pair.after, database, "assignment", &pair.after.table);
    let (before, after) = match (&pair.before.assignment, &pair.after.assignment) {
        (None, None) => return Ok(String::new()),
        (Some(before), None) => return Ok(format!("DROP TABLE {};\n", before.table)),
        (None, Some(_)) => return made(),
        (Some(before), Some(after)) => (before, after),
    };
    if before.table == after.table && before.column == after.column {
        if before.one == after.one && (!before.one || before.role == after.role) {
            return Ok(String::new());
        }
        let person = if after.one { "" } else { ", person_id" };
        let table = &after.table;
        return Ok(format!(
            "-- How many may be assigned at a time.\nDROP INDEX {table}_current;\nCREATE UNIQUE INDEX {table}_current ON {table} \
             ({}, role{person}) WHERE ends_at IS NULL;\n",
            after.column
        ));
    }
    let rest = "id, organisation_id, person_id, role, starts_at, ends_at, assigned_by_id";
    Ok(format!(
        "{}\nINSERT INTO {} ({}, {rest})\n    SELECT {}, {rest} FROM {};\nDROP TABLE {};\n",
        made()?,
        after.table,
        after.column,
        before.column,
        before.table,
        before.table,
    ))
}
