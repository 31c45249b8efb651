//! The two plans, and what each buys.

use std::fmt;
use std::str::FromStr;

/// What an account may subscribe to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Plan {
    /// Free: previews with synthetic data, no agreement and no production.
    Sandbox,
    /// $399 a month: production, once the business associate agreement is signed (HC-4).
    Baa,
}

impl Plan {
    /// Both plans, the cheaper first.
    pub const ALL: [Self; 2] = [Self::Sandbox, Self::Baa];

    /// The price of a month in US cents, before tax.
    pub const fn monthly_cents(self) -> u32 {
        match self {
            Self::Sandbox => 0,
            Self::Baa => 39_900,
        }
    }

    /// The price as it is shown: `$399 a month`.
    pub fn price(self) -> String {
        format!("${} a month", self.monthly_cents() / 100)
    }

    /// The name on pages and invoices.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Sandbox => "Sandbox",
            Self::Baa => "BAA",
        }
    }

    /// The name on the command line and in the database.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Baa => "baa",
        }
    }

    /// What the plan is for, in a sentence.
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Sandbox => "Build and try apps in previews, with made-up people only.",
            Self::Baa => {
                "Everything in Sandbox, a signed business associate agreement, and production with real patients."
            }
        }
    }
}

/// A name that is no plan's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a plan; the plans are `sandbox` and `baa`")]
pub struct UnknownPlan(String);

impl FromStr for Plan {
    type Err = UnknownPlan;

    fn from_str(text: &str) -> Result<Self, UnknownPlan> {
        Self::ALL.into_iter().find(|plan| plan.key() == text).ok_or_else(|| UnknownPlan(text.to_owned()))
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HC-4: the plan that the agreement comes with costs $399 a month.
    #[test]
    fn plans_have_their_published_prices() {
        let prices = Plan::ALL.map(|plan| (plan.to_string(), plan.price()));
        assert_eq!(
            prices,
            [("sandbox".into(), "$0 a month".to_owned()), ("baa".into(), "$399 a month".to_owned())]
        );
        for plan in Plan::ALL {
            assert_eq!(plan.key().parse(), Ok(plan));
        }
        let refused = "gold".parse::<Plan>().unwrap_err().to_string();
        assert_eq!(refused, "`gold` is not a plan; the plans are `sandbox` and `baa`");
    }
}
