// does: spreads over files and modules

mod dosing;
pub mod words {
    pub(crate) const UNITS: [&str; 2] = ["mg", "ml"];

    pub fn unit(of: usize) -> Option<&'static str> {
        UNITS.get(of).copied()
    }

    pub mod deep {
        pub use super::unit;

        pub fn first() -> &'static str {
            unit(0).unwrap_or(super::super::FALLBACK)
        }
    }
}

use dosing::{Dose, table::*};
use self::words::deep;

const FALLBACK: &str = "mg";

pub fn label(dose: &Dose) -> String {
    let strongest = STEPS.last().map_or(0, |step| step.milligrams);
    format!("{} {} of {strongest}", dose.milligrams, deep::first())
}

pub fn again() -> u32 {
    crate::custom::dosing::table::STEPS.len() as u32 + u32::from(dosing::is_even(2))
}
//@ src/custom/dosing.rs
pub mod table;

#[derive(Clone, Copy, Debug)]
pub struct Dose {
    pub milligrams: u32,
}

pub fn is_even(number: u8) -> bool {
    number % 2 == 0
}
//@ src/custom/dosing/table.rs
use super::Dose;

pub const STEPS: &[Dose] = &[Dose { milligrams: 5 }, Dose { milligrams: 10 }];
