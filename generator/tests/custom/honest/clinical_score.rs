// does: computes a score: pure functions, constants, an enum

//! The National Early Warning Score 2, as the Royal College of Physicians published it in 2017.

use std::fmt;

/// What a nurse measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Vitals {
    /// Breaths a minute.
    pub respiration: u16,
    /// In per cent.
    pub saturation: u8,
    /// In mmHg.
    pub systolic: u16,
}

/// Who should come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    Routine,
    Ward,
    Urgent,
}

const RESPIRATION: &[(std::ops::RangeInclusive<u16>, u8)] = &[(0..=8, 3), (9..=11, 1), (12..=20, 0), (21..=24, 2)];

impl Vitals {
    /// Points, from 0.
    pub fn points(&self) -> u8 {
        let respiration = RESPIRATION.iter().find(|(range, _)| range.contains(&self.respiration)).map_or(3, |(_, points)| *points);
        let saturation = match self.saturation {
            96.. => 0,
            94..=95 => 1,
            92..=93 => 2,
            _ => 3,
        };
        let systolic = if matches!(self.systolic, 111..=219) { 0 } else { 3 };
        respiration + saturation + systolic
    }
}

impl From<u8> for Urgency {
    fn from(points: u8) -> Self {
        use Urgency::*;
        match points {
            0..=4 => Routine,
            5..=6 => Ward,
            _ => Urgent,
        }
    }
}

impl fmt::Display for Urgency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Routine => write!(f, "routine"),
            Self::Ward => f.write_str("ward"),
            Self::Urgent => writeln!(f, "{}!", "urgent"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Urgency, Vitals};

    #[test]
    fn a_healthy_adult_has_no_points() {
        let vitals = Vitals { respiration: 16, saturation: 98, systolic: 120 };
        assert_eq!(vitals.points(), 0);
        assert!(Urgency::from(7) > Urgency::Ward, "{}", Urgency::from(7));
    }
}
