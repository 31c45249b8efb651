//! The rule language: small expressions over a record, with three backends.
//!
//! An expression is read as restricted Rust (after names with spaces became identifiers), checked
//! against the fields of its entity, and kept as a typed tree. The tree is written as SQL
//! ([`Expression::sql`]) and as Rust ([`Expression::rust`]), and evaluated by the interpreter
//! ([`Expression::evaluate`]), which is the oracle for both.
//!
//! A missing value makes what is computed from it unknown, as in SQL: `and` and `or` know an answer when
//! one side decides it, and a guard that is unknown does not hold. Numbers are 64-bit floats, as in
//! both databases; a division by zero is unknown.

mod check;
mod evaluate;
mod read;
mod rust;
mod sql;

pub use evaluate::{Context, Value};
pub use sql::{NotQueryable, path_sql};

pub(crate) use check::{Scope, check};

use crate::{
    field_type::{Choice, Class},
    model::Path,
};

/// What the Rust backend calls; a generated project carries it as `src/rules.rs`.
pub const RUNTIME: &str = include_str!("runtime.rs");

/// A checked expression.
#[derive(Clone, Debug)]
pub struct Expression {
    /// As a person wrote it.
    pub said: String,
    /// Its typed tree.
    pub tree: Tree,
    /// The type of its value.
    pub result: Type,
    /// The strictest class of its inputs.
    pub class: Class,
    /// Every value that it reads, once each.
    pub inputs: Vec<Path>,
}

/// The type of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// Yes or no.
    Boolean,
    /// A number, whole or not.
    Number,
    /// A text: text, code, address and all else that is only compared.
    Text,
    /// One of these.
    Choice(Vec<Choice>),
    /// A calendar day.
    Date,
    /// A time of day.
    Time,
    /// A point in time.
    Moment,
    /// A linked record, which is only there or missing.
    Record,
    /// Several values of a type.
    List(Box<Type>),
}

/// A typed expression tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// A value of the record, or of a record that it is linked to.
    Field(Path),
    /// A number.
    Number(f64),
    /// A text, or a choice.
    Text(String),
    /// Yes or no.
    Boolean(bool),
    /// The current day in the app's time zone.
    Today,
    /// The current moment.
    Now,
    /// Not.
    Not(Box<Tree>),
    /// Both.
    And(Box<Tree>, Box<Tree>),
    /// Either.
    Or(Box<Tree>, Box<Tree>),
    /// A comparison of two values of a type.
    Compare(Comparison, Box<Tree>, Box<Tree>),
    /// Arithmetic on numbers.
    Arithmetic(Operator, Box<Tree>, Box<Tree>),
    /// The negative of a number.
    Negative(Box<Tree>),
    /// Whether a value is missing; never unknown.
    IsMissing(Box<Tree>),
    /// The whole years, days or hours from the first to the second.
    Between(Unit, Box<Tree>, Box<Tree>),
    /// An aggregate of numbers; missing ones are left out.
    Aggregate(Aggregate, Vec<Tree>),
    /// Whether a list (when true) or a text (when false) holds a value.
    Contains(bool, Box<Tree>, Box<Tree>),
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

/// Arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
    /// `/`; unknown when the divisor is zero.
    Over,
}

/// What is counted between two points in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Whole calendar years, as in an age.
    Years,
    /// Whole days between two days.
    Days,
    /// Whole days between two moments.
    MomentDays,
    /// Whole hours.
    Hours,
}

/// An aggregate of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// Their sum; zero of none.
    Sum,
    /// How many are not missing.
    Count,
    /// The least; unknown of none.
    Least,
    /// The greatest; unknown of none.
    Greatest,
    /// Their mean; unknown of none.
    Mean,
}
