// does: has an error of its own and turns it into a problem

use std::error::Error;
use std::fmt;

use safeguards::slice::prelude::*;
use safeguards::web::{Code, FieldProblem};

#[derive(Debug)]
pub enum Refusal {
    TooHeavy { most: u32 },
    Unknown(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooHeavy { most } => write!(f, "heavier than {most} kg"),
            Self::Unknown(_) => f.write_str("unknown"),
        }
    }
}

impl Error for Refusal {}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::TooHeavy { .. } => Problem::new(Code::Invalid).rule(refusal.to_string()),
            Refusal::Unknown(pointer) => {
                Problem::invalid(vec![FieldProblem { pointer, detail: "is not known".to_owned() }])
            }
        }
    }
}

pub fn judged(kilograms: u32) -> Result<u32> {
    let judged: std::result::Result<u32, Refusal> =
        if kilograms > 300 { Err(Refusal::TooHeavy { most: 300 }) } else { Ok(kilograms) };
    Ok(judged?)
}
