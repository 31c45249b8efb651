//! What the spec computes, as functions: hidden when one of the fields that it reads is hidden, missing when one
//! of them is missing and the rest does not decide it.

use safeguards::slice::prelude::*;
use safeguards::slice::rules;
use safeguards::slice::shapes::{Input, Output};

/// `years(date of birth, today)`
pub fn patient_age(date_of_birth: &Shown<Option<Date>>, now: OffsetDateTime) -> Shown<Option<Decimal>> {
    let Shown::Value(date_of_birth) = date_of_birth else { return Shown::Hidden };
    let today = crate::home::FRONT.zone.date(now);
    Shown::Value(Output::of(rules::years(date_of_birth.shape(), Some(today))))
}
