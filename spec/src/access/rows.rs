//! The tree of a row predicate and its SQL text.

use super::{Reach, Step};
use crate::{
    field_type::Choice,
    model::{EntityIndex, Hop, Model, RoleIndex},
};

/// Which records, over the columns of one entity's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rows {
    /// All of every organisation.
    Everywhere,
    /// All of the person's organisation.
    Organisation,
    /// Those whose column names the person.
    Person {
        /// The column.
        column: String,
    },
    /// Those of a place in which the person has the role, `levels` above the record's own place.
    Place {
        /// The role of the membership.
        role: RoleIndex,
        /// How many places up from the record's own.
        levels: usize,
    },
    /// Those assigned to the person in the role.
    Assigned {
        /// The role of the assignment.
        role: RoleIndex,
        /// Whether ended assignments count.
        past: bool,
    },
    /// Those that are assigned to nobody today.
    Unassigned,
    /// Those whose linked record is one of these.
    To(Hop, Box<Rows>),
    /// Those to which one of these links.
    From(EntityIndex, String, Box<Rows>),
    /// Those in one of these states.
    State {
        /// The column.
        column: String,
        /// The states.
        states: Vec<Choice>,
    },
    /// Those whose moment, if they have one, is not over.
    NotOver {
        /// The column.
        column: String,
    },
    /// Those in all of these sets.
    All(Vec<Rows>),
    /// Those in any of these sets.
    Any(Vec<Rows>),
}

impl Rows {
    /// The rows of a scope at the end of a path.
    pub(crate) fn along(path: &[Step], end: Self) -> Self {
        path.iter().rev().fold(end, |inner, step| match step {
            Step::To(hop) => Self::To(hop.clone(), Box::new(inner)),
            Step::From { entity, column } => Self::From(*entity, column.clone(), Box::new(inner)),
        })
    }

    /// The predicate over the entity's table, with `:person`, `:organisation` and `:now`. Only names of the model and quoted literals stand in it.
    pub fn sql(&self, model: &Model, entity: EntityIndex) -> String {
        let mut writer = Writer { model, aliases: 0 };
        let table = model[entity].table.clone();
        writer.rows(self, entity, &table)
    }
}

/// A SQL string literal; the one door for text in predicates.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

struct Writer<'m> {
    model: &'m Model,
    aliases: usize,
}

impl Writer<'_> {
    fn alias(&mut self, letter: char) -> String {
        self.aliases += 1;
        format!("{letter}{}", self.aliases)
    }

    fn rows(&mut self, rows: &Rows, entity: EntityIndex, at: &str) -> String {
        match rows {
            Rows::Everywhere => "TRUE".into(),
            Rows::Organisation => format!("{at}.organisation_id = :organisation"),
            Rows::Person { column } => format!("{at}.{column} = :person"),
            Rows::Place { role, levels } => self.place(*role, *levels, at),
            Rows::Assigned { role, past } => self.assigned(*role, *past, entity, at),
            Rows::Unassigned => self.unassigned(entity, at),
            Rows::To(hop, inner) => {
                let alias = self.alias('r');
                let table = &self.model[hop.to].table;
                let inner = self.rows(inner, hop.to, &alias);
                format!(
                    "EXISTS (SELECT 1 FROM {table} {alias} WHERE {alias}.id = {at}.{} AND {alias}.organisation_id = :organisation AND {inner})",
                    hop.column
                )
            }
            Rows::From(other, column, inner) => {
                let alias = self.alias('r');
                let table = &self.model[*other].table;
                let inner = self.rows(inner, *other, &alias);
                format!(
                    "EXISTS (SELECT 1 FROM {table} {alias} WHERE {alias}.{column} = {at}.id AND {alias}.organisation_id = :organisation AND {inner})"
                )
            }
            Rows::State { column, states } => {
                let states: Vec<_> = states.iter().map(|state| literal(state.as_str())).collect();
                format!("{at}.{column} IN ({})", states.join(", "))
            }
            Rows::NotOver { column } => format!("({at}.{column} IS NULL OR {at}.{column} > :now)"),
            Rows::All(sets) => self.joined(sets, " AND ", entity, at),
            Rows::Any(sets) => self.joined(sets, " OR ", entity, at),
        }
    }

    fn joined(&mut self, sets: &[Rows], by: &str, entity: EntityIndex, at: &str) -> String {
        match sets {
            [] => if by == " AND " { "TRUE" } else { "FALSE" }.into(),
            [one] => self.rows(one, entity, at),
            sets => {
                let texts: Vec<_> = sets.iter().map(|set| self.rows(set, entity, at)).collect();
                format!("({})", texts.join(by))
            }
        }
    }

    /// A membership names the place itself; levels between are climbed along `places.parent_id`.
    fn place(&mut self, role: RoleIndex, levels: usize, at: &str) -> String {
        let member = self.alias('m');
        let mut joins = String::new();
        let mut place = format!("{member}.place_id");
        for _ in 0..levels {
            let alias = self.alias('p');
            joins += &format!(" JOIN places {alias} ON {alias}.parent_id = {place}");
            place = format!("{alias}.id");
        }
        format!(
            "EXISTS (SELECT 1 FROM memberships {member}{joins} WHERE {place} = {at}.place_id AND {member}.organisation_id = :organisation AND {member}.person_id = :person AND {member}.role = {})",
            literal(self.model[role].name.as_str())
        )
    }

    fn assigned(&mut self, role: RoleIndex, past: bool, entity: EntityIndex, at: &str) -> String {
        let Some(assignment) = &self.model[entity].assignment else { return "FALSE".into() };
        let (table, column) = (assignment.table.clone(), assignment.column.clone());
        let alias = self.alias('a');
        let ends = if past {
            String::new()
        } else {
            format!(" AND ({alias}.ends_at IS NULL OR {alias}.ends_at > :now)")
        };
        format!(
            "EXISTS (SELECT 1 FROM {table} {alias} WHERE {alias}.{column} = {at}.id AND {alias}.organisation_id = :organisation AND {alias}.person_id = :person AND {alias}.role = {} AND {alias}.starts_at <= :now{ends})",
            literal(self.model[role].name.as_str())
        )
    }

    fn unassigned(&mut self, entity: EntityIndex, at: &str) -> String {
        let Some(assignment) = &self.model[entity].assignment else { return "FALSE".into() };
        let (table, column) = (assignment.table.clone(), assignment.column.clone());
        let alias = self.alias('a');
        let (now, organisation) = (":now", ":organisation");
        format!(
            "NOT EXISTS (SELECT 1 FROM {table} {alias} WHERE {alias}.{column} = {at}.id AND {alias}.organisation_id = {organisation} AND {alias}.starts_at <= {now} AND ({alias}.ends_at IS NULL OR {alias}.ends_at > {now}))"
        )
    }
}

impl Reach {
    /// Whether it reaches all records of a place, which makes a role privileged when they hold PHI. What waits to be
    /// claimed is whoever's in the organisation.
    pub fn is_whole_place(&self) -> bool {
        matches!(self, Self::Place(_) | Self::Everywhere | Self::Unassigned)
    }
}
