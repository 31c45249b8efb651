//! Values in the shapes that rules compute with, and back.

use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

use crate::access::Shown;

/// A value as a rule takes it.
pub trait Input {
    /// Numbers are `f64`, texts are `&str`, lists are slices; all else is itself.
    type Shape<'a>
    where
        Self: 'a;

    /// The value, or nothing when it is missing.
    fn shape(&self) -> Self::Shape<'_>;
}

macro_rules! themselves {
    ($($type:ty),+) => {$(
        impl Input for Option<$type> {
            type Shape<'a> = Self;

            fn shape(&self) -> Self {
                *self
            }
        }
    )+};
}

themselves!(bool, time::Date, time::Time, time::OffsetDateTime, uuid::Uuid);

impl Input for Option<i64> {
    type Shape<'a> = Option<f64>;

    fn shape(&self) -> Option<f64> {
        self.and_then(|number| number.to_f64())
    }
}

impl Input for Option<Decimal> {
    type Shape<'a> = Option<f64>;

    fn shape(&self) -> Option<f64> {
        self.and_then(|number| number.to_f64())
    }
}

impl Input for Option<String> {
    type Shape<'a> = Option<&'a str>;

    fn shape(&self) -> Option<&str> {
        self.as_deref()
    }
}

impl Input for Option<Vec<String>> {
    type Shape<'a> = Option<&'a [String]>;

    fn shape(&self) -> Option<&[String]> {
        self.as_deref()
    }
}

/// What a rule computed, as a field of a record holds it.
pub trait Output: Sized {
    /// What rules compute.
    type Computed;

    /// The value of the field.
    fn of(computed: Self::Computed) -> Self;
}

impl Output for Option<Decimal> {
    type Computed = Option<f64>;

    /// Doubles carry fifteen digits; what is left of them after nine places is noise.
    fn of(computed: Option<f64>) -> Self {
        computed.and_then(Decimal::from_f64).map(|number| number.round_dp(9).normalize())
    }
}

impl Output for Option<i64> {
    type Computed = Option<f64>;

    fn of(computed: Option<f64>) -> Self {
        computed.and_then(|number| number.round().to_i64())
    }
}

impl Output for Option<bool> {
    type Computed = Self;

    fn of(computed: Self) -> Self {
        computed
    }
}

impl Output for Option<String> {
    type Computed = Option<&'static str>;

    fn of(computed: Option<&'static str>) -> Self {
        computed.map(str::to_owned)
    }
}

impl Output for Option<time::Date> {
    type Computed = Self;

    fn of(computed: Self) -> Self {
        computed
    }
}

impl Output for Option<time::OffsetDateTime> {
    type Computed = Self;

    fn of(computed: Self) -> Self {
        computed
    }
}

/// Whether a guard holds: what is hidden or unknown does not.
pub fn holds(computed: &Shown<Option<bool>>) -> bool {
    matches!(computed, Shown::Value(Some(true)))
}
