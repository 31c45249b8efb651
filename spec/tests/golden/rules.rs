//! What the Rust backend writes for the expressions of `backends.rs`.
#![allow(
    unused_variables,
    clippy::all,
    missing_docs,
    reason = "as written for a project, of which this is a part"
)]
use crate::rules;
use time::{Date, OffsetDateTime};
#[derive(Clone, Debug)]
pub struct Inputs {
    pub a: Option<f64>,
    pub b: Option<f64>,
    pub flag: Option<bool>,
    pub day: Option<Date>,
    pub other_day: Option<Date>,
    pub at: Option<OffsetDateTime>,
    pub state: Option<String>,
    pub second_state: Option<String>,
    pub word: Option<String>,
    pub words: Option<Vec<String>>,
}
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Boolean(Option<bool>),
    Number(Option<f64>),
}
pub const ALL: &[fn(&Inputs, Date, OffsetDateTime) -> Outcome] = &[
    rule_0,
    rule_1,
    rule_2,
    rule_3,
    rule_4,
    rule_5,
    rule_6,
    rule_7,
    rule_8,
    rule_9,
    rule_10,
    rule_11,
    rule_12,
    rule_13,
    rule_14,
    rule_15,
    rule_16,
    rule_17,
    rule_18,
    rule_19,
    rule_20,
    rule_21,
    rule_22,
    rule_23,
    rule_24,
    rule_25,
    rule_26,
];
/// `a > 160 or b > 100`
pub fn rule_0(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Boolean(
        rules::or(
            rules::compare(inputs.a, Some(160.0), |left, right| left > right),
            rules::compare(inputs.b, Some(100.0), |left, right| left > right),
        ),
    )
}
/// `a > 1 and b > 1 or not (a == b)`
pub fn rule_1(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Boolean(
        rules::or(
            rules::and(
                rules::compare(inputs.a, Some(1.0), |left, right| left > right),
                rules::compare(inputs.b, Some(1.0), |left, right| left > right),
            ),
            rules::compare(inputs.a, inputs.b, |left, right| left == right)
                .map(|value: bool| !value),
        ),
    )
}
/// `not (a > b) and flag`
pub fn rule_2(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Boolean(
        rules::and(
            rules::compare(inputs.a, inputs.b, |left, right| left > right)
                .map(|value: bool| !value),
            inputs.flag,
        ),
    )
}
/// `a + b * 2 - a / b`
pub fn rule_3(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Number(
        rules::compute(
            rules::compute(
                inputs.a,
                rules::compute(inputs.b, Some(2.0), |left, right| left * right),
                |left, right| left + right,
            ),
            rules::over(inputs.a, inputs.b),
            |left, right| left - right,
        ),
    )
}
/// `-(a - b) <= 3`
pub fn rule_4(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Boolean(
        rules::compare(
            rules::compute(inputs.a, inputs.b, |left, right| left - right)
                .map(|value: f64| -value),
            Some(3.0),
            |left, right| left <= right,
        ),
    )
}
/// `a / (b - 1) > 0`
pub fn rule_5(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Boolean(
        rules::compare(
            rules::over(
                inputs.a,
                rules::compute(inputs.b, Some(1.0), |left, right| left - right),
            ),
            Some(0.0),
            |left, right| left > right,
        ),
    )
}
/// `sum(a, b, 1)`
pub fn rule_6(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Number(rules::sum(&[inputs.a, inputs.b, Some(1.0)]))
}
/// `count(a, b)`
pub fn rule_7(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Number(rules::count(&[inputs.a, inputs.b]))
}
/// `min(a, b)`
pub fn rule_8(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Number(rules::least(&[inputs.a, inputs.b]))
}
/// `max(a, b)`
pub fn rule_9(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Number(rules::greatest(&[inputs.a, inputs.b]))
}
/// `mean(a, b)`
pub fn rule_10(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Number(rules::mean(&[inputs.a, inputs.b]))
}
/// `a is missing or b is not missing`
pub fn rule_11(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Boolean(
        rules::or(
            Some(inputs.a.is_none()),
            Some(inputs.b.is_none()).map(|value: bool| !value),
        ),
    )
}
/// `(a / 0) is missing`
pub fn rule_12(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Boolean(Some(rules::over(inputs.a, Some(0.0)).is_none()))
}
/// `years(day, today)`
pub fn rule_13(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Number(rules::years(inputs.day, Some(today)))
}
/// `years(day, other day) >= 18`
pub fn rule_14(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Boolean(
        rules::compare(
            rules::years(inputs.day, inputs.other_day),
            Some(18.0),
            |left, right| left >= right,
        ),
    )
}
/// `days(day, other day)`
pub fn rule_15(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Number(rules::days(inputs.day, inputs.other_day))
}
/// `days(at, now)`
pub fn rule_16(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Number(rules::days_of_moments(inputs.at, Some(now)))
}
/// `hours(at, now) > 72`
pub fn rule_17(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Boolean(
        rules::compare(
            rules::hours(inputs.at, Some(now)),
            Some(72.0),
            |left, right| left > right,
        ),
    )
}
/// `day < other day`
pub fn rule_18(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Boolean(
        rules::compare(inputs.day, inputs.other_day, |left, right| left < right),
    )
}
/// `day == today or at < now`
pub fn rule_19(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Boolean(
        rules::or(
            rules::compare(inputs.day, Some(today), |left, right| left == right),
            rules::compare(inputs.at, Some(now), |left, right| left < right),
        ),
    )
}
/// `state == no-show`
pub fn rule_20(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Boolean(
        rules::compare(
            inputs.state.as_deref(),
            Some("no-show"),
            |left, right| left == right,
        ),
    )
}
/// `state != in person and state == second state`
pub fn rule_21(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Boolean(
        rules::and(
            rules::compare(
                inputs.state.as_deref(),
                Some("in person"),
                |left, right| left != right,
            ),
            rules::compare(
                inputs.state.as_deref(),
                inputs.second_state.as_deref(),
                |left, right| left == right,
            ),
        ),
    )
}
/// `state in (A+, no-show)`
pub fn rule_22(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Boolean(
        rules::or(
            rules::compare(
                inputs.state.as_deref(),
                Some("A+"),
                |left, right| left == right,
            ),
            rules::compare(
                inputs.state.as_deref(),
                Some("no-show"),
                |left, right| left == right,
            ),
        ),
    )
}
/// `word == "x" or word contains "y"`
pub fn rule_23(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Boolean(
        rules::or(
            rules::compare(
                inputs.word.as_deref(),
                Some("x"),
                |left, right| left == right,
            ),
            rules::text_contains(inputs.word.as_deref(), Some("y")),
        ),
    )
}
/// `words contains "x"`
pub fn rule_24(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Boolean(rules::list_contains(inputs.words.as_deref(), Some("x")))
}
/// `flag == true`
pub fn rule_25(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Boolean(
        rules::compare(inputs.flag, Some(true), |left, right| left == right),
    )
}
/// `flag`
pub fn rule_26(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
    Outcome::Boolean(inputs.flag)
}
