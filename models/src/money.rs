//! Money in US dollars, exactly: integers, and every rounding upwards.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An amount in billionths of a US dollar: a single token of the cheapest model is still a whole number of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(u64);

/// What is no amount of money.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no amount in dollars: write digits, such as 0.50, with at most 9 decimals")]
pub struct NotMoney(String);

const NANO: u64 = 1_000_000_000;

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount in billionths of a dollar.
    pub const fn from_nano(nano: u64) -> Self {
        Self(nano)
    }

    /// The amount in billionths of a dollar.
    pub const fn nano(self) -> u64 {
        self.0
    }

    /// What is left after `less`, if anything.
    #[must_use]
    pub const fn saturating_sub(self, less: Self) -> Self {
        Self(self.0.saturating_sub(less.0))
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self(self.0.saturating_add(more.0))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, more: Self) {
        *self = *self + more;
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// As people read it: dollars and cents; below ten cents, hundredths of a cent, rounded up.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 >= NANO / 10 || self.0 == 0 {
            let cents = self.0.div_ceil(NANO / 100);
            write!(f, "${}.{:02}", cents / 100, cents % 100)
        } else {
            let parts = self.0.div_ceil(NANO / 10_000);
            write!(f, "${}.{:04}", parts / 10_000, parts % 10_000)
        }
    }
}

impl FromStr for Money {
    type Err = NotMoney;

    fn from_str(text: &str) -> Result<Self, NotMoney> {
        let wrong = || NotMoney(crate::clean::shown(text, 40));
        let trimmed = text.trim();
        let digits = trimmed.strip_prefix('$').unwrap_or(trimmed);
        let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !plain(whole) || !plain(part) || part.len() > 9 || whole.len() > 9 {
            return Err(wrong());
        }
        let whole: u64 = whole.parse().map_err(|_| wrong())?;
        let part: u64 = format!("{part:0<9}").parse().map_err(|_| wrong())?;
        Ok(Self(whole * NANO + part))
    }
}

/// Written exactly, as a text in dollars: `"0.013200000"`.
impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}.{:09}", self.0 / NANO, self.0 % NANO))
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Written::deserialize(deserializer)?.text().parse().map_err(serde::de::Error::custom)
    }
}

/// A number as YAML gives it, a text, or as JSON does.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Number(serde_json::Number),
}

impl Written {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        }
    }
}

/// What a token costs, as providers write it: dollars for a million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Price(Money);

impl Price {
    /// Dollars for a million tokens.
    pub const fn of_million(money: Money) -> Self {
        Self(money)
    }

    /// What so many tokens cost, rounded up to a billionth of a dollar.
    pub fn of(self, tokens: u64) -> Money {
        let exact = u128::from(self.0.nano()) * u128::from(tokens);
        Money(u64::try_from(exact.div_ceil(1_000_000)).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn amounts_are_read_exactly_and_shown_rounded_up() {
        assert_eq!(money("0.50"), Money::from_nano(500_000_000));
        assert_eq!(money("$3"), Money::from_nano(3_000_000_000));
        assert_eq!(money("0.000000001").to_string(), "$0.0001");
        assert_eq!(money("0.0132").to_string(), "$0.0132");
        assert_eq!(money("1.231").to_string(), "$1.24");
        assert_eq!(Money::ZERO.to_string(), "$0.00");
        for wrong in ["", "-1", "1e3", "1.", ".5", "0.0000000001", "9999999999", "1,5"] {
            assert!(wrong.parse::<Money>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_token_costs_its_millionth_and_never_less() {
        let price = Price::of_million(money("3"));
        assert_eq!(price.of(1), Money::from_nano(3_000));
        assert_eq!(price.of(1_000_000), money("3"));
        assert_eq!(Price::of_million(Money::from_nano(1)).of(1), Money::from_nano(1));
        assert_eq!(Price::of_million(money("999999999")).of(u64::MAX), Money::from_nano(u64::MAX));
    }
}
