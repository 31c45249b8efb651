// does: computes with money

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Price {
    Free,
    #[serde(alias = "fixed-price")]
    Fixed { amount: Decimal },
}

pub fn net(price: &Price, share: Decimal) -> Decimal {
    match price {
        Price::Free => Decimal::ZERO,
        Price::Fixed { amount } => (*amount * share).round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero),
    }
}
//@ Cargo.toml ~ serde_json = "1" ~> serde_json = "1"\nrust_decimal = { version = "1", default-features = false, features = ["std"] }
