//! What computed values and guards of this app call. A missing value is `None`; what is computed
//! from one is unknown, unless the other side decides it.

use time::{Date, OffsetDateTime};

/// Both; known to be false when one side is.
pub fn and(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// Either; known to be true when one side is.
pub fn or(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

/// A comparison of two values, unknown when one is missing.
pub fn compare<T>(left: Option<T>, right: Option<T>, holds: impl Fn(&T, &T) -> bool) -> Option<bool> {
    Some(holds(&left?, &right?))
}

/// Arithmetic on two numbers, unknown when one is missing.
pub fn compute(left: Option<f64>, right: Option<f64>, with: impl Fn(f64, f64) -> f64) -> Option<f64> {
    Some(with(left?, right?))
}

/// A quotient, unknown when the divisor is zero.
pub fn over(left: Option<f64>, right: Option<f64>) -> Option<f64> {
    let (left, right) = (left?, right?);
    (right != 0.0).then(|| left / right)
}

/// Whole calendar years from one day to another, as in an age.
pub fn years(from: Option<Date>, to: Option<Date>) -> Option<f64> {
    let (from, to) = (from?, to?);
    let before = (u8::from(to.month()), to.day()) < (u8::from(from.month()), from.day());
    Some(f64::from(to.year() - from.year() - i32::from(before)))
}

/// Whole days from one day to another.
pub fn days(from: Option<Date>, to: Option<Date>) -> Option<f64> {
    Some(f64::from(to?.to_julian_day() - from?.to_julian_day()))
}

/// Whole days from one moment to another.
pub fn days_of_moments(from: Option<OffsetDateTime>, to: Option<OffsetDateTime>) -> Option<f64> {
    Some((to? - from?).whole_days() as f64)
}

/// Whole hours from one moment to another.
pub fn hours(from: Option<OffsetDateTime>, to: Option<OffsetDateTime>) -> Option<f64> {
    Some((to? - from?).whole_hours() as f64)
}

/// The sum of those that are there.
pub fn sum(numbers: &[Option<f64>]) -> Option<f64> {
    Some(numbers.iter().flatten().sum())
}

/// How many are there.
pub fn count(numbers: &[Option<f64>]) -> Option<f64> {
    Some(numbers.iter().flatten().count() as f64)
}

/// The least of those that are there.
pub fn least(numbers: &[Option<f64>]) -> Option<f64> {
    numbers.iter().flatten().copied().reduce(f64::min)
}

/// The greatest of those that are there.
pub fn greatest(numbers: &[Option<f64>]) -> Option<f64> {
    numbers.iter().flatten().copied().reduce(f64::max)
}

/// The mean of those that are there.
pub fn mean(numbers: &[Option<f64>]) -> Option<f64> {
    let there: Vec<f64> = numbers.iter().flatten().copied().collect();
    (!there.is_empty()).then(|| there.iter().sum::<f64>() / there.len() as f64)
}

/// Whether a list holds a value.
pub fn list_contains(list: Option<&[String]>, value: Option<&str>) -> Option<bool> {
    let (list, value) = (list?, value?);
    Some(list.iter().any(|entry| entry == value))
}

/// Whether a text holds another.
pub fn text_contains(text: Option<&str>, part: Option<&str>) -> Option<bool> {
    Some(text?.contains(part?))
}
