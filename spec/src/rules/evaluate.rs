//! The interpreter: what an expression means, and so the oracle for its other backends.

use super::{Aggregate, Comparison, Expression, Operator, Tree, Unit};
use crate::model::Path;
use std::cmp::Ordering;
use time::{Date, OffsetDateTime, Time};

/// A value that an expression reads or computes.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Yes or no.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A text, or a choice.
    Text(String),
    /// A calendar day.
    Date(Date),
    /// A time of day.
    Time(Time),
    /// A point in time.
    Moment(OffsetDateTime),
    /// A linked record that is there.
    Record,
    /// Several values.
    List(Vec<Value>),
}

/// Where an expression finds its inputs.
pub trait Context {
    /// The value at a path; `None` when it is missing.
    fn value(&self, path: &Path) -> Option<Value>;
    /// The current moment.
    fn now(&self) -> OffsetDateTime;
    /// The current day in the app's time zone.
    fn today(&self) -> Date;
}

impl Expression {
    /// Its value; `None` when it is unknown.
    pub fn evaluate(&self, context: &dyn Context) -> Option<Value> {
        evaluate(&self.tree, context)
    }

    /// Whether it holds as a guard: unknown does not.
    pub fn holds(&self, context: &dyn Context) -> bool {
        self.evaluate(context) == Some(Value::Boolean(true))
    }
}

fn evaluate(tree: &Tree, context: &dyn Context) -> Option<Value> {
    let boolean = |tree: &Tree| match evaluate(tree, context) {
        Some(Value::Boolean(value)) => Some(value),
        _ => None,
    };
    let number = |tree: &Tree| match evaluate(tree, context) {
        Some(Value::Number(value)) => Some(value),
        _ => None,
    };
    match tree {
        Tree::Field(path) => context.value(path),
        Tree::Number(value) => Some(Value::Number(*value)),
        Tree::Text(text) => Some(Value::Text(text.clone())),
        Tree::Boolean(value) => Some(Value::Boolean(*value)),
        Tree::Today => Some(Value::Date(context.today())),
        Tree::Now => Some(Value::Moment(context.now())),
        Tree::Not(of) => boolean(of).map(|value| Value::Boolean(!value)),
        Tree::And(left, right) => match (boolean(left), boolean(right)) {
            (Some(false), _) | (_, Some(false)) => Some(Value::Boolean(false)),
            (Some(true), Some(true)) => Some(Value::Boolean(true)),
            _ => None,
        },
        Tree::Or(left, right) => match (boolean(left), boolean(right)) {
            (Some(true), _) | (_, Some(true)) => Some(Value::Boolean(true)),
            (Some(false), Some(false)) => Some(Value::Boolean(false)),
            _ => None,
        },
        Tree::Compare(comparison, left, right) => {
            compared(*comparison, &evaluate(left, context)?, &evaluate(right, context)?).map(Value::Boolean)
        }
        Tree::Arithmetic(operator, left, right) => {
            let (left, right) = (number(left)?, number(right)?);
            match operator {
                Operator::Plus => Some(left + right),
                Operator::Minus => Some(left - right),
                Operator::Times => Some(left * right),
                Operator::Over => (right != 0.0).then(|| left / right),
            }
            .map(Value::Number)
        }
        Tree::Negative(of) => number(of).map(|value| Value::Number(-value)),
        Tree::IsMissing(of) => Some(Value::Boolean(evaluate(of, context).is_none())),
        Tree::Between(unit, from, to) => {
            between(*unit, &evaluate(from, context)?, &evaluate(to, context)?).map(Value::Number)
        }
        Tree::Aggregate(aggregate, of) => {
            let numbers: Vec<f64> = of.iter().filter_map(number).collect();
            aggregated(*aggregate, &numbers).map(Value::Number)
        }
        Tree::Contains(_, left, right) => match (evaluate(left, context)?, evaluate(right, context)?) {
            (Value::List(values), value) => Some(Value::Boolean(values.contains(&value))),
            (Value::Text(text), Value::Text(part)) => Some(Value::Boolean(text.contains(&part))),
            _ => None,
        },
    }
}

fn compared(comparison: Comparison, left: &Value, right: &Value) -> Option<bool> {
    let order = match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.partial_cmp(right)?,
        (Value::Date(left), Value::Date(right)) => left.cmp(right),
        (Value::Time(left), Value::Time(right)) => left.cmp(right),
        (Value::Moment(left), Value::Moment(right)) => left.cmp(right),
        (Value::Boolean(left), Value::Boolean(right)) => left.cmp(right),
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        _ => return None,
    };
    Some(match comparison {
        Comparison::Equal => order == Ordering::Equal,
        Comparison::NotEqual => order != Ordering::Equal,
        Comparison::Less => order == Ordering::Less,
        Comparison::AtMost => order != Ordering::Greater,
        Comparison::Greater => order == Ordering::Greater,
        Comparison::AtLeast => order != Ordering::Less,
    })
}

#[allow(clippy::cast_precision_loss, reason = "dates lie between the years -9999 and 9999")]
fn between(unit: Unit, from: &Value, to: &Value) -> Option<f64> {
    Some(match (unit, from, to) {
        (Unit::Years, Value::Date(from), Value::Date(to)) => {
            let before = (to.month() as u8, to.day()) < (from.month() as u8, from.day());
            f64::from(to.year() - from.year() - i32::from(before))
        }
        (Unit::Days, Value::Date(from), Value::Date(to)) => {
            f64::from(to.to_julian_day() - from.to_julian_day())
        }
        (Unit::MomentDays, Value::Moment(from), Value::Moment(to)) => (*to - *from).whole_days() as f64,
        (Unit::Hours, Value::Moment(from), Value::Moment(to)) => (*to - *from).whole_hours() as f64,
        _ => return None,
    })
}

#[allow(clippy::cast_precision_loss, reason = "an expression has few numbers")]
fn aggregated(aggregate: Aggregate, numbers: &[f64]) -> Option<f64> {
    match aggregate {
        Aggregate::Sum => Some(numbers.iter().sum()),
        Aggregate::Count => Some(numbers.len() as f64),
        Aggregate::Least => numbers.iter().copied().reduce(f64::min),
        Aggregate::Greatest => numbers.iter().copied().reduce(f64::max),
        Aggregate::Mean => (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / numbers.len() as f64),
    }
}
