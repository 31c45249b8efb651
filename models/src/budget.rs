//! The ceiling: what one request may cost, and what of it is spoken for.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::answer::{Billed, Usage};
use crate::entry::Prices;
use crate::money::Money;

/// What a request may cost at most, over all its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceiling {
    /// In dollars.
    pub money: Money,
    /// In tokens, read and written.
    pub tokens: u64,
}

/// What a request has cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// In dollars, as the providers said.
    pub money: Money,
    /// In tokens, as the providers said.
    pub tokens: u64,
    /// What answers that were cut off before they said their cost may have cost at most, beside it.
    pub uncertain: Money,
    /// The tokens of those answers, at most.
    pub uncertain_tokens: u64,
}

impl Spent {
    /// The most that it can be.
    pub fn at_most(self) -> Money {
        self.money + self.uncertain
    }
}

/// `$0.0132`, or `$0.0132, at most $0.25 (an answer was cut off before it said its cost)`.
impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.money)?;
        if self.uncertain > Money::ZERO {
            write!(f, ", at most {} (an answer was cut off before it said its cost)", self.at_most())?;
        }
        Ok(())
    }
}

/// A call that would pass the ceiling, and is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the next call can cost {worst} and {worst_tokens} tokens; of the ceiling, {left} and {left_tokens} tokens are left"
)]
pub struct PastCeiling {
    /// The worst that the call can cost.
    pub worst: Money,
    /// The most tokens that it can take.
    pub worst_tokens: u64,
    /// What of the ceiling is left.
    pub left: Money,
    /// Its tokens that are left.
    pub left_tokens: u64,
}

/// The purse of one request. Calls reserve from it; it never gives more than its ceiling.
#[derive(Debug)]
pub struct Budget {
    ceiling: Ceiling,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    spent: Spent,
    reserved: Money,
    reserved_tokens: u64,
}

impl Budget {
    /// A full purse.
    pub fn new(ceiling: Ceiling) -> Self {
        Self { ceiling, state: Mutex::default() }
    }

    /// What it may cost at most.
    pub fn ceiling(&self) -> Ceiling {
        self.ceiling
    }

    /// What it has cost so far. A call under way is not in it.
    pub fn spent(&self) -> Spent {
        self.state().spent
    }

    /// Puts the worst case of a call aside.
    ///
    /// # Errors
    /// [`PastCeiling`]: with what is spent and reserved, it would not fit.
    pub fn reserve(&self, worst: Usage, prices: Prices) -> Result<Reservation<'_>, PastCeiling> {
        let mut state = self.state();
        let (money, tokens) = (prices.cost(worst), worst.tokens());
        let spent = state.spent;
        let left = self.ceiling.money.saturating_sub(spent.at_most() + state.reserved);
        let taken = spent.tokens.saturating_add(spent.uncertain_tokens).saturating_add(state.reserved_tokens);
        let left_tokens = self.ceiling.tokens.saturating_sub(taken);
        if money > left || tokens > left_tokens {
            return Err(PastCeiling { worst: money, worst_tokens: tokens, left, left_tokens });
        }
        state.reserved += money;
        state.reserved_tokens += tokens;
        Ok(Reservation { budget: self, prices, money, tokens, settled: false })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is put aside for one call. One that is dropped without a word was cut off: it counts as the worst.
#[derive(Debug)]
pub struct Reservation<'b> {
    budget: &'b Budget,
    prices: Prices,
    money: Money,
    tokens: u64,
    settled: bool,
}

impl Reservation<'_> {
    /// The worst that the call can cost.
    pub fn money(&self) -> Money {
        self.money
    }

    /// The call is over and cost this; what was put aside beyond it is free again.
    pub fn settle(mut self, billed: Billed) -> Spent {
        self.end(billed)
    }

    fn end(&mut self, billed: Billed) -> Spent {
        self.settled = true;
        let mut state = self.budget.state();
        state.reserved = state.reserved.saturating_sub(self.money);
        state.reserved_tokens = state.reserved_tokens.saturating_sub(self.tokens);
        let cost = match billed {
            Billed::Nothing => Spent::default(),
            Billed::Known(usage) => {
                Spent { money: self.prices.cost(usage), tokens: usage.tokens(), ..Spent::default() }
            }
            Billed::Unknown => {
                Spent { uncertain: self.money, uncertain_tokens: self.tokens, ..Spent::default() }
            }
        };
        let spent = &mut state.spent;
        spent.money += cost.money;
        spent.tokens = spent.tokens.saturating_add(cost.tokens);
        spent.uncertain += cost.uncertain;
        spent.uncertain_tokens = spent.uncertain_tokens.saturating_add(cost.uncertain_tokens);
        cost
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.end(Billed::Unknown);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Price;

    fn dollars(text: &str) -> Money {
        text.parse().unwrap()
    }

    fn purse(money: &str, tokens: u64) -> (Budget, Prices) {
        let million = |text| Price::of_million(dollars(text));
        let prices = Prices { input: million("1"), output: million("10") };
        (Budget::new(Ceiling { money: dollars(money), tokens }), prices)
    }

    const WORST: Usage = Usage { input: 10_000, output: 1_000 };

    #[test]
    fn what_is_reserved_is_gone_until_it_is_settled() {
        let (budget, prices) = purse("0.03", 1_000_000);
        let first = budget.reserve(WORST, prices).unwrap();
        assert_eq!(first.money(), dollars("0.02"));
        let past = budget.reserve(WORST, prices).unwrap_err();
        assert_eq!((past.worst, past.left), (dollars("0.02"), dollars("0.01")));
        first.settle(Billed::Known(Usage { input: 1_000, output: 100 }));
        assert_eq!(budget.spent().money, dollars("0.002"));
        assert!(budget.reserve(WORST, prices).is_ok());
    }

    #[test]
    fn tokens_have_a_ceiling_of_their_own() {
        let (budget, prices) = purse("100", 12_000);
        budget.reserve(WORST, prices).unwrap().settle(Billed::Known(WORST));
        let past = budget.reserve(WORST, prices).unwrap_err();
        assert_eq!((past.worst_tokens, past.left_tokens), (11_000, 1_000));
    }

    #[test]
    fn an_answer_that_was_cut_off_counts_as_the_worst() {
        let (budget, prices) = purse("0.03", 1_000_000);
        drop(budget.reserve(WORST, prices).unwrap());
        let spent = budget.spent();
        assert_eq!((spent.money, spent.uncertain), (Money::ZERO, dollars("0.02")));
        assert_eq!(spent.at_most(), dollars("0.02"));
        assert!(budget.reserve(WORST, prices).is_err());
        assert!(spent.to_string().contains("at most $0.0200"), "{spent}");
    }

    #[test]
    fn a_call_that_was_refused_costs_nothing() {
        let (budget, prices) = purse("0.03", 1_000_000);
        budget.reserve(WORST, prices).unwrap().settle(Billed::Nothing);
        assert_eq!(budget.spent(), Spent::default());
    }
}
